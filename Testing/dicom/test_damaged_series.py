"""What a series says of itself and does not hold: copies that are none, missing images, pixels that do not fit, numbers that cannot be."""

import gzip
import re
import shutil
import zlib

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless, generate_uid

from LCDFusionLib.dicom import elements, propose_pairs, read_folder, read_series, scan_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from Testing.dicom.test_dicom_formats import enhanced


def refused(folder, sentence):
    """By name, in one sentence, also where a viewer offers the series; and never proposed."""
    with pytest.raises(InputError, match=sentence) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)
    contents = scan_folder(folder)
    for series in contents.series:
        with pytest.raises(InputError):
            read_series(series)
    return contents


class TestOneNameForTwoImages:
    """SOP Instance UID (0008,0018) alike for images that differ; half the body would be gone."""

    def test_slice_n_and_n_plus_4(self, make, write_series, edit):
        folder, pet = write_series(make(Modality.CT, shape=(8, 20, 24))), write_series(Modality.PET)
        uids = [generate_uid() for _ in range(4)]
        edit(folder, lambda dataset, index: setattr(dataset, "SOPInstanceUID", uids[index % 4]))
        contents = refused(folder, r"0001\.dcm' and '.*0005\.dcm' hold two images with one SOP Instance UID \(0008,0018\).*'CT test'")
        assert contents.copies == 0
        assert len(contents.series[0].images) == 8
        shutil.move(pet, folder / "pet")
        assert propose_pairs(scan_folder(folder).series) == []

    def test_copies_with_other_pixels(self, write_series):
        folder = write_series(Modality.CT)
        copy = pydicom.dcmread(folder / "0003.dcm")
        copy.PixelData = bytes(len(copy.PixelData))
        copy.save_as(folder / "again.dcm")
        refused(folder, "hold two images with one SOP Instance UID")

    @pytest.mark.parametrize(
        ("keyword", "value"), [("RescaleIntercept", "0"), ("PatientID", "P-18"), ("PixelSpacing", ["1", "1"]), ("Columns", 20)]
    )
    def test_copies_with_another_header(self, write_series, keyword, value):
        folder = write_series(Modality.CT)
        copy = pydicom.dcmread(folder / "0003.dcm")
        setattr(copy, keyword, value)
        copy.save_as(folder / "again.dcm")
        refused(folder, "hold two images with one SOP Instance UID")

    def test_a_compressed_copy_is_a_copy(self, write_series):
        folder = write_series(Modality.CT)
        before, _ = read_folder(folder)
        for path in sorted(folder.iterdir()):
            dataset = pydicom.dcmread(path)
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(folder / f"packed {path.name}")
        assert scan_folder(folder).copies == 6
        assert (read_folder(folder)[0].array == before.array).all()

    def test_a_compressed_image_of_other_pixels_is_no_copy(self, write_series):
        folder = write_series(Modality.CT)
        other = pydicom.dcmread(folder / "0003.dcm")
        other.PixelData = pydicom.dcmread(folder / "0004.dcm").PixelData
        other.compress(RLELossless, generate_instance_uid=False)
        other.save_as(folder / "packed.dcm")
        refused(folder, "hold two images with one SOP Instance UID")

    def test_two_series_with_one_set_of_uids(self, write_series, edit, tmp_path):
        """Neither could be told from the other by what a viewer or an archive calls an image."""
        ct, pet = write_series(Modality.CT, "both/ct"), write_series(Modality.PET, "both/pet")
        uids = [pydicom.dcmread(path).SOPInstanceUID for path in sorted(ct.iterdir())]
        edit(pet, lambda dataset, index: setattr(dataset, "SOPInstanceUID", uids[index]))
        contents = scan_folder(tmp_path / "both")
        assert all("two images with one SOP Instance UID" in series.refusal for series in contents.series)
        assert propose_pairs(contents.series) == []


class TestPromises:
    """Images that the headers speak of and that are not there."""

    @pytest.mark.parametrize("keyword", ["NumberOfSlices", "ImagesInAcquisition", "NumberOfSeriesRelatedInstances"])
    def test_more_images_were_promised(self, write_series, keyword):
        folder = write_series(Modality.PET, attributes={"NumberOfSlices": None, keyword: 6})
        assert read_folder(folder)[1].series.notes == ()
        (folder / "0006.dcm").unlink()
        (note,) = read_folder(folder)[1].series.notes
        assert f"{elements.attribute(keyword)} says 6 and 5 are there" in note

    def test_images_are_counted(self, write_series, edit):
        folder = write_series(Modality.PET, attributes={"NumberOfSlices": None})
        edit(folder, lambda dataset, index: setattr(dataset, "ImageIndex", index + 1))
        assert read_folder(folder)[1].series.notes == ()
        (folder / "0001.dcm").unlink()
        assert "Image Index (0054,1330) says 6 and 5 are there" in read_folder(folder)[1].series.notes[0]

    def test_the_note_reaches_the_pair(self, write_series, tmp_path):
        write_series(Modality.CT, "both/ct")
        (write_series(Modality.PET, "both/pet") / "0001.dcm").unlink()
        (pair,) = propose_pairs(scan_folder(tmp_path / "both").series)
        assert any("'PT test' lacks images" in caution for caution in pair.cautions)


LOST = {
    "emptied": lambda path: path.write_bytes(b""),
    "overwritten with zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "cut in the header": lambda path: path.write_bytes(path.read_bytes()[:700]),
    "packed": lambda path: (path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes())), path.unlink()),
    "a link to nothing": lambda path: path.unlink() or path.symlink_to("annexed"),
    "another kind of file": lambda path: path.write_bytes(b"%PDF-1.4 and so on" * 20),
}


@pytest.mark.parametrize("harm", LOST.values(), ids=LOST)
@pytest.mark.parametrize("name", ["0006.dcm", "IM6"])
def test_a_lost_image_at_the_end_of_a_stack(write_series, harm, name):
    """No gap tells of it: without its last image a stack is still regular."""
    folder = write_series(Modality.CT)
    for path in sorted(folder.iterdir()):
        path.rename(folder / (path.name if name.endswith("dcm") else f"IM{int(path.stem)}"))
    harm(folder / name)
    among = "among the images of 'CT test' is (empty or cut short, or no DICOM at all|packed|a link to a file that is not there)"
    refused(folder, rf"{name}(\.gz)?' (is damaged|{among})")
    for path in folder.glob(f"{name}*"):
        path.unlink()
    assert read_folder(folder)[0].shape[0] == 5


def test_a_last_image_cut_anywhere_before_its_pixels(write_series):
    """In the file meta information, in a UID, between two elements: no length makes it another object, or one of another series."""
    folder = write_series(Modality.PET)
    last = folder / "0006.dcm"
    whole = last.read_bytes()
    for length in range(0, len(whole) - 960, 37):
        last.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_folder(folder, relative=True)


def test_damage_in_another_series_does_not_stand_in_the_way(write_series, tmp_path):
    write_series(Modality.CT, "both/ct")
    path = write_series(Modality.PET, "both/pet") / "0002.dcm"
    path.write_bytes(path.read_bytes()[:1000])
    assert pydicom.dcmread(path, force=True).SeriesInstanceUID
    assert read_folder(tmp_path / "both", series="CT test")[0].modality is Modality.CT
    with pytest.raises(InputError, match=r"0002\.dcm' is damaged"):
        read_folder(tmp_path / "both", series="PT test")


@pytest.mark.parametrize(
    ("keyword", "attribute"),
    [
        ("SOPClassUID", r"SOP Class UID \(0008,0016\)"),
        ("SOPInstanceUID", r"SOP Instance UID \(0008,0018\)"),
        ("StudyInstanceUID", r"Study Instance UID \(0020,000D\)"),
        ("SeriesInstanceUID", r"Series Instance UID \(0020,000E\)"),
    ],
)
def test_an_image_without_a_uid(write_series, edit, keyword, attribute):
    folder = write_series(Modality.CT)
    edit(folder, lambda dataset, index: index == 5 and delattr(dataset, keyword))
    refused(folder, rf"0006\.dcm' is damaged \(it lacks {attribute}\)")


class TestPixelsThatDoNotFit:
    """More or fewer bytes than the header asks for: the picture would be sheared, shifted or cut."""

    @pytest.mark.parametrize(
        ("keyword", "value"), [("Columns", 23), ("Columns", 25), ("Rows", 19), ("Rows", 21), ("Columns", 12), ("BitsAllocated", 8)]
    )
    def test_another_size(self, write_series, edit, keyword, value):
        folder = write_series(Modality.CT)

        def change(dataset, _):
            setattr(dataset, keyword, value)
            if keyword == "BitsAllocated":
                dataset.BitsStored, dataset.HighBit = 8, 7
                dataset["PixelData"].VR = "OB"

        edit(folder, change)
        refused(folder, r"0001\.dcm' is damaged \(it holds 960 bytes of pixels")

    @pytest.mark.parametrize("more", [2, 100])
    def test_shifted_pixels(self, write_series, edit, more):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, index: index == 3 and setattr(dataset, "PixelData", bytes(more) + dataset.PixelData))
        refused(folder, rf"0004\.dcm' is damaged \(it holds {960 + more} bytes of pixels, and 1 frame\(s\) of 24 x 20 .* are 960")

    def test_one_byte_that_makes_the_length_even_is_no_damage(self, write_series, edit):
        folder = write_series(Modality.CT)

        def as_bytes(dataset, _):
            dataset.Rows, dataset.Columns = 19, 23
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
            dataset.PixelData = bytes(range(256)) + bytes(19 * 23 - 256) + b"\0"
            dataset["PixelData"].VR = "OB"

        edit(folder, as_bytes)
        assert read_folder(folder)[0].array[0, 0, 5] == 5 - 1024

    def test_frames_that_were_dropped(self, write_series):
        folder = write_series(Modality.CT)
        dataset = enhanced(folder, pydicom.uid.EnhancedCTImageStorage)
        dataset.PixelData = dataset.PixelData[: 960 * 5]
        dataset.save_as(folder / "enhanced")
        refused(folder, r"it holds 4800 bytes of pixels, and 6 frame\(s\)")
        dataset.NumberOfFrames = 5
        dataset.save_as(folder / "enhanced")
        with pytest.raises(InputError, match="has 6 items for 5 frames"):
            read_folder(folder)

    @pytest.mark.parametrize("count", [0, -1, 10**6, 10**9, "many"])
    def test_a_count_makes_no_list(self, write_series, count):
        """A number in a small file asks for no memory."""
        folder = write_series(Modality.CT)
        dataset = enhanced(folder, pydicom.uid.EnhancedCTImageStorage)
        with pydicom.config.disable_value_validation():
            dataset.add_new("NumberOfFrames", "LO" if count == "many" else "IS", str(count))
            dataset.save_as(folder / "enhanced")
        with pytest.raises(InputError, match=r"Number of Frames \(0028,0008\)|items for"):
            read_folder(folder)

    def test_high_bit_elsewhere(self, write_series, edit):
        folder = write_series(Modality.CT)
        edit(folder, lambda dataset, _: setattr(dataset, "BitsStored", 12))
        refused(folder, r"High Bit \(0028,0102\) is 15 with Bits Stored \(0028,0101\) 12")

    def compress(self, edit, folder, syntax, codestreams, more=b""):
        def pretend(dataset, _):
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.PixelData = encapsulate(codestreams) + more
            dataset["PixelData"].VR = "OB"
            dataset["PixelData"].is_undefined_length = True

        edit(folder, pretend)

    # Beginnings of images of 32 x 16 pixels, as T.81 B.2.2 and T.800 A.5.1 write their sizes; no decoder gets to see them.
    JPEG = bytes.fromhex("ffd8 ffe0000401 02 ffc0000b08 0010 0020 01 012200")
    JPEG_2000 = bytes.fromhex("ff4f ff51 0029 0000 00000020 00000010 00000000 00000000")

    @pytest.mark.parametrize(("syntax", "codestream"), [(JPEGBaseline8Bit, JPEG), (JPEG2000Lossless, JPEG_2000)], ids=["JPEG", "JPEG 2000"])
    def test_compressed_pixels_of_another_size(self, write_series, edit, syntax, codestream):
        folder = write_series(Modality.CT)
        self.compress(edit, folder, syntax, [codestream])
        refused(folder, r"its compressed pixels are 32 x 16, and Columns and Rows .* say 24 x 20")

    def test_compressed_pixels_longer_than_their_item(self, write_series, edit):
        """As when a byte came into them on the way: the decoder would get them cut, and decodes that too."""
        folder = write_series(Modality.CT)
        self.compress(edit, folder, JPEGBaseline8Bit, [self.JPEG], more=bytes(2))
        refused(folder, "its compressed pixels are not divided into items")

    def test_more_compressed_images_than_frames(self, write_series, edit):
        folder = write_series(Modality.CT)
        self.compress(edit, folder, JPEGBaseline8Bit, [self.JPEG, self.JPEG])
        refused(folder, "it holds 2 compressed images, and Number of Frames .* says 1")


def test_a_deflated_file_that_becomes_a_thousand_times_as_large(write_series, edit, monkeypatch):
    """It is refused before pydicom unpacks it; one that does not is read."""
    folder = write_series(Modality.CT)

    def deflate(dataset, index):
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        if index == 1:
            dataset.PixelData = bytes(80 << 20)

    edit(folder, deflate)
    unpacked = []
    unpack = zlib.decompress
    monkeypatch.setattr(zlib, "decompress", lambda data, *more: (unpacked.append(len(data)), unpack(data, *more))[1])
    refused(folder, r"its deflated data set is more than 100 times its size")
    assert unpacked
    assert max(unpacked) < 20_000


def test_a_black_image_deflates_to_a_thousandth_and_is_read(write_series, edit):
    def deflate(dataset, index):
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        dataset.Rows = dataset.Columns = 1024
        dataset.PixelData = bytes(2 << 20)

    folder = write_series(Modality.CT)
    edit(folder, deflate)
    assert max(file.stat().st_size for file in folder.iterdir()) < (2 << 20) / 100
    assert read_folder(folder)[0].shape[1:] == (1024, 1024)


class TestNumbersThatCannotBe:
    @pytest.mark.parametrize(
        ("keyword", "value", "sentence"),
        [
            ("RescaleSlope", "100000", r"Rescale Slope \(0028,1053\) of 100000"),
            ("RescaleIntercept", "0", r"slices of another scale: Rescale Intercept \(0028,1052\) is 0 in one and -1024 in others"),
            ("RescaleSlope", "2", r"slices of another scale: Rescale Slope \(0028,1053\) is 2 in one and 1 in others"),
            ("RescaleSlope", "0", r"Rescale Slope \(0028,1053\) of 0"),
            ("RescaleSlope", "nan", r"0004\.dcm' is damaged: Rescale Slope \(0028,1053\) 'nan' is no finite number"),
            ("RescaleIntercept", ["1", "2"], r"Rescale Intercept \(0028,1052\) has 2 values and not 1"),
            ("PixelSpacing", ["1e-5", "1e-5"], r"Pixel Spacing \(0028,0030\) '.*' lies outside 0\.001 to 100"),
            ("PixelSpacing", ["1e30", "1"], r"Pixel Spacing \(0028,0030\) '1e30' lies outside|'1e\+30' lies outside"),
            ("PixelSpacing", ["nan", "1"], r"Pixel Spacing \(0028,0030\) 'nan' is no finite number"),
            ("ImagePositionPatient", ["0", "0", "1e30"], r"Image Position \(Patient\) \(0020,0032\) '.*' lies outside"),
            ("ImagePositionPatient", ["0", "0"], r"Image Position \(Patient\) \(0020,0032\) has 2 values and not 3"),
            ("ImageOrientationPatient", ["1", "0", "0", "0", "inf", "0"], r"'inf' is no finite number"),
            ("PixelRepresentation", 1, r"differ in Pixel Representation \(0028,0103\)"),
            ("Laterality", "L", "mixes images of the left and the right side"),
            ("PatientSex", "M", r"differ in Patient's Sex \(0010,0040\)"),
            ("PatientBirthDate", "19700101", r"differ in Patient's Birth Date \(0010,0030\)"),
        ],
    )
    def test_in_one_slice(self, write_series, edit, keyword, value, sentence):
        folder = write_series(Modality.CT, attributes={"Laterality": "R", "PatientBirthDate": "19610203"})
        edit(folder, lambda dataset, index: index == 3 and setattr(dataset, keyword, value))
        with pytest.raises(InputError, match=sentence):
            read_folder(folder)

    def test_a_pet_slice_on_a_scale_of_its_own(self, write_series, edit):
        folder = write_series(Modality.PET)
        edit(folder, lambda dataset, index: index == 3 and setattr(dataset, "RescaleSlope", "100000"))
        refused(folder, r"slices of another scale: Rescale Slope \(0028,1053\) is 100000 in one")

    @pytest.mark.parametrize("modality", [Modality.CT, Modality.PET])
    def test_a_scale_upside_down(self, write_series, edit, modality):
        folder = write_series(modality)
        edit(folder, lambda dataset, index: setattr(dataset, "RescaleSlope", "-0.5"))
        refused(folder, r"Rescale Slope \(0028,1053\) of -0\.5, which turns much into little")

    @pytest.mark.parametrize("apart", [1e-5, 5000.0])
    def test_slices_too_near_or_too_far(self, write_series, edit, apart):
        folder = write_series(Modality.CT)

        def place(dataset, index):
            dataset.ImagePositionPatient = [0, 0, index * apart]

        edit(folder, place)
        refused(folder, "5000 mm apart, which no scanner makes|several images of the same place")

    def test_pixels_that_are_no_numbers(self, write_series, edit):
        folder = write_series(Modality.MR)

        def as_floats(dataset, index):
            values = dataset.pixel_array.astype("<f4")
            values[3, 3] = np.nan if index == 4 else 1
            del dataset.PixelData
            dataset.BitsAllocated = 32
            dataset.FloatPixelData = values.tobytes()

        edit(folder, as_floats)
        refused(folder, r"0005\.dcm' is damaged \(it holds values that are no numbers")


@pytest.mark.parametrize(
    "keyword", ["SeriesDescription", "ImageType", "Modality", "PatientID", "Rows", "PixelSpacing", "SeriesInstanceUID"]
)
@pytest.mark.parametrize("kind", ["sequence", "bytes"])
def test_an_element_of_another_type(write_series, edit, keyword, kind):
    """Error or right picture, and the error names the file."""
    folder = write_series(Modality.CT)

    def change(dataset, index):
        if index == 2:
            del dataset[keyword]
            value = [pydicom.Dataset()] if kind == "sequence" else b"\xff\xfe\xfd\xfc\x00\x01"
            dataset.add_new(keyword, "SQ" if kind == "sequence" else "OB", value)

    edit(folder, change)
    with pytest.raises(InputError, match=r"0003\.dcm"):
        read_folder(folder)


@pytest.mark.parametrize("keyword", ["PatientSex", "StudyID", "AccessionNumber", "ReferringPhysicianName", "PatientAge"])
def test_what_only_an_export_needs_is_looked_at_before(write_series, edit, keyword):
    folder = write_series(Modality.CT)

    def change(dataset, _):
        dataset.pop(keyword, None)
        dataset.add_new(keyword, "SQ", [pydicom.Dataset()])

    edit(folder, change)
    with pytest.raises(InputError, match=rf"0001\.dcm' is damaged.*{re.escape(elements.attribute(keyword))} is a sequence and no text"):
        read_folder(folder)


@pytest.mark.parametrize("of_class", ["1.2.840.10008.5.1.4.1.1.777", pydicom.uid.RTDoseStorage])
def test_an_image_of_another_class_is_missed_in_its_series(write_series, edit, of_class):
    """A damaged SOP Class UID (0008,0016) makes another object of an image."""
    folder = write_series(Modality.CT)
    edit(folder, lambda dataset, index: index == 5 and setattr(dataset, "SOPClassUID", of_class))
    refused(folder, r"0006\.dcm' is damaged \(its SOP Class UID \(0008,0016\) is that of no image\)")


def test_objects_of_their_own_stand_in_nobodys_way(write_series, edit, tmp_path):
    write_series(Modality.CT, "study/ct")
    dose = write_series(Modality.CT, "study/dose")
    edit(dose, lambda dataset, _: setattr(dataset, "SOPClassUID", pydicom.uid.RTDoseStorage))
    contents = scan_folder(tmp_path / "study")
    assert (len(contents.series), contents.damaged, contents.other_files) == (1, (), 6)
    assert read_folder(tmp_path / "study")[0].shape[0] == 6


def test_what_strictness_would_only_annoy(write_series, edit):
    """Rounded cosines and distances, and a name in two Unicode normal forms."""
    folder = write_series(Modality.CT)

    def jitter(dataset, index):
        turned = 1.5e-4 * (-1) ** index
        dataset.ImageOrientationPatient = [1, turned, 0, -turned, 1, 0]
        dataset.PixelSpacing[1] += 3e-4 * (index % 2)
        dataset.PatientName = "Müller^Anna" if index % 2 else "Mu\u0308ller^Anna"

    edit(folder, jitter)
    assert read_folder(folder)[0].shape == (6, 20, 24)


def test_a_turn_that_moves_pixels_is_refused(write_series, edit):
    folder = write_series(Modality.CT)
    edit(folder, lambda dataset, index: index == 3 and setattr(dataset, "ImageOrientationPatient", [1, 0.02, 0, -0.02, 1, 0]))
    refused(folder, "different orientation")


def test_the_table_tells_what_cannot_be_read(make, write_series, edit, tmp_path, capsys):
    import argparse

    from LCDFusionLib.cli.studies import run

    ct = write_series(make(Modality.CT, shape=(8, 20, 24)), "both/ct")
    write_series(Modality.PET, "both/pet")
    uids = [generate_uid() for _ in range(4)]
    edit(ct, lambda dataset, index: setattr(dataset, "SOPInstanceUID", uids[index % 4]))
    run(argparse.Namespace(folder=tmp_path / "both", json=False))
    told = capsys.readouterr().out
    assert "cannot be read, see below" in told
    assert "hold two images with one SOP Instance UID" in told
    assert "No pair of a CT or MR" in told
