"""Small series as a scanner would send them, and the programs that judge DICOM."""

import shutil
import subprocess
from datetime import datetime
from functools import partial

import numpy as np
import pydicom
import pytest
from pydicom.config import disable_value_validation
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, write_original_series
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

PATIENT = Patient(name="Müller^Anna", id="P-17", sex="F", weight_kg=70.0, size_m=1.7)
STUDY = Study(uid=generate_uid(), started=datetime(2025, 3, 14, 10, 0), description="PET/CT")
TRACER = Radiopharmaceutical(injected=datetime(2025, 3, 14, 9, 0), dose_bq=300e6, half_life_s=6586.2)
FRAME_OF_REFERENCE = generate_uid()

AXIAL = np.eye(3)
SAGITTAL = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])


def rotation(degrees, axis):
    angle, (a, b) = np.radians(degrees), [n for n in range(3) if n != axis]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix


OBLIQUE = rotation(21.7, 0) @ rotation(-33.3, 1) @ rotation(11.1, 2)


DIRECTIONS = {"axial": AXIAL, "sagittal": SAGITTAL, "oblique": OBLIQUE}


@pytest.fixture(params=DIRECTIONS.values(), ids=DIRECTIONS)
def direction(request):
    return request.param


@pytest.fixture
def make():
    """make(modality, shape=, direction=, spacing=, origin=): a volume to write."""
    return make_volume


def make_volume(
    modality, shape=(6, 20, 24), direction=AXIAL, spacing=(0.7421875, 0.8333333333, 2.7), origin=(-91.123456789, 12.3, -845.625)
):
    """A volume with texture, so that a swapped axis or slice is seen."""
    noise = np.random.default_rng(5).random(shape)
    array, unit = {
        Modality.CT: (np.rint(noise * 2000 - 1000), Unit.HU),
        Modality.MR: (np.rint(noise * 4000), Unit.RELATIVE),
        Modality.PET: (noise * np.linspace(1, 12, shape[0])[:, None, None], Unit.SUVBW),
    }[modality]
    array = array.astype(np.int16 if modality is Modality.MR else np.float32)
    matrix = geometry_matrix(np.array(spacing), direction, np.array(origin))
    return Volume(array, matrix, modality, unit, f"{modality.value} test", FRAME_OF_REFERENCE)


def write_volume(place, volume, name=None, **options):
    """Write a volume, or a textured one of a modality, as an original series; returns its folder."""
    volume = make_volume(volume) if isinstance(volume, Modality) else volume
    defaults = {"patient": PATIENT, "study": STUDY, "series_number": 3, "radiopharmaceutical": TRACER, "body_part": "CHEST"}
    return write_original_series(volume, place / (name or volume.modality.value), **(defaults | options))


@pytest.fixture
def write_series(tmp_path):
    """`write_volume` in the test's own folder."""
    return partial(write_volume, tmp_path)


@pytest.fixture
def edit():
    """Change every file of a folder: edit(folder, function of the data set and its index)."""

    def change_all(folder, change):
        for index, path in enumerate(sorted(folder.iterdir())):
            dataset = pydicom.dcmread(path)
            with disable_value_validation():  # tests make bad values too
                change(dataset, index)
                dataset.save_as(path)

    return change_all


@pytest.fixture
def rescaled_values():
    """What the files of a folder hold after Rescale Slope and Intercept, in the order of their names."""

    def read(folder):
        slices = map(pydicom.dcmread, sorted(folder.iterdir()))
        return np.array([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])

    return read


@pytest.fixture
def dicom_errors():
    """What dciodvfy calls an error in any file of a folder."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")

    def errors(folder, step=1):
        lines = []
        for path in sorted(folder.iterdir())[::step]:
            report = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, errors="replace", timeout=60)
            assert "Image" in report.stderr + report.stdout, f"dciodvfy did not recognise {path}"
            lines += [f"{path.name}: {line}" for line in report.stderr.splitlines() if line.startswith("Error")]
        return lines

    return errors
