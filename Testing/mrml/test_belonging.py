"""Two volumes that do not belong together: found in headers or in subject hierarchy, confirmed for one pair, and written down."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, read_folder, write_original_series  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume, geometry_matrix  # noqa: E402
from LCDFusionLib.mrml.belonging import confirm_mismatches, confirmed_mismatches, notes_on_pair, pair_mismatches  # noqa: E402
from LCDFusionLib.mrml.export import Export  # noqa: E402
from LCDFusionLib.mrml.inputs import check_pair, choose_pair, read_pair  # noqa: E402
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume  # noqa: E402
from LCDFusionLib.mrml.result_nodes import create_result  # noqa: E402

PATIENT = Patient(name="Doe^Jane", id="P-1", birth_date=date(1960, 5, 4), sex="F", weight_kg=70.0)
STARTED = datetime(2025, 3, 14, 10, 0)


@pytest.fixture
def load(application, tmp_path):
    """load(modality, patient=, started=, **attributes): a series on disk and its node, as Slicer's DICOM readers leave both."""
    files, folders = {}, []

    def add(modality, patient=PATIENT, started=STARTED, **attributes):
        k, j, i = np.mgrid[:4, :16, :16]
        body = np.hypot(j - 8, i - 8) < 6
        is_ct = modality is Modality.CT
        volume = Volume(
            np.where(body, 40.0, -1000.0) if is_ct else body * (1.0 + k),
            geometry_matrix(np.array([2.0, 2, 4]), np.eye(3), np.zeros(3)),
            modality,
            Unit.HU if is_ct else Unit.SUVBW,
            modality.value,
            "2.25.5",
        )
        folder = write_original_series(
            volume,
            tmp_path / f"series{len(folders)}",
            patient=patient,
            study=Study(uid=generate_uid(), started=started, description="PET/CT"),
            series_number=3,
            radiopharmaceutical=Radiopharmaceutical(injected=started - timedelta(hours=1), dose_bq=3e8, half_life_s=6586.2),
            attributes=attributes,
        )
        folders.append(folder)
        read, source = read_folder(folder)
        files.update({str(header.SOPInstanceUID): str(path) for header, path in zip(source.headers, source.files, strict=True)})
        node = node_from_volume(application.scene, read)
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
        uids = " ".join(str(header.SOPInstanceUID) for header in source.headers)
        hierarchy.SetItemUID(hierarchy_item(node), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName(), uids)
        return node

    add.find_file = lambda uid: files.get(uid, "")
    return add


@pytest.mark.parametrize(
    ("other", "kinds", "words"),
    [
        ({}, [], None),
        ({"patient": replace(PATIENT, id="P-2")}, ["patient-id"], "are of two patients: Patient ID"),
        ({"patient": replace(PATIENT, birth_date=date(1960, 4, 5))}, ["birth-date"], "are of two patients: Patient's Birth Date"),
        ({"started": STARTED + timedelta(days=45)}, ["study-date"], "do not belong together: the scans are 45 days apart"),
        ({"BodyPartExamined": "FOOT"}, ["body-part"], "do not belong together: one is of CHEST and one of FOOT"),
        ({"ImageLaterality": "R"}, ["laterality"], "do not belong together: one is of the left and one of the right"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_what_the_headers_say(load, other, kinds, words):
    anatomy = load(Modality.CT, BodyPartExamined="CHEST", ImageLaterality="L")
    function = load(Modality.PET, **({"BodyPartExamined": "CHEST"} | other))
    assert [mismatch.kind for mismatch in pair_mismatches(anatomy, function, load.find_file)] == kinds
    if words is None:
        check_pair(anatomy, function, find_file=load.find_file)
        return
    with pytest.raises(InputError, match=words):
        check_pair(anatomy, function, find_file=load.find_file)
    confirm_mismatches(anatomy, function, kinds, load.find_file)
    check_pair(anatomy, function, find_file=load.find_file)


def test_a_confirmation_is_for_one_pair_and_for_what_it_names(load):
    anatomy, other = load(Modality.CT), load(Modality.CT)
    function = load(Modality.PET, patient=replace(PATIENT, id="P-2"), started=STARTED + timedelta(days=45))
    confirm_mismatches(anatomy, function, ["patient-id"], load.find_file)
    with pytest.raises(InputError, match="do not belong together: the scans are 45 days apart"):
        check_pair(anatomy, function, find_file=load.find_file)
    confirm_mismatches(anatomy, function, ["patient-id", "study-date", "laterality"], load.find_file)
    check_pair(anatomy, function, find_file=load.find_file)
    assert [mismatch.kind for mismatch in confirmed_mismatches(anatomy, function)] == ["patient-id", "study-date"]
    with pytest.raises(InputError, match="are of two patients"):
        check_pair(other, function, find_file=load.find_file)
    confirm_mismatches(anatomy, function, [], load.find_file)
    with pytest.raises(InputError, match="are of two patients"):
        check_pair(anatomy, function, find_file=load.find_file)


@pytest.mark.parametrize("unsaid", [(True, True), (True, False), (False, True)])
def test_a_file_that_does_not_say_where_it_lies_needs_a_confirmation(application, pair, unsaid):
    volumes = [replace(volume, place=Place.UNSAID) if is_so else volume for volume, is_so in zip(pair, unsaid, strict=True)]
    anatomy, function = (node_from_volume(application.scene, volume) for volume in volumes)
    with pytest.raises(InputError, match=r"lie.* is a guess"):
        check_pair(anatomy, function)
    confirm_mismatches(anatomy, function, ["place"])
    check_pair(anatomy, function)
    assert "a guess" in " ".join(read_pair(anatomy, function)[2])


def test_without_the_files_the_scene_is_asked(application, pair):
    """A saved scene on another computer: patient and study as Slicer's DICOM readers wrote them into subject hierarchy."""
    names = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
    nodes, patients, studies = [], [], []
    for volume, day in zip(pair, ("20250314", "20250501"), strict=True):
        nodes.append(node_from_volume(application.scene, volume))
        patients.append(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Doe^Jane"))
        studies.append(hierarchy.CreateStudyItem(patients[-1], "study"))
        hierarchy.SetItemAttribute(studies[-1], names.GetDICOMStudyDateAttributeName(), day)
        hierarchy.SetItemParent(hierarchy_item(nodes[-1]), studies[-1])
    assert pair_mismatches(*nodes)[0].text == "they stand under two patients in the scene"
    assert choose_pair(application.scene) is None
    for patient, born in zip(patients, ("19600504", "19610504"), strict=True):
        hierarchy.SetItemAttribute(patient, names.GetDICOMPatientBirthDateAttributeName(), born)
    assert [m.kind for m in pair_mismatches(*nodes)] == ["birth-date", "study-date"]
    hierarchy.SetItemParent(studies[1], patients[0])
    assert [m.kind for m in pair_mismatches(*nodes)] == ["study-date"]
    assert choose_pair(application.scene) == tuple(nodes), "proposed, and then asked"
    assert notes_on_pair(*nodes) == ["The scans are 48 days apart."]


def test_what_could_not_be_compared_is_said(application, pair):
    nodes = [node_from_volume(application.scene, volume) for volume in pair]
    check_pair(*nodes)
    assert "could not be checked" in notes_on_pair(*nodes)[0]


def test_a_saved_scene_keeps_the_confirmation(load, application, tmp_path):
    anatomy, function = load(Modality.CT), load(Modality.PET, patient=replace(PATIENT, id='P"2;:%'))
    confirm_mismatches(anatomy, function, ["patient-id"], load.find_file)
    before = confirmed_mismatches(anatomy, function)
    scene = application.scene
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    other = type(application).create().scene
    other.SetURL(str(tmp_path / "scene.mrml"))
    assert other.Import()
    nodes = [other.GetFirstNodeByName(node.GetName()) for node in (anatomy, function)]
    assert confirmed_mismatches(*nodes) == before != ()


def test_it_stands_in_the_result_and_in_the_exported_series(load, fuse_plainly, tmp_path):
    anatomy, function = load(Modality.CT), load(Modality.PET, patient=replace(PATIENT, id="P-2"))
    confirm_mismatches(anatomy, function, ["patient-id"], load.find_file)
    volumes = [read_folder(tmp_path / f"series{n}")[0] for n in (0, 1)]
    mismatches = [mismatch.text for mismatch in confirmed_mismatches(anatomy, function)]
    result = create_result(anatomy, function, volumes[0], mismatches=mismatches)
    result.fill(fuse_plainly(*volumes))
    assert result.mismatches == ("Patient ID (0010,0020) differs",)
    Export.of(result, find_file=load.find_file).dicom(tmp_path / "out")
    for kind in ("color", "gray"):
        header = pydicom.dcmread(next((tmp_path / "out" / f"dicom_{kind}").iterdir()))
        assert header.PatientID == "P-1", "the anatomy's patient"
        assert header.ImageComments == "MISMATCH OF THE INPUTS, CONFIRMED BY THE USER: Patient ID (0010,0020) differs"
        assert header.DerivationDescription.startswith(header.ImageComments)
    assert create_result(anatomy, function, volumes[0]).mismatches == ()
