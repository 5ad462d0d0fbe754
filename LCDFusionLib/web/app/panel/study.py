"""What the study says of itself: a line in the bar; why some of it is doubtful, and the folded history, under the inputs."""

from __future__ import annotations

from typing import Any

from trame.widgets import html

from LCDFusionLib.panel.study import StudyState

from .drawing import Drawing


class StudyDrawing(Drawing):
    """Facts with their sources as tips."""

    def values(self, state: StudyState) -> dict[str, Any]:
        facts = [
            {
                "name": fact.name,
                "text": fact.shown,
                "tip": "\n".join(filter(None, (fact.doubt, fact.source))),
                "is_doubtful": bool(fact.doubt),
            }
            for fact in state.facts
        ]
        return {"facts": facts, "doubts": list(state.doubts), "history": [list(each) for each in state.history]}

    def build_line(self) -> None:
        """One line, wherever there is room for it."""
        with html.Div(classes="facts", v_if=("study.facts.length",)):
            html.Span(
                "{{ fact.text }}",
                v_for="fact in study.facts",
                key="fact.name",
                title=("fact.tip",),
                classes=("fact.is_doubtful ? 'fact doubtful' : 'fact'",),
            )

    def build(self) -> None:
        html.Div("⚠ {{ doubt }}", v_for="doubt in study.doubts", key="doubt", classes="warning")
        with html.Details(v_if=("study.history.length",), classes="history"):
            html.Summary("Request and history")
            with html.Div(v_for="(each, n) in study.history", key="n", classes="note"):
                html.Div("{{ each[1] }}", classes="plain-text")
                html.Div("{{ each[0] }}", classes="history-source")
