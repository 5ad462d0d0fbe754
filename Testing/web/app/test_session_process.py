"""The process of a session as the front server sees it: it ends when told to, with its worker, and its log names nobody."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from Testing.web.front.running_front import is_running, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")

PROJECT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "LCDFusionLib.web.app", "--session"]


@pytest.fixture
def start_session(tmp_path):
    """Starts the process on some inputs."""
    pytest.importorskip("trame_slicer", reason="trame-slicer is not installed")
    started = []

    def start(*inputs):
        folder = tmp_path / "session"
        folder.mkdir()
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [*COMMAND, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, "TMPDIR": str(folder), "WSLINK_READY_MSG": ""},
            )
        started.append(process)
        first = {"do": "start", "secret": "s", "inputs": [str(path) for path in inputs], "upload_limit": 1000}
        process.stdin.write(json.dumps(first).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["event"] == "ready"
        return process, folder, tmp_path / "log"

    yield start
    for process in started:
        process.kill()


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(pid):
    return [child for child in children(pid) if b"LCDFusionLib.fusion" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_it_ends_with_its_input_and_takes_its_worker_along(start_session, small_study):
    process, folder, log = start_session(small_study)
    wait_until(lambda: workers(process.pid), 120)  # it comes when the study is open
    (worker,) = workers(process.pid)
    assert children(process.pid) == [worker], "what has read the study has ended"
    began = time.monotonic()
    process.stdin.close()
    process.wait(10)
    wait_until(lambda: not is_running(worker), 10)
    assert time.monotonic() - began < 10
    assert not folder.exists()
    assert_nobody_is_named(log)


def test_its_log_names_nobody_when_things_go_wrong(start_session, small_study, tmp_path):
    """A path that is not there, files that are no images, and a series cut short, of which only the voxels are missed."""
    process, folder, log = start_session(tmp_path / "Müller gone")

    def upload(name):
        (folder / name).mkdir()
        return folder / name / "Müller Anna P-17.dcm"

    def open_upload(name):
        process.stdin.write(json.dumps({"do": "open", "folder": str(folder / name)}).encode() + b"\n")
        process.stdin.flush()

    def is_refused(name):
        upload(name).write_bytes(b"no image")
        open_upload(name)
        wait_until(lambda: not (folder / name).exists(), 60)

    is_refused("first")
    series = upload("series")
    for number, file in enumerate(small_study.glob("*/*")):
        series.with_stem(f"{series.stem} {number}").write_bytes(file.read_bytes()[:-500])
    open_upload("series")
    wait_until(lambda: workers(process.pid), 120)  # it is open: its volumes are being read
    is_refused("second")
    process.stdin.close()
    process.wait(10)
    assert_nobody_is_named(log)


def assert_nobody_is_named(log):
    text = log.read_text(errors="replace")
    assert "ller" not in text
    assert "P-17" not in text
    assert "Traceback" not in text
