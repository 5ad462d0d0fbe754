"""What appears whole or not at all: after a kill the next run takes away what dead processes left; overwriting hides nothing."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from LCDFusionLib import atomic
from LCDFusionLib.atomic import atomic_file, atomic_folder, heal

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9")


def in_process(work, *, killed=True):
    """Run it in a process, which kills itself unless it is to live on; its id and an end of a pipe that keeps it alive."""
    reader, writer = os.pipe()
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        with work():
            os.write(told, b"x")
            if not killed:
                os.read(reader, 1)
            os.kill(os.getpid(), signal.SIGKILL)
    os.read(ready, 1)
    os.close(reader)
    if killed:
        os.waitpid(child, 0)
    return child, writer


@pytest.mark.parametrize("make", [atomic_file, atomic_folder])
def test_what_a_killed_process_leaves_is_swept(tmp_path, make):
    in_process(lambda: make(tmp_path / "result"))
    assert len(list(tmp_path.iterdir())) == 1
    atomic._swept.clear()
    with atomic_folder(tmp_path / "other"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    child, writer = in_process(lambda: atomic_folder(tmp_path / "result"), killed=False)
    with atomic_folder(tmp_path / "other"):
        pass
    assert len(list(tmp_path.glob(".part-*-result"))) == 1
    os.write(writer, b"x")
    os.waitpid(child, 0)


def test_nobody_sweeps_away_what_has_just_been_begun(tmp_path):
    """A folder is there a moment before it is locked. Another thread that writes into the same place sweeps just then, and must not win."""
    with ThreadPoolExecutor() as others:
        for n in range(300):
            for _ in range(3):
                others.submit(heal, tmp_path / "any")
            with atomic_file(tmp_path / str(n)) as beside:
                beside.write_text("x")
    assert len(list(tmp_path.iterdir())) == 300


def test_what_is_not_ours_is_left_alone(tmp_path):
    names = {".part-of-me", ".part-0123456g-x", ".old-clothes", "part-01234567-x"}
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / ".part-01234567-link").symlink_to(tmp_path)
    with atomic_folder(tmp_path / "result"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {*names, ".part-01234567-link", "result"}


@pytest.mark.parametrize("can_exchange", [True, False])
def test_overwriting(tmp_path, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        with atomic_folder(tmp_path / "result") as folder:
            (folder / text).write_text(text)
    assert [path.name for path in tmp_path.rglob("*")] == ["result", "new"]


def test_both_are_there_at_every_moment(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "1").touch()
    if not atomic._exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this system or file system cannot exchange two names")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["1"]


def test_a_result_that_was_hidden_is_put_back(tmp_path):
    """Killed between the two renames of a system that cannot exchange."""
    (tmp_path / ".old-01234567-result").mkdir()
    (tmp_path / ".old-01234567-result" / "old").touch()
    heal(tmp_path / "result")
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["result", "result/old"]
