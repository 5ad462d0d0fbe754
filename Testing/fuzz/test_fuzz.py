"""A short seeded run of the harness, and the harness itself: it would see what it is there for."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="one process a case, by fork")


def test_a_hundred_cases():
    """From a process that has nothing else loaded: a case has as much memory as is left of its 6 GB."""
    command = [sys.executable, "-m", "Testing.fuzz.run", "--cases", "100", "--seed", "1000000"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    cases, _, refused = map(int, re.search(r"^\| all \| (\d+) \| (\d+) \| (\d+) \|", done.stdout, re.M).groups())
    assert cases == 100
    assert refused > 33


@pytest.mark.parametrize(
    ("reads", "outcome"),
    [
        (lambda *_: os.kill(os.getpid(), 9), "DEATH"),
        (lambda *_: 1 / 0, "TRACEBACK"),
        (lambda *_: [np.zeros(1), np.eye(4)], "SILENT"),
    ],
)
def test_the_harness_sees(tmp_path, monkeypatch, reads, outcome):
    from Testing.fuzz import base_files, run

    (base,) = (each for each in base_files.make(tmp_path) if each.name == "nifti-gzip")
    reference = base.read(base.path)
    base = replace(base, read=reads)
    monkeypatch.setattr(run, "mutate", lambda seed, data: ("more", data + b"x"))
    assert run.run_case(base, reference, 0, tmp_path)[0] == outcome
