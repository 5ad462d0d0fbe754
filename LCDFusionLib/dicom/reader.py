"""One DICOM series to one volume."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume

from . import elements
from .agreement import check_one_of_each, check_rescale
from .folder import choose_series
from .frames import Image, images_of
from .lossy import set_lossy_history
from .no_volume import NoVolumeError
from .padding import fill_padding
from .patient_and_study import patient_and_study
from .pixels import damaged, is_decodable, stored_slices
from .pydicom_versions import apply_modality_lut
from .series import Series
from .stack import sort_stack, tilt_degrees
from .suv import SUV, NoSUVError, map_pieces, mapped_pieces, suv_of, why_not_mapped, with_note_on_total


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
        padding: `Volume.padding`.
    """

    series: Series
    headers: tuple[Dataset, ...]
    files: tuple[Path, ...]
    frames: tuple[int | None, ...]
    ijk_to_lps: NDArray[np.float64]
    suv: SUV | None = None
    without_suv: str | None = None
    padding: NDArray[np.bool_] | None = None

    @property
    def instance_numbers(self) -> tuple[int, ...] | None:
        """Instance Number (0020,0013) of each slice, by which viewers call it; None where not every slice has one of its own."""
        try:
            numbers = [elements.number(header, "InstanceNumber") for header in self.headers]
        except InputError:
            return None
        found = [int(number) for number in numbers if number is not None]
        return tuple(found) if len(set(found)) == len(numbers) else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I) of the volume."""
        return len(self.headers), int(self.headers[0].Rows), int(self.headers[0].Columns)

    def cut(self, slices: range) -> SeriesSource:
        """Some of its slices, one after another; itself where they are all."""
        if len(slices) == len(self.headers):
            return self
        matrix, within = self.ijk_to_lps.copy(), slice(slices.start, slices.stop)
        matrix[:, 3] = matrix @ [0, 0, slices.start, 1]
        return replace(
            self,
            headers=self.headers[within],
            files=self.files[within],
            frames=self.frames[within],
            ijk_to_lps=matrix,
            padding=self.padding[within] if self.padding is not None else None,
        )

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
    with disable_value_validation(), ExitStack() as stack:
        told = _tell(series, relative=relative)
        unit, suv, without_suv = told.unit, told.suv, told.without_suv
        array = np.empty(0, dtype=np.float32)
        unmapped: str | None = None
        padding: NDArray[np.bool_] | None = None
        slices = stack.enter_context(closing(stored_slices(told.images)))
        for k, (image, (stored, unmeasured)) in enumerate(zip(told.images, slices, strict=True)):
            if suv is not None and not unmapped:
                unmapped = why_not_mapped(stored if unmeasured is None else stored[~unmeasured], image.header)
            values = _real_values(stored, image.header, is_rescaled=told.is_rescaled)
            if k == 0:  # the first pixels are there, so that a header alone never asks for memory
                array = np.empty((len(told.images), *values.shape), dtype=np.float32)
            factor = 1.0 if suv is None else suv.of_slice(k)
            if unmeasured is not None:
                padding = np.zeros(array.shape, dtype=bool) if padding is None else padding
                padding[k] = unmeasured
            array[k] = values if factor == 1.0 else np.asarray(values, dtype=np.float64) * factor
            if not np.isfinite(array[k] if unmeasured is None else array[k][~unmeasured]).all():
                raise damaged(image.path, "it holds values that are no numbers, or too large for one")
        if padding is not None:
            fill_padding(array, padding, unit, series.name)
        if unmapped and suv is not None:
            if not relative:
                raise NoSUVError(series.name, unmapped)
            array /= suv.of_slices(len(array)).astype(np.float32)
            unit, suv, without_suv = Unit.RELATIVE, None, unmapped
    volume = Volume(
        array,
        told.ijk_to_lps,
        told.modality,
        unit,
        name=series.name,
        frame_of_reference=series.frame_of_reference or None,
        is_fused=series.is_fused,
        padding=padding,
    )
    if suv is not None:
        suv = with_note_on_total(suv, volume)
    return volume, replace(_source(series, told, suv, without_suv), padding=padding)


def read_source(series: Series, *, relative: bool = False) -> SeriesSource:
    """What the headers of a series tell, in the order of the volume that `read_series` would give; decodes no pixel where it need not.

    The arguments and errors are those of `read_series`, but for what only the pixels show.
    """
    with disable_value_validation():
        told = _tell(series, relative=relative)
    if told.suv is not None and any(map(_is_mapped_in_part, [image.header for image in told.images])):
        return read_series(series, relative=relative)[1]  # whether the mapping holds is in the pixels
    return _source(series, told, told.suv, told.without_suv)


def rescaled_slice(source: SeriesSource, k: int) -> NDArray[np.float64] | None:
    """Values (J, I) of slice k after Rescale Slope and Intercept, before any SUV: what other readers load; None without a decoder for them.

    Raises:
        InputError: the file is damaged.
    """
    image = Image(source.files[k], source.frames[k], source.headers[k])
    with disable_value_validation():
        if not is_decodable(image.path):
            return None
        with closing(stored_slices([image])) as slices:
            stored, _ = next(slices)
        return np.asarray(_real_values(stored, image.header, is_rescaled=_is_rescaled([image.header], source.series.name)), np.float64)


@dataclass(frozen=True, eq=False)
class _Told:
    """What the headers say; images in the order of the volume."""

    images: list[Image]
    ijk_to_lps: NDArray[np.float64]
    modality: Modality
    is_rescaled: bool
    unit: Unit
    suv: SUV | None
    without_suv: str | None


def _tell(series: Series, *, relative: bool) -> _Told:
    if series.no_volume:
        raise InputError(f"The series '{series.name}' {series.no_volume}: give a series of slices.")
    if series.refusal:
        raise InputError(series.refusal)
    images = _images(series)
    headers = [image.header for image in images]
    _check_images(headers, series.name)
    check_one_of_each(headers, series.name)
    patient_and_study(headers[0])  # what an export takes along is looked at before a fusion, not after it
    set_lossy_history(Dataset(), headers)
    order, ijk_to_lps = sort_stack(headers, name=series.name)
    images = [images[index] for index in order]
    headers = [image.header for image in images]
    modality = _modality(series.modality)
    is_rescaled = _is_rescaled(headers, series.name)
    check_rescale(headers, modality, series.name)
    unit, suv, without_suv = _unit(headers, modality, series.name, first=_first_of_all(series), is_rescaled=is_rescaled, relative=relative)
    return _Told(images, ijk_to_lps, modality, is_rescaled, unit, suv, without_suv)


def _source(series: Series, told: _Told, suv: SUV | None, without_suv: str | None) -> SeriesSource:
    headers, files = tuple(image.header for image in told.images), tuple(image.path for image in told.images)
    return SeriesSource(series, headers, files, tuple(image.frame for image in told.images), told.ijk_to_lps, suv, without_suv)


def _images(series: Series) -> list[Image]:
    """Every slice of the series, or of the part of it, with its whole header but for the pixels."""
    chosen = set(series.images)
    images = []
    for path in series.files:
        header = _read_header(path)
        try:
            images += [image for image in images_of(path, header) if (image.path, image.frame) in chosen]
        except NoVolumeError as error:
            raise InputError(f"The series '{series.name}' {error.reason}: give a series of slices.") from error
        except InputError:
            raise
        except Exception as error:  # pydicom converts values when they are asked for
            raise damaged(path, error) from error
    return images


def _first_of_all(series: Series) -> list[Dataset]:
    """The header of the image that was acquired first, where the series holds others too: all of a PET are corrected to its time."""
    if series.modality != "PT" or series.first_of_all is None or series.first_of_all in series.files:
        return []
    return [image.header for image in images_of(series.first_of_all, _read_header(series.first_of_all))][:1]


def _real_values(stored: NDArray, header: Dataset, *, is_rescaled: bool) -> NDArray:
    if not is_rescaled:
        return stored
    if header.get("ModalityLUTSequence"):
        return apply_modality_lut(stored, header)
    if len(pieces := mapped_pieces(header)) > 1:
        return map_pieces(stored, pieces)
    slope, intercept = (elements.number(header, keyword) for keyword in ("RescaleSlope", "RescaleIntercept"))
    assert slope is not None
    assert intercept is not None
    return stored.astype(np.float64) * slope + intercept


def _is_mapped_in_part(header: Dataset) -> bool:
    pieces = mapped_pieces(header)
    return bool(pieces) and np.isfinite(pieces[0].last - pieces[0].first)


def _modality(code: str) -> Modality:
    try:
        return Modality(code)
    except ValueError:
        return Modality.OTHER


def _read_header(path: Path) -> Dataset:
    try:
        return pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except Exception as error:  # foreign bytes make the parser fail in many ways
        raise damaged(path, error) from error


def _check_images(headers: list[Dataset], name: str) -> None:
    for header in headers:
        if (elements.whole(header, "SamplesPerPixel", least=1, most=4) or 1) != 1:
            raise InputError(f"The series '{name}' holds colour pictures, not measured values: give the original CT, MR or PET series.")
        if (kind := elements.text(header, "PhotometricInterpretation")) != "MONOCHROME2":
            kind = kind or "no Photometric Interpretation"
            raise InputError(
                f"The series '{name}' is stored with {kind} and not MONOCHROME2, so its gray scale is unsure: export it again."
            )


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
    headers: list[Dataset], modality: Modality, name: str, *, first: list[Dataset], is_rescaled: bool, relative: bool
) -> tuple[Unit, SUV | None, str | None]:
    """The unit; of a PET how it becomes SUVbw, or why it does not."""
    if modality is Modality.PET:
        try:
            suv = suv_of([*headers, *first], name=name)
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
    is_hu = modality is Modality.CT and is_rescaled and {elements.text(header, "RescaleType") or "HU" for header in headers} == {"HU"}
    return Unit.HU if is_hu else Unit.RELATIVE, None, None
