"""Sending and fetching with any archive: one image after another, again after a broken link, and with an account of what arrived."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pydicom
from pydicom.dataset import Dataset

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import FailedError, InputError

from .address import Address, Security
from .link import LinkError

_LOG = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the images that arrived and all images; an exception that it raises ends the transfer."""

FIRST_WAIT = 1.0
"""Seconds before the second attempt; each further one waits twice as long."""


_UID = re.compile(r"(?=.{1,64}\Z)[0-9]+(?:\.[0-9]+)*")  # PS3.5 9.1; what an archive names becomes the name of a file
_MOST_IMAGES = 200_000
_KEEP_EVERY = 1.0  # seconds between two writings of the journal


class TransferError(FailedError):
    """Not everything arrived; the message says what did, and how to go on."""


class Archive(Protocol):
    """What `send` and `fetch` need of an archive."""

    def store(self, files: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
        """Send files; gives each that was answered, with the reason where it was refused. Raises `LinkError`."""
        ...

    def find_series(self, study: str) -> list[tuple[str, str]]:
        """(Series Instance UID, Modality) of every series of a study. Raises `LinkError`."""
        ...

    def find_instances(self, study: str, series: str | None) -> list[tuple[str, str]]:
        """(Series Instance UID, SOP Instance UID) of every image of a study, or of one series. Raises `LinkError`."""
        ...

    def find_studies(self, patient_id: str, date: str) -> list[Dataset]:
        """Studies with patient, date, description and UID; an empty argument matches all. Raises `LinkError`."""
        ...

    def get(self, study: str, instances: Sequence[tuple[str, str]]) -> Iterator[Dataset]:
        """Fetch images, given as `find_instances` does. Raises `LinkError`."""
        ...


def connect(address: Address, *, security: Security | None = None, own_title: str = "LCDFUSION", timeout: float = 30.0) -> Archive:
    """The archive at an address; nothing is sent yet.

    Raises:
        InputError: the client that this needs is not installed, or a certificate cannot be read.
    """
    try:
        if address.is_web:
            from .web import WebArchive

            return WebArchive(address, security or Security(), timeout=timeout)
        if address.is_orthanc:
            from .orthanc import OrthancArchive

            return OrthancArchive(address, security or Security(), timeout=timeout)
        from .network import NetworkArchive

        return NetworkArchive(address, security or Security(), own_title=own_title, timeout=timeout)
    except ModuleNotFoundError as error:
        raise InputError(f"The package '{error.name}' is not installed: pip install 'lcdfusion[pacs]'.") from error


@dataclass
class SendReport:
    """What became of a sending.

    Attributes:
        arrived: SOP Instance UIDs that the archive took, now or in an earlier run.
        refused: for each file that it did not take, why.
        total: all images.
    """

    arrived: set[str] = field(default_factory=set)
    refused: dict[Path, str] = field(default_factory=dict)
    total: int = 0


def send(
    archive: Archive,
    files: Sequence[Path],
    *,
    journal: Path | None = None,
    destination: str = "",
    progress: Progress | None = None,
    attempts: int = 4,
) -> SendReport:
    """Send every DICOM file, the same image never twice.

    Args:
        archive: from `connect`.
        files: DICOM files.
        journal: JSON file that keeps what arrived where, so that a later run sends only the rest; it is read and written.
        destination: what the journal calls the archive.
        progress: see `Progress`.
        attempts: in all, each with a new link; only those that follow one another without a single image count.

    Raises:
        TransferError: the link broke for good, or the archive refused images.
        InputError: a file is no DICOM file, or the journal is damaged.
    """
    waiting = {_instance_uid(path): path for path in files}
    report = SendReport(total=len(waiting))
    report.arrived = _read_journal(journal, destination) & set(waiting)
    kept = time.monotonic()
    uids = {path: uid for uid, path in waiting.items()}
    failures = 0
    try:
        while left := [path for uid, path in waiting.items() if uid not in report.arrived and path not in report.refused]:
            if progress is not None:
                progress(len(report.arrived), report.total)
            try:
                for path, reason in archive.store(left):
                    failures = 0
                    if reason is None:
                        report.arrived.add(uids[path])
                    else:
                        report.refused[path] = reason
                    if journal is not None and time.monotonic() - kept > _KEEP_EVERY:  # a kill costs what came since
                        _write_journal(journal, destination, report.arrived)
                        kept = time.monotonic()
                    if progress is not None:
                        progress(len(report.arrived), report.total)
            except LinkError as error:
                failures += 1
                if failures >= attempts:
                    raise TransferError(
                        f"{len(report.arrived)} of {report.total} images arrived at {destination or 'the archive'}, then the link broke "
                        f"({error}): run the same command again to send the rest."
                    ) from error
                _LOG.info("the link broke (%s); attempt %d of %d follows", error, failures + 1, attempts)
                time.sleep(FIRST_WAIT * 2 ** (failures - 1))
    finally:
        if journal is not None:
            _write_journal(journal, destination, report.arrived)
    if report.refused:
        path, reason = next(iter(report.refused.items()))
        raise TransferError(
            f"{destination or 'The archive'} took {len(report.arrived)} of {report.total} images and refused {len(report.refused)}, "
            f"the first of them '{path.name}': {reason}."
        )
    return report


@dataclass
class FetchReport:
    """What was fetched.

    Attributes:
        folder: where it is.
        images: how many.
        resumed: of them, how many an earlier run had brought.
    """

    folder: Path
    images: int = 0
    resumed: int = 0


def fetch(
    archive: Archive,
    study: str,
    folder: Path,
    *,
    series: str | None = None,
    images: Sequence[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    attempts: int = 4,
) -> FetchReport:
    """Fetch a study, or one series of it, into a new folder with one folder a series.

    Until all is there it lies in `FOLDER.part`, so that nobody takes a part for a series; a later run fetches only the rest. Files are
    named by UIDs, and only images that were asked for are kept: whatever an archive sends, nothing is written elsewhere.

    Args:
        archive: from `connect`.
        study: Study Instance UID.
        folder: new, or empty.
        series: Series Instance UID of the only one that is wanted.
        images: those that are wanted, as `Archive.find_instances` gives them; None: all.
        progress: see `Progress`.
        attempts: in all, each with a new link.

    Raises:
        TransferError: the link broke for good, or the archive did not give images that it had named.
        InputError: the archive has no such study or series, or the folder is taken or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"The folder '{folder}' is not empty: name another one.")
    part = folder.with_name(f"{folder.name}.part")
    if part.is_symlink():
        raise InputError(f"'{part}' is a link to another place: remove it, or name another folder.")
    wanted = _with_attempts(lambda: list(dict.fromkeys(archive.find_instances(study, series) if images is None else images)), attempts)
    if not wanted:
        raise InputError(f"The archive has no images of {'series ' + series if series else 'study ' + study}: check the UID.")
    if len(wanted) > _MOST_IMAGES or any(not _UID.fullmatch(uid) for pair in wanted for uid in pair):
        raise TransferError("The archive names images that cannot be: UIDs of digits and dots, and no more of them than a study has.")
    report = FetchReport(folder, len(wanted))
    missing = [(s, i) for s, i in wanted if not _place(part, s, i).is_file()]
    report.resumed = len(wanted) - len(missing)
    failures = 0
    try:
        while missing:
            try:
                before, unasked, open_ones = len(missing), 0, set(missing)
                for dataset in archive.get(study, missing):
                    name = (str(dataset.get("SeriesInstanceUID", "")), str(dataset.get("SOPInstanceUID", "")))
                    if name not in open_ones:
                        unasked += 1
                        if unasked > before:
                            raise LinkError("it sends images that nobody asked for")
                        continue
                    _write_whole(dataset, _place(part, *name))
                    open_ones.discard(name)
                    missing = [each for each in missing if each in open_ones]
                    failures = 0
                    if progress is not None:
                        progress(len(wanted) - len(missing), len(wanted))
                if len(missing) == before:
                    raise LinkError("it gave none of the images that it had named")
            except LinkError as error:
                failures += 1
                if failures >= attempts:
                    raise TransferError(
                        f"{len(wanted) - len(missing)} of {len(wanted)} images arrived, then the link broke ({error}): they are kept in "
                        f"'{part}'; run the same command again to fetch the rest."
                    ) from error
                _LOG.info("the link broke (%s); attempt %d of %d follows", error, failures + 1, attempts)
                time.sleep(FIRST_WAIT * 2 ** (failures - 1))
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise InputError(f"The folder '{folder}' cannot be written ({error.strerror or error}): choose a place with room.") from error
    return report


def _with_attempts(ask: Callable[[], list[tuple[str, str]]], attempts: int) -> list[tuple[str, str]]:
    for failures in range(1, attempts + 1):
        try:
            return ask()
        except LinkError as error:
            if failures == attempts:
                raise TransferError(f"The archive does not answer ({error}): check its address and that it knows this computer.") from error
            time.sleep(FIRST_WAIT * 2 ** (failures - 1))
    raise AssertionError("attempts is at least 1")


def _place(folder: Path, series: str, instance: str) -> Path:
    return folder / series / f"{instance}.dcm"


def _write_whole(dataset: Dataset, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_file(path) as beside:
            pydicom.dcmwrite(beside, dataset, enforce_file_format=True)
    except OSError:
        raise
    except Exception as error:  # a data set that is damaged makes the writer fail in many ways
        raise LinkError(f"an image came damaged, {type(error).__name__}") from error


def _instance_uid(path: Path) -> str:
    try:
        uid = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).get("SOPInstanceUID")
    except Exception as error:  # foreign bytes make the parser fail in many ways
        raise InputError(f"The file '{path}' is no DICOM file: take it out of the folder.") from error
    if not uid:
        raise InputError(f"The DICOM file '{path}' has no SOP Instance UID: export it again.")
    return str(uid)


def _read_journal(journal: Path | None, destination: str) -> set[str]:
    if journal is None or not journal.exists():
        return set()
    try:
        return set(json.loads(journal.read_text(encoding="utf-8")).get(destination, []))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"The journal '{journal}' of an earlier sending is damaged: delete it to send everything again.") from error


def _write_journal(journal: Path, destination: str, arrived: set[str]) -> None:
    try:
        kept = json.loads(journal.read_text(encoding="utf-8")) if journal.exists() else {}
        kept[destination] = sorted(set(kept.get(destination, [])) | arrived)
        with atomic_file(journal) as beside:
            beside.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    except OSError:  # no right to write there: the images went out all the same, and the report says which
        return
