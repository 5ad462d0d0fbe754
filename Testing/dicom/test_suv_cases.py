"""Every input of SUVbw, missing, wrong and contradicted: the right number, told where something else could be meant, or a true sentence.

The series is written from the standard's text (`classic_pet`); its right factor is the arithmetic of PS3.3 done by hand.
"""

import classic_pet
import numpy as np
import pytest
from changed_pet import after, headers_with, suv
from classic_pet import RIGHT

from LCDFusionLib.dicom import find_series, read_folder
from LCDFusionLib.dicom.suv import NoSUVError
from LCDFusionLib.images.volume import Unit


def test_the_base():
    assert after(60) == pytest.approx(RIGHT, rel=1e-6)
    assert suv().factor == pytest.approx(after(60), rel=1e-9)
    assert suv().notes == ()


def test_the_whole_way(tmp_path):
    volume, source = read_folder(classic_pet.write(classic_pet.headers(), tmp_path / "pet"))
    assert volume.unit is Unit.SUVBW
    assert volume.array.max() == pytest.approx(20000 * 0.5 * after(60), rel=1e-6)
    assert source.suv.notes == ()


class TestWhichMoment:
    """Series, Acquisition, Frame Reference Time, the makers' own: by a written rule, and told."""

    def test_acquisition_date_time_alone(self):
        found = suv(AcquisitionTime=None, AcquisitionDateTime="20250314100000", SeriesTime="104500")
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        (note,) = found.notes
        assert "Series Time (0008,0031) 2025-03-14 10:45:00 is 45 minutes after the first acquisition" in note
        assert "Acquisition DateTime (0008,002A)" in note
        assert "32.9% higher" in note  # 2^(2700 / 6586.2)

    def test_series_time_alone(self):
        found = suv(AcquisitionTime=None)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert "Acquisition Time (0008,0032) is missing" in found.notes[0]

    def test_acquisition_time_alone(self):
        assert suv(SeriesTime=None).factor == pytest.approx(after(60), rel=1e-9)

    @pytest.mark.parametrize(("clock", "percent"), [("103000", "20.9% higher"), ("093000", "17.3% lower")])
    def test_ge_says_otherwise(self, clock, percent):
        """Series and Acquisition Time stand together, so they are taken; QIBA asks GE only after them."""

        def ge(header, tracer, index):
            header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", f"20250314{clock}.00")

        found = suv(ge)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert "GE scan date and time (0009,100D)" in found.notes[0]
        assert percent in found.notes[0]

    def test_frame_reference_time_says_otherwise(self):
        found = suv(FrameReferenceTime=str(89716 + 5 * 60_000), DecayFactor="1")
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert "5 minutes before" in found.notes[0]
        assert "3.1% lower" in found.notes[0]

    @pytest.mark.parametrize("series_time", ["100000", None])
    def test_the_first_of_several_beds(self, series_time):
        """The scan began with the earliest acquisition, wherever its slices lie; that others came later contradicts nothing."""

        def beds(header, tracer, index):
            header.AcquisitionTime = ("101200", "100000", "100600")[index // 3]

        found = suv(beds, SeriesTime=series_time, FrameReferenceTime=None, DecayFactor=None)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert found.notes == ()

    def test_one_acquisition_time_for_all_beds(self):
        """GE's whole body scans: the acquisition is the scan's, Frame Reference Time that of each bed."""

        def beds(header, tracer, index):
            header.FrameReferenceTime = str(243_000 * (index // 2))

        assert suv(beds, SeriesTime="104500", DecayFactor="1").factor == pytest.approx(after(60), rel=1e-9)

    def test_a_later_bed_that_frame_reference_time_alone_tells(self):
        """Cut to a bed of ten minutes later, the acquisition the scan's: Decay Factor corrects by ten minutes, as it should."""
        found = suv(FrameReferenceTime="600000", DecayFactor=f"{2 ** (600 / 6586.2):.6g}")
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert not any("Decay Factor" in note for note in found.notes)

    def test_no_second_witness(self):
        """Half an hour between Series and Acquisition Time, and nothing that explains it."""
        with pytest.raises(NoSUVError, match=r"Acquisition Time \(0008,0032\).*30 minutes after.*Series Time.*20\.9% higher"):
            suv(AcquisitionTime="103000", FrameReferenceTime=None)

    def test_a_later_bed_alone(self):
        """The series was cut to a bed that was measured half an hour after the start: Frame Reference Time explains it."""
        found = suv(AcquisitionTime="103000", FrameReferenceTime=str(89716 + 30 * 60_000), DecayFactor="1.2199")
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert found.notes == ()

    def test_date_time_and_time_contradict_each_other(self):
        with pytest.raises(NoSUVError, match=r"Acquisition Time \(0008,0032\) is .*10:00:00 and .*\(0008,002A\) .*10:30"):
            suv(AcquisitionDateTime="20250314103000")

    @pytest.mark.parametrize("keyword", ["AcquisitionDate", "SeriesDate"])
    def test_a_placeholder_is_no_date(self, keyword):
        """De-identification writes 19000101."""
        assert suv(**{keyword: "19000101"}).factor == pytest.approx(after(60), rel=1e-9)

    def test_placeholders_everywhere(self):
        dates = dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate"), "19000101")
        assert suv(**dates).factor == pytest.approx(after(60), rel=1e-9)

    def test_siemens_after_post_processing(self):
        def siemens(header, tracer, index):
            header.private_block(0x0071, "SIEMENS MED PT", create=True).add_new(0x22, "DT", "20250314095900.000000")

        assert suv(siemens, SeriesTime="104500").factor == pytest.approx(after(59), rel=1e-9)

    @pytest.mark.parametrize(("maker", "minutes"), [("GE MEDICAL SYSTEMS", 58), ("ACME", 60)])
    def test_ge_without_private_creator(self, maker, minutes):
        def ge(header, tracer, index):
            header.Manufacturer = maker
            header.add_new(0x0009100D, "DT", "20250314095800.00")

        found = suv(ge, SeriesTime="104500")
        assert found.factor == pytest.approx(after(minutes), rel=1e-9)
        assert any("without its Private Creator" in note for note in found.notes) == (maker != "ACME")


class TestForms:
    """What harms nobody is read."""

    @pytest.mark.parametrize("clock", ["10:00:00", "10:00:00.00", "100000.0000000", "1000", "10"])
    def test_of_times(self, clock):
        assert suv(SeriesTime=clock, AcquisitionTime=clock).factor == pytest.approx(after(60), rel=1e-9)

    def test_seven_decimals(self):
        assert suv(RadiopharmaceuticalStartTime="090000.5000001").factor == pytest.approx(after(60 - 0.5 / 60), rel=1e-8)

    @pytest.mark.parametrize("date", ["2025.03.14", "2025-03-14"])
    def test_of_dates(self, date):
        assert suv(SeriesDate=date, AcquisitionDate=date).factor == pytest.approx(after(60), rel=1e-9)

    @pytest.mark.parametrize("clock", ["2500", "106100", "late", "10\\11", "1O0000"])
    def test_no_times(self, clock):
        with pytest.raises(NoSUVError, match=r"Series Time \(0008,0031\) '.*' is no time"):
            suv(SeriesTime=clock)

    def test_what_is_not_needed_may_be_garbled(self):
        assert suv(DecayFactor="1,009", FrameReferenceTime="x", PatientSize="1,70").factor == pytest.approx(after(60), rel=1e-9)


class TestZones:
    """Every moment into one zone before anything is subtracted."""

    def date_times(self, header, tracer, index):
        del tracer.RadiopharmaceuticalStartTime
        tracer.RadiopharmaceuticalStartDateTime = "20250314080000.00+0000"
        header.TimezoneOffsetFromUTC = "+0100"

    def test_of_the_injection(self):
        assert suv(self.date_times).factor == pytest.approx(after(60), rel=1e-9)

    def test_of_ge(self):
        def change(header, tracer, index):
            self.date_times(header, tracer, index)
            header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250314035800.00-0500")

        assert suv(change, SeriesTime="104500").factor == pytest.approx(after(58), rel=1e-9)

    def test_of_the_acquisition(self):
        def change(header, tracer, index):
            self.date_times(header, tracer, index)
            header.AcquisitionDateTime = "20250314090000+0000"

        assert suv(change, AcquisitionTime=None, SeriesTime="104500").factor == pytest.approx(after(60), rel=1e-9)

    def test_across_midnight_of_a_zone(self):
        """Injected at 23:30 UTC of the 13th, scanned at 1:30 of the 14th in a zone one hour ahead."""

        def change(header, tracer, index):
            self.date_times(header, tracer, index)
            tracer.RadiopharmaceuticalStartDateTime = "20250313233000+0000"

        assert suv(change, SeriesTime="013000", AcquisitionTime="013000").factor == pytest.approx(after(60), rel=1e-9)

    def test_a_zone_that_nothing_tells(self):
        def change(header, tracer, index):
            self.date_times(header, tracer, index)
            del header.TimezoneOffsetFromUTC

        with pytest.raises(NoSUVError, match=r"has an offset from UTC and Series Time .* has none, Timezone Offset From UTC \(0008,0201\)"):
            suv(change)


class TestDecay:
    def test_admin(self):
        assert suv(DecayCorrection="ADMIN", DecayFactor="1.4744").factor == pytest.approx(after(0), rel=1e-9)

    @pytest.mark.parametrize(("correction", "factor"), [("ADMIN", "1.00949"), ("START", "1.4744")])
    def test_a_factor_that_says_the_other(self, correction, factor):
        with pytest.raises(NoSUVError, match=rf"Decay Factor \(0054,1321\) {factor} .*Decay Correction \(0054,1102\) {correction}"):
            suv(DecayCorrection=correction, DecayFactor=factor)

    def test_none(self, tmp_path):
        """Each slice is the mean of its own frame: two beds, five minutes apart."""

        def beds(header, tracer, index):
            header.CorrectedImage = ["ATTN", "SCAT", "RAN"]
            header.AcquisitionTime = "100000" if index < 4 else "100500"

        headers = headers_with(beds, DecayCorrection="NONE", DecayFactor=None)
        volume, source = read_folder(classic_pet.write(headers, tmp_path / "pet"))
        constant = np.log(2) / 6586.2
        mean = constant * 180 / (1 - np.exp(-constant * 180))  # over a frame of 180 s
        expected = [10000 * after(60 if k < 4 else 65) * mean for k in range(8)]
        np.testing.assert_allclose(volume.array.max(axis=(1, 2)), expected, rtol=1e-6)
        assert source.suv.factor == pytest.approx(after(60) * mean)  # of the first slice
        assert "not corrected for decay" in source.suv.reference

    @pytest.mark.parametrize(
        ("attributes", "sentence"),
        [
            ({"DecayCorrection": "NONE"}, r"\(0054,1102\) is NONE and Corrected Image .* says DECY"),
            ({"DecayCorrection": "NONE", "CorrectedImage": "ATTN", "DecayFactor": "1.2"}, r"NONE and Decay Factor \(0054,1321\) 1\.2"),
            ({"CorrectedImage": "ATTN"}, r"not corrected for decay, Corrected Image \(0028,0051\) ATTN"),
            (
                {"DecayCorrection": "NONE", "CorrectedImage": "ATTN", "DecayFactor": None, "ActualFrameDuration": None},
                r"is NONE, and Actual Frame Duration \(0018,1242\), by which the decay would be reckoned, is missing",
            ),
            ({"DecayCorrection": "LATER"}, r"Decay Correction \(0054,1102\) is LATER"),
        ],
    )
    def test_contradictions(self, attributes, sentence):
        with pytest.raises(NoSUVError, match=sentence):
            suv(**attributes)


class TestUnits:
    @pytest.mark.parametrize("units", ["PROPCNTS", "PROPCPS", "CPS", "1CM", "NONE", "BQML\\GML", ""])
    def test_no_suv(self, units):
        with pytest.raises(NoSUVError, match=r"Units \(0054,1001\) are"):
            suv(Units=units)

    @pytest.mark.parametrize("units", ["BQML", "CNTS"])
    def test_a_type_of_suv_beside_other_units(self, units):
        with pytest.raises(NoSUVError, match=r"SUV Type \(0054,1006\) BW says that its values are SUV already"):
            suv(Units=units, SUVType="BW")

    def test_stored_suv_with_a_weight_in_grams(self):
        found = suv(Units="GML", PatientWeight="70000")
        assert found.factor == 1.0
        assert "Patient's Weight (0010,1030) is 70000 kg" in found.notes[0]


class TestPhilips:
    @staticmethod
    def factors(to_suv=None, to_bqml=None, *, creator="Philips PET Private Group", **attributes):
        def change(header, tracer, index):
            header.Units = "CNTS"
            block = header.private_block(0x7053, creator, create=True)
            for offset, value in ((0x00, to_suv), (0x09, to_bqml)):
                if value is not None:
                    block.add_new(offset, "DS", value(index) if callable(value) else value)

        return suv(change, **attributes)

    def test_both_agree(self):
        found = self.factors(f"{1.5 * after(60):.10g}", "1.5")
        assert found.factor == pytest.approx(1.5 * after(60), rel=1e-6)
        assert found.notes == ()

    def test_both_differ_a_little(self):
        found = self.factors(f"{1.5 * 1.05 * after(60):.10g}", "1.5")
        assert found.factor == pytest.approx(1.5 * 1.05 * after(60), rel=1e-6)
        assert "differ by 4.8%" in found.notes[0]

    def test_both_contradict_each_other(self):
        with pytest.raises(NoSUVError, match=r"\(7053,1000\).*\(7053,1009\).*differ by 25\.0%"):
            self.factors(f"{2 * after(60):.10g}", "1.5")

    @pytest.mark.parametrize(("place", "called"), [(0, "7053,1000"), (1, "7053,1009")])
    def test_slices_contradict_each_other(self, place, called):
        values = [None, None]
        values[place] = lambda index: "0.0006" if index else "0.0005"
        with pytest.raises(NoSUVError, match=rf"contradict each other in .*\({called}\) \(0\.0005, 0\.0006\)"):
            self.factors(*values)

    @pytest.mark.parametrize("value", ["-1", "abc", "1\\2", "nan", "inf", "1e400"])
    def test_no_factor(self, value):
        def change(header, tracer, index):
            header.Units = "CNTS"
            header.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "LO", value)

        with pytest.raises(NoSUVError, match=r"\(7053,1000\) '.*' is no number that can be a factor"):
            suv(change)

    def test_zero(self):
        with pytest.raises(NoSUVError, match=r"\(7053,1000\) is 0 and .*\(7053,1009\) is missing"):
            self.factors("0")

    def test_rests_on_a_weight_in_grams(self):
        with pytest.raises(NoSUVError, match=r"70000 kg.*\(7053,1000\) rests on it"):
            self.factors("0.0005", PatientWeight="70000")

    def test_of_somebody_else(self):
        with pytest.raises(NoSUVError, match=r"\(7053,1000\) is there, but its Private Creator \(7053,0010\) is 'SOMEBODY ELSE'"):
            self.factors("0.0005", creator="SOMEBODY ELSE")

    @pytest.mark.parametrize("maker", ["Philips Medical Systems", "ACME"])
    def test_without_private_creator(self, maker):
        def change(header, tracer, index):
            header.Units, header.Manufacturer = "CNTS", maker
            header.add_new(0x70531000, "DS", "0.0005")

        if maker == "ACME":
            with pytest.raises(NoSUVError, match=r"\(7053,1000\) is there without its Private Creator 'Philips .*\(7053,0010\)"):
                suv(change)
        else:
            assert suv(change).factor == 0.0005
            assert "without its Private Creator" in suv(change).notes[0]


@pytest.mark.parametrize(
    ("keyword", "other", "in_tracer"),
    [
        ("PatientWeight", "80", False),
        ("SeriesTime", "100500", False),
        ("DecayCorrection", "ADMIN", False),
        ("Units", "GML", False),
        ("CorrectedImage", ["ATTN", "DECY"], False),
        ("RadionuclideTotalDose", "310000000", True),
        ("RadionuclideHalfLife", "6588", True),
        ("RadiopharmaceuticalStartTime", "091000", True),
    ],
)
@pytest.mark.parametrize("is_missing", [False, True], ids=["differs", "missing"])
def test_one_slice_contradicts_the_others(keyword, other, in_tracer, is_missing):
    def change(header, tracer, index):
        if index == 5:
            dataset = tracer if in_tracer else header
            if is_missing:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, other)

    with pytest.raises(NoSUVError, match=r"its slices contradict each other in .*\([0-9A-F]{4},[0-9A-F]{4}\)"):
        suv(change)


@pytest.mark.parametrize("slices", [range(8), [5]], ids=["all slices", "one slice"])
def test_two_injections(slices):
    def twice(header, tracer, index):
        if index in slices:
            header.RadiopharmaceuticalInformationSequence.append(classic_pet.injection())

    with pytest.raises(NoSUVError, match=r"several injections, 2 items of Radiopharmaceutical Information Sequence \(0054,0016\)"):
        suv(twice)


def test_what_de_identification_took_is_listed():
    """Dose and injection are left, weight and scan times are gone: all of that in one sentence, and who may have done it."""
    with pytest.raises(NoSUVError, match=r"Patient's Weight .*, Series Time .* and Acquisition Time .* are missing, taken perhaps when .*"):
        suv(PatientWeight=None, SeriesTime=None, AcquisitionTime=None, PatientIdentityRemoved="YES")


def test_nothing_is_told_of_an_injection():
    def change(header, tracer, index):
        del header.RadiopharmaceuticalInformationSequence

    with pytest.raises(NoSUVError, match=r"Radionuclide Total Dose .* are missing \(Radiopharmaceutical .* is missing"):
        suv(change)


def _philips(header, tracer, index):
    header.Units = "CNTS"
    header.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.0005")


def _philips_without_creator(header, tracer, index):
    header.Units = "CNTS"
    header.add_new(0x70531000, "DS", "0.0005")


def _ge_of_two_moments(header, tracer, index):
    header.SeriesTime = "104500"
    clock = "095800" if index else "095000"
    header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", f"20250314{clock}.00")


def _last_slice_of_another_weight(header, tracer, index):
    header.PatientWeight = "71" if index == 7 else "70"


@pytest.mark.parametrize(
    ("change", "attributes"),
    [
        (None, {}),
        (None, {"PatientWeight": "70000"}),
        (None, {"CorrectedImage": "DECY"}),
        (None, {"Units": "PROPCNTS"}),
        (None, {"RescaleSlope": None, "RescaleIntercept": None}),
        (None, {"AcquisitionTime": "103000", "FrameReferenceTime": None}),
        (_philips, {}),
        (_philips_without_creator, {}),
        (_ge_of_two_moments, {}),
        (_last_slice_of_another_weight, {}),
    ],
)
def test_a_search_says_what_reading_says(tmp_path, change, attributes):
    """`studies` and `fuse` read other parts of the files, and must not differ in what becomes SUV, nor why not."""
    folder = classic_pet.write(headers_with(change, **attributes), tmp_path / "pet")
    (series,) = find_series(folder)
    _, source = read_folder(folder, relative=True)
    assert series.without_suv == source.without_suv
