"""What is written of regions of a PET: the Segmentation, and the report by TID 1500. highdicom writes, which needs pydicom 3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit

from .instance import MANUFACTURER, new_uid, series_description
from .reader import SeriesSource
from .reported_region import KINDS, ReportedRegion

_SEG_SERIES_NUMBER, _SR_SERIES_NUMBER = 9105, 9106
_SCHEME = "99LCDFUSION"
_SUV = {
    Unit.SUVBW: (Code("126401", "DCM", "SUVbw"), Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")),
    Unit.SUVLBM: (Code("126402", "DCM", "SUVlbm"), Code("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass")),
    Unit.SUVBSA: (Code("126403", "DCM", "SUVbsa"), Code("{SUVbsa}cm2/ml", "UCUM", "Standardized Uptake Value body surface area")),
    Unit.SUVIBW: (Code("126404", "DCM", "SUVibw"), Code("{SUVibw}g/ml", "UCUM", "Standardized Uptake Value ideal body weight")),
}
_SUL = (Code("126405", "DCM", "SUVlbm(Janma)"), Code("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass"))
_PEAK, _SD = Code("126031", "DCM", "Peak Value Within ROI"), Code("386136009", "SCT", "Standard Deviation")


def segmentation(regions: Sequence[ReportedRegion], function: SeriesSource, images: list[Dataset]) -> Dataset:
    """A segment for each region.

    Raises:
        InputError: the series lies in several files of frames.
    """
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
    document = hd.seg.Segmentation(
        source_images=images,
        pixel_array=voxels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_describe(number, region) for number, region in enumerate(regions, start=1)],
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
    document.SeriesDescription = series_description("regions")
    return document


def _describe(number: int, region: ReportedRegion) -> hd.seg.SegmentDescription:
    category, what = (Code(*code) for code in KINDS[region.kind])
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


def report(regions: Sequence[ReportedRegion], segmented: Dataset, images: list[Dataset]) -> Dataset:
    """Their measurements, each of its segment of `segmented`."""
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=new_uid(), name=MANUFACTURER, manufacturer_name=MANUFACTURER, model_name=MANUFACTURER, serial_number=__version__
    )
    observer = hd.sr.ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)
    groups = [_group(number, region, segmented) for number, region in enumerate(regions, start=1)]
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=Code("44136-0", "LN", "PET unspecified body region"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    document = hd.sr.Comprehensive3DSR(
        evidence=[segmented, *images],
        content=content[0],
        series_instance_uid=new_uid(),
        series_number=_SR_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    document.SeriesDescription = series_description("measurements")
    document.ManufacturerModelName, document.DeviceSerialNumber, document.SoftwareVersions = MANUFACTURER, __version__, __version__
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = _SCHEME, MANUFACTURER
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    document.CodingSchemeIdentificationSequence = [scheme]
    return document


def _group(number: int, region: ReportedRegion, segmented: Dataset) -> Any:
    evaluations = []
    if region.deauville:
        name = Code("DEAUVILLE", _SCHEME, "Deauville score by maxima (Barrington 2014)")
        value = Code(f"DEAUVILLE{region.deauville.replace('-', '')}", _SCHEME, f"Deauville {region.deauville}")
        evaluations.append(hd.sr.QualitativeEvaluation(name=name, value=value))
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=region.tracking_uid, identifier=region.name),
        referenced_segment=hd.sr.ReferencedSegment(
            segmented.SOPClassUID,
            segmented.SOPInstanceUID,
            number,
            source_series=hd.sr.SourceSeriesForSegmentation(segmented.ReferencedSeriesSequence[0].SeriesInstanceUID),
        ),
        finding_type=Code(*KINDS[region.kind][1]),
        measurements=[_measurement(**each) for each in _measurements(region)],
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


def _measurement(*, value: float, **more: Any) -> hd.sr.Measurement:
    return hd.sr.Measurement(value=float(f"{value:.6g}"), **more)
