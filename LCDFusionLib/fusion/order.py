"""Which slice is fused when."""

from __future__ import annotations


def outwards(total: int, first: int = 0) -> list[int]:
    """Slice `first` (the one on show), then its neighbours outwards; the lower index first of two at one distance.

    Args:
        total: slices of the volume.
        first: 0 <= first < total.

    Raises:
        ValueError: the volume has no slice `first`.

    Example:
        >>> outwards(5, 3)
        [3, 2, 4, 1, 0]
    """
    if not 0 <= first < total:
        raise ValueError(f"first slice must be from 0 to {total - 1}, got {first}")
    return sorted(range(total), key=lambda index: (abs(index - first), index))
