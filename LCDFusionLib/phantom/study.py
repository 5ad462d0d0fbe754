"""A phantom as a DICOM study, as a scanner would have sent it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from pydicom.uid import generate_uid

from LCDFusionLib.dicom.original_series import Patient, Radiopharmaceutical, Study, write_original_series

from .phantom import Phantom

SCANNED = datetime(2025, 3, 14, 10, 30)
UPTAKE = timedelta(minutes=60)  # between injection and PET
WEIGHT_KG = 74.0
DOSE_BQ = 296e6
BODY_PARTS = {"Thorax": "CHEST", "Head": "HEAD"}


def write_study(phantom: Phantom, folder: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Writes both series of a phantom as DICOM: one patient, one study, one frame of reference.

    PET is stored in BQML with what SUVbw needs: patient's weight, injected dose, injection and acquisition time, half life, and Decay
    Correction (0054,1102) START.

    Args:
        phantom: from `thorax()` or `head()`.
        folder: made where it is missing; gets one folder a series, named by modality (CT or MR, and PT), which must not be there yet.

    Returns:
        The folders of the anatomy series and of the function series.
    """
    name, patient_id = f"LCDFusion^{phantom.name} Phantom", f"LCDFUSION-{phantom.name.upper()}"
    patient = Patient(name=name, id=patient_id, weight_kg=WEIGHT_KG, sex="M", size_m=1.75)  # OHIF shows no SUV of sex O
    study = Study(uid=generate_uid(), started=SCANNED, description="Digital phantom")
    folders = []
    for number, volume in enumerate((phantom.anatomy, phantom.function), start=1):
        folders.append(
            write_original_series(
                volume,
                Path(folder) / volume.modality.value,
                patient=patient,
                study=study,
                series_number=number,
                acquired=SCANNED + timedelta(minutes=5 * number),
                radiopharmaceutical=_FDG if volume.modality.is_function else None,
                body_part=BODY_PARTS.get(phantom.name, ""),
            )
        )
    anatomy, function = folders
    return anatomy, function


_FDG = Radiopharmaceutical(injected=SCANNED + timedelta(minutes=10) - UPTAKE, dose_bq=DOSE_BQ)
