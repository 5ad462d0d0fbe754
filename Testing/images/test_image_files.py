"""Files: exact geometry there and back, and one sentence for every bad one."""

import gzip
import shutil
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import check_voxels, read_volume, write_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

OBLIQUE = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.2, 1.0, 0.3], [0.0, -0.3, 1.0]]))[0]
OBLIQUE *= np.sign(np.diag(OBLIQUE))  # columns point along i, j, k again; determinant 1


def volume(shape=(4, 5, 6), dtype=np.float32, direction=OBLIQUE, **attributes):
    array = np.random.default_rng(0).uniform(0, 200, (*shape,)).astype(dtype)
    return Volume(array, geometry_matrix((0.9765625, 1.1, 3.27), direction, (-250.123456789, 13.7, 900.25)), **attributes)


def save(array, path, *, is_vector=False):
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=is_vector), str(path))
    return path


# Round trips ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "tolerance"), [(".nrrd", 1e-9), (".nii.gz", 5e-5), (".nii", 5e-5)])
@pytest.mark.parametrize("hand", [1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8])
def test_volume_returns_as_it_was_written(tmp_path, suffix, tolerance, hand, dtype):
    written = volume(dtype=dtype, direction=OBLIQUE @ np.diag([1, 1, hand]))
    write_volume(written, tmp_path / f"volume{suffix}")
    read = read_volume(tmp_path / f"volume{suffix}")
    np.testing.assert_array_equal(read.array, written.array)
    assert read.array.dtype == dtype
    np.testing.assert_allclose(read.ijk_to_lps, written.ijk_to_lps, atol=tolerance)
    assert read.name == f"volume{suffix}"


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz"])
def test_colour_returns_as_it_was_written(tmp_path, suffix):
    written = volume((3, 4, 5, 3), np.uint8)
    write_volume(written, tmp_path / f"color{suffix}")
    read = read_volume(tmp_path / f"color{suffix}")
    assert read.is_color
    np.testing.assert_array_equal(read.array, written.array)


def test_nrrd_keeps_what_the_voxels_mean_and_says_what_it_is(tmp_path):
    path = tmp_path / "pet.nrrd"
    write_volume(volume(modality=Modality.PET, unit=Unit.SUVBW, name="FDG", frame_of_reference="1.2.3"), path)
    read = read_volume(path)
    assert (read.modality, read.unit, read.frame_of_reference) == (Modality.PET, Unit.SUVBW, "1.2.3")
    assert read_volume(path, modality=Modality.MR).unit is Unit.RELATIVE, "what the caller says comes first"
    assert "LCDFusion" in sitk.ReadImage(str(path)).GetMetaData("LCDFusion_note")
    assert b"encoding: gzip" in path.read_bytes()[:1000]


def test_nifti_says_what_it_is(tmp_path):
    write_volume(volume(), tmp_path / "gray.nii.gz")
    assert "not for diagnostic use" in sitk.ReadImage(str(tmp_path / "gray.nii.gz")).GetMetaData("descrip")


@pytest.mark.parametrize("dtype", [bool, np.float16])
def test_types_that_no_format_knows_are_widened(tmp_path, dtype):
    array = np.arange(24).reshape(2, 3, 4) % 2
    write_volume(Volume(array.astype(dtype), np.eye(4)), tmp_path / "mask.nrrd")
    np.testing.assert_array_equal(read_volume(tmp_path / "mask.nrrd").array, array)


def test_sheared_grid_stays_exact_in_nrrd_and_is_refused_as_nifti(tmp_path):
    tilted = volume(direction=np.array([[1, 0, 0], [0, 1, np.sin(0.3)], [0, 0, np.cos(0.3)]]), name="tilted")
    write_volume(tilted, tmp_path / "tilted.nrrd")
    np.testing.assert_allclose(read_volume(tmp_path / "tilted.nrrd").ijk_to_lps, tilted.ijk_to_lps, atol=1e-9)
    with pytest.raises(InputError, match=r"'tilted' is sheared .* write NRRD"):
        write_volume(tilted, tmp_path / "tilted.nii.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["tilted.nrrd"]


# Geometry and meaning of files from elsewhere -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "signs"),
    [("left-posterior-superior", (1, 1, 1)), ("right-anterior-superior", (-1, -1, 1)), ("LAS", (1, -1, 1))],
)
def test_nrrd_of_any_space_is_read_into_lps(tmp_path, space, signs):
    header = (
        f"NRRD0004\ntype: short\ndimension: 3\nspace: {space}\nsizes: 4 3 2\nspace directions: (1,0,0) (0,2,0) (0,0,3)\n"
        "space origin: (10,20,30)\nendian: little\nencoding: raw\n\n"
    )
    (tmp_path / "a.nrrd").write_bytes(header.encode() + np.arange(24, dtype="<i2").tobytes())
    matrix = read_volume(tmp_path / "a.nrrd").ijk_to_lps
    np.testing.assert_allclose(matrix, np.diag([*signs, 1]) @ geometry_matrix((1, 2, 3), np.eye(3), (10, 20, 30)))


def test_real_nrrd_is_where_the_same_series_as_dicom_is(shared_data):
    """STS_001 exists as NRRD and as DICOM; read here by GDCM, not by this library."""
    for name, series in (("ct.nrrd", "CT"), ("pet.nrrd", "PET"), ("mr_t1.nrrd", "MR_T1")):
        read = read_volume(shared_data / "pet-ct-mr-sarcoma" / "STS_001" / name)
        folder = str(shared_data / "dicom" / "STS_001" / series)
        image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
        assert read.shape == image.GetSize()[::-1]
        np.testing.assert_allclose(
            read.ijk_to_lps,
            geometry_matrix(np.array(image.GetSpacing()), np.array(image.GetDirection()), np.array(image.GetOrigin())),
            atol=1e-4,
        )


def test_volume_with_air_is_ct_and_nothing_else_is_guessed(tmp_path):
    """A resampled CT has values between the whole numbers and is CT all the same."""
    ct = np.random.default_rng(0).integers(-1000, 1000, (3, 4, 5)).astype(np.int16)
    for name, array in (("ct", ct), ("resampled", ct + np.float32(0.5))):
        read = read_volume(save(array, tmp_path / f"{name}.nrrd"))
        assert (read.modality, read.unit) == (Modality.CT, Unit.HU)
    read = read_volume(save(np.abs(ct), tmp_path / "mr.nrrd"))
    assert (read.modality, read.unit) == (Modality.OTHER, Unit.RELATIVE)


def test_a_fused_volume_and_a_picture_are_told_apart_from_a_patients_volume(tmp_path):
    gray = np.random.default_rng(0).random((3, 20, 20), np.float32)
    write_volume(Volume(gray, np.eye(4), is_fused=True), tmp_path / "fused.nrrd")
    assert read_volume(tmp_path / "fused.nrrd").is_fused
    assert not read_volume(save(gray, tmp_path / "mr.nrrd")).is_fused
    sitk.WriteImage(sitk.GetImageFromArray((255 * gray[0]).astype(np.uint8)), str(tmp_path / "slice.png"))
    assert not read_volume(tmp_path / "slice.png").in_patient_space
    assert read_volume(tmp_path / "mr.nrrd").in_patient_space


@pytest.mark.parametrize(
    ("told", "understood"),
    [
        ({"modality": Modality.CT}, (Modality.CT, Unit.HU)),
        ({"modality": Modality.PET}, (Modality.PET, Unit.RELATIVE)),
        ({"unit": Unit.SUVBW}, (Modality.PET, Unit.SUVBW)),
        ({"unit": Unit.HU}, (Modality.CT, Unit.HU)),
        ({"modality": Modality.PET, "unit": Unit.SUVBW}, (Modality.PET, Unit.SUVBW)),
    ],
)
def test_what_the_caller_says_is_taken(tmp_path, told, understood):
    read = read_volume(save(np.arange(24, dtype=np.float32).reshape(2, 3, 4), tmp_path / "a.nrrd"), **told)
    assert (read.modality, read.unit) == understood


def test_nifti_beside_its_unpacked_namesake_is_not_mistaken_for_it(tmp_path):
    """ITK alone takes the voxels of pet.nii for those of pet.nii.gz."""
    packed = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    save(packed, tmp_path / "pet.nii.gz")
    save(-packed, tmp_path / "pet.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "pet.nii.gz").array, packed)
    np.testing.assert_array_equal(read_volume(tmp_path / "pet.nii").array, -packed)


# Pictures -----------------------------------------------------------------------------------------------------------------------------


def test_gray_picture_is_a_volume_of_one_slice(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)
    read = read_volume(save(picture, tmp_path / "mr.png"), modality=Modality.MR)
    assert (read.shape, read.modality, read.unit) == ((1, 5, 7), Modality.MR, Unit.RELATIVE)
    np.testing.assert_array_equal(read.array[0], picture)
    np.testing.assert_array_equal(read.ijk_to_lps, np.eye(4))


@pytest.mark.parametrize("alpha", [False, True])
def test_colour_picture_keeps_its_colour(tmp_path, alpha):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    picture[..., 3] = 255
    read = read_volume(save(picture if alpha else picture[..., :3], tmp_path / "pet.png", is_vector=True))
    assert read.is_color
    np.testing.assert_array_equal(read.array[0], picture[..., :3])


def test_gray_picture_saved_as_rgb_is_gray(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)
    read = read_volume(save(np.stack([picture] * 3, axis=-1), tmp_path / "mr.png", is_vector=True))
    np.testing.assert_array_equal(read.array[0], picture)


def test_jpeg_is_read(tmp_path):
    picture = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (32, 1))
    read = read_volume(save(picture, tmp_path / "mr.JPG"))
    assert np.abs(read.array[0].astype(int) - picture).max() < 10


def test_pair_of_the_brain_atlas(shared_data):
    folder = shared_data / "brain-atlas" / "PET-MRI"
    name = sorted(path.name for path in (folder / "PET").iterdir())[0]
    pet, mr = read_volume(folder / "PET" / name, modality=Modality.PET), read_volume(folder / "MRI" / name, modality=Modality.MR)
    assert pet.is_color
    assert not mr.is_color
    assert pet.same_grid(mr)


# Bad input ----------------------------------------------------------------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match=r"no file '.*ct\.nrrd'"):
        read_volume(tmp_path / "ct.nrrd")
    with pytest.raises(InputError, match="is a folder"):
        read_volume(tmp_path)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.png", "a.jpg"])
@pytest.mark.parametrize("content", [b"Dear colleague, " * 50, np.random.default_rng(0).bytes(4000)], ids=["text", "noise"])
def test_file_that_is_no_image(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"'.*{name}' cannot be read as an image"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz", "a.mhd", "a.png"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=rf"'.*{name}' is empty"):
        read_volume(tmp_path / name)


def test_file_of_another_kind(tmp_path):
    (tmp_path / "slice1.dcm").write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(InputError, match=r"slice1\.dcm' is no NRRD, .* folder of a DICOM series"):
        read_volume(tmp_path / "slice1.dcm")


@pytest.mark.parametrize(
    ("name", "content", "converter"),
    [
        ("brain.mgz", b"\x1f\x8b" + bytes(50), "mri_convert"),
        ("brain.MGH", bytes(50), "mri_convert"),
        ("pet.hv", b"!INTERFILE :=\n", "medcon"),
        ("pet.hdr", b"!INTERFILE :=\n", "medcon"),
        ("pet.v", b"MATRIX72v" + bytes(500), "ecatpet2bids"),
        ("pet.img", b"MATRIX72v" + bytes(500), "ecatpet2bids"),
        ("mr.mnc", b"\x89HDF\r\n\x1a\n", "mnc2nii"),
        ("mr.PAR", b"# === DATA", "dcm2niix"),
        ("mr+orig.HEAD", b"type = string", "3dAFNItoNIFTI"),
        ("stack.tif", b"II*\0", "ImageJ"),
    ],
)
def test_foreign_formats_are_named_with_a_converter(tmp_path, name, content, converter):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=converter):
        read_volume(tmp_path / name)


@pytest.mark.parametrize("part", [0.05, 0.5, 0.98])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.png"])
def test_file_that_is_cut_short(tmp_path, name, part):
    rng = np.random.default_rng(0)
    whole = save(rng.integers(0, 255, (64, 64)).astype(np.uint8) if name == "a.png" else rng.normal(size=(8, 32, 32)), tmp_path / name)
    content = whole.read_bytes()
    whole.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match="cut short"):
        read_volume(whole)


def test_packed_nifti_that_was_changed_on_the_way(tmp_path):
    path = save(np.random.default_rng(0).normal(size=(8, 32, 32)), tmp_path / "a.nii.gz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_volume(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
def test_four_dimensions(tmp_path, suffix):
    save(np.random.default_rng(0).normal(size=(2, 3, 4, 5)), tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match=r"4 dimensions \(5 x 4 x 3 x 2\)"):
        read_volume(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
@pytest.mark.parametrize(("components", "dtype"), [(3, np.float32), (2, np.int16), (6, np.uint8)])
def test_vector_voxels(tmp_path, suffix, components, dtype):
    save(np.arange(24 * components).reshape(2, 3, 4, components).astype(dtype), tmp_path / f"a{suffix}", is_vector=True)
    with pytest.raises(InputError, match=f"{components} values in each voxel"):
        read_volume(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
def test_complex_voxels(tmp_path, suffix):
    save((np.arange(24) * 1j).reshape(2, 3, 4).astype(np.complex64), tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match=r"complex voxels|2 values in each voxel"):
        read_volume(tmp_path / f"a{suffix}")


def test_transparent_picture(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    with pytest.raises(InputError, match="transparent"):
        read_volume(save(picture, tmp_path / "a.png", is_vector=True))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers(tmp_path, value):
    array = np.random.default_rng(0).normal(size=(3, 4, 5))
    array[1, 2, 3] = array[0, 0, 0] = value
    with pytest.raises(InputError, match=r"'a\.nrrd' has 2 voxels that are no numbers"):
        read_volume(save(array, tmp_path / "a.nrrd"))


def test_constant_voxels(tmp_path):
    with pytest.raises(InputError, match=r"'a\.nrrd' has the same value in every voxel"):
        read_volume(save(np.full((3, 4, 5), 7, dtype=np.int16), tmp_path / "a.nrrd"))
    check_voxels(Volume(np.array([[[0, 1]]]), np.eye(4)))


# Writing that goes wrong --------------------------------------------------------------------------------------------------------------


def test_folder_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="choose another folder"):
        write_volume(volume(), tmp_path / "missing" / "a.nrrd")


def test_suffix_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"\.nrrd, \.nii, \.nii\.gz"):
        write_volume(volume(), tmp_path / "a.mha")


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".nii"])
def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, suffix):
    """In a process whose files may not grow beyond 20 kB, which stands for a full disk."""
    path = tmp_path / f"a{suffix}"
    write_volume(volume(), path)
    before = path.read_bytes()
    code = f"""
import numpy as np, resource, signal
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Volume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_volume(Volume(np.random.default_rng(0).normal(size=(8, 64, 64)), np.eye(4)), {str(path)!r})
except InputError as error:
    print("InputError:", error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("InputError:")
    assert "make room on the disk" in run.stdout
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_existing_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"old")
    write_volume(volume(), path)
    assert list(tmp_path.iterdir()) == [path]
    assert gzip.decompress(path.read_bytes())
    shutil.copy(path, tmp_path / "copy.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "copy.nii.gz").array, volume().array)
