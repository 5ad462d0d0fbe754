"""On images that are computed here, against the metrics once more (`reference.py`), and that against an independent program's values."""

import csv

import numpy as np
import pytest
import torch

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate
from Testing.metrics.reference import measured
from Testing.metrics.test_metrics_reference import COLUMNS, FUSED, read_gray


def slices():
    """Anatomy and function in 8-bit gray: a trunk with black around it, and noise with edges; their sides differ."""
    random = np.random.default_rng(5)
    j, i = np.mgrid[:80, :64]
    inside, spine = np.hypot((i - 32) / 28, (j - 40) / 36) < 1, np.hypot(i - 32, j - 60) < 6
    anatomy = np.where(inside, 120 + 100 * spine + random.normal(0, 8, i.shape), 0)
    function = np.where(inside, 25 + 200 * (np.hypot(i - 40, j - 30) < 5) + random.normal(0, 5, i.shape), 0)
    yield tuple(np.round(np.clip(image, 0, 255)) for image in (anatomy, function))
    j, i = np.mgrid[:57, :90]
    anatomy = 90 + 60 * (np.hypot(i - 40, j - 30) < 20) + random.normal(0, 12, i.shape)
    function = 20 + 160 * np.exp(-((i - 55) ** 2 + (j - 25) ** 2) / 90) + random.normal(0, 4, i.shape)
    yield tuple(np.round(np.clip(image, 0, 255)) for image in (anatomy, function))


@pytest.fixture(scope="module")
def triples():
    """(fused, anatomy, function): averages, maxima, contrast raised and lowered, and an image that is darker where uptake is."""
    found = []
    for anatomy, function in slices():
        louder, softer, dark = np.clip(1.4 * anatomy - 40, 0, 255), 0.5 * anatomy + 60, np.clip(anatomy - 0.4 * function, 0, 255)
        for fused in ((anatomy + function) / 2, np.maximum(anatomy, function), louder, softer, dark):
            found.append((np.floor(fused + 0.5), anatomy, function))
    return found


@pytest.fixture(scope="module")
def expected(triples):
    return [measured(*triple) for triple in triples]


@pytest.fixture(scope="module")
def ours(triples):
    return [evaluate(*(torch.from_numpy(image)[None, None] for image in triple)) for triple in triples]


@pytest.mark.parametrize("name", METRICS + PER_SOURCE)
def test_equals_what_the_sources_say(name, ours, expected):
    np.testing.assert_allclose([values[name].item() for values in ours], [values[name] for values in expected], rtol=1e-9, atol=1e-9)


def test_the_figures_themselves():
    """Those of the second pair's average, as the reference gave them once: a change of both would not be seen otherwise."""
    anatomy, function = list(slices())[1]
    values = measured(np.floor((anatomy + function) / 2 + 0.5), anatomy, function)
    assert {name: values[name] for name in METRICS} == pytest.approx(FIGURES, abs=1e-6)


# VIF is also what `vifp` of sewar 0.4.10 gives: 0.584630337682.
FIGURES = {
    "IE": 5.870264,
    "AG": 4.701736,
    "SD": 21.85041,
    "SF": 13.991321,
    "SCD": 1.175735,
    "VIF": 0.58463,
    "QABF": 0.402188,
    "EI": 35.243622,
}


def test_the_reference_equals_an_independent_program(reference_values, shared_data):
    with reference_values.open() as lines:
        rows = list(csv.DictReader(lines))
    for row in rows[::5]:
        folder = shared_data / "brain-atlas" / row["dataset"]
        anatomy = read_gray(folder / "MRI" / row["pair"])
        function = read_gray(folder / row["dataset"].split("-")[0] / row["pair"])
        with np.errstate(invalid="ignore"):
            values = measured(FUSED[row["fused"]](anatomy, function), anatomy, function)
        for name in METRICS:
            expected = float(row[COLUMNS.get(name, name)] or "nan")
            assert values[name] == pytest.approx(expected, abs=1e-8, nan_ok=True), (row["pair"], name)
