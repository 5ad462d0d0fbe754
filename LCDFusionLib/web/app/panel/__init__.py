"""The sections of the panel on the page, in their order: what `LCDFusionLib.panel` says is drawn, clicks are passed on."""

from .advanced import AdvancedDrawing
from .display import DisplayDrawing
from .export import ExportDrawing
from .fusion import FusionDrawing
from .inputs import InputsDrawing
from .metrics import MetricsDrawing
from .prior import PriorDrawing
from .regions import RegionsDrawing
from .registration import RegistrationDrawing
from .review import ReviewDrawing
from .study import StudyDrawing

__all__ = [
    "AdvancedDrawing",
    "DisplayDrawing",
    "ExportDrawing",
    "FusionDrawing",
    "InputsDrawing",
    "MetricsDrawing",
    "PriorDrawing",
    "RegionsDrawing",
    "RegistrationDrawing",
    "ReviewDrawing",
    "StudyDrawing",
]
