from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from LCDFusionLib.fusion import FusionPair, FusionSettings, FusionWorker, prepare
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from LCDFusionLib.network import LCDFusionNet, NetworkConfig, save_weights

SLICES, ROWS, COLUMNS = 6, 30, 25


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> str:
    """A small network's weights, seeded."""
    path = tmp_path_factory.mktemp("weights") / "tiny.pt"
    torch.manual_seed(42)
    save_weights(LCDFusionNet(NetworkConfig(correlation_size=4)), path, {"name": "tiny"})
    return str(path)


@pytest.fixture(scope="session")
def ct() -> Volume:
    """A bone ring in soft tissue that shrinks from slice to slice; noise, so that no two slices are alike."""
    k, j, i = np.mgrid[:SLICES, :ROWS, :COLUMNS]
    radius = np.hypot(j - ROWS / 2, i - COLUMNS / 2)
    array = np.where(np.abs(radius - 9 + k / 2) < 1.5, 700.0, np.where(radius < 9 - k / 2, 40.0, -1000.0))
    array += np.random.default_rng(42).normal(0, 15, array.shape)
    matrix = geometry_matrix(np.array([1.0, 1.0, 3.0]), np.eye(3), np.array([-12.0, -15.0, 40.0]))
    return Volume(array.astype(np.float32), matrix, Modality.CT, Unit.HU, "CT thorax", "1.2.3")


@pytest.fixture(scope="session")
def pet(ct) -> Volume:
    """A lesion of SUV 8 on a grid of its own, half as fine, that covers the CT."""
    k, j, i = np.mgrid[:SLICES, : ROWS // 2 + 2, : COLUMNS // 2 + 2]
    array = 8 * np.exp(-((j - 8) ** 2 + (i - 7) ** 2 + (k - 3) ** 2) / 4) + 0.5
    matrix = geometry_matrix(np.array([2.0, 2.0, 3.0]), np.eye(3), ct.origin - [1, 1, 0])
    return Volume(array.astype(np.float32), matrix, Modality.PET, Unit.SUVBW, "PET", "1.2.3")


@pytest.fixture(scope="session")
def settings(weights) -> FusionSettings:
    return FusionSettings(weights=weights, device="cpu")


@pytest.fixture(scope="session")
def pair(ct, pet, settings) -> FusionPair:
    return prepare(ct, pet, settings)


@pytest.fixture(scope="session")
def slow_pair(ct, pet, settings) -> FusionPair:
    """Slices that take long enough to cancel in between: 96x96, 40 of them."""
    array = np.random.default_rng(1).normal(0, 300, (40, 96, 96)).astype(np.float32)
    return prepare(replace(ct, array=array), pet, settings)


@pytest.fixture(scope="module")
def worker():
    with FusionWorker(cancel_patience=60) as worker:  # a busy machine must not turn an answered cancel into a forced one
        yield worker


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder that temporary files go to in this test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path
