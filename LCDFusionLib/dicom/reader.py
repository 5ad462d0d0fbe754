"""One DICOM series to one volume."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume

from .folder import choose_series
from .functional_groups import single_frames
from .pydicom_versions import apply_modality_lut, can_decode, syntax_by_bytes
from .series import Series
from .stack import sort_stack, tilt_degrees
from .suv import SUV, NoSUVError, suv_of

# Read as numbers further on; pydicom leaves a garbled number as text.
_NUMBERS = (
    "Rows",
    "Columns",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "PatientWeight",
)
# What a series has once, and how a sentence calls it: never by its value, which may be a name.
_ONE_OF_EACH = {
    "PatientID": "patient ID (0010,0020)",
    "PatientName": "patient name (0010,0010)",
    "StudyInstanceUID": "Study Instance UID (0020,000D)",
    "FrameOfReferenceUID": "Frame of Reference UID (0020,0052)",
    "Modality": "Modality (0008,0060)",
}


@dataclass(frozen=True, eq=False)
class SeriesSource:
    """Where a volume came from: what an export needs of its series, and what a report says of it.

    Attributes:
        series: the series.
        headers: one a slice, in the order of the volume's slices, without the pixels; of a multi-frame object one a frame, as if each were
            an image of its own.
        files: the file of each slice, in the same order.
        frames: for each slice the number of its frame in its file, from 1; None for a single-frame file.
        ijk_to_lps: the volume's 4x4 matrix.
        suv: how the values became SUVbw; None where they did not.
        without_suv: why those of a PET did not, so that they are relative intensities; else None.
    """

    series: Series
    headers: tuple[Dataset, ...]
    files: tuple[Path, ...]
    frames: tuple[int | None, ...]
    ijk_to_lps: NDArray[np.float64]
    suv: SUV | None = None
    without_suv: str | None = None

    @property
    def instance_numbers(self) -> tuple[int, ...] | None:
        """Instance Number (0020,0013) of each slice, by which viewers call it; None where not every slice has one of its own."""
        try:
            numbers = tuple(int(header.get("InstanceNumber")) for header in self.headers)
        except (TypeError, ValueError):  # missing, garbled
            return None
        return numbers if len(set(numbers)) == len(numbers) else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I) of the volume."""
        return len(self.headers), int(self.headers[0].Rows), int(self.headers[0].Columns)

    @property
    def tilt_degrees(self) -> float:
        """Of the gantry, to a tenth of a degree; 0.0 where the slices lie straight on each other."""
        return round(tilt_degrees(self.ijk_to_lps), 1)

    @property
    def facts(self) -> dict[str, Any]:
        """What a report says of the input, ready for JSON."""
        facts: dict[str, Any] = {
            "modality": self.series.modality,
            "series_description": self.series.description,
            "series_number": self.series.number,
            "series_uid": self.series.uid,
            "study_uid": self.series.study_uid,
            "frame_of_reference_uid": self.series.frame_of_reference,
            "slices": len(self.headers),
        }
        if self.tilt_degrees:
            facts["gantry_tilt_degrees"] = self.tilt_degrees
        if self.suv is not None:
            facts[self.suv.kind.value.lower()] = {**vars(self.suv), "kind": self.suv.kind.value}
        if self.without_suv is not None:
            facts["without_suvbw"] = self.without_suv
        return facts


def read_folder(
    folder: str | os.PathLike[str],
    *,
    series: str | None = None,
    relative: bool = False,
    option: str = "--anatomy-series or --function-series",
) -> tuple[Volume, SeriesSource]:
    """Read the one series of a folder, or the one that the user names.

    Args:
        folder: searched with all folders below it; other files may lie among the DICOM files.
        series: Series Number, Series Description, or the beginning or end of the Series Instance UID; needed where several are there.
        relative: see `read_series`.
        option: what the sentences tell the user to choose a series with.

    Raises:
        InputError: no series or several (listed), or anything that `read_series` raises.
    """
    return read_series(choose_series(folder, series, option=option), relative=relative)


def read_series(series: Series, *, relative: bool = False) -> tuple[Volume, SeriesSource]:
    """Read one series, of single-frame images or of multi-frame objects, as a volume, sorted by geometry.

    Stored values become real ones slice by slice, by Rescale Slope and Intercept: CT in HU, PET in SUVbw, MR as it is (`Unit.RELATIVE`).

    Args:
        series: from `find_series`.
        relative: where a CT lacks what HU need, or a PET what SUVbw needs, take the values as relative intensities (`Unit.RELATIVE`)
            instead of stopping; a PET's source then says why (`SeriesSource.without_suv`).

    Returns:
        The volume, float32 (K, J, I), and its source.

    Raises:
        InputError: damaged or compressed files that cannot be decoded, colour images, frames that are not described, images of
            several patients, studies or frames of reference, slices that form no regular volume (`sort_stack`), slices of which only
            some are rescaled, PET without what SUV needs (`suv_of`), CT that is not in HU.
    """
    with disable_value_validation():
        planes = [plane for path in series.files for plane in _planes(path, series.name)]
        headers = [plane.header for plane in planes]
        _check_images(headers, series.name)
        _check_one_of_each(headers, series.name)
        order, ijk_to_lps = sort_stack(headers, name=series.name)
        planes = [planes[index] for index in order]
        headers = [plane.header for plane in planes]
        modality = _modality(series.modality)
        is_rescaled = _is_rescaled(headers, series.name)
        unit, suv, without_suv = _unit(headers, modality, series.name, is_rescaled=is_rescaled, relative=relative)

        array = np.empty((len(headers), int(headers[0].Rows), int(headers[0].Columns)), dtype=np.float32)
        pixels = _Pixels()
        for k, plane in enumerate(planes):
            values = pixels.of(plane)
            if is_rescaled:
                values = apply_modality_lut(values, plane.header)
            array[k] = values if suv is None or suv.factor == 1.0 else np.asarray(values, dtype=np.float64) * suv.factor
    volume = Volume(
        array,
        ijk_to_lps,
        modality,
        unit,
        name=series.name,
        frame_of_reference=series.frame_of_reference or None,
        is_fused=series.is_fused,
    )
    files, frames = tuple(plane.path for plane in planes), tuple(plane.frame for plane in planes)
    return volume, SeriesSource(series, tuple(headers), files, frames, ijk_to_lps, suv, without_suv)


@dataclass(frozen=True)
class _Plane:
    """One slice: a file, or a frame (from 1) of one."""

    path: Path
    frame: int | None
    header: Dataset


def _planes(path: Path, name: str) -> list[_Plane]:
    header = _read_header(path)
    count = int(header.get("NumberOfFrames") or 1)
    frames = single_frames(header)
    if count == 1 and not frames:
        return [_Plane(path, None, header)]
    if len(frames) != count:
        raise InputError(
            f"The series '{name}' is stored as multi-frame images that do not say where each frame lies, Per-frame Functional Groups "
            "Sequence (5200,9230): export it with one file a slice."
        )
    return [_Plane(path, number, frame) for number, frame in enumerate(frames, start=1)]


def _modality(code: str) -> Modality:
    try:
        return Modality(code)
    except ValueError:
        return Modality.OTHER


def _read_header(path: Path) -> Dataset:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for keyword in _NUMBERS:
            np.array(header.get(keyword) or 0, dtype=float)
        return header
    except Exception as error:  # foreign bytes make the parser fail in many ways
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    reason = " ".join(str(error).split())  # decoders tell in several lines
    return InputError(f"The DICOM file '{path}' is damaged ({reason}): copy it again.")


def _check_images(headers: list[Dataset], name: str) -> None:
    for header in headers:
        if int(header.get("SamplesPerPixel") or 1) != 1:
            raise InputError(f"The series '{name}' holds colour pictures, not measured values: give the original CT, MR or PET series.")
        if header.get("PhotometricInterpretation") != "MONOCHROME2":
            kind = header.get("PhotometricInterpretation") or "no Photometric Interpretation"
            raise InputError(
                f"The series '{name}' is stored with {kind} and not MONOCHROME2, so its gray scale is unsure: export it again."
            )


def _check_one_of_each(headers: list[Dataset], name: str) -> None:
    for keyword, label in _ONE_OF_EACH.items():
        if len({str(header.get(keyword) or "") for header in headers}) > 1:
            raise InputError(f"The series '{name}' mixes images that differ in {label}: give images of one patient and one scan.")


def _is_rescaled(headers: list[Dataset], name: str) -> bool:
    """Whether stored values become real ones, in every slice or in none: of an incomplete pair pydicom applies nothing, silently."""
    there = {
        header.get(keyword) is not None or bool(header.get("ModalityLUTSequence"))
        for header in headers
        for keyword in ("RescaleSlope", "RescaleIntercept")
    }
    if len(there) > 1:
        raise InputError(
            f"The series '{name}' holds slices without Rescale Slope (0028,1053) or Rescale Intercept (0028,1052), so its slices cannot be "
            "compared with one another: export it again."
        )
    return there == {True}


def _unit(
    headers: list[Dataset], modality: Modality, name: str, *, is_rescaled: bool, relative: bool
) -> tuple[Unit, SUV | None, str | None]:
    """The unit; of a PET how it becomes SUVbw, or why it does not."""
    if modality is Modality.PET:
        try:
            if not is_rescaled:
                raise NoSUVError(name, "Rescale Slope (0028,1053) and Rescale Intercept (0028,1052) are missing")
            suv = suv_of(headers, name=name)
            return suv.kind, suv, None
        except NoSUVError as error:
            if not relative:
                raise
            return Unit.RELATIVE, None, error.reason
    if modality is Modality.SPECT:
        return Unit.COUNTS, None, None
    if modality is Modality.CT and not is_rescaled and not relative:
        raise InputError(
            f"The CT series '{name}' lacks Rescale Slope (0028,1053) and Rescale Intercept (0028,1052), so it is not in HU: "
            "export it again."
        )
    is_hu = modality is Modality.CT and is_rescaled and {str(header.get("RescaleType") or "HU") for header in headers} == {"HU"}
    return Unit.HU if is_hu else Unit.RELATIVE, None, None


class _Pixels:
    """Decoded Pixel Data (7FE0,0010), a plane at a time; a multi-frame file is decoded once."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stored: NDArray = np.empty(0)

    def of(self, plane: _Plane) -> NDArray:
        """Stored values, shape (J, I)."""
        if plane.path != self._path:
            self._path, self._stored = plane.path, _stored_values(plane.path, plane.header)
        stored = self._stored
        if plane.frame is not None and stored.ndim == 3 and plane.frame <= len(stored):
            stored = stored[plane.frame - 1]
        header = plane.header
        if stored.shape != (header.Rows, header.Columns):
            raise _damaged(plane.path, ValueError(f"its pixels have shape {self._stored.shape}"))
        # Bits above Bits Stored (0028,0101) may hold old overlays; for signed values this also extends the sign.
        spare = int(header.BitsAllocated) - int(header.BitsStored) if stored.dtype.kind in "iu" else 0
        return (stored << spare) >> spare if spare else stored


def _stored_values(path: Path, header: Dataset) -> NDArray:
    """As decoded: (J, I), or (frames, J, I)."""
    try:
        dataset = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:  # old files without preamble say it by their bytes alone
            dataset.file_meta.TransferSyntaxUID = syntax_by_bytes(dataset)
        stored = dataset.pixel_array
    except Exception as error:  # truncated or foreign bytes make decoders fail in many ways
        syntax = header.file_meta.get("TransferSyntaxUID")
        if syntax is None or can_decode(syntax):
            raise _damaged(path, error) from error
        raise InputError(
            f"The DICOM file '{path}' is compressed ({syntax.name}) and no decoder for that is installed: install python-gdcm "
            "(pip), or export the series uncompressed."
        ) from error
    return stored
