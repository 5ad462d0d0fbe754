"""What all formats of files share."""

import nibabel
import nrrd
import numpy as np
import pytest

from LCDFusionLib.images.damage import DamagedError
from LCDFusionLib.images.file_content import centred, check_sizes, corner_distance
from LCDFusionLib.images.files import geometry_of_file, is_fused_file, read_volume, write_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume


@pytest.mark.parametrize("end", ["first", "last"])
@pytest.mark.parametrize(("axis", "farthest"), [(0, 6), (1, 4), (2, 2)])
def test_two_grids_are_as_far_apart_as_their_farthest_corners(axis, farthest, end):
    """Seven columns, five rows, three slices of 2 x 2 x 4 mm; the other's voxels lie 0.1 mm farther apart along one axis."""
    first = centred([2, 2, 4], (3, 5, 7))
    second = first.copy()
    second[axis, axis] += 0.1
    if end == "first":  # where they part; at the last voxel they meet
        second[axis, 3] -= 0.1 * farthest
    mm, voxels = corner_distance(first, second, (3, 5, 7))
    assert mm == pytest.approx(0.1 * farthest)
    assert voxels == pytest.approx(0.1 * farthest / first[axis, axis])


def test_a_grid_whose_place_is_not_said_has_its_middle_at_the_origin():
    matrix = centred([2, 3, 4], (3, 5, 7), (1, -1, 1))
    np.testing.assert_array_equal(matrix @ [3, 2, 1, 1], [0, 0, 0, 1])
    np.testing.assert_array_equal(np.diag(matrix), [2, -3, 4, 1])


@pytest.mark.parametrize("is_fused", [False, True])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.nii", "a.nii.gz"])
def test_a_header_alone_says_what_the_whole_file_says(tmp_path, name, is_fused):
    place = centred([1, 2, 4], (3, 5, 7)) + [[0, 0, 0, 10], [0, 0, 0, -20], [0, 0, 0, 30], [0] * 4]
    ramp = np.arange(105, dtype=np.float32).reshape(3, 5, 7)
    written = tmp_path / (name if name != "a.nhdr" else "a.nrrd")
    write_volume(Volume(ramp, place, Modality.CT, Unit.HU, "CT", is_fused=is_fused), written)
    if name == "a.nhdr":  # by another program, its voxels in a file beside it
        nrrd.write(str(tmp_path / name), *nrrd.read(str(written)))
    whole = read_volume(tmp_path / name)
    matrix, shape, said = geometry_of_file(tmp_path / name)
    assert (shape, said) == (whole.shape, whole.place)
    np.testing.assert_allclose(matrix, whole.ijk_to_lps)
    np.testing.assert_allclose(matrix, place, atol=1e-5)
    assert is_fused_file(tmp_path / name) is whole.is_fused is is_fused


@pytest.mark.parametrize("is_fused", [False, True])
def test_a_header_in_a_file_of_its_own_says_it_too(tmp_path, is_fused):
    image = nibabel.Nifti1Pair(np.arange(105, dtype=np.float32).reshape(7, 5, 3), np.diag([2.0, 3, 4, 1]))
    image.header["descrip"] = b"Derived by LCDFusion" if is_fused else b"of another program"
    nibabel.save(image, tmp_path / "a.hdr")
    matrix, shape, _ = geometry_of_file(tmp_path / "a.hdr")
    assert shape == (3, 5, 7)
    np.testing.assert_allclose(matrix, np.diag([-2.0, -3, 4, 1]))
    assert is_fused_file(tmp_path / "a.hdr") is is_fused


def test_of_another_kind_of_file_or_none_no_place_is_known(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(b"no image")
    assert geometry_of_file(tmp_path / "a.nrrd") is None
    assert geometry_of_file(tmp_path / "gone.nii") is None
    assert geometry_of_file(tmp_path / "a.png") is None


@pytest.mark.parametrize("sizes", [(), (4, 0, 2), (4, -1, 2), (2**20, 2**20, 2**20)])
def test_sizes_that_no_volume_has(sizes):
    with pytest.raises(DamagedError, match="its header promises"):
        check_sizes(sizes)


def test_a_size_of_one_is_a_size():
    assert check_sizes((1, 5, 7)) == 35
