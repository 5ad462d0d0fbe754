"""What is new in an Orthanc, by its log of changes (`/changes`)."""

from __future__ import annotations

import time

from LCDFusionLib.pacs.orthanc import OrthancArchive

from .settings import Settings
from .state import State

_PAGE = 200  # entries of the log
_ARRIVING = ("NewInstance", "NewSeries", "NewStudy")


class OrthancLog:
    """Follows the log: a study is complete when Orthanc calls it stable.

    Orthanc knows in memory alone which studies are still arriving: killed and started again, it calls them stable at once, and never tells
    so in its log. Every study that the log names is therefore remembered until it was taken: at once if it was announced (`StableStudy`),
    and if it only is stable, after `Settings.settle` seconds without a new image.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def begin(self, state: State, *, everything: bool) -> None:
        """The first time on this state: start from now, or from all that Orthanc holds. Raises `LinkError`."""
        if state.setting("position") is None:
            state.keep("position", "0" if everything else str(self._last(self._archive())))

    def look(self, state: State) -> None:
        """Read on in the log, and take what is complete, as far as there is room. Raises `LinkError`."""
        archive = self._archive()
        self._read(archive, state)
        room = self._settings.queue - state.open_count()
        waiting = state.arriving()
        if room <= 0 or not waiting:
            return
        stable = {study["ID"]: bool(study["IsStable"]) for study in _studies(archive, [place for _, place, _, _ in waiting])}
        for study, place, changed, announced in waiting:
            if place not in stable:
                state.drop(study)
            elif stable[place] and (announced or time.time() - changed >= self._settings.settle) and room > 0:
                state.take(study)
                room -= 1

    def _read(self, archive: OrthancArchive, state: State) -> None:
        position = int(state.setting("position") or 0)
        if position > self._last(archive):
            position = 0  # a new database
        is_done = False
        while not is_done and len(state.arriving()) + state.open_count() < self._settings.queue:
            page = archive.ask("changes", since=position, limit=_PAGE)
            arriving = [change["ID"] for change in page["Changes"] if change["ChangeType"] in _ARRIVING]
            announced = [change["ID"] for change in page["Changes"] if change["ChangeType"] == "StableStudy"]
            changed, complete = (
                [(study["MainDicomTags"]["StudyInstanceUID"], study["ID"]) for study in _studies(archive, ids)]
                for ids in (arriving, announced)
            )
            is_done = page["Done"]
            if page["Last"] != position:
                position = page["Last"]
                state.note(changed, complete, position=position, at=time.time())

    def _last(self, archive: OrthancArchive) -> int:
        return int(archive.ask("changes", last="")["Last"])

    def _archive(self) -> OrthancArchive:
        archive = self._settings.archive()
        assert isinstance(archive, OrthancArchive)
        return archive


def _studies(archive: OrthancArchive, ids: list[str]) -> list[dict]:
    """The studies that images, series and studies belong to, each once; those that are no more are left out."""
    return archive.tell("tools/bulk-content", {"Resources": ids, "Level": "Study"}) if ids else []
