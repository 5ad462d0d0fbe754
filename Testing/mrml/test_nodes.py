"""Volume nodes to Volume and back, on real MRML."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

import vtk  # noqa: E402

from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.images.volume import LPS_TO_RAS, Modality, Place, Unit, Volume  # noqa: E402
from LCDFusionLib.mrml.key_slices import key_slices  # noqa: E402
from LCDFusionLib.mrml.nodes import hierarchy_item, modality_of, node_from_volume, set_voxels, unit_of, volume_from_node  # noqa: E402

MIRROR = np.diag([1.0, 1.0, -1.0, 1.0])


def assert_equal(volume, other):
    assert volume.array.dtype == other.array.dtype
    np.testing.assert_array_equal(volume.array, other.array)
    np.testing.assert_allclose(volume.ijk_to_lps, other.ijk_to_lps, atol=1e-9)
    for attribute in ("modality", "unit", "name", "frame_of_reference"):
        assert getattr(volume, attribute) == getattr(other, attribute)


def linear_transform(scene, matrix):
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    to_parent = vtk.vtkMatrix4x4()
    to_parent.DeepCopy(matrix.ravel().tolist())
    node.SetMatrixTransformToParent(to_parent)
    return node


@pytest.mark.parametrize("handedness", [np.eye(4), MIRROR], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.float64])
def test_round_trip_keeps_everything(application, pair, handedness, dtype):
    volume = pair[0].with_array(pair[0].array.astype(dtype), ijk_to_lps=pair[0].ijk_to_lps @ handedness)
    assert_equal(volume_from_node(node_from_volume(application.scene, volume)), volume)


def test_what_the_file_said_of_itself_stays_with_the_node(application, pair):
    said = replace(pair[0], place=Place.UNSAID, notes=("'a.nii': its sform was used.",))
    back = volume_from_node(node_from_volume(application.scene, said))
    assert (back.place, back.notes) == (said.place, said.notes)


def test_colour_volume_becomes_a_vector_node(application, tilted):
    rgb = np.random.default_rng(0).integers(0, 256, (3, 5, 7, 3), dtype=np.uint8)
    volume = Volume(rgb, tilted, Modality.SPECT, name="SPECT")
    node = node_from_volume(application.scene, volume)
    assert node.IsA("vtkMRMLVectorVolumeNode")
    assert_equal(volume_from_node(node), volume)


def test_the_copy_is_the_callers_own(application, pair):
    node = node_from_volume(application.scene, pair[0])
    volume = volume_from_node(node)
    set_voxels(node, np.zeros_like(pair[0].array))
    np.testing.assert_array_equal(volume.array, pair[0].array)


def test_geometry_is_that_of_the_file(application, pair, tmp_path):
    """SimpleITK writes, MRML's own reader reads: voxel centres lie where SimpleITK says."""
    image = sitk.GetImageFromArray(pair[0].array)
    image.SetSpacing(pair[0].spacing)
    image.SetDirection(pair[0].direction.ravel())
    image.SetOrigin(pair[0].origin)
    sitk.WriteImage(image, tmp_path / "ct.nrrd")
    node = application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(tmp_path / "ct.nrrd"))
    assert storage.ReadData(node)
    volume = volume_from_node(node)
    for index in ((0, 0, 0), (47, 0, 0), (3, 39, 7)):
        np.testing.assert_allclose((volume.ijk_to_lps @ [*index, 1])[:3], image.TransformIndexToPhysicalPoint(index), atol=1e-6)
    np.testing.assert_array_equal(volume.array, pair[0].array)


def test_linear_parent_transforms_go_into_the_geometry(application, pair):
    shift, turn = np.eye(4), np.eye(4)
    shift[:3, 3] = (10, -20, 30)
    turn[:2, :2] = [[0, -1], [1, 0]]
    outer, inner = linear_transform(application.scene, shift), linear_transform(application.scene, turn)
    inner.SetAndObserveTransformNodeID(outer.GetID())
    node = node_from_volume(application.scene, pair[0])
    node.SetAndObserveTransformNodeID(inner.GetID())
    in_ras = shift @ turn @ pair[0].ijk_to_ras
    np.testing.assert_allclose(volume_from_node(node).ijk_to_lps, LPS_TO_RAS @ in_ras, atol=1e-9)

    node.HardenTransform()  # what Slicer makes of the same transforms
    np.testing.assert_allclose(volume_from_node(node).ijk_to_ras, in_ras, atol=1e-9)


def test_a_non_linear_parent_transform_is_refused(application, pair):
    warp = vtk.vtkThinPlateSplineTransform()
    for number in range(5):
        warp.GetSourceLandmarks() or warp.SetSourceLandmarks(vtk.vtkPoints())
        warp.GetTargetLandmarks() or warp.SetTargetLandmarks(vtk.vtkPoints())
        place = np.random.default_rng(number).uniform(-50, 50, 3)
        warp.GetSourceLandmarks().InsertNextPoint(place)
        warp.GetTargetLandmarks().InsertNextPoint(place + number)
    transform = application.scene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    transform.SetAndObserveTransformToParent(warp)
    node = node_from_volume(application.scene, pair[1])
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match=r"'PET' is under the non-linear transform 'warp'; harden"):
        volume_from_node(node)


def test_modality_and_frame_of_reference_come_from_dicom_attributes(application, pair):
    """As Slicer's DICOM readers leave them: attributes of the item below patient and study."""
    node = application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "4: PET")
    set_voxels(node, pair[1].array)
    assert modality_of(node) is Modality.OTHER
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient"), "study")
    item = hierarchy.CreateItem(study, node)
    hierarchy.SetItemAttribute(item, "DICOM.Modality", "PT")
    hierarchy.SetItemAttribute(item, "DICOM.FrameOfReferenceUID", "1.2.840.1")
    volume = volume_from_node(node)
    assert (volume.modality, volume.unit, volume.frame_of_reference) == (Modality.PET, Unit.RELATIVE, "1.2.840.1")
    assert volume_from_node(node, modality=Modality.SPECT, unit=Unit.COUNTS).modality is Modality.SPECT


def test_modality_of_a_node_attribute_and_hounsfield_units_of_a_ct(application, pair):
    node = application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    set_voxels(node, pair[0].array)
    node.SetAttribute("DICOM.Modality", "CT")
    assert (modality_of(node), unit_of(node)) == (Modality.CT, Unit.HU)
    node.SetAttribute("DICOM.Modality", "SEG")
    assert (modality_of(node), unit_of(node)) == (Modality.OTHER, Unit.RELATIVE)


@pytest.mark.parametrize(
    ("code", "unit"),
    [("{SUVbw}g/ml", Unit.SUVBW), ("[hnsf'U]", Unit.HU), ("Bq/mL", Unit.BQML), ("{SUVlbm}g/ml", Unit.SUVLBM), ("", Unit.RELATIVE)],
)
def test_units_are_ucum_codes(application, code, unit):
    node = application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code, "UCUM", "")
    node.SetVoxelValueUnits(entry)
    assert unit_of(node) is unit


@pytest.mark.parametrize(
    ("shape", "dtype", "sentence"),
    [((2, 3, 4, 2), np.uint8, "2 components of uint8"), ((2, 3, 4, 3), np.float32, "3 components of float32")],
)
def test_vectors_that_are_not_colour_are_refused(application, shape, dtype, sentence):
    node = application.scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "DTI")
    set_voxels(node, np.zeros(shape, dtype))
    with pytest.raises(InputError, match=sentence):
        volume_from_node(node)


def test_an_empty_node_is_refused(application):
    with pytest.raises(InputError, match="'nothing' has no voxels"):
        volume_from_node(application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing"))


def test_every_node_has_one_item_and_a_display_node(application, pair):
    node = node_from_volume(application.scene, pair[0])
    assert hierarchy_item(node) == hierarchy_item(node) != 0
    assert node.GetDisplayNode().IsA("vtkMRMLScalarVolumeDisplayNode")


@pytest.mark.parametrize(("extension", "tolerance"), [("nrrd", 1e-9), ("nii.gz", 1e-4)])
def test_files_written_by_mrml_bring_the_volume_back(application, pair, tmp_path, extension, tolerance):
    node = node_from_volume(application.scene, pair[1])
    writer, reader = slicer.vtkMRMLVolumeArchetypeStorageNode(), slicer.vtkMRMLVolumeArchetypeStorageNode()
    for storage in (writer, reader):
        storage.SetFileName(str(tmp_path / f"pet.{extension}"))
    assert writer.WriteData(node)
    again = application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert reader.ReadData(again)
    np.testing.assert_array_equal(volume_from_node(again).array, pair[1].array)
    np.testing.assert_allclose(volume_from_node(again).ijk_to_lps, pair[1].ijk_to_lps, atol=tolerance)


def test_two_applications_do_not_see_each_other(pair):
    from LCDFusionLib.mrml.application import Application

    one, other = Application.create(), Application.create()
    node_from_volume(one.scene, pair[0])
    assert one.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
    assert other.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


@pytest.mark.parametrize("text", ["{", "3", '{"a": 1}', "[" * 100_000])
def test_what_a_damaged_scene_keeps_counts_for_nothing(application, pair, text):
    """The attributes of a saved scene are text that anybody may have changed."""
    node = node_from_volume(application.scene, pair[0])
    for attribute in ("LCDFusion.FileNotes", "LCDFusion.KeySlices"):
        node.SetAttribute(attribute, text)
    assert volume_from_node(node).notes == ()
    assert key_slices(node, node) == ()
