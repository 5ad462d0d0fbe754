"""A fusion from what a person names to the folder they get: read, check, align, prepare, fuse, write. Hosts without a scene use it."""

from .fusing import fuse, fusion_worker
from .inputs import Input, Source, mismatch_kinds, read_anatomy, read_function
from .progress import FusionCancelled, Progress
from .result import Prepared, Result

__all__ = [
    "FusionCancelled",
    "Input",
    "Prepared",
    "Progress",
    "Result",
    "Source",
    "fuse",
    "fusion_worker",
    "mismatch_kinds",
    "read_anatomy",
    "read_function",
]
