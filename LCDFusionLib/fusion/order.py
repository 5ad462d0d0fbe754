"""Which slice is fused when."""

from __future__ import annotations

from collections.abc import Iterable


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


class Waiting:
    """Slices that nobody has begun yet: as they were given, or, once the reader was followed, from the slice on show outwards.

    `follow` may come from another thread.

    Example:
        >>> waiting = Waiting(outwards(8))
        >>> waiting.take(2)
        [0, 1]
        >>> waiting.follow(6)
        >>> waiting.take(3)
        [6, 5, 7]
    """

    def __init__(self, indices: Iterable[int]) -> None:
        self._indices = list(indices)
        self._shown: int | None = None

    def __len__(self) -> int:
        return len(self._indices)

    def follow(self, index: int) -> None:
        """Slice `index` is on show: it comes next, if it is not fused yet, then its neighbours."""
        self._shown = index

    def take(self, count: int) -> list[int]:
        """The next ones, `count` at the most."""
        shown, self._shown = self._shown, None
        if shown is not None:
            self._indices.sort(key=lambda index: (abs(index - shown), index))
        taken = self._indices[:count]
        del self._indices[:count]
        return taken

    def put_back(self, indices: Iterable[int]) -> None:
        """What was begun in vain comes first again."""
        self._indices[:0] = indices
