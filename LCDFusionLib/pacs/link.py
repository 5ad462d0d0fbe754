"""What can be wrong with a link to an archive."""

from __future__ import annotations


class LinkError(RuntimeError):
    """The link to the archive could not be made, or broke; the same may succeed later."""
