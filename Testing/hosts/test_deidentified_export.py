"""De-identified means every byte of every file that the desktop writes, as for the command."""

import gzip

import pydicom
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from Testing.hosts.case import load, wait, write

SECRETS = {
    "PatientName": "Zaphod^Beeblebrox",
    "PatientID": "ZB-424242",
    "PatientBirthDate": "19520311",
    "PatientComments": "Zaphod has two heads",
    "AdditionalPatientHistory": "stole a ship in Damogran",
    "ReasonForTheRequestedProcedure": "two brains, one locked",
    "AccessionNumber": "ACC777",
    "StudyID": "STUDY-ZB",
    "StudyDescription": "Zaphod at Magrathea",
    "InstitutionName": "Magrathea General",
    "ReferringPhysicianName": "Halfrunt^Gag",
    "OperatorsName": "Marvin^Android",
    "StationName": "HEARTOFGOLD",
}


@pytest.fixture(scope="module")
def telling(open_panel, tmp_path_factory):
    """A fused pair whose headers, series descriptions (in Slicer the nodes' names), UIDs and folder name the patient, and its secrets."""
    slicer.mrmlScene.Clear(0)
    folders = write(tmp_path_factory.mktemp("Zaphod"))
    secrets = {*SECRETS.values(), "Zaphod", "Beeblebrox"}
    for folder in folders:
        for file in folder.iterdir():
            dataset = pydicom.dcmread(file)
            for keyword, value in SECRETS.items():
                setattr(dataset, keyword, value)
            dataset.SeriesDescription = f"Zaphod {folder.name}"
            dataset.save_as(file)
            secrets |= {each.value for each in dataset if each.VR == "UI" and not each.value.startswith("1.2.840.10008.")}
    load(folders)
    open_panel.enter()
    open_panel.fuse()
    return open_panel, secrets


@pytest.mark.parametrize(
    ("button", "count"), [("dicomFolderButton", 3 + 3 + 1 + 1), ("nrrdButton", 2), ("niftiButton", 2)], ids=["DICOM", "NRRD", "NIfTI"]
)
def test_no_file_tells_the_patient(telling, tmp_path, button, count):
    panel, secrets = telling
    panel.parameters.exportFolder, panel.parameters.deidentify = tmp_path, True
    panel.widget.panel.views.slice = 1
    if not panel.widget.panel.export.state.key_slices:
        panel.ui.keySliceButton.click()
    panel.ui.exportLabel.text = ""
    getattr(panel.ui, button).click()
    wait(lambda: panel.ui.exportLabel.text, panel.ui)
    panel.parameters.deidentify = False
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == count, panel.ui.exportLabel.text
    for file in files:
        data = file.read_bytes()
        data += gzip.decompress(data) if file.suffix == ".gz" else b""
        found = {secret for secret in secrets if secret.encode() in data or secret.encode("utf-16-le") in data}
        assert not found, f"{file.name} tells {found}"
        assert "Zaphod" not in file.name


def test_without_the_box_they_tell_it(telling, tmp_path):
    """So the walk above can find something."""
    panel, secrets = telling
    panel.parameters.exportFolder, panel.parameters.deidentify = tmp_path, False
    for button in (panel.ui.dicomFolderButton, panel.ui.nrrdButton):
        panel.ui.exportLabel.text = ""
        button.click()
        wait(lambda: panel.ui.exportLabel.text, panel.ui)
    for suffix in ("*.dcm", "*.nrrd"):
        data = next(tmp_path.rglob(suffix)).read_bytes()
        assert any(secret.encode() in data for secret in secrets), suffix
