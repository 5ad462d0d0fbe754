"""A damaged image file is refused, or gives the picture of the whole one: never another picture without a word.

The readers under most programs fill what is missing and pass over checksums; here nothing but our own reader sees these files.
"""

import gzip
import subprocess
import sys
import tracemalloc

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.voxel_data import check_ratio

ARRAY = np.random.default_rng(0).integers(-1000, 1000, (6, 16, 20)).astype(np.int16)
PACKED = ["gzip.nrrd", "bzip2.nrrd", "packed.mha", "packed.nii.gz", "picture.png"]
RAW = ["raw.nrrd", "raw.mha", "raw.nii", "words.nrrd"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One image in every form."""
    folder = tmp_path_factory.mktemp("whole")
    image = sitk.GetImageFromArray(ARRAY)
    image.SetSpacing((1.5, 2, 3))
    for name, packed in (("gzip.nrrd", True), ("raw.nrrd", False), ("packed.mha", True), ("raw.mha", False), ("packed.mhd", True)):
        sitk.WriteImage(image, str(folder / name), packed)
    nibabel.save(nibabel.Nifti1Image(ARRAY.T, np.diag([1.5, 2, 3, 1])), folder / "raw.nii")
    nibabel.save(nibabel.Nifti1Image(ARRAY.T, np.diag([1.5, 2, 3, 1])), folder / "packed.nii.gz")
    sitk.WriteImage(sitk.GetImageFromArray((ARRAY[0] % 256).astype(np.uint8)), str(folder / "picture.png"))
    header = {"space": "LPS", "space directions": np.diag([1.5, 2, 3]), "space origin": [0, 0, 0]}
    nrrd.write(str(folder / "bzip2.nrrd"), ARRAY.T, {**header, "encoding": "bzip2"})
    nrrd.write(str(folder / "words.nrrd"), ARRAY.T, {**header, "encoding": "ascii"})
    return folder


def outcome(path):
    """What the reader makes of it: "refused", or the volume."""
    try:
        return read_volume(path)
    except InputError:
        return "refused"


def same(first, second):
    return (
        first.array.shape == second.array.shape
        and np.array_equal(first.array, second.array)
        and np.array_equal(first.ijk_to_lps, second.ijk_to_lps)
    )


@pytest.mark.parametrize("name", PACKED)
def test_one_wrong_bit_in_packed_voxels(tmp_path, whole, name):
    """At 120 places of the packed part: its checksum is read to the end."""
    content, original = (whole / name).read_bytes(), read_volume(whole / name)
    start = max(content.find(b"\n\n"), content.find(b"LOCAL\n")) + 6 if name.endswith(("nrrd", "mha")) else 60
    for place in np.linspace(start, len(content) - 1, 120).astype(int):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        (tmp_path / name).write_bytes(damaged)
        read = outcome(tmp_path / name)
        assert read == "refused" or same(read, original), place


@pytest.mark.parametrize("name", PACKED + RAW)
@pytest.mark.parametrize("change", ["shorter", "longer", "shifted", "without its end", "empty inside"])
def test_wrong_length(tmp_path, whole, name, change):
    content = (whole / name).read_bytes()
    middle = len(content) // 2
    changed = {
        "shorter": content[:middle] + content[middle + 2 :],
        "longer": content + b"\1\2",
        "shifted": content[:middle] + b"\0\0" + content[middle:],
        "without its end": content[:-9],
        "empty inside": content[:400],
    }[change]
    (tmp_path / name).write_bytes(changed)
    if name == "picture.png":  # what is missing or too much may lie behind all of its voxels
        assert (read := outcome(tmp_path / name)) == "refused" or same(read, read_volume(whole / name))
    elif name == "words.nrrd" and change in ("shorter", "shifted", "without its end"):
        pass  # another number, which nothing in the file contradicts, or refused
    else:
        assert outcome(tmp_path / name) == "refused"


def test_detached_voxels_of_wrong_length(tmp_path, whole):
    for file in whole.glob("packed.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert same(read_volume(tmp_path / "packed.mhd"), read_volume(whole / "raw.mha"))
    packed = tmp_path / "packed.zraw"
    packed.write_bytes(packed.read_bytes()[:-1])
    assert outcome(tmp_path / "packed.mhd") == "refused"


@pytest.mark.parametrize("offset", [0, 1, 347, 351, 353, 354, 368, 1e9, -352, np.nan, np.inf, 352.5])
def test_voxels_that_begin_elsewhere(tmp_path, whole, offset):
    for name in ("raw.nii", "packed.nii.gz"):
        content = (whole / name).read_bytes()
        content = bytearray(gzip.decompress(content) if name.endswith("gz") else content)
        content[108:112] = np.float32(offset).tobytes()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        assert outcome(tmp_path / name) == "refused"


@pytest.mark.parametrize("name", ["gzip.nrrd", "bzip2.nrrd", "raw.nrrd", "packed.mha", "raw.mha", "raw.nii", "packed.nii.gz"])
def test_header_that_promises_gigabytes(tmp_path, whole, name):
    """Refused before anything of that size is asked for."""
    content = (whole / name).read_bytes()
    if "nii" in name:
        content = bytearray(gzip.decompress(content) if name.endswith("gz") else content)
        content[40:48] = np.array([3, 2000, 2000, 500], np.int16).tobytes()
        content = gzip.compress(content) if name.endswith("gz") else content
    else:
        content = content.replace(b"20 16 6", b"2000 2000 500", 1)
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    assert outcome(tmp_path / name) == "refused"
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_small_file_that_would_become_a_huge_one(tmp_path, suffix):
    """As packed as zeros are; an image that is so, saved without compression, is read."""
    array = np.zeros((70, 1024, 1024), np.uint8)
    array[0, 0, 0] = 1
    write_volume(Volume(array, np.eye(4)), tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match=r"would unpack to 70 MiB, more than 100 times its size, .* without compression"):
        read_volume(tmp_path / f"a{suffix}")
    write_volume(Volume(array, np.eye(4)), tmp_path / "a.nii")
    assert read_volume(tmp_path / "a.nii").shape == array.shape


def test_nothing_is_unpacked_to_the_disk(tmp_path, whole):
    """In a process whose files may not grow, which stands for a full temporary folder."""
    code = f"""
import resource, signal
from LCDFusionLib.images.files import read_volume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
for name in {[*PACKED, *RAW]!r}:
    assert read_volume({str(whole)!r} + "/" + name).array.any()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["raw.nrrd", "gzip.nrrd", "raw.mha", "raw.nii", "picture.png"])
def test_header_with_one_wrong_byte(tmp_path, whole, name):
    """Refused, or read, never an error of another kind; and what is read has the voxels of the file."""
    content, original = (whole / name).read_bytes(), read_volume(whole / name)
    length = 352 if name == "raw.nii" else 60 if name == "picture.png" else max(content.find(b"\n\n") + 2, content.find(b"LOCAL\n") + 6)
    for place in range(length):
        for value in (0x2D, 0xFF):
            damaged = bytearray(content)
            damaged[place] = value
            (tmp_path / name).write_bytes(damaged)
            read = outcome(tmp_path / name)
            assert read == "refused" or (np.isfinite(read.ijk_to_lps).all() and read.array.size == original.array.size)


def test_what_would_unpack_to_far_more_than_images_do():
    """A hundred times its size, where that is more than 64 MiB."""
    for packed, unpacked in ((1, 64 << 20), (1 << 20, 100 << 20), (3 << 20, 300 << 20)):
        check_ratio(packed, unpacked, "a.nii.gz")
    with pytest.raises(InputError, match=r"'a\.nii\.gz' would unpack to 101 MiB, more than 100 times its size"):
        check_ratio(1 << 20, 101 << 20, "a.nii.gz")
    with pytest.raises(InputError, match="would unpack to 64 MiB"):
        check_ratio(1000, (64 << 20) + 1, "a.nii.gz")


@pytest.mark.parametrize("name", ["a.mha", "a.nrrd", "a.nii.gz"])
def test_several_megabytes_unpack_to_what_was_packed(tmp_path, name):
    """Unpacked a megabyte at a time: a ramp that shrinks to almost nothing, so that one piece of the file becomes many."""
    array = np.arange(2 * 700 * 800, dtype=np.int16).reshape(2, 700, 800)
    if name == "a.nrrd":
        nrrd.write(str(tmp_path / name), array, {"encoding": "bzip2"}, index_order="C")
    else:
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / name), useCompression=True)
    np.testing.assert_array_equal(read_volume(tmp_path / name).array, array)
