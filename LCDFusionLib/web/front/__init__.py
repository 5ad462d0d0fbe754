"""The front server: lets browsers in, gives each a session of its own, passes on what they say, and takes uploads.

It loads neither numpy nor VTK: those are for the sessions, each of which is a process (`session_process.py`).
"""

from .access import check_token, is_own_machine
from .server import FrontServer, serve
from .settings import MEBIBYTE, FrontSettings

__all__ = ["MEBIBYTE", "FrontServer", "FrontSettings", "check_token", "is_own_machine", "serve"]
