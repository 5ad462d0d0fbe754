"""SUVbw: every way in which a PET series says it, against the arithmetic done by hand, and every way in which it does not."""

import json
import math
from datetime import datetime, timedelta

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import Radiopharmaceutical, read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit

WEIGHT_G, DOSE_BQ, HALF_LIFE_S = 70_000.0, 300e6, 6586.2


@pytest.fixture
def pet(write_series, edit, rescaled_values):
    """A PET series in BQML (scan 10:00, injection 9:00), changed before it is read.

    Returns a function of attributes of the image and the radiopharmaceutical (None takes one out) that gives SUVbw / stored value.
    """

    def factor(*, change=None, injected=None, **attributes):
        tracer = Radiopharmaceutical(injected or datetime(2025, 3, 14, 9), DOSE_BQ, HALF_LIFE_S)
        folder = write_series(Modality.PET, generate_uid(), radiopharmaceutical=tracer)

        def apply(dataset, index):
            item = dataset.RadiopharmaceuticalInformationSequence[0]
            for keyword, value in attributes.items():
                place = item if keyword.startswith("Radio") and keyword in item else dataset
                if value is None:
                    del place[keyword]
                else:
                    setattr(place, keyword, value)
            if change is not None:
                change(dataset, index)

        edit(folder, apply)
        stored = rescaled_values(folder)
        volume, _ = read_folder(folder)
        ratio = volume.array[stored > 0] / stored[stored > 0]
        assert np.ptp(ratio) <= 1e-6 * ratio.max()
        return float(ratio.mean())

    return factor


def expected(minutes):
    """Weight over the dose that is left after so many minutes."""
    return WEIGHT_G / (DOSE_BQ * math.exp(-math.log(2) * minutes * 60 / HALF_LIFE_S))


def test_decay_corrected_to_the_start_of_the_scan(pet):
    assert pet() == pytest.approx(expected(60), rel=1e-6)


def test_decay_corrected_to_the_injection(pet):
    assert pet(DecayCorrection="ADMIN") == pytest.approx(WEIGHT_G / DOSE_BQ, rel=1e-6)


def test_corrected_to_the_injection_needs_no_times(pet):
    times = {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": None, "RadionuclideHalfLife": None}
    assert pet(DecayCorrection="ADMIN", **times) == pytest.approx(WEIGHT_G / DOSE_BQ, rel=1e-6)


@pytest.mark.parametrize("kept", ["RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"])
def test_injected_before_midnight(pet, kept):
    """Scan at 10:00 of the 14th moved to 0:20; injection at 23:10 of the 13th, given as a time alone or with its date."""
    other = ({"RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"} - {kept}).pop()
    scan = {"SeriesTime": "002000", "AcquisitionTime": "002000.00"}
    assert pet(injected=datetime(2025, 3, 13, 23, 10), **{other: None}, **scan) == pytest.approx(expected(70), rel=1e-6)


def test_the_scan_starts_with_its_first_bed_position(pet):
    """Values are corrected to the start of the whole scan, not of each slice."""

    def beds(dataset, index):
        dataset.AcquisitionTime = "1000" if index > 3 else "1003"

    assert pet(change=beds) == pytest.approx(expected(60), rel=1e-6)


def test_a_series_made_after_the_scan_counts_from_the_acquisition(pet):
    """Post-processing: Series Time 10:45 is not when the scan began."""
    assert pet(SeriesTime="104500", FrameReferenceTime="0") == pytest.approx(expected(60), rel=1e-6)


def test_a_series_made_after_the_scan_with_frame_reference_time(pet):
    """First slice acquired at 10:05, its average activity 390 s after the start; a frame of 180 s averages 89.7 s after its own start."""
    rate = math.log(2) / HALF_LIFE_S
    average = math.log(rate * 180 / (1 - math.exp(-rate * 180))) / rate
    attributes = {"SeriesTime": "104500", "AcquisitionTime": "100500", "FrameReferenceTime": "390000", "ActualFrameDuration": 180000}
    assert pet(**attributes) == pytest.approx(expected(60 + (300 + average - 390) / 60), rel=1e-6)


def test_a_series_made_after_the_scan_by_ge_software(pet):
    def ge(dataset, _):
        dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250314095800.00")

    assert pet(SeriesTime="104500", change=ge) == pytest.approx(expected(58), rel=1e-6)


def test_stored_as_suvbw(pet):
    assert pet(Units="GML", SUVType="BW") == pytest.approx(1.0, rel=1e-6)
    # SUV Type may be absent, nothing else is needed
    assert pet(Units="GML", PatientWeight=None, CorrectedImage=None) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("units", "suv_type", "unit"),
    [
        ("GML", "LBM", Unit.SUVLBM),
        ("GML", "LBMJANMA", Unit.SUVLBM),
        ("GML", "IBW", Unit.SUVIBW),
        ("CM2ML", "BSA", Unit.SUVBSA),
        ("CM2ML", None, Unit.SUVBSA),
    ],
)
def test_other_kinds_of_suv_are_called_by_their_name(write_series, rescaled_values, units, suv_type, unit):
    folder = write_series(Modality.PET, attributes={"Units": units, "SUVType": suv_type})
    volume, source = read_folder(folder)
    assert volume.unit is unit
    assert source.facts[unit.value.lower()]["kind"] == unit.value
    np.testing.assert_allclose(volume.array, rescaled_values(folder), rtol=1e-6)


def test_philips_counts_with_suv_factor(pet):
    def philips(dataset, _):
        dataset.Units = "CNTS"
        dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.000321")

    assert pet(change=philips) == pytest.approx(0.000321, rel=1e-6)


def test_philips_counts_with_activity_factor(pet):
    def philips(dataset, _):
        dataset.Units = "CNTS"
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0")
        block.add_new(0x09, "DS", "1.75")

    assert pet(change=philips) == pytest.approx(1.75 * expected(60), rel=1e-6)


@pytest.mark.parametrize("factor", [0x00, 0x09])
def test_what_philips_counts_are_is_said(write_series, edit, factor):
    """Of both ways: Units (0054,1001) are those of the file."""

    def philips(dataset, _):
        dataset.Units = "CNTS"
        dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(factor, "DS", "0.000321" if factor == 0 else "1")

    folder = write_series(Modality.PET)
    edit(folder, philips)
    assert read_folder(folder)[1].suv.units == "CNTS"


def test_times_with_an_offset_from_utc(pet):
    """Injected at 8:00 UTC, scanned at 10:00 in a zone one hour ahead."""
    attributes = {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": "20250314080000+0000"}
    assert pet(TimezoneOffsetFromUTC="+0100", **attributes) == pytest.approx(expected(60), rel=1e-6)
    with pytest.raises(InputError, match=r"0008,0201"):
        pet(**attributes)


@pytest.mark.parametrize("offset", ["1", "one", "+1"])
def test_an_offset_from_utc_of_a_bad_form(pet, offset):
    with pytest.raises(InputError, match=r"Timezone Offset From UTC \(0008,0201\) '.+' is no offset such as \+0100"):
        pet(RadiopharmaceuticalStartDateTime="20250314080000+0000", TimezoneOffsetFromUTC=offset)


class TestAcrossMidnight:
    """A scan from 23:50 of the 14th to the 15th, injected at 22:50; Acquisition Time (0008,0032) has no date of its own."""

    INJECTED = datetime(2025, 3, 14, 22, 50)

    def test_first_slices_before_midnight(self, pet):
        def beds(dataset, index):
            dataset.SeriesTime, dataset.AcquisitionTime = "235000", "235000" if index > 3 else "000500"

        assert pet(injected=self.INJECTED, AcquisitionDate=None, change=beds) == pytest.approx(expected(60), rel=1e-6)

    def test_series_made_after_midnight(self, pet):
        made = {"SeriesDate": "20250315", "SeriesTime": "003000", "AcquisitionTime": "235000", "AcquisitionDate": None}
        assert pet(injected=self.INJECTED, **made) == pytest.approx(expected(60), rel=1e-6)

    def test_a_day_that_nothing_tells(self, pet):
        """Series made at 23:50 of a scan at 10:00, or of one at 10:00 of the next day?"""
        with pytest.raises(InputError, match=r"day of the scan is unknown, Acquisition Date \(0008,0022\).* 10:00 .* 23:50"):
            pet(SeriesTime="235000", AcquisitionTime="100000", AcquisitionDate=None)

    def test_a_date_of_its_own_counts(self, pet):
        assert pet(SeriesTime="235000", AcquisitionTime="100000") == pytest.approx(expected(60), rel=1e-6)


class TestRelative:
    """Relative intensities are allowed: taken only where SUVbw cannot be had, and the reason is known."""

    def test_suv_where_it_can_be_had(self, write_series):
        volume, source = read_folder(write_series(Modality.PET), relative=True)
        assert (volume.unit, source.without_suv) == (Unit.SUVBW, None)
        assert source.suv.factor == pytest.approx(expected(60), rel=1e-12)

    def test_values_as_they_are_where_it_cannot(self, write_series, rescaled_values):
        folder = write_series(Modality.PET, attributes={"PatientWeight": None})
        volume, source = read_folder(folder, relative=True)
        assert (volume.unit, source.suv) == (Unit.RELATIVE, None)
        assert source.without_suv == "Patient's Weight (0010,1030) is missing"
        assert source.facts["without_suvbw"] == source.without_suv
        np.testing.assert_allclose(volume.array, rescaled_values(folder), rtol=1e-6)

    def test_other_errors_stay_errors(self, write_series):
        folder = write_series(Modality.PET)
        (folder / "0003.dcm").unlink()
        with pytest.raises(InputError, match="lacks 1 slice"):
            read_folder(folder, relative=True)


class TestPetWithoutRescale:
    """Without its own scale no slice of a PET can be compared with the next."""

    @pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
    @pytest.mark.parametrize("slices", [{2}, set(range(6))], ids=["one slice", "all slices"])
    @pytest.mark.parametrize("relative", [False, True])
    def test_incomplete(self, write_series, edit, keyword, slices, relative):
        folder = write_series(Modality.PET)
        edit(folder, lambda dataset, index: index in slices and delattr(dataset, keyword))
        with pytest.raises(InputError, match=r"without Rescale Slope \(0028,1053\) or Rescale Intercept \(0028,1052\)"):
            read_folder(folder, relative=relative)

    def test_nowhere(self, write_series):
        folder = write_series(Modality.PET, attributes={"RescaleSlope": None, "RescaleIntercept": None, "Units": "GML"})
        with pytest.raises(InputError, match=r"cannot be shown as SUV because Rescale Slope \(0028,1053\)"):
            read_folder(folder)
        volume, source = read_folder(folder, relative=True)
        assert volume.unit is Unit.RELATIVE
        assert "Rescale Slope (0028,1053)" in source.without_suv


# Nothing beside the half life tells the nuclide.
ZIRCONIUM = {"RadionuclideHalfLife": "282240"} | dict.fromkeys(
    ("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence", "Radiopharmaceutical")
)


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"PatientWeight": None}, r"Patient's Weight \(0010,1030\) is missing"),
        ({"PatientWeight": "0"}, r"Patient's Weight \(0010,1030\) is 0"),
        ({"PatientWeight": None, "RadionuclideTotalDose": None}, r"\(0010,1030\) and Radionuclide Total Dose \(0018,1074\) are missing"),
        ({"RadionuclideTotalDose": "300"}, r"\(0018,1074\) is 300, which cannot be in Bq"),
        ({"RadionuclideHalfLife": None}, r"\(0018,1075\) is missing"),
        ({"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": None}, r"\(0018,1072\) is missing"),
        ({"RadiopharmaceuticalStartDateTime": "20250314"}, r"\(0018,1078\) '20250314' is no date and time"),
        ({"RadiopharmaceuticalStartDateTime": "20250314093000"}, r"\(0018,1078\) .* contradicts .*\(0018,1072\)"),
        ({"RadiopharmaceuticalStartTime": "late"}, "'late' is no time"),
        ({"RadiopharmaceuticalStartDateTime": None, **ZIRCONIUM}, r"the day of the injection is unknown.*78\.4 hours"),
        ({"DecayCorrection": None}, r"Decay Correction \(0054,1102\) is missing"),
        ({"DecayCorrection": "NONE"}, r"Decay Correction \(0054,1102\) is NONE"),
        ({"CorrectedImage": ["DECY", "SCAT"]}, r"not corrected for attenuation, Corrected Image \(0028,0051\) DECY\\SCAT"),
        ({"CorrectedImage": None}, r"not corrected for attenuation and decay.*missing\b"),
        ({"SeriesTime": None, "AcquisitionTime": None}, r"\(0008,0031\) and Acquisition Time \(0008,0032\) are missing"),
        ({"Units": "CNTS"}, r"\(7053,1000\) and \(7053,1009\)"),
        ({"Units": "PROPCNTS"}, "are PROPCNTS, not BQML"),
        ({"Units": None}, "are missing, not BQML"),
        ({"Units": "GML", "SUVType": "BSA"}, r"SUV Type \(0054,1006\) BSA in Units \(0054,1001\) GML"),
    ],
)
def test_missing_or_wrong_tags_are_named(pet, attributes, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        pet(**attributes)
    assert "PT test" in str(caught.value)
    assert "relative intensities (--relative)" in str(caught.value)


@pytest.mark.parametrize("after", [timedelta(minutes=5), timedelta(days=-3), timedelta(hours=-16)])
def test_times_that_contradict_each_other(pet, after):
    """Injected after the scan, days before it, or 16 hours before it with a half life of 110 minutes."""
    with pytest.raises(InputError, match="times contradict each other"):
        pet(injected=datetime(2025, 3, 14, 10) + after)


def test_slices_that_contradict_each_other(pet):
    with pytest.raises(InputError, match=r"contradict each other in Patient's Weight \(0010,1030\) \(70\.0, 80"):
        pet(change=lambda dataset, index: index or setattr(dataset, "PatientWeight", "80"))
    with pytest.raises(InputError, match=r"contradict each other in Radionuclide Total Dose"):
        pet(change=lambda dataset, index: index or setattr(dataset.RadiopharmaceuticalInformationSequence[0], "RadionuclideTotalDose", "1"))
    with pytest.raises(InputError, match="contradict each other in Units"):
        pet(change=lambda dataset, index: index or setattr(dataset, "Units", "CNTS"))


def test_numbers_that_are_written_in_two_ways_agree(pet):
    assert pet(change=lambda dataset, index: index or setattr(dataset, "PatientWeight", "70")) == pytest.approx(expected(60), rel=1e-6)


def test_two_injections(pet):
    def twice(dataset, _):
        dataset.RadiopharmaceuticalInformationSequence.append(dataset.RadiopharmaceuticalInformationSequence[0])

    with pytest.raises(InputError, match="several injections"):
        pet(change=twice)


def test_the_report_says_how(write_series):
    _, source = read_folder(write_series(Modality.PET))
    facts = json.loads(json.dumps(source.facts))["suvbw"]
    assert facts["factor"] == pytest.approx(expected(60), rel=1e-12)
    assert facts["decay_seconds"] == 3600
    assert facts["dose_bq"] == DOSE_BQ
    assert "START" in facts["reference"]
    assert "Series Time (0008,0031)" in facts["reference"]


@pytest.fixture(scope="module")
def raw_pet(shared_data):
    return read_folder(shared_data / "dicom" / "STS_001_raw" / "PET_BQML")


def test_real_bqml_by_an_independent_calculation(shared_data, raw_pet):
    """STS_001 once more, with nothing of ours: GDCM reads the pixels, and the arithmetic is that of PS3.3 C.8.9.1 and a pocket calculator.

    Weight 71 kg; START, so the dose is decayed from the injection to the start of the scan.
    """
    folder = shared_data / "dicom" / "STS_001_raw" / "PET_BQML"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))[:40]
    activity = sitk.GetArrayFromImage(sitk.ReadImage(names)).astype(np.float64)
    header = pydicom.dcmread(names[0], stop_before_pixels=True)
    tracer = header.RadiopharmaceuticalInformationSequence[0]
    clock = [str(text) for text in (header.SeriesTime, tracer.RadiopharmaceuticalStartTime)]
    scan, injection = (3600 * int(t[:2]) + 60 * int(t[2:4]) + float(t[4:]) for t in clock)
    left = float(tracer.RadionuclideTotalDose) * 0.5 ** ((scan - injection) / float(tracer.RadionuclideHalfLife))
    expected = activity * float(header.PatientWeight) * 1000 / left
    volume, source = raw_pet
    assert "START" in source.facts["suvbw"]["reference"]
    hot = expected > 0.1
    assert hot.sum() > 1000
    np.testing.assert_allclose(volume.array[:40][hot], expected[hot], rtol=1e-4)


def test_real_bqml_equals_the_published_suv(shared_data, raw_pet):
    """STS_001 as the scanner stored it and as its publishers converted it: one grid, so voxel for voxel."""
    published, _ = read_folder(shared_data / "dicom" / "STS_001" / "PET")
    raw, source = raw_pet
    assert published.unit is raw.unit is Unit.SUVBW
    start = np.rint(np.linalg.inv(raw.ijk_to_lps) @ published.ijk_to_lps @ [0, 0, 0, 1]).astype(int)[:3]
    part = raw.array[tuple(slice(a, a + n) for a, n in zip(start[::-1], published.shape, strict=True))]
    uptake = published.array > 0.1
    ratio = part[uptake] / published.array[uptake]
    assert np.median(ratio) == pytest.approx(1.0, abs=5e-5)
    assert np.percentile(ratio, [1, 99]) == pytest.approx([1.0, 1.0], abs=1e-3)
    assert np.abs(part - published.array).max() <= 1e-3 * published.array.max()
    assert source.suv.decay_seconds == 45 * 60 + 11
