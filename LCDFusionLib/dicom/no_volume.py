"""Images that are no slices of a volume."""

from __future__ import annotations

from LCDFusionLib.errors import InputError


class NoVolumeError(InputError):
    """A DICOM object whose images do not form a volume: a picture of something else.

    Attributes:
        reason: what it is, to follow a name: "is a planar image".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The DICOM object {reason}: give the reconstructed slices.")
        self.reason = reason
