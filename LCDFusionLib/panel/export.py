"""Export: what can be written, which slices are key slices, and the writing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from pydicom import dcmread

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.dicom import SeriesSource
from LCDFusionLib.dicom.region_objects import write_regions
from LCDFusionLib.dicom.reported_region import ReportedRegion
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.pictures import write_picture
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_source, unread_source
from LCDFusionLib.mrml.export import Export
from LCDFusionLib.mrml.key_slices import key_slices, set_key_slices
from LCDFusionLib.mrml.regions import is_reversed
from LCDFusionLib.mrml.session_file import Session
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.on_show import Belongs, OnShow
from LCDFusionLib.panel.page import PageToKeep
from LCDFusionLib.panel.section import Section
from LCDFusionLib.panel.session import bring_back, session_of
from LCDFusionLib.views.planes import layer_at
from LCDFusionLib.views.slice_pictures import Picture, picture_of_slice


class ExportKind(Enum):
    """What can be written; the value is the name of a file that holds all of it."""

    DICOM = "lcdfusion_dicom.zip"
    NRRD = "lcdfusion_nrrd.zip"
    NIFTI = "lcdfusion_nifti.zip"
    METRICS = "metrics.csv"
    PICTURES = "lcdfusion_key_slices.zip"
    REGIONS = "regions.csv"
    REGION_OBJECTS = "lcdfusion_regions.zip"
    PAGE = "lcdfusion_page.pdf"
    SESSION = "lcdfusion_session.json"


@dataclass(frozen=True)
class Step:
    """A part of an export, to be called; gives what it wrote.

    Attributes:
        call: does it.
        draws: it draws, which belongs into the main thread; any other may run in a thread.
    """

    call: Callable[[], list[Path]]
    draws: bool = False

    def __call__(self) -> list[Path]:
        """Does it."""
        return self.call()


@dataclass(frozen=True)
class ExportState:
    """What the section shows.

    Attributes:
        can_export: something can be written.
        can_keep_page: a pair is on show, of which a page can be kept; it need not be fused.
        can_export_regions: there are regions; they need no fusion.
        tip: where nothing can: why.
        key_slices: K of those that are marked, of the pair on show.
        can_mark: the slice on show can be marked.
        is_marked: it is.
        note: what was written, or went wrong.
        link: where what was sent can be looked at; "" where it cannot.
    """

    can_export: bool = False
    can_keep_page: bool = False
    can_export_regions: bool = False
    tip: str = ""
    key_slices: tuple[int, ...] = ()
    can_mark: bool = False
    is_marked: bool = False
    note: str = ""
    link: str = ""

    @property
    def marked(self) -> str:
        """The key slices as people count them."""
        return f"Marked: {', '.join(str(index + 1) for index in self.key_slices)}" if self.key_slices else ""


class ExportSection(Section):
    """Writes what is on show, and says where it is of older choices."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = ExportState()
        self._said: Belongs[tuple[str, str]] | None = None
        self._awaited: tuple[Session, str] | None = None
        self._opened: Belongs[Session] | None = None

    def update(self) -> None:
        self._bring_back()
        self._go_to_opened()
        self.moved()

    def moved(self) -> None:
        whole, index, pair = self.core.whole, self.core.slice, self.choices.pair
        marked = key_slices(*pair) if pair is not None and whole is not None else ()
        tip = ""
        if whole is None:
            part = next((image.nodes.part for image in self.core.workflow.images if image.nodes.part), "")
            tip = f"Only {part} are fused; fuse again to export" if part else "Fuse first"
        elif whole.note:
            tip = f"What is exported is of other choices than those in the panel ({whole.note.lower()})"
        note, link = (self._said.on(self.on_show) if self._said is not None else None) or ("", "")
        self.state = ExportState(
            can_export=whole is not None,
            can_keep_page=pair is not None and self.core.workflow.volumes is not None and self.core.workflow.plan is not None,
            can_export_regions=bool(self.core.measured.rows),
            tip=tip,
            key_slices=marked,
            can_mark=whole is not None and index is not None,
            is_marked=index in marked,
            note=note,
            link=link,
        )

    def forget(self) -> None:
        self._said = self._awaited = self._opened = None
        self.state = ExportState()

    def mark(self) -> None:
        """Marks the slice on show as a key slice, or takes the mark away."""
        index, pair = self.core.slice, self.choices.pair
        if index is not None and pair is not None and self.state.can_mark:
            set_key_slices(*pair, sorted(set(self.state.key_slices) ^ {index}))
            self.moved()
            self.core.host.show()

    def say(self, text: str, link: str = "", *, of: OnShow | None = None) -> None:
        """What was written, or went wrong, and where it can be looked at; it goes with the pair.

        Args:
            text: a sentence.
            link: a web address, or "".
            of: what was on show when the writing began; None: what is on show now.
        """
        self._said = Belongs((text, link), of or self.on_show, "pair")
        self.moved()
        self.core.host.show()

    def open_session(self, text: str, name: str) -> None:
        """Brings the review back that a session file holds, with its pair, where that is open here; else says why not.

        Args:
            text: of the file.
            name: of the file.
        """
        with self.problems_are_said(self.say):
            session, way = Session.from_text(text, name), ""
            if not session.is_of(self.choices.anatomy, self.choices.function):
                way = self.core.host.choose_inputs(session.anatomy, session.function)
            self._awaited = session, way
            self.core.refresh()

    def _bring_back(self) -> None:
        """A session that was opened, as soon as its pair is read."""
        if self._awaited is None or self.core.waiting:
            return
        (session, way), self._awaited = self._awaited, None
        with self.problems_are_said(self.say):
            bring_back(self.core, session, way)
            self._opened = Belongs(session, self.on_show, "pair")
            self.say("The session is back; what was fused has to be fused again.")

    def _go_to_opened(self) -> None:
        """To the place of a session that was opened, as soon as the views show where its volumes lie now."""
        session = self._opened.on(self.on_show) if self._opened is not None else None
        if session is not None and not self.core.views.is_open:
            return
        self._opened = None
        if session is not None and session.crosshair is not None:
            self.core.views.plane.crosshair = session.crosshair
        if session is not None and session.place is not None and self.choices.anatomy is not None:
            index = layer_at(self.choices.anatomy, session.place)
            if index is not None:
                self.core.views.slice = index

    def slices_for_pictures(self) -> tuple[int, ...]:
        """Key slices; where none is marked, the slice on show.

        Raises:
            InputError: neither.
        """
        slices = self._marked_or_shown()
        if not slices:
            raise InputError("Mark a key slice first, or show one.")
        whole = self.core.whole
        fused = tuple(index for index in slices if whole is None or whole.nodes.row_of(index) is not None)
        if not fused:
            span = whole.nodes.span if whole is not None else ""
            raise InputError(f"Only {span} are fused, and none of them is on show or marked; go to one first.")
        return fused

    def _marked_or_shown(self) -> tuple[int, ...]:
        index = self.core.slice
        return self.state.key_slices or (() if index is None else (index,))

    def in_database(self, folders: Sequence[Path], find_file: FindFile) -> str:
        """What can be said after series were handed to a DICOM database, which was asked for each of their images."""
        files = [file for folder in folders for file in sorted(folder.iterdir())]
        uids = [str(dcmread(file, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID) for file in files]
        there = sum(bool(find_file(uid)) for uid in uids)
        names = ", ".join(folder.name.removeprefix("dicom_") for folder in folders)
        if there == len(uids):
            return f"In the DICOM database, {there} images: {names}."
        return f"Only {there} of {len(uids)} images are in the DICOM database; look at its log, or export to the folder."

    def unread(self) -> list[Callable[[], object]]:
        """What reads the headers that an export needs and nobody has read yet; may run in a thread, before `steps`."""
        whole, find_file = self.core.whole, self.core.host.find_file
        inputs = whole.nodes.inputs if whole is not None else ()
        nodes = [node for node in dict.fromkeys((*inputs, *(self.choices.pair or ()))) if node is not None]
        return [read for node in nodes if (read := unread_source(node, find_file)) is not None]

    def steps(self, kind: ExportKind, folder: Path, *, name: str = "", pause: Callable[[], object] = lambda: None) -> list[Step]:
        """What writes, step by step, of what is on show now, whatever is chosen afterwards.

        Args:
            kind: what.
            folder: where to.
            name: of the file of the metrics or the regions.
            pause: called between pieces of pictures, which are drawn in the main thread; there is one a step.

        Raises:
            InputError: there is nothing to write, or it was deleted.
        """
        if kind is ExportKind.REGIONS:
            return [Step(partial(_write_text, folder / (name or kind.value), self._regions_csv()))]
        if kind is ExportKind.REGION_OBJECTS:
            return [Step(self._region_objects(folder))]
        if kind is ExportKind.SESSION:
            text = session_of(self.core, deidentify=self.choices.deidentify).to_text()
            return [Step(partial(_write_text, folder / (name or kind.value), text))]
        if kind is ExportKind.PAGE:
            page = self._page(pause)
            return [*(Step(draw, draws=True) for draw in page.drawing), Step(lambda: page.write(folder / (name or kind.value)))]
        whole = self.core.whole
        if whole is None:
            raise InputError("There is no complete fused volume to export; fuse first.")
        slices = self.slices_for_pictures() if kind is ExportKind.PICTURES else ()
        notes = [f"When this was exported, other choices stood in the panel ({whole.note.lower()})."] if whole.note else []
        export = Export.of(whole.nodes, find_file=self.core.host.find_file, notes=notes)
        marked, opacity, deidentify = self.state.key_slices, self.choices.opacity, self.choices.deidentify
        if kind is ExportKind.PICTURES:
            draw = partial(picture_of_slice, export, opacity=opacity, note=whole.note, pause=pause)
            return [step for index in slices for step in _picture(partial(draw, index), folder / f"fused_slice_{index + 1:04d}.png")]
        if kind is ExportKind.NRRD:
            return [Step(lambda: export.volumes(folder, deidentify=deidentify))]
        if kind is ExportKind.NIFTI:
            return [Step(lambda: export.volumes(folder, suffix=".nii.gz", deidentify=deidentify))]
        if kind is ExportKind.METRICS:
            return [Step(lambda: [export.metrics(folder / (name or kind.value))])]
        steps = [Step(lambda: export.dicom(folder, key_slices=marked, deidentify=deidentify))]
        if self.choices.page_in_dicom:
            page = self._page(pause)
            steps += [*(Step(draw, draws=True) for draw in page.drawing), Step(lambda: page.write_dicom(folder / "dicom_page"))]
        return steps

    def _page(self, pause: Callable[[], object]) -> PageToKeep:
        if not self.state.can_keep_page:
            raise InputError("There is no pair on show of which a page could be kept; choose one first.")
        return PageToKeep(self.core, self._marked_or_shown(), deidentify=self.choices.deidentify, pause=pause)

    def _regions_csv(self) -> str:
        measured = self.core.measured
        if not measured.rows:
            raise InputError("There is no region to export; measure one first.")
        return measured.csv(names=not self.choices.deidentify)

    def _region_objects(self, folder: Path) -> Callable[[], list[Path]]:
        measured, function, deidentify = self.core.measured, self.choices.function, self.choices.deidentify
        if not measured.rows or function is None:
            raise InputError("There is no region to export; measure one first.")
        source = dicom_source(function, self.core.host.find_file)
        if source is None:
            raise InputError(f"'{function.GetName()}' did not come from DICOM files, so its regions cannot become DICOM; export CSV.")
        regions = measured.reported(reverse=is_reversed(function, source), names=not deidentify)
        return partial(_write_objects, regions, source, folder / "dicom_regions", deidentify=deidentify)


def _picture(draw: Callable[[], Picture], path: Path) -> list[Step]:
    """What draws a picture, and what packs and writes it."""
    drawn: list[Picture] = []

    def keep() -> list[Path]:
        drawn.append(draw())
        return []

    def write() -> list[Path]:
        write_picture(drawn.pop(), path)
        return [path]

    return [Step(keep, draws=True), Step(write)]


def _write_objects(regions: Sequence[ReportedRegion], source: SeriesSource, folder: Path, *, deidentify: bool) -> list[Path]:
    write_regions(regions, source, folder)
    if deidentify:
        from LCDFusionLib.dicom.deidentify import deidentify_folder  # its library takes half a second to load

        deidentify_folder(folder)
    return [folder]


def _write_text(path: Path, text: str) -> list[Path]:
    try:
        with atomic_file(path) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"The file '{path}' could not be written ({error.strerror}); choose another place or make room.") from error
    return [path]
