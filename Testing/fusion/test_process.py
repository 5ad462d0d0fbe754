"""What is said of a process that ended."""

import pytest

from LCDFusionLib.fusion.process import WorkerDied


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
