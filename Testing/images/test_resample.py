"""Resampling against analytic fields, in every kind of index frame, and on real PET and CT."""

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import given_deformation
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.resample import SlicesOnGrid, resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

GRADIENT = np.array([0.7, -1.3, 2.1])  # of the linear field, per millimetre in L, P, S


def rotation(*degrees):
    x, y, z = np.radians(degrees)
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    return np.array(about_z) @ about_y @ about_x


def centred(shape, spacing, direction, centre=(0, 0, 0)):
    """Matrix of a grid round `centre`."""
    matrix = geometry_matrix(spacing, direction, np.zeros(3))
    matrix[:3, 3] = np.asarray(centre) - matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return matrix


def positions(volume):
    k, j, i = np.indices(volume.shape)
    return np.stack([i, j, k, np.ones(volume.shape)], axis=-1) @ volume.ijk_to_lps.T[:, :3]


def grid(shape, matrix, fill=0.0, name="grid"):
    return Volume(np.full(shape, fill), matrix, name=name)


def linear_field(shape, matrix):
    volume = grid(shape, matrix)
    return volume.with_array(positions(volume) @ GRADIENT)


SHEAR = np.array([[1, 0, 0], [0, 1, np.sin(0.3)], [0, 0, np.cos(0.3)]])  # a gantry tilted by 0.3 rad
FRAMES = {
    "axis-aligned": np.eye(3),
    "oblique": rotation(10, -25, 40),
    "left-handed": rotation(10, -25, 40) @ np.diag([1, 1, -1]),
    "axes exchanged": np.eye(3)[:, [2, 0, 1]],
    "sheared": SHEAR,
}


@pytest.mark.parametrize("reference_frame", FRAMES)
@pytest.mark.parametrize("moving_frame", FRAMES)
def test_linear_field_is_exact_in_every_index_frame(moving_frame, reference_frame):
    moving = linear_field((12, 14, 16), centred((12, 14, 16), (5.0, 5.4, 3.3), FRAMES[moving_frame]))
    reference = grid((9, 10, 11), centred((9, 10, 11), (0.98, 1.1, 2.5), FRAMES[reference_frame], centre=(1, -2, 0.5)))
    result = resample_onto(moving, reference)
    assert result.overlap == 1
    np.testing.assert_allclose(result.volume.array, positions(reference) @ GRADIENT, atol=1e-9)
    np.testing.assert_array_equal(result.volume.ijk_to_lps, reference.ijk_to_lps)


def test_outside_the_field_of_view_there_is_no_uptake():
    moving = grid((4, 6, 6), centred((4, 6, 6), (4, 4, 4), rotation(0, 0, 30)), fill=7.0)
    reference = grid((8, 40, 40), centred((8, 40, 40), (1, 1, 3), np.eye(3), centre=(8, 0, 0)))
    result = resample_onto(moving, reference)
    index = (positions(reference) - moving.origin) @ np.linalg.inv(moving.ijk_to_lps[:3, :3]).T
    inside = ((index >= -0.5) & (index <= np.array([6, 6, 4]) - 0.5)).all(axis=-1)
    np.testing.assert_array_equal(result.covered, inside)
    np.testing.assert_allclose(result.volume.array, np.where(inside, 7.0, 0.0), atol=1e-12)
    assert result.overlap == inside.mean()
    assert 0.05 < result.overlap < 0.95


def test_field_of_view_reaches_to_the_voxel_faces_with_the_edge_value():
    moving = Volume(np.array([[[10.0, 20.0]]]), geometry_matrix((4, 4, 4), np.eye(3), (0, 0, 0)))
    reference = grid((1, 1, 13), geometry_matrix((1, 1, 1), np.eye(3), (-4, 0, 0)))
    result = resample_onto(moving, reference)
    # Centres at 0 and 4, faces at -2 and 6.
    np.testing.assert_array_equal(result.covered.ravel(), [False] * 2 + [True] * 9 + [False] * 2)
    np.testing.assert_allclose(result.volume.array.ravel(), [0, 0, 10, 10, 10, 12.5, 15, 17.5, 20, 20, 20, 0, 0])


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([1, 1, -1]), np.diag([1, -1, -1]), np.diag([-1, -1, 1]), rotation(10, -25, 40)])
@pytest.mark.parametrize("to", [(3, -4, 13), (-3, 4, -13), (0, 0, 9), (11, 0, 0)])
def test_covered_is_what_lies_within_the_faces(direction, to):
    """Voxel by voxel, of grids that share a part, whichever way each of them counts."""
    moving = grid((8, 9, 10), centred((8, 9, 10), (2.0, 2.5, 3.0), np.eye(3))).with_array(np.random.default_rng(0).random((8, 9, 10)))
    reference = grid((9, 10, 11), centred((9, 10, 11), (1.1, 1.7, 2.3), direction, centre=to))
    places = np.concatenate([positions(reference), np.ones((*reference.shape, 1))], axis=-1)
    index = (places @ np.linalg.inv(moving.ijk_to_lps).T)[..., :3]
    inside = ((index >= -0.5) & (index <= np.array(moving.shape[::-1]) - 0.5)).all(axis=-1)
    assert 0 < inside.mean() < 1
    np.testing.assert_array_equal(resample_onto(moving, reference).covered, inside)


@pytest.mark.parametrize("shift_mm", [0.0, 2.4, -2.4])
def test_one_slice_stands_for_its_thickness(shift_mm):
    plane = np.arange(16.0).reshape(1, 4, 4)
    moving = Volume(plane, geometry_matrix((2, 2, 5), rotation(20, 0, 0), (0, 0, 0)))
    matrix = moving.ijk_to_lps.copy()
    matrix[:3, 3] += shift_mm * moving.direction[:, 2]
    result = resample_onto(moving, grid((1, 4, 4), matrix))
    assert result.covered.all()
    np.testing.assert_allclose(result.volume.array, plane, atol=1e-9)


def test_one_slice_does_not_stand_for_its_neighbours():
    moving = Volume(np.ones((1, 4, 4)), geometry_matrix((2, 2, 5), np.eye(3), (0, 0, 0)))
    reference = grid((5, 4, 4), geometry_matrix((2, 2, 2), np.eye(3), (0, 0, -4)))
    result = resample_onto(moving, reference)
    np.testing.assert_array_equal(result.covered[:, 0, 0], [False, True, True, True, False])


def test_equal_grids_return_the_same_voxels():
    array = np.random.default_rng(0).integers(-1000, 3000, (3, 4, 5)).astype(np.int16)
    matrix = geometry_matrix((0.9765625, 0.9765625, 3.27), rotation(3, 4, 5), (-250.1, 13.7, 900.2))
    result = resample_onto(Volume(array, matrix), grid((3, 4, 5), matrix + 1e-9))
    assert result.volume.array is array
    assert result.overlap == 1
    assert result.covered.all()


def test_result_takes_the_reference_frame_and_keeps_its_own_meaning():
    moving = Volume(np.ones((3, 3, 3)), np.eye(4) * [2, 2, 2, 1], Modality.PET, Unit.SUVBW, "FDG", "1.2.3")
    result = resample_onto(moving, Volume(np.zeros((2, 2, 2)), np.eye(4), Modality.CT, Unit.HU, "CT", "1.2.4")).volume
    assert (result.modality, result.unit, result.name, result.frame_of_reference) == (Modality.PET, Unit.SUVBW, "FDG", "1.2.4")


def test_colour_is_resampled_channel_by_channel_and_rounded():
    rgb = np.zeros((1, 1, 2, 3), dtype=np.uint8)
    rgb[0, 0, 0] = (255, 0, 101)
    rgb[0, 0, 1] = (0, 255, 200)
    moving = Volume(rgb, geometry_matrix((2, 2, 2), np.eye(3), (0, 0, 0)))
    result = resample_onto(moving, grid((1, 1, 5), geometry_matrix((1, 1, 1), np.eye(3), (-1, 0, 0)))).volume
    assert result.is_color
    np.testing.assert_array_equal(result.array[0, 0], [(255, 0, 101), (255, 0, 101), (128, 128, 150), (0, 255, 200), (0, 255, 200)])


def test_no_overlap_is_one_clear_sentence():
    moving = grid((6, 5, 4), centred((6, 5, 4), (2, 3, 4), np.eye(3), centre=(300, 0, 400)), name="PET of Anna")
    reference = grid((9, 8, 7), centred((9, 8, 7), (1, 1, 1), np.eye(3)), name="CT of Bert")
    with pytest.raises(InputError, match=r"'CT of Bert' and 'PET of Anna' do not overlap in space .* 500 mm apart"):
        resample_onto(moving, reference)


def test_number_of_threads_changes_nothing():
    rng = np.random.default_rng(0)
    moving = Volume(rng.random((20, 30, 30), dtype=np.float32), centred((20, 30, 30), (4, 4, 4), rotation(5, 6, 7)))
    reference = grid((24, 64, 64), centred((24, 64, 64), (1.1, 1.1, 2), np.eye(3)))
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    try:
        arrays = []
        for number in (1, 2, 5):
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(number)
            arrays.append(resample_onto(moving, reference).volume.array)
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    np.testing.assert_array_equal(arrays[0], arrays[1])
    np.testing.assert_array_equal(arrays[0], arrays[2])


@pytest.mark.parametrize(("patient", "overlap"), [("STS_001", 0.99), ("STS_003", 1.0), ("STS_037", 1.0)])
def test_real_pet_covers_its_ct_and_keeps_its_hottest_place(shared_data, patient, overlap):
    folder = shared_data / "pet-ct-mr-sarcoma" / patient
    ct = read_volume(folder / "ct.nrrd")
    pet = read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
    result = resample_onto(pet, ct)
    assert result.overlap == pytest.approx(overlap, abs=1e-3), "the PET of STS_001 ends one column of the CT early, on either side"
    hottest = {
        name: (volume.ijk_to_lps @ [*np.unravel_index(volume.array.argmax(), volume.shape)[::-1], 1])[:3]
        for name, volume in (("pet", pet), ("on ct", result.volume))
    }
    assert np.abs(hottest["pet"] - hottest["on ct"]).max() <= pet.spacing.max() / 2
    assert result.volume.array.max() == pytest.approx(pet.array.max(), rel=0.05)


@pytest.mark.parametrize("frame", ["oblique", "sheared"])
@pytest.mark.parametrize("transform", [None, sitk.TranslationTransform(3, [1.0, -2.0, 0.5])], ids=["rigid", "through a transform"])
def test_a_slice_by_itself_is_that_of_the_volume(frame, transform):
    """Bit for bit: the one on show is resampled before the others."""
    moving = linear_field((12, 14, 16), centred((12, 14, 16), (5.0, 5.4, 3.3), FRAMES["oblique"]))
    reference = grid((9, 10, 11), centred((9, 10, 11), (6.0, 6.0, 6.0), FRAMES[frame]))
    whole = resample_onto(moving, reference, None if transform is None else given_deformation(transform, reference))
    assert 0 < whole.overlap < 1
    for k in (7, 0, 8):
        alone = SlicesOnGrid(moving, reference, transform)
        np.testing.assert_array_equal(alone[k], whole.volume.array[k])
        np.testing.assert_array_equal(alone.covered(k), whole.covered[k])
