"""What is new in an archive that has no log: asked for by QIDO, again and again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from .settings import Settings
from .state import State


class QueryPoll:
    """Asks for the studies of the last days: one is complete when its number of images has not changed for `Settings.settle` seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def begin(self, state: State, *, everything: bool) -> None:
        """The first time on this state: what is there already counts as known, unless everything is wanted. Raises `LinkError`."""
        if state.setting("position") is None:
            if not everything:
                for study, images in self._ask().items():
                    state.note_count(study, images, at=time.time(), taken=True)
            state.keep("position", "polled")

    def look(self, state: State) -> None:
        """Ask, and take what is complete, as far as there is room. Raises `LinkError`."""
        before, now = state.counts(), time.time()
        room = self._settings.queue - state.open_count()
        for study, images in self._ask().items():
            last, changed, taken = before.get(study, (-1, now, False))
            if images != last:
                state.note_count(study, images, at=now)
            elif not taken and now - changed >= self._settings.settle and room > 0:
                state.take(study, keep=True)
                room -= 1

    def _ask(self) -> dict[str, int]:
        """Number of images by Study Instance UID."""
        archive = self._settings.archive()
        today = datetime.now()
        first, last = today - timedelta(days=self._settings.days), today + timedelta(days=1)  # of a zone where it is tomorrow
        counts = {}
        for found in archive.find_studies("", f"{first:%Y%m%d}-{last:%Y%m%d}"):
            study, images = str(found.get("StudyInstanceUID") or ""), found.get("NumberOfStudyRelatedInstances")
            if study:
                counts[study] = len(archive.find_instances(study, None)) if images is None else int(images)
        return counts
