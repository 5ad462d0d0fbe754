"""What `suv_of` reads of a header."""

from __future__ import annotations

from .private_elements import GE_SCAN_START, PHILIPS_ACTIVITY_FACTOR, PHILIPS_SUV_FACTOR, SIEMENS_DECAY_START

SUV_KEYWORDS: tuple[str | int, ...] = (
    *("Units", "SUVType", "CorrectedImage", "DecayCorrection", "DecayFactor"),
    *("AttenuationCorrected", "DecayCorrected", "ScatterCorrected", "RandomsCorrected", "DecayCorrectionDateTime"),
    *("PatientWeight", "PatientSize", "RadiopharmaceuticalInformationSequence", "RealWorldValueMappingSequence"),
    *("StudyDate", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "TimezoneOffsetFromUTC"),
    *("FrameReferenceTime", "ActualFrameDuration"),
    *("Manufacturer", "PatientIdentityRemoved", "DeidentificationMethod"),
    *GE_SCAN_START.tags(),
    *SIEMENS_DECAY_START.tags(),
    *PHILIPS_SUV_FACTOR.tags(),
    *PHILIPS_ACTIVITY_FACTOR.tags(),
)
"""Keywords, and tags of private elements, for a reader that reads few."""
