"""What trame renders at each end of a `with`, it renders at the last one as well: the page is the same, and so is the state."""

from contextlib import nullcontext

import pytest
from trame.app import get_server
from trame.widgets import html
from trame_client.widgets.core import HTML_CTX, AbstractElement
from trame_vuetify.ui.vuetify3 import VAppLayout

from LCDFusionLib.web.app.rendered_once import rendered_once


def make_page(name: str, around) -> tuple[dict, int]:
    """State and number of renderings of a page with elements in elements, one with a default."""
    server, renderings = get_server(name, client_type="vue3"), []

    class Watched(html.Div):
        @property
        def html(self):
            renderings.append(self)
            return super().html

    with around, VAppLayout(server), html.Div(classes="outer"), html.Div():
        with html.Div(v_if=("shown", True)), Watched(click="count = count + 1"):
            html.Div("{{ count }}", title=("words", "of the default"))
        html.Div("after it")
    return {**server.state._pending_update}, len(renderings)


def test_a_page_and_its_state_are_the_same_for_fewer_renderings():
    usual, often = make_page("usual", nullcontext())
    once, seldom = make_page("once", rendered_once())
    assert once == usual
    assert "after it" in once["trame__template_main"]
    assert once["words"] == "of the default"
    assert seldom < often


def test_afterwards_trame_renders_as_before():
    whole = AbstractElement.__exit__
    with pytest.raises(ValueError, match="a fault in a page"), rendered_once():
        raise ValueError("a fault in a page")
    assert AbstractElement.__exit__ is whole
    assert not HTML_CTX.element_stack
