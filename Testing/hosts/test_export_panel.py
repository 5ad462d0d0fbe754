"""Export by clicking: files, the DICOM database, Slicer's own export dialog."""

import csv
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.mrml.key_slices import set_key_slices
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume, voxels

PLUGIN = Path(__file__).resolve().parents[2] / "LCDFusion" / "DICOMLCDFusionPlugin.py"


@pytest.fixture(scope="module")
def from_dicom(open_panel, small_phantom, tmp_path_factory):
    """The pair as it comes from Slicer's DICOM database, with its instance UIDs, fused."""
    from dataclasses import replace

    from LCDFusionLib.dicom import read_folder
    from LCDFusionLib.phantom import Phantom, write_study

    ct, pet, lesions = small_phantom
    folder = tmp_path_factory.mktemp("study")
    folders = write_study(
        Phantom(
            "Thorax",
            replace(ct, frame_of_reference="2.25.770077007700770077"),
            replace(pet, frame_of_reference="2.25.770077007700770077"),
            pet,
            lesions,
        ),
        folder,
    )
    slicer.mrmlScene.Clear(0)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    for place in folders:
        volume, source = read_folder(place)
        if source.suv is not None:  # Slicer's own reader knows no SUV: it loads Bq/ml
            volume = volume.with_array((volume.array / source.suv.factor).astype(np.float32), unit=type(volume.unit).BQML)
        node = node_from_volume(slicer.mrmlScene, volume)
        uids = " ".join(str(header.SOPInstanceUID) for header in source.headers)
        hierarchy.SetItemUID(hierarchy_item(node), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName(), uids)
        slicer.dicomDatabase.add(source.files)
    open_panel.enter()
    open_panel.fuse()
    return open_panel, folders


@pytest.fixture
def folder(from_dicom, tmp_path):
    panel, _ = from_dicom
    panel.parameters.exportFolder = tmp_path
    return tmp_path


def test_a_pet_in_becquerel_is_fused_in_suv(from_dicom):
    panel, _ = from_dicom
    assert "PET SUV 0-10" in panel.ui.summaryLabel.text
    assert panel.widget.panel.fusion.result.gray.GetAttribute("LCDFusion.FunctionRange") == "0 to 10 SUVbw"


def test_dicom_into_the_folder(from_dicom, folder):
    panel, folders = from_dicom
    panel.ui.dicomFolderButton.click()
    assert "dicom_color, dicom_gray" in panel.ui.exportLabel.text
    source = pydicom.dcmread(sorted(folders[0].glob("*.dcm"))[0])
    for name in ("dicom_color", "dicom_gray"):
        files = sorted((folder / name).glob("*.dcm"))
        assert len(files) == 8
        fused = pydicom.dcmread(files[0])
        assert fused.StudyInstanceUID == source.StudyInstanceUID
        assert fused.PatientID == source.PatientID
        assert list(fused.ImageType)[:2] == ["DERIVED", "SECONDARY"]
        assert len(fused.SourceImageSequence) >= 2
        assert "NOT FOR DIAGNOSTIC USE" in fused.SeriesDescription
    stored = np.stack([pydicom.dcmread(file).pixel_array for file in sorted((folder / "dicom_color").glob("*.dcm"))])
    np.testing.assert_array_equal(stored, voxels(panel.widget.panel.fusion.result.color))


def test_marked_slices_leave_as_key_images_with_their_metrics(from_dicom, folder):
    panel, folders = from_dicom
    for k in (2, 5):
        panel.widget.panel.views.slice = k
        panel.ui.keySliceButton.click()
    panel.ui.dicomFolderButton.click()
    for k in (2, 5):
        panel.widget.panel.views.slice = k
        panel.ui.keySliceButton.click()
    assert panel.ui.keySlicesLabel.text == ""
    assert "dicom_key_images, dicom_metrics" in panel.ui.exportLabel.text
    keys = pydicom.dcmread(folder / "dicom_key_images" / "0001.dcm")
    marked = {item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in keys.ContentSequence if item.ValueType == "IMAGE"}
    fused = [pydicom.dcmread(file) for file in sorted((folder / "dicom_color").glob("*.dcm"))]
    assert marked == {fused[k].SOPInstanceUID for k in (2, 5)}
    place = panel.parameters.anatomy.GetOrigin()[2] + 2 * panel.parameters.anatomy.GetSpacing()[2]
    assert fused[2].ImagePositionPatient[2] == pytest.approx(place)
    report = pydicom.dcmread(folder / "dicom_metrics" / "0001.dcm")
    assert report.StudyInstanceUID == pydicom.dcmread(next(folders[0].glob("*.dcm"))).StudyInstanceUID


def test_dicom_into_the_database(from_dicom):
    panel, _ = from_dicom
    before = len(slicer.dicomDatabase.files)
    panel.ui.dicomDatabaseButton.click()
    assert panel.ui.exportLabel.text == "In the DICOM database, 16 images: color, gray."
    assert len(slicer.dicomDatabase.files) == before + 16


def test_nrrd_nifti_csv_and_pictures(from_dicom, folder):
    panel, _ = from_dicom
    panel.ui.nrrdButton.click()
    panel.ui.niftiButton.click()
    gray = sitk.ReadImage(str(folder / "fused_gray.nrrd"))
    assert gray.GetSize() == (64, 64, 8)
    assert "not for diagnostic use" in gray.GetMetaData("LCDFusion_note")
    assert (folder / "fused_color.nii.gz").is_file()
    panel.widget.drawings.export.saveMetrics(folder / "metrics.csv")
    rows = list(csv.DictReader((folder / "metrics.csv").open()))
    assert len(rows) == 10
    assert float(rows[3]["QABF"]) == pytest.approx(panel.widget.panel.fusion.result.slice_metrics(3)[0]["QABF"], abs=1e-6)
    assert rows[3]["image"], "the anatomy's image number"

    panel.widget.panel.views.slice = 3
    panel.ui.keySliceButton.click()
    panel.widget.panel.views.slice = 5
    panel.ui.keySliceButton.click()
    assert panel.ui.keySlicesLabel.text == "Marked: 4, 6"
    panel.ui.keySliceButton.click()
    assert panel.ui.keySlicesLabel.text == "Marked: 4"
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    panel.ui.picturesButton.click()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "fused_slice_0004.png")))
    assert picture.shape[1] > 2000
    assert picture.std() > 20
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["fused_color.nii.gz", "fused_color.nrrd", "fused_gray.nii.gz", "fused_gray.nrrd", "fused_slice_0004.png", "metrics.csv"]
    )


def test_a_page_goes_into_the_database_with_the_series(from_dicom):
    panel, _ = from_dicom
    set_key_slices(panel.parameters.anatomy, panel.parameters.function, [])
    panel.widget._checkCanApply()
    before, panel.parameters.pageInDicom = len(slicer.dicomDatabase.files), True
    panel.ui.dicomDatabaseButton.click()
    panel.parameters.pageInDicom = False
    assert panel.ui.exportLabel.text == "In the DICOM database, 17 images: color, gray, page."
    assert len(slicer.dicomDatabase.files) == before + 17


def test_a_session_is_saved_and_brings_the_review_back(from_dicom, folder):
    panel, _ = from_dicom
    parameters, views = panel.parameters, panel.widget.panel.views
    parameters.opacity, parameters.functionUpper, views.slice = 0.3, 7.0, 6
    panel.ui.saveSessionButton.click()
    assert "Written to" in panel.ui.exportLabel.text
    parameters.opacity, parameters.functionUpper, views.slice = 0.5, 0.0, 2
    panel.widget.drawings.export.openSession(str(folder / "lcdfusion_session.json"))
    panel.widget._checkCanApply()
    assert "The session is back" in panel.ui.exportLabel.text
    assert (parameters.opacity, parameters.functionUpper, views.slice) == (0.3, 7.0, 6)
    parameters.opacity, parameters.functionUpper = 0.5, 0.0
    for name, content in (("picture.json", b"\x89PNG\xff"), ("other.json", b"{}"), ("missing.json", None)):
        if content is not None:
            (folder / name).write_bytes(content)
        panel.widget.drawings.export.openSession(str(folder / name))
        assert name in panel.ui.exportLabel.text
        assert "choose" in panel.ui.exportLabel.text


def test_a_place_that_cannot_be_written_is_one_sentence(from_dicom, folder):
    panel, _ = from_dicom
    panel.parameters.exportFolder = folder / "missing"
    panel.ui.nrrdButton.click()
    assert "does not exist or may not be written" in panel.ui.exportLabel.text


def test_slicers_export_dialog_offers_it(host, from_dicom, folder):
    panel, _ = from_dicom
    host.Module(PLUGIN)
    plugin = slicer.modules.dicomPlugins["DICOMLCDFusionPlugin"]()
    result = panel.widget.panel.fusion.result
    assert plugin.examineForExport(hierarchy_item(panel.parameters.anatomy)) == []
    assert plugin.examineForImport([]) == []
    for node, interpretation in ((result.color, "RGB"), (result.gray, "MONOCHROME2")):
        (exportable,) = plugin.examineForExport(hierarchy_item(node))
        assert exportable.confidence > 0.5, "before the scalar volume plugin, which would call it ORIGINAL"
        exportable.directory = str(folder)
        assert plugin.export([exportable]) == ""
        files = sorted((folder / f"LCDFusion_{hierarchy_item(node)}").rglob("*.dcm"))
        assert len(files) == 8
        assert pydicom.dcmread(files[0]).PhotometricInterpretation == interpretation


def in_slicers_study(panel, folders):
    """Puts all volumes and the result under patient and study, as DICOMPlugin.addSeriesInSubjectHierarchy does; gives the study's item."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    header = pydicom.dcmread(next(folders[0].glob("*.dcm")), stop_before_pixels=True)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient")
    study = hierarchy.CreateStudyItem(patient, "study")
    for item, keywords in (
        (patient, ["PatientName", "PatientID", "PatientSex", "PatientBirthDate", "PatientComments"]),
        (study, ["StudyInstanceUID", "StudyID", "StudyDescription", "StudyDate", "StudyTime"]),
    ):
        for keyword in keywords:
            value = str(header.get(keyword) or "") or {"StudyDescription": "No study description"}.get(keyword, "")
            hierarchy.SetItemAttribute(item, f"DICOM.{keyword}", value)
    result = panel.widget.panel.fusion.result
    for node in (panel.parameters.anatomy, panel.parameters.function, result.gray, result.color, result.metrics):
        hierarchy.SetItemParent(hierarchy_item(node), study)
    return study


def export_dialog(study, folder, **edits):
    """What qSlicerDICOMExportDialog and qSlicerDICOMTagEditorWidget do with a study: ask the plugin for each child, show what patient
    and study have as attributes, let them be edited, hand all series of the plugin over in one call."""
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    plugin = slicer.modules.dicomPlugins["DICOMLCDFusionPlugin"]()
    children = []
    hierarchy.GetItemChildren(study, children)
    exportables = [each for child in children for each in plugin.examineForExport(child)]
    for item, names in ((hierarchy.GetItemParent(study), PATIENT_TAGS), (study, STUDY_TAGS)):
        for name in names:
            attribute = constants.GetDICOMAttributePrefix() + name
            if not hierarchy.HasItemAttribute(item, attribute):
                hierarchy.SetItemAttribute(item, attribute, "")
            for exportable in exportables:
                exportable.setTag(name, hierarchy.GetItemAttribute(item, attribute))
    for exportable in exportables:
        exportable.directory = str(folder)
        for name, value in edits.items():
            exportable.setTag(name, value)
    return plugin.export(exportables)


PATIENT_TAGS = ("PatientName", "PatientID", "PatientSex", "PatientBirthDate", "PatientComments")
STUDY_TAGS = ("StudyInstanceUID", "StudyID", "StudyDescription", "StudyDate", "StudyTime")


def written_series(folder):
    series = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            dataset = pydicom.dcmread(file)
            series.setdefault(dataset.SeriesInstanceUID, []).append(dataset)
    return sorted(series.values(), key=lambda images: images[0].PhotometricInterpretation)


def test_a_study_leaves_with_each_series_once_and_the_patient_as_it_is(host, from_dicom, folder):
    panel, folders = from_dicom
    host.Module(PLUGIN)
    study = in_slicers_study(panel, folders)
    source = pydicom.dcmread(next(folders[0].glob("*.dcm")))
    assert export_dialog(study, folder) == ""
    gray, color = written_series(folder)
    assert [len(gray), len(color)] == [8, 8]
    assert (gray[0].PhotometricInterpretation, color[0].PhotometricInterpretation) == ("MONOCHROME2", "RGB")
    for image in (*gray, *color):
        for keyword in (*PATIENT_TAGS, *STUDY_TAGS):
            assert str(image.get(keyword) or "") == str(source.get(keyword) or ""), keyword


def test_edits_in_the_export_dialog_are_honoured(host, from_dicom, folder):
    panel, folders = from_dicom
    host.Module(PLUGIN)
    edits = {
        "PatientName": "Łukasz^Ödön",
        "PatientID": "TRIAL-7",
        "PatientSex": "O",
        "PatientBirthDate": "",
        "PatientComments": "for teaching",
        "StudyInstanceUID": "2.25.123456",
        "StudyID": "S7",
        "StudyDescription": "Fusion for teaching",
        "StudyDate": "20260102",
        "StudyTime": "101112",
    }
    source = pydicom.dcmread(next(folders[0].glob("*.dcm")))
    assert export_dialog(in_slicers_study(panel, folders), folder, **edits) == ""
    for images in written_series(folder):
        for image in images:
            assert {keyword: str(image.get(keyword) or "") for keyword in edits} == edits
            assert image.FrameOfReferenceUID == source.FrameOfReferenceUID
            assert str(source.PatientName) not in str(image)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("StudyDate", "20261350"), ("StudyDate", "1 May"), ("StudyInstanceUID", "mine"), ("PatientSex", "male"), ("PatientID", "x" * 65)],
)
def test_an_edit_that_dicom_cannot_hold_is_one_sentence(host, from_dicom, folder, keyword, value):
    panel, folders = from_dicom
    host.Module(PLUGIN)
    assert "change it and export again" in export_dialog(in_slicers_study(panel, folders), folder, **{keyword: value})
    assert not written_series(folder)


def test_a_scene_without_patient_attributes_exports_the_source_s(host, from_dicom, folder):
    """The dialog shows "" for what subject hierarchy lacks, and gives "" back: no person has emptied it."""
    panel, folders = from_dicom
    host.Module(PLUGIN)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = in_slicers_study(panel, folders)
    for item, names in ((hierarchy.GetItemParent(study), PATIENT_TAGS), (study, STUDY_TAGS)):
        for name in names:
            hierarchy.RemoveItemAttribute(item, f"DICOM.{name}")
    source = pydicom.dcmread(next(folders[0].glob("*.dcm")))
    assert export_dialog(study, folder) == ""
    for image in (images[0] for images in written_series(folder)):
        assert (image.PatientName, image.PatientID, image.StudyDate) == (source.PatientName, source.PatientID, source.StudyDate)
