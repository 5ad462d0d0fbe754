"""By which rule programs choose an original, an anatomy or a CT, and that no object of a default result is chosen by one.

Each rule is what the program looks at, as docs/interoperability.md lists it with the version that was run or read. The programs themselves
are run where they are installed.
"""

import importlib.util
import shutil
import subprocess
from collections import Counter

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from Testing.clients.test_programs import program

IMAGES = {"1.2.840.10008.5.1.4.1.1.2": "CT", "1.2.840.10008.5.1.4.1.1.4": "MR", "1.2.840.10008.5.1.4.1.1.128": "PET"}
IMAGES |= {"1.2.840.10008.5.1.4.1.1.2.1": "CT", "1.2.840.10008.5.1.4.1.1.4.1": "MR", "1.2.840.10008.5.1.4.1.1.130": "PET"}


def words(header):
    return str(header.get("SeriesDescription", "")).upper().replace("-", " ").replace("_", " ").split()


RULES = {
    "Modality is CT, MR, PT or NM": lambda header: header.Modality in ("CT", "MR", "PT", "NM"),
    "SOP class of a CT, MR or PET image": lambda header: header.SOPClassUID in IMAGES,
    "Image Type says ORIGINAL": lambda header: "ORIGINAL" in header.get("ImageType", []),
    "Image Type says PRIMARY": lambda header: "PRIMARY" in header.get("ImageType", []),
    "Image Type says AXIAL": lambda header: "AXIAL" in header.get("ImageType", []),
    "Series Description names a modality": lambda header: bool({"CT", "MR", "MRI", "PT", "PET", "AC", "CTAC", "NAC"} & set(words(header))),
    "Rescale Type is HU": lambda header: header.get("RescaleType") == "HU",
    "has KVP, as a CT must": lambda header: "KVP" in header,
    "has Units or Decay Correction, as a PET must": lambda header: "Units" in header or "DecayCorrection" in header,
    "has an echo, as an MR must": lambda header: "EchoTime" in header,
    "has a dose": lambda header: "RadiopharmaceuticalInformationSequence" in header or "CTDIvol" in header or "ExposureInmAs" in header,
}


@pytest.fixture(scope="module")
def objects(study):
    """A header of each kind of object, by the name of its folder; originals too."""
    folders = [folder for folder in (*study.iterdir(), *(study / "RESULT").iterdir()) if folder.is_dir() and folder.name != "RESULT"]
    return {folder.name: pydicom.dcmread(sorted(folder.glob("*.dcm"))[0]) for folder in folders}


@pytest.mark.parametrize("name", RULES)
def test_no_object_of_ours_is_taken_by_its_header(objects, name):
    ours = {folder for folder in objects if folder.startswith("dicom_")}
    assert {"dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics"} <= ours
    assert [folder for folder in sorted(ours) if RULES[name](objects[folder])] == []


def test_the_rules_take_originals(objects):
    """So they can take something: between them they take the CT and the PET."""
    for folder in ("CT", "PET"):
        assert sum(bool(rule(objects[folder])) for rule in RULES.values()) >= 4


@pytest.fixture(scope="module")
def flat(study, tmp_path_factory):
    """CT and fused series in one folder, as people collect files; the CT's UIDs are a scanner's, which begin with 1."""
    folder = tmp_path_factory.mktemp("flat")
    for number, file in enumerate(sorted((study / "CT").glob("*.dcm"))):
        header = pydicom.dcmread(file)
        header.SeriesInstanceUID = "1.3.12.2.1107.5.1.4.50025.30000005"
        header.save_as(folder / f"x{number:03d}.dcm")
    for kind in ("color", "gray"):
        for file in (study / "RESULT" / f"dicom_{kind}").glob("*.dcm"):
            shutil.copy(file, folder / f"{kind}{file.name}")
    return folder


def test_the_first_series_of_a_folder_is_the_ct(flat):
    """GDCM's reader takes the first Series Instance UID of the alphabet, and with it MONAI, TorchIO and dcmrtstruct2nii."""
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(flat))
    assert {pydicom.dcmread(file, stop_before_pixels=True).Modality for file in files} == {"CT"}


def test_plastimatch_takes_the_ct(flat, tmp_path):
    """The series with most files, of equals the first UID; it knows no modality."""
    command = [program("plastimatch"), "convert", "--input", flat, "--output-img", tmp_path / "read.mha"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120)
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "read.mha")))
    files = [pydicom.dcmread(file) for file in sorted(flat.glob("x*.dcm"))]
    slices = sorted(files, key=lambda one: one.ImagePositionPatient[2])
    np.testing.assert_allclose(read, [one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices])


@pytest.mark.parametrize("of_the_ct", ["Abdomen", "CT Thorax", "1.25mm", "5.0 x 5.0", "+C", "-C", "*", "<MIP>", "[THORAX]", "_"])
def test_of_equal_series_the_last_in_the_alphabet_is_the_ct(flat, of_the_ct):
    """InVesalius takes the series with most images; of equals the last Series Description (3.1.99998, reader/dicom_grouper.py)."""
    counted = Counter(pydicom.dcmread(file, stop_before_pixels=True).SeriesDescription for file in sorted(flat.glob("*.dcm")))
    scanner = pydicom.dcmread(flat / "x000.dcm", stop_before_pixels=True).SeriesDescription
    images = {of_the_ct if description == scanner else description: count for description, count in counted.items()}
    assert len(images) == 3
    assert max(images, key=lambda description: (images[description], description)) == of_the_ct


def test_mirp_finds_one_ct_and_one_pet(study, tmp_path):
    if importlib.util.find_spec("mirp") is None:
        pytest.skip("mirp is not installed (pip install mirp)")
    import mirp

    for number, file in enumerate(study.rglob("*.dcm")):
        shutil.copy(file, tmp_path / f"{number:03d}.dcm")
    assert sorted(mirp.extract_image_parameters(image=str(tmp_path))["modality"]) == ["ct", "pt"]
