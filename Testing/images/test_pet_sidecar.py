"""The .json of dcm2niix and PET2BIDS beside a PET: the fields and spellings are those that these programs write."""

import json
import math

import nibabel
import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.volume import Modality, Unit

ARRAY = np.random.default_rng(0).uniform(0, 30_000, (5, 6, 7)).astype(np.float32)

# As dcm2niix 1.0.20260724 writes them of a GE Discovery ST with `-ba n`; of the injection's time it writes nothing.
DCM2NIIX = {
    "Modality": "PT",
    "PatientWeight": 71,
    "PatientSize": 1.63,
    "TracerRadionuclide": "18F",
    "InjectedRadioactivity": 388.77747,
    "InjectedRadioactivityUnits": "MBq",
    "RadionuclideHalfLife": 6588,
    "Units": "Bq/mL",
    "DecayCorrection": "START",
    "AttenuationCorrection": "measured",
    "ScanStart": 0,
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
}
# BIDS, as PET2BIDS completes it: TimeZero is the injection, the scan began an hour later.
BIDS = {
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 388.77747,
    "InjectedRadioactivityUnits": "MBq",
    "Units": "Bq/mL",
    "PatientWeight": 71,
    "TimeZero": "10:15:14",
    "InjectionStart": 0,
    "ScanStart": 3600,
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 3600,
    "InjectedMass": "n/a",
}
HOUR = 71_000 / (388.77747e6 * math.exp(-math.log(2) * 3600 / 6588))  # SUV of 1 Bq/ml an hour after the injection


def save(folder, fields, array=ARRAY, name="pet.nii.gz"):
    nibabel.save(nibabel.Nifti1Image(array, np.diag([2, 2, 3, 1])), folder / name)
    (folder / "pet.json").write_text(fields if isinstance(fields, str) else json.dumps(fields))
    return folder / name


def without(fields, *keys):
    return {key: value for key, value in fields.items() if key not in keys}


@pytest.mark.parametrize(
    ("fields", "factor"),
    [
        ({**DCM2NIIX, "InjectionStart": -3600}, HOUR),
        (BIDS, HOUR),
        ({**BIDS, "DecayCorrection": "START"}, HOUR),
        ({**BIDS, "ImageDecayCorrectionTime": 0}, 71_000 / 388.77747e6),
        ({**DCM2NIIX, "DecayCorrection": "ADMIN"}, 71_000 / 388.77747e6),
        ({**BIDS, "RadionuclideHalfLife": 6588, "InjectedRadioactivity": "388.77747"}, HOUR),
        ({**BIDS, "RadionuclideHalfLife": 6588, "InjectedRadioactivity": 388777470, "InjectedRadioactivityUnits": "Bq"}, HOUR),
        ({**BIDS, "RadionuclideHalfLife": 6588, "InjectedRadioactivity": 10.50750, "InjectedRadioactivityUnits": "mCi"}, HOUR),
        ({**BIDS, "RadionuclideHalfLife": 6588, "Units": "kBq/ml"}, HOUR * 1000),
        ({**BIDS, "RadionuclideHalfLife": 6588, "Units": "MBq/mL"}, HOUR * 1e6),
        ({**BIDS, "DecayCorrection": "ADMIN", "ImageDecayCorrectionTime": 60}, 71_000 / 388.77747e6),
        ({**DCM2NIIX, "InjectionStart": -3600, "ImageDecayCorrectionTime": 60}, HOUR * 2 ** (60 / 6588)),
        (without(DCM2NIIX, "ImageDecayCorrectionTime") | {"InjectionStart": -3600}, HOUR),
        (without(BIDS, "InjectedRadioactivity", "InjectedRadioactivityUnits") | {"RadionuclideTotalDose": 388.77747e6}, HOUR),
    ],
)
@pytest.mark.parametrize("name", ["pet.nii", "pet.nii.gz"])
def test_suv_from_dose_weight_and_times(tmp_path, fields, factor, name):
    read = read_volume(save(tmp_path, fields, name=name))
    assert (read.modality, read.unit) == (Modality.PET, Unit.SUVBW)
    np.testing.assert_allclose(read.array.T, ARRAY * factor, rtol=2e-3 if "RadionuclideHalfLife" not in fields else 1e-5)
    assert "became SUVbw by 'pet.json'" in read.notes[0]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (DCM2NIIX, "InjectionStart (s, as ScanStart and ImageDecayCorrectionTime are counted) is missing; add it in 'pet.json'"),
        (without(BIDS, "PatientWeight"), "PatientWeight (kg) is missing; add it"),
        (without(BIDS, "PatientWeight", "InjectedRadioactivityUnits"), "are missing; add them"),
        ({**BIDS, "InjectedRadioactivity": "n/a"}, "InjectedRadioactivity with InjectedRadioactivityUnits is missing"),
        (without(BIDS, "TracerRadionuclide"), "RadionuclideHalfLife (s) or TracerRadionuclide is missing"),
        ({**BIDS, "ImageDecayCorrected": False}, "not corrected for decay"),
        ({**DCM2NIIX, "DecayCorrection": "NONE"}, "not corrected for decay"),
        ({**BIDS, "ImageDecayCorrectionTime": -7200}, "the times contradict each other"),
        ({**BIDS, "ImageDecayCorrectionTime": 200_000}, "the times contradict each other"),
        ({**DCM2NIIX, "InjectionStart": -3600, "ImageDecayCorrectionTime": 900}, "DecayCorrection START and ImageDecayCorrectionTime"),
        ({**DCM2NIIX, "InjectionStart": -3600, "ImageDecayCorrectionTime": -900}, "DecayCorrection START and ImageDecayCorrectionTime"),
        ({**BIDS, "DecayCorrection": "ADMIN"}, "DecayCorrection ADMIN and ImageDecayCorrectionTime contradict each other"),
        ({**BIDS, "DecayCorrection": "ADMIN", "ImageDecayCorrectionTime": -900}, "DecayCorrection ADMIN and ImageDecayCorrectionTime"),
        (without(BIDS, "ImageDecayCorrectionTime"), "InjectionStart (s, as ScanStart and ImageDecayCorrectionTime are counted) is missing"),
        ({**BIDS, "ImageDecayCorrected": "No"}, "not corrected for decay"),
        ({**BIDS, "InjectedRadioactivity": 388.77747e6}, "cannot be in Bq"),
        ({**BIDS, "PatientWeight": 71_000}, "a patient weighs"),
        ({**BIDS, "AttenuationCorrection": "NONE, 0.000000 cm-1,"}, "AttenuationCorrection is none"),
    ],
)
def test_without_all_of_them_it_stays_what_it_is_and_says_how_to_give_it(tmp_path, fields, words):
    read = read_volume(save(tmp_path, fields))
    assert (read.modality, read.unit) == (Modality.PET, Unit.BQML)
    np.testing.assert_array_equal(read.array.T, ARRAY)
    assert words in read.notes[0]
    assert "relative to the hottest" in read.notes[0]


@pytest.mark.parametrize(("units", "unit"), [("g/mL", Unit.SUVBW), ("GML", Unit.SUVBW), ("CNTS", Unit.COUNTS), ("1/h", Unit.RELATIVE)])
def test_other_units(tmp_path, units, unit):
    read = read_volume(save(tmp_path, {**BIDS, "Units": units}))
    assert read.unit is unit
    np.testing.assert_array_equal(read.array.T, ARRAY)


@pytest.mark.parametrize(
    ("units", "unit"),
    [
        *((spelt, Unit.SUVBW) for spelt in ("SUV", "SUVbw", "{SUVbw}g/ml", "g / ml")),
        *((spelt, Unit.SUVLBM) for spelt in ("SUVlbm", "{SUVlbm}g/ml")),
        *((spelt, Unit.SUVBSA) for spelt in ("SUVbsa", "cm2/ml", "CM2ML")),
        *((spelt, Unit.COUNTS) for spelt in ("counts", "PROPCNTS")),
        *((spelt, Unit.BQML) for spelt in ("BQML", "Bq/cc", "Bq/cm3")),
    ],
)
def test_units_as_they_are_spelt(tmp_path, units, unit):
    read = read_volume(save(tmp_path, {"Modality": "PT", "Units": units}))
    assert read.unit is unit
    np.testing.assert_array_equal(read.array.T, ARRAY)


@pytest.mark.parametrize(
    ("dose", "units"), [(388.77747e3, "kBq"), (0.38877747, "GBq"), (10507.5, "uCi"), (10507.5, "\u00b5Ci"), (10507.5, " \u03bcci ")]
)
def test_doses_as_they_are_spelt(tmp_path, dose, units):
    fields = {**BIDS, "RadionuclideHalfLife": 6588, "InjectedRadioactivity": dose, "InjectedRadioactivityUnits": units}
    np.testing.assert_allclose(read_volume(save(tmp_path, fields)).array.T, ARRAY * HOUR, rtol=1e-5)


@pytest.mark.parametrize(
    ("modality", "expected"),
    [("PET", Modality.PET), ("MRI", Modality.MR), ("MR", Modality.MR), ("CT", Modality.CT), ("NM", Modality.SPECT), ("PT", Modality.PET)],
)
def test_modality(tmp_path, modality, expected):
    read = read_volume(save(tmp_path, {"Modality": modality}))
    assert read.modality is expected
    assert read.unit is (Unit.HU if expected is Modality.CT else Unit.RELATIVE)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "{}" * 2, "[" * 100_000, '{"Modality": ' + '"x" ' * 500_000])
def test_damaged_json_is_said(tmp_path, text):
    read = read_volume(save(tmp_path, text))
    assert read.unit is Unit.RELATIVE
    assert "'pet.json' could not be read" in read.notes[0]


def test_strange_values_are_no_numbers(tmp_path):
    for value in (True, [71], {}, "inf", "nan", 1e400, "7_1" * 2, "70 kg"):
        note = read_volume(save(tmp_path, {**BIDS, "PatientWeight": value})).notes[0]
        assert f"PatientWeight '{value}' is no number in 'pet.json'" in note
    assert "PatientWeight (kg) is missing" in read_volume(save(tmp_path, {**BIDS, "PatientWeight": None})).notes[0]


@pytest.mark.parametrize("name", ["BodyWeight", "InjectedRadioactivity", "RadionuclideHalfLife", "InjectionStart"])
def test_the_field_that_is_no_number_is_the_one_that_is_named(tmp_path, name):
    fields = without(BIDS, "PatientWeight", "TracerRadionuclide") | {"BodyWeight": 71, "RadionuclideHalfLife": 6588}
    assert read_volume(save(tmp_path, fields)).unit is Unit.SUVBW
    assert f"{name} 'about 7' is no number in 'pet.json'" in read_volume(save(tmp_path, fields | {name: "about 7"})).notes[0]


def test_what_the_caller_says_comes_first(tmp_path):
    path = save(tmp_path, BIDS)
    assert read_volume(path, modality=Modality.PET, unit=Unit.SUVBW).array.max() == ARRAY.max()
    with pytest.raises(InputError, match="no file"):
        read_volume(tmp_path / "other.nii")
