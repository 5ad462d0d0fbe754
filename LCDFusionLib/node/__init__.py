"""An archive's new studies, fused without being asked: the fused series is there before the reader opens the study.

Receiving, storing and who may do what are the archive's. The node remembers in one SQLite file (`State`) what it has seen, made and sent.
"""

from .loop import Node
from .settings import Settings
from .state import Ended, State, Step
from .status import status_of

__all__ = ["Ended", "Node", "Settings", "State", "Step", "status_of"]
