"""The page: a bar at the top, the panel at the left, the views in all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trame.widgets import html
from trame.widgets import vuetify3 as v3
from trame_vuetify.ui.vuetify3 import VAppLayout

from LCDFusionLib import DISCLAIMER

from ..session_contract import LEAVE_PATH
from . import form

if TYPE_CHECKING:
    from .application import SessionApplication

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
                    "error": "#c9453b",
                    "warning": "#e0b040",
                },
            }
        },
    }
}
KEYS = (
    ("Wheel, arrows", "next slice"),
    ("Page up, down", "ten slices"),
    ("Home, End", "first, last slice"),
    ("Drag", "window and level"),
    ("Right drag", "zoom"),
    ("Middle drag", "pan"),
    ("Click", "crosshair; in the projection: go there"),
    ("Shift + mouse", "move the crosshair"),
    ("Space", "anatomy in the place of fused; hold or tap"),
    ("1, 2, 3, 4", "Reading, Side by side, Four-up, One view"),
)


def build_page(application: SessionApplication) -> None:
    """Makes the page of a session."""
    server = application.server
    server.state.trame__title = "LCDFusion"
    server.enable_module(
        {
            "serve": {"lcdfusion": str(STATIC)},
            "scripts": ["lcdfusion/session.js"],
            "styles": ["lcdfusion/session.css"],
        }
    )
    with VAppLayout(server, vuetify_config=_THEME) as layout:
        application.build_download()
        with html.Div(classes="page"):
            _build_bar(application)
            with html.Div(classes="below-bar"):
                with html.Div(classes="panel"):
                    with html.Div(classes="panel-scroll"):
                        _build_sections(application)
                    with html.Div(classes="panel-foot"):
                        application.fusion.build_buttons()
                        html.Div(DISCLAIMER, classes="disclaimer")
                with html.Div(classes="views"):
                    application.views.build(layout, plot=application.metrics.build_large_plot)
        _build_drop_zone(application)
        _build_help(application)


def _build_bar(application: SessionApplication) -> None:
    shown = application.screen.name
    with html.Div(classes="bar"):
        html.Div("LCDFusion", classes="brand")
        html.Div("{{ " + shown.patient + " }}", classes="patient", title="Patient, number, study date, study")
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


def _build_sections(application: SessionApplication) -> None:
    with form.section("Inputs"):
        application.inputs.build()
        application.registration.build()
    with form.section("Display"):
        application.fusion.build()
    with form.section("Review"):
        application.review_section.build()
    with form.section("Metrics"):
        application.metrics.build()
    with form.section("Export", is_open=False):
        application.export.build()
    with form.section("Advanced", is_open=False):
        application.advanced.build()


def _build_drop_zone(application: SessionApplication) -> None:
    """Over the whole page, while files are dragged over it or sent."""
    shown = application.screen.name
    with html.Div(classes="drop-zone", id="drop-zone"), html.Div(classes="drop-message"):
        html.Div("Drop a zipped DICOM study, DICOM files, NRRD or NIfTI")
    with html.Div(classes="upload-message", v_if=(f"{shown.upload} >= 0 || {shown.upload_problem}",)):
        html.Div("Sending, {{ Math.round(100 * " + shown.upload + ") }} %", v_if=(f"{shown.upload} >= 0",))
        html.Div("{{ " + shown.upload_problem + " }}", v_if=(shown.upload_problem,), classes="problem upload-problem")
        v3.VProgressLinear(v_if=(f"{shown.upload} >= 0",), model_value=(f"100 * {shown.upload}",), color="primary", height=4)
        with html.Div(classes="buttons"):
            form.button("Cancel", "window.lcdfusion.cancel()", v_if=(f"{shown.upload} >= 0",))
            form.button("Close", f"{shown.upload_problem} = ''", v_if=(f"{shown.upload} < 0",), classes="upload-close")


def _build_help(application: SessionApplication) -> None:
    shown = application.screen.name
    with v3.VDialog(v_model=(shown.help,), max_width=420), v3.VCard(title="Mouse and keys", classes="help-card"):
        with html.Table(classes="keys"), html.Tbody():
            for keys, what in KEYS:
                with html.Tr():
                    html.Td(keys)
                    html.Td(what)
        html.Div(DISCLAIMER, classes="disclaimer")
