"""A page to keep: what of the reading on show stands on it, in words and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from LCDFusionLib import __version__
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.dicom.encapsulated_pdf import write_encapsulated_pdf
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.projection import projection_picture
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.belonging import patients_text
from LCDFusionLib.mrml.dicom_source import dicom_source
from LCDFusionLib.mrml.export import Export
from LCDFusionLib.mrml.made_with import range_text, window_text
from LCDFusionLib.mrml.regions import LESION
from LCDFusionLib.mrml.transforms import registration_verdict
from LCDFusionLib.notes import without_names
from LCDFusionLib.page.content import Figure, Page
from LCDFusionLib.page.pdf import page_pdf
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.measured import COLUMNS
from LCDFusionLib.views.regions import OTHER, REFERENCE
from LCDFusionLib.views.slice_pictures import page_pictures

TITLE = "Page to keep"
_TELLING_FACTS = ("weight", "scanner")


class PageToKeep:
    """The page of what is on show when this is made; whatever is chosen afterwards changes nothing of it.

    Args:
        core: of the panel; a pair is on show.
        slices: K of those whose pictures stand on it.
        deidentify: leave out names, numbers and dates.
        pause: called between pieces of a picture.

    Attributes:
        drawing: what draws, a picture each; belongs into the main thread, before `pdf`.
    """

    def __init__(self, core: Core, slices: Sequence[int], *, deidentify: bool, pause: Callable[[], object] = lambda: None) -> None:
        volumes, plan, pair = core.workflow.volumes, core.workflow.plan, core.choices.pair
        assert volumes is not None
        assert plan is not None
        assert pair is not None
        self._core, self._deidentify, self._pair, self._pause = core, deidentify, pair, pause
        self._volume, self._range, self._angle = volumes[1], plan.function_window, core.choices.projection_angle
        self._figures: list[Figure] = []
        self._find_file = core.host.find_file
        whole = core.whole
        self._export = Export.of(whole.nodes, find_file=self._find_file) if whole is not None else None
        self._note, self._opacity = whole.note if whole is not None else "", core.choices.opacity
        self._regions = [(row.region.voxels, OTHER if row.region.kind == LESION else REFERENCE) for row in core.measured.rows]
        self._numbers = core.views.instance_numbers
        self._names = {
            row.region.key: f"Region {number}" if deidentify else row.region.name for number, row in enumerate(core.measured.rows, 1)
        }
        self._page = self._words()
        self.drawing = [partial(self._draw, index, self._caption(index)) for index in slices]

    def pdf(self) -> bytes:
        """The page, with what `drawing` drew."""
        return page_pdf(replace(self._page, figures=(*self._projection(), *self._figures)))

    def write(self, path: Path) -> list[Path]:
        """Writes the PDF.

        Raises:
            InputError: the file cannot be written.
        """
        pdf = self.pdf()
        try:
            with atomic_file(path) as beside:
                beside.write_bytes(pdf)
        except OSError as error:
            raise InputError(f"The file '{path}' could not be written ({error.strerror}); choose another place or make room.") from error
        return [path]

    def write_dicom(self, folder: Path) -> list[Path]:
        """Writes the PDF as an object of the anatomy's study.

        Raises:
            InputError: the anatomy did not come from DICOM files, or the folder cannot be written.
        """
        sources = [source for node in self._pair if (source := dicom_source(node, self._find_file)) is not None]
        if dicom_source(self._pair[0], self._find_file) is None:
            raise InputError(f"'{self._pair[0].GetName()}' did not come from DICOM files, so its page cannot become DICOM; export the PDF.")
        write_encapsulated_pdf(self.pdf(), sources, folder, title=TITLE, identifies=not self._deidentify)
        if self._deidentify:
            from LCDFusionLib.dicom.deidentify import deidentify_folder  # its library takes half a second to load

            deidentify_folder(folder)
        return [folder]

    def _draw(self, index: int, caption: str) -> list[Path]:
        pictures = page_pictures(
            *self._pair,
            self._export,
            index,
            volume=self._volume,
            regions=self._regions,
            opacity=self._opacity,
            note=self._note,
            pause=self._pause,
        )
        self._figures.append(Figure(caption, pictures))
        return []

    def _projection(self) -> tuple[Figure, ...]:
        if self._volume.is_color:
            return ()
        picture, side = projection_picture(self._volume, self._range, self._angle)
        turned = f"turned by {self._angle:g}°" if self._angle else "from the front"
        caption = (
            f"Maximum intensity projection {turned}, {range_text(self._range, self._volume.unit)}; its left side is the patient's {side}"
        )
        return (Figure(caption, (("Projection", picture),), part=0.33),)

    def _caption(self, index: int) -> str:
        count = self._pair[0].GetImageData().GetDimensions()[2]
        image = f", image {self._numbers[index]}" if self._numbers is not None and index < len(self._numbers) else ""
        names = [self._names[row.region.key] for row in self._core.measured.rows if row.slice == index]
        return f"Slice {index + 1} of {count}{image}" + (f": {', '.join(names)}" if names else "")

    def _words(self) -> Page:
        core, measured = self._core, self._core.measured
        facts = [fact for fact in core.facts if not self._deidentify or fact.name not in _TELLING_FACTS]
        warnings = tuple(self._warnings())
        rows = tuple((self._names[row.region.key], *measured.values(row)[1:]) for row in measured.rows)
        unit = f"max, mean, peak and TLG by {self._volume.unit.value}; volume in ml; HU: mean of the anatomy's voxels in the region."
        return Page(
            patient="De-identified" if self._deidentify else _in_a_line(patients_text(*self._pair, self._find_file)),
            written="" if self._deidentify else f"{datetime.now():%Y-%m-%d %H:%M}",
            study=", ".join(fact.shown for fact in facts),
            warnings=without_names(warnings) if self._deidentify else warnings,
            columns=COLUMNS,
            rows=rows,
            remarks=tuple(filter(None, (unit, measured.reference_text))) if rows else (),
            settings=tuple(self._settings()),
        )

    def _warnings(self) -> list[str]:
        """What the panel says of the pair, its fused image and the study; of a mismatch a nameless page has the kind alone."""
        core, workflow = self._core, self._core.workflow
        confirmed = workflow.is_confirmed(core.choices)
        end = "confirmed by the reader" if confirmed else "not confirmed by the reader"
        said = [
            f"The inputs differ, {end}: {mismatch.kind.replace('-', ' ') if self._deidentify else mismatch.text}."
            for mismatch in workflow.mismatches
        ]
        assert workflow.plan is not None
        said += [warning for warning in workflow.plan.warnings if not (workflow.mismatches and warning.startswith("Mismatch, confirmed"))]
        said += [fact.doubt for fact in core.facts if fact.doubt]
        if self._note:
            said.append(f"The fused image is of other choices than those in the panel, or of a part: {self._note}.")
        if self._export is None:
            said.append("Nothing is fused: the classic blend stands in the place of the fused image.")
        return list(dict.fromkeys(said))

    def _settings(self) -> list[tuple[str, str]]:
        core, (anatomy, function) = self._core, self._pair
        plan, whole = core.workflow.plan, core.whole
        assert plan is not None
        volumes = core.workflow.volumes
        assert volumes is not None
        names = [] if self._deidentify else [("Anatomy", anatomy.GetName()), ("Function", function.GetName())]
        window = window_text(plan.anatomy_window or Window(0, 0), volumes[0].unit)
        shown = f"W/L {window}, {range_text(plan.function_window, volumes[1].unit)}, colours {core.choices.table.label()}"
        fused = ", ".join(filter(None, (whole.settings.replace("\n", ", "), whole.note))) if whole is not None else "not fused"
        verdict = registration_verdict(function) or ("under a transform" if function.GetParentTransformNode() is not None else "")
        return [
            *names,
            ("Pair", plan.line),
            ("Shown with", shown),
            ("Fused with", fused),
            ("Registration", verdict or "none: both lie as they were scanned"),
            ("Software", f"LCDFusion {__version__}"),
        ]


def _in_a_line(text: str) -> str:
    """Paragraphs keep one space of several."""
    return text.replace("   |   ", " | ").replace("   ", ", ")
