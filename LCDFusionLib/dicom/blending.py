"""A Blending Softcopy Presentation State (PS3.3 A.33.4): "this PET over this CT, so coloured", without copying a pixel."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import BlendingSoftcopyPresentationStateStorage

from LCDFusionLib import __version__
from LCDFusionLib.images.window import Window

from .instance import MANUFACTURER, decimal_strings, new_uid, series_description, set_body_part, set_instance, write_instances
from .patient_and_study import patient_and_study
from .reader import SeriesSource

_SERIES_NUMBER = 9053


def why_no_blending_state(anatomy: SeriesSource | None, function: SeriesSource | None) -> str | None:
    """Why a presentation state could not say truly what to show; None where it can.

    It has one Modality LUT for all images of a series and no motion of its own, so it cannot hold a PET whose slices are rescaled each by
    another slope, nor one of another frame of reference, nor one that was registered.
    """
    if anatomy is None or function is None:
        return "both inputs have to be DICOM"
    if anatomy.series.frame_of_reference != function.series.frame_of_reference or not anatomy.series.frame_of_reference:
        return "both inputs have to be in one frame of reference"
    if anatomy.series.study_uid != function.series.study_uid:
        return "both inputs have to be of one study"
    for source in (anatomy, function):
        if len({_rescale(header) for header in source.headers}) > 1:
            return f"the slices of '{source.series.name}' are rescaled each in another way, and a presentation state has one way for all"
    if function.suv is not None and function.suv.slice_factors:
        return f"the slices of '{function.series.name}' become SUV each by another factor, and a presentation state has one for all"
    position = function.headers[0].get("ImagePositionPatient")
    if position is None or np.abs(np.asarray(position, dtype=float) - function.ijk_to_lps[:3, 3]).max() > 1e-3:
        return "the function was moved by a registration"
    return None


def write_blending_state(
    folder: str | os.PathLike[str],
    *,
    anatomy: SeriesSource,
    function: SeriesSource,
    anatomy_window: Window,
    function_window: Window,
    color_table: NDArray[np.uint8],
    opacity: float = 0.5,
) -> Path:
    """Write the state; `why_no_blending_state` has to be None.

    Args:
        folder: made, holds the one object.
        anatomy: underlying, in its window.
        function: superimposed, in its window and colours.
        anatomy_window: in the anatomy's unit.
        function_window: in the function's unit, SUV too: it is written in the unit of the stored images.
        color_table: (256, 3) of uint8, RGB, from no uptake to full uptake.
        opacity: of the function, 0 to 1.

    Raises:
        ValueError: no state can say this truly.
        InputError: the folder cannot be written.
    """
    if reason := why_no_blending_state(anatomy, function):
        raise ValueError(reason)
    created = datetime.now().astimezone()
    with disable_value_validation():
        dataset = patient_and_study(anatomy.headers[0])
        set_instance(dataset, sop_class=BlendingSoftcopyPresentationStateStorage, series_uid=new_uid(), number=1, created=created)
        dataset.pop("ContentDate", None)
        dataset.pop("ContentTime", None)
        dataset.Modality, dataset.SeriesNumber = "PR", _SERIES_NUMBER
        dataset.SeriesDescription = series_description("50/50 blend")
        dataset.SeriesDate, dataset.SeriesTime = f"{created:%Y%m%d}", f"{created:%H%M%S}"
        header = anatomy.headers[0]
        set_body_part(dataset, str(header.get("BodyPartExamined") or ""), laterality=str(header.get("Laterality") or ""))
        dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
        dataset.DeviceSerialNumber = dataset.SoftwareVersions = __version__
        dataset.PresentationCreationDate, dataset.PresentationCreationTime = dataset.SeriesDate, dataset.SeriesTime
        dataset.ContentLabel, dataset.ContentDescription, dataset.ContentCreatorName = "BLEND", "Function over anatomy", MANUFACTURER
        to_stored = 1.0 / function.suv.factor if function.suv is not None else 1.0
        dataset.BlendingSequence = [
            _layer("UNDERLYING", anatomy, anatomy_window.level, anatomy_window.width),
            _layer("SUPERIMPOSED", function, function_window.level * to_stored, function_window.width * to_stored),
        ]
        dataset.RelativeOpacity = float(opacity)
        dataset.DisplayedAreaSelectionSequence = [_displayed_area(anatomy)]
        _set_palette(dataset, color_table)
        return write_instances([dataset], folder)


def _layer(position: str, source: SeriesSource, level: float, width: float) -> Dataset:
    item, series, voi = Dataset(), Dataset(), Dataset()
    item.BlendingPosition = position
    item.StudyInstanceUID = source.series.study_uid
    series.SeriesInstanceUID = source.series.uid
    series.ReferencedImageSequence = []
    for header, frame in zip(source.headers, source.frames, strict=True):
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
        if frame is not None:
            reference.ReferencedFrameNumber = frame
        series.ReferencedImageSequence.append(reference)
    item.ReferencedSeriesSequence = [series]
    slope, intercept = _rescale(source.headers[0])
    item.RescaleIntercept, item.RescaleSlope = decimal_strings([intercept, slope])
    item.RescaleType = str(source.headers[0].get("RescaleType") or "US")
    voi.WindowCenter, voi.WindowWidth = decimal_strings([level, width])
    voi.VOILUTFunction = "LINEAR_EXACT"  # LINEAR, the default, is a window of one less than its width, which shows SUV 0 to 10 as 0 to 9
    item.SoftcopyVOILUTSequence = [voi]
    return item


def _displayed_area(anatomy: SeriesSource) -> Dataset:
    _, rows, columns = anatomy.shape
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [columns, rows]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelSpacing = decimal_strings([float(x) for x in anatomy.headers[0].PixelSpacing])
    return area


def _set_palette(dataset: Dataset, table: NDArray[np.uint8]) -> None:
    for color, values in zip(("Red", "Green", "Blue"), table.T, strict=True):
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [len(values), 0, 16])
        data = (values.astype("<u2") * 257).tobytes()  # 255 becomes 65535
        setattr(dataset, f"{color}PaletteColorLookupTableData", data)
    dataset.ICCProfile = _even(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    dataset.ColorSpace = "SRGB"


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def _rescale(header: Dataset) -> tuple[float, float]:
    slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    return float(1 if slope is None else slope), float(intercept or 0)
