"""What a process says on the way, and what is said of one that ended."""

import os
import time

import pytest

from LCDFusionLib.fusion.process import WorkerDied, WorkerProcess
from LCDFusionLib.fusion.protocol import EVENTS_FILE


@pytest.mark.parametrize(
    ("exit_code", "lines", "how"),
    [
        (-9, ["Killed"], "signal 9: Killed, as when the memory is full"),
        (-11, ["one", "two"], "signal 11: Segmentation fault"),
        (3, ["one", "two"], "exit code 3: two"),
        (3, [], "exit code 3"),
        (0, [], "exit code 0"),
    ],
)
def test_how_it_ended(exit_code, lines, how):
    error = WorkerDied(exit_code, lines)
    assert str(error) == f"The fusion process ended unexpectedly ({how}); run the fusion again."
    assert (error.exit_code, error.last_lines) == (exit_code, lines)


def test_a_broken_gpu_may_break_it_again():
    assert str(WorkerDied(1, [], on_gpu=True)).endswith("(exit code 1); run the fusion again, on the CPU.")
    assert str(WorkerDied(1, [], work="registration")).startswith("The registration process ended")


@pytest.fixture
def script(tmp_path):
    """A process of a few lines of the shell in the place of the interpreter; `$3` is its folder."""
    if os.name == "nt":
        pytest.skip("a script of the shell")
    running = []

    def start(*lines):
        file = tmp_path / "script"
        file.write_text("\n".join(["#!/bin/sh", *lines]))
        file.chmod(0o755)
        running.append(WorkerProcess(str(file)))
        return running[-1]

    yield start
    for process in running:
        process.close()
        assert not process.folder.exists()


def ended(process):
    give_up = time.monotonic() + 60
    while process.exit_code is None:
        assert time.monotonic() < give_up
        time.sleep(0.005)
    return process


def test_the_last_fifty_lines_are_kept_and_all_of_a_crash(script):
    counted = 'for n in $(seq 60); do echo "line $n"; done'
    assert ended(script(counted)).last_lines() == [f"line {n}" for n in range(11, 61)]
    assert ended(script("echo one", "printf 'tw\\377'")).last_lines() == ["one", "tw\ufffd"]
    crashed = ended(script("echo before", "echo 'Fatal Python error: Bus error'", counted)).last_lines()
    assert crashed == ["Fatal Python error: Bus error", *(f"line {n}" for n in range(1, 61))]
    late = ended(script(counted, "echo 'Fatal Python error: Bus error'")).last_lines()
    assert late == [*(f"line {n}" for n in range(12, 61)), "Fatal Python error: Bus error"]


def test_a_message_counts_once_all_of_it_is_there(script):
    process = script(
        f'printf \'{{"event":"one"}}\\n{{"event":\' >> "$3/{EVENTS_FILE}"', "read go", f'printf \'"two"}}\\n\' >> "$3/{EVENTS_FILE}"'
    )
    seen, give_up = [], time.monotonic() + 60
    while not seen:
        seen += process.receive()
        assert time.monotonic() < give_up
    process.send(do="go")
    assert ended(process).exit_code == 0
    assert seen + process.receive() == [{"event": "one"}, {"event": "two"}]
    assert process.receive() == []
    process.send(do="go")  # nobody is there to hear it


def test_a_worker_keeps_its_memory_though_its_host_gives_it_back(script, monkeypatch):
    """The browser's session does, and handed it on: slices took twice as long. glibc: M_MMAP_THRESHOLD above all that a slice needs."""
    from LCDFusionLib.web.front.session_process import ENVIRONMENT

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    process = script('env > "$3/beside"', 'mv "$3/beside" "$3/environment"')
    file, give_up = process.folder / "environment", time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    given = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    largest = 4 * 416 * 514 * 512  # bytes of the feature maps of a slice of 512x512
    assert int(given["MALLOC_MMAP_THRESHOLD_"]) > largest
    assert int(given["MALLOC_TRIM_THRESHOLD_"]) > largest
