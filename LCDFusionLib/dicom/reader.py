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
from pydicom.pixels import apply_modality_lut
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume

from .series import Series, choose_series
from .stack import sort_stack
from .suv import BodyWeightSUV, body_weight_suv

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


@dataclass(frozen=True, eq=False)
class SeriesSource:
    """Where a volume came from: what an export needs of its series, and what a report says of it.

    Attributes:
        series: the series.
        headers: one a slice, in the order of the volume's slices, without the pixels.
        files: the file of each slice, in the same order.
        ijk_to_lps: the volume's 4x4 matrix.
        suv: how the values became SUVbw; None where they did not.
    """

    series: Series
    headers: tuple[Dataset, ...]
    files: tuple[Path, ...]
    ijk_to_lps: NDArray[np.float64]
    suv: BodyWeightSUV | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I) of the volume."""
        return len(self.headers), int(self.headers[0].Rows), int(self.headers[0].Columns)

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
        if self.suv is not None:
            facts["suvbw"] = vars(self.suv).copy()
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
    """Read one series of single-frame images as a volume, sorted by geometry.

    Stored values become real ones slice by slice, by Rescale Slope and Intercept: CT in HU, PET in SUVbw, MR as it is (`Unit.RELATIVE`).

    Args:
        series: from `find_series`.
        relative: take the values of a CT or PET series as relative intensities instead of HU or SUVbw (`Unit.RELATIVE`).

    Returns:
        The volume, float32 (K, J, I), and its source.

    Raises:
        InputError: damaged or compressed files that cannot be decoded, colour or multi-frame images, slices that form no regular volume
            (`sort_stack`), PET without what SUVbw needs (`body_weight_suv`), CT that is not in HU.
    """
    with disable_value_validation():
        headers = [_read_header(path) for path in series.files]
        _check_images(headers, series.name)
        order, ijk_to_lps = sort_stack(headers, name=series.name)
        headers = [headers[index] for index in order]
        files = tuple(series.files[index] for index in order)
        modality = _modality(series.modality)
        unit, suv = _unit(headers, modality, series.name, relative=relative)

        array = np.empty((len(headers), int(headers[0].Rows), int(headers[0].Columns)), dtype=np.float32)
        for k, (path, header) in enumerate(zip(files, headers, strict=True)):
            values = apply_modality_lut(_stored_values(path, header), header)
            array[k] = values if suv is None or suv.factor == 1.0 else np.asarray(values, dtype=np.float64) * suv.factor
    volume = Volume(array, ijk_to_lps, modality, unit, name=series.name, frame_of_reference=series.frame_of_reference or None)
    return volume, SeriesSource(series, tuple(headers), files, ijk_to_lps, suv)


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
    return InputError(f"The DICOM file '{path}' is damaged ({error}): copy it again.")


def _check_images(headers: list[Dataset], name: str) -> None:
    for header in headers:
        if int(header.get("NumberOfFrames") or 1) > 1:
            raise InputError(
                f"The series '{name}' is stored as multi-frame images, which are not read yet: export it with one file a slice."
            )
        if int(header.get("SamplesPerPixel") or 1) != 1:
            raise InputError(f"The series '{name}' holds colour pictures, not measured values: give the original CT, MR or PET series.")
        if header.get("PhotometricInterpretation") != "MONOCHROME2":
            kind = header.get("PhotometricInterpretation") or "no Photometric Interpretation"
            raise InputError(
                f"The series '{name}' is stored with {kind} and not MONOCHROME2, so its gray scale is unsure: export it again."
            )


def _unit(headers: list[Dataset], modality: Modality, name: str, *, relative: bool) -> tuple[Unit, BodyWeightSUV | None]:
    if relative or modality in (Modality.MR, Modality.OTHER):
        return Unit.RELATIVE, None
    if modality is Modality.PET:
        return Unit.SUVBW, body_weight_suv(headers, name=name)
    if modality is Modality.SPECT:
        return Unit.COUNTS, None
    for header in headers:
        if (header.get("RescaleSlope") is None or header.get("RescaleIntercept") is None) and "ModalityLUTSequence" not in header:
            raise InputError(
                f"The CT series '{name}' lacks Rescale Slope (0028,1053) or Rescale Intercept (0028,1052), so it is not in HU: "
                "export it again."
            )
    rescale_types = {str(header.get("RescaleType") or "HU") for header in headers}
    return (Unit.HU if rescale_types == {"HU"} else Unit.RELATIVE), None


def _stored_values(path: Path, header: Dataset) -> NDArray:
    """Decoded Pixel Data (7FE0,0010), shape (J, I)."""
    try:
        dataset = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:  # old files without preamble say it by their bytes alone
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        syntax = header.file_meta.get("TransferSyntaxUID")
        if syntax is None or not syntax.is_compressed:
            raise _damaged(path, error) from error
        raise InputError(
            f"The DICOM file '{path}' is compressed ({syntax.name}) and no decoder for that is installed: install pylibjpeg with its "
            "plugins, or export the series uncompressed."
        ) from error
    except Exception as error:  # truncated or foreign bytes make decoders fail in many ways
        raise _damaged(path, error) from error
    if stored.shape != (header.Rows, header.Columns):
        raise _damaged(path, ValueError(f"its pixels have shape {stored.shape}"))
    # Bits above Bits Stored (0028,0101) may hold old overlays; for signed values this also extends the sign.
    spare = int(header.BitsAllocated) - int(header.BitsStored) if stored.dtype.kind in "iu" else 0
    return (stored << spare) >> spare if spare else stored
