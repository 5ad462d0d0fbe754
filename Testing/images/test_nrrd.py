"""NRRD: what its header can say of place, units, kinds and encodings, against pynrrd and the format's text."""

import bz2
import gzip

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume

ARRAY = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7)).astype(np.int16)  # i, j, k
TURN = Rotation.from_euler("xyz", [10, -20, 30], degrees=True).as_matrix()
STEPS = TURN * [1.5, 2.0, 3.0]  # columns
ORIGIN = np.array([-30.0, 40.0, 50.0])


def save(path, array=ARRAY, *, space="left-posterior-superior", steps=STEPS, origin=ORIGIN, **fields):
    header = {"space": space, "space directions": None if steps is None else steps.T, "space origin": origin, **fields}
    nrrd.write(str(path), array, {key: value for key, value in header.items() if value is not None}, compression_level=1)
    return path


def lines(path, *fields, content=None, array=ARRAY):
    """A file of header lines; a field that is given takes the place of the usual one."""
    usual = {
        "type": "short",
        "dimension": str(array.ndim),
        "sizes": " ".join(map(str, array.shape)),
        "space": "left-posterior-superior",
        "space directions": " ".join("(" + ",".join(map(str, step)) + ")" for step in STEPS.T),
        "space origin": "(-30,40,50)",
        "endian": "little",
        "encoding": "raw",
    }
    for field in fields:
        name, _, value = field.partition(": ")
        usual.pop(name, None) if value == "" else usual.update({name: value})
    text = "NRRD0005\n" + "".join(f"{name}: {value}\n" for name, value in usual.items()) + "\n"
    path.write_bytes(text.encode() + (array.tobytes(order="F") if content is None else content))
    return path


def matrix(steps=STEPS, origin=ORIGIN):
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = steps, origin
    return whole


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", ">i2", ">f4", ">u4"])
def test_types_and_encodings(tmp_path, encoding, dtype):
    array = np.abs(ARRAY % 100).astype(dtype)
    read = read_volume(save(tmp_path / "a.nrrd", array, encoding=encoding))
    np.testing.assert_array_equal(read.array.T, array)
    np.testing.assert_allclose(read.ijk_to_lps, matrix(), atol=1e-9)
    assert read.array.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize(
    "name",
    [
        *("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t", "float", "double"),
        *("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
        *("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
        *("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t"),
        *("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
        *("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    ],
)
def test_every_name_of_a_type(tmp_path, name):
    """As the format's text spells them, and pynrrd reads them."""
    content = np.random.default_rng(1).integers(0, 100, 8 * ARRAY.size, dtype=np.uint8).tobytes()
    width = nrrd.reader._TYPEMAP_NRRD2NUMPY[name]
    path = lines(tmp_path / "a.nrrd", f"type: {name}", content=content[: np.dtype(width).itemsize * ARRAY.size])
    expected, _ = nrrd.read(str(path))
    read = read_volume(path)
    np.testing.assert_array_equal(read.array.T, expected)
    assert read.array.dtype == expected.dtype.newbyteorder("=")


@pytest.mark.parametrize("name", ["a.nhdr"])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_detached_header(tmp_path, name, encoding):
    read = read_volume(save(tmp_path / name, encoding=encoding))
    np.testing.assert_array_equal(read.array.T, ARRAY)
    with pytest.raises(InputError, match="names another file that does"):
        read_volume(tmp_path / name, self_contained=True)
    next(file for file in tmp_path.iterdir() if file.suffix != ".nhdr").unlink()
    with pytest.raises(InputError, match="which is not there: copy it too"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("las", (1, -1, 1)),
    ],
)
def test_spaces_of_a_patient(tmp_path, space, signs):
    read = read_volume(save(tmp_path / "a.nrrd", space=space))
    np.testing.assert_allclose(read.ijk_to_lps, np.diag([*signs, 1]) @ matrix(), atol=1e-9)
    assert read.place is Place.PATIENT
    if signs != (1, -1, 1) or space == "left-anterior-superior":
        itk = sitk.ReadImage(tmp_path / "a.nrrd")
        np.testing.assert_allclose(read.origin, itk.GetOrigin(), atol=1e-6)


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-right-handed", "3D-left-handed"])
def test_spaces_without_a_patient(tmp_path, space):
    """Coordinates, but no sides: what of it is left or right is for nobody to say."""
    read = read_volume(save(tmp_path / "a.nrrd", space=space))
    np.testing.assert_allclose(read.ijk_to_lps, matrix(), atol=1e-9)
    assert read.place is Place.UNSAID


def test_space_dimension_alone(tmp_path):
    fields = "space: ", "space dimension: 3"
    assert read_volume(lines(tmp_path / "a.nrrd", *fields)).place is Place.UNSAID


def test_spacings_alone_are_centred(tmp_path):
    read = read_volume(lines(tmp_path / "a.nrrd", "space: ", "space directions: ", "space origin: ", "spacings: 1.5 2 3"))
    assert read.place is Place.UNSAID
    np.testing.assert_allclose(read.spacing, [1.5, 2, 3])
    np.testing.assert_allclose(read.ijk_to_lps @ [2, 2.5, 3, 1], [0, 0, 0, 1], atol=1e-12)


@pytest.mark.parametrize("missing", ["space origin: ", "space directions: "])
def test_place_that_is_half_said(tmp_path, missing):
    assert read_volume(lines(tmp_path / "a.nrrd", missing)).place is Place.UNSAID


@pytest.mark.parametrize(("unit", "factor"), [("cm", 0.1), ("m", 0.001), ("um", 1000), ("µm", 1000), ("mm", 1), ("micron", 1000), ("", 1)])
def test_units_of_length(tmp_path, unit, factor):
    steps, origin = STEPS * factor, ORIGIN * factor
    directions = " ".join("(" + ",".join(map(str, step)) + ")" for step in steps.T)
    where = f"space origin: ({','.join(map(str, origin))})"
    read = read_volume(
        lines(tmp_path / "a.nrrd", f"space directions: {directions}", where, 'space units: "' + '" "'.join([unit] * 3) + '"')
    )
    np.testing.assert_allclose(read.ijk_to_lps, matrix(), atol=1e-9)
    assert bool(read.notes) == (factor != 1)
    fields = "space: ", "space directions: ", "space origin: ", f"spacings: {factor} {factor} {factor}"
    read = read_volume(lines(tmp_path / "b.nrrd", *fields, f'units: "{unit}" "{unit}" "{unit}"'))
    np.testing.assert_allclose(read.spacing, 1)


@pytest.mark.parametrize("units", ['"inch" "inch" "inch"', '"mm"', "mm mm mm", '"s" "mm" "mm"'])
def test_units_that_are_none_of_length(tmp_path, units):
    with pytest.raises(InputError, match="space units"):
        read_volume(lines(tmp_path / "a.nrrd", f"space units: {units}"))


def test_measurement_frame_does_not_move_a_gray_image(tmp_path):
    """It is for vectors; even a turned one leaves the grid where it is."""
    read = read_volume(lines(tmp_path / "a.nrrd", "measurement frame: (0,1,0) (1,0,0) (0,0,-1)"))
    np.testing.assert_allclose(read.ijk_to_lps, matrix(), atol=1e-9)


@pytest.mark.parametrize("axis", [0, 3])
def test_colour_along_any_axis(tmp_path, axis):
    colour = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3)).astype(np.uint8)
    kinds = ["domain"] * 3
    kinds.insert(axis, "RGB-color")
    steps = np.insert(STEPS.T, axis, np.nan, axis=0)
    nrrd.write(
        str(tmp_path / "a.nrrd"),
        np.moveaxis(colour, 3, axis),
        {"space": "LPS", "space directions": steps, "space origin": ORIGIN, "kinds": kinds},
    )
    read = read_volume(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(read.array, colour.transpose(2, 1, 0, 3))
    np.testing.assert_allclose(read.ijk_to_lps, matrix(), atol=1e-9)


@pytest.mark.parametrize(
    ("kinds", "shape", "words"),
    [
        ("HSV-color domain domain domain", (3, 5, 6, 7), "3 values in each voxel"),
        ("3-vector domain domain domain", (3, 5, 6, 7), "3 values in each voxel"),
        ("complex domain domain domain", (2, 5, 6, 7), "2 values in each voxel"),
        ("domain domain domain list", (5, 6, 7, 3), "4 dimensions"),
        ("domain domain domain time", (5, 6, 7, 3), "4 dimensions"),
        ("3D-matrix domain domain domain", (9, 5, 6, 7), "9 values in each voxel"),
        ("RGB-color domain domain domain", (4, 5, 6, 7), "of 4 values"),
        ("RGB-color vector domain domain", (3, 5, 6, 7), "several axes of values"),
        ("domain domain domain", (3, 5, 6, 7), "3 kinds for 4 dimensions"),
    ],
)
def test_kinds_that_are_no_volume(tmp_path, kinds, shape, words):
    array = np.resize(np.abs(ARRAY), shape).astype(np.uint8)
    axis = next((n for n, kind in enumerate(kinds.split()) if kind not in ("domain",)), 0)
    steps = ["(" + ",".join(map(str, step)) + ")" for step in STEPS.T]
    steps.insert(axis, "none")
    with pytest.raises(InputError, match=words):
        read_volume(lines(tmp_path / "a.nrrd", "type: uchar", f"kinds: {kinds}", f"space directions: {' '.join(steps)}", array=array))


def test_one_value_along_an_axis_of_its_own(tmp_path):
    steps = "none " + " ".join("(" + ",".join(map(str, step)) + ")" for step in STEPS.T)
    fields = "kinds: scalar domain domain domain", f"space directions: {steps}"
    read = read_volume(lines(tmp_path / "a.nrrd", *fields, array=ARRAY[np.newaxis]))
    np.testing.assert_array_equal(read.array.T, ARRAY)


def test_slice_at_its_height(tmp_path):
    """Two axes in three dimensions: the slice lies where it says, and two at different heights are not laid on each other."""
    array = ARRAY[:, :, 0]
    steps = "(2,0,0) (0,2,0)"
    for height in (10, 20):
        read = read_volume(lines(tmp_path / "a.nrrd", f"space directions: {steps}", f"space origin: (1,2,{height})", array=array))
        np.testing.assert_array_equal(read.array[0].T, array)
        np.testing.assert_allclose(read.ijk_to_lps, [[2, 0, 0, 1], [0, 2, 0, 2], [0, 0, 1, height], [0, 0, 0, 1]])
        assert read.place is Place.PATIENT


def test_slice_without_a_height(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY[:, :, 0]), str(tmp_path / "a.nrrd"))
    assert read_volume(tmp_path / "a.nrrd").place is Place.UNSAID


@pytest.mark.parametrize("skip", ["byte skip: 7", "byte skip: -1", "line skip: 1", "line skip: 2"])
def test_something_before_the_voxels(tmp_path, skip):
    before = {"byte skip: 7": b"1234567", "byte skip: -1": b"any\nlength", "line skip: 1": b"a line\n", "line skip: 2": b"a\n\n"}[skip]
    read = read_volume(lines(tmp_path / "a.nrrd", skip, content=before + ARRAY.tobytes(order="F")))
    np.testing.assert_array_equal(read.array.T, ARRAY)


@pytest.mark.parametrize(
    "field",
    [
        "space directions: (nan,0,0) (0,1,0) (0,0,1)",
        "space directions: (inf,0,0) (0,1,0) (0,0,1)",
        "space directions: (1,0,0) (0,1,0) (0,0,1e30)",
        "space directions: (1,0,0) (0,1e-5,0) (0,0,1)",
        "space directions: (1,0,0) (1,0,0) (0,0,1)",
        "space directions: (1,0,0) (0,0,0) (0,0,1)",
        "space directions: (1,0,0) (0,1,0)",
        "space directions: (1,0) (0,1) (1,1)",
        "space directions: (1,0,0) (0,1,0) (0,0,1) x",
        "space directions: (1,0,0) none (0,0,1)",
        "space origin: (nan,0,0)",
        "space origin: (0,0,1e30)",
        "space origin: (0,0)",
        "space origin: 1_0",
        "spacings: 1 1 1",
        "spacings: -1 2 3",
        "space: somewhere",
        "sizes: 5 6 -7",
        "sizes: 5 6 7.5",
        "sizes: 5 6",
        "sizes: 5 0 7",
        "sizes: 99999999 99999999 99999999",
        "dimension: 4",
        "dimension: x",
        "type: block",
        "endian: ",
        "endian: middle",
        "encoding: hex2",
        "byte skip: -2",
        "byte skip: 99999999999",
        "colour: red",
        "kinds: domain domain",
    ],
)
def test_header_that_cannot_be(tmp_path, field):
    with pytest.raises(InputError, match=r"'.*a\.nrrd' cannot be read as an image because"):
        read_volume(lines(tmp_path / "a.nrrd", field))


@pytest.mark.parametrize(
    "line", [b"type: short\n", b"endian: big\n", b"content: \x00\n", b"content: a\x1b[2J\n", b"content: a\rendian: big\n"]
)
def test_header_that_two_readers_could_read_differently(tmp_path, line):
    path = lines(tmp_path / "a.nrrd")
    path.write_bytes(path.read_bytes().replace(b"encoding", line + b"encoding", 1))
    with pytest.raises(InputError, match="because its header"):
        read_volume(path)


def test_header_with_windows_line_ends(tmp_path):
    path = lines(tmp_path / "a.nrrd")
    head, _, voxels = path.read_bytes().partition(b"\n\n")
    path.write_bytes(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + voxels)
    np.testing.assert_array_equal(read_volume(path).array.T, ARRAY)


def test_packed_voxels_of_several_members(tmp_path):
    """What `cat a.gz b.gz` gives is one stream."""
    content = ARRAY.tobytes(order="F")
    packed = gzip.compress(content[:100]) + gzip.compress(content[100:])
    np.testing.assert_array_equal(read_volume(lines(tmp_path / "a.nrrd", "encoding: gzip", content=packed)).array.T, ARRAY)
    with pytest.raises(InputError, match="behind its packed voxels"):
        read_volume(lines(tmp_path / "a.nrrd", "encoding: bzip2", content=bz2.compress(content) + b"more"))


@pytest.mark.parametrize("is_color", [False, True])
def test_what_is_written_is_read_by_others(tmp_path, is_color):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 256, (7, 6, 5, 3)).astype(np.uint8) if is_color else rng.normal(size=(7, 6, 5)).astype(np.float32)
    volume = Volume(array, matrix(), Modality.PET, Unit.SUVBW, name="FDG: whole\nbody \\ Müller", frame_of_reference="1.2.3", is_fused=True)
    write_volume(volume, tmp_path / "A.NRRD")
    voxels, header = nrrd.read(str(tmp_path / "A.NRRD"), index_order="C")
    np.testing.assert_array_equal(voxels, array)
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_array_equal(np.array(header["space directions"])[-3:], STEPS.T)
    assert header["LCDFusion_unit"] == "SUVbw"
    itk = sitk.ReadImage(tmp_path / "A.NRRD")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(itk), array)
    np.testing.assert_allclose(np.array(itk.GetDirection()).reshape(3, 3) * itk.GetSpacing(), STEPS, atol=1e-12)
    np.testing.assert_allclose(itk.GetOrigin(), ORIGIN)
    read = read_volume(tmp_path / "A.NRRD")
    np.testing.assert_array_equal(read.ijk_to_lps, volume.ijk_to_lps)
    assert (read.modality, read.unit, read.frame_of_reference, read.is_fused) == (Modality.PET, Unit.SUVBW, "1.2.3", True)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz"])
@pytest.mark.parametrize("place", [Place.UNSAID, Place.PICTURE])
def test_no_sides_are_written_where_none_are_known(tmp_path, suffix, place):
    write_volume(Volume(np.ascontiguousarray(ARRAY.T), matrix(), place=place), tmp_path / f"a{suffix}")
    assert read_volume(tmp_path / f"a{suffix}").place is Place.UNSAID
    if suffix == ".nrrd":
        assert nrrd.read_header(str(tmp_path / "a.nrrd"))["space"] == "3D-right-handed"
    else:
        header = nibabel.load(tmp_path / "a.nii.gz").header
        assert (header["qform_code"], header["sform_code"]) == (0, 0)


def test_a_place_that_is_not_said_is_round_the_origin(tmp_path):
    """Centre on centre: what is laid on it is then off by less than corner on corner."""
    read = read_volume(save(tmp_path / "a.nrrd", origin=None))
    assert read.place is Place.UNSAID
    k, j, i = read.shape
    np.testing.assert_allclose(read.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, (k - 1) / 2, 1], [0, 0, 0, 1], atol=1e-9)
