"""Front servers to test."""

import pytest

from Testing.web.front.running_front import RunningFront


@pytest.fixture
def start_front(tmp_path):
    """Starts front servers; at the end they are ended, and must have left nothing."""
    started = []

    def start(*arguments, **options) -> RunningFront:
        folder = tmp_path / f"temporary-{len(started)}"
        folder.mkdir()
        started.append(RunningFront(folder, *arguments, **options))
        return started[-1]

    yield start
    for front in started:
        if front.process.poll() is None:
            assert front.stop() == 0, front.err
            assert not list(front.temporary.iterdir())


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """One for tests that do not disturb each other."""
    front = RunningFront(tmp_path_factory.mktemp("temporary"), "--no-browser", "--no-spare", "--upload-limit", 8, "--max-sessions", 50)
    yield front
    assert front.stop() == 0, front.err
    assert not list(front.temporary.iterdir())
