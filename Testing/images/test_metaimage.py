"""MetaImage against ITK's own reader and writer."""

import re
import zlib

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.volume import Place

ARRAY = np.random.default_rng(0).integers(-1000, 1000, (7, 6, 5)).astype(np.int16)  # k, j, i
TURN = Rotation.from_euler("xyz", [10, -20, 30], degrees=True).as_matrix()


def save(path, array=ARRAY, *, direction=TURN, packed=False, is_vector=False):
    image = sitk.GetImageFromArray(array, isVector=is_vector)
    image.SetSpacing((1.5, 2, 3))
    image.SetOrigin((-30, 40, 50))
    image.SetDirection(direction.ravel())
    sitk.WriteImage(image, str(path), packed)
    return path


def changed(path, **fields):
    """With other header lines; None takes a line away."""
    content = path.read_bytes()
    for name, value in fields.items():
        line = f"{name} = {value}\n".encode() if value is not None else b""
        content, found = re.subn(rf"(?m)^{name} = .*\n".encode(), line, content, count=1)
        if not found:
            content = content.replace(b"ElementSpacing", line + b"ElementSpacing", 1)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_what_itk_writes(tmp_path, suffix, packed, dtype):
    array = np.abs(ARRAY % 100).astype(dtype)
    read, itk = read_volume(save(tmp_path / f"a{suffix}", array, packed=packed)), sitk.ReadImage(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read.array, sitk.GetArrayFromImage(itk))
    assert read.array.dtype == np.dtype(dtype)
    np.testing.assert_allclose(read.direction.ravel(), itk.GetDirection(), atol=1e-6)
    np.testing.assert_allclose([*read.spacing, *read.origin], [*itk.GetSpacing(), *itk.GetOrigin()], atol=1e-6)
    assert read.place is Place.PATIENT
    assert not read.notes


def test_colour(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read_volume(save(tmp_path / "a.mha", array, is_vector=True)).array, array)


def test_big_endian_and_words(tmp_path):
    for name, fields, voxels in (
        ("big", {"BinaryDataByteOrderMSB": "True"}, ARRAY.astype(">i2").tobytes()),
        ("words", {"BinaryData": "False"}, " ".join(map(str, [*ARRAY.ravel(), ""])).encode()),
    ):
        path = changed(save(tmp_path / f"{name}.mha"), **fields)
        path.write_bytes(path.read_bytes().partition(b"LOCAL\n")[0] + b"LOCAL\n" + voxels)
        np.testing.assert_array_equal(read_volume(path).array, ARRAY)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(path)), ARRAY)


def test_voxels_behind_another_header(tmp_path):
    save(tmp_path / "a.mhd")
    voxels = tmp_path / "a.raw"
    voxels.write_bytes(b"x" * 100 + voxels.read_bytes())
    for size in (100, -1):
        changed(tmp_path / "a.mhd", HeaderSize=size)
        np.testing.assert_array_equal(read_volume(tmp_path / "a.mhd").array, ARRAY)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "a.mhd")), ARRAY)


def test_other_names_of_the_same_things(tmp_path):
    path = save(tmp_path / "a.mha")
    path.write_bytes(path.read_bytes().replace(b"TransformMatrix", b"Rotation", 1).replace(b"Offset", b"Position", 1))
    read, itk = read_volume(path), sitk.ReadImage(path)
    np.testing.assert_allclose([*read.direction.ravel(), *read.origin], [*itk.GetDirection(), *itk.GetOrigin()], atol=1e-6)


@pytest.mark.parametrize("letters", ["RAI", "LPS", "???", "rai"])
def test_orientation_that_fits_the_matrix(tmp_path, letters):
    """ITK writes where the axes come from, the format's text says where they go to: both fit."""
    assert not read_volume(changed(save(tmp_path / "a.mha"), AnatomicalOrientation=letters)).notes


@pytest.mark.parametrize(("letters", "turn"), [("LAS", TURN), ("RPI", TURN), ("ASL", TURN), ("RAI", np.diag([-1.0, -1, 1]))])
def test_orientation_that_contradicts_the_matrix(tmp_path, letters, turn):
    """The matrix counts, as for ITK, and it is said."""
    path = changed(save(tmp_path / "a.mha", direction=turn), AnatomicalOrientation=letters)
    read = read_volume(path)
    assert f"AnatomicalOrientation {letters} contradicts its TransformMatrix" in read.notes[0]
    np.testing.assert_allclose(read.direction.ravel(), sitk.ReadImage(path).GetDirection(), atol=1e-6)


def test_centre_of_rotation(tmp_path):
    path = changed(save(tmp_path / "a.mha"), CenterOfRotation="100 0 0")
    read = read_volume(path)
    assert re.search(r"its CenterOfRotation, which would move it by \d\d\.\d mm, was left aside, as ITK does", read.notes[0])
    np.testing.assert_allclose(read.origin, sitk.ReadImage(path).GetOrigin(), atol=1e-6)
    assert not read_volume(changed(save(tmp_path / "b.mha", direction=np.eye(3)), CenterOfRotation="100 0 0")).notes


@pytest.mark.parametrize("missing", [["TransformMatrix"], ["Offset"], ["TransformMatrix", "Offset"]])
def test_file_that_does_not_say_where_it_lies(tmp_path, missing):
    read = read_volume(changed(save(tmp_path / "a.mha"), **dict.fromkeys(missing)))
    assert read.place is Place.UNSAID
    np.testing.assert_allclose(read.spacing, [1.5, 2, 3])
    k, j, i = read.shape
    np.testing.assert_allclose(read.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, (k - 1) / 2, 1], [0, 0, 0, 1], atol=1e-9)


def test_slice_without_a_height(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY[0]), str(tmp_path / "a.mha"))
    read = read_volume(tmp_path / "a.mha")
    np.testing.assert_array_equal(read.array[0], ARRAY[0])
    assert read.place is Place.UNSAID


@pytest.mark.parametrize(
    "fields",
    [
        {"ElementSpacing": "nan 1 1"},
        {"ElementSpacing": "1 1 1e30"},
        {"ElementSpacing": "1 1e-5 1"},
        {"ElementSpacing": "1 1 0"},
        {"ElementSpacing": "1 1 -1"},
        {"ElementSpacing": "1 1"},
        {"Offset": "0 0 nan"},
        {"Offset": "0 0 1e30"},
        {"TransformMatrix": "1 0 0 1 0 0 0 0 1"},
        {"TransformMatrix": "0 0 0 0 0 0 0 0 0"},
        {"TransformMatrix": "5 0 0 0 1 0 0 0 1"},
        {"TransformMatrix": "1 0 0 0 1 0 0 0 inf"},
        {"CenterOfRotation": "nan 0 0"},
        {"DimSize": "5 6 8"},
        {"DimSize": "5 6 -7"},
        {"DimSize": "5 6"},
        {"DimSize": "99999999 99999999 99999999"},
        {"NDims": "x"},
        {"ElementType": "MET_STRING"},
        {"ElementNumberOfChannels": "2"},
        {"CompressedData": "maybe"},
        {"CompressedData": "True"},
        {"BinaryDataByteOrderMSB": "2"},
        {"HeaderSize": "3"},
        {"HeaderSize": "-5"},
        {"ObjectType": "Tube"},
        {"DistanceUnits": "inch"},
    ],
)
def test_header_that_cannot_be(tmp_path, fields):
    with pytest.raises(InputError, match=r"'.*a\.mha' cannot be read as an image because"):
        read_volume(changed(save(tmp_path / "a.mha"), **fields))


@pytest.mark.parametrize("fields", [{"ElementToIntensityFunctionSlope": 2}, {"ElementToIntensityFunctionOffset": -1024}])
def test_values_that_most_programs_would_not_scale(tmp_path, fields):
    path = changed(save(tmp_path / "a.mha"), **fields)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(path)), ARRAY)
    with pytest.raises(InputError, match="are to be scaled"):
        read_volume(path)


@pytest.mark.parametrize("line", [b"Offset = 1 2 3\n", b"Position = 1 2 3\n", b"Comment = \x00\n", b"no equal sign\n"])
def test_header_that_two_readers_could_read_differently(tmp_path, line):
    path = save(tmp_path / "a.mha")
    path.write_bytes(path.read_bytes().replace(b"ElementSpacing", line + b"ElementSpacing", 1))
    with pytest.raises(InputError, match="because its header"):
        read_volume(path)


@pytest.mark.parametrize("place", ["LIST", "a%03d.raw 1 7 1", "b.raw"])
def test_voxels_in_other_files(tmp_path, place):
    path = changed(save(tmp_path / "a.mhd"), ElementDataFile=place)
    with pytest.raises(InputError, match=r"lie in several files|not there: copy it too"):
        read_volume(path)
    with pytest.raises(InputError, match="names another file that does"):
        read_volume(path, self_contained=True)


def test_packed_voxels_with_a_wrong_length(tmp_path):
    path = save(tmp_path / "a.mha", packed=True)
    head, _, packed = path.read_bytes().partition(b"LOCAL\n")
    path.write_bytes(re.sub(rb"CompressedDataSize = \d+\n", b"", head) + b"LOCAL\n" + packed)
    np.testing.assert_array_equal(read_volume(path).array, ARRAY)
    for content in (zlib.compress(ARRAY.tobytes() + b"xx"), zlib.compress(ARRAY.tobytes()[:-2]), packed + b"more"):
        path.write_bytes(re.sub(rb"CompressedDataSize = \d+\n", b"", head) + b"LOCAL\n" + content)
        with pytest.raises(InputError, match="voxels"):
            read_volume(path)
