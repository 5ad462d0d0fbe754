"""Regions of a PET as DICOM: a Segmentation with a segment for each, and their measurements as TID 1500; and the Segmentation read again.

Written by highdicom, which needs pydicom 3 (Slicer 5.10 brings 2.4); read with pydicom alone.
"""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import EnhancedPETImageStorage, PositronEmissionTomographyImageStorage, SegmentationStorage

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.uptake import RegionUptake
from LCDFusionLib.images.volume import Unit

from . import elements
from .instance import MANUFACTURER, new_uid, series_description, write_instances
from .patient_and_study import patient_and_study
from .reader import SeriesSource

_SEG_SERIES_NUMBER, _SR_SERIES_NUMBER = 9105, 9106
_SCHEME = "99LCDFUSION"
_SAME_MM = 0.01

# What a segment is: category and type of PS3.16 CID 7150 and 7151.
_LESION = (Code("49755003", "SCT", "Morphologically Altered Structure"), Code("52988006", "SCT", "Lesion"))
_ANATOMY = Code("123037004", "SCT", "Anatomical Structure")
_KINDS: dict[str, tuple[Code, Code]] = {
    "lesion": _LESION,
    "liver": (_ANATOMY, Code("10200004", "SCT", "Liver")),
    "blood pool": (_ANATOMY, Code("32672002", "SCT", "Descending thoracic aorta")),
}
_SUV = {
    Unit.SUVBW: (Code("126401", "DCM", "SUVbw"), Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")),
    Unit.SUVLBM: (Code("126402", "DCM", "SUVlbm"), Code("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass")),
    Unit.SUVBSA: (Code("126403", "DCM", "SUVbsa"), Code("{SUVbsa}cm2/ml", "UCUM", "Standardized Uptake Value body surface area")),
    Unit.SUVIBW: (Code("126404", "DCM", "SUVibw"), Code("{SUVibw}g/ml", "UCUM", "Standardized Uptake Value ideal body weight")),
}
_SUL = (Code("126405", "DCM", "SUVlbm(Janma)"), Code("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass"))
_PEAK, _SD = Code("126031", "DCM", "Peak Value Within ROI"), Code("386136009", "SCT", "Standard Deviation")


@dataclass(frozen=True, eq=False)
class ReportedRegion:
    """A region as it goes into files.

    Attributes:
        name: as people call it.
        kind: "lesion", "liver" or "blood pool".
        how: how it was found.
        voxels: (K, J, I) in the order of the function's series.
        uptake: what it holds; None for a region that was read.
        hu: mean of the CT; NaN where not known.
        lean_part: by which SUVbw becomes SUL (Janmahasatian); None where not known.
        deauville: score; "" where there is none.
    """

    name: str
    kind: str
    how: str
    voxels: NDArray[np.bool_]
    uptake: RegionUptake | None = None
    hu: float = math.nan
    lean_part: float | None = None
    deauville: str = ""
    tracking_uid: str = field(default_factory=new_uid)


def write_regions(regions: Sequence[ReportedRegion], function: SeriesSource, folder: str | os.PathLike[str]) -> Path:
    """Write a Segmentation (PS3.3 A.51) and a Comprehensive 3D SR by TID 1500 that refers to its segments.

    Args:
        regions: at least one, with uptake.
        function: the series that their voxels are of.
        folder: made, holds both objects.

    Raises:
        InputError: this Python cannot write them, the series is no PET, or the folder cannot be written.
    """
    hd = _highdicom()
    images = _images(function)
    segmentation = _segmentation(hd, regions, function, images)
    return write_instances([segmentation, _report(hd, regions, segmentation, images)], folder)


def latest_regions(files: Sequence[Path], series_uid: str) -> Path | None:
    """The last Segmentation among files that LCDFusion wrote of a series; None where there is none."""
    written = [(moment, path) for path in files if (moment := _written_of(path, series_uid))]
    return max(written)[1] if written else None


def _written_of(path: Path, series_uid: str) -> str:
    """Content Date and Time of a Segmentation of ours; "" of any other file."""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        of_series = [elements.uid(each, "SeriesInstanceUID") for each in elements.items(header, "ReferencedSeriesSequence")]
        is_ours = elements.uid(header, "SOPClassUID") == SegmentationStorage and elements.text(header, "Manufacturer") == MANUFACTURER
        return f"{header.ContentDate}{header.ContentTime}" if is_ours and series_uid in of_series else ""
    except Exception:  # somebody else's, or damaged: then there are no regions in it that we could show
        return ""


def read_regions(path: Path, function: SeriesSource) -> tuple[ReportedRegion, ...]:
    """The segments of a Segmentation on the grid of the series that it was drawn on.

    Raises:
        InputError: the file is damaged, or lies on another grid.
    """
    try:
        dataset = pydicom.dcmread(path)
        frames = np.atleast_3d(dataset.pixel_array) if int(dataset.NumberOfFrames) > 1 else dataset.pixel_array[np.newaxis]
        masks: dict[int, NDArray[np.bool_]] = {}
        to_index = np.linalg.inv(function.ijk_to_lps)
        for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            position = elements.numbers(group.PlanePositionSequence[0], "ImagePositionPatient", 3)
            i, j, k = (to_index @ [*(position or ()), 1])[:3]
            if max(abs(i), abs(j), abs(k - round(k))) > _SAME_MM or not 0 <= round(k) < function.shape[0]:
                raise InputError(f"The regions in '{path.name}' lie on another grid than '{function.series.name}': measure them again.")
            of_one = group if "SegmentIdentificationSequence" in group else dataset.SharedFunctionalGroupsSequence[0]  # of one segment
            number = int(of_one.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            masks.setdefault(number, np.zeros(function.shape, dtype=bool))[round(k)] = frame != 0
        return tuple(
            _read_segment(segment, masks[int(segment.SegmentNumber)])
            for segment in dataset.SegmentSequence
            if int(segment.SegmentNumber) in masks
        )
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"The DICOM file '{path.name}' with regions is damaged ({type(error).__name__}): export it again.") from error


def _read_segment(segment: Dataset, voxels: NDArray[np.bool_]) -> ReportedRegion:
    value = elements.text(elements.item(segment, "SegmentedPropertyTypeCodeSequence"), "CodeValue")
    kind = next((kind for kind, (_, what) in _KINDS.items() if what.value == value), "lesion")
    how = elements.text(segment, "SegmentDescription") or "Drawn"
    return ReportedRegion(elements.text(segment, "SegmentLabel") or "Region", kind, how, voxels)


def _highdicom() -> Any:
    if int(pydicom.__version__.split(".")[0]) < 3:
        raise InputError(
            f"Regions as DICOM need pydicom 3, and this Python has {pydicom.__version__}: save the scene, or export the table as CSV."
        )
    try:
        import highdicom
    except ImportError as error:
        raise InputError("Regions as DICOM need the package highdicom, which is not installed: pip install highdicom.") from error
    return highdicom


def _images(function: SeriesSource) -> list[Dataset]:
    """The series' instances, without pixels, with all of patient and study that every object needs."""
    sop_class = function.headers[0].get("SOPClassUID")
    if sop_class not in (PositronEmissionTomographyImageStorage, EnhancedPETImageStorage):
        raise InputError(f"Regions of '{function.series.name}' cannot be written as DICOM, because it is no PET image: export CSV.")
    if function.frames[0] is None:
        images = [copy.deepcopy(header) for header in function.headers]
    else:
        images = [pydicom.dcmread(file, stop_before_pixels=True) for file in dict.fromkeys(function.files)]
    common = patient_and_study(images[0])
    for image in images:
        image.update({element.tag: element for element in common})
    return images


def _segmentation(hd: Any, regions: Sequence[ReportedRegion], function: SeriesSource, images: list[Dataset]) -> Dataset:
    voxels = np.stack([region.voxels for region in regions], axis=-1).astype(np.uint8)
    if function.frames[0] is not None:  # as the file has its frames
        if len(images) > 1:
            raise InputError(
                f"Regions of '{function.series.name}' cannot be written as DICOM, because it lies in several files: export CSV."
            )
        by_frame = np.zeros((int(images[0].NumberOfFrames), *voxels.shape[1:]), np.uint8)
        for k, frame in enumerate(function.frames):
            by_frame[(frame or 1) - 1] = voxels[k]
        voxels = by_frame
    segmentation = hd.seg.Segmentation(
        source_images=images,
        pixel_array=voxels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(hd, number, region) for number, region in enumerate(regions, start=1)],
        series_instance_uid=new_uid(),
        series_number=_SEG_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=__version__,
        content_label="REGIONS",
        content_description=DISCLAIMER[:64],
    )
    segmentation.SeriesDescription = series_description("regions")
    return segmentation


def _describe(hd: Any, number: int, region: ReportedRegion) -> Dataset:
    category, what = _KINDS[region.kind]
    description = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=region.name,
        segmented_property_category=category,
        segmented_property_type=what,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=region.how, version=__version__, family=codes.cid7162.MorphologicalOperations
        ),
        tracking_uid=region.tracking_uid,
        tracking_id=region.name,
    )
    description.SegmentDescription = region.how
    return description


def _report(hd: Any, regions: Sequence[ReportedRegion], segmentation: Dataset, images: list[Dataset]) -> Dataset:
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=new_uid(), name=MANUFACTURER, manufacturer_name=MANUFACTURER, model_name=MANUFACTURER, serial_number=__version__
    )
    observer = hd.sr.ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    groups = [_group(hd, number, region, segmentation) for number, region in enumerate(regions, start=1)]
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=Code("44136-0", "LN", "PET unspecified body region"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = hd.sr.Comprehensive3DSR(
        evidence=[segmentation, *images],
        content=content[0],
        series_instance_uid=new_uid(),
        series_number=_SR_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    report.SeriesDescription = series_description("measurements")
    report.ManufacturerModelName, report.DeviceSerialNumber, report.SoftwareVersions = MANUFACTURER, __version__, __version__
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = _SCHEME, MANUFACTURER
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    report.CodingSchemeIdentificationSequence = [scheme]
    return report


def _group(hd: Any, number: int, region: ReportedRegion, segmentation: Dataset) -> Any:
    evaluations = []
    if region.deauville:
        name = Code("DEAUVILLE", _SCHEME, "Deauville score by maxima (Barrington 2014)")
        value = Code(f"DEAUVILLE{region.deauville.replace('-', '')}", _SCHEME, f"Deauville {region.deauville}")
        evaluations.append(hd.sr.QualitativeEvaluation(name=name, value=value))
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=region.tracking_uid, identifier=region.name),
        referenced_segment=hd.sr.ReferencedSegment(
            segmentation.SOPClassUID,
            segmentation.SOPInstanceUID,
            number,
            source_series=hd.sr.SourceSeriesForSegmentation(segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID),
        ),
        finding_type=_KINDS[region.kind][1],
        measurements=[_measurement(hd, **each) for each in _measurements(region)],
        qualitative_evaluations=evaluations or None,
    )


def _measurements(region: ReportedRegion) -> list[Mapping[str, Any]]:
    """What is known: name, value, unit, derivation of each."""
    uptake = region.uptake
    assert uptake is not None
    found: list[Mapping[str, Any]] = []
    values = ((uptake.maximum, codes.SCT.Maximum), (uptake.mean, codes.SCT.Mean), (uptake.sd, _SD), (uptake.peak, _PEAK))
    for (name, unit), part in ((_SUV.get(uptake.unit, (None, None)), 1.0), (_SUL, region.lean_part)):
        if name is not None and part is not None:
            found += [
                {"name": name, "value": value * part, "unit": unit, "derivation": how}
                for value, how in values
                if how is not _SD or part == 1
            ]
    volume = Code("126032", "DCM", "Metabolic Volume") if region.kind == "lesion" else codes.SCT.Volume
    found.append({"name": volume, "value": uptake.volume_ml, "unit": Code("ml", "UCUM", "ml")})
    if region.kind == "lesion" and uptake.unit is Unit.SUVBW:
        found.append({"name": codes.DCM.TotalLesionGlycolysis, "value": uptake.glycolysis, "unit": Code("g", "UCUM", "g")})
    hounsfield = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
    found.append({"name": codes.DCM.AttenuationCoefficient, "value": region.hu, "unit": hounsfield, "derivation": codes.SCT.Mean})
    return [each for each in found if math.isfinite(each["value"])]


def _measurement(hd: Any, *, value: float, **more: Any) -> Any:
    return hd.sr.Measurement(value=float(f"{value:.6g}"), **more)
