"""A short seeded run of the harness, and the harness itself: it would see what it is there for."""

import os
from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="one process a case, by fork")


def test_three_hundred_cases(tmp_path):
    from Testing.fuzz.run import as_markdown, run

    table, places = run(300, 1_000_000, tmp_path)
    assert not places, f"{as_markdown(table)}\n{places}"
    assert sum(table.values()) == 300
    assert sum(count for (_, outcome), count in table.items() if outcome == "refused") > 100


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
