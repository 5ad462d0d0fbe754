"""What the study says of itself: one line of facts, what is doubtful among them, and what was asked and told of the patient."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

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


class StudySection(Section):
    """Reads headers once for a pair, beside the host's loop where nobody has read them before."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = StudyState()
        self._of: tuple[Node | None, Node | None] = (None, None)
        self._reading: Future[object] | None = None

    @property
    def is_busy(self) -> bool:
        return self._reading is not None

    def update(self) -> None:
        pair = self.choices.anatomy, self.choices.function
        if pair == self._of and self._reading is None:
            return
        if self._of != pair:
            self.state, self.core.facts, self.core.lean_part = StudyState(), (), None
        self._of = pair
        if self._reading is None:
            self._read()

    def tick(self) -> None:
        if self._reading is not None and self._reading.done():
            self._reading = None
            self._read()
            self.core.refresh()

    def forget(self) -> None:
        self.state, self.core.facts, self.core.lean_part, self._of = StudyState(), (), None, (None, None)

    def _read(self) -> None:
        anatomy, function = (node if node is not None and node.GetScene() is not None else None for node in self._of)
        if function is not None and (read := unread_source(function, self.core.host.find_file)) is not None:
            self._reading = self.core.host.executor.submit(read)
            return
        sources = self._source(anatomy), self._source(function)
        self.core.lean_part = lean_part(sources[1].headers) if sources[1] is not None else None
        self.core.facts = scan_facts(sources[1].headers) if sources[1] is not None else ()
        self.state = StudyState(
            facts=self.core.facts,
            history=history(*(source.headers[0] for source in sources if source is not None)),
        )

    def _source(self, node: Node | None) -> SeriesSource | None:
        """Where its headers were read already; a study of 300 slices is not read for a line of text."""
        find_file = self.core.host.find_file
        if node is None or unread_source(node, find_file) is not None:
            return None
        try:
            return dicom_source(node, find_file)
        except InputError:  # the plan says it
            return None
