"""What a node has seen, made and sent, in one SQLite file: each step is written down when it is done, and nothing is sent that is not.

A study is taken as a *revision*: the same study with more images is a new one. A revision goes through the steps in order, each of which
may be done again if the process was killed in it: what is fetched and fused lies beside until it is sent, and the SOP Instance UIDs of what
will be sent are written down before the first is.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from LCDFusionLib.errors import InputError

try:
    import fcntl
except ImportError:  # Windows: that two nodes share a state is not noticed there
    fcntl = None  # type: ignore[assignment]

FILE = "node.sqlite"
_VERSION = 1
_LONGEST_WAIT = 300.0  # seconds between two attempts


class Step:
    """What a revision has behind it; the next step follows from it."""

    TAKEN, FETCHED, PLANNED, FUSED, STORED = "taken", "fetched", "planned", "fused", "stored"
    OPEN = (TAKEN, FETCHED, PLANNED, FUSED, STORED)


class Ended:
    """How a revision ends."""

    SENT, LEFT_OUT, FAILED, SUPERSEDED, UNCHANGED = "sent", "left out", "failed", "superseded", "unchanged"


_SCHEMA = f"""
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
-- Studies of which the archive told, until they are complete, and of an archive without a log all that it named.
CREATE TABLE seen (
    study TEXT PRIMARY KEY, place TEXT NOT NULL, images INTEGER NOT NULL, changed REAL NOT NULL,
    announced INTEGER NOT NULL, taken INTEGER NOT NULL
);
CREATE TABLE revision (
    number INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT NOT NULL, state TEXT NOT NULL,
    content TEXT, pair TEXT, job TEXT, replaces INTEGER,
    reason TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0,
    taken REAL NOT NULL, changed REAL NOT NULL, images INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX revision_study ON revision (study);
CREATE INDEX revision_open ON revision (state) WHERE state IN {Step.OPEN};
-- All that was ever made: a SOP Instance UID is used once.
CREATE TABLE object (
    sop TEXT PRIMARY KEY, revision INTEGER NOT NULL, series TEXT NOT NULL, class TEXT NOT NULL, file TEXT NOT NULL
);
CREATE INDEX object_revision ON object (revision);
CREATE TABLE delivery (sop TEXT NOT NULL, destination TEXT NOT NULL, PRIMARY KEY (sop, destination)) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
"""


@dataclass(frozen=True)
class Revision:
    """A study as it was when it was taken.

    Attributes:
        number: counts up.
        study: Study Instance UID.
        state: of `Step` or `Ended`.
        content: digest of the SOP Instance UIDs that could be fused; None before they were asked for.
        pair: digest of those that were chosen.
        job: `cohort.Job` as JSON.
        replaces: the earlier revision whose result this one's replaces.
        reason: why it is left out or failed, or what went wrong in the last attempt.
        attempts: of the next step, that failed.
    """

    number: int
    study: str
    state: str
    content: str | None
    pair: str | None
    job: str | None
    replaces: int | None
    reason: str
    attempts: int


@dataclass(frozen=True)
class Made:
    """One DICOM object of a result.

    Attributes:
        sop: SOP Instance UID.
        series: Series Instance UID.
        sop_class: SOP Class UID.
        file: where it lies until it is sent.
    """

    sop: str
    series: str
    sop_class: str
    file: Path


_REVISION = "number, study, state, content, pair, job, replaces, reason, attempts"


class State:
    """The file; several threads may use it at once.

    Args:
        folder: made where it is not there; holds the file, and what is in work.

    Raises:
        InputError: it cannot be written, or is of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(folder / FILE, check_same_thread=False, isolation_level=None, timeout=30)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")  # a power cut, too
            with self.transaction() as base:
                version = base.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in _SCHEMA.split(";"):
                        base.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"The state folder '{folder}' cannot be used ({error}): choose another with --state.") from error
        if version not in (0, _VERSION):
            raise InputError(f"The state '{folder / FILE}' is of another version of LCDFusion: name a new folder with --state.")

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written within, or nothing of it."""
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Of a query that only reads."""
        with self._lock:
            return self._base.execute(query, values).fetchall()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within, no other node uses this state; the lock ends with the process.

        Raises:
            InputError: another one does.
        """
        with (self.folder / "lock").open("w") as stream:
            try:
                if fcntl is not None:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(f"Another node is running on the state '{self.folder}': stop it, or name another folder.") from error
            yield

    def setting(self, name: str) -> str | None:
        """A value that was kept."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return found[0][0] if found else None

    def keep(self, name: str, value: str) -> None:
        """Keep a value; what is kept already is not written again."""
        if self.setting(name) == value:
            return
        with self.transaction() as base:
            _set(base, name, value)

    # What the archive told

    def note(self, changed: Iterable[tuple[str, str]], announced: Iterable[tuple[str, str]], *, position: int, at: float) -> None:
        """A page of an archive's log: how far it was read, and of which studies it told, in one step.

        Args:
            changed: (Study Instance UID, the archive's own name) of studies with new images.
            announced: likewise of those that it called complete.
            position: in the log.
            at: time of day.
        """
        with self.transaction() as base:
            for study, place in changed:
                base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, 0, ?, 0, 0)", (study, place, at))
            for study, place in announced:
                base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, 0, ?, 1, 0)", (study, place, at))
                base.execute("UPDATE seen SET announced = 1 WHERE study = ?", (study,))
            _set(base, "position", str(position))

    def note_count(self, study: str, images: int, *, at: float, taken: bool = False) -> None:
        """How many images an archive without a log says that a study has; what has more than before is watched anew."""
        with self.transaction() as base:
            base.execute("INSERT OR REPLACE INTO seen VALUES (?, '', ?, ?, 0, ?)", (study, images, at, int(taken)))

    def arriving(self) -> list[tuple[str, str, float, bool]]:
        """(Study Instance UID, the archive's own name, time of the last change, whether it was called complete), the oldest first."""
        query = "SELECT study, place, changed, announced FROM seen WHERE NOT taken ORDER BY changed, rowid"
        return [(study, place, changed, bool(announced)) for study, place, changed, announced in self.rows(query)]

    def counts(self) -> dict[str, tuple[int, float, bool]]:
        """By study (images, time of the last change, whether it was taken), of an archive without a log."""
        return {
            study: (images, at, bool(taken)) for study, images, at, taken in self.rows("SELECT study, images, changed, taken FROM seen")
        }

    def take(self, study: str, *, keep: bool = False) -> None:
        """A study is complete: it becomes a revision, unless one waits that has not looked at its images yet.

        Args:
            study: Study Instance UID.
            keep: remember how many images it had.
        """
        now = time.time()
        with self.transaction() as base:
            base.execute("UPDATE seen SET taken = 1 WHERE study = ?" if keep else "DELETE FROM seen WHERE study = ?", (study,))
            if not base.execute("SELECT 1 FROM revision WHERE study = ? AND state = ?", (study, Step.TAKEN)).fetchone():
                base.execute("INSERT INTO revision (study, state, taken, changed) VALUES (?, ?, ?, ?)", (study, Step.TAKEN, now, now))

    def drop(self, study: str) -> None:
        """The archive has the study no more."""
        with self.transaction() as base:
            base.execute("DELETE FROM seen WHERE study = ?", (study,))

    # Revisions

    def open_count(self) -> int:
        """Revisions that have not ended."""
        return self.rows(f"SELECT count(*) FROM revision WHERE state IN {Step.OPEN}")[0][0]

    def due(self, *, besides: Iterable[int]) -> list[Revision]:
        """What can be worked on now, the oldest first; of a study one revision at a time.

        Args:
            besides: numbers of those in hand.
        """
        query = f"""SELECT {_REVISION} FROM revision WHERE state IN {Step.OPEN} AND not_before <= ? AND number IN
            (SELECT min(number) FROM revision WHERE state IN {Step.OPEN} GROUP BY study) ORDER BY number"""
        skipped = set(besides)
        return [Revision(*row) for row in self.rows(query, time.time()) if row[0] not in skipped]

    def revision(self, number: int) -> Revision | None:
        """As it stands now; None where it was forgotten."""
        found = self.rows(f"SELECT {_REVISION} FROM revision WHERE number = ?", number)
        return Revision(*found[0]) if found else None

    def advance(self, number: int, state: str, *, made: Sequence[Made] = (), replaced: int | None = None, **columns: object) -> None:
        """A step is done, or the revision has ended: in one transaction with all that goes with it.

        Args:
            number: of the revision.
            state: of `Step` or `Ended`.
            made: objects that will be sent.
            replaced: an earlier revision whose result is superseded by this.
            columns: of the table, with their new values.
        """
        values = {"state": state, "changed": time.time(), "attempts": 0, "not_before": 0, "reason": "", **columns}
        with self.transaction() as base:
            base.executemany(
                "INSERT INTO object VALUES (?, ?, ?, ?, ?)", [(one.sop, number, one.series, one.sop_class, str(one.file)) for one in made]
            )
            if replaced is not None:
                base.execute("UPDATE revision SET state = ? WHERE number = ?", (Ended.SUPERSEDED, replaced))
            if state == Step.FETCHED:  # the study has other images than before, and what was wrong with those is over
                base.execute(
                    """UPDATE revision SET state = ?, reason = '' WHERE study = (SELECT study FROM revision WHERE number = ?)
                    AND number < ? AND state IN (?, ?)""",
                    (Ended.SUPERSEDED, number, number, Ended.FAILED, Ended.LEFT_OUT),
                )
            assignments = ", ".join(f"{name} = ?" for name in values)
            base.execute(f"UPDATE revision SET {assignments} WHERE number = ?", (*values.values(), number))

    def postpone(self, number: int, reason: str, *, first: float) -> float:
        """An attempt failed; the next one waits, each time twice as long. Returns the seconds."""
        with self.transaction() as base:
            attempts = base.execute("SELECT attempts FROM revision WHERE number = ?", (number,)).fetchone()[0]
            wait = min(first * 2.0 ** min(attempts, 20), _LONGEST_WAIT)
            values = (reason, attempts + 1, time.time() + wait, number)
            base.execute("UPDATE revision SET reason = ?, attempts = ?, not_before = ? WHERE number = ?", values)
        return wait

    def forget(self, number: int) -> None:
        """A revision had nothing new in it."""
        with self.transaction() as base:
            base.execute("DELETE FROM revision WHERE number = ?", (number,))

    def take_again(self) -> int:
        """What failed or was left out, and was not taken again since, is taken once more. Returns how many."""
        with self.transaction() as base:
            return base.execute(
                """UPDATE revision AS one SET state = ?, content = NULL, changed = ? WHERE state IN (?, ?)
                AND NOT EXISTS (SELECT 1 FROM revision AS other WHERE other.study = one.study AND other.number > one.number)""",
                (Step.TAKEN, time.time(), Ended.FAILED, Ended.LEFT_OUT),
            ).rowcount

    def has_newer(self, revision: Revision) -> bool:
        """Whether the study was taken again since."""
        return bool(self.rows("SELECT 1 FROM revision WHERE study = ? AND number > ?", revision.study, revision.number))

    def content_before(self, revision: Revision) -> str | None:
        """`Revision.content` of the study's last revision before this one that got so far."""
        query = "SELECT content FROM revision WHERE study = ? AND number < ? AND content IS NOT NULL ORDER BY number DESC LIMIT 1"
        found = self.rows(query, revision.study, revision.number)
        return found[0][0] if found else None

    def delivered_before(self, revision: Revision) -> tuple[int, str | None] | None:
        """(number, pair) of the study's earlier revision of which something was sent, and that is not superseded."""
        query = """SELECT number, pair FROM revision WHERE study = ? AND number < ? AND state != ? AND EXISTS
            (SELECT 1 FROM object JOIN delivery USING (sop) WHERE object.revision = revision.number) ORDER BY number DESC LIMIT 1"""
        found = self.rows(query, revision.study, revision.number, Ended.SUPERSEDED)
        return (found[0][0], found[0][1]) if found else None

    # Objects

    def known(self, sops: Iterable[str]) -> set[str]:
        """Of these SOP Instance UIDs, those that this node made."""
        return {sop for sop in sops if self.rows("SELECT 1 FROM object WHERE sop = ?", sop)}

    def made(self, number: int) -> list[Made]:
        """The objects of a revision, in the order in which they are sent."""
        query = "SELECT sop, series, class, file FROM object WHERE revision = ? ORDER BY rowid"
        return [Made(sop, series, sop_class, Path(file)) for sop, series, sop_class, file in self.rows(query, number)]

    def delivered(self, number: int, destination: str) -> set[str]:
        """SOP Instance UIDs of a revision that a destination has."""
        query = "SELECT sop FROM object JOIN delivery USING (sop) WHERE revision = ? AND destination = ?"
        return {sop for (sop,) in self.rows(query, number, destination)}

    def deliver(self, sops: Iterable[str], destination: str) -> None:
        """A destination has them."""
        with self.transaction() as base:
            base.executemany("INSERT OR IGNORE INTO delivery VALUES (?, ?)", [(sop, destination) for sop in sops])


def _set(base: sqlite3.Connection, name: str, value: str) -> None:
    base.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
