"""What every test may ask for."""

import os
from pathlib import Path

import pytest

# Threads of torch that wait by spinning make a busy machine several times slower; to be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public images that the project does not contain (PET, CT and MR), or a skip that says why."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of public PET, CT and MR images (../shared/data) is not here")
    return folder


@pytest.fixture(scope="session")
def reference_values() -> Path:
    """CSV of metric values from an independent implementation, or a skip that says why."""
    file = PROJECT.parent / "shared" / "metrics" / "reference_values.csv"
    if not file.is_file():
        pytest.skip("the reference metric values (../shared/metrics/reference_values.csv) are not here")
    return file
