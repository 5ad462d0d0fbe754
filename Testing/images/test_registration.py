"""Registration: known motions come back, impossible pairs are called so, nothing is resampled, the transform means the same to ITK."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.mutual_information import measured_voxels, sampled_region, working_image
from LCDFusionLib.images.registration import Registration, _overlap, _Search, move, register
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.transform_files import read_transform, write_transform
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from Testing import kept_phantoms
from Testing.images.evaluate_registration import centre_of, draw, error, rigid_motion

MOTION = rigid_motion(np.random.default_rng(1), np.array([10.0, -20.0, 30.0]))


@pytest.fixture(scope="module")
def head():
    return kept_phantoms.head()


def cut(volume, width):
    """The middle of a volume, so many mm wide where it is larger: a search through it is shorter."""
    size = np.array(volume.shape)
    half = np.minimum(np.ceil(width / 2 / volume.spacing[::-1]).astype(int), size // 2)
    first, last = size // 2 - half, size // 2 + half
    matrix = volume.ijk_to_lps.copy()
    matrix[:, 3] = matrix @ [*first[::-1], 1]
    k, j, i = (slice(*ends) for ends in zip(first, last, strict=True))
    return volume.with_array(np.ascontiguousarray(volume.array[k, j, i]), ijk_to_lps=matrix)


@pytest.fixture(scope="module")
def middle(head):
    return replace(head, anatomy=cut(head.anatomy, 190), function=cut(head.function, 190))


@pytest.fixture(scope="module")
def found(middle):
    """(motion, registration): 20 mm and 10 degrees, and up to 1000 mm away, as of another scanner; then its axes turned too."""
    rng = np.random.default_rng(11)
    motions = [draw(rng, kind, middle.anatomy, middle.function) for kind in ("far", "turned")]
    return [(m, register(replace(middle.function, ijk_to_lps=m @ middle.function.ijk_to_lps), middle.anatomy)) for m in motions]


def test_known_motions_come_back(middle, found):
    errors = np.array([error(r.matrix @ motion, np.eye(4), centre_of(middle.anatomy)) for motion, r in found])
    assert errors[:, 0].max() < 1.0
    assert errors[:, 1].max() < 0.5
    assert ["check left and right" in r.quality for _, r in found] == [False, True]
    for motion, registration in found:
        assert registration.problem is None, registration.quality
        assert registration.mutual_information > registration.before
        assert registration.shift_mm == pytest.approx(np.linalg.norm((motion - np.eye(4)) @ [*centre_of(middle.anatomy), 1]), abs=1.5)


def test_what_is_resampled_are_the_original_voxels(middle, found):
    """The matrix goes in front, so the one resampling gives what the unmoved pair gives."""
    motion, registration = found[0]
    moved = replace(middle.function, ijk_to_lps=motion @ middle.function.ijk_to_lps)
    back = move(moved, middle.anatomy, registration.matrix)
    assert back.array is middle.function.array
    assert back.frame_of_reference == middle.anatomy.frame_of_reference
    exact = move(moved, middle.anatomy, np.linalg.inv(motion))
    np.testing.assert_allclose(
        resample_onto(exact, middle.anatomy).volume.array, resample_onto(middle.function, middle.anatomy).volume.array, atol=1e-3
    )
    np.testing.assert_array_equal(move(moved, middle.anatomy, np.eye(4)).ijk_to_lps, moved.ijk_to_lps)  # undone


def test_a_mirrored_file_is_refused(head):
    """No motion mends it; the one that comes nearest must not be offered. Of 30 draws, the one whose coarse searches tell nothing."""
    rng = np.random.default_rng(7)
    motion = [draw(rng, "mirrored", head.anatomy, head.function) for _ in range(17)][-1]
    registration = register(replace(head.function, ijk_to_lps=motion @ head.function.ijk_to_lps), head.anatomy)
    assert "mirrored" in registration.problem
    assert np.linalg.det(registration.matrix) == pytest.approx(1)


def test_trust_is_counted_round_the_end_that_is_returned(head, monkeypatch):
    """Six starts end at one place, the seventh elsewhere; refined, the seventh is better: it stands alone, and is refused."""
    coarse, fine = _Search.coarse, _Search.fine
    elsewhere = np.eye(4)
    elsewhere[0, 3] = 60.0
    calls = []

    def ended(search, start, tell):
        if not calls:
            calls.append(coarse(search, start, tell))
        else:
            calls.append(replace(calls[0], motion=elsewhere @ calls[0].motion, mutual_information=0.9 * calls[0].mutual_information))
        return calls[-1] if len(calls) == 2 else calls[0]

    def refined(search, end, tell):
        return replace(fine(search, end, tell), motion=end.motion, overlap=1.0, mutual_information=1.0 if end is calls[1] else 0.9)

    monkeypatch.setattr(_Search, "coarse", ended)
    monkeypatch.setattr(_Search, "fine", refined)
    monkeypatch.setattr("LCDFusionLib.images.registration._rivals", lambda places: [])
    monkeypatch.setattr(_Search, "starts", lambda search, motions: motions[:1])
    registration = register(cut(head.function, 140), cut(head.anatomy, 140))
    assert (registration.agreeing_starts, registration.starts) == (1, 7)
    assert registration.problem == "only 1 of 7 independent starts ended at the same place"


def test_a_pair_that_cannot_be_aligned_is_called_so(head):
    """PET of pure noise: no place is better than another."""
    anatomy, function = cut(head.anatomy, 140), cut(head.function, 140)
    noise = function.with_array(np.random.default_rng(3).random(function.shape, dtype=np.float32))
    registration = register(noise, anatomy)
    assert registration.problem
    with pytest.raises(InputError, match="cannot be aligned with confidence"):
        registration.check(noise, anatomy)


def test_cancel_and_progress(head):
    parts = []

    def cancel(part):
        parts.append(part)
        if part > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        register(head.function, head.anatomy, progress=cancel)
    assert parts == sorted(parts)
    assert parts[-1] < 0.5


@pytest.mark.parametrize(("shift", "part"), [(0, 1.0), (10, 0.5), (16, 0.2), (40, 0.0)])
def test_overlap_is_a_part_of_the_smaller_volume(shift, part):
    """20 x 20 x 20 voxels of 1 mm in 40 x 20 x 10 of 2 mm, moved out of it along x."""
    fixed, moving = sitk.Image([40, 20, 10], sitk.sitkFloat32), sitk.Image([20, 20, 20], sitk.sitkFloat32)
    fixed.SetSpacing([2, 2, 2])
    fixed.SetOrigin([1, 1, 1])
    moving.SetOrigin([0.5 - shift, 0.5, 0.5])
    assert _overlap(fixed, moving, sitk.Transform()) == pytest.approx(part)


def test_what_cannot_be_registered():
    flat = Volume(np.zeros((2, 8, 8), np.float32), np.eye(4), Modality.PET, name="flat")
    with pytest.raises(InputError, match="'flat' has too few slices"):
        register(flat, flat)
    color = Volume(np.zeros((8, 8, 8, 3), np.uint8), np.eye(4), name="colour")
    with pytest.raises(InputError, match="'colour' is a picture"):
        register(color, color)


class TestTransformFile:
    def test_itk_reads_the_way_back(self, tmp_path):
        """SimpleITK, resampling with the file, takes each fixed point to where the moving volume has it."""
        write_transform(MOTION, tmp_path / "registration.tfm")
        point = np.array([12.0, -30.0, 44.0, 1.0])
        moved = sitk.ReadTransform(str(tmp_path / "registration.tfm")).TransformPoint((MOTION @ point)[:3].tolist())
        np.testing.assert_allclose(moved, point[:3], atol=1e-9)
        np.testing.assert_allclose(read_transform(tmp_path / "registration.tfm")[0], MOTION, atol=1e-9)
        assert [path.name for path in tmp_path.iterdir()] == ["registration.tfm"]

    def test_slicer_reads_the_same_motion(self, tmp_path):
        """The .tfm as Slicer's storage node reads it, and our own node, move a point alike."""
        slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
        from LCDFusionLib.mrml.transforms import transform_node

        write_transform(MOTION, tmp_path / "registration.tfm")
        scene = slicer.vtkMRMLScene()
        ours = transform_node(scene, MOTION, name="registration")
        read, storage = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "read"), slicer.vtkMRMLTransformStorageNode()
        storage.SetFileName(str(tmp_path / "registration.tfm"))
        assert storage.ReadData(read) == 1
        flip = np.diag([-1.0, -1.0, 1.0, 1.0])
        expected = (flip @ MOTION @ flip @ [12.0, -30.0, 44.0, 1.0])[:3]
        for node in (ours, read):
            matrix = slicer.vtkMRMLLinearTransformNode.GetMatrixTransformToParent
            import vtk

            to_parent = vtk.vtkMatrix4x4()
            matrix(node, to_parent)
            np.testing.assert_allclose(to_parent.MultiplyPoint((12.0, -30.0, 44.0, 1.0))[:3], expected, atol=1e-6)

    @pytest.mark.parametrize(("factor", "words"), [(1.1, "stretches"), (-1.0, "mirrors")])
    def test_not_rigid(self, tmp_path, factor, words):
        write_transform(np.diag([factor, 1.0, 1.0, 1.0]), tmp_path / "t.tfm")
        with pytest.raises(InputError, match=words):
            read_transform(tmp_path / "t.tfm")

    def test_no_transform(self, tmp_path):
        (tmp_path / "t.tfm").write_text("nothing")
        for name in ("t.tfm", "missing.tfm"):
            with pytest.raises(InputError, match="cannot be read"):
                read_transform(tmp_path / name)


def test_a_real_pair_that_cannot_be_aligned_is_called_so(shared_data):
    """MR and PET of a thigh, cut round the tumour (STS_001): too little structure, the search runs away."""
    folder = shared_data / "pet-ct-mr-sarcoma" / "STS_001"
    mr = read_volume(folder / "mr_t1.nrrd", modality=Modality.MR)
    pet = read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
    assert register(pet, mr).problem


def test_a_real_pair_comes_back(shared_data):
    """CT and PET of STS_037: a motion comes back, on top of what the unmoved pair gives."""
    folder = shared_data / "pet-ct-mr-sarcoma" / "STS_037"
    ct = read_volume(folder / "ct.nrrd", modality=Modality.CT)
    pet = read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
    unmoved = register(pet, ct)
    motion = rigid_motion(np.random.default_rng(7), centre_of(ct))
    again = register(replace(pet, ijk_to_lps=motion @ pet.ijk_to_lps), ct)
    mm, degrees = error(again.matrix @ motion, unmoved.matrix, centre_of(ct))
    assert mm < 0.2
    assert degrees < 0.2


@pytest.mark.parametrize(("degrees", "is_refused"), [(19.5, False), (20.5, True)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_no_patient_is_turned_by_more_than_20_degrees(degrees, is_refused, axis):
    matrix, angle = np.eye(4), np.radians(degrees)
    a, b = (n for n in range(3) if n != axis)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    counts = {"agreeing_starts": 9, "starts": 9, "overlap": 1, "shift_mm": 3, "tilt_degrees": degrees}
    found = Registration(matrix, mutual_information=1, before=0.5, **counts)
    assert (found.problem is not None) == is_refused


@pytest.mark.parametrize("role", [0, 1], ids=["anatomy", "function"])
def test_what_was_not_measured_is_compared_nowhere(role):
    """Pixel Padding of either volume, on grids that differ: no sample lies in it, and nearly all others stay."""
    rng, volumes = np.random.default_rng(3), []
    for number, (size, spacing) in enumerate(((40, 3.0), (30, 4.0))):
        matrix = geometry_matrix(np.full(3, spacing), np.eye(3), np.full(3, -(size - 1) / 2 * spacing))
        padding = None
        if number == role:
            padding = np.zeros((size,) * 3, dtype=bool)
            padding[:, :, : size // 2] = True  # the patient's right half
        volumes.append(Volume(rng.random((size,) * 3, dtype=np.float32), matrix, Modality.MR, Unit.RELATIVE, "body", padding=padding))
    fixed, moving = (working_image(volume) for volume in volumes)
    measured = measured_voxels(volumes[0], fixed), measured_voxels(volumes[1], moving)
    region = sitk.GetArrayFromImage(sampled_region(fixed, moving, margin=3, measured=measured)).astype(bool)
    whole = sitk.GetArrayFromImage(sampled_region(fixed, moving, margin=3)).astype(bool)
    x = fixed.GetOrigin()[0] + np.arange(region.shape[2]) * fixed.GetSpacing()[0]
    assert not region[:, :, x < -4].any()
    assert (region == whole)[:, :, x > 4].all()
    assert whole[:, :, x < -4].any()
