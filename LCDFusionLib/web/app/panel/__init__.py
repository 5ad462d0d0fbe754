"""The sections of the panel, in their order on the screen."""

from .advanced import AdvancedSection
from .export import ExportSection
from .fusion import FusionSection
from .inputs import InputsSection
from .metrics import MetricsSection
from .registration import RegistrationSection
from .review import ReviewSection
from .section import Section

__all__ = [
    "AdvancedSection",
    "ExportSection",
    "FusionSection",
    "InputsSection",
    "MetricsSection",
    "RegistrationSection",
    "ReviewSection",
    "Section",
]
