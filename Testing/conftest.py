"""What every test may ask for."""

import os
from pathlib import Path

import pytest

# Threads of torch that wait by spinning make a busy machine several times slower; to be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Workers of pytest-xdist share the cores: each, and every process that it starts, computes with its own part of them.
_THREADS = max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
for _name in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "LP_NUM_THREADS"):
    os.environ.setdefault(_name, str(_THREADS))

PROJECT = Path(__file__).resolve().parents[1]


# What one worker of pytest-xdist does in a row: all that needs a browser, of which one is enough, and all that needs the emulated Slicer.
_TOGETHER = {
    **dict.fromkeys(("clients", "web/app", "web/views", "web/front/test_pages_in_chromium.py"), "browser"),
    "hosts": "hosts",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """As `--dist loadfile` does it, a file stays in one worker with its fixtures; `_TOGETHER` keeps some files in one, too."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((group for start, group in _TOGETHER.items() if file.startswith(f"Testing/{start}")), file)

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


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


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> str:
    """A plain network's weights, seeded: ten times as fast as the one that ships."""
    from Testing.plain_weights import write_plain_weights  # torch takes its time to load

    return write_plain_weights(tmp_path_factory.mktemp("weights") / "plain.pt")


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Path:
    """A folder with the series CT, MR and PT; not to be changed."""
    from LCDFusionLib.images.volume import Modality
    from Testing.cli.small_study import body, write_series

    folder = tmp_path_factory.mktemp("study")
    for modality in (Modality.CT, Modality.MR, Modality.PET):
        write_series(folder / modality.value, body(modality))
    return folder
