"""Several volumes in one series: dynamic and gated PET, b-values, Dixon, kernels, acquisitions; listed, chosen, none lost, none mixed."""

import itertools
import shutil

import numpy as np
import pydicom
import pytest
from pydicom.uid import EnhancedMRImageStorage, EnhancedPETImageStorage, generate_uid

from LCDFusionLib.dicom import choose_series, propose_pairs, read_folder, read_series, scan_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from Testing.dicom.test_dicom_formats import enhanced, item


@pytest.fixture
def series_of(tmp_path, make, write_series, edit):
    """series_of(modality, one dictionary of attributes a part): one series with as many images of each place, and the parts' volumes."""

    def write(modality, parts, *, change=None):
        volumes, folder, uid = [], tmp_path / "series", generate_uid()
        folder.mkdir()
        for number, attributes in enumerate(parts):
            volume = make(modality)
            volumes.append(volume.with_array(np.roll(volume.array, 3 * number, axis=2)))
            part = write_series(volumes[-1], f"part{number}", attributes={"SeriesInstanceUID": uid, **attributes})
            if change is not None:
                edit(part, lambda dataset, index, number=number: change(dataset, number, index))
            for path in part.iterdir():
                shutil.move(path, folder / f"{number}-{path.name}")
        return folder, volumes

    return write


def check(folder, volumes, *, names, keys=None):
    """Every part is listed by its name and read by its key as it was written."""
    keys = keys or [f"3/{n}" for n in range(1, len(volumes) + 1)]
    listed = scan_folder(folder).series
    assert [one.key for one in listed] == list(keys)
    assert [one.part for one in listed] == names
    with pytest.raises(InputError, match=f"{len(volumes)} series"):
        read_folder(folder)
    for key, written in zip(keys, volumes, strict=True):
        step = written.array.max() / 32767 if written.modality is Modality.PET else 0
        volume, source = read_folder(folder, series=key)
        np.testing.assert_allclose(volume.array, written.array, rtol=0, atol=step)
        assert source.series.part in volume.name


def test_acquisition_number_0_is_a_number(series_of):
    folder, volumes = series_of(Modality.CT, [{"AcquisitionNumber": 0}, {"AcquisitionNumber": 1}])
    check(folder, volumes, names=["AcquisitionNumber 0", "AcquisitionNumber 1"], keys=["3/0", "3/1"])


@pytest.mark.parametrize(("keyword", "values"), [("TriggerTime", ["0", "120.5"]), ("EchoNumbers", [0, 1]), ("EchoTime", ["0", "2.46"])])
def test_zero_is_a_value(series_of, keyword, values):
    folder, volumes = series_of(Modality.MR, [{keyword: value} for value in values])
    assert [one.part.split()[-1] for one in scan_folder(folder).series] == [f"{float(value):g}" for value in values]
    for one, written in zip(scan_folder(folder).series, volumes, strict=True):
        np.testing.assert_array_equal(read_series(one)[0].array, written.array)


DYNAMIC = [(0, 30), (30, 30), (60, 60)]  # start and length of each frame in seconds


def dynamic(dataset, number, index):
    """As PS3.3 C.8.9.4.1.9 counts: the slices of one time slice, then those of the next."""
    start, length = DYNAMIC[number]
    dataset.SeriesType, dataset.NumberOfSlices, dataset.NumberOfTimeSlices = ["DYNAMIC", "IMAGE"], 6, len(DYNAMIC)
    dataset.ImageIndex = number * 6 + index + 1
    dataset.FrameReferenceTime, dataset.ActualFrameDuration = str((start + length / 2) * 1000), length * 1000
    dataset.AcquisitionTime = f"10{start // 60:02d}{start % 60:02d}"


def test_dynamic_pet(series_of):
    """Frames with their times; all are corrected to the start of the series, so SUV has one factor for all."""
    folder, volumes = series_of(Modality.PET, [{}] * 3, change=dynamic)
    times = ["at 15 s, 30 s long", "at 45 s, 30 s long", "at 90 s, 60 s long"]
    check(folder, volumes, names=[f"frame {n} of 3, {time}" for n, time in enumerate(times, 1)])
    factors = [read_folder(folder, series=f"3/{n}")[1].suv.factor for n in (1, 2, 3)]
    # PS3.3's formula: 70 kg, 300 MBq, half life 6586.2 s, an hour from injection to the start of the series
    assert factors == pytest.approx([70_000 / (300e6 * 0.5 ** (3600 / 6586.2))] * 3, rel=1e-5)


def test_dynamic_pet_whose_series_time_is_that_of_the_processing(series_of):
    """Then the first frame's acquisition is the start, also for the last frame, whose own acquisition began a minute later."""

    def processed(dataset, number, index):
        dynamic(dataset, number, index)
        dataset.SeriesTime = "104500"

    folder, _ = series_of(Modality.PET, [{}] * 3, change=processed)
    suvs = [read_folder(folder, series=f"3/{n}")[1].suv for n in (1, 2, 3)]
    assert [suv.decay_seconds for suv in suvs] == pytest.approx([3600] * 3, abs=2)


def test_dynamic_pet_across_midnight_whose_series_time_is_that_of_the_processing(series_of):
    """The first frame of 23:59:30, of the day before, is the start also for those of 0:00 and 0:00:30, for which 0:00 is not."""

    def processed(dataset, number, index):
        dynamic(dataset, number, index)
        dataset.SeriesTime = "104500"
        dataset.AcquisitionDate = "20250313" if number == 0 else "20250314"
        dataset.AcquisitionTime = ("235930", "000000", "000030")[number]
        tracer = dataset.RadiopharmaceuticalInformationSequence[0]
        tracer.RadiopharmaceuticalStartTime, tracer.RadiopharmaceuticalStartDateTime = "225930", "20250313225930"

    folder, _ = series_of(Modality.PET, [{}] * 3, change=processed)
    suvs = [read_folder(folder, series=f"3/{n}")[1].suv for n in (1, 2, 3)]
    assert [suv.decay_seconds for suv in suvs] == pytest.approx([3600] * 3, abs=2)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_dynamic_pet_that_lost_a_frame(series_of, lost):
    folder, _ = series_of(Modality.PET, [{}] * 3, change=dynamic)
    for path in folder.glob(f"{lost}-*"):
        path.unlink()
    listed = scan_folder(folder).series
    assert [one.key for one in listed] == [f"3/{n}" for n in (1, 2, 3) if n != lost + 1]
    for one in listed:
        assert any("(0054,0081) times Number of Time Slices (0054,0101) says 18 and 12 are there" in note for note in one.notes)
        assert "3 of 2" not in one.part


def test_gated_pet(series_of):
    def gated(dataset, number, index):
        dataset.SeriesType, dataset.NumberOfSlices, dataset.NumberOfTimeSlots = ["GATED", "IMAGE"], 6, 4
        dataset.NumberOfRRIntervals, dataset.ImageIndex = 1, number * 6 + index + 1
        dataset.TriggerTime, dataset.FrameTime = str(number * 200), "200"

    folder, volumes = series_of(Modality.PET, [{}] * 4, change=gated)
    check(folder, volumes, names=[f"frame {n} of 4, at 0 s, 180 s long" for n in range(1, 5)])


def test_dynamic_pet_without_image_index(series_of):
    def timed(dataset, number, index):
        dynamic(dataset, number, index)
        del dataset.ImageIndex

    folder, _ = series_of(Modality.PET, [{}] * 3, change=timed)
    assert [one.key for one in scan_folder(folder).series] == ["3/1", "3/2", "3/3"]
    assert choose_series(folder, "3/15000").part.startswith("frame at ms 15000")


def test_diffusion_by_b_value(series_of):
    """Chosen by its place in the list, or by the b-value."""
    folder, volumes = series_of(Modality.MR, [{"DiffusionBValue": b} for b in (0.0, 50.0, 800.0)])
    check(folder, volumes, names=["b 0", "b 50", "b 800"])
    np.testing.assert_array_equal(read_folder(folder, series="3/800")[0].array, volumes[2].array)


def test_diffusion_by_b_value_and_direction(series_of):
    directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    parts = [{"DiffusionBValue": 0.0}, *({"DiffusionBValue": 800.0, "DiffusionGradientOrientation": each} for each in directions)]
    folder, _ = series_of(Modality.MR, parts)
    assert [one.part for one in scan_folder(folder).series] == ["b 0", *(f"b 800, direction {n}" for n in (2, 3, 4))]


DIXON = [["ORIGINAL", "PRIMARY", "DIXON", kind] for kind in ("FAT", "IN_PHASE", "OPP_PHASE", "WATER")]


def test_dixon_by_image_type(series_of):
    folder, volumes = series_of(Modality.MR, [{"ImageType": kind} for kind in DIXON])
    check(folder, volumes, names=["FAT", "IN_PHASE", "OPP_PHASE", "WATER"])


@pytest.mark.parametrize("attributes", [{"KVP": ["80", "140"]}, {"ContrastBolusAgent": ["", "Iomeprol"]}])
def test_what_else_tells_two_scans_of_one_place(series_of, attributes):
    ((keyword, values),) = attributes.items()
    folder, volumes = series_of(Modality.CT, [{keyword: value} for value in values])
    names = ["kV 80", "kV 140"] if keyword == "KVP" else ["without contrast", "contrast Iomeprol"]
    check(folder, volumes, names=names)


@pytest.mark.parametrize(
    ("group", "element", "creator", "kind", "values"),
    [
        (0x0019, 0x100C, "SIEMENS MR HEADER", "IS", ["0", "800"]),
        (0x0043, 0x1039, "GEMS_PARM_01", "IS", [["0", "8", "0", "0"], ["1000000800", "8", "0", "0"]]),
        (0x2001, 0x1003, "Philips Imaging DD 001", "FL", [0.0, 800.0]),
    ],
)
def test_b_values_of_before_the_standard_had_a_place(series_of, group, element, creator, kind, values):
    def diffusion(dataset, number, index):
        dataset.add_new((group, 0x10), "LO", creator)
        dataset.add_new((group, element), kind, values[number])

    folder, volumes = series_of(Modality.MR, [{}, {}], change=diffusion)
    check(folder, volumes, names=["b 0", "b 800"])


def test_two_kernels(series_of):
    folder, volumes = series_of(Modality.CT, [{"ConvolutionKernel": "B31f"}, {"ConvolutionKernel": "B70f"}])
    check(folder, volumes, names=["kernel B31f", "kernel B70f"])


def test_two_of_these_at_once(series_of):
    """Neither alone parts the series."""
    both = list(itertools.product((0, 1), ("B31f", "B70f")))
    folder, volumes = series_of(Modality.CT, [{"AcquisitionNumber": number, "ConvolutionKernel": kernel} for number, kernel in both])
    check(folder, volumes, names=[f"AcquisitionNumber {number}, kernel {kernel}" for number, kernel in both])


def test_three_of_these_at_once(series_of):
    three = list(itertools.product((1, 2), DIXON[:2], ("1.2", "2.4")))
    attributes = [{"TemporalPositionIdentifier": time, "ImageType": kind, "EchoTime": echo} for time, kind, echo in three]
    folder, volumes = series_of(Modality.MR, attributes)
    check(folder, volumes, names=[f"TemporalPositionIdentifier {t}, {kind[3]}, echo time {e}" for t, kind, e in three])


def test_what_differs_in_every_image_is_no_part(series_of):
    """Two images of each place that only the time of writing tells from one another stay together, and are refused."""
    folder, _ = series_of(
        Modality.CT, [{}, {}], change=lambda dataset, number, index: setattr(dataset, "ContentTime", f"10{number}{index}")
    )
    assert len(scan_folder(folder).series) == 1
    with pytest.raises(InputError, match="several images of the same place"):
        read_folder(folder)


def test_a_contrast_phase_that_covers_less(series_of):
    folder, _ = series_of(Modality.CT, [{"AcquisitionNumber": n} for n in (1, 2, 3)])
    for path in sorted(folder.glob("2-*"))[3:]:
        path.unlink()
    shapes = [read_folder(folder, series=f"3/{n}")[0].shape[0] for n in (1, 2, 3)]
    assert shapes == [6, 6, 3]


def test_parts_are_proposed_each(series_of, write_series):
    folder, _ = series_of(Modality.PET, [{}] * 3, change=dynamic)
    write_series(Modality.CT, "series/ct", series_number=2)
    pairs = propose_pairs(scan_folder(folder).series)
    assert sorted(pair.function.key for pair in pairs) == ["3/1", "3/2", "3/3"]


@pytest.fixture
def enhanced_parts(tmp_path, make, write_series):
    """enhanced_parts(modality, sop class, one function of a frame's functional groups a part): all parts in one object."""

    def write(modality, sop_class, parts, **options):
        volumes = [make(modality) for _ in parts]
        volumes = [volume.with_array(np.roll(volume.array, 3 * number, axis=2)) for number, volume in enumerate(volumes)]
        objects = []
        for number, (volume, change) in enumerate(zip(volumes, parts, strict=True)):
            one = enhanced(write_series(volume, f"part{number}"), sop_class, **options)
            for frame in one.PerFrameFunctionalGroupsSequence:
                change(frame)
            objects.append(one)
        whole = objects[0]
        whole.NumberOfFrames = 6 * len(objects)
        whole.PerFrameFunctionalGroupsSequence = [frame for one in objects for frame in one.PerFrameFunctionalGroupsSequence]
        whole.PixelData = b"".join(one.PixelData for one in objects)
        folder = tmp_path / "whole"
        folder.mkdir()
        whole.save_as(folder / "enhanced")
        return folder, volumes

    return write


def test_dynamic_pet_in_one_enhanced_object(enhanced_parts):
    """Temporal Position Index and the frame's own times; SUV by Decay Correction DateTime."""

    def part(number):
        def change(frame):
            content = frame.FrameContentSequence[0]
            content.TemporalPositionIndex = number
            content.FrameReferenceDateTime = f"202503141000{number:02d}"
            content.FrameAcquisitionDuration = 30000.0

        return change

    folder, volumes = enhanced_parts(Modality.PET, EnhancedPETImageStorage, [part(n) for n in (1, 2)], mapping=True)
    dataset = pydicom.dcmread(folder / "enhanced")
    for keyword in ("Units", "CorrectedImage", "DecayCorrection", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime"):
        del dataset[keyword]
    del dataset.FrameReferenceTime, dataset.ActualFrameDuration
    dataset.AttenuationCorrected = dataset.DecayCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20250314100000.00"
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "300"  # MBq there
    dataset.save_as(folder / "enhanced")
    check(folder, volumes, names=[f"time position {n}, at 10:00:0{n}, 30 s long" for n in (1, 2)])
    sources = [read_folder(folder, series=f"3/{n}")[1] for n in (1, 2)]
    assert [source.frames[0] for source in sources] == [1, 7]
    assert {source.suv.decay_seconds for source in sources} == {3600}


def test_b_values_in_one_enhanced_object(enhanced_parts):
    def part(b, direction):
        def change(frame):
            frame.MRDiffusionSequence = [item(DiffusionBValue=b)]
            if direction:
                frame.MRDiffusionSequence[0].DiffusionGradientDirectionSequence = [item(DiffusionGradientOrientation=direction)]

        return change

    parts = [part(0.0, None), part(800.0, [1.0, 0.0, 0.0]), part(800.0, [0.0, 1.0, 0.0])]
    folder, volumes = enhanced_parts(Modality.MR, EnhancedMRImageStorage, parts)
    check(folder, volumes, names=["b 0", "b 800, direction 2", "b 800, direction 3"])
