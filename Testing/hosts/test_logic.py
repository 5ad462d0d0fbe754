"""The logic without the panel, the sample data, PyTorch at first use."""

import functools
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib import phantom
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.mrml.inputs import choose_pair
from LCDFusionLib.mrml.nodes import modality_of, voxels
from Testing import kept_phantoms

PROJECT = Path(__file__).resolve().parents[2]


def test_a_script_gets_the_same_result_as_the_panel(panel, module, pair):
    panel.fuse()
    by_panel = voxels(panel.widget.panel.fusion.result.color).copy()
    logic, seen = module.python.LCDFusionLogic(), []
    try:
        result = logic.fuse(*pair, FusionSettings(window="mediastinum"), progress=seen.append)
    finally:
        logic.close()
    np.testing.assert_array_equal(voxels(result.color), by_panel)
    assert [progress.done for progress in seen][-1] == 8
    assert result.slice_metrics(2)[0]["QABF"] > 0


def test_a_script_gets_a_clear_sentence(module, pair):
    logic = module.python.LCDFusionLogic()
    with pytest.raises(InputError, match="Choose a PET or SPECT as function"):
        logic.fuse(pair[0], None)
    with pytest.raises(InputError, match="are the two exchanged"):
        logic.fuse(pair[1], pair[0])


@pytest.fixture
def kept(monkeypatch):
    """The phantoms of the other tests: the room `phantom` tests how they are made."""
    for name in ("thorax", "head"):
        monkeypatch.setattr(phantom, name, getattr(kept_phantoms, name))


def test_sample_data_is_registered_and_made_here(module, scene, kept):
    import qt

    slicer.app.startupCompleted.emit()
    sources = {source.sampleName: source for source in slicer.modules.sampleDataSources["LCDFusion"]}
    assert set(sources) == {"LCDFusionThorax", "LCDFusionHead"}
    for source in sources.values():
        assert qt.QImage(source.thumbnailFileName).width() == 260
    anatomy, function = sources["LCDFusionThorax"].customDownloader(sources["LCDFusionThorax"])
    assert (anatomy.GetScene(), function.GetScene()) == (scene, scene)


@pytest.mark.parametrize(("name", "modality"), [("LCDFusionThorax", Modality.CT), ("LCDFusionHead", Modality.MR)])
def test_a_script_gets_the_sample_data(module, scene, kept, tmp_path, name, modality):
    import SampleData

    slicer.app.startupCompleted.emit()
    scene.GetCacheManager().SetRemoteCacheDirectory(str(tmp_path))
    anatomy, function = SampleData.downloadSamples(name)
    assert (modality_of(anatomy), modality_of(function)) == (modality, Modality.PET)
    assert choose_pair(scene) == (anatomy, function)
    assert modality_of(SampleData.downloadSample(name)) is modality


def test_a_file_that_names_no_phantom_is_refused(module, scene, tmp_path, caplog):
    import vtk

    for text in ("{}", "thorax", '{"phantom": "foot", "volume": "anatomy"}'):
        (tmp_path / "x.lcdphantom").write_text(text)
        properties = {"fileName": str(tmp_path / "x.lcdphantom")}
        assert not slicer.app.coreIOManager().loadNodes("LCDFusionPhantom", properties, vtk.vtkCollection())
        assert "names no volume of a digital phantom" in caplog.text
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0


def test_torch_missing_is_one_line_and_asked_for(panel, monkeypatch):
    from LCDFusionPanel import dependencies

    monkeypatch.setattr(dependencies, "_version", functools.cache(lambda package, place: "1.13.1+cu117"))
    panel.widget._checkCanApply()
    assert panel.ui.workerLabel.text == "PyTorch 1.13.1+cu117 is too old, 2.2 or later is needed"
    monkeypatch.setattr(dependencies, "torchVersion", lambda: None)
    panel.widget._checkCanApply()
    assert panel.ui.workerLabel.text == "PyTorch is not installed"
    assert panel.ui.installTorchButton.isVisibleTo(panel.ui.installTorchButton.parent())
    panel.ui.fuseButton.click()
    assert panel.ui.statusLabel.text.startswith("PyTorch is not installed, and the extension that installs it is missing: install")
    asked = {}

    class PyTorchUtilsLogic:
        def installTorch(self, **options):  # noqa: N802 (the extension's name)
            asked.update(options)

    monkeypatch.setitem(sys.modules, "PyTorchUtils", types.SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic))
    panel.ui.installTorchButton.click()
    assert asked == {"askConfirmation": True, "torchVersionRequirement": ">=2.2"}
    assert not panel.widget.logic.session.is_running


def test_requirements_name_what_slicer_bundles_and_not_torch():
    lines = [line for line in (PROJECT / "LCDFusion/Resources/requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(">=" in line for line in lines)
    assert not any("torch" in line for line in lines)


def test_importing_the_module_loads_nothing_heavy(host):
    code = (
        f"import sys; sys.path[:0] = [{str(PROJECT / 'Testing/hosts')!r}]; from emulation import host; host.start(); "
        f"host.Module({str(PROJECT / 'LCDFusion/LCDFusion.py')!r}); "
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, timeout=120, stderr=subprocess.DEVNULL).returncode == 0


def test_a_widget_without_a_stand_in_is_an_error(host, tmp_path):
    file = tmp_path / "Strange.ui"
    file.write_text('<ui version="4.0"><class>Strange</class><widget class="ctkRangeSlider" name="strange"/></ui>')
    with pytest.raises(RuntimeError, match="no stand-in for ctkRangeSlider"):
        slicer.util.loadUI(str(file))


def test_the_real_scripted_module_code_is_used_when_it_is_there(host):
    """The whole suite runs on it when SLICER_SOURCE is set; this only says which way this run went."""
    if host.slicer_source() is None:
        pytest.skip("SLICER_SOURCE does not name a Slicer source tree: the stand-ins were used")
    import slicer.parameterNodeWrapper
    import slicer.ScriptedLoadableModule

    assert Path(slicer.ScriptedLoadableModule.__file__).is_relative_to(host.slicer_source())
    assert Path(slicer.parameterNodeWrapper.__file__).is_relative_to(host.slicer_source())
