"""From two volumes to a fused one, slice by slice, in a worker process. Importing this does not import torch: only the worker does."""

from .client import FusionWorker
from .events import Cancelled, Event, Finished, Machine, Note, SliceFused, SlicePreviewed, Started
from .fused_volume import FusionResult
from .pair import FusionPair, frame_of_reference_warning, prepare
from .process import WorkerDied
from .registration_client import RegistrationRun
from .settings import FusionSettings

__all__ = [
    "Cancelled",
    "Event",
    "Finished",
    "FusionPair",
    "FusionResult",
    "FusionSettings",
    "FusionWorker",
    "Machine",
    "Note",
    "RegistrationRun",
    "SliceFused",
    "SlicePreviewed",
    "Started",
    "WorkerDied",
    "frame_of_reference_warning",
    "prepare",
]
