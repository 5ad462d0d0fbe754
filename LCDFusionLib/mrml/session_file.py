"""A session file: what brings a review back, as JSON without a voxel of any image. Regions are the places of their voxels in runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError, one_line
from LCDFusionLib.mrml.input_identity import InputIdentity
from LCDFusionLib.mrml.regions import BLOOD, LESION, LIVER

T = TypeVar("T")
RAS = tuple[float, float, float]
Node: TypeAlias = "slicer.vtkMRMLVolumeNode"
FORMAT, VERSION = "LCDFusion session", 1
MOST_BYTES = 32_000_000
_MOST_VOXELS = 2**31


@dataclass(frozen=True, eq=False)
class StoredRegion:
    """A region.

    Attributes:
        name: as people call it.
        kind: as of `Region`, as are `how` and `place`.
        how: see there.
        place: see there.
        runs: first voxel and length of each run in the function's voxels, K slowest.
    """

    name: str
    kind: str
    how: str
    place: RAS
    runs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Session:
    """What a file holds.

    Attributes:
        anatomy: which data.
        function: likewise.
        patient: whose they are; "" where it must not be said.
        transforms: 4x4 in LPS mm above anatomy and function; None where there is none.
        registration: what the registration that found the function's said of itself; "" for another transform.
        place: RAS mm in the slice on show; None where none was.
        crosshair: RAS mm; None where it was not placed.
        key_slices: a place, RAS mm, in each.
        grid: (4, 4), voxels of the function to LPS mm, without its transform.
        regions: of the function's voxels.
        choices: by name, as `panel/session.py` writes them.
    """

    anatomy: InputIdentity
    function: InputIdentity
    patient: str
    transforms: tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]
    registration: str
    place: RAS | None
    crosshair: RAS | None
    key_slices: tuple[RAS, ...]
    grid: NDArray[np.float64]
    regions: tuple[StoredRegion, ...]
    choices: Mapping[str, Any]

    def is_of(self, anatomy: Node | None, function: Node | None) -> bool:
        """True where the two hold the very data that it was saved of."""
        return anatomy is not None and function is not None and self.anatomy.is_of(anatomy) and self.function.is_of(function)

    def to_text(self) -> str:
        """JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "software": f"LCDFusion {__version__}",
                "notice": DISCLAIMER,
                "patient": self.patient,
                "anatomy": asdict(self.anatomy),
                "function": asdict(self.function),
                "transforms_lps": [None if each is None else each.tolist() for each in self.transforms],
                "registration": self.registration,
                "place_ras": self.place,
                "crosshair_ras": self.crosshair,
                "key_slices_ras": self.key_slices,
                "function_ijk_to_lps": self.grid.tolist(),
                "regions": [asdict(region) for region in self.regions],
                "choices": dict(self.choices),
            },
            ensure_ascii=False,
            allow_nan=False,
            indent=1,
        )

    @classmethod
    def from_text(cls, text: str, name: str) -> Session:
        """From JSON.

        Args:
            text: of the file.
            name: of the file, for the sentence.

        Raises:
            InputError: it is no session file, is damaged, or of a later version.
        """
        try:
            data = json.loads(text, parse_constant=_no_number) if len(text) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise InputError(f"'{one_line(name)}' is no session file of LCDFusion: choose one that was saved with 'Save session'.")
        if data.get("version") != VERSION:
            raise InputError(f"'{one_line(name)}' was saved by a later LCDFusion: open it with that version.")
        try:
            return cls(
                anatomy=_identity(data["anatomy"]),
                function=_identity(data["function"]),
                patient=_text(data["patient"]),
                transforms=tuple(_optional(_matrix, each) for each in _list(data["transforms_lps"], 2)),  # type: ignore[arg-type]
                registration=_text(data["registration"]),
                place=_optional(_place, data["place_ras"]),
                crosshair=_optional(_place, data["crosshair_ras"]),
                key_slices=tuple(_place(each) for each in _list(data["key_slices_ras"])),
                grid=_matrix(data["function_ijk_to_lps"]),
                regions=tuple(_region(each) for each in _list(data["regions"])),
                choices={_text(key): value for key, value in data["choices"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"The session file '{one_line(name)}' is damaged ({type(error).__name__}): save the session again.") from None

    def voxels(self, region: StoredRegion, grid: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """A region's voxels on the function's grid as it was read here, whose axes may run the other way.

        Args:
            region: of `regions`.
            grid: (4, 4), voxels to LPS mm, without the transform.
            shape: (K, J, I).

        Raises:
            InputError: the two grids have not the same voxels.
        """
        columns, rows, slices = self.function.size
        indices = np.concatenate([np.arange(first, first + length) for first, length in region.runs])
        if indices[-1] >= columns * rows * slices or (np.diff(indices) <= 0).any():
            raise InputError(f"The region '{one_line(region.name)}' of the session file is damaged: save the session again.")
        k, j, i = np.unravel_index(indices, (slices, rows, columns))
        there = np.linalg.inv(grid) @ self.grid @ np.stack([i, j, k, np.ones_like(i)])
        found = np.rint(there[2::-1]).astype(int)
        if np.abs(there[2::-1] - found).max() > 0.01 or (found < 0).any() or (found >= np.array(shape)[:, None]).any():
            raise InputError(f"The regions of the session file lie on another grid than {self.function.text}: measure them again.")
        voxels = np.zeros(shape, dtype=bool)
        voxels[tuple(found)] = True
        return voxels


def runs_of(voxels: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """First voxel and length of each run of a mask, K slowest."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], voxels.ravel(), [False]]).astype(np.int8)))
    return tuple((first, stop - first) for first, stop in edges.reshape(-1, 2).tolist())


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _identity(data: Mapping[str, Any]) -> InputIdentity:
    columns, rows, slices = (_count(each) for each in _list(data["size"], 3))
    if columns * rows * slices > _MOST_VOXELS or not isinstance(data["is_dicom"], bool):
        raise ValueError
    texts = {name: _text(data[name]) for name in ("checksum", "name", "series", "file")}
    return InputIdentity(is_dicom=data["is_dicom"], size=(columns, rows, slices), **texts)


def _region(data: Mapping[str, Any]) -> StoredRegion:
    runs = tuple((_count(first, least=0), _count(length)) for first, length in _list(data["runs"]))
    if data["kind"] not in (LESION, LIVER, BLOOD) or not runs or sum(length for _, length in runs) > _MOST_VOXELS:
        raise ValueError
    return StoredRegion(_text(data["name"])[:64] or "Region", data["kind"], _text(data["how"]), _place(data["place"]), runs)


def _optional(of: Callable[[Any], T], data: object) -> T | None:
    return None if data is None else of(data)


def _list(data: object, count: int | None = None) -> list:
    if not isinstance(data, list) or count not in (None, len(data)):
        raise ValueError
    return data


def _text(data: object) -> str:
    if not isinstance(data, str):
        raise TypeError
    return one_line(data)


def _count(data: object, *, least: int = 1) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or not least <= data < _MOST_VOXELS:
        raise ValueError
    return data


def _number(data: object) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data) or abs(data) > 1e7:
        raise ValueError
    return float(data)


def _place(data: object) -> RAS:
    x, y, z = (_number(each) for each in _list(data, 3))
    return x, y, z


def _matrix(data: object) -> NDArray[np.float64]:
    """Affine, and invertible."""
    matrix = np.array([[_number(each) for each in _list(row, 4)] for row in _list(data, 4)])
    if not np.array_equal(matrix[3], [0, 0, 0, 1]) or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
        raise ValueError
    return matrix
