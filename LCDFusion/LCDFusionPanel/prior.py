"""Prior study: which one, its registration, and the word that another patient's needs."""

from slicer.i18n import tr as _

from .drawing import Drawing


class PriorDrawing(Drawing):
    """A list, two buttons and a line."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._keys = []
        self.ui.priorComboBox.connect("activated(int)", self.onChosen)
        self.on_click(self.ui.priorCheckBox, lambda: section.confirm(self.ui.priorCheckBox.checked))
        self.on_click(self.ui.registerPriorButton, self._register)
        self.on_click(self.ui.showPriorButton, section.show_unregistered)

    def draw(self, state):
        combo = self.ui.priorComboBox
        keys = ["", *(offer.key for offer in state.offers)]
        titles = [_("None"), *(offer.title for offer in state.offers)]
        if keys != self._keys or titles != [combo.itemText(n) for n in range(combo.count)]:
            self._keys = keys
            combo.clear()
            combo.addItems(titles)
        combo.setCurrentIndex(keys.index(state.chosen) if state.chosen in keys else 0)
        combo.enabled = len(keys) > 1
        box = self.ui.priorCheckBox
        box.visible, box.text, box.checked = bool(state.mismatch), state.mismatch, state.is_confirmed
        box.styleSheet = "color: #c9453b"
        self.ui.registerPriorButton.text, self.ui.registerPriorButton.enabled = _(state.label), state.can_register
        self.ui.priorProgressBar.visible, self.ui.priorProgressBar.value = state.is_running, round(100 * state.part)
        self.ui.showPriorButton.enabled = state.can_show
        lines = [state.text, *(f"⚠ {warning}" for warning in state.warnings)]
        self.ui.priorLabel.text = "\n".join(filter(None, lines))
        self.ui.priorLabel.visible = bool(self.ui.priorLabel.text)

    def onChosen(self, index):
        """One of the list was chosen."""
        if index < len(self._keys):
            self.section.choose(self._keys[index])
            self.widget._timer.start()
            self.widget._checkCanApply()

    def _register(self):
        self.section.register()
        self.widget._timer.start()
