"""What the study says of itself: one line, why some of it is doubtful, and the folded history."""

from html import escape

from .drawing import Drawing

_DOUBTFUL = "#c98a00"


class StudyDrawing(Drawing):
    """Facts with their sources as tips."""

    def draw(self, state):
        self.ui.factsLabel.text = " · ".join(self._fact(fact) for fact in state.facts)
        self.ui.factsLabel.toolTip = "\n".join(f"{fact.name}: {fact.source}" for fact in state.facts)
        self.ui.factsLabel.visible = bool(state.facts)
        self.ui.doubtsLabel.text = "\n".join(f"⚠ {doubt}" for doubt in state.doubts)
        self.ui.doubtsLabel.visible = bool(state.doubts)
        self.ui.historyLabel.text = "<br>".join(f"{escape(text)} <small>{escape(name)}</small>" for name, text in state.history)
        self.ui.historyCollapsibleButton.visible = bool(state.history)

    @staticmethod
    def _fact(fact):
        text = escape(fact.shown)
        return f'<b style="color: {_DOUBTFUL}">{text}</b>' if fact.doubt else text
