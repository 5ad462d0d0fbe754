"""The node itself: looks at the archive, and hands what is due to threads that do the steps."""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Protocol

from LCDFusionLib.cohort import ClusterLostError, Engine
from LCDFusionLib.errors import InputError, may_pass
from LCDFusionLib.pacs import LinkError, TransferError

from .settings import Settings
from .state import Ended, State, Step
from .steps import NoRoomError, RefusedError, Steps, Stopped

_LOG = logging.getLogger(__name__)

FIRST_WAIT = 1.0
"""Seconds before a step that failed is tried again; each further time twice as long."""

_TRIALS = 5  # of a step that fails for no reason that is known
_PASSING = (LinkError, TransferError, RefusedError, NoRoomError)


class Source(Protocol):
    """How a node learns of new studies."""

    def begin(self, state: State, *, everything: bool) -> None:
        """The first time on this state. Raises `LinkError`."""
        ...

    def look(self, state: State) -> None:
        """Take what is complete. Raises `LinkError`."""
        ...


class Node:
    """An archive is followed, and what is safe of it fused and stored back.

    Args:
        state: that no other node uses (`State.alone`).
        source: of studies.
        settings: how.
        engine: where the fusions run.
    """

    def __init__(self, state: State, source: Source, settings: Settings, engine: Engine) -> None:
        self._state, self._source, self._settings, self._engine = state, source, settings, engine
        self._is_linked: bool | None = None

    def run(self, *, everything: bool = False, once: bool = False) -> None:
        """Work until the process is told to end.

        Args:
            everything: on a new state: take what the archive holds already, too.
            once: end when nothing is left to do.

        Raises:
            InputError: the cluster does not answer.
            ClusterLostError: it does not any more.
        """
        stop = Event()
        pool = ThreadPoolExecutor(self._settings.workers, thread_name_prefix="study")
        try:
            with self._engine.client() as client:
                steps = Steps(self._state, self._settings, client, stop)
                steps.tidy()
                try:
                    self._follow(pool, steps, everything=everything, once=once)
                finally:
                    stop.set()
                    pool.shutdown(wait=False, cancel_futures=True)
        finally:
            pool.shutdown(wait=True)  # those that waited for the cluster end with it

    def _follow(self, pool: ThreadPoolExecutor, steps: Steps, *, everything: bool, once: bool) -> None:
        has_begun, hands, next_look = False, dict[int, Future[None]](), 0.0
        while True:
            if time.monotonic() >= next_look:
                has_begun = self._look(begin=None if has_begun else everything) or has_begun
                next_look = time.monotonic() + self._settings.poll
            for number in [number for number, future in hands.items() if future.done()]:
                self._finish(number, hands.pop(number))
            for revision in self._state.due(besides=hands)[: self._settings.workers - len(hands)]:
                hands[revision.number] = pool.submit(steps.work, revision.number)
            if once and has_begun and self._is_linked and not hands and not self._state.open_count() and not self._state.arriving():
                return
            left = max(0.0, next_look - time.monotonic())
            if hands:
                wait(hands.values(), timeout=left, return_when=FIRST_COMPLETED)
            else:
                time.sleep(left)

    def _look(self, *, begin: bool | None) -> bool:
        """False while the archive does not answer; that is told once."""
        try:
            if begin is not None:
                self._source.begin(self._state, everything=begin)
            self._source.look(self._state)
        except LinkError as error:
            if self._is_linked is not False:
                _LOG.warning("the archive does not answer (%s); it will be asked again", error)
            self._is_linked = False
            self._state.keep("trouble", f"the archive does not answer ({error})")
            return False
        if not self._is_linked:
            _LOG.info("following the archive")
            self._state.keep("trouble", "")
        self._is_linked = True
        return True

    def _finish(self, number: int, future: Future[None]) -> None:
        error = future.exception()
        if error is None or isinstance(error, Stopped):
            return
        if isinstance(error, ClusterLostError):  # for good; who started the node starts it anew
            raise error
        revision = self._state.revision(number)
        if revision is None:
            return
        kind, is_before_sending = type(error).__name__, revision.state in (Step.TAKEN, Step.FETCHED, Step.PLANNED)
        is_passing = isinstance(error, _PASSING) or may_pass(error)
        is_final = isinstance(error, InputError) or revision.attempts + 1 >= _TRIALS
        if is_before_sending and not is_passing and is_final:
            self._state.advance(number, Ended.FAILED, reason=str(error) or kind)
            _LOG.warning("study %d: failed (%s); the status page says why", number, kind)
            return
        wait_for = self._state.postpone(number, str(error) or kind, first=FIRST_WAIT)
        _LOG.warning("study %d: %s after it was %s; again in %.0f s", number, kind, revision.state, wait_for)
        _LOG.debug("study %d", number, exc_info=error)
