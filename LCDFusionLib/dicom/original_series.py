"""Volumes as original DICOM series, as a scanner would have sent them: for phantoms, which have no scanner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from LCDFusionLib import __version__
from LCDFusionLib.images.volume import Modality, Unit, Volume

from .instance import MANUFACTURER, code, decimal_strings, new_uid, set_body_part, set_instance, set_pixels, set_plane, write_instances

_SOP_CLASSES = {
    Modality.CT: CTImageStorage,
    Modality.MR: MRImageStorage,
    Modality.PET: PositronEmissionTomographyImageStorage,
}
_CT_INTERCEPT = -1024
_MR_MAX = 4095
_PET_MAX = 32767


@dataclass(frozen=True)
class Patient:
    """Whose images these are.

    Attributes:
        name: Patient's Name (0010,0010), "Family^Given".
        id: Patient ID (0010,0020).
        birth_date: Patient's Birth Date (0010,0030).
        sex: Patient's Sex (0010,0040): M, F or O.
        weight_kg: Patient's Weight (0010,1030); PET needs it.
        size_m: Patient's Size (0010,1020).
    """

    name: str
    id: str
    birth_date: date | None = None
    sex: str = "O"
    weight_kg: float | None = None
    size_m: float | None = None


@dataclass(frozen=True)
class Study:
    """What one visit's series have in common.

    Attributes:
        uid: Study Instance UID (0020,000D), the same for every series of the visit.
        started: Study Date and Time (0008,0020), (0008,0030).
        description: Study Description (0008,1030).
        id: Study ID (0020,0010).
    """

    uid: str
    started: datetime
    description: str = ""
    id: str = "1"


@dataclass(frozen=True)
class Radiopharmaceutical:
    """What was injected.

    Attributes:
        injected: Radiopharmaceutical Start DateTime (0018,1078).
        dose_bq: Radionuclide Total Dose (0018,1074) at the moment of injection.
        half_life_s: Radionuclide Half Life (0018,1075); F-18 by default.
    """

    injected: datetime
    dose_bq: float
    half_life_s: float = 6586.2


def write_original_series(
    volume: Volume,
    folder: str | os.PathLike[str],
    *,
    patient: Patient,
    study: Study,
    series_number: int,
    acquired: datetime | None = None,
    radiopharmaceutical: Radiopharmaceutical | None = None,
    body_part: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a volume as an original CT, MR or PET series, one file a slice.

    CT is stored in whole HU, not below -1024. MR is stored in whole numbers, floating point values scaled so that the brightest is 4095.
    PET is stored in BQML with a Rescale Slope for each slice, decay-corrected to `acquired` (START), from SUVbw or Bq/ml.

    Args:
        volume: CT in HU, MR, or PET in SUVbw or Bq/ml; its name becomes the Series Description, its frame of reference is kept (a new one
            where it has none).
        folder: made; must not hold anything.
        patient: whose it is.
        study: the visit.
        series_number: Series Number (0020,0011).
        acquired: Series and Acquisition Date and Time; the study's by default.
        radiopharmaceutical: what was injected; PET needs it.
        body_part: Body Part Examined (0018,0015), a defined term such as CHEST.
        attributes: further attributes for every slice by DICOM keyword, set last; None takes an attribute out.

    Returns:
        The folder.

    Raises:
        ValueError: a volume that is none of these, or PET without radiopharmaceutical or weight.
        InputError: the folder holds something, or cannot be written.
    """
    if volume.modality not in _SOP_CLASSES or volume.is_color:
        raise ValueError(
            f"an original series is gray CT, MR or PET; volume '{volume.name}' is {volume.modality.value}, shape {volume.array.shape}"
        )
    if not np.isfinite(volume.array).all():
        raise ValueError(f"volume '{volume.name}' holds values that are not finite")
    acquired = acquired or study.started
    image: _CT | _MR | _PET
    if volume.modality is Modality.CT:
        image = _CT(volume)
    elif volume.modality is Modality.MR:
        image = _MR(volume)
    else:
        image = _PET(volume, patient, acquired, radiopharmaceutical)
    series_uid, frame_of_reference = new_uid(), volume.frame_of_reference or new_uid()

    def slices() -> Iterator[Dataset]:
        for k in range(volume.shape[0]):
            dataset = Dataset()
            _set_patient_and_study(dataset, patient, study)
            dataset.Modality = volume.modality.value
            dataset.SeriesNumber = series_number
            dataset.SeriesDescription = volume.name
            dataset.SeriesDate = dataset.AcquisitionDate = f"{acquired:%Y%m%d}"
            dataset.SeriesTime = dataset.AcquisitionTime = f"{acquired:%H%M%S.%f}"
            dataset.AcquisitionNumber = 1
            set_body_part(dataset, body_part)
            dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
            dataset.SoftwareVersions = __version__
            dataset.FrameOfReferenceUID = frame_of_reference
            dataset.PositionReferenceIndicator = ""
            dataset.BurnedInAnnotation = "NO"
            dataset.LossyImageCompression = "00"
            set_instance(dataset, sop_class=_SOP_CLASSES[volume.modality], series_uid=series_uid, number=k + 1, created=acquired)
            set_plane(dataset, volume, k)
            image.set_slice(dataset, k)
            for keyword, value in (attributes or {}).items():
                if value is not None:
                    setattr(dataset, keyword, value)
                elif keyword in dataset:
                    delattr(dataset, keyword)
            yield dataset

    return write_instances(slices(), folder)


def _set_patient_and_study(dataset: Dataset, patient: Patient, study: Study) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = patient.name, patient.id, patient.sex
    dataset.PatientBirthDate = f"{patient.birth_date:%Y%m%d}" if patient.birth_date else ""
    if patient.weight_kg is not None:
        dataset.PatientWeight = decimal_strings(patient.weight_kg)[0]
    if patient.size_m is not None:
        dataset.PatientSize = decimal_strings(patient.size_m)[0]
    dataset.StudyInstanceUID, dataset.StudyID, dataset.StudyDescription = study.uid, study.id, study.description
    dataset.StudyDate, dataset.StudyTime = f"{study.started:%Y%m%d}", f"{study.started:%H%M%S}"
    dataset.ReferringPhysicianName = dataset.AccessionNumber = ""


class _CT:
    """CT Image (PS3.3 C.8.2.1), whole HU."""

    def __init__(self, volume: Volume) -> None:
        if volume.unit is not Unit.HU:
            raise ValueError(f"a CT series is in HU; volume '{volume.name}' is in {volume.unit.value}")
        self._array = volume.array

    def set_slice(self, dataset: Dataset, k: int) -> None:
        stored = np.clip(np.rint(self._array[k]) - _CT_INTERCEPT, 0, 65535).astype(np.uint16)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.PatientPosition = "HFS"
        dataset.KVP = "120"
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(_CT_INTERCEPT), "1", "HU"
        dataset.WindowCenter, dataset.WindowWidth = "40", "350"
        set_pixels(dataset, stored)


class _MR:
    """MR Image (PS3.3 C.8.3.1), arbitrary whole numbers."""

    def __init__(self, volume: Volume) -> None:
        array = np.clip(volume.array, 0, None)
        top = float(array.max())
        if array.dtype.kind == "f" or top > _MR_MAX:
            array = np.rint(array * (_MR_MAX / top if top > 0 else 1.0))
        self._stored = array.astype(np.uint16)

    def set_slice(self, dataset: Dataset, k: int) -> None:
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        dataset.PatientPosition = "HFS"
        dataset.ScanningSequence, dataset.SequenceVariant = "GR", "NONE"
        dataset.ScanOptions, dataset.MRAcquisitionType = "", "3D"
        dataset.RepetitionTime, dataset.EchoTime, dataset.EchoTrainLength = None, None, None
        dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
        set_pixels(dataset, self._stored[k], bits_stored=12)


class _PET:
    """PET Series, Isotope and Image (PS3.3 C.8.9), BQML, a slope a slice."""

    def __init__(self, volume: Volume, patient: Patient, acquired: datetime, tracer: Radiopharmaceutical | None) -> None:
        if tracer is None or not patient.weight_kg:
            raise ValueError(f"a PET series needs a radiopharmaceutical and the patient's weight; volume '{volume.name}' has not both")
        if volume.unit not in (Unit.SUVBW, Unit.BQML):
            raise ValueError(f"a PET series is in SUVbw or Bq/ml; volume '{volume.name}' is in {volume.unit.value}")
        self._array, self._tracer = volume.array, tracer
        decayed_dose = tracer.dose_bq * 0.5 ** ((acquired - tracer.injected).total_seconds() / tracer.half_life_s)
        self._to_bqml = decayed_dose / (patient.weight_kg * 1000.0) if volume.unit is Unit.SUVBW else 1.0

    def set_slice(self, dataset: Dataset, k: int) -> None:
        activity = np.clip(self._array[k].astype(np.float64) * self._to_bqml, 0, None)
        slope = decimal_strings(activity.max() / _PET_MAX or 1.0)[0]
        dataset.ImageType = ["ORIGINAL", "PRIMARY"]
        dataset.SeriesType = ["STATIC", "IMAGE"]
        dataset.Units, dataset.CountsSource, dataset.DecayCorrection = "BQML", "EMISSION", "START"
        dataset.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
        dataset.NumberOfSlices = len(self._array)
        dataset.CollimatorType = "NONE"
        dataset.ReconstructionMethod = dataset.ScatterCorrectionMethod = dataset.AttenuationCorrectionMethod = "SIMULATED"
        dataset.FrameReferenceTime = "0"
        dataset.ActualFrameDuration = 180000
        dataset.DecayFactor = "1"
        dataset.ImageIndex = k + 1
        dataset.RescaleIntercept, dataset.RescaleSlope = "0", slope
        dataset.PatientOrientationCodeSequence = [code("102538003", "recumbent", "SCT")]
        dataset.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = [code("40199007", "supine", "SCT")]
        dataset.PatientGantryRelationshipCodeSequence = [code("102540008", "headfirst", "SCT")]
        dataset.RadiopharmaceuticalInformationSequence = [self._tracer_item()]
        dataset.EnergyWindowRangeSequence = [Dataset()]
        dataset.EnergyWindowRangeSequence[0].EnergyWindowLowerLimit = "425"
        dataset.EnergyWindowRangeSequence[0].EnergyWindowUpperLimit = "650"
        set_pixels(dataset, np.rint(np.minimum(activity / float(slope), _PET_MAX)).astype(np.int16))

    def _tracer_item(self) -> Dataset:
        tracer, item = self._tracer, Dataset()
        item.Radiopharmaceutical = "Fluorodeoxyglucose F^18^"
        item.RadiopharmaceuticalStartTime = f"{tracer.injected:%H%M%S}"
        item.RadiopharmaceuticalStartDateTime = f"{tracer.injected:%Y%m%d%H%M%S}"
        item.RadionuclideTotalDose, item.RadionuclideHalfLife = decimal_strings([tracer.dose_bq, tracer.half_life_s])
        item.RadionuclidePositronFraction = "0.967"
        item.RadionuclideCodeSequence = [code("77004003", "^18^Fluorine", "SCT")]
        item.RadiopharmaceuticalCodeSequence = [code("35321007", "Fluorodeoxyglucose F^18^", "SCT")]
        return item
