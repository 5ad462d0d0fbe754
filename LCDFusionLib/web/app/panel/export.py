"""Export: DICOM, NRRD, NIfTI, pictures, metrics, each a file that the browser saves; and DICOM to the site's archive."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from trame.widgets import client, html
from trame_server.utils.typed_state import TypedState

from LCDFusionLib.panel.export import ExportKind, ExportSection

from .. import form
from ..archive import SiteArchive
from ..downloads import Downloads
from ..state import Screen
from .drawing import Drawing, Shared

_DOING = {
    ExportKind.DICOM: "Writing DICOM",
    ExportKind.NRRD: "Writing NRRD",
    ExportKind.NIFTI: "Writing NIfTI",
    ExportKind.METRICS: "Writing metrics",
    ExportKind.PICTURES: "Drawing",
    ExportKind.REGIONS: "Writing regions",
    ExportKind.REGION_OBJECTS: "Writing regions",
    ExportKind.PAGE: "Making the page",
    ExportKind.SESSION: "Writing the session",
}


class ExportDrawing(Drawing):
    """Buttons; the panel writes into a private folder, and this hands it over."""

    def __init__(
        self,
        shared: Shared,
        name: str,
        section: ExportSection,
        downloads: Downloads,
        screen: TypedState[Screen],
        archive: SiteArchive | None = None,
    ) -> None:
        super().__init__(shared, name, section)
        self._export, self._downloads, self._screen, self._archive = section, downloads, screen, archive
        self._task: asyncio.Task[None] | None = None
        shared.server.trigger("open_session")(self._open_session)

    def build_download(self) -> None:
        """The element that lets the browser save a file."""
        self._save = client.JSEval(exec="window.lcdfusion.download($event)")

    def build(self) -> None:
        choice, screen = self.shared.choice, self.shared.screen
        with html.Div(title=("exports.tip",)):
            with form.row("DICOM:"):
                tip = "Both series as derived DICOM; with marked slices also those as key images, and their metrics"
                self._writes(ExportKind.DICOM, "DICOM (zip)", tip, name="dicom")
            if self._archive is not None:
                with form.row("Archive:"):
                    tip = f"The same DICOM series, to {self._archive.place}; de-identified where that is chosen"
                    self._works("Send to archive", self._start_sending, tip, name="archive")
            form.check(
                "De-identify",
                choice.deidentify,
                "Take the patient out of the DICOM series (basic profile of PS3.15)",
                classes="deidentify",
            )
            with form.row("Volumes:"):
                self._writes(ExportKind.NRRD, "NRRD", "The colour and the gray volume as NRRD", name="nrrd")
                self._writes(ExportKind.NIFTI, "NIfTI", "The colour and the gray volume as NIfTI", name="nifti")
            with form.row("Metrics:"):
                self._writes(ExportKind.METRICS, "CSV", "The metrics of every slice", name="csv")
            with form.row("Regions:"):
                can = "can_export_regions"
                self._writes(ExportKind.REGIONS, "CSV", "The table of regions", can=can, name="regions-csv")
                tip = "A Segmentation and a measurement report; opened with the study, they bring the regions back"
                self._writes(ExportKind.REGION_OBJECTS, "SEG + SR", tip, can=can, name="regions-dicom")
            with form.row("Key slices:"):
                tip = "Mark the slice on show as a key slice, or take the mark away"
                self.button("{{ exports.is_marked ? 'Unmark' : 'Mark' }}", self._export.mark, tip, can="can_mark", name="key")
                tip = "A picture of each key slice, of the slice on show where none is marked"
                self._writes(ExportKind.PICTURES, "PNG", tip, name="png")
            with form.row("Page to keep:"):
                tip = "Key slices (the slice on show where none is marked), projection, regions, settings and warnings"
                self._writes(ExportKind.PAGE, "PDF", tip, can="can_keep_page", name="page")
                form.check(
                    "also with DICOM",
                    choice.page_in_dicom,
                    "What is exported as DICOM, or sent, has the page with it, as Encapsulated PDF of the study",
                    classes="page-in-dicom",
                )
            with form.row("Session:"):
                tip = "Settings, registration, slice, key slices and regions, as a file that brings the review back onto the same images"
                self._writes(ExportKind.SESSION, "Save", tip, can="can_keep_page", name="save-session")
                tip = "Bring back the review of a session file; its images have to be open"
                form.button("Open", "window.lcdfusion.openSession()", tip, classes="open-session-button")
        html.Div("{{ exports.marked }}", v_if=("exports.marked",), classes="note")
        html.Div("{{ " + screen.exporting + " || exports.note }}", classes="note export-note")
        if self._archive is not None and self._archive.has_viewer:
            html.A(
                "Open in OHIF",
                v_if=(f"exports.link && !{screen.exporting}",),
                href=("exports.link",),
                target="_blank",
                rel="noopener noreferrer",
                classes="note archive-link",
            )

    def _writes(self, kind: ExportKind, text: str, tip: str, *, can: str = "can_export", name: str) -> None:
        """A button that saves a file."""
        self._works(text, partial(self._start, kind), tip, can=can, name=name)

    def _works(self, text: str, call: Callable[[], None], tip: str, *, can: str = "can_export", name: str) -> None:
        """A button that waits while another one is at work."""
        form.button(text, call, tip, disabled=(f"!exports.{can} || !!{self.shared.screen.exporting}",), classes=f"{name}-button")

    def _start(self, kind: ExportKind) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._write(kind))

    async def _write(self, kind: ExportKind) -> None:
        say = partial(self._export.say, of=self._export.on_show)  # another patient may be on show when this is done
        with self._export.problems_are_said(say):
            self._doing(_DOING[kind])
            folder = self._downloads.new_folder()
            try:
                await asyncio.sleep(0)
                files = await self._run(kind, folder)
                name = files[0].name if len(files) == 1 and files[0].is_file() else kind.value
                await asyncio.to_thread(_pack, files, folder, folder / name)
            except BaseException:
                self._downloads.discard(folder)
                raise
            self._save.exec(self._downloads.offer(folder / name))
            say(f"Saved by the browser: {name}")
        self._task = None
        self._doing("")

    def _open_session(self, name: object, text: object) -> None:
        """The browser has read a file."""
        self._export.open_session(str(text), str(name))

    async def _run(self, kind: ExportKind, folder: Path) -> list[Path]:
        """With the choices of this moment, de-identification among them."""
        files: list[Path] = []
        for step in self._export.steps(kind, folder):
            if step.draws:  # the views that draw belong to the loop's thread
                files += step()
                await asyncio.sleep(0.02)
            else:
                files += await asyncio.to_thread(step)
        return files

    def _start_sending(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        assert self._archive is not None
        say = partial(self._export.say, of=self._export.on_show)  # another patient may be on show when this is done
        with self._export.problems_are_said(say):
            self._doing(_DOING[ExportKind.DICOM])
            folder = self._downloads.new_folder()
            try:
                written = await self._run(ExportKind.DICOM, folder)
                self._doing(f"Sending to {self._archive.place}")
                sent = await asyncio.to_thread(self._archive.send, written)
            finally:
                self._downloads.discard(folder)
            say(f"Sent to {sent.place}: {sent.images} images", sent.link)
        self._task = None
        self._doing("")

    def _doing(self, text: str) -> None:
        with self.shared.server.state:
            self._screen.data.exporting = text


def _pack(written: Sequence[Path], folder: Path, target: Path) -> None:
    """Packs what was written into a zip, unless it is `target` itself."""
    if target in written:
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for path in written:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    packed.write(file, file.relative_to(folder))
