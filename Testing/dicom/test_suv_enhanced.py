"""Enhanced PET as the standard writes it: dose in MBq, coded units, one or several mappings, date-times with and without offsets."""

import enhanced_pet
import highdicom
import numpy as np
import pydicom
import pytest
from changed_pet import after
from classic_pet import RIGHT, headers, stored
from classic_pet import write as write_classic
from enhanced_pet import enhanced, mapping, units

from LCDFusionLib.dicom import find_series, read_folder, read_series
from LCDFusionLib.dicom.reader import read_source
from LCDFusionLib.dicom.suv import NoSUVError, suv_of
from LCDFusionLib.images.volume import Unit

HOTTEST = 20000  # stored


@pytest.fixture
def read(tmp_path):
    """Write the enhanced object and read it again: the hottest value over the hottest stored one, and the source."""

    def hottest(*args, relative=False, **options):
        volume, source = read_folder(enhanced_pet.write(enhanced(*args, **options), tmp_path / "enhanced"), relative=relative)
        return float(volume.array.max()) / HOTTEST, source, volume

    return hottest


def test_it_is_an_enhanced_pet(tmp_path, dicom_errors):
    assert dicom_errors(enhanced_pet.write(enhanced(), tmp_path / "enhanced")) == []


def test_the_base(read):
    value, source, volume = read()
    assert volume.unit is Unit.SUVBW
    assert value == pytest.approx(0.5 * RIGHT, rel=1e-6)
    assert source.suv.dose_bq == 300e6
    assert source.suv.notes == ()


def test_zones(read):
    """Times with an offset, a dose that carries the classic image's Bq on."""
    times = {"injected": "20250314080000.00+0000", "corrected_to": "20250314090000.00+0000", "TimezoneOffsetFromUTC": "+0100"}
    value, source, _ = read(dose="300000000", **times)
    assert value == pytest.approx(0.5 * RIGHT, rel=1e-6)
    assert source.suv.decay_seconds == 3600
    assert "was taken in Bq" in source.suv.notes[0]


@pytest.mark.parametrize("corrected_to", ["20250314090000+0000", "20250314110000+0200", "20250313230000-1000"])
def test_offsets_without_a_zone(read, corrected_to):
    assert read(injected="20250314080000+0000", corrected_to=corrected_to)[0] == pytest.approx(0.5 * RIGHT, rel=1e-6)


def test_one_offset_alone(read):
    with pytest.raises(NoSUVError, match=r"\(0018,1078\) .* has an offset from UTC and Decay Correction DateTime \(0018,9701\) has none"):
        read(injected="20250314080000+0000")


def test_corrected_to_the_injection(read):
    value, source, _ = read(corrected_to="20250314090000")
    assert value == pytest.approx(0.5 * 70_000 / 300e6, rel=1e-6)
    assert "10:00:00, is 60 minutes after Decay Correction DateTime (0018,9701) 2025-03-14 09:00:00" in source.suv.notes[0]


def test_corrected_to_the_end_of_the_scan(read):
    value, source, _ = read(corrected_to="20250314102000")
    assert value == pytest.approx(0.5 * after(80), rel=1e-6)
    assert "10:00:00, is 20 minutes before Decay Correction DateTime" in source.suv.notes[0]


@pytest.mark.parametrize(
    ("dose", "sentence"),
    [
        ("8.1", r"\(0018,1074\) 8100000 Bq and Patient's Weight .* 0\.116 MBq/kg, where 0\.25 to 4000 can be"),  # mCi
        ("300000", r"\(0018,1074\) 300000 Bq and Patient's Weight .* do not go together"),
        ("300000000000", "can be neither MBq, as an enhanced PET has it, nor Bq"),
        ("0", r"\(0018,1074\) is 0"),
        ("", r"\(0018,1074\) is missing"),
    ],
)
def test_doses_that_cannot_be(read, dose, sentence):
    with pytest.raises(NoSUVError, match=sentence):
        read(dose=dose)


@pytest.mark.parametrize(
    ("coded", "keyword", "unit", "factor"),
    [
        ("Bq/ml", "CodeValue", Unit.SUVBW, RIGHT),
        ("Bq/mL", "CodeValue", Unit.SUVBW, RIGHT),
        ("Bq/cm3", "CodeValue", Unit.SUVBW, RIGHT),
        ("kBq/ml", "CodeValue", Unit.SUVBW, RIGHT * 1000),
        ("MBq/cc", "CodeValue", Unit.SUVBW, RIGHT * 1e6),
        ("{SUVbw}g/ml", "CodeValue", Unit.SUVBW, 1.0),
        ("g/ml{SUVbw}", "CodeValue", Unit.SUVBW, 1.0),
        ("g/mL{SUVbw}", "LongCodeValue", Unit.SUVBW, 1.0),
        ("g/ml{SUVlbm}", "CodeValue", Unit.SUVLBM, 1.0),
        ("g/ml{SUVlbm(James128)}", "LongCodeValue", Unit.SUVLBM, 1.0),
        ("{SUVlbm(Janma)}g/ml", "LongCodeValue", Unit.SUVLBM, 1.0),
        ("g/ml{SUVibw}", "CodeValue", Unit.SUVIBW, 1.0),
        ("cm2/ml{SUVbsa}", "CodeValue", Unit.SUVBSA, 1.0),
    ],
)
def test_spellings_of_units(read, coded, keyword, unit, factor):
    value, _, volume = read([mapping(coded=units(coded, keyword=keyword))])
    assert volume.unit is unit
    assert value == pytest.approx(0.5 * factor, rel=1e-6)


@pytest.mark.parametrize(
    ("mappings", "sentence"),
    [
        ([mapping(coded=units("{counts}"))], r"\(7053,1000\) and \(7053,1009\)"),
        ([mapping(coded=units("{propcounts}"))], "are PROPCNTS,"),
        ([mapping(coded=units("{counts}/s"))], "are CPS,"),
        ([mapping(coded=units("{propcounts}/s"))], "are PROPCPS,"),
        ([mapping(coded=units("kat/l"))], r"Measurement Units Code Sequence \(0040,08EA\) says 'kat/l'"),
        ([], r"Real World Value Mapping Sequence \(0040,9096\)"),
    ],
)
def test_units_without_suv(read, mappings, sentence):
    with pytest.raises(NoSUVError, match=sentence):
        read(mappings)


def test_a_mapping_by_a_table(read):
    table = mapping()
    del table.RealWorldValueSlope, table.RealWorldValueIntercept
    table.RealWorldValueLUTData = [0.0, 1.0, 2.0]
    with pytest.raises(NoSUVError, match=r"\(0040,9096\) gives its values by a table, which is not read"):
        read([table])


def test_the_best_of_several_mappings(read):
    value, _, volume = read([mapping(1.0, units("{counts}")), mapping()])
    assert (volume.unit, value) == (Unit.SUVBW, pytest.approx(0.5 * RIGHT, rel=1e-6))


def test_activity_comes_before_suv_of_another_kind(read):
    value, _, volume = read([mapping(0.4 * RIGHT, units("g/ml{SUVlbm}")), mapping()])
    assert (volume.unit, value) == (Unit.SUVBW, pytest.approx(0.5 * RIGHT, rel=1e-6))


def test_each_frame_has_a_mapping_of_its_own(tmp_path):
    """As scanners write it, which stretch each slice over all 16 bits."""
    image = enhanced()
    del image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
    for index, frame in enumerate(image.PerFrameFunctionalGroupsSequence):
        frame.RealWorldValueMappingSequence = [mapping(0.5 + index)]
    volume, _ = read_folder(enhanced_pet.write(image, tmp_path / "enhanced"))
    np.testing.assert_allclose(volume.array.max(axis=(1, 2)), [HOTTEST * (0.5 + index) * RIGHT for index in range(8)], rtol=1e-6)


def test_an_intercept_is_added_before_the_unit_is_scaled(read):
    """20000 stored is 0.5 kBq/ml times as much, and 100 kBq/ml more."""
    raised = mapping(0.5, units("kBq/ml"))
    raised.RealWorldValueIntercept = 100.0
    _, _, volume = read([raised])
    assert volume.array.max() == pytest.approx((0.5 * HOTTEST + 100) * 1000 * RIGHT, rel=1e-6)


def test_suv_and_activity_agree(read):
    value, source, _ = read([mapping(), mapping(0.5 * RIGHT, units("g/ml{SUVbw}"))])
    assert value == pytest.approx(0.5 * RIGHT, rel=1e-6)
    assert source.suv.notes == ()


def test_the_scanners_own_suv_is_taken_where_activity_differs_a_little(read):
    value, source, _ = read([mapping(), mapping(0.5 * 1.05 * RIGHT, units("g/ml{SUVbw}"))])
    assert value == pytest.approx(0.5 * 1.05 * RIGHT, rel=1e-6)
    assert "differ by 4.8%; the former was taken" in source.suv.notes[0]


def test_suv_and_activity_contradict_each_other(read):
    with pytest.raises(NoSUVError, match=r"\(0040,9225\) to SUVbw .* differ by 28\.6%"):
        read([mapping(), mapping(0.7 * RIGHT, units("g/ml{SUVbw}"))])


class TestAPartOfTheValues:
    def test_is_refused(self, read):
        with pytest.raises(NoSUVError, match=r"\(0040,9096\) covers the stored values -32768 to 10000, and its slices hold 0 to 20000"):
            read([mapping(last=10000)])

    def test_goes_on_as_relative(self, read):
        value, source, volume = read([mapping(last=10000)], relative=True)
        assert volume.unit is Unit.RELATIVE
        assert value == pytest.approx(0.5, rel=1e-6)
        assert "covers the stored values" in source.without_suv

    def test_another_mapping_covers_all(self, read):
        assert read([mapping(0.25, last=10000), mapping()])[0] == pytest.approx(0.5 * RIGHT, rel=1e-6)

    def test_as_many_as_there_are(self, read):
        assert read([mapping(first=0, last=20000)])[0] == pytest.approx(0.5 * RIGHT, rel=1e-6)

    @pytest.mark.parametrize(("first", "last"), [(1, 20000), (0, 19999)])
    def test_one_less_at_either_end_is_refused(self, read, first, last):
        with pytest.raises(NoSUVError, match=f"covers the stored values {first} to {last}, and its slices hold 0 to 20000"):
            read([mapping(first=first, last=last)])


class TestInPieces:
    """PS3.3 C.7.6.16.2.11: each mapping has a range of stored values of its own. The hottest stored value is 20000."""

    def test_two_cover_all(self, read):
        value, source, volume = read([mapping(0.5, last=9999), mapping(2.0, first=10000)])
        assert volume.unit is Unit.SUVBW
        assert value == pytest.approx(2.0 * RIGHT, rel=1e-6)
        assert source.suv.notes == ()
        frames = np.stack([stored(index) for index in range(8)])
        expected = np.where(frames < 10000, 0.5, 2.0) * frames * RIGHT
        np.testing.assert_allclose(volume.array, expected, rtol=1e-5)

    def test_in_two_spellings_and_scales_of_the_unit(self, read):
        pieces = [mapping(0.5, last=9999), mapping(0.002, units("kBq/mL"), first=10000)]
        assert read(pieces)[0] == pytest.approx(2.0 * RIGHT, rel=1e-6)

    def test_suvbw_with_and_without_its_name(self, read):
        """g/ml alone is SUVbw, as Units GML without SUV Type is (PS3.3 C.8.9.1.1.3)."""
        value, _, volume = read([mapping(0.5, units("g/ml{SUVbw}"), last=9999), mapping(2.0, units("g/ml"), first=10000)])
        assert (volume.unit, value) == (Unit.SUVBW, pytest.approx(2.0, rel=1e-6))

    def test_two_kinds_of_suv_are_no_whole(self, read):
        with pytest.raises(NoSUVError, match="covers the stored values -32768 to 9999"):
            read([mapping(0.5, units("g/ml{SUVbw}"), last=9999), mapping(2.0, units("g/ml{SUVlbm}"), first=10000)])

    def test_relative_intensities_go_on_beyond_by_the_piece_that_covers_most(self, read):
        value, _, volume = read([mapping(0.5, last=5000), mapping(2.0, first=20001)], relative=True)
        assert (volume.unit, value) == (Unit.RELATIVE, pytest.approx(0.5, rel=1e-6))

    def test_a_gap_between_them(self, read):
        with pytest.raises(NoSUVError, match="covers the stored values -32768 to 5000 and 20001 to 32767, and its slices hold 0 to 20000"):
            read([mapping(0.5, last=5000), mapping(2.0, first=20001)])

    def test_pieces_of_two_units_are_no_whole(self, read):
        with pytest.raises(NoSUVError, match="covers the stored values"):
            read([mapping(0.5, last=9999), mapping(2.0, units("{counts}"), first=10000)])

    def test_two_that_overlap_and_differ_are_told(self, read):
        _, source, volume = read([mapping(0.25, last=10000), mapping()])
        assert np.median(volume.array[volume.array > 0]) == pytest.approx(4000 * 0.5 * RIGHT, rel=1e-6)
        assert any("overlap and differ, slopes 0.5 and 0.25" in note for note in source.suv.notes)


def test_not_corrected_for_decay(read):
    constant = np.log(2) / 6586.2
    mean = constant * 180 / (1 - np.exp(-constant * 180))
    assert read(DecayCorrected="NO", DecayCorrectionDateTime=None)[0] == pytest.approx(0.5 * RIGHT * mean, rel=1e-6)


def test_not_corrected_for_decay_in_two_beds(tmp_path):
    """Frame Acquisition DateTime and Duration are each frame's own; Acquisition DateTime is the first one's."""
    image = enhanced(DecayCorrected="NO", DecayCorrectionDateTime=None)
    for frame in image.PerFrameFunctionalGroupsSequence[4:]:
        content = frame.FrameContentSequence[0]
        content.FrameAcquisitionDateTime, content.FrameAcquisitionDuration = "20250314101000.00", 600_000.0
    volume, source = read_folder(enhanced_pet.write(image, tmp_path / "enhanced"))
    constant = np.log(2) / 6586.2
    expected = [
        0.5 * HOTTEST * after(60 + start) * constant * length / (1 - np.exp(-constant * length))
        for start, length in [(0, 180)] * 4 + [(10, 600)] * 4
    ]
    np.testing.assert_allclose(volume.array.max(axis=(1, 2)), expected, rtol=1e-6)
    assert source.suv.decay_seconds == 3600


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"AttenuationCorrected": "NO"}, r"not corrected for attenuation, Attenuation Corrected \(0018,9759\) is NO"),
        ({"AttenuationCorrected": None}, r"Attenuation Corrected \(0018,9759\) is missing"),
        ({"DecayCorrectionDateTime": None}, r"Decay Correction DateTime \(0018,9701\) is missing"),
        ({"PatientWeight": "70000"}, r"Patient's Weight \(0010,1030\) is 70000 kg"),
    ],
)
def test_missing_or_wrong(read, attributes, sentence):
    with pytest.raises(NoSUVError, match=sentence):
        read(**attributes)


@pytest.mark.parametrize(
    ("slope", "coded", "outcome"),
    [
        (0.5, "Bq/ml", None),
        (0.5 * RIGHT, "g/ml{SUVbw}", None),
        (0.525, "Bq/ml", "differ by 5.0%; the latter was taken"),
        (0.5 * 1.5 * RIGHT, "g/ml{SUVbw}", "refused"),
        (0.0005, "Bq/ml", "refused"),
        (0.0005, "kBq/ml", None),
    ],
)
def test_a_mapping_beside_classic_units(slope, coded, outcome):
    """Other words for the same values, or not."""
    slices = headers()
    for header in slices:
        header.RealWorldValueMappingSequence = [mapping(slope, units(coded))]
    if outcome == "refused":
        with pytest.raises(NoSUVError, match=r"Real World Value Slope \(0040,9225\) to .* and what Rescale Slope .* differ by"):
            suv_of(slices, name="PET")
    else:
        found = suv_of(slices, name="PET")
        assert found.factor == pytest.approx(RIGHT, rel=1e-6)
        assert len(found.notes) == (outcome is not None)
        assert all(outcome in note for note in found.notes)


@pytest.fixture
def legacy(tmp_path):
    """The classic series converted by highdicom: its attributes lie among the unassigned ones, its dose is in Bq."""
    folder = write_classic(headers(), tmp_path / "classic")
    slices = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    for image in slices:
        image.AccessionNumber = image.ReferringPhysicianName = image.StudyID = image.PatientBirthDate = ""
        image.PositionReferenceIndicator = ""
    uid = highdicom.UID
    converted = highdicom.legacy.LegacyConvertedEnhancedPETImage(
        slices, series_instance_uid=uid(), series_number=9, sop_instance_uid=uid(), instance_number=1
    )
    (tmp_path / "legacy").mkdir()
    converted.save_as(tmp_path / "legacy" / "converted.dcm")
    return tmp_path / "legacy"


def test_legacy_converted(legacy):
    volume, source = read_folder(legacy)
    assert volume.unit is Unit.SUVBW
    assert float(volume.array.max()) == pytest.approx(HOTTEST * 0.5 * RIGHT, rel=1e-6)
    assert source.suv.notes == ()
    assert [(series.modality, series.without_suv) for series in find_series(legacy)] == [("PT", None)]


@pytest.mark.parametrize(("dose", "has_suv"), [("300", True), ("", False)])
def test_a_search_says_what_reading_says(tmp_path, dose, has_suv):
    folder = enhanced_pet.write(enhanced(dose=dose), tmp_path / "enhanced")
    (series,) = find_series(folder)
    _, source = read_folder(folder, relative=True)
    assert series.without_suv == source.without_suv
    assert (series.without_suv is None) == has_suv


@pytest.mark.parametrize("last", [32767, 10000])
def test_headers_alone_say_what_reading_says(tmp_path, last):
    """A mapping of a part of the stored values holds or not, which only the pixels tell."""
    (series,) = find_series(enhanced_pet.write(enhanced([mapping(last=last)]), tmp_path / "enhanced"))
    _, source = read_series(series, relative=True)
    told = read_source(series, relative=True)
    assert (told.suv is None, told.without_suv) == (source.suv is None, source.without_suv)
    assert (told.suv is None) == (last == 10000)
