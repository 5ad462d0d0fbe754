"""The few kinds of row that the panel is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.views.choices import Choice

_FIELD = {"density": "compact", "variant": "outlined", "hide_details": True}


@contextmanager
def section(title: str, *, is_open: bool = True) -> Iterator[None]:
    """A part of the panel that folds."""
    with html.Details(classes="section", **({"raw_attrs": ["open"]} if is_open else {})):
        html.Summary(title)
        with html.Div(classes="section-body"):
            yield


@contextmanager
def row(label: str, tip: str = "") -> Iterator[None]:
    """A label at the left, and whatever is made within at its right."""
    with html.Div(classes="form-row", title=tip):
        html.Div(label, classes="form-label")
        with html.Div(classes="form-control"):
            yield


def items_of(kind: type[Choice], *, leave_out: Sequence[Choice] = ()) -> list[dict[str, str]]:
    """The members of a choice, for `select`."""
    return [{"title": member.label(), "value": member.value} for member in kind if member not in leave_out]


def named(text: str) -> list[str]:
    """What a reader of the screen calls a field, for `raw_attrs`."""
    return [f'aria-label="{text.strip(":")}"']


def select(label: str, name: str, items: str | Sequence[dict[str, str]], tip: str = "", **more: Any) -> None:
    """One of several; `items` is the name of a state variable, or a list. Where an item has a `short` title, the field shows that."""
    values = items if isinstance(items, str) else repr(list(items))
    names = {"raw_attrs": named(label), "list_props": ("{ 'aria-label': '" + label.strip(":") + "' }",)}
    with row(label, tip), v3.VSelect(v_model=(name,), items=(values,), **names, **_FIELD, **more):
        if isinstance(items, str):
            with v3.Template(v_slot_selection="{ item }"):
                html.Span("{{ item.raw.short || item.title }}", title=("item.title",), classes="v-select__selection-text")


def number(
    label: str,
    name: str,
    *,
    low: float,
    high: float,
    step: float = 1,
    unit: str | tuple[str] = "",
    empty: str = "",
    as_typed: bool = False,
    **more: Any,
) -> None:
    """A number that counts when it is confirmed by Enter or by going elsewhere; empty is None, `empty` says what that means.

    What lies outside `low` and `high` becomes the nearer of the two; with `as_typed` it stays, for the panel to refuse.
    """
    typed = "Number($event.target.value)" if as_typed else f"Math.min({high}, Math.max({low}, Number($event.target.value)))"
    change = f"{name} = $event.target.value === '' ? null : {typed}; $event.target.value = {name}"
    v3.VTextField(
        model_value=(name,),
        __events=[("change", "change")],
        change=change,
        type="number",
        min=low,
        max=high,
        step=step,
        suffix=unit,
        placeholder=empty,
        persistent_placeholder=True,
        raw_attrs=named(label),
        **(_FIELD | more),
    )


def slider(label: str, name: str, *, low: float, high: float, step: float, tip: str = "", shown: str = "", **more: Any) -> None:
    """A number on a line, with its value at the right as `shown`, a JavaScript expression, writes it."""
    with row(label, tip):
        look: dict[str, Any] = {"density": "compact", "hide_details": True, "color": "primary"}
        v3.VSlider(v_model=(name,), min=low, max=high, step=step, raw_attrs=named(label), **(look | more))
        html.Div("{{ " + (shown or name) + " }}", classes="slider-value")


def button(text: str, click: Callable | str | tuple, tip: str = "", **more: Any) -> v3.VBtn:
    """A small button."""
    look: dict[str, Any] = {"size": "small", "variant": "tonal", "title": tip}
    return v3.VBtn(text, click=click, **(look | more))


def progress(label: str, part: str, **more: Any) -> None:
    """A bar; `part`, 0 to 1, is a JavaScript expression."""
    look: dict[str, Any] = {"height": 4, "color": "primary", "rounded": True}
    v3.VProgressLinear(model_value=(f"100 * {part}",), raw_attrs=named(label), **(look | more))


def check(label: str, name: str, tip: str = "", **more: Any) -> None:
    """Yes or no."""
    with html.Div(classes="form-row", title=tip):
        v3.VCheckbox(v_model=(name,), label=label, density="compact", hide_details=True, color="primary", **more)
