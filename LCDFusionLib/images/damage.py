"""What every reader of image files says of a file that it cannot trust."""

from __future__ import annotations


class DamagedError(ValueError):
    """The file contradicts itself; the text is a reason that goes on after a colon, such as "its header promises 5 slices, it has 4"."""
