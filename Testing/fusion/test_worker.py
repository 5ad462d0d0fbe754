"""With the real process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import Cancelled, Finished, FusionWorker, Note, SliceFused, Started, WorkerDied, prepare
from LCDFusionLib.fusion.engine import NetworkBackend, fuse_slices
from LCDFusionLib.fusion.protocol import EVENTS_FILE
from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE, fused_color, fused_color_from_rgb
from LCDFusionLib.images.deformation import given_deformation
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.mutual_information import working_image
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.metrics import METRICS
from LCDFusionLib.network import load_weights

PROJECT = Path(__file__).resolve().parents[2]
only_posix = pytest.mark.skipif(os.name == "nt", reason="signals")


def fuse(worker, pair, first_slice=0):
    *_, last = worker.run(pair, first_slice)
    assert isinstance(last, Finished)
    return last.result


def same_rows(first, second):
    for a, b in zip(first, second, strict=True):
        assert a.keys() == b.keys()
        np.testing.assert_array_equal(list(a.values()), list(b.values()))


def slices_reported(worker) -> int:
    """As the worker counts them, seen by the host or not."""
    return sum(json.loads(line)["event"] == "slice" for line in (worker._process.folder / EVENTS_FILE).read_bytes().splitlines())


def until_first_slice(worker, pair):
    """The events of a run that has come to its first slice."""
    events = worker.run(pair)
    for event in events:
        if isinstance(event, SliceFused):
            return events
    raise AssertionError("no slice came")


def test_full_run_reports_every_slice_and_then_the_result(worker, pair, weights):
    started, *slices, finished = worker.run(pair, first_slice=2)
    assert isinstance(started, Started)
    assert (started.total, started.weights_name) == (6, "tiny")
    assert started.device.startswith("CPU")
    assert [event.index for event in slices] == [2, 1, 3, 0, 4, 5]
    assert [event.done for event in slices] == [1, 2, 3, 4, 5, 6]
    assert slices[0].seconds_left is None
    assert all(event.seconds_left >= 0 for event in slices[2:])
    assert slices[-1].seconds_left == 0

    result = finished.result
    assert result.gray.array.dtype == np.float32
    assert 0 <= result.gray.array.min() < result.gray.array.max() <= 1
    np.testing.assert_array_equal(result.color.array, fused_color(result.gray.array, pair.function01, COLOR_TABLES[DEFAULT_COLOR_TABLE]))
    for event in slices:
        np.testing.assert_array_equal(event.gray, result.gray.array[event.index])
        np.testing.assert_array_equal(event.color, result.color.array[event.index])
        same_rows([event.metrics, event.blend_metrics], [result.metrics[event.index], result.blend_metrics[event.index]])
    assert len(result.metrics) == len(result.blend_metrics) == 6
    assert set(METRICS) <= result.metrics[0].keys()
    for volume, name in ((result.gray, "CT thorax + PET fused"), (result.color, "CT thorax + PET fused, colour")):
        assert volume.same_grid(pair.anatomy)
        assert volume.frame_of_reference == pair.anatomy.frame_of_reference
        assert (volume.is_fused, volume.modality, volume.unit, volume.name) == (True, Modality.OTHER, Unit.RELATIVE, name)
    assert (worker.machine.torch, worker.machine.device[:5], worker.machine.problem) == (torch.__version__, "CPU (", None)
    assert (result.weights_name, result.weights_sha256) == ("tiny", load_weights(weights).sha256)
    assert not worker.is_busy


def test_result_is_the_same_bit_for_bit_whoever_asks(worker, pair, settings):
    here = np.empty_like(pair.anatomy01)
    rows = [{}] * len(here)
    backend = NetworkBackend(load_weights(pair.weights).network, torch.device("cpu"), batch_size=4)
    for batch in fuse_slices(pair.anatomy01, pair.function01, order=range(len(here)), backends=[backend]):
        here[batch.indices] = batch.gray
        rows[batch.indices[0]] = batch.metrics[0]
    large_batch = replace(pair, settings=replace(settings, batch_size=5))
    for result in (fuse(worker, pair), fuse(worker, pair, 4), fuse(worker, large_batch, 1)):
        np.testing.assert_array_equal(result.gray.array, here)
        same_rows(result.metrics, rows)
    with FusionWorker() as other:
        np.testing.assert_array_equal(fuse(other, pair).gray.array, here)


def test_color_function_keeps_its_own_chroma(worker, ct, settings):
    rgb = np.random.default_rng(0).integers(0, 256, (*ct.shape, 3), dtype=np.uint8)
    result = fuse(worker, prepare(ct, ct.with_array(rgb, modality=Modality.PET, unit=Unit.RELATIVE), settings))
    np.testing.assert_array_equal(result.color.array, fused_color_from_rgb(result.gray.array, rgb))


def test_a_deformation_reaches_the_process(worker, ct, pet, settings):
    """A volume bent by a spline, bit for bit as here."""
    spline = sitk.BSplineTransformInitializer(working_image(ct), [3, 3, 2], 3)
    spline.SetParameters(np.random.default_rng(0).normal(0, 2, len(spline.GetParameters())).tolist())
    pair = prepare(ct, pet, settings, deformation=given_deformation(spline, ct))
    assert not np.array_equal(pair.function01, prepare(ct, pet, settings).function01)
    result = fuse(worker, pair)
    np.testing.assert_array_equal(result.color.array, fused_color(result.gray.array, pair.function01))


def test_what_only_all_slices_tell_comes_with_the_result(worker, ct, pet, settings):
    """Uptake that ends beside the anatomy; anatomy that is white wherever uptake is. Of both, the hottest slice is known."""
    array = np.zeros_like(pet.array)
    array[:, -1] = 5
    outside = prepare(ct, pet.with_array(array), settings)
    assert any("no uptake anywhere" in note for note in fuse(worker, outside).notes)
    white = ct.with_array(np.where(np.arange(ct.shape[2]) < 4, -1000, 1000) + np.zeros(ct.shape, np.float32))
    result = fuse(worker, prepare(white, pet, settings))
    assert any("read the colour image" in note for note in result.notes)
    assert np.argmax(result.heat) == 3  # where the lesion lies
    assert not any("no uptake" in note or "colour image" in note for note in fuse(worker, prepare(ct, pet, settings)).notes)


def test_real_images(worker, shared_data, settings):
    patient = next(folder for folder in sorted((shared_data / "pet-ct-mr-sarcoma").iterdir()) if folder.is_dir())
    ct = read_volume(patient / "ct.nrrd", modality=Modality.CT, unit=Unit.HU)
    pet = read_volume(patient / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
    result = fuse(worker, prepare(ct.with_array(ct.array[:3]), pet, settings))
    assert result.gray.shape == (3, *ct.shape[1:])
    assert np.isfinite([row[name] for row in result.metrics + result.blend_metrics for name in METRICS]).all()


def test_cancel_takes_effect_within_one_slice(worker, pair, slow_pair):
    events = worker.run(slow_pair)
    for event in events:
        if isinstance(event, SliceFused) and event.done == 2:
            break
    before = slices_reported(worker)
    worker.cancel()
    pid = worker.pid
    while worker.is_busy:
        worker.poll()
        time.sleep(0.01)
    assert slices_reported(worker) <= before + 1
    assert fuse(worker, pair).gray.shape == pair.anatomy.shape
    assert worker.pid == pid  # it answered, so it was not ended by force


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="niceness is POSIX's")
def test_every_thread_of_it_stands_back_behind_the_host(worker, pair):
    fuse(worker, pair)
    threads = [int(thread.name) for thread in Path(f"/proc/{worker.pid}/task").glob("*")] or [worker.pid]
    assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)}


def test_cancel_is_the_last_event(worker, slow_pair):
    events = worker.run(slow_pair)
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, SliceFused) and event.done == 2:
            worker.cancel()
    assert isinstance(seen[-1], Cancelled)
    assert seen[-1].done == sum(isinstance(event, SliceFused) for event in seen) == 2


def test_leaving_the_loop_cancels(worker, pair, slow_pair):
    until_first_slice(worker, slow_pair).close()
    assert not worker.is_busy
    assert fuse(worker, pair).gray.shape == pair.anatomy.shape


def test_polling_never_waits_for_the_worker(pair):
    with FusionWorker() as worker:
        assert worker.machine is None
        worker.submit(pair, first_slice=5)
        events = worker.poll()  # the process is still loading torch
        assert events == []
        while worker.is_busy:
            events += worker.poll()
            time.sleep(0.01)
        assert isinstance(events[-1], Finished)
        assert [event.index for event in events if isinstance(event, SliceFused)] == [5, 4, 3, 2, 1, 0]
        assert worker.poll() == []


def test_one_job_at_a_time(worker, pair, slow_pair):
    events = until_first_slice(worker, slow_pair)
    with pytest.raises(RuntimeError, match="busy"):
        worker.submit(pair)
    events.close()


def test_the_slice_that_is_scrolled_to_comes_next(worker, slow_pair):
    last, seen = slow_pair.count - 1, []
    for event in worker.run(slow_pair):
        if isinstance(event, SliceFused):
            seen.append(event.index)
            if len(seen) == 1:
                worker.follow(last)
            if event.index == last:
                break
    assert len(seen) < last / 2, f"it came after {seen}"


def test_a_reader_who_scrolls_goes_first_and_the_time_left_is_that_of_the_work(worker, slow_pair):
    total, took, left, last, done = len(slow_pair.anatomy01), {False: [], True: []}, [], time.perf_counter(), [0]
    for event in worker.run(slow_pair, waiting=lambda: done[-1] % 8 > 3 and worker.follow(total - 1)):  # four still, four scrolled
        if not isinstance(event, SliceFused):
            continue
        scrolls, now = done[-1] % 8 > 3, time.perf_counter()
        took[scrolls].append(now - last)
        if scrolls:
            left.append(event.seconds_left / (total - event.done))
        last = now
        done.append(event.done)
        if event.done == 16:
            break
    assert len(took[True]) == 8, "it gets on"
    assert np.median(took[True]) > 1.5 * np.median(took[False]), "by turns, so a machine that is busy is so for both"
    assert max(left) < np.median(took[True])


@only_posix
def test_a_cancel_is_over_at_once_and_leaves_the_worker_warm(pair, slow_pair):
    """However long its slice takes: here it stands still."""
    with FusionWorker() as worker:
        events = until_first_slice(worker, slow_pair)
        warm = worker.pid
        os.kill(warm, signal.SIGSTOP)
        worker.cancel()
        assert [type(event) for event in worker.poll()] == [Cancelled]
        assert not worker.is_busy
        worker.submit(pair)
        os.kill(warm, signal.SIGCONT)
        seen = []
        while worker.is_busy:
            seen += worker.poll()
            time.sleep(0.01)
        assert isinstance(seen[-1], Finished)
        assert worker.pid == warm
        assert [path for path in worker._process.folder.iterdir() if path.is_dir()] == []
        events.close()


@only_posix
def test_killed_worker_is_an_error_and_the_next_run_works(pair, slow_pair):
    with FusionWorker() as worker:
        events = until_first_slice(worker, slow_pair)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="signal 9: Killed") as caught:
            list(events)
        assert caught.value.exit_code == -signal.SIGKILL
        assert not worker.is_busy
        assert fuse(worker, pair).gray.shape == pair.anatomy.shape


@only_posix
def test_what_was_staged_for_a_process_that_ended_is_written_again(pair):
    with FusionWorker() as worker:
        worker.start()
        staged = worker.stage(pair)
        os.kill(worker.pid, signal.SIGKILL)
        while worker._process.exit_code is None:
            time.sleep(0.01)
        worker.submit(pair, staged=staged)
        seen = []
        while worker.is_busy:
            seen += worker.poll()
            time.sleep(0.01)
        assert isinstance(seen[-1], Finished)
        assert not staged.exists()


@only_posix
def test_crash_keeps_what_was_printed(slow_pair, tmp_path, monkeypatch):
    """Python's report has the stacks of all threads, and here one is long: what happened stands far above the last line."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading, time\n"
        "def descend(depth):\n"
        "    descend(depth - 1) if depth else time.sleep(600)\n"
        "threading.Thread(target=descend, args=(80,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with FusionWorker() as worker:
        events = until_first_slice(worker, slow_pair)
        os.kill(worker.pid, signal.SIGSEGV)
        with pytest.raises(WorkerDied, match="signal 11") as caught:
            list(events)
        assert any("Segmentation fault" in line for line in caught.value.last_lines)


@only_posix
def test_worker_that_hangs_is_ended_by_cancel(pair, slow_pair):
    with FusionWorker(cancel_patience=0.2) as worker:
        events = until_first_slice(worker, slow_pair)
        hung = worker.pid
        os.kill(hung, signal.SIGSTOP)
        worker.cancel()
        assert [type(event) for event in events] == [Cancelled]
        assert fuse(worker, pair).gray.shape == pair.anatomy.shape
        assert worker.pid != hung


def test_what_libraries_print_does_not_matter(pair, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading, time\n"
        "def chatter():\n"
        "    while True:\n"
        '        print(\'{"event": "finished", "job": 1}\')\n'
        "        os.write(1, b'half a line {')\n"
        "        os.write(2, b'\\xff\\xfe not text')\n"
        "        time.sleep(0.001)\n"
        "threading.Thread(target=chatter, daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with FusionWorker() as worker:
        result = fuse(worker, pair)
        assert any("half a line" in line for line in worker._process.last_lines())
    assert len(result.metrics) == 6


def test_damaged_weights_are_one_sentence(worker, pair, weights, tmp_path):
    for suffix in (".pt", ".json"):
        (tmp_path / f"damaged{suffix}").write_bytes(Path(weights).with_suffix(suffix).read_bytes())
    with (tmp_path / "damaged.pt").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match="SHA-256") as caught:
        fuse(worker, replace(pair, weights=str(tmp_path / "damaged.pt")))
    assert "\n" not in str(caught.value)
    assert not worker.is_busy


def test_error_inside_the_worker_is_one_sentence(worker, pair):
    broken = replace(pair, anatomy=pair.anatomy.with_array(pair.anatomy.array[:, :8]))  # too small for the network
    with pytest.raises(RuntimeError, match=r"The fusion failed \(ValueError: .*at least 16") as caught:
        fuse(worker, broken)
    assert "\n" not in str(caught.value)
    assert len(fuse(worker, pair).metrics) == 6


def test_interpreter_without_torch_is_named(pair, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with FusionWorker() as worker, pytest.raises(InputError, match="PyTorch cannot be loaded"):
        fuse(worker, pair)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="needs a machine whose Apple GPU breaks down")
def test_what_the_worker_notes_on_the_way_stands_in_the_result(pair, settings, tmp_path, monkeypatch):
    """Torch says that there is an Apple GPU, and fails when it is used."""
    (tmp_path / "sitecustomize.py").write_text("import torch\ntorch.backends.mps.is_available = lambda: True\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with FusionWorker() as worker:
        started, *events, finished = worker.run(replace(pair, settings=replace(settings, device="mps", threads=1)))
    assert started.device == "MPS (Apple GPU)"
    (text,) = (event.text for event in events if isinstance(event, Note))
    assert re.fullmatch(r"MPS \(Apple GPU\) failed \(.*\); CPU \(1 thread\) takes over\.", text)
    result = finished.result
    assert result.notes == (*pair.warnings, text)
    assert result.device == "MPS (Apple GPU), then CPU (1 thread)"
    assert 0 < result.seconds_of["metrics"] + result.seconds_of["network"] <= result.seconds


def test_interpreter_that_is_not_there_is_named(pair, temporary):
    with pytest.raises(InputError, match="no-such-python"):
        FusionWorker(python=temporary / "no-such-python").submit(pair)
    assert list(temporary.iterdir()) == []


def test_no_file_is_left(pair, slow_pair, temporary):
    with FusionWorker(cancel_patience=60) as worker:
        fuse(worker, pair)
        (folder,) = temporary.iterdir()
        assert [path for path in folder.iterdir() if path.is_dir()] == []
        until_first_slice(worker, slow_pair).close()
        assert [path for path in folder.iterdir() if path.is_dir()] == []
        until_first_slice(worker, slow_pair)  # close in the middle
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_killed_host_leaves_no_process_and_no_file(slow_pair, settings, tmp_path):
    (tmp_path / "temporary").mkdir()
    np.savez(tmp_path / "volumes.npz", ct=slow_pair.anatomy.array, pet=slow_pair.function.array)
    host = (
        "import sys, numpy as np\n"
        "from LCDFusionLib.fusion import FusionSettings, FusionWorker, SliceFused, prepare\n"
        "from LCDFusionLib.images.volume import Modality, Volume\n"
        "v = np.load(sys.argv[1]); worker = FusionWorker()\n"
        "mr, pet = Volume(v['ct'], np.eye(4), Modality.MR), Volume(v['pet'], np.eye(4), Modality.PET)\n"
        "pair = prepare(mr, pet, FusionSettings(weights=sys.argv[2]))\n"
        "for event in worker.run(pair):\n"
        "    if isinstance(event, SliceFused): print(worker.pid, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(
        [sys.executable, "-c", host, str(tmp_path / "volumes.npz"), settings.weights], stdout=subprocess.PIPE, env=environment
    ) as process:
        pid = int(process.stdout.readline())
        process.kill()
    give_up = time.monotonic() + 60
    while _runs(pid) or list((tmp_path / "temporary").iterdir()):
        assert time.monotonic() < give_up, "the worker outlived its host"
        time.sleep(0.05)


def _runs(pid) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""  # empty for a zombie
    except OSError:
        return False


@only_posix
def test_interrupt_reaches_only_the_host(pair, slow_pair):
    with FusionWorker(cancel_patience=60) as worker:
        events = until_first_slice(worker, slow_pair)
        os.kill(worker.pid, signal.SIGINT)  # as a terminal does to every process of the group
        next(events)
        events.close()
        assert len(fuse(worker, pair).metrics) == 6


@pytest.mark.parametrize(
    ("module", "must_not_load"),
    [("LCDFusionLib.fusion", ["torch"]), ("LCDFusionLib.fusion.worker, LCDFusionLib.fusion.engine", ["slicer", "vtk", "vtkmodules"])],
)
def test_imports_stay_light(module, must_not_load):
    code = f"import sys, {module}; print([name for name in {must_not_load} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
