"""What the sections of the panel have in common."""

import logging
from contextlib import contextmanager

from LCDFusionLib.errors import InputError


class Panel:
    """One section.

    Args:
        widget: the module's widget, which has `ui`, `logic`, `parameters` and the other sections.
    """

    def __init__(self, widget):
        self.widget = widget
        self.ui, self.logic = widget.ui, widget.logic

    @property
    def parameters(self):
        """The typed parameter node; None while a scene is closed."""
        return self.widget.parameters

    def update(self):
        """Brings the widgets into line with the parameters."""

    def tick(self):
        """Looks at what runs; never waits."""

    @property
    def isBusy(self):
        """True while something of this section runs."""
        return False

    def forgetScene(self):
        """The scene is being closed."""

    def close(self):
        """The module is reloaded, or Slicer ends."""

    @contextmanager
    def problemsAreSaid(self, label):
        """What goes wrong is one sentence in a label, and never an exception in the person's face."""
        try:
            yield
        except InputError as error:
            label.text = str(error)
        except Exception as error:
            logging.exception("LCDFusion")
            label.text = f"This did not work ({type(error).__name__}: {error})."
