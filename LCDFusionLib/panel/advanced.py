"""Advanced: the worker process, its log, PyTorch, versions."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from LCDFusionLib import __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.section import Section


@dataclass(frozen=True)
class AdvancedState:
    """What the section shows.

    Attributes:
        worker: what the process does.
        versions: of what matters.
        log: what the process printed.
        has_torch: PyTorch can be used.
    """

    worker: str = ""
    versions: str = ""
    log: str = ""
    has_torch: bool = True


class AdvancedSection(Section):
    """What runs, and where."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = AdvancedState()
        self._seen: object = None

    def start_worker(self) -> None:
        """Lets PyTorch load while the person still chooses."""
        if not self.core.host.torch_problem():
            try:
                self.core.workflow.session.worker.start()
            except InputError as error:
                self.core.say(str(error))

    def update(self) -> None:
        worker, problem = self.core.workflow.session.worker, self.core.host.torch_problem()
        text = "Not started" if worker.pid is None else "Fusing" if worker.is_busy else "Ready"
        text = text if worker.pid is None else f"{text}, process {worker.pid}"
        torch = worker.machine.torch if worker.machine is not None and worker.machine.torch else "-"
        self.state = AdvancedState(
            worker=problem or text,
            versions=f"LCDFusion {__version__}, PyTorch {torch}, Python {platform.python_version()}",
            log="\n".join(worker.log),
            has_torch=not problem,
        )

    def tick(self) -> None:
        worker = self.core.workflow.session.worker
        seen = (worker.machine, worker.pid, len(worker.log))
        if seen != self._seen:
            self._seen = seen
            self.core.refresh()
