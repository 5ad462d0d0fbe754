"""The study that a reader has opened: its volumes are read when they are chosen, and become nodes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import slicer
from trame_server import Server
from trame_server.utils.typed_state import TypedState

from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.dicom_nodes import node_from_series
from LCDFusionLib.mrml.dicom_source import forget_sources
from LCDFusionLib.mrml.input_identity import InputIdentity
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.result_nodes import remove_node
from LCDFusionLib.panel.panel import Panel
from LCDFusionLib.panel.short_titles import short_titles

from ..private_log import report
from .ahead import ReadAhead
from .state import BrowserChoices, Screen
from .study import Offer, ProposedPair, Study, open_study, phantom_study


class OpenStudy:
    """One study at a time; it stays until the next one is found to hold something.

    Args:
        server: of trame.
        choices: what the reader set.
        screen: what the page shows.
        scene: of the session.
        folder: private to the session.

    Attributes:
        study: what is open; None until something is.
        panel: to be told of what comes and goes.
        on_opened: called when a study is open, and what was chosen of it is read.
    """

    panel: Panel

    def __init__(
        self, server: Server, choices: TypedState[BrowserChoices], screen: TypedState[Screen], scene: slicer.vtkMRMLScene, folder: Path
    ) -> None:
        self._server, self._choices, self._screen, self._scene, self._folder = server, choices, screen, scene, folder
        self.study: Study | None = None
        self.on_opened: Callable[[], object] = lambda: None
        self._nodes: dict[str, slicer.vtkMRMLVolumeNode] = {}
        self._opening: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._uploads: list[Path] = []
        self._is_told = False
        choices.bind_changes({choices.name.pair: self._on_pair})

    def node(self, key: str | None) -> slicer.vtkMRMLVolumeNode | None:
        """Of a chosen volume, once it is read."""
        return self._nodes.get(key or "")

    @property
    def waiting(self) -> str:
        """Why a chosen volume is not there yet, in a few words; "" where nothing is awaited."""
        if self.study is None:
            return self._screen.data.busy
        return self._reading_text(self._choices.data.anatomy, self._choices.data.function)

    @property
    def prior(self) -> ProposedPair | None:
        """The pair that was chosen as prior study."""
        number = self._choices.data.prior
        return self.study.pairs[number] if self.study is not None and number is not None and number < len(self.study.pairs) else None

    @property
    def prior_waiting(self) -> str:
        """Why the prior study is not there yet; "" where nothing is awaited."""
        return self._reading_text(self.prior.anatomy, self.prior.function) if self.prior is not None else ""

    def _reading_text(self, *keys: str | None) -> str:
        offers = [self.study.offer(key) for key in keys] if self.study is not None else []
        return next((f"Reading {offer.title}" for offer in offers if offer is not None and offer.key not in self._nodes), "")

    def choose(self, anatomy: InputIdentity, function: InputIdentity) -> None:
        """Two volumes of the study by what they hold, read or not; nothing where it has not both."""
        keys = [self._key_of(each) for each in (anatomy, function)]
        if all(keys):
            with self._server.state:
                self._choices.data.anatomy, self._choices.data.function = keys

    def _key_of(self, identity: InputIdentity) -> str | None:
        read = (key for key, node in self._nodes.items() if identity.is_of(node))
        unread = (offer for offer in self.study.offers if offer.key not in self._nodes) if self.study is not None else ()
        held = (offer.key for offer in unread if offer.is_of(identity))
        return next(read, None) or next(held, None)

    def find_file(self, uid: str) -> str:
        """`FindFile` of the study."""
        return self.study.find_file(uid) if self.study is not None else ""

    def open(self, paths: Sequence[Path], *, is_upload: bool = False, ahead: ReadAhead | None = None) -> None:
        """Opens a study in the place of the one that is open; the phantom where nothing is named. Returns at once.

        Args:
            paths: as of `open_study`.
            is_upload: likewise.
            ahead: of the same paths, where they are being read.
        """
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.create_task(self._open(paths, is_upload=is_upload, ahead=ahead))

    def update(self) -> None:
        """Begins to read what was chosen and is not read yet; brings lists and lines of the study into line with the choices."""
        chosen, screen, study = self._choices.data, self._screen.data, self.study
        screen.patient = study.patients(chosen.anatomy, chosen.function) if study is not None else ""
        chosen.pair = study.number_of_pair(chosen.anatomy, chosen.function) if study is not None else None
        screen.pair_note = study.pairs[chosen.pair].why if study is not None and chosen.pair is not None else ""
        screen.study_notes = list(study.notes) if study is not None else []
        if study is None or self._reading is not None:
            return
        of_prior = (self.prior.anatomy, self.prior.function) if self.prior is not None else ()
        for key in (chosen.anatomy, chosen.function, *of_prior):
            offer = study.offer(key)
            if offer is not None and offer.key not in self._nodes:
                self._busy(f"Reading {offer.title}")
                self._reading = asyncio.create_task(self._read(offer))
                return
        if not self._is_told:
            self._is_told = True
            self.on_opened()

    async def _open(self, paths: Sequence[Path], *, is_upload: bool, ahead: ReadAhead | None) -> None:
        loop = asyncio.get_running_loop()
        self._busy("Reading")

        def progress(text: str) -> None:
            loop.call_soon_threadsafe(self._busy, text)

        try:
            if ahead is not None and (read := await asyncio.to_thread(ahead.study, progress=progress)) is not None:
                study = read
            elif paths:
                study = await asyncio.to_thread(open_study, paths, progress=progress, is_upload=is_upload)
            else:
                study = await asyncio.to_thread(phantom_study, self._folder / "phantom-here", progress=progress)
        except BaseException as error:  # a cancelled task too: another upload has come
            if is_upload:
                await asyncio.shield(asyncio.to_thread(_remove, paths))
            self._busy("")
            if not isinstance(error, Exception):
                raise
            self._say(error)  # and what was open stays open
            return
        uploads = self._uploads
        self._close()
        self._uploads = list(paths) if is_upload else []
        self._show(study)
        await asyncio.to_thread(_remove, uploads)

    def _show(self, study: Study) -> None:
        with self._server.state:
            self.study, self._is_told, screen, chosen = study, False, self._screen.data, self._choices.data
            screen.busy = ""
            screen.pairs = _items([(pair.title, number) for number, pair in enumerate(study.pairs)])
            screen.anatomies = _items([(offer.title, offer.key) for offer in study.offers if offer.may_be_anatomy])
            screen.functions = _items([(offer.title, offer.key) for offer in study.offers if offer.may_be_function])
            first = study.pairs[0] if study.pairs else None
            chosen.anatomy, chosen.function = (first.anatomy, first.function) if first else (None, None)
            self.update()
        self.panel.refresh()

    def _close(self) -> None:
        """Nothing of the old patient stays."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        with self._server.state:
            self.panel.forget()
            self.study, chosen, screen = None, self._choices.data, self._screen.data
            chosen.pair = chosen.prior = chosen.anatomy = chosen.function = None
            screen.pairs, screen.anatomies, screen.functions, screen.patient = [], [], [], ""
            self._nodes.clear()
            _remove_data(self._scene)
            forget_sources()

    def _on_pair(self, number: int | None) -> None:
        """Another of the proposed pairs."""
        if self.study is not None and number is not None and 0 <= number < len(self.study.pairs):
            pair = self.study.pairs[number]
            self._choices.data.anatomy, self._choices.data.function = pair.anatomy, pair.function

    async def _read(self, offer: Offer) -> None:
        task = asyncio.current_task()
        try:
            await asyncio.to_thread(offer.read)
            assert offer.volume is not None
            if offer.source is not None:
                self._nodes[offer.key] = node_from_series(self._scene, offer.volume, offer.source)
            else:
                self._nodes[offer.key] = node_from_volume(self._scene, offer.volume)
            offer.volume = None  # the node has a copy, and stays as long as the study is open
        except Exception as error:
            with self._server.state:
                for name in ("anatomy", "function"):
                    if getattr(self._choices.data, name) == offer.key:
                        setattr(self._choices.data, name, None)
                if self.prior is not None and offer.key in (self.prior.anatomy, self.prior.function):
                    self._choices.data.prior = None
            self._say(error)
        finally:
            if self._reading is task:
                self._reading = None
                self._busy("")
                self.panel.refresh()

    def _busy(self, text: str) -> None:
        with self._server.state:
            self._screen.data.busy = text

    def _say(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            report(error)
        self.panel.fusion.say(str(error) if isinstance(error, InputError) else f"This did not work ({type(error).__name__}).")


def _items(titled: Sequence[tuple[str, object]]) -> list[dict[str, object]]:
    """For a field, whose width takes a short title, and its list."""
    shortened = short_titles([title for title, _ in titled])
    return [{"title": title, "value": value, "short": short} for (title, value), short in zip(titled, shortened, strict=True)]


def _remove(paths: Sequence[Path]) -> None:
    """What was uploaded is the session's, and is not needed any more."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)


def _remove_data(scene: slicer.vtkMRMLScene) -> None:
    """Takes volumes, tables, transforms and their patients out of the scene; views, colours and the crosshair stay."""
    for kind in ("vtkMRMLVolumeNode", "vtkMRMLTableNode", "vtkMRMLTransformNode"):
        for node in [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]:
            if node is not None and node.GetScene() is not None:
                remove_node(node)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    hierarchy.RemoveItemChildren(hierarchy.GetSceneItemID(), True, True)
