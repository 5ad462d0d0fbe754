"""Moments of a PET as few scanners write them: frames that count from their beginning, dates that are gone, no second witness."""

import pytest
from changed_pet import after, suv

from LCDFusionLib.dicom.suv import NoSUVError

INJECTED = {"RadiopharmaceuticalStartDateTime": "20250314090000", "RadiopharmaceuticalStartTime": None}


def average(seconds, half_life=6586.2):
    """When a frame has its average activity, for times that are short beside the half life: half of it, less the decay within it."""
    return seconds / 2 - seconds**2 / 24 * 0.693147 / half_life


class TestFrameReferenceTime:
    def test_of_beds_that_it_counts_to_the_beginning_of(self):
        """GE: bed n begins n times 243 s after the scan, by Acquisition Time and by Frame Reference Time, so that nothing contradicts."""

        def beds(header, tracer, index):
            seconds = 243 * (index // 2)
            header.AcquisitionTime = f"10{seconds // 60:02d}{seconds % 60:02d}"
            header.FrameReferenceTime = str(1000 * seconds)

        found = suv(beds)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert found.notes == ()

    @pytest.mark.parametrize("counts_to", ["beginning", "average"])
    def test_of_one_long_bed_that_decay_factor_agrees_with(self, counts_to):
        """A bed of 20 minutes that began 10 minutes after the scan, whose Acquisition Time is the scan's."""
        seconds = 600 + average(1200)
        reference = 600 if counts_to == "beginning" else seconds
        found = suv(
            ActualFrameDuration="1200000", FrameReferenceTime=f"{1000 * reference:.0f}", DecayFactor=f"{2 ** (seconds / 6586.2):.6g}"
        )
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert not any("Decay Factor" in note for note in found.notes)


def test_each_bed_has_its_own_decay_factor():
    """Of which the first bed's tells the moment that all are corrected to."""

    def beds(header, tracer, index):
        minutes = (12, 0, 6)[index // 3]
        header.AcquisitionTime, header.DecayFactor = f"10{minutes:02d}00", f"{2 ** ((60 * minutes + average(180)) / 6586.2):.6g}"

    found = suv(beds, FrameReferenceTime=None)
    assert found.factor == pytest.approx(after(60), rel=1e-9)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("correction", "times", "words"),
    [
        ("START", 1.05, "8 minutes before 10:00:00, which is what Decay Correction (0054,1102) START means"),
        ("ADMIN", 1.05, "8 minutes before 09:00:00"),
        ("ADMIN", 0.95, "8 minutes after 09:00:00"),
    ],
)
def test_a_decay_factor_that_is_a_little_off_is_told(correction, times, words):
    """6586.2 s times log2(1.05) are 464 s. Corrected to an earlier moment, the same values are 1 - 1/1.05 less SUV."""
    since = 3600 if correction == "ADMIN" else 0
    factor = times * 2 ** ((since + average(180)) / 6586.2)
    found = suv(DecayCorrection=correction, DecayFactor=f"{factor:.6g}", FrameReferenceTime=None)
    assert found.factor == pytest.approx(after(0 if since else 60), rel=1e-9)
    (note,) = found.notes
    assert words in note
    assert ("4.8% lower" if times > 1 else "5.3% higher") in note


def test_a_decay_factor_below_one_corrects_to_a_moment_after_the_frame():
    """Which START is not: half of the activity is that of one half life later."""
    with pytest.raises(NoSUVError, match=r"Decay Factor \(0054,1321\) 0\.5 corrects to a moment .* after 10:00:00"):
        suv(DecayFactor="0.5", FrameReferenceTime=None)


NOT_CORRECTED = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN", "SCAT"], "DecayFactor": "1"}


class TestNotCorrected:
    """Values are the mean activity of their own frame."""

    def test_of_one_bed_has_one_factor(self):
        found = suv(**NOT_CORRECTED)
        assert found.slice_factors == ()
        assert found.factor == pytest.approx(after(60) * 2 ** (average(180) / 6586.2), rel=1e-6)

    def test_of_two_beds_has_each_slices_own(self):
        def beds(header, tracer, index):
            header.AcquisitionTime = "100000" if index < 4 else "101000"

        found = suv(beds, **NOT_CORRECTED)
        assert found.slice_factors[4] / found.slice_factors[3] == pytest.approx(2 ** (600 / 6586.2), rel=1e-9)
        assert found.factor == found.slice_factors[0]

    @pytest.mark.parametrize(
        ("keyword", "name"), [("AcquisitionTime", "Acquisition Time"), ("ActualFrameDuration", "Actual Frame Duration")]
    )
    def test_what_is_lacking_is_named(self, keyword, name):
        with pytest.raises(NoSUVError, match=rf"NONE, and {name} \(.*\), by which the decay would be reckoned, is missing"):
            suv(**NOT_CORRECTED, **{keyword: None})


@pytest.mark.parametrize(("clock", "percent"), [("103000", "20.9% higher"), ("093000", "17.3% lower")])
def test_two_witnesses_that_contradict_each_other(clock, percent):
    """Series Time against GE's own, half an hour to either side, and no acquisition that stands by one of them."""

    def ge(header, tracer, index):
        header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", f"20250314{clock}.00")

    with pytest.raises(NoSUVError, match=rf"times contradict each other: by GE scan date and time .* SUV would be {percent}"):
        suv(ge, AcquisitionTime=None)


def test_a_third_that_stands_by_the_first_outweighs_the_second():
    """Series and acquisition say 10:00 and GE's own element 10:30: told, with the size of it, and not refused."""

    def ge(header, tracer, index):
        header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250314103000.00")

    found = suv(ge)
    assert found.factor == pytest.approx(after(60), rel=1e-9)
    assert any("GE scan date and time" in note and "20.9% higher" in note for note in found.notes)


class TestDatesThatAreGone:
    """De-identification writes 19000101 where a date was, and often leaves the time of day."""

    @pytest.mark.parametrize(
        "attributes",
        [
            {"AcquisitionDateTime": "19000101100000"},
            {"AcquisitionDateTime": "19000101100000", "AcquisitionTime": None},
            {"AcquisitionDateTime": "19000101100000", "AcquisitionTime": None, "StudyDate": "20250312", **INJECTED},
            {"AcquisitionDate": None, "StudyDate": "20250312", **INJECTED},
            {"AcquisitionDateTime": "19000101100000", "AcquisitionTime": None, "SeriesDate": None},
        ],
    )
    def test_of_the_acquisition(self, attributes):
        """The series, which was made at 10:45, tells the day; the study may have begun days before."""
        assert suv(SeriesTime="104500", **attributes).factor == pytest.approx(after(60), rel=1e-9)

    def test_of_an_acquisition_after_midnight(self):
        """Series and first slices at 23:50, the others at 0:05, which is of the next day."""

        def beds(header, tracer, index):
            header.AcquisitionDateTime = "19000101235000" if index > 3 else "19000101000500"

        attributes = {"SeriesTime": "235000", "AcquisitionTime": None, "RadiopharmaceuticalStartTime": "225000"}
        found = suv(beds, FrameReferenceTime=None, DecayFactor=None, **attributes)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert found.notes == ()

    def test_of_times_after_midnight_without_any_date(self):
        """The same by Acquisition Time, whose date was taken out."""

        def beds(header, tracer, index):
            header.AcquisitionTime = "235000" if index > 3 else "000500"

        attributes = {"SeriesTime": "235000", "AcquisitionDate": None, "RadiopharmaceuticalStartTime": "225000"}
        found = suv(beds, FrameReferenceTime=None, DecayFactor=None, **attributes)
        assert found.factor == pytest.approx(after(60), rel=1e-9)
        assert found.notes == ()

    def test_of_a_series_that_was_made_in_the_evening(self):
        assert suv(SeriesTime="200000", AcquisitionDate=None).factor == pytest.approx(after(60), rel=1e-9)

    @pytest.mark.parametrize("clock", [None, "090030"])
    def test_of_the_injection(self, clock):
        injected = {"RadiopharmaceuticalStartDateTime": "19000101090030", "RadiopharmaceuticalStartTime": clock}
        assert suv(**injected).factor == pytest.approx(after(59.5), rel=1e-9)


@pytest.mark.parametrize("clock", ["090000", "110000", "233000"])
def test_a_series_that_was_made_the_day_after_leaves_the_acquisitions_day(clock):
    """Acquisition Date (0008,0022) says it: nothing is to be guessed, however near to midnight or to the acquisition's own time of day."""
    found = suv(SeriesDate="20250315", SeriesTime=clock, **INJECTED)
    assert found.factor == pytest.approx(after(60), rel=1e-9)


class TestInjection:
    def test_date_time_with_an_offset_beside_a_time_without(self):
        """Nothing names the zone of the other times; that the clock on the wall showed both tells it."""
        injected = {"RadiopharmaceuticalStartDateTime": "20250314090000+0200", "RadiopharmaceuticalStartTime": "090000"}
        assert suv(**injected).factor == pytest.approx(after(60), rel=1e-9)

    def test_at_the_very_start_of_a_dynamic_scan(self):
        found = suv(RadiopharmaceuticalStartTime="100000")
        assert found.factor == pytest.approx(after(0), rel=1e-9)
        assert "The injection was at the start of the scan" in found.notes[0]

    def test_of_copper_without_a_date(self):
        """Half life 12.7 h (ICRP 107): from a dose of the day before there is still a quarter left."""

        def change(header, tracer, index):
            tracer.RadionuclideHalfLife, tracer.Radiopharmaceutical = "45720", "Cu-64 DOTATATE"
            del tracer.RadionuclideCodeSequence, tracer.RadiopharmaceuticalCodeSequence

        with pytest.raises(NoSUVError, match=r"the day of the injection is unknown, .* half life of 12\.7 hours"):
            suv(change)
