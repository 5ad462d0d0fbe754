"""The page: a bar at the top, the panel at the left, the views in all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3
from trame_server import Server
from trame_server.utils.typed_state import TypedState
from trame_vuetify.ui.vuetify3 import VAppLayout

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.panel.keys import HELP
from LCDFusionLib.panel.panel import Panel

from ..session_contract import LEAVE_PATH
from . import form
from .archive import SiteArchive
from .downloads import Downloads
from .host import SessionHost
from .panel import (
    AdvancedDrawing,
    DisplayDrawing,
    ExportDrawing,
    FusionDrawing,
    InputsDrawing,
    MetricsDrawing,
    PriorDrawing,
    RegionsDrawing,
    RegistrationDrawing,
    ReviewDrawing,
    StudyDrawing,
)
from .panel.drawing import Shared
from .rendered_once import rendered_once
from .state import BrowserChoices, Screen

STATIC = Path(__file__).parent / "static"
_THEME = {
    "theme": {
        "defaultTheme": "reading",
        "themes": {
            "reading": {
                "dark": True,
                "colors": {
                    "background": "#0d0f11",
                    "surface": "#16191c",
                    "primary": "#e8793a",
                    "on-primary": "#16191c",
                    "error": "#c9453b",
                    "warning": "#e0b040",
                },
            }
        },
    }
}


class Page:
    """The page of a session.

    Args:
        server: of trame.
        panel: whose sections are drawn.
        host: of the panel.
        choices: what the reader sets.
        screen: what the page shows of the session itself.
        downloads: files for the reader.
        archive: where the reader may send to; None: nowhere.

    Attributes:
        drawings: of the sections.
    """

    def __init__(
        self,
        server: Server,
        panel: Panel,
        host: SessionHost,
        choices: TypedState[BrowserChoices],
        screen: TypedState[Screen],
        downloads: Downloads,
        archive: SiteArchive | None = None,
    ) -> None:
        self._screen = screen
        shared = Shared(server, choices.name, screen.name)
        self.inputs = InputsDrawing(shared, "inputs", panel.inputs)
        self.study = StudyDrawing(shared, "study", panel.study)
        self.registration = RegistrationDrawing(shared, "registration", panel.registration)
        self.prior = PriorDrawing(shared, "prior", panel.prior)
        self.display = DisplayDrawing(shared, "display", panel.display)
        self.fusion = FusionDrawing(shared, "fusion", panel.fusion)
        self.review = ReviewDrawing(shared, "review", panel.review, host.views, panel.reset)
        self.regions = RegionsDrawing(shared, "regions", panel.regions)
        self.metrics = MetricsDrawing(shared, "metrics", panel.metrics)
        self.export = ExportDrawing(shared, "exports", panel.export, downloads, screen, archive)
        self.advanced = AdvancedDrawing(shared, "advanced", panel.advanced)
        self.drawings = (
            self.inputs,
            self.study,
            self.registration,
            self.prior,
            self.display,
            self.fusion,
            self.review,
            self.regions,
            self.metrics,
            self.export,
            self.advanced,
        )
        server.state.trame__title = "LCDFusion"
        server.enable_module(
            {
                "serve": {"lcdfusion": str(STATIC)},
                "scripts": ["lcdfusion/session.js"],
                "styles": ["lcdfusion/session.css"],
            }
        )
        with rendered_once(), VAppLayout(server, vuetify_config=_THEME) as layout:
            self.export.build_download()
            with html.Div(classes="page"):
                _build_bar(screen.name, self.study)
                with html.Div(classes="below-bar"):
                    with html.Div(classes="panel", v_show=(f"!{screen.name.folded}",)):
                        with html.Div(classes="panel-scroll"):
                            self._build_sections()
                        with html.Div(classes="panel-foot"):
                            self.fusion.build()
                            html.Div(DISCLAIMER, classes="disclaimer")
                    with html.Div(classes="views"):
                        host.views.build(layout, plot=self.metrics.build_large_plot)
            _build_drop_zone(screen.name)
            _build_help(screen.name)

    def _build_sections(self) -> None:
        with form.section("Inputs"):
            self.inputs.build()
            self.study.build()
            self.registration.build()
        with form.section("Prior study"):
            self.prior.build()
        with form.section("Display"):
            self.display.build()
        with form.section("Review"):
            self.review.build()
        with form.section("Regions"):
            self.regions.build()
        with form.section("Metrics"):
            self.metrics.build()
        with form.section("Export", is_open=False):
            self.export.build()
        with form.section("Advanced", is_open=False):
            self.advanced.build()


def _build_bar(shown: Any, study: StudyDrawing) -> None:
    with html.Div(classes="bar"):
        v3.VBtn(
            icon=(f"{shown.folded} ? 'mdi-menu' : 'mdi-menu-open'",),
            click="window.lcdfusion.fold()",
            size="small",
            variant="text",
            title="Fold the panel away, or bring it back (P)",
            classes="fold-button",
            raw_attrs=form.named("Panel"),
        )
        html.Div("LCDFusion", classes="brand")
        html.Div("{{ " + shown.patient + " }}", classes="patient", title="Patient, number, study date, study")
        study.build_line()
        v3.VSpacer()
        form.button(
            "Open files",
            "window.lcdfusion.choose()",
            "A zipped DICOM study, DICOM files, NRRD or NIfTI; or drop them anywhere on the page",
            prepend_icon="mdi-folder-open-outline",
            classes="open-button",
        )
        v3.VBtn(
            icon="mdi-keyboard-outline",
            click=f"{shown.help} = true",
            size="small",
            variant="text",
            title="Mouse and keys",
            classes="help-button",
        )
        v3.VBtn(
            icon="mdi-logout",
            click=f"window.lcdfusion.leave('{LEAVE_PATH}')",
            size="small",
            variant="text",
            title="End the session: everything that it holds is removed from the server at once",
            classes="leave-button",
        )


def _build_drop_zone(shown: Any) -> None:
    """Over the whole page, while files are dragged over it or sent."""
    with html.Div(classes="drop-zone", id="drop-zone"), html.Div(classes="drop-message"):
        html.Div("Drop a zipped DICOM study, DICOM files, NRRD or NIfTI")
    with html.Div(classes="upload-message", v_if=(f"{shown.upload} >= 0 || {shown.upload_problem}",)):
        html.Div("Sending, {{ Math.round(100 * " + shown.upload + ") }} %", v_if=(f"{shown.upload} >= 0",))
        html.Div("{{ " + shown.upload_problem + " }}", v_if=(shown.upload_problem,), classes="problem upload-problem")
        form.progress("Progress of the upload", shown.upload, v_if=(f"{shown.upload} >= 0",))
        with html.Div(classes="buttons"):
            form.button("Cancel", "window.lcdfusion.cancel()", v_if=(f"{shown.upload} >= 0",))
            form.button("Close", f"{shown.upload_problem} = ''", v_if=(f"{shown.upload} < 0",), classes="upload-close")


def _build_help(shown: Any) -> None:
    dialog = v3.VDialog(v_model=(shown.help,), max_width=420, raw_attrs=form.named("Mouse and keys"))
    with dialog, v3.VCard(title="Mouse and keys", classes="help-card", raw_attrs=['tabindex="0"']):  # so that keys can scroll it
        with html.Table(classes="keys"), html.Tbody():
            for keys, what in HELP:
                with html.Tr():
                    html.Td(keys)
                    html.Td(what)
        html.Div(DISCLAIMER, classes="disclaimer")
