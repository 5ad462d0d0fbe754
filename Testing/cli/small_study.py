"""A small study as a scanner would send it."""

from datetime import datetime

import numpy as np

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, write_original_series
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

PATIENT = Patient(name="Müller^Anna", id="P-17", sex="F", weight_kg=70.0, size_m=1.7)
STUDY = Study(uid="2.25.31415926", started=datetime(2025, 3, 14, 10, 0), description="PET/CT")
TRACER = Radiopharmaceutical(injected=datetime(2025, 3, 14, 9, 0), dose_bq=300e6)
FRAME_OF_REFERENCE = "2.25.2718281828"


def body(modality, slices=6, size=48):
    """One patient as CT, MR or PET: a trunk with spine and a tumour on the left side, SUV 8 in PET, which is coarser and larger."""
    pet = modality is Modality.PET
    spacing = np.array([6.0, 6.0, 5.0] if pet else [3.0, 3.0, 4.0])
    shape = (slices, size // 2 + 6, size // 2 + 6) if pet else (slices, size, size)
    origin = np.array([-(shape[2] - 1) / 2 * spacing[0], -(shape[1] - 1) / 2 * spacing[1], -301.5 if pet else -300.0])
    k, j, i = np.mgrid[: shape[0], : shape[1], : shape[2]]
    x, y, z = (axis * step + start for axis, step, start in zip((i, j, k), spacing, origin, strict=True))
    inside = (x / (1.3 * size)) ** 2 + (y / size) ** 2 < 1
    spine = np.hypot(x, y - 0.6 * size) < 8
    tumour = np.sqrt((x - 25) ** 2 + (y + 10) ** 2 + (z + 290) ** 2) < 12
    noise = np.random.default_rng(17).normal(0, 1, shape)
    array, unit = {
        Modality.CT: (np.where(inside, 40 + 600 * spine + 20 * tumour, -1000) + 8 * noise, Unit.HU),
        Modality.MR: (np.abs(np.where(inside, 600 - 500 * spine - 100 * tumour, 5) + 15 * noise), Unit.RELATIVE),
        Modality.PET: (np.abs(np.where(inside, 1 + 7 * tumour, 0.05) + 0.05 * noise), Unit.SUVBW),
    }[modality]
    array = array.astype(np.float32) if pet else np.rint(array).astype(np.int16)
    return Volume(array, geometry_matrix(spacing, np.eye(3), origin), modality, unit, f"{modality.value} body", FRAME_OF_REFERENCE)


def write_series(folder, volume, **options):
    """As `write_original_series`, of one patient and one study."""
    number = [Modality.CT, Modality.MR, Modality.PET].index(volume.modality) + 2
    defaults = {"patient": PATIENT, "study": STUDY, "series_number": number, "radiopharmaceutical": TRACER, "body_part": "CHEST"}
    return write_original_series(volume, folder, **(defaults | options))
