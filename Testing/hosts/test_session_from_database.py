"""A session file opened on the desktop whose pair lies in Slicer's DICOM database: it is loaded, and no other patient's is shown for it."""

from datetime import timedelta

import pydicom
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, write_original_series
from LCDFusionLib.mrml.belonging import patients_text
from LCDFusionLib.views import layouts
from Testing.hosts.case import SCANNED
from Testing.panel.conftest import volumes
from Testing.panel.test_on_show import HOT, HOT_RAS


@pytest.fixture
def database(host, monkeypatch):
    """Slicer's database, empty."""
    from emulation.application import ctkDICOMDatabase

    monkeypatch.setattr(slicer, "dicomDatabase", ctkDICOMDatabase())
    return slicer.dicomDatabase


@pytest.fixture
def panel(scene, database, open_panel):
    """The panel in an empty scene."""
    open_panel.enter()
    return open_panel


def imported(folder, name, **changes):
    """A CT and a PET of a patient, of the same sizes and places whoever it is, in the database; gives both series' UIDs."""
    study = Study(uid=generate_uid(), started=SCANNED, description="PET/CT")
    fdg = Radiopharmaceutical(injected=SCANNED - timedelta(minutes=50), dose_bq=296e6)
    common = {"patient": Patient(name=name, id=name, weight_kg=74.0, size_m=1.75), "study": study, "acquired": SCANNED}
    ct, pet = volumes(HOT, **changes)
    folders = (
        write_original_series(ct, folder / name / "CT", series_number=1, **common),
        write_original_series(pet, folder / name / "PET", series_number=2, radiopharmaceutical=fdg, **common),
    )
    for each in folders:
        slicer.dicomDatabase.add(sorted(each.iterdir()))
    return [pydicom.dcmread(next(each.iterdir())).SeriesInstanceUID for each in folders]


def choose(panel, series):
    """Loads both series as a person does in the DICOM module, and chooses them."""
    from DICOMLib import DICOMUtils

    nodes = [slicer.mrmlScene.GetNodeByID(node) for node in DICOMUtils.loadSeriesByUID(series)]
    nodes = [node for node in nodes if node.IsA("vtkMRMLScalarVolumeNode")]
    panel.parameters.anatomy, panel.parameters.function = nodes
    panel.idle()
    panel.read()
    panel.ui.readingButton.click()
    panel.settle()
    return nodes


def saved(panel, folder):
    """A session with a region and a slice; the file, and what it should bring back."""
    panel.widget.panel.views.plane.jump(HOT_RAS)
    panel.widget._checkCanApply()
    panel.ui.isocontourButton.click()
    panel.idle(lambda: panel.ui.regionsTable.rowCount == 1)
    panel.widget.panel.views.slice = 6
    panel.parameters.exportFolder = folder
    panel.ui.saveSessionButton.click()
    return folder / "lcdfusion_session.json", review(panel)


def review(panel):
    pair = panel.parameters.anatomy, panel.parameters.function
    rows = [tuple(panel.ui.regionsTable.item(n, m).text() for m in range(4)) for n in range(panel.ui.regionsTable.rowCount)]
    return rows, panel.widget.panel.views.slice, patients_text(*pair, panel.widget.logic.findFile)


def opened(panel, file):
    """What the panel says then."""
    panel.widget.panel.export.say("")
    panel.widget.drawings.export.openSession(str(file))
    panel.idle(lambda: panel.ui.exportLabel.text)
    panel.settle()
    return panel.ui.exportLabel.text


def empty(panel):
    slicer.mrmlScene.Clear(0)
    panel.enter()
    assert panel.parameters.anatomy is None


def number_of_volumes():
    return slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")


def in_views():
    """The volumes in the views of CT and PET."""
    return [layouts.composite_node(slicer.mrmlScene, name).GetBackgroundVolumeID() for name in (layouts.ANATOMY, layouts.FUNCTION)]


@pytest.mark.parametrize("deidentify", [False, True], ids=["with names", "de-identified"])
def test_the_pair_is_loaded_and_the_review_is_back(panel, tmp_path, deidentify):
    imported(tmp_path, "Trillian", suv=8.01)
    choose(panel, imported(tmp_path, "Zaphod"))
    panel.parameters.deidentify = deidentify
    file, before = saved(panel, tmp_path)
    empty(panel)
    assert "is back" in opened(panel, file)
    rows, index, patient = review(panel)
    assert ([row[1:] for row in rows], index, patient) == ([row[1:] for row in before[0]], *before[1:])
    assert "Zaphod" in patient
    panel.keep_pictures(f"session-from-database-{deidentify}")
    volumes_now = number_of_volumes()
    assert "is back" in opened(panel, file)
    assert number_of_volumes() == volumes_now, "they are there already"


def test_another_patients_pair_on_show_gives_way(panel, tmp_path):
    """Of the same names, sizes and places."""
    other = imported(tmp_path, "Trillian", suv=8.01)
    choose(panel, imported(tmp_path, "Zaphod"))
    file, _ = saved(panel, tmp_path)
    empty(panel)
    trillian = choose(panel, other)
    assert "is back" in opened(panel, file)
    assert "Zaphod" in review(panel)[2]
    assert panel.parameters.function not in trillian
    assert trillian[1].GetParentTransformNode() is None
    assert in_views()[0] == panel.parameters.anatomy.GetID()


def test_what_is_there_is_loaded_and_what_is_missing_is_said(panel, database, tmp_path):
    """The CT alone is there; another patient's pair is on show, and stays, although Slicer shows what it loads in all views."""
    other, own = imported(tmp_path, "Trillian", suv=8.01), imported(tmp_path, "Zaphod")
    choose(panel, own)
    file, _ = saved(panel, tmp_path)
    for instance in database.instancesForSeries(own[1]):
        del database.files[instance]
    empty(panel)
    trillian = choose(panel, other)
    shown = in_views()
    said = opened(panel, file)
    assert said.startswith("The session of Zaphod")
    assert "'2: PET' is not in Slicer's DICOM database: import the study in Slicer's DICOM module, and open the session again." in said
    assert "'1: CT' is not" not in said
    assert [panel.parameters.anatomy, panel.parameters.function] == trillian
    assert in_views() == shown
    assert panel.ui.regionsTable.rowCount == 0
    again = number_of_volumes()
    opened(panel, file)
    assert number_of_volumes() == again, "its CT is in the scene by now"


def test_a_series_with_other_images_is_not_taken(panel, database, tmp_path):
    own = imported(tmp_path, "Zaphod")
    choose(panel, own)
    file, _ = saved(panel, tmp_path)
    del database.files[database.instancesForSeries(own[1])[-1]]
    empty(panel)
    assert "Slicer's DICOM database has other images of '2: PET'" in opened(panel, file)
    assert panel.parameters.function is None


def test_files_that_are_gone_are_said(panel, database, tmp_path):
    own = imported(tmp_path, "Zaphod")
    choose(panel, own)
    file, _ = saved(panel, tmp_path)
    empty(panel)
    (tmp_path / "Zaphod" / "CT" / "0001.dcm").unlink()
    assert "files of '1: CT' that Slicer's DICOM database names are gone" in opened(panel, file)
    empty(panel)
    database.isOpen = False
    assert "'1: CT' is not in Slicer's DICOM database; '2: PET' is not in" in opened(panel, file)


def test_of_two_acquisitions_in_a_series_the_one_is_loaded(panel, database, tmp_path):
    """Slicer would load both as one volume."""
    own = imported(tmp_path, "Zaphod")
    files = database.filesForSeries(own[1])
    for number, path in enumerate(files):
        header = pydicom.dcmread(path)
        header.AcquisitionNumber = 1 if number < 12 else 2
        header.save_as(path)
    database.add(files)
    from DICOMLib import DICOMUtils

    choose(panel, own)
    offers, _ = DICOMUtils.getLoadablesFromFileLists([files])
    ((plugin, loadables),) = [(plugin, each) for plugin, each in offers.items() if each]
    part = next(each for each in loadables if len(each.files) == 12)
    panel.parameters.function = plugin.load(part)
    panel.idle()
    panel.read()
    file, before = saved(panel, tmp_path)
    empty(panel)
    assert "is back" in opened(panel, file)
    assert panel.parameters.function.GetImageData().GetDimensions()[2] == 12
    assert [row[1:] for row in review(panel)[0]] == [row[1:] for row in before[0]]


def test_cancel_is_heard_and_nothing_is_chosen(panel, tmp_path, monkeypatch):
    from LCDFusionPanel import background

    choose(panel, imported(tmp_path, "Zaphod"))
    file, _ = saved(panel, tmp_path)
    empty(panel)
    monkeypatch.setattr(background._Bar, "is_cancelled", property(lambda bar: True))
    assert opened(panel, file) == "Cancelled."
    assert panel.parameters.anatomy is None
    assert number_of_volumes() == 0
