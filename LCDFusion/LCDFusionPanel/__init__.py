"""The sections of the LCDFusion panel: Qt widgets on one side, LCDFusionLib on the other, nothing computed between."""

from .advanced import AdvancedPanel
from .export import ExportPanel
from .fusion import FusionPanel
from .metrics import MetricsPanel
from .registration import RegistrationPanel
from .review import ReviewPanel

__all__ = ["AdvancedPanel", "ExportPanel", "FusionPanel", "MetricsPanel", "RegistrationPanel", "ReviewPanel"]
