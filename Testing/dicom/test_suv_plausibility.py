"""Implausible numbers: outside the bounds of docs/suv.md there is no SUV, and the sentence names attribute and value."""

import classic_pet
import pytest
from changed_pet import after, headers_with, outcome, suv
from classic_pet import code

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.dicom.suv import NoSUVError


class TestPlausible:
    """Outside the bounds of docs/suv.md SUV is refused, by attribute and value."""

    @pytest.mark.parametrize(
        ("attributes", "sentence"),
        [
            ({"PatientWeight": "70000"}, r"Patient's Weight \(0010,1030\) is 70000 kg, as if in g"),
            ({"PatientWeight": "-70"}, r"Patient's Weight \(0010,1030\) is -70"),
            ({"PatientWeight": "70,5"}, r"Patient's Weight \(0010,1030\) '70,5' is no number"),
            ({"PatientWeight": ["70", "71"]}, r"Patient's Weight \(0010,1030\) has several values \(70\\71\)"),
            ({"PatientWeight": ""}, r"Patient's Weight \(0010,1030\) is missing"),
            ({"PatientWeight": "0.07"}, r"0\.07 kg and Patient's Size \(0010,1020\) 1\.7 m do not go together"),
            (
                {"PatientWeight": "0.07", "PatientSize": None},
                r"300000000 Bq and Patient's Weight .* 0\.07 kg do not go together",
            ),
            ({"PatientSize": "0.17"}, r"1030\) 70 kg and Patient's Size \(0010,1020\) 0\.17 m do not go together: 2\.42e\+03 kg/m2"),
            ({"PatientWeight": "1.7", "PatientSize": "70"}, r"Patient's Size \(0010,1020\) is 70 m, .*Patient's Weight \(0010,1030\) 1\.7"),
            ({"PatientSize": "170"}, r"Patient's Size \(0010,1020\) is 170 m, as if in cm"),
            ({"RadionuclideTotalDose": "300"}, r"Radionuclide Total Dose \(0018,1074\) is 300, which cannot be in Bq"),
            ({"RadionuclideTotalDose": "8.1"}, r"\(0018,1074\) is 8\.1, which cannot be in Bq"),
            ({"RadionuclideTotalDose": "300000"}, r"\(0018,1074\) 300000 Bq and Patient's Weight \(0010,1030\) 70 kg do not go together"),
            ({"RadionuclideTotalDose": "300000000000"}, r"\(0018,1074\) is 3e\+11, which cannot be in Bq"),
            ({"RadionuclideTotalDose": "3,0e8"}, r"\(0018,1074\) '3,0e8' is no number"),
            (
                {"RadionuclideHalfLife": "109.77"},
                r"\(0018,1075\) 109\.77 s is that of no .* in minutes it would be that of F-18",
            ),
            ({"RadionuclideHalfLife": "6586200"}, r"\(0018,1075\) 6586200 s is that of no radionuclide"),
            ({"RadionuclideHalfLife": "4057.7"}, r"\(0018,1075\) is 4057\.7 s, and Radionuclide Code Sequence .*77004003 names F-18"),
            ({"RadiopharmaceuticalStartTime": "100500"}, r"\(0018,1072\) 10:05:00 lies 5 minutes after the start of the scan"),
            ({"RadiopharmaceuticalStartTime": "100130"}, r"lies 90 seconds after the start of the scan"),
            ({"RadiopharmaceuticalStartTime": "000000"}, r"00:00:00 lies 10 h 00 min before the start of the scan, .* 5\.47 half lives"),
            (
                {"RadiopharmaceuticalStartTime": "000000", "SeriesTime": "000000", "AcquisitionTime": "000000"},
                r"\(0018,1072\) and Series Time \(0008,0031\) are both 00:00:00",
            ),
            ({"TimezoneOffsetFromUTC": "+0100", "RadiopharmaceuticalStartTime": "late"}, "'late' is no time"),
            ({"RadiopharmaceuticalStartTime": "200000"}, r"20:00:00 lies 10 h 00 min after the start of the scan"),
        ],
    )
    def test_refused(self, attributes, sentence):
        with pytest.raises(NoSUVError, match=sentence) as caught:
            suv(**attributes)
        assert "--relative" in str(caught.value)

    @pytest.mark.parametrize(
        ("weight", "size", "dose"),
        [
            ("0.025", "0.09", "10000000"),
            ("0.018", None, "3700000"),
            ("0.3", "0.2", "37000000"),
            ("3.2", "0.5", "14000000"),
            ("250", "1.8", "9e8"),
        ],
        ids=["mouse", "small mouse", "rat", "newborn", "heavy"],
    )
    def test_small_and_large_bodies(self, weight, size, dose):
        found = suv(PatientWeight=weight, PatientSize=size, RadionuclideTotalDose=dose)
        assert found.factor == pytest.approx(float(weight) * 1000 / (float(dose) * 2 ** (-3600 / 6586.2)), rel=1e-9)

    def test_yttrium(self):
        """Microspheres, 2.5 GBq, scanned the next day."""

        def change(header, tracer, index):
            tracer.RadionuclideCodeSequence = [code("14691008", "^90^Yttrium")]
            tracer.Radiopharmaceutical = "Y-90 microspheres"
            tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "2500000000", "230400"
            tracer.RadiopharmaceuticalStartDateTime = "20250313100000"
            del tracer.RadiopharmaceuticalCodeSequence, tracer.RadiopharmaceuticalStartTime

        assert suv(change, DecayFactor="1").factor == pytest.approx(70_000 / (2.5e9 * 2 ** (-86400 / 230400)), rel=1e-9)

    @pytest.mark.parametrize("half_life", ["6588", "6600", "6580"])
    def test_half_lives_are_rounded(self, half_life):
        assert suv(RadionuclideHalfLife=half_life).factor == pytest.approx(after(60), rel=2e-3)

    def test_the_tracers_code_names_another_nuclide_than_the_half_life(self):
        def change(header, tracer, index):
            tracer.RadiopharmaceuticalCodeSequence = [code("x", "Gallium-68 DOTATATE", "99LOCAL")]
            del tracer.Radiopharmaceutical, tracer.RadionuclideCodeSequence

        with pytest.raises(NoSUVError, match=r"\(0054,0304\) 'Gallium-68 DOTATATE' names Ga-68, whose half life is 40"):
            suv(change)

    @pytest.mark.parametrize("scheme", ["SRT", "SNM3", "99SDM"])
    def test_a_code_against_a_name(self, scheme):
        """C-131A3 is Ga-68 (PS3.16 CID 4020), under any of SNOMED's old names. Half life and name are those of F-18."""

        def change(header, tracer, index):
            tracer.RadionuclideCodeSequence = [code("C-131A3", "x", scheme)]
            del tracer.RadiopharmaceuticalCodeSequence

        with pytest.raises(NoSUVError, match=r"6586\.2 s, and Radionuclide Code Sequence .* C-131A3 names Ga-68"):
            suv(change)

    def test_the_code_of_a_neighbour_is_told(self):
        """As in a published reference object: C-131A1 is Ga-66, where all else says Ga-68."""

        def change(header, tracer, index):
            tracer.RadionuclideCodeSequence = [code("C-131A1", "^68^Gallium", "SRT")]
            tracer.RadionuclideHalfLife, tracer.Radiopharmaceutical = "4057.7", "Ga68-PSMA"
            del tracer.RadiopharmaceuticalCodeSequence

        found = suv(change, DecayFactor="1")
        assert found.factor == pytest.approx(70_000 / (300e6 * 2 ** (-3600 / 4057.7)), rel=1e-9)
        assert "C-131A1 names Ga-66" in found.notes[0]
        assert "% lower" in found.notes[0]

    def test_a_dynamic_scan_begins_before_the_injection(self):
        found = suv(RadiopharmaceuticalStartTime="100020")
        assert found.factor == pytest.approx(after(-20 / 60), rel=1e-9)
        assert "20 s after the start of the scan" in found.notes[0]

    def test_a_long_wait_is_told(self):
        found = suv(RadiopharmaceuticalStartDateTime="20250314000000", RadiopharmaceuticalStartTime=None)
        assert found.factor == pytest.approx(after(600), rel=1e-9)
        assert "10 h 00 min after the injection, 5.47 half lives" in found.notes[0]

    @pytest.mark.parametrize("year", ["20240314", "20260314", "00010101", "99991231"])
    @pytest.mark.parametrize("keyword", ["SeriesDate", "AcquisitionDate", "StudyDate"])
    def test_years_that_are_wrong(self, keyword, year):
        """A date that is years off ends in a sentence or the right number, never in an exception of another kind."""
        found = outcome(**{keyword: year})
        assert found == pytest.approx(after(60), rel=1e-9) if isinstance(found, float) else "contradict" in found

    @pytest.mark.parametrize(("dose", "times"), [("200000", "10.1"), ("900000", "2.23"), ("1100000", None)])
    def test_more_activity_than_was_injected_is_told(self, tmp_path, dose, times):
        """A slice has 1264 voxels of 2000 Bq/ml and 16 of 10000, each of 0.064 ml; of the dose 68 % is left."""
        headers = headers_with(PatientWeight="0.02", PatientSize=None, RadionuclideTotalDose=dose)
        _, source = read_folder(classic_pet.write(headers, tmp_path / "pet"))
        told = [note for note in source.suv.notes if "times the activity that was injected" in note]
        assert [note.split()[3] for note in told] == ([times] if times else [])
