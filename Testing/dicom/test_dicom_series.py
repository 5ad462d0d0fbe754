"""Series in a folder: found by content, whatever the place and the name."""

import shutil

import pydicom
import pytest
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import choose_series, find_series, read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality


@pytest.fixture
def mess(tmp_path, write_series):
    """CT and PET in one tree: nested, without extension, with other files and other objects among them."""
    ct, pet = write_series(Modality.CT, series_number=2), write_series(Modality.PET, series_number=7)
    mess = tmp_path / "mess"
    for index, path in enumerate([*ct.iterdir(), *pet.iterdir()]):
        place = mess / f"{index % 3}" / "IMG"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / f"I{index:05d}")
    shutil.copy(next(ct.iterdir()), mess / "copy of a slice.dcm")
    (mess / "README.txt").write_text("not DICOM")
    (mess / "empty").touch()
    (mess / "random.bin").write_bytes(b"\x08\x00" + bytes(range(256)) * 8)
    report = pydicom.Dataset()
    report.file_meta = pydicom.dataset.FileMetaDataset()
    report.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    report.SOPClassUID, report.SOPInstanceUID = pydicom.uid.BasicTextSRStorage, generate_uid()
    report.SeriesInstanceUID, report.Modality = generate_uid(), "SR"
    pydicom.dcmwrite(mess / "report", report, enforce_file_format=True)
    return mess


def test_finds_every_series_by_content(mess):
    ct, pet = find_series(mess)
    assert (ct.modality, ct.number, ct.description, len(ct.files)) == ("CT", 2, "CT test", 6)
    assert (pet.modality, pet.number, pet.description, len(pet.files)) == ("PT", 7, "PT test", 6)
    assert ct.patient_name == "Müller^Anna"
    assert ct.study_uid == pet.study_uid
    assert ct.frame_of_reference == pet.frame_of_reference
    assert ct.is_volume


def test_several_series_are_listed_with_the_way_to_choose(mess):
    with pytest.raises(InputError, match="2 series") as caught:
        read_folder(mess)
    for part in (
        "number 2",
        "CT test",
        "number 7",
        "PT",
        "6 images",
        find_series(mess)[0].uid[-8:],
        "--anatomy-series",
        "--function-series",
    ):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="choose one with --function-series and"):
        read_folder(mess, option="--function-series")


def test_a_series_is_chosen_by_number_description_or_part_of_its_uid(mess):
    ct, pet = find_series(mess)
    assert choose_series(mess, "2") == ct
    assert choose_series(mess, " PT test") == pet
    assert choose_series(mess, pet.uid) == pet
    assert choose_series(mess, ct.uid[:-3]) == ct
    assert choose_series(mess, ct.uid[-8:]) == ct
    volume, source = read_folder(mess, series="7")
    assert volume.modality is Modality.PET
    assert source.series == pet


@pytest.mark.parametrize(("choice", "names"), [("99", "no series"), ("2.25.", "2 series"), ("", "no series")])
def test_a_choice_that_names_none_or_several_is_refused(mess, choice, names):
    with pytest.raises(InputError, match=f"names {names} of the folder.*CT test"):
        choose_series(mess, choice)


def test_screenshots_do_not_stand_in_the_way(tmp_path, write_series, edit):
    """A dose page or a screenshot is a series of images too, but it has no place in the patient."""
    ct, page = write_series(Modality.CT), write_series(Modality.CT, "page")
    edit(page, lambda dataset, _: dataset.pop("ImagePositionPatient"))
    assert [series.is_volume for series in find_series(tmp_path)].count(True) == 1
    assert read_folder(tmp_path)[0].modality is Modality.CT
    shutil.rmtree(ct)
    with pytest.raises(InputError, match=r"no DICOM images that form a volume .'CT test' has no place in the patient"):
        read_folder(tmp_path)


def test_old_files_without_preamble_are_found(tmp_path, write_series):
    folder = write_series(Modality.CT)
    before, _ = read_folder(folder)
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in folder.iterdir():
        dataset = pydicom.Dataset(pydicom.dcmread(path))
        pydicom.dcmwrite(bare / path.stem, dataset, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert (next(bare.iterdir()).read_bytes())[128:132] != b"DICM"
    assert (read_folder(bare)[0].array == before.array).all()


def test_a_damaged_header_is_named(write_series):
    folder = write_series(Modality.CT)
    last = folder / "0006.dcm"
    whole = last.read_bytes()
    for length in (140, 300, 600, 700, 900, 1100):  # the last slice of a stack, whose absence no gap would show
        last.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"0006\.dcm' is damaged"):
            read_folder(folder)


def test_an_emptied_last_image_is_not_passed_over(write_series):
    """Without its last image a stack is still regular: nothing else would show that one is missing."""
    folder = write_series(Modality.CT)
    last = sorted(folder.iterdir())[-1]
    last.write_bytes(b"")
    with pytest.raises(InputError, match=f"{last.name}' among the images of 'CT test' is empty or cut short"):
        read_folder(folder)
    last.unlink()
    (folder / "notes.txt").write_text("not an image")
    assert read_folder(folder)[0].shape[0] == 5


def test_no_folder_and_no_dicom(tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        find_series(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="holds no DICOM images"):
        read_folder(tmp_path)
    assert find_series(tmp_path) == []


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({}, "CT test"),
        ({"SeriesDescription": None}, "CT series 3"),
        ({"SeriesDescription": None, "SeriesNumber": None}, "CT series"),
    ],
)
def test_what_a_series_without_a_description_is_called(write_series, attributes, name):
    (series,) = find_series(write_series(Modality.CT, attributes=attributes))
    assert series.name == name


@pytest.mark.parametrize(
    ("attributes", "is_fused"),
    [
        ({"ImageType": ["DERIVED", "SECONDARY", "FUSED", "LCDFUSION"]}, True),  # as de-identification leaves it
        ({"ImageType": ["DERIVED", "SECONDARY"], "DerivationDescription": "Fused by LCDFusion 0.1"}, True),
        ({"ImageType": ["DERIVED", "SECONDARY"], "Manufacturer": "LCDFusion"}, True),
        ({"ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "LCDFusion"}, False),
        ({"ImageType": ["DERIVED", "SECONDARY"], "Manufacturer": "ACME"}, False),
    ],
)
def test_what_was_fused_is_known_by_one_mark_alone(write_series, attributes, is_fused):
    (series,) = find_series(write_series(Modality.CT, attributes={"Manufacturer": "ACME"} | attributes))
    assert series.is_fused is is_fused
