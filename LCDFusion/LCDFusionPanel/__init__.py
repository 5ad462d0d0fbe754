"""The LCDFusion panel in Qt's widgets: what `LCDFusionLib.panel` says is drawn, clicks are passed on, and nothing is decided here."""

from .advanced import AdvancedDrawing
from .display import DisplayDrawing
from .export import ExportDrawing
from .fusion import FusionDrawing
from .host import SlicerHost
from .inputs import InputsDrawing
from .keys import Keys
from .metrics import MetricsDrawing
from .prior import PriorDrawing
from .regions import RegionsDrawing
from .registration import RegistrationDrawing
from .review import ReviewDrawing
from .study import StudyDrawing


class Drawings:
    """The drawings of all sections; iterating gives them in the order in which they are brought up to date.

    Args:
        widget: the module's widget.
        panel: `LCDFusionLib.panel.panel.Panel`.
    """

    def __init__(self, widget, panel):
        self.inputs = InputsDrawing(widget, panel.inputs)
        self.study = StudyDrawing(widget, panel.study)
        self.prior = PriorDrawing(widget, panel.prior)
        self.display = DisplayDrawing(widget, panel.display)
        self.fusion = FusionDrawing(widget, panel.fusion)
        self.registration = RegistrationDrawing(widget, panel.registration)
        self.metrics = MetricsDrawing(widget, panel.metrics)
        self.review = ReviewDrawing(widget, panel.review, on_arranged=self.metrics.listen)
        self.regions = RegionsDrawing(widget, panel.regions)
        self.export = ExportDrawing(widget, panel.export)
        self.advanced = AdvancedDrawing(widget, panel.advanced)

    def __iter__(self):
        return iter(self.__dict__.values())


__all__ = ["Drawings", "Keys", "SlicerHost"]
