"""Small data that a network can learn from in seconds."""

import numpy as np
import pytest

from LCDFusionLib.training.data import TrainingData
from LCDFusionLib.training.samples import SlicePair


@pytest.fixture(scope="session")
def data():
    """Three pairs of 56x56 in three groups to train on, one to validate with."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:56, :56]

    def pair(n):
        anatomy = 0.4 + 0.3 * np.sin(columns / (3 + n)) + random.normal(0, 0.02, rows.shape)
        function = np.exp(-((rows - 10 * n) ** 2 + (columns - 28) ** 2) / 150)
        return SlicePair(anatomy.clip(0, 1).astype(np.float32), function.astype(np.float32), str(n), f"{n}/0")

    return TrainingData([(1.0, [pair(1), pair(2), pair(3)])], [pair(4)])
