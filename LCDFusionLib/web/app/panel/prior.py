"""Prior study: which one, its registration, and the word that another patient's needs."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.panel.prior import PriorSection, PriorState

from .. import form
from .drawing import Drawing, Shared


class PriorDrawing(Drawing):
    """A list, two buttons and a line."""

    def __init__(self, shared: Shared, name: str, section: PriorSection) -> None:
        super().__init__(shared, name, section)
        self._prior = section

    def values(self, state: PriorState) -> dict[str, Any]:
        none = "None" if state.offers else "None: open the earlier study too"
        offers = [{"title": none, "value": ""}, *({"title": offer.title, "value": offer.key} for offer in state.offers)]
        return {**super().values(state), "offers": offers}

    def build(self) -> None:
        tip = "An earlier CT or MR with its PET or SPECT, to compare with: it is registered, and each region is measured in it too"
        with form.row("Prior:", tip):
            v3.VSelect(
                model_value=("prior.chosen",),
                update_modelValue=(self._on_chosen, "[$event]"),
                items=("prior.offers",),
                disabled=("prior.offers.length < 2",),
                raw_attrs=form.named("Prior study"),
                list_props=("{ 'aria-label': 'Prior study' }",),
                density="compact",
                variant="outlined",
                hide_details=True,
                classes="prior-select",
            )
        with html.Div(v_if=("prior.mismatch",), classes="problem"):
            v3.VCheckbox(
                model_value=("prior.is_confirmed",),
                update_modelValue=(self._on_confirm, "[$event]"),
                label=("prior.mismatch",),
                title="Only if you know that both are of one patient all the same; it holds for these volumes alone",
                density="compact",
                hide_details=True,
                color="error",
                classes="prior-check",
            )
        with html.Div(v_if=("prior.chosen",), classes="buttons"):
            tip = "Look for the rigid motion that brings the prior's anatomy onto the one of now"
            self.button("{{ prior.label }}", self._prior.register, tip, can="can_register", name="register-prior")
            tip = "Show the prior as it lies itself; places do not correspond, and nothing is measured in it"
            self.button("Show unregistered", self._prior.show_unregistered, tip, can="can_show", name="show-prior")
        form.progress("Progress of the registration of the prior", "prior.part", v_if=("prior.is_running",), classes="prior-progress")
        html.Div("{{ prior.text }}", v_if=("prior.text",), classes="note prior-text")
        html.Div("⚠ {{ warning }}", v_for="warning in prior.warnings", key="warning", classes="warning")

    def _on_chosen(self, key: str) -> None:
        self._prior.choose(key or "")

    def _on_confirm(self, agreed: bool) -> None:
        self._prior.confirm(bool(agreed))
