"""De-identified means every byte of every file that the desktop writes, as for the command."""

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.mrml.made_with import MadeWith
from LCDFusionLib.mrml.result_nodes import MADE_WITH_ATTRIBUTE
from Testing.dicom.telling_patient import tell, told
from Testing.hosts.case import load, wait, write


@pytest.fixture(scope="module")
def telling(open_panel, tmp_path_factory):
    """A fused pair whose headers, series descriptions (in Slicer the nodes' names), UIDs and folder name the patient, and its secrets."""
    slicer.mrmlScene.Clear(0)
    folder = tmp_path_factory.mktemp("Zaphod")
    folders = write(folder)
    secrets = tell(folder)
    load(folders)
    open_panel.enter()
    open_panel.fuse()
    return open_panel, secrets


def export(panel, folder, button, *, deidentify):
    """Clicks, and waits for the end."""
    panel.parameters.exportFolder, panel.parameters.deidentify, panel.parameters.pageInDicom = folder, deidentify, True
    panel.widget.panel.views.slice = 1
    if not panel.widget.panel.export.state.key_slices:
        panel.ui.keySliceButton.click()
    panel.ui.exportLabel.text = ""
    if button == "metrics":
        panel.widget.drawings.export.saveMetrics(folder / "metrics.csv")
    else:
        getattr(panel.ui, button).click()
    wait(lambda: panel.ui.exportLabel.text, panel.ui)
    panel.parameters.deidentify = panel.parameters.pageInDicom = False
    return [file for file in folder.rglob("*") if file.is_file()]


FILES = {
    "dicomFolderButton": 3 + 3 + 1 + 1 + 1,
    "pageButton": 1,
    "saveSessionButton": 1,
    "nrrdButton": 2,
    "niftiButton": 2,
    "metrics": 1,
    "picturesButton": 1,
}


@pytest.mark.parametrize("button", FILES)
def test_no_file_tells_the_patient(telling, tmp_path, button):
    panel, secrets = telling
    files = export(panel, tmp_path, button, deidentify=True)
    assert len(files) == FILES[button], panel.ui.exportLabel.text
    assert told(files, secrets) == {}


def test_a_picture_shows_no_name(telling, tmp_path):
    """What is drawn is no text any more: pictures of other names, and of weights in another folder, are the same to the byte."""
    panel, _ = telling
    nodes = panel.parameters.anatomy, panel.parameters.function
    result = panel.widget.panel.fusion.result
    names, made_with = [node.GetName() for node in nodes], result.made_with
    pictures = []
    for name in ("Zaphod", "Ulrike follow-up"):
        folder = tmp_path / name
        folder.mkdir()
        weights = str(folder / "ours.pt")
        for node in nodes:
            node.SetName(name)
        for node in (result.gray, result.color, result.metrics):
            node.SetAttribute(MADE_WITH_ATTRIBUTE, MadeWith(**{**vars(made_with), "weights": weights}).to_text())
        (file,) = export(panel, folder, "picturesButton", deidentify=True)
        pictures.append(file.read_bytes())
    for node, name in zip(nodes, names, strict=True):
        node.SetName(name)
    for node in (result.gray, result.color, result.metrics):
        node.SetAttribute(MADE_WITH_ATTRIBUTE, made_with.to_text())
    assert pictures[0] == pictures[1]


def test_without_the_box_they_tell_it(telling, tmp_path):
    """So the walk above can find something."""
    panel, secrets = telling
    for button in ("dicomFolderButton", "nrrdButton", "pageButton", "saveSessionButton"):
        (tmp_path / button).mkdir()
        assert told(export(panel, tmp_path / button, button, deidentify=False), secrets)
