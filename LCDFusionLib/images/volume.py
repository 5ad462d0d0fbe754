"""The currency of the library: one volume with its place in the patient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Modality(str, Enum):
    """DICOM Modality (0008,0060), as far as fusion treats it in its own way."""

    CT = "CT"
    MR = "MR"
    PET = "PT"
    SPECT = "NM"
    OTHER = "OT"

    @property
    def is_function(self) -> bool:
        """True for nuclear medicine, whose voxels are uptake."""
        return self in (Modality.PET, Modality.SPECT)


class Unit(str, Enum):
    """What one voxel value means."""

    HU = "HU"
    SUVBW = "SUVbw"
    SUVLBM = "SUVlbm"
    SUVBSA = "SUVbsa"
    SUVIBW = "SUVibw"
    BQML = "Bq/ml"
    COUNTS = "counts"
    RELATIVE = "relative"

    @property
    def label(self) -> str:
        """What stands before a value on the screen: SUVbw is simply SUV, as readers say; the others keep their names."""
        return "SUV" if self is Unit.SUVBW else self.value


class Place(Enum):
    """What a volume's matrix is worth."""

    PATIENT = "patient"
    """Millimetres in the patient, sides and all."""
    UNSAID = "unsaid"
    """Millimetres, but the file does not say where in the patient: neither sides nor what lies on what."""
    PICTURE = "picture"
    """Pixels: PNG and JPEG."""


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume of voxels in patient space.

    Attributes:
        array: voxels, shape (K, J, I): slice, row, column. A colour function image has shape (K, J, I, 3), dtype uint8, RGB.
        ijk_to_lps: 4x4 matrix from voxel indices (i, j, k, 1) to patient millimetres, DICOM's LPS.
        modality: what made the image.
        unit: what a voxel value means.
        name: for people: a series description or a file name.
        frame_of_reference: Frame of Reference UID (0020,0052), None where the file carries none.
        place: what `ijk_to_lps` is worth.
        is_fused: True for what LCDFusion made: it is never taken for an original.
        padding: (K, J, I), True where nothing was measured, as outside a scanner's round field; black in every window, part of no
            percentile. None where all was.
        frame: which of several volumes in time this is, in words, such as "frame 3 of 8 (time 120 s)"; "" for a volume that is alone.
        notes: what the reader of the file found that people should know before they trust the picture, in sentences.

    Raises:
        ValueError: the array is not (K, J, I) or (K, J, I, 3) of uint8, or the matrix cannot be inverted.
    """

    array: NDArray
    ijk_to_lps: NDArray[np.float64]
    modality: Modality = Modality.OTHER
    unit: Unit = Unit.RELATIVE
    name: str = ""
    frame_of_reference: str | None = None
    place: Place = Place.PATIENT
    is_fused: bool = False
    padding: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    frame: str = ""

    def __post_init__(self) -> None:
        is_color = self.array.ndim == 4 and self.array.shape[3] == 3 and self.array.dtype == np.uint8
        if self.array.ndim != 3 and not is_color:
            raise ValueError(f"a volume is (K, J, I), or (K, J, I, 3) of uint8; got shape {self.array.shape} of {self.array.dtype}")
        matrix = np.asarray(self.ijk_to_lps, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
            raise ValueError(f"ijk_to_lps of volume '{self.name}' is not an invertible 4x4 matrix: {matrix.tolist()}")
        object.__setattr__(self, "ijk_to_lps", matrix)

    @property
    def is_color(self) -> bool:
        """True for an RGB volume of shape (K, J, I, 3)."""
        return self.array.ndim == 4

    @cached_property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value; looked for once, because that takes a while for a large volume."""
        return float(self.array.min()), float(self.array.max())

    @cached_property
    def _above(self) -> dict[float, int]:
        return {}

    def count_above(self, value: float) -> int:
        """Voxels that were measured and are higher; counted once for each value."""
        if value not in self._above:
            higher = self.array > value
            self._above[value] = int(np.count_nonzero(higher if self.padding is None else higher & ~self.padding))
        return self._above[value]

    @property
    def in_patient_space(self) -> bool:
        """False where no sides, no scale and no overlap may be claimed: see `place`."""
        return self.place is Place.PATIENT

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I): slices, rows, columns."""
        return self.array.shape[0], self.array.shape[1], self.array.shape[2]

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Distance between voxel centres along i, j, k in millimetres."""
        return np.linalg.norm(self.ijk_to_lps[:3, :3], axis=0)

    @property
    def direction(self) -> NDArray[np.float64]:
        """3x3: columns are the unit vectors of i, j, k in LPS (SimpleITK's direction cosines)."""
        return self.ijk_to_lps[:3, :3] / self.spacing

    @property
    def origin(self) -> NDArray[np.float64]:
        """Centre of voxel (0, 0, 0) in LPS millimetres."""
        return self.ijk_to_lps[:3, 3].copy()

    @property
    def ijk_to_ras(self) -> NDArray[np.float64]:
        """The same matrix into Slicer's RAS millimetres."""
        return LPS_TO_RAS @ self.ijk_to_lps

    def same_grid(self, other: Volume, tolerance_mm: float = 1e-3) -> bool:
        """True if every voxel centre of both volumes coincides within `tolerance_mm`."""
        if self.shape != other.shape:
            return False
        k, j, i = self.shape
        corners = np.array([[x, y, z, 1.0] for x in (0, i - 1) for y in (0, j - 1) for z in (0, k - 1)]).T
        return bool(np.abs((self.ijk_to_lps - other.ijk_to_lps) @ corners).max() <= tolerance_mm)

    def with_array(self, array: NDArray, **changes: object) -> Volume:
        """The same place in space with other voxels (and, by name, other attributes)."""
        if array.shape[:3] != self.shape:
            changes.setdefault("padding", None)
        other = replace(self, array=array, **changes)  # type: ignore[arg-type]
        if array is self.array and other.padding is self.padding:  # what is known of these voxels
            other.__dict__.update({name: self.__dict__[name] for name in ("range", "_above") if name in self.__dict__})
        return other

    def without_names(self) -> Volume:
        """The same without what it is called and the UID of its frame of reference, which lead to the patient."""
        return replace(self, name=self.modality.value, frame_of_reference="", notes=())


def geometry_matrix(spacing: NDArray, direction: NDArray, origin: NDArray) -> NDArray[np.float64]:
    """4x4 voxel-to-patient matrix from spacing (i, j, k) in mm, 3x3 direction (columns i, j, k) and origin in mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(direction, dtype=np.float64).reshape(3, 3) * np.asarray(spacing, dtype=np.float64)
    matrix[:3, 3] = origin
    return matrix
