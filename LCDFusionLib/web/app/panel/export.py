"""Export of the result: DICOM, NRRD, NIfTI, pictures, metrics; each a file that the browser saves."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trame.widgets import html

from LCDFusionLib.mrml.export import Export
from LCDFusionLib.views.slice_pictures import write_pictures

from .. import form
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication


class ExportSection(Section):
    """Writes what is in the scene into a private folder, and hands it over."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self._task: asyncio.Task[None] | None = None

    def build(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        off = {"disabled": (f"!{shown.can_export} || !!{shown.exporting}",)}
        with form.row("DICOM:"):
            form.button(
                "DICOM (zip)",
                self.on_dicom,
                "Both series as derived DICOM; with marked slices also those as key images, and their metrics",
                classes="dicom-button",
                **off,
            )
        form.check(
            "De-identify",
            choice.deidentify,
            "Take the patient out of the DICOM series (basic profile of PS3.15)",
            classes="deidentify",
        )
        with form.row("Volumes:"):
            form.button("NRRD", self.on_nrrd, "The colour and the gray volume as NRRD", classes="nrrd-button", **off)
            form.button("NIfTI", self.on_nifti, "The colour and the gray volume as NIfTI", classes="nifti-button", **off)
        with form.row("Metrics:"):
            form.button("CSV", self.on_metrics, "The metrics of every slice", classes="csv-button", **off)
        with form.row("Key slices:"):
            form.button(
                "{{ " + shown.is_key_slice + " ? 'Unmark' : 'Mark' }}",
                self.on_key_slice,
                "Mark the slice on show as a key slice, or take the mark away",
                disabled=(f"!{shown.can_export}",),
                classes="key-button",
            )
            form.button(
                "PNG",
                self.on_pictures,
                "A picture of each key slice, of the slice on show where none is marked",
                classes="png-button",
                **off,
            )
        html.Div(
            "Marked: {{ " + shown.key_slices + ".map((k) => k + 1).join(', ') }}",
            v_if=(f"{shown.key_slices}.length",),
            classes="note",
        )
        html.Div("{{ " + shown.exporting + " || " + shown.export_note + " }}", classes="note export-note")

    def update(self) -> None:
        result = self.application.workflow.result
        self.screen.can_export = result is not None and result.is_complete and not result.is_preview

    def forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.screen.key_slices, self.screen.export_note = [], ""

    def on_dicom(self) -> None:
        """Both series and what goes with them."""
        deidentify = self.choices.deidentify
        marked = list(self.screen.key_slices)

        def write(export: Export, folder: Path) -> list[Path]:
            return export.dicom(folder, key_slices=marked, deidentify=deidentify)

        self._start("lcdfusion_dicom.zip", write, "Writing DICOM")

    def on_nrrd(self) -> None:
        """Both volumes."""
        self._start("lcdfusion_nrrd.zip", lambda export, folder: export.volumes(folder), "Writing NRRD")

    def on_nifti(self) -> None:
        """Both volumes."""
        self._start("lcdfusion_nifti.zip", lambda export, folder: export.volumes(folder, suffix=".nii.gz"), "Writing NIfTI")

    def on_metrics(self) -> None:
        """Every slice."""
        self._start("metrics.csv", lambda export, folder: [export.metrics(folder / "metrics.csv")], "Writing metrics")

    def on_key_slice(self) -> None:
        """Marks the slice on show, or takes the mark away."""
        index = self.application.review.slice
        if index is not None:
            self.screen.key_slices = sorted(set(self.screen.key_slices) ^ {index})
            self.application.metrics.show_slice()

    def on_pictures(self) -> None:
        """Key slices, or the one on show."""
        if self._task is None:
            self._task = asyncio.create_task(self._export_pictures())

    def _start(self, name: str, write: Callable[[Export, Path], Sequence[Path]], doing: str) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._export(name, write, doing))

    async def _export(self, name: str, write: Callable[[Export, Path], Sequence[Path]], doing: str) -> None:
        with self.problems_are_said(self._say):
            self._begin(doing)
            folder = self.application.downloads.new_folder()
            try:
                await asyncio.sleep(0)
                export = self._export_of_result()
                await asyncio.to_thread(_pack, lambda: write(export, folder), folder, folder / name)
            except BaseException:
                self.application.downloads.discard(folder)
                raise
            self._hand_over(folder / name)
        self._end()

    async def _export_pictures(self) -> None:
        """Slice by slice on the loop: the views that draw them belong to its thread."""
        with self.problems_are_said(self._say):
            shown = self.application.review.slice
            slices = list(self.screen.key_slices) or ([shown] if shown is not None else [])
            if not slices:
                self._say("Mark a key slice first, or show one.")
                return self._end()
            self._begin("Drawing")
            folder = self.application.downloads.new_folder()
            try:
                export, files = self._export_of_result(), []
                for index in slices:
                    await asyncio.sleep(0.02)
                    files += write_pictures(export, folder, [index], opacity=self.choices.opacity)
                name = files[0].name if len(files) == 1 else "lcdfusion_key_slices.zip"
                await asyncio.to_thread(_pack, lambda: files, folder, folder / name)
            except BaseException:
                self.application.downloads.discard(folder)
                raise
            self._hand_over(folder / name)
        self._end()

    def _export_of_result(self) -> Export:
        result = self.application.workflow.result
        assert result is not None
        return Export.of(result, find_file=self.application.find_file)

    def _begin(self, doing: str) -> None:
        with self.application.server.state:
            self.screen.exporting, self.screen.export_note = doing, ""

    def _end(self) -> None:
        self._task = None
        with self.application.server.state:
            self.screen.exporting = ""

    def _hand_over(self, file: Path) -> None:
        self.application.download(self.application.downloads.offer(file))
        self.screen.export_note = f"Saved by the browser: {file.name}"

    def _say(self, text: str) -> None:
        self.screen.export_note = text


def _pack(write: Callable[[], Sequence[Path]], folder: Path, target: Path) -> None:
    """Calls `write`; where that did not make `target` itself, packs what it made into a zip."""
    written = write()
    if target in written:
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for path in written:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    packed.write(file, file.relative_to(folder))
