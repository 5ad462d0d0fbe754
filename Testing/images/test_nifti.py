"""NIfTI: every part of the header that places voxels or gives them values, against nibabel and nifti1.h."""

import gzip
import re

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.volume import Modality, Place, Volume

ARRAY = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7)).astype(np.int16)  # i, j, k
TURN = Rotation.from_euler("xyz", [10, -20, 30], degrees=True).as_matrix()
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine(rotation=TURN, spacing=(1.5, 2.0, 3.0), origin=(-30.0, 40.0, 50.0)):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(spacing)
    matrix[:3, 3] = origin
    return matrix


def save(path, array=ARRAY, *, sform=None, sform_code=0, qform=None, qform_code=0, order="<", change=None):
    """A file whose header nibabel writes, and `change` spoils."""
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_shape(array.shape)
    header.set_data_dtype(array.dtype)
    header["pixdim"][1:4] = 1.5, 2.0, 3.0
    if qform is not None:
        header.set_qform(qform, 1)
    header["qform_code"] = qform_code
    if sform is not None:
        header["srow_x"], header["srow_y"], header["srow_z"] = sform[:3]
    header["sform_code"] = sform_code
    header["vox_offset"] = 352
    header["scl_slope"] = 1
    if change:
        change(header)
    content = header.structarr.tobytes() + bytes(4) + array.astype(array.dtype.newbyteorder(order)).tobytes(order="F")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def check(path, *, place=Place.PATIENT):
    """Voxels, values and place are nibabel's."""
    read, truth = read_volume(path), nibabel.load(path)
    np.testing.assert_allclose(read.array.T, np.asarray(truth.dataobj).squeeze(), rtol=1e-6)
    np.testing.assert_allclose(LPS @ read.ijk_to_lps, truth.affine, atol=2e-4)
    assert read.place is place
    return read


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (4, 0), (5, 3)])
def test_sform_and_qform(tmp_path, codes, suffix, order):
    turned = affine()
    read = check(save(tmp_path / f"a{suffix}", sform=turned, sform_code=codes[0], qform=turned, qform_code=codes[1], order=order))
    assert bool(read.notes) == (codes[0] >= 3 or (codes[0] == 0 and codes[1] >= 3))  # an atlas is no scanner


@pytest.mark.parametrize("angles", [(180, 0, 0), (0, 180, 0), (0, 0, 180), (90, 0, 0), (0, -90, 0), (179.99, 0.01, 3), (0, 0, 0)])
@pytest.mark.parametrize("mirror", [1, -1])
def test_qform_in_every_direction(tmp_path, angles, mirror):
    turned = affine(Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * [1, 1, mirror])
    check(save(tmp_path / "a.nii", qform=turned, qform_code=1))


def test_sform_counts_where_the_qform_lies_elsewhere(tmp_path):
    """Coregistered to another image: the sform moved, the qform stayed where the scanner had it."""
    read = check(save(tmp_path / "a.nii", sform=affine(origin=(5, 40, 50)), sform_code=2, qform=affine(), qform_code=1))
    assert len(read.notes) == 1
    assert re.search(r"'a\.nii': its sform and qform put it up to 35\.0 mm apart; the sform was used", read.notes[0])


def test_half_a_voxel_apart_is_rounding(tmp_path):
    assert not check(save(tmp_path / "a.nii", sform=affine(origin=(-30.3, 40, 50)), sform_code=1, qform=affine(), qform_code=1)).notes


def test_sheared_sform_beside_a_straight_qform(tmp_path):
    """A tilted gantry through dcm2niix: both of code 1."""
    sheared = affine(np.eye(3))
    sheared[1, 2] = 3 * np.tan(np.radians(15))
    read = check(save(tmp_path / "a.nii", sform=sheared, sform_code=1, qform=affine(np.eye(3)), qform_code=1))
    assert "put it up to 4.8 mm apart" in read.notes[0]
    assert not check(save(tmp_path / "b.nii", sform=sheared, sform_code=1)).notes


def test_stale_pixdim_beside_a_true_sform(tmp_path):
    def stale(header):
        header["pixdim"][1:4] = 1, 1, 1

    read = check(save(tmp_path / "a.nii", sform=affine(), sform_code=1, change=stale))
    assert "its pixdim says voxels of 1 x 1 x 1 mm and its sform of 1.5 x 2 x 3 mm; the sform was used" in read.notes[0]


def test_image_without_affine_that_got_an_sform(tmp_path):
    image = nibabel.Nifti1Image(ARRAY, None)
    image.set_sform(affine(spacing=(6, 6, 6)), 2)
    nibabel.save(image, tmp_path / "a.nii")
    read = read_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(LPS @ read.ijk_to_lps, affine(spacing=(6, 6, 6)), atol=1e-5)
    assert read.notes


@pytest.mark.parametrize("value", [0, -1.5, np.nan, np.inf])
def test_pixdim_that_is_no_distance(tmp_path, value):
    def spoil(header):
        header["pixdim"][1] = value

    with pytest.raises(InputError, match="pixdim holds no distances"):
        read_volume(save(tmp_path / "q.nii", qform=affine(), qform_code=1, change=spoil))
    with pytest.raises(InputError, match="pixdim holds no distances"):
        read_volume(save(tmp_path / "none.nii", change=spoil))
    read = check_sform_alone(save(tmp_path / "s.nii", sform=affine(), sform_code=1, qform=affine(), qform_code=1, change=spoil))
    assert "its sform was used, because its pixdim holds no distances" in read.notes[0]


def check_sform_alone(path):
    read = read_volume(path)
    np.testing.assert_allclose(LPS @ read.ijk_to_lps, affine(), atol=1e-5)
    return read


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, 0])
def test_sform_that_is_no_place(tmp_path, value):
    def spoil(header):
        header["srow_x"] = value

    with pytest.raises(InputError, match="because its sform"):
        read_volume(save(tmp_path / "a.nii", sform=affine(), sform_code=1, change=spoil))


@pytest.mark.parametrize("field", ["quatern_b", "qoffset_x"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_qform_that_is_no_place(tmp_path, field, value):
    def spoil(header):
        header[field] = value

    with pytest.raises(InputError, match="because its qform"):
        read_volume(save(tmp_path / "a.nii", qform=affine(), qform_code=1, change=spoil))


@pytest.mark.parametrize("codes", [(-1, 0), (9, 1), (0, 200)])
def test_codes_that_do_not_exist(tmp_path, codes):
    with pytest.raises(InputError, match="sform and qform codes"):
        read_volume(save(tmp_path / "a.nii", sform=affine(), sform_code=codes[0], qform=affine(), qform_code=codes[1]))


@pytest.mark.parametrize("qfac", [0, 1, -1, 5])
def test_qfac(tmp_path, qfac):
    def change(header):
        header["pixdim"][0] = qfac

    path = save(tmp_path / "a.nii", qform=affine(), qform_code=1, change=change)
    np.testing.assert_allclose(
        LPS @ read_volume(path).ijk_to_lps, affine() * [1, 1, -1 if qfac < 0 else 1, 1], atol=1e-5
    )  # nifti1.h: it is 1 unless it is below 0


def test_file_that_says_nothing_of_its_place(tmp_path):
    """Codes 0 and 0: centred, as nibabel and SPM take it, and nothing is claimed of it."""
    assert not check(save(tmp_path / "a.nii"), place=Place.UNSAID).in_patient_space


@pytest.mark.parametrize(("units", "factor"), [("meter", 1000), ("micron", 0.001), ("mm", 1), (None, 1)])
def test_units_of_length(tmp_path, units, factor):
    def change(header):
        header["xyzt_units"] = {"meter": 1, "mm": 2, "micron": 3, None: 0}[units] | 8  # seconds

    path = save(tmp_path / "a.nii", sform=np.diag([1 / factor] * 3 + [1]) @ affine(), sform_code=1, change=change)
    read = read_volume(path)
    np.testing.assert_allclose(LPS @ read.ijk_to_lps, affine(), rtol=1e-5)
    assert ("converted to mm" in " ".join(read.notes)) == (factor != 1)


def test_unit_that_nobody_can_have_meant(tmp_path):
    """Micrometres on a whole head: the header of a careless program."""
    with pytest.raises(InputError, match=r"puts its voxels 0\.0015 x .* mm apart"):
        read_volume(save(tmp_path / "a.nii", sform=affine(), sform_code=1, change=lambda header: header.set_xyzt_units("micron")))


@pytest.mark.parametrize(("slope", "shift"), [(2.5, -1024), (1, -1024), (0, -1024), (np.nan, np.nan), (np.inf, 0), (-1, 0), (1, 0)])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_scaling_of_values(tmp_path, slope, shift, dtype):
    def change(header):
        header["scl_slope"], header["scl_inter"] = slope, shift

    check(save(tmp_path / "a.nii", np.abs(ARRAY).astype(dtype), sform=affine(), sform_code=1, change=change))


def test_scaling_by_what_is_no_number(tmp_path):
    def change(header):
        header["scl_slope"], header["scl_inter"] = 2, np.nan

    with pytest.raises(InputError, match="scl_inter is nan"):
        read_volume(save(tmp_path / "a.nii", sform=affine(), sform_code=1, change=change))


@pytest.mark.parametrize("shape", [(5, 6, 7, 1), (5, 6, 7, 1, 1), (5, 6, 1), (5, 6), (5, 6, 7, 1, 1, 1, 1)])
def test_axes_of_one(tmp_path, shape):
    array = ARRAY[:, :, : 7 if len(shape) > 2 and shape[2] == 7 else 1].reshape(shape)
    read = read_volume(save(tmp_path / "a.nii", array, sform=affine(), sform_code=1))
    np.testing.assert_array_equal(read.array.T, array.reshape(5, 6, -1))
    np.testing.assert_allclose(LPS @ read.ijk_to_lps, affine(), atol=1e-5)


@pytest.mark.parametrize(("shape", "words"), [((5, 6, 7, 2), r"5 x 6 x 7 x 2"), ((5, 6, 1, 7), "5 x 6 x 1 x 7")])
def test_several_time_points(tmp_path, shape, words):
    array = np.resize(ARRAY, shape)
    with pytest.raises(InputError, match=words):
        read_volume(save(tmp_path / "a.nii", array, sform=affine(), sform_code=1))


@pytest.mark.parametrize("dim", [[3, 0, 6, 7], [3, -5, 6, 7], [0, 5, 6, 7], [8, 5, 6, 7], [-3, 5, 6, 7]])
def test_impossible_dimensions(tmp_path, dim):
    def spoil(header):
        header["dim"][:4] = dim

    with pytest.raises(InputError, match="impossible dimensions"):
        read_volume(save(tmp_path / "a.nii", sform=affine(), sform_code=1, change=spoil))


def test_pair_of_files(tmp_path):
    image = nibabel.Nifti1Pair(ARRAY, affine())
    nibabel.save(image, tmp_path / "a.hdr")
    for name in ("a.hdr", "a.img"):
        read = read_volume(tmp_path / name)
        np.testing.assert_array_equal(read.array.T, ARRAY)
        np.testing.assert_allclose(LPS @ read.ijk_to_lps, affine(), atol=1e-5)
    (tmp_path / "a.img").unlink()
    with pytest.raises(InputError, match=r"half of a pair: put 'a\.img' beside it"):
        read_volume(tmp_path / "a.hdr")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_colour_is_what_other_programs_show_in_colour(tmp_path, suffix):
    """RGB24, as dcm2niix writes it: nibabel's structured type, SimpleITK's RGB."""
    array = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3)).astype(np.uint8)
    write_volume(Volume(array, LPS @ affine()), tmp_path / f"a{suffix}")
    image = nibabel.load(tmp_path / f"a{suffix}")
    assert (image.header["datatype"], image.header["bitpix"], image.ndim) == (128, 24, 3)
    np.testing.assert_array_equal(np.stack([np.asarray(image.dataobj)[c] for c in "RGB"], axis=-1).transpose(2, 1, 0, 3), array)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / f"a{suffix}")), array)
    np.testing.assert_array_equal(read_volume(tmp_path / f"a{suffix}").array, array)


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("angles", [(10, -20, 30), (180, 0, 0), (0, 180, 5), (0, 0, 0), (170, -20, 30), (0, 0, 90)])
def test_written_place(tmp_path, mirror, angles):
    """sform and qform alike, so that ITK, which takes the other one, agrees with nibabel."""
    to_ras = affine(Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * [1, 1, mirror])
    write_volume(Volume(np.ascontiguousarray(ARRAY.T), LPS @ to_ras, Modality.MR), tmp_path / "a.nii")
    image = nibabel.load(tmp_path / "a.nii")
    np.testing.assert_array_equal(np.asarray(image.dataobj), ARRAY)
    for form, code in (image.get_sform(coded=True), image.get_qform(coded=True)):
        np.testing.assert_allclose(form, to_ras, atol=1e-4)
        assert code == 1
    itk = sitk.ReadImage(tmp_path / "a.nii")
    np.testing.assert_allclose(np.array(itk.GetDirection()).reshape(3, 3) * itk.GetSpacing(), (LPS @ to_ras)[:3, :3], atol=1e-4)
    assert not read_volume(tmp_path / "a.nii").notes


def test_fused_nifti_is_known_again(tmp_path):
    gray = np.random.default_rng(0).uniform(size=(4, 8, 8)).astype(np.float32)
    for is_fused in (True, False):
        write_volume(Volume(gray, np.eye(4), is_fused=is_fused), tmp_path / "a.nii.gz")
        assert read_volume(tmp_path / "a.nii.gz").is_fused is is_fused


def test_other_versions_are_named_with_a_converter(tmp_path):
    nibabel.save(nibabel.Nifti2Image(ARRAY, affine()), tmp_path / "two.nii")
    with pytest.raises(InputError, match=r"NIfTI-2: convert it .* mri_convert"):
        read_volume(tmp_path / "two.nii")
    nibabel.save(nibabel.AnalyzeImage(ARRAY, np.diag([-2, 2, 2, 1])), tmp_path / "old.hdr")
    for name in ("old.hdr", "old.img"):
        with pytest.raises(InputError, match=r"Analyze 7\.5, .* dcm2niix"):
            read_volume(tmp_path / name)
