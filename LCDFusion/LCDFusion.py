"""LCDFusion, the 3D Slicer module: shows what LCDFusionLib does, and passes clicks on."""

import logging
import shutil
import sys
import time
from pathlib import Path

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

# The library lies beside this file in an installed extension, and one folder up in a checkout whose LCDFusion folder was added as an
# additional module path. That which belongs to this file goes before any other.
for place in (Path(__file__).resolve().parents[1], Path(__file__).resolve().parent):
    if str(place) not in sys.path and ((place / "LCDFusionLib").is_dir() or (place / "LCDFusionPanel").is_dir()):
        sys.path.insert(0, str(place))

from LCDFusionLib import __version__  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402

OLDEST_SLICER = (5, 10)
THIS_SLICER = (slicer.app.majorVersion, slicer.app.minorVersion)
# In an older Slicer, whose Python is older too, nothing of the library is imported: this sentence is all that there is.
TOO_OLD = (
    _("LCD Fusion needs 3D Slicer {oldest} or later, and this is {this}: install a newer 3D Slicer.").format(
        oldest="{}.{}".format(*OLDEST_SLICER), this="{}.{}".format(*THIS_SLICER)
    )
    if THIS_SLICER < OLDEST_SLICER
    else ""
)


class LCDFusion(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("LCD Fusion")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Registration"), "Nuclear Medicine"]
        parent.dependencies = []
        parent.contributors = ["LCDFusion contributors"]
        parent.helpText = _(
            "Fuses a CT or MR with a PET or SPECT into one image, slice by slice, with the long-range correlation-guided dual-encoder "
            "network (Zhou et al., Scientific Reports 2025). Research software, not a medical device: not for diagnostic use. "
            'See the <a href="https://github.com/LCDFusion/LCDFusion#in-3d-slicer">tutorial</a>.'
        )
        parent.acknowledgementText = _("The network is that of Zhou et al., doi:10.1038/s41598-025-22834-1.")
        if not TOO_OLD:
            slicer.app.connect("startupCompleted()", registerAll)


def registerAll():
    """Makes known to Slicer what it has before the module is opened."""
    from LCDFusionPanel import startup

    startup.register()


class LCDFusionFileReader:
    """Slicer's way to the phantoms' volumes for `SampleData.downloadSample`; the class has to have this name, and to be here."""

    def __init__(self, parent):
        self.parent = parent

    def description(self):
        """What the files hold."""
        return _("LCD Fusion digital phantom")

    def fileType(self):
        """As the sample data name it."""
        return "LCDFusionPhantom"

    def extensions(self):
        """Filter of Slicer's file dialogs."""
        return ["LCD Fusion digital phantom (*.lcdphantom)"]

    def load(self, properties):
        """Puts the volume that a file names into the scene; True where it did."""
        from LCDFusionPanel import sample_data

        try:
            node = sample_data.node_of_file(properties["fileName"])
        except ValueError as error:
            logging.error(str(error))
            return False
        self.parent.loadedNodes = [node.GetID()]
        return True


class LCDFusionWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; its sections are in LCDFusionPanel."""

    POLL_MS = 40

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.parameters = self._preferences = self._guiTag = None

    def setup(self):
        """Called once, when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        from LCDFusionLib.mrml.application import Application
        from LCDFusionLib.panel.panel import Panel
        from LCDFusionPanel import Drawings, Keys, SlicerHost

        self.logic = LCDFusionLogic()
        self.ui = type("", (), {})()
        self._uiWidgets = []
        for name in ("Inputs", "Display", "Fusion", "Prior", "Review", "Regions", "Metrics", "Export", "Advanced"):
            widget = slicer.util.loadUI(self.resourcePath(f"UI/{name}.ui"))
            self.layout.addWidget(widget)
            self.ui.__dict__.update(slicer.util.childWidgetVariables(widget).__dict__)
            widget.setMRMLScene(slicer.mrmlScene)
            self._uiWidgets.append(widget)
        application = Application(slicer.mrmlScene, slicer.app.applicationLogic())
        panel = self.panel = Panel(SlicerHost(self), application, session=self.logic.session, registration=self.logic.registration)
        self.drawings = Drawings(self, panel)
        self.keys = Keys(self, panel)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneReady)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneReady)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeRemoved)
        self._timer = qt.QTimer()
        self._timer.setInterval(self.POLL_MS)
        self._timer.connect("timeout()", self.tick)
        self.initializeParameterNode()

    def enter(self):
        """Each time the person opens the module."""
        self.initializeParameterNode()
        self.panel.advanced.start_worker()
        self._timer.start()
        self.drawings.review.arranged()

    def exit(self):
        """Each time the person goes to another module; a running fusion goes on, and nothing moves by itself."""
        if self.parameters is not None and self._guiTag is not None:
            self.parameters.disconnectGui(self._guiTag)
            self._guiTag = None
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)
        self.ui.turnButton.checked = False
        if not self.panel.is_busy:
            self._timer.stop()

    def cleanup(self):
        """The module is reloaded, or Slicer ends."""
        self._timer.stop()
        self.setParameterNode(None)
        self.removeObservers()
        self._close()

    def onReload(self):
        """Reloads the library as well as the module."""
        self._timer.stop()
        self._close()
        for name in [name for name in sys.modules if name.split(".")[0] in ("LCDFusionLib", "LCDFusionPanel")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller, event):
        """Nothing of the old scene may be held."""
        for drawing in self.drawings:
            drawing.close()
        self.panel.forget()
        self.setParameterNode(None)

    def onSceneReady(self, caller, event):
        """A new scene begins, or a saved one brings the panel back as it was, and the views with what is written in them."""
        if self.parent.isEntered:
            self.initializeParameterNode()
            self.drawings.review.arranged()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeRemoved(self, caller, event, node):
        """The person has deleted a node; perhaps one of ours."""
        if self.parameters is not None and not slicer.mrmlScene.IsClosing() and node.IsA("vtkMRMLStorableNode"):
            self.panel.refresh()

    def initializeParameterNode(self):
        """Takes the scene's parameter node up, with a pair chosen where the scene has one."""
        self.setParameterNode(self.logic.getParameterNode())
        if self.parameters.anatomy is None and self.parameters.function is None:
            self.logic.choosePair(self.parameters)

    def fuseNodes(self, nodes):
        """Chooses the pair that these volumes belong to, and fuses it; where something speaks against that, the panel says what."""
        from LCDFusionLib.panel.pointed_at import pair_with

        anatomy, function = pair_with(nodes, find_file=self.logic.findFile)
        with slicer.util.NodeModify(self.parameters):
            self.parameters.anatomy, self.parameters.function = anatomy, function
        self.panel.fusion.fuse_chosen()

    def setParameterNode(self, parameters):
        """Binds the panel to a parameter node, or to none."""
        if self.parameters is not None and self._guiTag is not None:
            self.parameters.disconnectGui(self._guiTag)
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)
        from LCDFusionPanel.preferences import Preferences

        self.parameters, self._guiTag = parameters, None
        self._preferences = Preferences(parameters) if parameters is not None else None
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._checkCanApply)
            self._checkCanApply()

    def tick(self):
        """Looks at the processes; never waits."""
        from LCDFusionPanel.background import background

        background.step_aside()
        self.panel.tick()
        if not self.parent.isEntered and not self.panel.is_busy:
            self._timer.stop()

    def _checkCanApply(self, caller=None, event=None):
        """Brings the panel into line with the parameters: the one place that decides what can be clicked."""
        if self.parameters is not None:
            self._preferences.keep()
            self.panel.update()

    def _close(self):
        self.keys.close()
        for drawing in self.drawings:
            drawing.close()
        self.panel.close()
        self.logic.close()


class LCDFusionLogic(ScriptedLoadableModuleLogic):
    """Fusion of two volume nodes, with or without the panel.

    Example:
        >>> from LCDFusionLib.fusion import FusionSettings
        >>> result = LCDFusionLogic().fuse(ctNode, petNode, FusionSettings(window="lung"))
        >>> result.color, result.gray, result.metrics
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        from LCDFusionLib.fusion import FusionWorker
        from LCDFusionLib.mrml.fusing import SceneFusion
        from LCDFusionLib.mrml.registering import SceneRegistration

        # Slicer's own interpreter is an application; the Python that can start a process lies beside it, in PATH.
        python = shutil.which("PythonSlicer")
        self.session, self.registration = SceneFusion(FusionWorker(python=python)), SceneRegistration(python)

    def getParameterNode(self):
        """The scene's typed parameter node; a new one has what the person has chosen before (`preferences`)."""
        from LCDFusionPanel import preferences
        from LCDFusionPanel.parameters import LCDFusionParameterNode

        node = super().getParameterNode()
        is_new = node.GetParameterCount() == 0
        parameters = LCDFusionParameterNode(node)
        if is_new:
            preferences.restore(parameters)
        return parameters

    def findFile(self, uid):
        """File of a DICOM instance in Slicer's database, "" where it is not there."""
        database = getattr(slicer, "dicomDatabase", None)
        return database.fileForInstance(uid) if database is not None and database.isOpen else ""

    def choosePair(self, parameters):
        """Puts the scene's pair of one patient and study into the parameters, where there is one."""
        from LCDFusionLib.mrml.inputs import choose_pair

        pair = choose_pair(slicer.mrmlScene, find_file=self.findFile)
        if pair is not None:
            with slicer.util.NodeModify(parameters):
                parameters.anatomy, parameters.function = pair

    def fuse(self, anatomyNode, functionNode, settings=None, *, confirmMismatches=(), progress=None):
        """Fuses two volume nodes and waits for the end.

        Args:
            anatomyNode: CT or MR.
            functionNode: PET or SPECT, or a colour image of it.
            settings: `LCDFusionLib.fusion.FusionSettings`; defaults where None.
            confirmMismatches: what may differ all the same, by its name: "patient-id", "study-date" (`LCDFusionLib.dicom.KINDS`).
            progress: called with `LCDFusionLib.mrml.fusing.Progress` after each slice.

        Returns:
            `LCDFusionLib.mrml.result_nodes.ResultNodes`: `color`, `gray` and `metrics` in the scene.

        Raises:
            LCDFusionLib.errors.InputError: the volumes cannot be fused; the message is for people.
            RuntimeError: the fusion failed.
        """
        from LCDFusionLib.fusion import FusionSettings
        from LCDFusionLib.mrml.belonging import confirm_mismatches
        from LCDFusionLib.mrml.inputs import check_pair, read_pair

        if confirmMismatches:
            confirm_mismatches(anatomyNode, functionNode, confirmMismatches, self.findFile)
        check_pair(anatomyNode, functionNode, find_file=self.findFile)
        anatomy, function, notes = read_pair(anatomyNode, functionNode, find_file=self.findFile)
        self.session.start(anatomyNode, functionNode, anatomy, function, settings or FusionSettings(), notes=notes)
        while True:
            last = self.session.tick()
            if last is not None and progress is not None:
                progress(last)
            if last is not None and last.is_over:
                if last.result is None or not last.result.is_complete:
                    raise RuntimeError(last.text)
                logging.info(last.text)
                return last.result
            slicer.app.processEvents()
            time.sleep(0.005)

    def close(self):
        """Ends the processes."""
        self.session.close()
        self.registration.close()


class LCDFusionTest(ScriptedLoadableModuleTest):
    """Self test: the logic fuses a small pair as a script would."""

    def setUp(self):
        """A new scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """All tests."""
        self.setUp()
        self.test_fuseFromScript()
        self.setUp()
        self.test_badInputIsSaid()

    def _pair(self):
        import numpy as np

        from LCDFusionLib.images.volume import Modality, Unit, Volume
        from LCDFusionLib.mrml.nodes import node_from_volume

        _k, j, i = np.mgrid[:3, :48, :48]
        body = np.hypot(j - 24, i - 24) < 20
        ct = Volume(np.where(body, 40, -1000).astype(np.int16), np.diag([-2.0, -2.0, 4.0, 1.0]), Modality.CT, Unit.HU, "CT", "1.2")
        hot = (8 * np.exp(-((j - 20) ** 2 + (i - 28) ** 2) / 20) + body).astype(np.float32)
        pet = Volume(hot, ct.ijk_to_lps, Modality.PET, Unit.SUVBW, "PET", "1.2")
        return [node_from_volume(slicer.mrmlScene, volume) for volume in (ct, pet)]

    def test_fuseFromScript(self):
        """Fused voxels, metrics and progress."""
        from LCDFusionPanel import dependencies

        if not dependencies.hasTorch():  # a build machine of the Extensions Index has none
            self.delayDisplay(f"LCDFusion: the fusion is not tested here ({dependencies.torchProblem()})")
            return
        logic, seen = LCDFusionLogic(), []
        try:
            result = logic.fuse(*self._pair(), progress=seen.append)
        finally:
            logic.close()
        self.assertEqual([p.done for p in seen if p.done][:3], [1, 2, 3])
        self.assertEqual(slicer.util.arrayFromVolume(result.color).shape, (3, 48, 48, 3))
        self.assertGreater(slicer.util.arrayFromVolume(result.gray).std(), 0.05)
        self.assertGreater(result.slice_metrics(1)[0]["QABF"], 0.3)
        self.delayDisplay(f"LCDFusion {__version__} fused 3 slices")

    def test_badInputIsSaid(self):
        """One volume twice is one clear sentence."""
        anatomy, _pet = self._pair()
        with self.assertRaisesRegex(InputError, "chosen as anatomy and as function"):
            LCDFusionLogic().fuse(anatomy, anatomy)


if TOO_OLD:

    class LCDFusionWidget(ScriptedLoadableModuleWidget):
        """The panel in a Slicer that is too old."""

        def setup(self):
            """One sentence."""
            ScriptedLoadableModuleWidget.setup(self)
            label = qt.QLabel(TOO_OLD)
            label.wordWrap = True
            self.layout.addWidget(label)
            self.layout.addStretch(1)
