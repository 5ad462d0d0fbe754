"""Ctrl-C, a kill and a closed terminal, at every moment: exit code 130, nothing half-written, no process and no temporary file left."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.place import signals_on
from Testing.cli.small_study import body

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A pair that takes some seconds to fuse and a second to write."""
    folder = tmp_path_factory.mktemp("pair")
    for modality in (Modality.CT, Modality.PET):
        write_volume(body(modality, slices=40, size=112), folder / f"{modality.name}.nrrd")
    return folder / "CT.nrrd", folder / "PET.nrrd"


def starting(place):
    """What the library needs is being loaded."""
    with suppress(OSError):
        return "numpy" in Path(f"/proc/{place.process.pid}/maps").read_text()
    return time.monotonic() > place.started + 0.5  # no /proc on this system


def loading_torch(place):
    """The worker was started."""
    return any(place.temporary.glob("lcdfusion-*/events.jsonl"))


def fusing(place):
    """Some slices are done, most are not."""
    return any(file.read_text().count('"slice"') > 2 for file in place.temporary.glob("lcdfusion-*/events.jsonl"))


def writing(place):
    """Some files of the result are there; the overview, which takes longest, is not."""
    return any(place.folder.glob(".part-*-out/fused_color.nrrd"))


def interrupt(place, process, moment, send):
    """Wait for a moment of the work, send the signal, and see the command end in order."""
    place.started, place.process = time.monotonic(), process
    while not moment(place):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < place.started + 120
        time.sleep(0.005)
    send(process)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, (stdout, stderr)
    assert stderr == "lcdfusion: interrupted; nothing half-written is left.\n"
    assert "look at" not in stdout
    assert place.is_clean()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def terminal(process):
    """Ctrl-C in a terminal reaches the worker too."""
    os.killpg(process.pid, signal.SIGINT)


def impatient(process):
    for _ in range(5):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02)


def parent_alone(process):
    process.send_signal(signal.SIGINT)


def kill(process):
    process.send_signal(signal.SIGTERM)


def closed_terminal(process):
    process.send_signal(signal.SIGHUP)


@pytest.mark.parametrize(
    ("moment", "send"),
    [
        (starting, terminal),
        (loading_torch, terminal),
        (fusing, terminal),
        (fusing, impatient),
        (fusing, parent_alone),
        (fusing, kill),
        (fusing, closed_terminal),
        (writing, terminal),
        (writing, impatient),
        (writing, kill),
    ],
    ids=lambda function: function.__name__,
)
def test_interrupted(place, pair, weights, moment, send):
    out = place.folder / "new" / "out" if moment is fusing else place.out
    interrupt(place, place.start("fuse", *pair, "-o", out, "--dicom", "--weights", weights), moment, send)
    assert not list(place.folder.iterdir())


def test_interrupted_overwrite_keeps_the_earlier_result(place, study, pair, weights):
    place.fuse(study / "CT", study / "PT", "--weights", weights)
    before = place.listing()
    interrupt(place, place.start("fuse", *pair, "-o", place.out, "--overwrite", "--weights", weights), writing, terminal)
    assert place.listing() == before
    assert json.loads((place.out / "report.json").read_text())["slices"] == 6


def processes():
    """/proc/N/stat of every process: its number, (its name), its state, its parent, ..."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            yield file.read_text()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
def test_worker_that_is_killed(place, pair, weights):
    """As when the memory is full: one sentence, exit code 1, and nothing left."""
    process = place.start("fuse", *pair, "-o", place.out, "--weights", weights)
    while not fusing(place):
        time.sleep(0.005)
    (worker,) = (int(stat.split()[0]) for stat in processes() if stat.rpartition(")")[2].split()[1] == str(process.pid))
    os.kill(worker, signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.startswith("lcdfusion: The fusion process ended unexpectedly (signal 9")
    assert stderr.count("\n") == 1
    assert place.is_clean()
    assert not list(place.folder.iterdir())


def test_a_signal_that_the_shell_switched_off_stays_off(place, study, weights):
    """`nohup lcdfusion ... &` goes on when the terminal closes."""

    def nohup():
        signals_on()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = place.start("fuse", study / "CT", study / "PT", "-o", place.out, "--weights", weights, preexec_fn=nohup)
    while not loading_torch(place):
        time.sleep(0.005)
    closed_terminal(process)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert (place.out / "overview.png").exists()


def test_progress_bar_with_time_left_on_a_terminal(place, pair, weights):
    screen, other_end = pty.openpty()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = place.start("fuse", *pair, "-o", place.out, "--weights", weights, stderr=other_end)
    os.close(other_end)
    shown = b""
    while process.poll() is None or shown == b"":
        try:
            shown += os.read(screen, 4096)
        except OSError:  # the command has ended
            break
    process.communicate(timeout=60)
    assert process.returncode == 0
    bars = shown.decode().split("\r")
    assert any("fusing on CPU" in bar and "/40 [" in bar and "<" in bar and "?" not in bar for bar in bars)
    assert any("100%" in bar for bar in bars)


COMMIT = """
import os, shutil, signal, sys
from pathlib import Path

from LCDFusionLib.interrupts import obeyed
from LCDFusionLib.pipeline.output_folder import whole_folder

place, new_folders, signals = Path(sys.argv[1]), sys.argv[2] == "new", int(sys.argv[3])
at = seen = 0


def send(event, arguments):
    global seen
    if event.startswith(("os.", "shutil.", "open")):
        seen += 1
        if at <= seen < at + signals:
            os.kill(os.getpid(), signal.SIGINT)


def state():
    return {str(p.relative_to(place)): p.read_text() for p in place.rglob("*") if p.is_file()}, sorted(p.name for p in place.iterdir())


OLD = ({}, []) if new_folders else ({"out/a": "old", "out/b": "old"}, ["out"])
NEW = ({"new/out/a": "new"}, ["new"]) if new_folders else ({"out/a": "new"}, ["out"])
sys.addaudithook(send)
results = []
while True:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # after an interrupt it is switched off, because the command ends
    at, seen = 10**9, 0
    shutil.rmtree(place)
    place.mkdir()
    for name in OLD[0]:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("old")
    at, seen = len(results) + 1, 0
    interrupted = False
    try:
        with obeyed():
            target = place / "new" / "out" if new_folders else place / "out"
            with whole_folder(target, overwrite=True, contents=["a", "b"], bytes_needed=1) as folder:
                (folder / "a").write_text("new")
    except KeyboardInterrupt:
        interrupted = True
    was_sent, at = seen >= at, 10**9
    assert interrupted == was_sent, (len(results) + 1, interrupted, was_sent)
    now = state()
    assert now in (OLD, NEW), (len(results) + 1, now)
    if not interrupted:
        assert now == NEW
        break
    results.append(now == NEW)
print(len(results), sum(results))
"""


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("target", ["new", "overwrite"])
def test_ctrl_c_before_every_single_step_on_the_disk(tmp_path, target, signals):
    """The signal comes before the first, the second, ... call of the system; the folder holds the old or the new result, whole."""
    (tmp_path / "place").mkdir()
    result = subprocess.run(
        [sys.executable, "-c", COMMIT, str(tmp_path / "place"), target, str(signals)], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    moments, after = map(int, result.stdout.split())
    assert moments > 5
    assert 0 < after < moments
