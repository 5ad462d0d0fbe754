"""One reader's session: scene, views, workflow and panel, kept in step by one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import slicer
from trame.app import get_server
from trame.widgets import client
from trame_server.utils.typed_state import TypedState
from trame_slicer.core import SlicerApp

from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.dicom_nodes import node_from_series
from LCDFusionLib.mrml.dicom_source import forget_sources
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.result_nodes import remove_node
from LCDFusionLib.panel.workflow import FusionChoices, FusionWorkflow
from LCDFusionLib.views.review import Review

from ..views import LinkedViews
from .downloads import Downloads
from .page import build_page
from .panel import (
    AdvancedSection,
    ExportSection,
    FusionSection,
    InputsSection,
    MetricsSection,
    RegistrationSection,
    ReviewSection,
)
from .private_log import report
from .state import Choices, Screen
from .study import Offer, Study, open_study, phantom_study

TICK_S = 0.04
_OF_PAIR = ("pair", "anatomy", "function")


class SessionApplication:
    """The session.

    A handler that the browser calls only starts something and returns: wslink reads no further message until it has. What takes time
    runs in a thread or in the worker process; nodes are made and changed on the event loop alone.

    Args:
        folder: private to the session, for what is downloaded.
        upload_limit: bytes that one upload may have.

    Attributes:
        server: of trame.
        choices: what the reader set.
        screen: what the page shows.
        scene: of this session.
        workflow: what will be fused, and what came of it.
        review: what the views show.
        views: on the page.
        study: what is open; None until something is.
    """

    def __init__(self, folder: Path, *, upload_limit: int) -> None:
        self.server = get_server(client_type="vue3")
        self.choices, self.screen = TypedState(self.server.state, Choices), TypedState(self.server.state, Screen)
        self.screen.data.upload_limit = upload_limit
        slicer_app = SlicerApp()
        self.scene = slicer_app.scene
        slicer.mrmlScene = self.scene  # where Slicer's own Python looks for it
        self.study: Study | None = None
        self.workflow = FusionWorkflow(find_file=self.find_file)
        self.review = Review(Application(self.scene, slicer_app.app_logic))
        self.views = LinkedViews(self.server, slicer_app, self.review)
        self.downloads, self._folder = Downloads(folder), folder
        self.inputs, self.fusion, self.registration = InputsSection(self), FusionSection(self), RegistrationSection(self)
        self.review_section, self.metrics = ReviewSection(self), MetricsSection(self)
        self.export, self.advanced = ExportSection(self), AdvancedSection(self)
        self.sections = (
            self.inputs, self.fusion, self.registration, self.review_section, self.metrics, self.export, self.advanced
        )  # fmt: skip
        self.views.on_slice_changed = lambda _index: self.metrics.show_slice()
        self.views.on_arranged = self.review_section.on_arranged
        self.views.on_window_changed = lambda _window: self.fusion.on_windowed()
        self._nodes: dict[str, slicer.vtkMRMLVolumeNode] = {}
        self._opening: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._stale = True
        build_page(self)
        self.choices.bind_changes({(self.choices.name,): lambda *_: self.refresh_soon()})
        self.choices.bind_changes({self.choices.name.pair: self._on_pair})

    @property
    def anatomy_node(self) -> slicer.vtkMRMLVolumeNode | None:
        """Of the chosen anatomy, once it is read."""
        return self._nodes.get(self.choices.data.anatomy or "")

    @property
    def function_node(self) -> slicer.vtkMRMLVolumeNode | None:
        """Of the chosen function, once it is read."""
        return self._nodes.get(self.choices.data.function or "")

    @property
    def fusion_choices(self) -> FusionChoices:
        """What a fusion depends on."""
        chosen = self.choices.data
        return FusionChoices(
            anatomy=self.anatomy_node,
            function=self.function_node,
            window=chosen.window,
            function_upper=chosen.function_upper or 0.0,
            table=chosen.table,
            weights=chosen.weights,
            anatomy_kind=chosen.anatomy_kind,
            function_unit=chosen.function_unit,
            device=chosen.device,
            precision=chosen.precision,
            batch_size=chosen.batch_size or 0,
        )

    def find_file(self, uid: str) -> str:
        """`FindFile` of the open study."""
        return self.study.find_file(uid) if self.study is not None else ""

    def start(self, paths: Sequence[Path]) -> None:
        """Called once, in the event loop: opens what was named, or the phantom, and sets the timer going."""
        self._timer = asyncio.create_task(self._run())
        self.open(paths)

    def open(self, paths: Sequence[Path], *, is_upload: bool = False) -> None:
        """Opens a study in the place of the one that is open; the phantom where nothing is named. Returns at once."""
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.create_task(self._open(paths, is_upload=is_upload))

    def refresh_soon(self) -> None:
        """Brings the page into line at the next tick: however much has changed, once."""
        self._stale = True

    def download(self, address: str) -> None:
        """Lets the browser save a file."""
        self._download.exec(address)

    def build_download(self) -> None:
        """The element that `download` speaks to."""
        self._download = client.JSEval(exec="window.lcdfusion.download($event)")

    async def _run(self) -> None:
        """The timer."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                with self.server.state:
                    if self._stale:
                        self._stale = False
                        self._refresh()
                    for section in self.sections:
                        section.tick()
            except Exception as error:  # the session goes on; what failed is seen on the page, and where, in the log
                report(error)
                with self.server.state:
                    self.screen.data.status = f"This did not work ({type(error).__name__})."

    def _refresh(self) -> None:
        self._read_chosen()
        self.screen.data.patient = self.study.patient_line(self.choices.data.anatomy) if self.study is not None else ""
        self.workflow.update(self.fusion_choices)
        for section in self.sections:
            section.update()

    async def _open(self, paths: Sequence[Path], *, is_upload: bool) -> None:
        loop = asyncio.get_running_loop()
        self._close_study()
        self._busy("Reading")

        def progress(text: str) -> None:
            loop.call_soon_threadsafe(self._busy, text)

        try:
            if paths:
                study = await asyncio.to_thread(open_study, paths, progress=progress, is_upload=is_upload)
            else:
                study = await asyncio.to_thread(phantom_study, self._folder / "phantom", progress=progress)
        except Exception as error:
            self._busy("")
            self._say(error)
            return
        self._show_study(study)

        self.advanced.start_worker()  # not before: loading PyTorch would take the time that the first images need

    def _show_study(self, study: Study) -> None:
        with self.server.state:
            self.study, screen, chosen = study, self.screen.data, self.choices.data
            screen.busy = ""
            screen.pairs = [{"title": pair.title, "value": number} for number, pair in enumerate(study.pairs)]
            screen.anatomies = _items(offer for offer in study.offers if offer.may_be_anatomy)
            screen.functions = _items(offer for offer in study.offers if offer.may_be_function)
            first = study.pairs[0] if study.pairs else None
            chosen.pair = 0 if first else None
            chosen.anatomy, chosen.function = (first.anatomy, first.function) if first else (None, None)
        self.refresh_soon()

    def _close_study(self) -> None:
        """Nothing of the old patient stays."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        with self.server.state:
            for section in self.sections:
                section.forget()
            self.workflow.forget()
            self.study, chosen, screen = None, self.choices.data, self.screen.data
            chosen.pair = chosen.anatomy = chosen.function = None
            screen.pairs, screen.anatomies, screen.functions, screen.patient = [], [], [], ""
            self._nodes.clear()
            _remove_data(self.scene)
            forget_sources()
        self.refresh_soon()

    def _on_pair(self, number: int | None) -> None:
        """Another of the proposed pairs."""
        if self.study is not None and number is not None and 0 <= number < len(self.study.pairs):
            pair = self.study.pairs[number]
            self.choices.data.anatomy, self.choices.data.function = pair.anatomy, pair.function

    def _read_chosen(self) -> None:
        """Begins to read what was chosen and is not read yet."""
        if self.study is None or self._reading is not None:
            return
        for key in (self.choices.data.anatomy, self.choices.data.function):
            offer = self.study.offer(key)
            if offer is not None and offer.key not in self._nodes:
                self._busy(f"Reading {offer.title}")
                self._reading = asyncio.create_task(self._read(offer))
                return

    async def _read(self, offer: Offer) -> None:
        task = asyncio.current_task()
        try:
            await asyncio.to_thread(offer.read)
            assert offer.volume is not None
            if offer.source is not None:
                self._nodes[offer.key] = node_from_series(self.scene, offer.volume, offer.source)
            else:
                self._nodes[offer.key] = node_from_volume(self.scene, offer.volume)
        except Exception as error:
            with self.server.state:
                for name in ("anatomy", "function"):
                    if getattr(self.choices.data, name) == offer.key:
                        setattr(self.choices.data, name, None)
            self._say(error)
        finally:
            if self._reading is task:
                self._reading = None
                self._busy("")
                self.refresh_soon()

    def _busy(self, text: str) -> None:
        with self.server.state:
            self.screen.data.busy = text

    def _say(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            report(error)
        with self.server.state:
            self.screen.data.status = str(error) if isinstance(error, InputError) else f"This did not work ({type(error).__name__})."


def _items(offers: Iterable[Offer]) -> list[dict[str, str]]:
    return [{"title": offer.title, "value": offer.key} for offer in offers]


def _remove_data(scene: slicer.vtkMRMLScene) -> None:
    """Takes volumes, tables, transforms and their patients out of the scene; views, colours and the crosshair stay."""
    for kind in ("vtkMRMLVolumeNode", "vtkMRMLTableNode", "vtkMRMLTransformNode"):
        for node in [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]:
            if node is not None and node.GetScene() is not None:
                remove_node(node)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    hierarchy.RemoveItemChildren(hierarchy.GetSceneItemID(), True, True)
