"""The steps of a revision: taken, fetched, planned, fused, stored, sent. Each may be done again after a kill."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import Any

import pydicom
from distributed import Client

from LCDFusionLib.cohort import Job, plan_folder, run_jobs
from LCDFusionLib.cohort.task import kept
from LCDFusionLib.dicom import write_rejection_note
from LCDFusionLib.pacs import Archive, fetch

from .settings import Settings
from .state import Ended, Made, Revision, State, Step

HOME = "archive"
"""What deliveries call the archive that is followed."""

_LOG = logging.getLogger(__name__)
_SUPERSEDED = "superseded"  # folder of the note that says so
_FUSABLE = ({"CT", "MR"}, {"PT", "NM"})


class Stopped(Exception):  # noqa: N818 (it is no error)
    """The node is to end; the step will be done again."""


class RefusedError(RuntimeError):
    """An archive does not take an object."""


class NoRoomError(RuntimeError):
    """A study cannot be worked on for want of room or the like."""


class Steps:
    """What is done with a revision, by what it has behind it.

    Args:
        state: where every step is written down.
        settings: of the node.
        client: of the cluster that fuses.
        stop: set, from any thread, to end between two images.
    """

    def __init__(self, state: State, settings: Settings, client: Client, stop: Event) -> None:
        self._state, self._settings, self._client, self._stop = state, settings, client, stop
        self._next: dict[str, Callable[[Revision], None]] = {
            Step.TAKEN: self._fetch,
            Step.FETCHED: self._plan,
            Step.PLANNED: self._fuse,
            Step.FUSED: self._store,
            Step.STORED: self._send_on,
        }

    def work(self, number: int) -> None:
        """All steps of a revision, one after another, to its end.

        Raises:
            Exception: of the step that failed; those before it are done.
        """
        while True:
            self._check()
            revision = self._state.revision(number)
            if revision is None or revision.state not in Step.OPEN:
                break
            self._next[revision.state](revision)
        shutil.rmtree(self.place(number), ignore_errors=True)

    def place(self, number: int) -> Path:
        """Where a revision's files lie while it is worked on."""
        return self._state.folder / "work" / str(number)

    def tidy(self) -> None:
        """Take away what a killed node left of revisions that have ended."""
        for folder in (self._state.folder / "work").glob("*"):
            revision = self._state.revision(int(folder.name))
            if revision is None or revision.state not in Step.OPEN:
                shutil.rmtree(folder, ignore_errors=True)

    def _fetch(self, revision: Revision) -> None:
        archive, study, number = self._settings.archive(), revision.study, revision.number
        series = archive.find_series(study)
        kinds = {modality for _, modality in series}
        if not all(kinds & modalities for modalities in _FUSABLE):
            self._leave_out(revision, "the study has no CT or MR, or no PET or SPECT")
            return
        wanted = {uid for uid, modality in series if any(modality in modalities for modalities in _FUSABLE)}
        images = [name for name in archive.find_instances(study, None) if name[0] in wanted]
        own = self._state.known(sop for _, sop in images)
        images = [name for name in images if name[1] not in own]
        content = _digest(sop for _, sop in images)
        if content == self._state.content_before(revision):
            self._state.forget(number)  # what came was our own, or nothing that can be fused
            return
        target = self.place(number) / "study"
        shutil.rmtree(target, ignore_errors=True)  # whole, but not known to be what is there now
        fetch(archive, study, target, images=images, progress=lambda done, total: self._check(), attempts=1)
        self._advance(revision, Step.FETCHED, content=content, images=len(images))

    def _plan(self, revision: Revision) -> None:
        settings, number = self._settings, revision.number
        rules: dict[str, Any] = {"relative": settings.relative, "confirmed": settings.confirmed, "unsure": settings.unsure}
        jobs, _ = plan_folder(self.place(number) / "study", options=settings.options, **rules)
        if len(jobs) != 1:
            self._leave_out(revision, f"the study holds images of {len(jobs)} patients" if jobs else "the study holds no images")
        elif not jobs[0].is_wanted:
            self._leave_out(revision, jobs[0].why)
        else:
            job = replace(
                jobs[0], patient_id="", patient_name="", study_date="", study="", why="", cautions=""
            )  # no names beyond the files
            files = {file.stem for folder in (job.anatomy, job.function) for file in Path(folder).iterdir()}
            pair = _digest([*files, job.anatomy_series, job.function_series])
            before = self._state.delivered_before(revision)
            if before is not None and before[1] == pair:
                self._advance(revision, Ended.UNCHANGED)
            else:
                self._advance(revision, Step.PLANNED, pair=pair, job=json.dumps(asdict(job)))

    def _fuse(self, revision: Revision) -> None:
        if self._state.has_newer(revision):  # more images came meanwhile, and nothing of this was sent
            self._advance(revision, Ended.SUPERSEDED, content=None)
            return
        job, place = Job(**json.loads(revision.job or "{}")), self.place(revision.number)
        outcome = kept(job, place)
        if outcome is None:
            arguments = self._settings.arguments(job.options)
            (outcome,) = run_jobs([(job, arguments)], place, self._client, retries=self._settings.retries)
        self._check()
        if outcome.may_pass:
            raise NoRoomError(outcome.reason)
        if outcome.status == "failed":
            self._advance(revision, Ended.FAILED, reason=outcome.reason)
            return
        result = place / "result"  # out of reach of a worker that a killed node left at the same pair
        shutil.rmtree(result, ignore_errors=True)
        (place / job.key).rename(result)
        files = [file for folder in sorted(result.glob("dicom_*")) for file in sorted(folder.iterdir())]
        made = [_made(file) for file in files]
        before = self._state.delivered_before(revision)
        if before is not None:
            made.append(self._rejection(before[0], files[0], place / _SUPERSEDED))
        self._advance(revision, Step.FUSED, made=made, replaces=before and before[0])

    def _rejection(self, earlier: int, like: Path, folder: Path) -> Made:
        """A note that an earlier result is not to be used any more."""
        sent = self._state.delivered(earlier, HOME)
        results = [one for one in self._state.made(earlier) if one.sop in sent and one.file.parent.name != _SUPERSEDED]
        objects = [(one.series, one.sop_class, one.sop) for one in results]
        shutil.rmtree(folder, ignore_errors=True)
        write_rejection_note(pydicom.dcmread(like, stop_before_pixels=True), objects, folder)
        (file,) = folder.iterdir()
        return _made(file)

    def _store(self, revision: Revision) -> None:
        archive = self._settings.archive()
        # What arrived just before a kill is known to the archive alone.
        there = {sop for _, sop in archive.find_instances(revision.study, None)}
        unknown = there - self._state.delivered(revision.number, HOME)
        if arrived := [one.sop for one in self._state.made(revision.number) if one.sop in unknown]:
            self._state.deliver(arrived, HOME)
        self._deliver(archive, revision, HOME)
        self._advance(revision, Step.STORED if self._settings.destinations else Ended.SENT, replaced=revision.replaces)

    def _send_on(self, revision: Revision) -> None:
        for destination, connected in self._settings.destinations.items():
            self._deliver(connected(), revision, destination)
        self._advance(revision, Ended.SENT)

    def _deliver(self, archive: Archive, revision: Revision, destination: str) -> None:
        there = self._state.delivered(revision.number, destination)
        left = {one.file: one.sop for one in self._state.made(revision.number) if one.sop not in there}
        if not left:
            return
        for file, refusal in archive.store(list(left)):
            if refusal is not None:
                raise RefusedError(f"{destination} refused an object ({refusal})")
            self._state.deliver([left[file]], destination)
            self._check()

    def _leave_out(self, revision: Revision, why: str) -> None:
        self._advance(revision, Ended.LEFT_OUT, reason=why)

    def _advance(self, revision: Revision, state: str, **more: Any) -> None:
        self._state.advance(revision.number, state, **more)
        _LOG.info("study %d: %s", revision.number, state)

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(set(words))).encode()).hexdigest()


def _made(file: Path) -> Made:
    header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["SOPInstanceUID", "SeriesInstanceUID", "SOPClassUID"])
    return Made(str(header.SOPInstanceUID), str(header.SeriesInstanceUID), str(header.SOPClassUID), file)
