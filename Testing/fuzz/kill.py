"""kill -9 at random moments: `python -m Testing.fuzz.kill --moments 200`, the second half of `make fuzz`.

Each work is begun in a process of its own, killed after a random part of the time that it takes, looked at, and done again to its end:

- fuse: the real command, over an earlier result (--overwrite);
- register: likewise, in this process's fork, so that the time goes into the work and not into loading;
- train: a run that goes on from its checkpoint; each step is counted outside it, so that the steps that a kill costs are known;
- write: what a result's folder is written by, over an earlier one, with small files, where most of the moments fall into the renaming;
- send: images to an archive, which counts what it gets; the journal says what need not go again;
- fetch: images from an archive into a new folder.

After the kill the old or the new result stands there whole, never half of one; after the next run the new one, and nothing hidden is left.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import torch
from tqdm import tqdm

from LCDFusionLib.cli.main import main as command
from LCDFusionLib.cli.register import RESULT as REGISTERED
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.interrupts import held
from LCDFusionLib.network import load_weights
from LCDFusionLib.pacs import fetch, send, transfer
from LCDFusionLib.pipeline.output_folder import whole_folder
from LCDFusionLib.training.data import TrainingData
from LCDFusionLib.training.presets import PRESETS
from LCDFusionLib.training.samples import SlicePair
from LCDFusionLib.training.trainer import Trainer
from Testing.cli.small_study import body, write_series
from Testing.fuzz.moments import parsed
from Testing.plain_weights import write_plain_weights

transfer._KEEP_EVERY = 0.0  # each image: otherwise so short a work would never write its journal


class Work:
    """One kind: `run` in a process of its own, `whole` of what stands there (None: wrong)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def begin(self):
        """Start it; the process id."""
        child = os.fork()
        if child:
            with suppress(OSError):  # it has done so itself, or has ended
                os.setpgid(child, child)
        else:
            os.setpgid(0, 0)
            try:
                self.run()
            finally:
                os._exit(0)
        return child

    def hidden(self):
        """Names that no run may leave."""
        return [path.name for path in self.folder.iterdir() if path.name.startswith(".")]


class Write(Work):
    """A folder of twenty files over another."""

    generation = 0

    def run(self):
        with whole_folder(self.folder / "out", overwrite=True, contents=[str(n) for n in range(20)], bytes_needed=1) as place:
            for n in range(20):
                (place / str(n)).write_text(str(self.generation))

    def state(self):
        out = self.folder / "out"
        found = {path.read_text() for path in out.iterdir()} if out.exists() else set()
        return found.pop() if len(found) == 1 and len(list(out.iterdir())) == 20 else None

    def check_killed(self):
        # Without an exchange in one step the earlier result may be hidden for a moment; the next run puts it back.
        return self.generation == 1 or self.state() in (str(self.generation - 1), str(self.generation))

    def check_done(self):
        return self.state() == str(self.generation) and not self.hidden()


class Fuse(Work):
    """The command, over its earlier result."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.study = folder.with_name("fuse-study")
        for modality in (Modality.CT, Modality.PET):
            write_series(self.study / modality.value, body(modality, slices=4, size=24))
        self.weights = write_plain_weights(folder.with_name("plain.pt"))

    generation = 0

    def begin(self):
        window = 300 + self.generation
        command = [sys.executable, "-m", "LCDFusionLib.cli", "fuse", self.study / "CT", self.study / "PT", "-o", self.folder / "out"]
        more = ["--overwrite", "--dicom", "--weights", str(self.weights), "--window", f"{window}/40"]
        return subprocess.Popen(
            [*map(str, command), *map(str, more)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ).pid

    def state(self):
        report = self.folder / "out" / "report.json"
        files = json.loads(report.read_text())["files"] if report.exists() else []
        return all((self.folder / "out" / file).exists() for file in files) if files else None

    def check_killed(self):
        return bool(self.state())

    def check_done(self):
        return bool(self.state()) and not self.hidden()


class Register(Work):
    """The command, over its earlier result."""

    generation = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.pair = [folder.with_name(f"register-{modality.name}.nrrd") for modality in (Modality.CT, Modality.PET)]
        for path, modality in zip(self.pair, (Modality.CT, Modality.PET), strict=True):
            write_volume(body(modality, slices=12, size=32), path)

    def run(self):
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        command(["register", *map(str, self.pair), "-o", str(self.folder / "out"), "--overwrite"])

    def state(self):
        out = self.folder / "out"
        if not all((out / file).exists() for file in REGISTERED if not file.startswith("deformation")):
            return None
        return (out / "registration.json").stat().st_mtime_ns

    def check_killed(self):
        return self.state() is not None and json.loads((self.folder / "out" / "registration.json").read_text())

    def check_done(self):
        before, self.before = getattr(self, "before", None), self.state()
        return self.before is not None and self.before != before and not self.hidden()


class Train(Work):
    """A run, which the next one goes on with; one that has ended is followed by a new one."""

    STEPS, INTERVAL = 9, 3
    generation = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rows, columns = np.mgrid[:48, :48]
        gray = (0.4 + 0.3 * np.sin(columns / 4)).astype(np.float32)
        pairs = [
            SlicePair(gray, np.exp(-((rows - 9 * n) ** 2 + (columns - 24) ** 2) / 150).astype(np.float32), str(n), f"{n}/0")
            for n in (1, 2, 3)
        ]
        self.data, self.lost = TrainingData([(1.0, pairs[:2])], pairs[2:]), Counter()
        self.preset = replace(PRESETS["default"], steps=self.STEPS, steps_per_epoch=self.INTERVAL, batch_size=1, crop=41)

    @property
    def place(self):
        return self.folder / f"run-{self.generation}"

    def run(self):
        torch.set_num_threads(1)
        counted = self.place.with_suffix(".steps").open("ab", buffering=0)

        class Counting(tqdm):
            def update(self, n=1):
                counted.write(b".")

        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        trainer = Trainer(self.data, self.preset, self.place, held=held)
        counted.truncate(trainer.step)
        trainer.run(Counting(disable=True))

    def kept(self):
        checkpoint = self.place / "checkpoint.pt"
        return torch.load(checkpoint, weights_only=True)["step"] if checkpoint.exists() else 0

    def check_killed(self):
        steps = self.place.with_suffix(".steps")
        done = steps.stat().st_size if steps.exists() else 0
        self.lost[done - self.kept()] += 1
        return 0 <= done - self.kept() <= self.INTERVAL

    def check_done(self):
        with (self.place / "log.csv").open() as log:
            rows = [int(row["step"]) for row in csv.DictReader(log)]
        load_weights(self.place / "best.pt")
        return self.kept() == self.STEPS and rows == list(range(self.INTERVAL, self.STEPS + 1, self.INTERVAL)) and not self.hidden()


class _Archive:
    """In this process: files in a folder."""

    def __init__(self, folder: Path, images: list[Path]) -> None:
        self.folder, self.images = folder, images
        folder.mkdir(exist_ok=True)

    def store(self, files):
        for path in files:
            with (self.folder / "log").open("a") as log:
                log.write(f"{path.name}\n")
            yield path, None

    def find_instances(self, study, series):
        return [(header.SeriesInstanceUID, header.SOPInstanceUID) for header in map(pydicom.dcmread, self.images)]

    def get(self, study, instances):
        wanted = {instance for _, instance in instances}
        for path in self.images:
            dataset = pydicom.dcmread(path)
            if dataset.SOPInstanceUID in wanted:
                yield dataset


class Send(Work):
    """Images to an archive, with a journal."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        write_series(folder.with_name("send-study"), body(Modality.CT, slices=20, size=16))
        self.files = sorted(folder.with_name("send-study").rglob("*.dcm"))
        self.generation = 0

    def run(self):
        archive = _Archive(self.folder / f"archive-{self.generation}", [])
        send(archive, self.files, journal=self.folder / f"journal-{self.generation}.json", destination="a")

    def sent(self):
        log = self.folder / f"archive-{self.generation}" / "log"
        return log.read_text().split() if log.exists() else []

    def check_killed(self):
        journal = self.folder / f"journal-{self.generation}.json"
        return not journal.exists() or len(json.loads(journal.read_text())["a"]) <= len(self.sent())

    def check_done(self):
        sent = self.sent()  # one image may go twice: the kill came between the archive's answer and the journal
        return set(sent) == {path.name for path in self.files} and len(sent) <= len(self.files) + 1 and not self.hidden()


class Fetch(Send):
    """Images from an archive."""

    def run(self):
        fetch(_Archive(self.folder.with_name("fetched-from"), self.files), "1.2", self.folder / f"out-{self.generation}")

    def check_killed(self):
        out = self.folder / f"out-{self.generation}"
        return not out.exists() or len(list(out.rglob("*.dcm"))) == len(self.files)

    def check_done(self):
        out = self.folder / f"out-{self.generation}"
        return sorted(path.stem for path in out.rglob("*.dcm")) == sorted(
            pydicom.dcmread(path).SOPInstanceUID for path in self.files
        ) and not list(self.folder.rglob(".*"))


WORKS = (Write, Send, Fetch, Register, Train, Fuse)


def _ended(pid):
    return os.waitpid(pid, os.WNOHANG)[0] != 0


def try_moments(work, moments, random):
    """Counter of what became of it."""
    found = Counter()
    work.generation = 1
    began = time.perf_counter()
    os.waitpid(work.begin(), 0)
    takes = time.perf_counter() - began
    for _ in range(moments):
        work.generation += 1
        pid = work.begin()
        time.sleep(random.uniform(0, 1.1 * takes))
        if _ended(pid):
            found["had ended"] += 1
        else:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            found["killed"] += 1
        if not work.check_killed():
            found["LOST OR HALF"] += 1
        began = time.perf_counter()
        os.waitpid(work.begin(), 0)
        takes = (takes + time.perf_counter() - began) / 2
        if not work.check_done():
            found["NEXT RUN WRONG"] += 1
    for steps, count in sorted(getattr(work, "lost", {}).items()):
        print(f"{type(work).__name__.lower()}: {steps} steps lost in {count} of {moments} moments", file=sys.stderr)
    return found


def run(moments, folder, works=None, seed=0):
    """{work: Counter}."""
    random = np.random.default_rng(seed)
    return {kind.__name__.lower(): try_moments(kind(folder / kind.__name__.lower()), moments, random) for kind in works or WORKS}


def main():
    options = parsed(__doc__, [kind.__name__.lower() for kind in WORKS], moments=200)
    works = [kind for kind in WORKS if options.only in (None, kind.__name__.lower())]
    with tempfile.TemporaryDirectory() as folder:
        table = run(options.moments, Path(folder), works, options.seed)
    print("| work | killed | had ended before | lost or half | next run wrong |\n|---|---|---|---|---|")
    for name, found in table.items():
        print(f"| {name} | " + " | ".join(str(found[key]) for key in ("killed", "had ended", "LOST OR HALF", "NEXT RUN WRONG")) + " |")
    sys.exit(any(found["LOST OR HALF"] or found["NEXT RUN WRONG"] for found in table.values()))


if __name__ == "__main__":
    main()
