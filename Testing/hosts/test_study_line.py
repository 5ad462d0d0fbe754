"""The desktop's panel says what the study says of itself."""

import pydicom
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from Testing.hosts.case import load, wait, write


def test_facts_doubts_and_folded_history_stand_under_the_inputs(open_panel, tmp_path):
    slicer.mrmlScene.Clear(0)
    folders = write(tmp_path)  # scanned 50 minutes after the injection
    for file in folders[1].iterdir():
        dataset = pydicom.dcmread(file)
        tracer = dataset.RadiopharmaceuticalInformationSequence[0]
        tracer.RadiopharmaceuticalStartDateTime, tracer.RadiopharmaceuticalStartTime = "20250314085000", "085000"
        dataset.AdditionalPatientHistory = "Lymphoma <2 cycles>"
        dataset.save_as(file)
    load(folders)
    open_panel.enter()
    ui = open_panel.ui
    wait(lambda: ui.factsLabel.text, ui)
    assert ui.factsLabel.text.startswith("FDG · 296 MBq · <b style=")
    assert ">100 min after injection</b> · 74 kg, 1.75 m · glucose not stated" in ui.factsLabel.text
    assert "(0018,1078)" in ui.factsLabel.toolTip
    assert "EANM" in ui.doubtsLabel.text
    assert ui.doubtsLabel.visible
    assert ui.historyCollapsibleButton.collapsed
    assert "Lymphoma &lt;2 cycles&gt;" in ui.historyLabel.text
    slicer.mrmlScene.Clear(0)
    open_panel.enter()
    assert ui.factsLabel.text == ui.doubtsLabel.text == ui.historyLabel.text == "", "nothing of the old patient stays"
