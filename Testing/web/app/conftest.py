"""The real viewer, and Chromium that clicks in it."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from LCDFusionLib.images.volume import Modality
from Testing.cli.place import signals_on
from Testing.cli.small_study import body, write_series
from Testing.web.app.reader import Reader

PROJECT = Path(__file__).resolve().parents[3]
PICTURES = PROJECT / "build" / "web-pictures"
"""What the page looked like in the last run; git ignores it."""


@pytest.fixture(scope="session")
def small_study(tmp_path_factory):
    """Six slices of one patient as CT, MR and PET, as a DICOM folder."""
    folder = tmp_path_factory.mktemp("study")
    for modality in (Modality.CT, Modality.MR, Modality.PET):
        write_series(folder / modality.value, body(modality))
    return folder


@pytest.fixture(scope="session")
def viewer(small_study, tmp_path_factory):
    """`lcdfusion view` on the small study; its address."""
    with running_viewer(small_study, tmp_path_factory.mktemp("viewer")) as address:
        yield address


@contextlib.contextmanager
def running_viewer(study, folder, *options):
    """`lcdfusion view` on a study (None: the phantom), with more options; its address. It leaves nothing in its temporary folder."""
    command = [
        sys.executable,
        "-m",
        "LCDFusionLib.cli",
        "view",
        *([] if study is None else [str(study)]),
        "--port",
        "0",
        "--no-browser",
        "--no-spare",
    ]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [*command, "--max-sessions", "8", "--upload-limit", "64", *options],
            env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(PROJECT)},
            stdout=out,
            stderr=err,
            cwd=folder,
            preexec_fn=signals_on,
        )
    try:
        for line in _lines(folder / "out", process):
            if "The viewer is at " in line:
                yield line.split("The viewer is at ")[1].split()[0]
                break
    finally:
        process.terminate()
        process.wait(20)
    assert [path.name for path in folder.iterdir() if path.name.startswith("lcdfusion-")] == []


def _lines(file, process):
    for _ in range(300):
        if (lines := file.read_text().splitlines()) and any("viewer is at" in line for line in lines):
            return lines
        assert process.poll() is None, file.with_name("err").read_text()
        time.sleep(0.1)
    raise AssertionError("the viewer does not start")


@pytest.fixture(scope="module")
def reader(chromium, viewer):
    """A reader with the small study open."""
    with Reader(chromium, viewer, PICTURES) as reader:
        reader.wait_until_read()
        yield reader
