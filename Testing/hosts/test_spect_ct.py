"""A SPECT/CT on the desktop, loaded by GDCM as Slicer's own reader does: chosen, fused, shown and exported."""

import numpy as np
import pydicom
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import SimpleITK as sitk
import slicer

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.fusion import FusionSettings, FusionWorker, prepare
from LCDFusionLib.fusion.events import Finished
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from LCDFusionLib.mrml.inputs import read_pair
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume
from Testing.dicom.nuclear_objects import beside_the_field, write_spect_ct


def load(folder, name, modality, unit):
    """What DICOMScalarVolumePlugin does: GDCM reads the voxels, the instance UIDs go to subject hierarchy."""
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(files if len(files) > 1 else files[0])
    matrix = geometry_matrix(image.GetSpacing(), np.reshape(image.GetDirection(), (3, 3)), image.GetOrigin())
    node = node_from_volume(slicer.mrmlScene, Volume(sitk.GetArrayFromImage(image), matrix, modality, unit, name))
    uids = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in files]
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemUID(hierarchy_item(node), name, " ".join(uids))
    slicer.dicomDatabase.add(files)
    return node


@pytest.fixture(scope="module")
def spect_ct(open_panel, tmp_path_factory):
    """The panel with the study fused, its nodes and the folders of CT and SPECT."""
    slicer.mrmlScene.Clear(0)
    folders = write_spect_ct(tmp_path_factory.mktemp("study"))
    nodes = load(folders[0], "3: CT test", Modality.CT, Unit.HU), load(folders[1], "5: SPECT bone", Modality.SPECT, Unit.COUNTS)
    open_panel.enter()
    open_panel.ui.sideBySideButton.click()  # whatever a test before has left
    open_panel.fuse()
    return open_panel, nodes, folders


def test_the_pair_is_chosen_and_fused(spect_ct):
    panel, nodes, _ = spect_ct
    assert (panel.parameters.anatomy, panel.parameters.function) == nodes
    assert "SPECT counts 0-7" in panel.ui.summaryLabel.text, "padding, 65535, is no uptake"
    assert "8 slices fused" in panel.ui.statusLabel.text
    picture = panel.middle_of("LCDFused")
    assert np.ptp(picture, axis=-1).max() > 60, "no uptake in colour"
    panel.keep_pictures("spect-ct")
    assert beside_the_field(panel.view("LCDAnatomy").picture()).max() < 10
    assert beside_the_field(panel.view("LCDFunction").picture(), at_the_bottom=True).min() > 230, "no uptake is white there"


def test_it_is_what_the_files_give(spect_ct):
    """The node holds padding as 62512 HU and lies the other way round; picture and metrics are those of the command."""
    panel, nodes, folders = spect_ct
    assert nodes[0].GetImageData().GetScalarRange()[1] == 62512
    (ct, source), (spect, _) = map(read_folder, folders)
    with FusionWorker() as worker:
        fused = next(event.result for event in worker.run(prepare(ct, spect, FusionSettings())) if isinstance(event, Finished))
    result = panel.widget.panel.fusion.result
    anatomy, function, _ = read_pair(*nodes, find_file=panel.widget.logic.findFile)
    np.testing.assert_array_equal(anatomy.padding, source.padding)
    assert function.padding.any()
    np.testing.assert_array_equal(anatomy.array[source.padding], ct.array[source.padding])
    np.testing.assert_allclose(function.origin, nodes[1].GetOrigin() * np.array([-1, -1, 1]))
    for k in range(8):
        for name, value in result.slice_metrics(k)[0].items():
            assert value == pytest.approx(fused.metrics[k][name], rel=1e-3), name


def test_a_preview_knows_padding_too(spect_ct):
    panel, _, _ = spect_ct
    whole = panel.widget.panel.fusion.result.slice_metrics(4)[0]
    panel.widget.panel.views.slice = 4
    panel.ui.previewButton.click()
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    preview = next(image.nodes for image in panel.widget.panel.workflow.images if image.nodes.is_preview)
    assert preview.slice_metrics(0)[0] == pytest.approx(whole, rel=1e-3)


def test_a_registration_is_given_it(spect_ct, monkeypatch):
    panel, _, folders = spect_ct
    given = []
    session = panel.widget.panel.registration_session
    monkeypatch.setattr(session, "start", lambda *volumes: given.extend(volumes))
    panel.widget.panel.registration.register()
    np.testing.assert_array_equal(given[2].padding, read_folder(folders[0])[1].padding)
    assert given[3].padding.any()


def test_its_export_names_the_frames(spect_ct, tmp_path):
    panel, _, folders = spect_ct
    panel.parameters.exportFolder = tmp_path
    panel.ui.dicomFolderButton.click()
    assert "dicom_color, dicom_gray" in panel.ui.exportLabel.text
    (spect,) = (pydicom.dcmread(file) for file in folders[1].iterdir())
    for image in map(pydicom.dcmread, (tmp_path / "dicom_color").iterdir()):
        of_spect = [item for item in image.SourceImageSequence if item.ReferencedSOPInstanceUID == spect.SOPInstanceUID]
        assert [item.ReferencedFrameNumber for item in of_spect] == [round((-464 - image.ImagePositionPatient[2]) / 4) + 1]
