"""SPECT comes as one NM object of all slices: its place, the other kinds of nuclear images, and the whole way to an export."""

import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LCDFusionLib.dicom import propose_pairs, read_folder, scan_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit
from Testing.cli.place import Place, refusal
from Testing.dicom.conftest import FRAME_OF_REFERENCE, STUDY
from Testing.dicom.nuclear_objects import counts, nuclear_image, save


def test_place_and_counts(tmp_path):
    """Frame k lies (k - 1) times the spacing along the normal; so GDCM reads it too."""
    values = counts()
    volume, source = read_folder(save(nuclear_image(values), tmp_path / "nm"))
    assert (volume.modality, volume.unit, volume.name) == (Modality.SPECT, Unit.COUNTS, "SPECT bone")
    np.testing.assert_array_equal(volume.array, values)
    np.testing.assert_allclose(volume.ijk_to_lps, [[4, 0, 0, -126], [0, 4, 0, -126], [0, 0, 4, -500], [0, 0, 0, 1]], atol=1e-9)
    assert source.frames == tuple(range(1, 11))
    image = sitk.ReadImage(str(tmp_path / "nm" / "spect.dcm"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume.array)
    np.testing.assert_allclose(image.GetOrigin(), volume.origin, atol=1e-9)
    np.testing.assert_allclose(image.GetSpacing(), volume.spacing, atol=1e-9)


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0)])
def test_the_sign_of_the_spacing_is_the_direction(tmp_path, orientation):
    """Written the other way round, from the last slice with a negative spacing, the voxels lie where they lay."""
    values = counts()
    normal = np.cross(orientation[:3], orientation[3:])
    first = np.array([-126.0, -126.0, -500.0])
    up = nuclear_image(values, origin=first, orientation=orientation)
    down = nuclear_image(values[::-1], origin=first + 9 * 4.0 * normal, spacing=-4.0, orientation=orientation)
    (one, _), (other, source) = (read_folder(save(each, tmp_path / name)) for name, each in (("up", up), ("down", down)))
    np.testing.assert_allclose(other.ijk_to_lps, one.ijk_to_lps, atol=1e-9)
    np.testing.assert_array_equal(other.array, one.array)
    assert source.frames == tuple(range(10, 0, -1))
    image = sitk.ReadImage(str(tmp_path / "down" / "spect.dcm"))  # GDCM turns the third axis round instead
    for k in (0, 9):
        place = image.TransformPhysicalPointToIndex((other.ijk_to_lps @ [3, 2, k, 1])[:3].tolist())
        assert image[place] == other.array[k, 2, 3]


@pytest.mark.parametrize("slices", [1, 2])
def test_a_spect_of_few_slices(tmp_path, slices):
    volume, _ = read_folder(save(nuclear_image(counts((slices, 64, 64))), tmp_path / "nm"))
    np.testing.assert_allclose(volume.ijk_to_lps, [[4, 0, 0, -126], [0, 4, 0, -126], [0, 0, 4, -500], [0, 0, 0, 1]], atol=1e-9)


def test_a_spect_whose_image_type_ends_with_the_kind(tmp_path):
    """Value 4, the image's purpose, is lacking in some."""
    image = nuclear_image(counts())
    image.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO"]
    assert read_folder(save(image, tmp_path / "nm"))[0].shape == (10, 64, 64)


def test_a_spect_of_one_file_a_slice_has_each_slices_own_place(tmp_path):
    """As converters write it: Image Position (Patient) of the image, whatever Detector Information Sequence says of the first."""
    values, series = counts((3, 64, 64)), None
    for k in (2, 0, 1):
        image = nuclear_image(values[k : k + 1])
        image.SeriesInstanceUID = series = series or image.SeriesInstanceUID
        image.InstanceNumber = k + 1
        image.ImagePositionPatient, image.ImageOrientationPatient = [-126, -126, -500 + 3 * k], [1, 0, 0, 0, 1, 0]
        del image.NumberOfFrames
        save(image, tmp_path / "nm", f"{k}.dcm")
    volume, source = read_folder(tmp_path / "nm")
    np.testing.assert_array_equal(volume.array, values)
    np.testing.assert_allclose(volume.ijk_to_lps, [[4, 0, 0, -126], [0, 4, 0, -126], [0, 0, 3, -500], [0, 0, 0, 1]], atol=1e-9)
    assert source.frames == (None, None, None)


NO_VOLUMES = {
    "TOMO": "raw projections",
    "GATED TOMO": "raw gated projections",
    "RECON GATED TOMO": "a gated SPECT",
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic study",
    "GATED": "a planar gated study",
}


@pytest.mark.parametrize(("kind", "name"), NO_VOLUMES.items())
def test_other_nuclear_images_are_refused_by_name(tmp_path, write_series, kind, name):
    save(nuclear_image(counts(), kind=kind), tmp_path / "study" / "nm")
    write_series(Modality.CT, "study/ct")
    contents = scan_folder(tmp_path / "study")
    assert propose_pairs(contents.series) == []
    with pytest.raises(InputError, match=rf"'SPECT bone' is {name}.* \(Image Type {kind}\)"):
        read_folder(tmp_path / "study", series="5")
    assert read_folder(tmp_path / "study")[0].modality is Modality.CT  # it does not make the choice unclear
    with pytest.raises(InputError, match=rf"no DICOM images that form a volume \('SPECT bone' is {name}"):
        read_folder(tmp_path / "study" / "nm")


def test_raw_data_beside_the_reconstruction(tmp_path, write_series):
    """One study as a camera sends it: projections, whole-body planar and the reconstruction, which alone is proposed."""
    for number, kind in enumerate(("TOMO", "WHOLE BODY", "RECON TOMO")):
        one = nuclear_image(counts(), kind=kind)
        one.SeriesNumber = number
        save(one, tmp_path / "study", f"{number}")
    write_series(Modality.CT, "study/ct")
    (pair,) = propose_pairs(scan_folder(tmp_path / "study").series)
    assert (pair.function.number, len(pair.function.images)) == (2, 10)
    assert pair.function.header.ImageType[2] == "RECON TOMO"


def broken(change):
    dataset = nuclear_image(counts())
    change(dataset)
    return dataset


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("SpacingBetweenSlices"), r"does not tell how its slices lie, Spacing Between Slices \(0018,0088\)"),
        (lambda d: setattr(d, "SpacingBetweenSlices", "0"), "does not tell how its slices lie"),
        (lambda d: setattr(d, "SpacingBetweenSlices", "1e30"), r"Spacing Between Slices \(0018,0088\) '1e30|1e\+30' lies outside"),
        (lambda d: d.pop("DetectorInformationSequence"), r"does not tell its place, Detector Information Sequence \(0054,0022\)"),
        (lambda d: d.DetectorInformationSequence[0].pop("ImageOrientationPatient"), "does not tell its place"),
        (lambda d: setattr(d, "SliceVector", list(range(10, 0, -1))), r"Slice Vector \(0054,0080\) does not count"),
        (lambda d: setattr(d, "SliceVector", [1, 2, 3]), r"Slice Vector \(0054,0080\) does not count"),
        (lambda d: setattr(d, "ImageType", ["ORIGINAL", "PRIMARY"]), "does not call itself reconstructed"),
        (lambda d: setattr(d, "NumberOfFrames", 9), "it holds 81920 bytes|does not count the slices of 9 frames"),
        (lambda d: setattr(d, "NumberOfFrames", 10**9), r"Number of Frames \(0028,0008\)"),
    ],
)
def test_a_spect_that_does_not_tell_its_place(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        read_folder(save(broken(change), tmp_path / "nm"))


def test_two_energy_windows_are_two_volumes(tmp_path):
    """Slices of the second window follow on those of the first, at the same places."""
    values = np.concatenate([counts((4, 64, 64)), counts((4, 64, 64))[:, ::-1]])
    dataset = nuclear_image(values)
    dataset.SliceVector, dataset.EnergyWindowVector = [1, 2, 3, 4] * 2, [1] * 4 + [2] * 4
    save(dataset, tmp_path / "nm")
    with pytest.raises(InputError, match=r"EnergyWindow 1 \(5/1\).*EnergyWindow 2 \(5/2\)"):
        read_folder(tmp_path / "nm")
    volume, source = read_folder(tmp_path / "nm", series="5/2")
    np.testing.assert_array_equal(volume.array, values[4:])
    assert source.frames == (5, 6, 7, 8)


def test_a_spect_ct_goes_the_whole_way(tmp_path, make, write_series):
    """`studies` finds the pair and prints the command, which fuses it; the export names the frames that it came from."""
    place = Place(tmp_path / "cli")
    study = place.folder / "study"
    save(nuclear_image(counts(), spacing=-4.0, origin=(-126.0, -126.0, -464.0)), study / "nm")
    save(nuclear_image(counts(), kind="TOMO"), study / "raw")
    volume = make(Modality.CT, shape=(8, 40, 40), spacing=(4.0, 4.0, 4.0), origin=(-80.0, -80.0, -500.0))
    volume = replace(volume, frame_of_reference=FRAME_OF_REFERENCE)
    write_series(volume, "ct", study=STUDY).rename(study / "ct")
    listed = place.run("studies", study)
    assert listed.returncode == 0, listed.stderr
    assert "1. CT 'CT test' + NM 'SPECT bone'" in listed.stdout
    assert "(is raw projections, from which slices have yet to be reconstructed (Image Type TOMO))" in listed.stdout
    (command,) = (line.split() for line in listed.stdout.splitlines() if line.strip().startswith("lcdfusion fuse"))
    result = place.run(*command[1:-1], place.out)
    assert result.returncode == 0, result.stderr
    report = json.loads((place.out / "report.json").read_text())
    assert report["inputs"]["function"]["dicom"]["modality"] == "NM"
    assert report["inputs"]["function"]["unit"] == "counts"
    fused = [pydicom.dcmread(path) for path in sorted((place.out / "dicom_color").iterdir())]
    sources = [{s.ReferencedFrameNumber for s in one.SourceImageSequence if "ReferencedFrameNumber" in s} for one in fused]
    assert sources == [{10 - k} for k in range(8)]
    assert "is raw projections" in refusal(place.run("fuse", study / "ct", study / "raw", "-o", place.folder / "other"))
