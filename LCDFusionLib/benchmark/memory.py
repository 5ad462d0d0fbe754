"""How much memory a process has taken at its peak."""

from __future__ import annotations

import math
import sys
from pathlib import Path


def peak_mebibytes(pid: int | None = None) -> float:
    """Highest resident memory so far of a process, of this one where `pid` is None; NaN where the system does not tell.

    Linux tells for every process. getrusage, which tells of this one alone, would hand on the peak of the process that started it.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    if status.is_file():
        return next(float(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 2**10
    if pid is not None or sys.platform == "win32":
        return math.nan
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
