"""Regions: what measures at the crosshair, and the list of what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trame.widgets import html

from LCDFusionLib.panel.measured import COLUMNS
from LCDFusionLib.panel.regions import RegionsSection, RegionsState

from .. import form
from .drawing import Drawing, Shared


class RegionsDrawing(Drawing):
    """Sizes and buttons; a line for each region, and all that is known of the selected one."""

    def __init__(self, shared: Shared, name: str, section: RegionsSection) -> None:
        super().__init__(shared, name, section)
        self._regions = section

    def values(self, state: RegionsState) -> dict[str, Any]:
        rows = [
            {
                **dict(zip(("name", "slice", "max"), row.values, strict=False)),
                "key": row.key,
                "kind": row.kind,
                "selected": row.is_selected,
                "marked": row.is_marked,
                "deauville": row.values[COLUMNS.index("Deauville")],
                "prior": [list(pair) for pair in zip(row.prior[::2], row.prior[1::2], strict=True)],
                "why": row.why_no_prior,
            }
            for row in state.rows
        ]
        return {**super().values(state), "rows": rows}

    def build(self) -> None:
        choice, regions = self.shared.choice, self._regions
        self._measure(choice.region_radius, "mm", 100, "Sphere", regions.sphere, "sphere", "Radius of a sphere round the crosshair")
        self._measure(
            choice.isocontour, "%", 99, "Isocontour", regions.isocontour, "isocontour", "Part of its maximum that belongs to the lesion"
        )
        self._measure(
            choice.region_threshold, "", 100000, "Threshold", regions.threshold, "threshold", "Value that the voxels of the lesion reach"
        )
        with form.row("Reference:", "For PERCIST and Deauville: liver, a sphere of 3 cm; blood pool, a cylinder of 1 x 2 cm in the aorta"):
            self._button("Liver", regions.liver, "liver", "Click into the right lobe of the liver first")
            self._button("Blood pool", regions.blood, "blood", "Click into the descending aorta first")
        html.Div("{{ regions.references }}", v_if=("regions.references",), classes="note references")
        html.Div("{{ regions.note }}", v_if=("regions.note",), classes="warning regions-elsewhere")
        html.Div(
            "{{ regions.text }}", v_if=("regions.text && !regions.rows.some((row) => row.selected)",), classes="problem region-problem"
        )
        self._build_changes()
        with html.Div(v_for="row in regions.rows", key="row.key", classes=("row.selected ? 'region selected' : 'region'",)):
            with html.Div(classes="region-line", click=(regions.go_to, "[row.key]"), title="Go there"):
                html.Span("{{ row.name }}", classes="region-name")
                html.Span("slice {{ row.slice }}", v_if=("row.slice",))
                html.Span("max {{ row.max }}")
                html.Span("D {{ row.deauville }}", v_if=("row.deauville",), title="Deauville score")
                html.Span("PERCIST", v_if=("row.marked",), classes="region-mark", title="SUVpeak reaches the PERCIST threshold")
            with html.Div(v_if=("row.selected",)):
                html.Div("{{ regions.text }}", classes="region-text")
                with html.Div(classes="region-change"):
                    html.Input(
                        type="text",
                        value=("row.name",),
                        maxlength=64,
                        __events=["change"],
                        change=(regions.rename, "[row.key, $event.target.value]"),
                        title="Name of the region",
                        aria_label="Name of the region",
                        classes="region-rename",
                    )
                    form.button("Remove", (regions.remove, "[row.key]"), "Take this region away", classes="region-remove")

    def _build_changes(self) -> None:
        """What has changed since the prior study, in per cent; what it was stands under it."""
        with html.Div(v_if=("regions.prior && regions.rows.length",), classes="changes"):
            html.Div("Since: {{ regions.prior }}", classes="note changes-since")
            with html.Table(classes="changes-table"):
                with html.Thead(), html.Tr():
                    for title in ("Region", "max", "peak", "ml", "TLG"):
                        html.Th(title)
                with html.Tbody(), html.Tr(v_for="row in regions.rows", key="row.key", click=(self._regions.go_to, "[row.key]")):
                    with html.Td():
                        html.Div("{{ row.name }}")
                        html.Div("was", classes="was")
                    with html.Td(v_for="(values, n) in row.prior", key="n", title=("row.why",)):
                        html.Div("{{ values[1] ? values[1] + ' %' : '-' }}", classes="change")
                        html.Div("{{ values[0] }}", classes="was")

    def _measure(self, name: str, unit: str, high: float, text: str, call: Callable, kind: str, tip: str) -> None:
        with form.row("Region:" if kind == "sphere" else "", tip):
            form.number(tip, name, low=0.1 if kind == "threshold" else 1, high=high, unit=unit or ("display.unit",))
            self._button(text, call, kind, "At the crosshair; at the same place once more, it takes the place of the one before")

    def _button(self, text: str, call: Callable, kind: str, tip: str) -> None:
        with html.Div(title=(f"regions.tip || '{tip}'",)):  # a disabled button has no tooltip of its own
            form.button(text, call, disabled=("!regions.can_measure",), classes=f"{kind}-button")
