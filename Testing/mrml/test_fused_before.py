"""What was fused on an earlier day and comes back, by the readers that Slicer has, is no original."""

from pathlib import Path

import pydicom
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.dicom import Derivation, write_fused_color, write_fused_gray  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.images.files import write_volume  # noqa: E402
from LCDFusionLib.images.volume import Modality  # noqa: E402
from LCDFusionLib.mrml.inputs import check_pair, choose_pair  # noqa: E402
from LCDFusionLib.mrml.made_by_fusion import is_fused  # noqa: E402
from LCDFusionLib.mrml.nodes import MODALITY_ATTRIBUTE, hierarchy_item, node_from_volume  # noqa: E402

DERIVATION = Derivation(weights="ct-pet", weights_sha256="ab" * 32, anatomy_window="", function_range="")


def loaded(scene, file, *, is_color, modality=None):
    """A node as Slicer's own volume readers make it of a file: no attribute, no name and no unit of ours."""
    kind = "Vector" if is_color else "Scalar"
    node = scene.AddNewNodeByClass(f"vtkMRML{kind}VolumeNode", "9001")
    is_nrrd = is_color and file.suffix == ".nrrd"  # vtkSlicerVolumesLogic: NRRDVectorVolumeNodeSetFactory comes first
    storage = scene.AddNewNodeByClass("vtkMRMLNRRDStorageNode" if is_nrrd else "vtkMRMLVolumeArchetypeStorageNode")
    if is_nrrd:
        storage.SetCenterImage(0)
    storage.SetFileName(str(file))
    assert storage.ReadData(node) == 1
    node.SetAndObserveStorageNodeID(storage.GetID())
    if modality is not None:
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene).SetItemAttribute(
            hierarchy_item(node), MODALITY_ATTRIBUTE, modality
        )
    return node


def refused(anatomy, function, find_file=lambda uid: ""):
    with pytest.raises(InputError, match="is a fused image, not an original"):
        check_pair(anatomy, function, find_file=find_file)


@pytest.fixture
def fused(pair, fuse_plainly):
    return fuse_plainly(*pair)


@pytest.fixture
def series(fused, tmp_path):
    """series(kind, **attributes): a fused series as the DICOM database holds it: its files, by their instance UIDs."""

    def write(kind, **attributes):
        writer, volume = {"gray": (write_fused_gray, fused.gray), "color": (write_fused_color, fused.color)}[kind]
        folder = writer(volume, tmp_path / kind, anatomy=None, function=None, derivation=DERIVATION)
        files = {}
        for path in sorted(folder.iterdir()):
            dataset = pydicom.dcmread(path)
            for keyword, value in attributes.items():
                setattr(dataset, keyword, value)
            dataset.save_as(path)
            files[str(dataset.SOPInstanceUID)] = str(path)
        return files

    return write


OLD = {
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
    "Modality": "CT",
    "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
    "DerivationDescription": "",
}
"""The gray of the first version, which was a CT Image."""


@pytest.mark.parametrize(("kind", "attributes"), [("gray", {}), ("color", {}), ("gray", OLD)], ids=["gray", "colour", "gray of old"])
@pytest.mark.parametrize("where", ["hierarchy", "node", "file"])
def test_a_fused_series_from_the_database(application, pair, series, kind, attributes, where):
    """`where` the reader left the way back: instance UIDs on the item, on the node, or the storage node's file alone.

    With the Modality of a CT, as it stands in a header of old, and as a person may set it in the Data module for any.
    """
    scene = application.scene
    _, pet = nodes = [node_from_volume(scene, volume) for volume in pair]
    files = series(kind, **attributes)
    node = loaded(scene, Path(next(iter(files.values()))), is_color=kind == "color", modality="CT")
    uids = " ".join(files)
    if where == "hierarchy":
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        hierarchy.SetItemUID(hierarchy_item(node), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName(), uids)
    elif where == "node":
        node.SetAttribute("DICOM.instanceUIDs", uids)
    if where != "file":
        scene.RemoveNode(node.GetStorageNode())
    find_file = (lambda uid: "") if where == "file" else lambda uid: files.get(uid, "")
    assert choose_pair(scene, find_file=find_file) == tuple(nodes)
    scene.RemoveNode(nodes[0])
    assert choose_pair(scene, find_file=find_file) is None
    refused(node, pet, find_file)
    refused(pet, node, find_file)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".nii"])
@pytest.mark.parametrize("kind", ["gray", "color"])
def test_a_fused_file(application, pair, fused, tmp_path, kind, suffix):
    scene, path = application.scene, tmp_path / f"any name{suffix}"
    ct, pet = (node_from_volume(scene, volume) for volume in pair)
    write_volume(getattr(fused, kind).with_array(getattr(fused, kind).array, is_fused=True), path)
    node = loaded(scene, path, is_color=kind == "color", modality="CT")
    assert choose_pair(scene) == (ct, pet)
    refused(node, pet)
    refused(ct, node)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz"])
def test_what_is_written_but_not_fused_stays_an_original(application, pair, tmp_path, suffix):
    """The phantoms and every volume that `write_volume` wrote otherwise."""
    path = tmp_path / f"fused_gray{suffix}"
    write_volume(pair[0], path)
    node = loaded(application.scene, path, is_color=False, modality="CT")
    pet = node_from_volume(application.scene, pair[1])
    assert choose_pair(application.scene) == (node, pet)
    check_pair(node, pet)


def test_a_phantom_of_ours_stays_an_original(application, pair, tmp_path):
    """Its Manufacturer is that of a fused series."""
    from datetime import datetime

    from LCDFusionLib.dicom import Patient, Study, write_original_series

    study = Study(uid="2.25.5", started=datetime(2025, 3, 14, 10))
    folder = write_original_series(pair[0], tmp_path / "ct", patient=Patient(name="A", id="1"), study=study, series_number=1)
    files = sorted(folder.iterdir())
    assert pydicom.dcmread(files[0]).Manufacturer == "LCDFusion"
    node = loaded(application.scene, files[0], is_color=False, modality="CT")
    assert not is_fused(node)


def test_a_file_that_is_gone_or_damaged_says_nothing(application, pair, tmp_path):
    path = tmp_path / "ct.nrrd"
    write_volume(pair[0], path)
    node = loaded(application.scene, path, is_color=False, modality=Modality.CT.value)
    path.write_bytes(b"NRRD0005\nno header")
    assert not is_fused(node)
    path.unlink()
    assert not is_fused(node)
