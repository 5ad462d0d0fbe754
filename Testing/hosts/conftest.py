"""The module under host emulation, a small pair, and pictures kept as test output."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

PROJECT = Path(__file__).resolve().parents[2]
MODULE = PROJECT / "LCDFusion" / "LCDFusion.py"
PICTURES = PROJECT / "build" / "host-pictures"
"""What the panel and the views looked like in the last run; git ignores it."""


@pytest.fixture(scope="module", autouse=True)
def library_as_it_was():
    """A reload makes every class of the library anew; the tests that come later in this process hold the ones from before."""
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "LCDFusionLib"}
    yield
    sys.modules.update(before)


@pytest.fixture(scope="module", autouse=True)
def quick_workers():
    """The module's processes have their libraries loaded already."""
    from Testing import warm_python

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", warm_python.interpreter())
        yield


@pytest.fixture(scope="session")
def host():
    """The one emulated application of this process."""
    pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")
    pytest.importorskip("PySide6", reason="PySide6-Essentials (Qt of the host emulation) is not installed")
    from emulation import host

    host.start()
    return host


@pytest.fixture
def scene(host):
    """The application's scene, empty, of a person who has chosen nothing before."""
    import slicer

    slicer.app.userSettings().clear()
    slicer.mrmlScene.Clear(0)
    return slicer.mrmlScene


@pytest.fixture(scope="session")
def module(host):
    """The unmodified module, loaded as Slicer loads it."""
    return host.Module(MODULE)


@pytest.fixture(scope="session")
def small_phantom():
    """The thorax phantom cut to 8 slices round its lesions and to half its resolution: CT, PET and the true lesions."""
    from Testing.kept_phantoms import thorax

    phantom = thorax()
    ct, first = phantom.anatomy, 22
    matrix = ct.ijk_to_lps.copy()
    matrix[:, 3] = matrix @ [0, 0, first, 1]
    matrix[:3, :2] *= 4
    ct = ct.with_array(np.ascontiguousarray(ct.array[first : first + 8, ::4, ::4]), ijk_to_lps=matrix)
    matrix = phantom.function.ijk_to_lps.copy()
    matrix[:3, :2] *= 2
    pet = phantom.function.with_array(np.ascontiguousarray(phantom.function.array[:, ::2, ::2]), ijk_to_lps=matrix)
    return ct, pet, phantom.lesions


@pytest.fixture
def pair(scene, small_phantom):
    """Nodes of the small phantom."""
    from LCDFusionLib.mrml.nodes import node_from_volume

    return tuple(node_from_volume(scene, volume) for volume in small_phantom[:2])


class Panel:
    """The open panel, and a person who clicks in it."""

    def __init__(self, host, module):
        self.host, self.module = host, module
        module.open()

    @property
    def widget(self):
        return self.module.widget.representation

    def enter(self):
        """Leaves the module and comes back."""
        self.module.widget.exit()
        self.module.widget.enter()
        self.read()

    def read(self):
        """Waits until what is chosen has been read."""
        self.idle(lambda: not self.widget.panel.fusion.core.waiting)

    @property
    def ui(self):
        return self.widget.ui

    @property
    def parameters(self):
        return self.widget.parameters

    @property
    def layout_manager(self):
        import slicer

        return slicer.app.layoutManager()

    def view(self, name):
        return self.layout_manager.sliceWidget(name).sliceView()

    def middle_of(self, name):
        """Middle of a view's picture, RGB."""
        picture = self.view(name).picture().astype(int)
        height, width, _ = picture.shape
        return picture[height // 4 : -height // 4, width // 4 : -width // 4]

    def idle(self, until=lambda: True, seconds=240):
        """Lets Qt work until something is so."""
        import slicer

        end = time.monotonic() + seconds
        while True:
            slicer.app.processEvents()
            if until():
                return
            assert time.monotonic() < end, f"waited in vain; the panel says: {self.ui.statusLabel.text}"
            time.sleep(0.01)

    def settle(self):
        """Qt lays a changed text or view out over several rounds."""
        for _ in range(5):
            self.idle()

    def fuse(self):
        """Clicks Fuse, as soon as what is chosen has been read, and waits for the end."""
        self.read()
        self.ui.fuseButton.click()
        self.idle(lambda: not self.widget.panel.is_fusing)
        self.idle()

    def choose(self, combo, label):
        """Chooses a row of a combo box as a person does."""
        index = combo.findText(label)
        assert index >= 0, f"'{label}' is not among the choices"
        combo.setCurrentIndex(index)
        combo.activated.emit(index)

    def keep_pictures(self, name):
        """Saves what the panel and the views look like."""
        from PIL import Image

        self.settle()
        PICTURES.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.layout_manager.picture()).save(PICTURES / f"{name}-views.png")
        self.module.widget.grab().save(str(PICTURES / f"{name}-panel.png"))


@pytest.fixture(scope="session")
def open_panel(host, module):
    """The panel, opened once: its worker process keeps PyTorch loaded from test to test, as it does from case to case."""
    panel = Panel(host, module)
    yield panel
    module.close()


@pytest.fixture
def panel(open_panel, pair):
    """The panel in a new scene that has the pair."""
    open_panel.enter()
    return open_panel


@pytest.fixture(scope="module")
def fused_panel(open_panel, small_phantom):
    """The panel with the pair fused once for all tests of a file; each sets what it looks at."""
    import slicer

    from LCDFusionLib.mrml.nodes import node_from_volume

    slicer.app.userSettings().clear()
    slicer.mrmlScene.Clear(0)
    for volume in small_phantom[:2]:
        node_from_volume(slicer.mrmlScene, volume)
    open_panel.enter()
    open_panel.fuse()
    return open_panel


@pytest.fixture(autouse=True)
def clicks_without_pause(monkeypatch):
    """A test clicks faster than a hand, and means each click; what a double click is, the panel's own test shows."""
    monkeypatch.setattr("LCDFusionLib.panel.fusion.DOUBLE_CLICK_S", -1.0)
