"""What takes long runs beside the main thread, and can be cancelled."""

import threading
import time

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

from LCDFusionLib.errors import InputError


@pytest.fixture
def wait_for(host, module):
    from LCDFusionPanel.background import wait_for

    return wait_for


def test_the_window_lives_while_something_is_computed(wait_for):
    import qt

    rounds, seen = [], threading.Event()
    timer = qt.QTimer()
    timer.setInterval(0)
    timer.connect("timeout()", lambda: (rounds.append(threading.current_thread()), len(rounds) >= 3 and seen.set()))
    timer.start()

    def compute():
        assert seen.wait(30), "no event came while this ran"
        return threading.current_thread()

    thread = wait_for(compute, "Computing")
    timer.stop()
    assert thread is not threading.main_thread()
    assert set(rounds) == {threading.main_thread()}


def test_what_goes_wrong_there_is_raised_here(wait_for):
    with pytest.raises(InputError, match="no room"):
        wait_for(lambda: (_ for _ in ()).throw(InputError("no room")), "Writing")
    assert wait_for(lambda: 7, "Computing") == 7, "and the next one runs"


def test_cancel_ends_it_where_it_is_and_takes_away_what_is_half_written(wait_for, monkeypatch, tmp_path):
    import qt

    class Dialog(qt.QProgressDialog):
        wasCanceled = True  # noqa: N815 (Qt's name)

    monkeypatch.setattr(qt, "QProgressDialog", Dialog)
    half, went_on = tmp_path / "half", []

    def write():
        half.write_text("half")
        try:
            while True:
                time.sleep(0.001)
        finally:
            half.unlink()

    with pytest.raises(InputError, match="Cancelled"):
        wait_for(lambda: (write(), went_on.append(True)), "Writing")
    assert not half.exists()
    assert not went_on
    monkeypatch.undo()
    assert wait_for(lambda: 7, "Computing") == 7


def test_a_call_that_has_not_begun_is_cancelled_too(host, module):
    from LCDFusionPanel.background import Background

    background, gate, ran = Background(), threading.Event(), []
    first = background.submit(gate.wait, 30)
    second = background.submit(ran.append, 1)
    assert second.cancel()
    gate.set()
    assert first.result(30)
    assert background.submit(lambda: 3).result(30) == 3
    assert not ran
