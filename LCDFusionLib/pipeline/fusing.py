"""One fusion, start to end: what `LCDFusionLib.fuse` is."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TypeVar

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import Finished, FusionPair, FusionResult, FusionSettings, FusionWorker, SliceFused, Started, prepare
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.interrupts import held

from .alignment import deformed_input, find_deformation, find_registration, given_registration, moved_input
from .inputs import Source, check_belonging, check_not_the_same, mismatch_kinds, read_anatomy, read_function
from .progress import Progress, Watch
from .result import Prepared, Result

_LOG = logging.getLogger(__name__)

_Chosen = TypeVar("_Chosen", Modality, Unit)


def fuse(
    anatomy: Source,
    function: Source,
    settings: FusionSettings | None = None,
    *,
    anatomy_series: str | None = None,
    function_series: str | None = None,
    anatomy_modality: Modality | str | None = None,
    function_unit: Unit | str | None = None,
    relative: bool = False,
    confirm_mismatch: str | Collection[str] = (),
    register: bool = False,
    deformable: bool = False,
    transform: str | os.PathLike[str] | None = None,
    planned: Callable[[Prepared], object] | None = None,
    progress: Callable[[Progress], object] | None = None,
    cancel: Event | None = None,
    worker: FusionWorker | None = None,
    on_disk: bool = False,
) -> Result:
    """Fuse an anatomy (CT, MR) and a function (PET, SPECT), whatever they come as.

    Both are read and checked (one patient, one time, one side, one part of the body), the function is moved onto the anatomy where that is
    asked for, resampled onto its grid, both are windowed, and the network fuses them slice by slice in a process of its own. Nothing is
    written: `Result.write` does that.

    Args:
        anatomy: see `LCDFusionLib.pipeline.Source`.
        function: see `LCDFusionLib.pipeline.Source`.
        settings: window, range, weights, colours, device; the defaults where None.
        anatomy_series: of a folder with several: Series Number, Series Description or Series Instance UID.
        function_series: likewise.
        anatomy_modality: of an anatomy file, "CT" or "MR"; None: what the file says, or its values.
        function_unit: of a function file's values, such as "SUVbw"; None: what the file says, else relative.
        relative: go on with relative intensities where a DICOM PET lacks what SUV needs.
        confirm_mismatch: kinds of mismatch that the caller takes on themselves (`LCDFusionLib.dicom.KINDS`), as a list or divided by
            commas; they stand in the result and in all that is written of it.
        register: find the rigid motion that brings the function onto the anatomy.
        deformable: with `register`: then bend the function smoothly, too.
        transform: in place of `register`: a transform file (.tfm, .h5) from 3D Slicer or `lcdfusion register`.
        planned: called once before the network runs, with what will be fused; an exception that it raises ends the fusion.
        progress: called with each step, which tells the time left; an exception that it raises ends the fusion.
        cancel: set, from any thread, to end the fusion at once.
        worker: that fuses, for several fusions one after another; None: one for this fusion.
        on_disk: leave the fused volumes on the disk, as memory maps that cannot be written, of files without a name
            that go with them; on Windows, which has no such files, they are in memory all the same.

    Returns:
        The fused volumes on the anatomy's grid, their metrics, and what is to be known of them.

    Raises:
        InputError: the two cannot be fused, or not without a confirmation; one sentence, with the options named as on the command line
            (`--anatomy-series` is `anatomy_series` here).
        FusionCancelled: `cancel` was set.
        WorkerDied: the fusion's process ended, as when the memory is full.

    Examples:
        >>> result = fuse("study/CT", "study/PT", FusionSettings(window="lung"))
        >>> result.metrics[20]["QABF"], result.notes
        >>> result.write("result")
    """
    watch = Watch(progress, cancel)
    seconds: dict[str, float] = {}
    settings = settings or FusionSettings()
    modality, unit = _one_of(Modality, anatomy_modality, "--anatomy-modality"), _one_of(Unit, function_unit, "--function-unit")
    confirmed = mismatch_kinds(confirm_mismatch)
    if deformable and not register:
        raise InputError("--deformable goes with --register: it bends what was registered rigidly.")
    if register and transform is not None:
        raise InputError("--register and --transform exclude each other: give one of them.")
    check_not_the_same(anatomy, function, series_chosen=bool(anatomy_series and function_series))
    working: AbstractContextManager[FusionWorker] = fusion_worker() if worker is None else nullcontext(worker)
    with working as worker:
        with _timed("read", seconds):
            watch.tell(Progress("read"))
            fixed = read_anatomy(anatomy, series=anatomy_series, modality=modality)
            watch.check()
            moving = read_function(function, series=function_series, unit=unit, relative=relative)
        for given in (fixed, moving):
            _LOG.info("%s, %s, %s slices of %s x %s", given.volume.modality.value, given.volume.unit.value, *given.volume.shape)
        mismatches, belonging = check_belonging(fixed, moving, confirmed)
        aligned, registration = moving, None
        if register or transform is not None:
            with _timed("register", seconds):
                deformation = None
                if transform is None:
                    registration = find_registration(fixed, moving, watch.of_stage("register"))
                else:
                    registration, deformation = given_registration(Path(transform), fixed)
                aligned = moved_input(moving, fixed, registration)
                if deformable:
                    deformation = find_deformation(fixed, aligned, watch.of_stage("deform"))
                aligned = aligned if deformation is None else deformed_input(aligned, fixed, deformation)
        with _timed("prepare", seconds):
            watch.tell(Progress("prepare"))
            pair = prepare(fixed.volume, aligned.volume, settings, deformation=aligned.deformation)
        notes = (*belonging, *fixed.notes, *aligned.notes)
        prepared = Prepared(pair, fixed, aligned, moving, notes, mismatches, registration, seconds)
        _LOG.info("%s", prepared.line)
        if planned is not None:
            planned(prepared)
        with _timed("fuse", seconds):
            if on_disk and os.name == "posix":
                with TemporaryDirectory(prefix="lcdfusion-") as folder:
                    fused = _run(pair, worker, watch, Path(folder))
            else:
                fused = _run(pair, worker, watch, None)
    return Result(replace(fused, notes=(*notes, *fused.notes)), prepared)


@contextmanager
def fusion_worker() -> Iterator[FusionWorker]:
    """A worker whose process loads torch while volumes are read, for one `fuse` or many."""
    worker = FusionWorker(cancel_patience=0)  # a cancel need not wait for its answer
    try:
        with held():
            worker.start()
        yield worker
    finally:
        with held():
            worker.close()


def _run(pair: FusionPair, worker: FusionWorker, watch: Watch, results: Path | None) -> FusionResult:
    total, device = pair.count, ""
    watch.tell(Progress("fuse", 0, total))
    for event in worker.run(pair, results=results, waiting=watch.check):
        if isinstance(event, Started):
            device = event.device
            watch.tell(Progress("fuse", 0, total, None, device))
        elif isinstance(event, SliceFused):
            watch.tell(Progress("fuse", event.done, total, event.seconds_left, device))
        elif isinstance(event, Finished):
            return event.result
    raise RuntimeError("the fusion ended without a result")


def _one_of(kind: type[_Chosen], given: _Chosen | str | None, option: str) -> _Chosen | None:
    try:
        return None if given is None else kind(given)
    except ValueError:
        raise InputError(f"{option} knows no '{given}'; it takes one of {', '.join(each.value for each in kind)}.") from None


@contextmanager
def _timed(stage: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
    _LOG.info("%s: %.2f s", stage, seconds[stage])
