"""What is taken for a function, and what is said of it."""

from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, write_original_series
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.pipeline.inputs import read_function


@pytest.fixture
def pet(tmp_path):
    """A PET series of 300 MBq and 70 kg, an hour after the injection."""
    array = np.random.default_rng(1).random((4, 16, 16)).astype(np.float32) * 8
    return write_original_series(
        Volume(array, np.diag([4.0, 4, 4, 1]), Modality.PET, Unit.SUVBW, "PET"),
        tmp_path / "pet",
        patient=Patient(name="Doe^Jane", id="P-1", weight_kg=70.0, size_m=1.7),
        study=Study(uid=generate_uid(), started=datetime(2025, 3, 14, 10)),
        series_number=3,
        radiopharmaceutical=Radiopharmaceutical(datetime(2025, 3, 14, 9), 300e6, 6586.2),
    )


def edit(folder, change):
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def test_negative_noise_is_a_pet(pet):
    """Filtered back projection leaves it; DICOM says that it is a PET, so nobody calls it a CT."""

    def noisy(dataset):
        dataset.PixelData = (dataset.pixel_array - 16000).astype(np.int16).tobytes()

    edit(pet, noisy)
    given = read_function(pet)
    assert given.volume.unit is Unit.SUVBW
    assert given.volume.array.min() < -given.volume.array.max() / 4


def test_a_file_with_such_values_is_none(tmp_path):
    values = np.linspace(-1000, 2000, 1000, dtype=np.float32).reshape(10, 10, 10)
    with pytest.raises(InputError, match="has values from -1000 to 2000, as no PET or SPECT file has them"):
        read_function(Volume(values, np.eye(4), name="unknown"))


def test_what_was_decided_of_suv_is_a_note(pet):
    edit(pet, lambda dataset: setattr(dataset, "SeriesTime", "104500"))
    given = read_function(pet)
    assert any("Series Time (0008,0031) 2025-03-14 10:45:00 is 45 minutes after the first acquisition" in note for note in given.notes)
    assert given.source.facts["suvbw"]["notes"] == given.source.suv.notes
