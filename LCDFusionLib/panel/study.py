"""What the study says of itself: one line of facts, what is doubtful among them, and what was asked and told of the patient."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from LCDFusionLib.dicom import SeriesSource
from LCDFusionLib.dicom.scan_facts import Fact, history, lean_part, scan_facts
from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.dicom_source import dicom_source, unread_source
from LCDFusionLib.panel.choices import Node
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.section import Section


@dataclass(frozen=True)
class StudyState:
    """What the section shows.

    Attributes:
        facts: of the function, in one line; empty where it has no headers.
        history: of both: attribute and text. It is shown, and exported nowhere.
    """

    facts: tuple[Fact, ...] = ()
    history: tuple[tuple[str, str], ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why facts are doubtful, in sentences."""
        return tuple(dict.fromkeys(fact.doubt for fact in self.facts if fact.doubt))


@dataclass(frozen=True)
class _Facts:
    """What headers say."""

    facts: tuple[Fact, ...]
    lean_part: float | None
    history: tuple[tuple[str, str], ...]


class StudySection(Section):
    """Reads headers once for a pair, and goes through those of all slices, beside the host's loop."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = StudyState()
        self._of: tuple[Node | None, Node | None] = (None, None)
        self._reading: Future[object] | None = None
        self._looking: Future[_Facts] | None = None

    @property
    def is_busy(self) -> bool:
        return self._reading is not None or self._looking is not None

    def update(self) -> None:
        pair = self.choices.anatomy, self.choices.function
        if pair == self._of and self._reading is None:
            return
        if self._of != pair:
            self.state, self.core.facts, self.core.lean_part, self._looking = StudyState(), (), None, None
        self._of = pair
        if self._reading is None:
            self._read()

    def tick(self) -> None:
        if self._reading is not None and self._reading.done():
            self._reading = None
            self._read()
            self.core.refresh()
        if self._take():
            self.core.refresh()

    def forget(self) -> None:
        self.state, self.core.facts, self.core.lean_part = StudyState(), (), None
        self._of, self._looking = (None, None), None

    def _read(self) -> None:
        anatomy, function = (node if node is not None and node.GetScene() is not None else None for node in self._of)
        if function is not None and (read := unread_source(function, self.core.host.find_file)) is not None:
            self._reading = self.core.host.executor.submit(read)
            return
        self._looking = self.core.host.executor.submit(partial(_facts, self._source(anatomy), self._source(function)))
        self._take()

    def _take(self) -> bool:
        """True where the facts have come."""
        if self._looking is None or not self._looking.done():
            return False
        found, self._looking = self._looking.result(), None
        self.core.facts, self.core.lean_part = found.facts, found.lean_part
        self.state = StudyState(found.facts, found.history)
        return True

    def _source(self, node: Node | None) -> SeriesSource | None:
        """Where its headers were read already; a study of 300 slices is not read for a line of text."""
        find_file = self.core.host.find_file
        if node is None or unread_source(node, find_file) is not None:
            return None
        try:
            return dicom_source(node, find_file)
        except InputError:  # the plan says it
            return None


def _facts(anatomy: SeriesSource | None, function: SeriesSource | None) -> _Facts:
    headers = function.headers if function is not None else ()
    asked = (source.headers[0] for source in (anatomy, function) if source is not None)
    return _Facts(scan_facts(headers) if headers else (), lean_part(headers) if headers else None, history(*asked))
