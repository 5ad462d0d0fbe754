"""One series to one volume: against what was written, and against SimpleITK on real series."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit


@pytest.mark.parametrize("modality", [Modality.CT, Modality.MR, Modality.PET])
def test_reads_what_was_written(modality, make, direction, write_series):
    """CT and MR to the digit; PET to the step of its 15-bit slope."""
    written = make(modality, direction=direction)
    volume, source = read_folder(write_series(written))
    np.testing.assert_allclose(volume.ijk_to_lps, written.ijk_to_lps, rtol=0, atol=1e-9)
    step = written.array.max() / 32767 if modality is Modality.PET else 0
    np.testing.assert_allclose(volume.array, written.array, rtol=0, atol=step)
    assert (volume.array.dtype, volume.modality, volume.unit) == (np.float32, modality, written.unit)
    assert (volume.name, volume.frame_of_reference) == (written.name, written.frame_of_reference)
    assert source.shape == volume.shape
    assert not any("PixelData" in header for header in source.headers)


def test_slices_are_sorted_by_place_not_by_number(make, direction, write_series, edit):
    written = make(Modality.CT, direction=direction)
    folder = write_series(written)
    numbers = [4, 1, 6, 2, 5, 3]
    edit(folder, lambda dataset, index: setattr(dataset, "InstanceNumber", numbers[index]))
    for path, name in zip(sorted(folder.iterdir()), "dafbec", strict=True):
        path.rename(folder / name)
    volume, source = read_folder(folder)
    assert (volume.array == written.array).all()
    assert [header.InstanceNumber for header in source.headers] == numbers
    assert [path.name for path in source.files] == list("dafbec")


def test_a_stack_in_the_opposite_order_is_the_same_volume(make, write_series):
    """Slices written head to feet, so that the third axis points against the normal."""
    written = make(Modality.CT)
    matrix = written.ijk_to_lps.copy()
    matrix[:3, 3] += 5 * matrix[:3, 2]
    matrix[:3, 2] *= -1
    volume, _ = read_folder(write_series(written.with_array(written.array[::-1], ijk_to_lps=matrix)))
    np.testing.assert_allclose(volume.ijk_to_lps, written.ijk_to_lps, rtol=0, atol=1e-9)
    assert (volume.array == written.array).all()


def test_a_single_slice_is_a_volume(make, direction, write_series):
    written = make(Modality.CT, shape=(1, 20, 24), direction=direction)
    volume, _ = read_folder(write_series(written))
    np.testing.assert_allclose(volume.ijk_to_lps, written.ijk_to_lps, rtol=0, atol=1e-9)


def test_a_part_of_the_slices_is_the_series_without_the_others(make, direction, write_series):
    folder = write_series(make(Modality.CT, direction=direction))
    _, whole = read_folder(folder)
    part = whole.cut(range(2, 5))
    assert whole.cut(range(6)) is whole
    for path in {*whole.files} - {*part.files}:
        path.unlink()
    volume, alone = read_folder(folder)
    np.testing.assert_allclose(part.ijk_to_lps, volume.ijk_to_lps, rtol=0, atol=1e-9)
    assert (part.files, part.frames, part.shape) == (alone.files, alone.frames, volume.shape)
    assert [header.SOPInstanceUID for header in part.headers] == [header.SOPInstanceUID for header in alone.headers]


def test_rescale_is_applied_slice_by_slice(write_series, edit):
    folder = write_series(Modality.MR)
    stored = np.array([pydicom.dcmread(path).pixel_array for path in sorted(folder.iterdir())], dtype=float)

    def rescale(dataset, index):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(0.5 + index), "-100"

    edit(folder, rescale)
    k = np.arange(6)[:, None, None]
    np.testing.assert_allclose(read_folder(folder)[0].array, stored * (0.5 + k) - 100, rtol=1e-6)


def test_signed_values_and_bits_above_bits_stored(write_series, edit):
    """12 stored bits, sign bit among them, and an old overlay in the bits above."""
    folder = write_series(Modality.CT)
    values = np.random.default_rng(1).integers(-2048, 2048, (6, 20, 24))

    def store(dataset, index):
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 1
        dataset.RescaleIntercept = "0"
        dataset.PixelData = ((values[index] & 0x0FFF) | 0x5000).astype("<u2").tobytes()

    edit(folder, store)
    assert (read_folder(folder)[0].array == values).all()


def test_a_value_above_bits_stored_is_refused(write_series, edit):
    """Cut off, as pydicom, GDCM and DCMTK do it, 5000 would be 904."""
    folder = write_series(Modality.MR)

    def store(dataset, _):
        pixels = dataset.pixel_array.astype(np.uint16) & 0x0FFF
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        pixels[3, 4] = 5000
        dataset.PixelData = pixels.tobytes()

    edit(folder, store)
    with pytest.raises(InputError, match=r"values that need more bits than Bits Stored \(0028,0101\) 12, such as 5000"):
        read_folder(folder)


@pytest.mark.parametrize(("group", "bit"), [(0x6000, 13), (0x6000, 12), (0x6002, 13), (0x601E, 15)])
def test_an_overlay_within_the_pixels_is_no_value(write_series, edit, group, bit):
    """Overlay Bit Position (60xx,0102), as scanners of the nineties wrote them."""
    folder = write_series(Modality.MR)
    before = read_folder(folder)[0].array

    def store(dataset, index):
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        pixels = dataset.pixel_array.astype(np.uint16)
        pixels[::2, ::3] |= 1 << bit
        dataset.PixelData = pixels.tobytes()
        dataset.add_new((group, 0x0100), "US", 16)
        dataset.add_new((group, 0x0102), "US", bit)

    edit(folder, store)
    np.testing.assert_array_equal(read_folder(folder)[0].array, before)


@pytest.mark.parametrize(("more", "is_read"), [(bytes(2), True), (bytes(36), True), (bytes(40), False), (b"\0\1", False)])
def test_what_fills_pixel_data_up(write_series, edit, more, is_read):
    """Zeros, less than a row or a column: pydicom, GDCM, DCMTK and dcm2niix leave them aside. More may be rows of an image."""
    folder = write_series(Modality.MR)
    before = read_folder(folder)[0].array
    edit(folder, lambda dataset, _: setattr(dataset, "PixelData", dataset.PixelData + more))
    if is_read:
        np.testing.assert_array_equal(read_folder(folder)[0].array, before)
    else:
        with pytest.raises(InputError, match="bytes of pixels"):
            read_folder(folder)


def test_rle_compressed_series_are_read(write_series, edit):
    folder = write_series(Modality.CT)
    before, _ = read_folder(folder)
    edit(folder, lambda dataset, _: dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False))
    assert (read_folder(folder)[0].array == before.array).all()


def test_a_ct_of_another_rescale_type_does_not_claim_hounsfield_units(write_series):
    assert read_folder(write_series(Modality.CT, attributes={"RescaleType": "US"}))[0].unit is Unit.RELATIVE


def test_empty_rescale_attributes_are_missing_ones(write_series, edit):
    written = write_series(Modality.MR)
    before, _ = read_folder(written)

    def empty(dataset, _):
        dataset.RescaleSlope, dataset.RescaleIntercept = None, None

    edit(written, empty)
    assert (read_folder(written)[0].array == before.array).all()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([30, 29, 28, 27, 26, 25], (30, 29, 28, 27, 26, 25)),
        ([1, 2, 3, 3, 4, 5], None),
        ([1, 2, 3, None, 4, 5], None),
        ([1, 2, 3, "four", 5, 6], None),
    ],
)
def test_instance_numbers_in_the_order_of_the_slices(write_series, edit, numbers, expected):
    folder = write_series(Modality.CT)
    edit(folder, lambda dataset, index: setattr(dataset, "InstanceNumber", 0))

    def number(dataset, index):
        dataset.add_new("InstanceNumber", "LO" if isinstance(numbers[index], str) else "IS", numbers[index])

    edit(folder, number)
    assert read_folder(folder)[1].instance_numbers == expected


def test_an_original_is_not_fused(write_series):
    """Ours are by the same Manufacturer, and so may be a scanner's derived images by another."""
    assert not read_folder(write_series(Modality.CT))[0].is_fused
    foreign = {"Manufacturer": "ACME", "ImageType": ["DERIVED", "PRIMARY", "AXIAL"]}
    assert not read_folder(write_series(Modality.CT, "foreign", attributes=foreign))[0].is_fused
    assert not read_folder(write_series(Modality.CT, "silent", attributes={"ImageType": None}))[0].is_fused


class TestBadSeries:
    """Each gets one sentence that says what is wrong."""

    def refused(self, folder, sentence):
        with pytest.raises(InputError, match=sentence) as caught:
            read_folder(folder)
        assert str(caught.value).count("\n") == 0
        assert "test'" in str(caught.value) or ".dcm'" in str(caught.value)

    def test_missing_slice(self, write_series):
        folder = write_series(Modality.CT)
        (folder / "0003.dcm").unlink()
        self.refused(folder, r"lacks 1 slice\(s\) between slice 2 and 3 of 5 \(5\.40 mm apart, the others 2\.70 mm\)")

    def test_two_missing_slices(self, make, write_series):
        folder = write_series(make(Modality.CT, shape=(8, 4, 4)))
        (folder / "0003.dcm").unlink()
        (folder / "0004.dcm").unlink()
        self.refused(folder, r"lacks 2 slice\(s\)")

    def shift(self, edit, folder, shift_of):
        def move(dataset, index):
            dataset.ImagePositionPatient = [a + b for a, b in zip(dataset.ImagePositionPatient, shift_of(index), strict=True)]

        edit(folder, move)

    def test_uneven_spacing(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.shift(edit, folder, lambda index: (0, 0, 0.8 if index == 5 else 0))
        self.refused(folder, r"uneven distances \(2\.70 to 3\.50 mm\)")

    def test_spacing_that_creeps(self, make, write_series, edit):
        """No gap is far from the others, yet slices would lie millimetres beside their place."""
        folder = write_series(make(Modality.CT, shape=(40, 4, 4)))
        self.shift(edit, folder, lambda index: (0, 0, 0.05 * max(0, index - 20) * 2.0))
        self.refused(folder, "uneven distances")

    def test_rounded_table_positions_are_even_enough(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.shift(edit, folder, lambda index: (0, 0, 0.04 * (-1) ** index))
        read_folder(folder)

    def test_several_images_of_one_place(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.shift(edit, folder, lambda index: (0, 0, -2.7 if index >= 3 else 0))
        self.refused(folder, "several images of the same place")

    def test_mixed_orientation(self, write_series, edit):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index or setattr(dataset, "ImageOrientationPatient", [0, 1, 0, 0, 0, -1]))
        self.refused(folder, "different orientation")

    def test_mixed_size(self, make, write_series, edit):
        folder, other = write_series(Modality.CT), write_series(make(Modality.CT, shape=(1, 10, 12)), "small")
        uid = pydicom.dcmread(folder / "0001.dcm").SeriesInstanceUID
        edit(other, lambda dataset, _: setattr(dataset, "SeriesInstanceUID", uid))
        (other / "0001.dcm").rename(folder / "0007.dcm")
        self.refused(folder, "different size .12 x 10 and 24 x 20 pixels")

    def test_mixed_pixel_spacing(self, write_series, edit):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index or setattr(dataset, "PixelSpacing", [1, 1]))
        self.refused(folder, "different pixel spacing")

    def test_slices_shifted_each_by_another_way(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.shift(edit, folder, lambda index: (0, (0, 3, 1, 4, 1, 5)[index], 0))
        self.refused(folder, r"slices that are shifted sideways, each by another way \(up to 3\.0 mm\)")

    @pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
    def test_no_place(self, write_series, edit, keyword):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index == 2 and delattr(dataset, keyword))
        self.refused(folder, f"without {keyword}")

    def test_impossible_orientation(self, write_series):
        self.refused(write_series(Modality.CT, attributes={"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}), "impossible image orientation")

    def test_truncated_pixels(self, write_series):
        folder = write_series(Modality.CT)
        path = folder / "0004.dcm"
        path.write_bytes(path.read_bytes()[:-100])
        self.refused(folder, r"0004\.dcm' is damaged")

    def test_garbled_number(self, write_series):
        folder = write_series(Modality.CT)
        path = folder / "0002.dcm"
        path.write_bytes(path.read_bytes().replace(b"-1024 ", b"minus!"))
        self.refused(folder, r"0002\.dcm' is damaged")

    def test_colour(self, write_series, edit):
        folder = write_series(Modality.CT)

        def colour(dataset, _):
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0

        edit(folder, colour)
        self.refused(folder, "colour pictures")

    def test_inverted_gray(self, write_series):
        self.refused(write_series(Modality.CT, attributes={"PhotometricInterpretation": "MONOCHROME1"}), "MONOCHROME1")

    def test_multi_frame(self, write_series):
        self.refused(write_series(Modality.CT, attributes={"NumberOfFrames": 2}), "multi-frame")

    def test_ct_without_rescale(self, write_series):
        folder = write_series(Modality.CT, attributes={"RescaleSlope": None, "RescaleIntercept": None})
        self.refused(folder, r"Rescale Intercept \(0028,1052\), so it is not in HU")
        assert read_folder(folder, relative=True)[0].unit is Unit.RELATIVE

    def test_ct_rescaled_in_part(self, write_series, edit):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index == 4 and delattr(dataset, "RescaleIntercept"))
        self.refused(folder, r"slices without Rescale Slope \(0028,1053\) or Rescale Intercept \(0028,1052\)")

    def compress(self, edit, folder, syntax):
        """Encapsulated bytes that no decoder can make an image of."""

        def pretend(dataset, _):
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
            dataset["PixelData"].VR = "OB"
            dataset["PixelData"].is_undefined_length = True

        edit(folder, pretend)

    @pytest.mark.parametrize("syntax", [pydicom.uid.HTJ2KLossless, pydicom.uid.MPEG2MPML], ids=["HTJ2K", "video"])
    def test_compression_without_decoder(self, write_series, edit, syntax):
        if syntax is pydicom.uid.HTJ2KLossless and pydicom.pixels.get_decoder(syntax).is_available:
            pytest.skip("a decoder of HTJ2K is installed")
        folder = write_series(Modality.CT)
        self.compress(edit, folder, syntax)
        self.refused(
            folder, r"is compressed \((High-Throughput JPEG 2000|MPEG2) .*\) and no decoder for that is installed: install python-gdcm"
        )

    def test_damaged_compression(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.compress(edit, folder, pydicom.uid.RLELossless)
        self.refused(folder, r"0001\.dcm' is damaged")

    @pytest.mark.parametrize(
        ("keyword", "value", "label"),
        [
            ("PatientID", "P-18", "Patient ID"),
            ("PatientName", "Else^Somebody", "Patient's Name"),
            ("PatientBirthDate", "19610101", "Patient's Birth Date"),
            ("StudyInstanceUID", "2.25.1801", "Study Instance UID"),
            ("FrameOfReferenceUID", "2.25.1802", "Frame of Reference UID"),
            ("Modality", "MR", "Modality"),
        ],
    )
    def test_one_series_of_two_patients_or_scans(self, write_series, edit, keyword, value, label):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index == 5 and setattr(dataset, keyword, value))
        with pytest.raises(InputError, match=rf"mixes images that differ in {label} \(00") as caught:
            read_folder(folder)
        assert not any(name in str(caught.value) for name in ("Else", "Anna", "P-1"))


REAL = ["STS_001/CT", "STS_001/MR_T1", "STS_001/PET", "STS_037/CT", "STS_037/MR_T1", "STS_037/PET", "STS_001_raw/PET_BQML"]


@pytest.mark.parametrize("name", REAL)
def test_real_series_equal_simpleitk(name, shared_data):
    """Another reader (GDCM) gives the same voxels and the same place."""
    folder = shared_data / "dicom" / name
    volume, source = read_folder(folder)
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)), sitk.sitkFloat64)
    factor = source.suv.factor if source.suv else 1.0
    np.testing.assert_allclose(volume.array, sitk.GetArrayFromImage(image) * factor, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(volume.origin, image.GetOrigin(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(volume.direction.ravel(), image.GetDirection(), rtol=0, atol=1e-5)
    # ITK takes the spacing from the first two slices; one PET has rounded table positions.
    np.testing.assert_allclose(volume.spacing, image.GetSpacing(), rtol=0, atol=0.03 if name.endswith("BQML") else 1e-5)
    expected = {"CT": (Modality.CT, Unit.HU), "MR_T1": (Modality.MR, Unit.RELATIVE)}.get(name.split("/")[1], (Modality.PET, Unit.SUVBW))
    assert (volume.modality, volume.unit) == expected


def test_a_real_study_folder_lists_its_series(shared_data):
    with pytest.raises(InputError, match=r"3 series.*STS_001_PET.*STS_001_CT.*STS_001_MR_T1"):
        read_folder(shared_data / "dicom" / "STS_001")
    assert read_folder(shared_data / "dicom" / "STS_001", series="2")[0].modality is Modality.CT
