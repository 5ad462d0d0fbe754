"""One pair of a cohort, as a row of a table that a person can change; and what came of it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Job:
    """One pair.

    Attributes:
        fuse: "yes" or "no"; a person may change it.
        patient_id: Patient ID (0010,0020).
        patient_name: Patient's Name (0010,0010).
        study_date: Study Date (0008,0020), YYYYMMDD.
        study: Study Description (0008,1030).
        anatomy: path of the CT or MR: a folder or a file.
        anatomy_series: which one of the folder.
        function: path of the PET or SPECT.
        function_series: which one of the folder.
        options: in the words of `lcdfusion fuse`, such as "--register --window lung".
        why: for "no": why not; for "yes": what speaks for the pair.
        cautions: what is to be minded.
    """

    fuse: str = YES
    patient_id: str = ""
    patient_name: str = ""
    study_date: str = ""
    study: str = ""
    anatomy: str = ""
    anatomy_series: str = ""
    function: str = ""
    function_series: str = ""
    options: str = ""
    why: str = ""
    cautions: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether it will be fused."""
        return self.fuse == YES

    @property
    def key(self) -> str:
        """Name of its result's folder: the same whenever the same pair is planned, another for every other pair.

        It begins with patient and date, unless what lies in there is de-identified: then tables and outcomes alone say whose it is.
        """
        pair = "\0".join((self.anatomy, self.anatomy_series, self.function, self.function_series))
        who = "deidentified" if "--deidentify" in self.options.split() else f"{self.patient_id}-{self.study_date}"
        called = re.sub(r"[^A-Za-z0-9-]+", "-", who).strip("-")[:60]
        return f"{called}-{hashlib.sha256(pair.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}".lstrip("-")

    @property
    def fingerprint(self) -> str:
        """Of what is fused and how; a result with another one is not this job's."""
        what = {name: value for name, value in asdict(self).items() if name not in ("why", "cautions", "fuse")}
        return hashlib.sha256(json.dumps([what, _stamp(self.anatomy), _stamp(self.function)], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        key: of the job.
        status: "fused", "kept" (whole since an earlier run), "failed" or "left out".
        reason: why it failed or was left out, in a sentence.
        notes: of the fusion, in sentences.
        metrics: mean over slices by name.
        blend_metrics: likewise of the 50/50 blend.
        slices: how many.
        seconds: from taking the job to the whole folder.
        fingerprint: `Job.fingerprint`.
        may_pass: it failed for want of room or the like, and may succeed later.
    """

    key: str
    status: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    metrics: dict[str, float | None] = field(default_factory=dict)
    blend_metrics: dict[str, float | None] = field(default_factory=dict)
    slices: int = 0
    seconds: float = 0.0
    fingerprint: str = ""
    may_pass: bool = False

    def write(self, folder: Path) -> None:
        """Keep it in the folder of outcomes, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(folder / f"{self.key}.json") as beside:
            beside.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, key: str) -> Outcome | None:
        """None where there is none that can be read."""
        try:
            kept = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
            read = cls(**(kept | {"notes": tuple(map(str, kept["notes"]))}))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        texts, tables = (read.status, read.reason, read.fingerprint), (read.metrics, read.blend_metrics)
        values = [value for table in tables if isinstance(table, dict) for value in table.values()]
        are_numbers = all(isinstance(value, (int, float, type(None))) for value in (*values, read.slices, read.seconds, read.may_pass))
        is_whole = read.key == key and all(isinstance(text, str) for text in texts) and all(isinstance(table, dict) for table in tables)
        return read if is_whole and are_numbers else None


COLUMNS = tuple(column.name for column in fields(Job))


def write_jobs(jobs: Sequence[Job], file: Path) -> None:
    """Write the table as CSV, with a byte order mark, by which spreadsheets know the encoding.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        with atomic_file(file) as beside, beside.open("w", newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(asdict(job) for job in jobs)
    except OSError as error:
        raise InputError(f"The plan '{file}' cannot be written ({error.strerror}): choose another folder with -o.") from error


def read_jobs(file: Path) -> list[Job]:
    """Read a table: a plan that was changed by hand, or one of the user's own with the columns `anatomy`, `function` and, if wanted, more.

    Paths are relative to the table's folder. Comma, semicolon and tab divide, as spreadsheets write them.

    Raises:
        InputError: it cannot be read, lacks a column, or a row lacks a path or names none that exists.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The table '{file}' cannot be read ({error}): give a CSV file in UTF-8.") from error
    first = text.splitlines()[0] if text else ""
    divider = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=divider))
    except csv.Error as error:
        raise InputError(f"The table '{file}' cannot be read ({error}): give a CSV file in UTF-8.") from error
    names = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"anatomy", "function"} <= set(names):
        raise InputError(f"The table '{file}' has no columns 'anatomy' and 'function' in its first row: name them there.")
    if any(count > 1 for name, count in Counter(names).items() if name):
        raise InputError(f"The table '{file}' has a column twice in its first row: name each once.")
    if unknown := [name for name in names if name and name not in COLUMNS]:
        raise InputError(f"The table '{file}' has a column '{unknown[0]}'; those known are {', '.join(COLUMNS)}.")
    jobs: list[Job] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(map(str.strip, row)):
            continue
        cells = {name: value.strip() for name, value in zip(names, row, strict=False) if name}
        jobs.append(_checked(Job(**cells), file, number))
    counts = Counter(job.key for job in jobs)
    if twice := next((job for job in jobs if counts[job.key] > 1), None):
        raise InputError(f"The table '{file}' has the pair '{twice.anatomy}' and '{twice.function}' twice: delete one of the rows.")
    return jobs


def _checked(job: Job, file: Path, number: int) -> Job:
    if job.fuse.lower() not in (YES, NO, ""):
        raise InputError(f"Row {number} of '{file}' has '{job.fuse}' in the column 'fuse': write yes or no.")
    job = replace(job, fuse=job.fuse.lower() or YES)
    if not job.is_wanted:
        return job
    for role in ("anatomy", "function"):
        given = getattr(job, role)
        if not given:
            raise InputError(f"Row {number} of '{file}' names no {role}: give the path of a folder or file.")
        path = (file.parent / given).absolute()
        if not os.path.exists(path):
            raise InputError(f"Row {number} of '{file}': the {role} '{path}' does not exist.")
        job = replace(job, **{role: str(path)})
    return job


def _stamp(path: str) -> list[object]:
    """What changes when the files do: of a folder how many there are, how large together, and the newest."""
    place = Path(path)
    files = [place] if place.is_file() else sorted(entry for entry in place.rglob("*") if entry.is_file()) if place.is_dir() else []
    facts = [entry.stat() for entry in files]
    return [len(facts), sum(fact.st_size for fact in facts), max((fact.st_mtime_ns for fact in facts), default=0)]
