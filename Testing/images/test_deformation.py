"""Deformable registration: a known breath is undone, what folds is refused, voxels are read once, the file means the same to ITK."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings, prepare
from LCDFusionLib.images.deformation import Deformation, deform, given_deformation
from LCDFusionLib.images.registration import move
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.transform_files import read_transform, write_transform
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from Testing import kept_phantoms
from Testing.images.breathing import breath, breathed


@pytest.fixture(scope="module")
def thorax():
    return kept_phantoms.thorax()


@pytest.fixture(scope="module")
def undone(thorax):
    """(deformation found, displacement of the breath, distances of points of the body from home: before, after)."""
    ct, pet = thorax.anatomy, thorax.function
    deformation, displaced = breath(pet)
    found = deform(breathed(pet, deformation), ct)
    index = np.argwhere(ct.array > -200)[::4001, ::-1]
    points = (ct.ijk_to_lps @ np.c_[index, np.ones(len(index))].T).T[:, :3]
    before = np.linalg.norm(displaced(points) - points, axis=1)
    points, before = points[before > 4], before[before > 4]
    after = np.linalg.norm(displaced(np.array([found.transform.TransformPoint(p) for p in points])) - points, axis=1)
    return found, displaced, before, after


def test_a_breath_is_undone(undone):
    found, _, before, after = undone
    assert found.problem is None, found.quality
    assert found.mutual_information > found.before
    assert np.median(before) > 6
    assert np.median(after) < np.median(before) / 2
    assert (after < before).mean() > 0.9


def test_a_lesion_comes_nearer_to_its_place(undone, thorax):
    """The one in the liver cannot be seen on CT: what lies round it brings it along."""
    found, displaced, _, _ = undone
    for lesion in thorax.lesions:
        centre = np.array(lesion.centre)
        before = np.linalg.norm(displaced(centre[None]) - centre)
        after = np.linalg.norm(displaced(np.array(found.transform.TransformPoint(lesion.centre))[None]) - centre)
        assert after < before / 2, lesion.name


def test_nothing_is_folded(undone):
    found = undone[0]
    assert 0.3 < found.smallest_volume <= 1 <= found.largest_volume < 3
    assert 2 < found.most_mm < 40


def cube(value=1.0):
    array = np.zeros((20, 20, 20), np.float32)
    array[5:15, 5:15, 5:15] = value
    return Volume(array, geometry_matrix(np.full(3, 4.0), np.eye(3), np.zeros(3)), Modality.PET, Unit.SUVBW, "cube")


def field(volume, displacement):
    """A displacement field on the volume's grid, from a function of the points (..., 3) in LPS mm."""
    k, j, i = np.indices(volume.shape)
    points = np.stack([i, j, k], -1) * volume.spacing + volume.origin
    image = sitk.GetImageFromArray(displacement(points).astype(np.float64), isVector=True)
    image.SetSpacing(volume.spacing.tolist())
    image.SetOrigin(volume.origin.tolist())
    return sitk.DisplacementFieldTransform(image)


@pytest.mark.parametrize(
    ("displacement", "words"),
    [
        (lambda p: np.stack([-1.5 * (p[..., 0] - 38), 0 * p[..., 1], 0 * p[..., 2]], -1), "fold"),
        (lambda p: -0.5 * (p - 38), "shrink tissue to 12%"),
        (lambda p: np.stack([0 * p[..., 0] + 45, 0 * p[..., 1], 0 * p[..., 2]], -1), "move tissue by 45 mm"),
    ],
)
def test_what_must_not_be_used_is_refused(displacement, words):
    volume = cube()
    found = given_deformation(field(volume, displacement), volume)
    with pytest.raises(InputError, match=words):
        found.check(volume, volume)


@pytest.mark.parametrize("axes", [(1, 2, 3), (-1, -2, 3), (2, 3, 1), (2, -3, -1), (3, 1, -2)], ids=str)
def test_what_tissue_grows_by_does_not_depend_on_how_its_voxels_are_ordered(axes):
    """Axial in LPS, the same in RAS, sagittal, coronal: 10 % along each of the patient's axes, and a shear, which changes no volume."""
    turn = np.zeros((3, 3))
    turn[np.abs(axes) - 1, range(3)] = np.sign(axes)
    volume = cube()
    turned = volume.with_array(volume.array, ijk_to_lps=geometry_matrix(np.full(3, 4.0), turn, 76.0 * (turn.min(axis=1) < 0)))
    grows = np.eye(3) * 0.1
    grows[0, 2] = 0.3
    found = given_deformation(field(volume, lambda points: points @ grows.T), turned)
    assert (found.smallest_volume, found.largest_volume) == pytest.approx((1.331, 1.331), rel=1e-6)


def test_what_a_stretch_does_is_what_its_matrix_says():
    """By 10, 20 and -30 % about the first voxel: the volume is 1.1 * 1.2 * 0.7, and the farthest voxel is moved most."""
    volume = cube()
    stretch = np.array([0.1, 0.2, -0.3])
    found = given_deformation(field(volume, lambda points: points * stretch), volume)
    assert found.smallest_volume == pytest.approx(1.1 * 1.2 * 0.7, rel=1e-6)
    assert found.largest_volume == pytest.approx(1.1 * 1.2 * 0.7, rel=1e-6)
    assert found.most_mm == pytest.approx(np.linalg.norm(76 * stretch), rel=0.03)


def test_least_and_most_of_a_stretch_that_grows_are_those_within_the_border():
    """x + 0.001 x^2 has the slope 1 + 0.002 x, which central differences find exactly: of 20 voxels 4 mm apart, the second and the last
    but one."""
    volume = cube()
    found = given_deformation(field(volume, lambda p: np.stack([0.001 * p[..., 0] ** 2, 0 * p[..., 1], 0 * p[..., 2]], -1)), volume)
    assert (found.smallest_volume, found.largest_volume) == pytest.approx((1 + 0.002 * 4, 1 + 0.002 * 72))


@pytest.mark.parametrize("slices", [2, 3])
def test_a_few_slices_are_stretched_as_many_are(slices):
    volume = cube()
    thin = volume.with_array(volume.array[:slices])
    found = given_deformation(field(thin, lambda p: p * [0.1, 0, 0.5]), thin)
    assert (found.smallest_volume, found.largest_volume) == pytest.approx((1.1 * 1.5, 1.1 * 1.5))


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ((40.0, 0.3, 3.0), None),
        ((40.1, 0.3, 3.0), "it would move tissue by 40 mm"),
        ((10.0, 0.29, 2.0), "it would shrink tissue to 29% or swell it to 200% of its volume"),
        ((10.0, 0.5, 3.01), "it would shrink tissue to 50% or swell it to 301% of its volume"),
        ((10.0, 0.0, 2.0), "it would fold the patient over themselves"),
        ((10.0, 0.5, 2.0, 0.2, 0.2), "it does not make the two more alike"),
        ((10.0, 0.5, 2.0, 0.21, 0.2), None),
    ],
)
def test_what_may_be_used_is_bounded(numbers, problem):
    found = Deformation(sitk.Transform(), *numbers)
    assert found.problem == problem
    volumes = f"up to {numbers[0]:.1f} mm, tissue shrinks to {numbers[1]:.0%} and swells to {numbers[2]:.0%} at most"
    gain = {3: "", 5: f"mutual information {numbers[-2]:.3f} ({'+5%' if numbers[-2:] == (0.21, 0.2) else '+0%'} against rigid), "}
    assert found.quality == gain[len(numbers)] + volumes


def test_the_original_voxels_are_read_once_through_both():
    """A rigid motion and a shift of the deformation that undo each other give the very voxels back, without any smoothing."""
    pet = cube()
    there = np.eye(4)
    there[:3, 3] = [8.0, -12.0, 4.0]
    moved = move(pet, pet, there)
    back = given_deformation(sitk.TranslationTransform(3, there[:3, 3].tolist()), pet)
    read = resample_onto(moved, pet, back)
    np.testing.assert_allclose(read.volume.array, pet.array, atol=1e-5)
    assert read.overlap == 1.0


def test_what_the_deformation_takes_out_of_view_is_not_covered():
    pet = cube()
    read = resample_onto(pet, pet, given_deformation(sitk.TranslationTransform(3, [20.0, 0, 0]), pet))
    assert read.covered[:, :, :15].all()
    assert not read.covered[:, :, 15:].any()
    assert read.overlap == pytest.approx(0.75)


def test_a_fusion_reads_through_it():
    pet = cube(5.0)
    ct = replace(pet, array=np.where(pet.array > 0, 40, -1000).astype(np.int16), modality=Modality.CT, unit=Unit.HU, name="CT")
    deformation = given_deformation(sitk.TranslationTransform(3, [8.0, 0, 0]), ct)
    pair = prepare(ct, pet, FusionSettings(window="mediastinum", function_upper=10.0), deformation=deformation)
    np.testing.assert_allclose(pair.function01[:, :, 3:13], pair.function01.max(axis=2, keepdims=True).repeat(10, 2), atol=1e-6)


class TestFile:
    def test_itk_and_we_read_rigid_motion_and_deformation_back(self, undone, tmp_path):
        found, motion, point = undone[0], np.eye(4), (-60.0, 10.0, -300.0)
        motion[:3, 3] = [3.0, -4.0, 5.0]
        write_transform(motion, tmp_path / "deformation.h5", found.transform)
        expected = (np.linalg.inv(motion) @ [*found.transform.TransformPoint(point), 1])[:3]
        np.testing.assert_allclose(sitk.ReadTransform(str(tmp_path / "deformation.h5")).TransformPoint(point), expected, atol=1e-6)
        matrix, transform = read_transform(tmp_path / "deformation.h5")
        np.testing.assert_allclose(matrix, motion, atol=1e-9)
        np.testing.assert_allclose(transform.TransformPoint(point), found.transform.TransformPoint(point), atol=1e-6)

    def test_slicer_reads_the_same(self, undone, tmp_path):
        slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
        found, motion, point = undone[0], np.eye(4), np.array([-60.0, 10.0, -300.0])
        motion[:3, 3] = [3.0, -4.0, 5.0]
        write_transform(motion, tmp_path / "deformation.h5", found.transform)
        scene, storage = slicer.vtkMRMLScene(), slicer.vtkMRMLTransformStorageNode()
        node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "read")
        storage.SetFileName(str(tmp_path / "deformation.h5"))
        assert storage.ReadData(node) == 1
        expected = (np.linalg.inv(motion) @ [*found.transform.TransformPoint(point.tolist()), 1])[:3]
        flip = np.array([-1.0, -1.0, 1.0])
        from_parent = node.GetTransformFromParent().TransformDoublePoint(*(point * flip))
        np.testing.assert_allclose(from_parent, expected * flip, atol=1e-3)
