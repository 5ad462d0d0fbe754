"""A fusion that runs in a scene, while the person goes on working in it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

import slicer

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import (
    Cancelled,
    Finished,
    FusionPair,
    FusionSettings,
    FusionWorker,
    Note,
    SliceFused,
    SlicePreviewed,
    Started,
    WorkerDied,
    prepare,
)
from LCDFusionLib.fusion.progress import duration_text, left_text
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import anatomy_window, function_range
from LCDFusionLib.mrml.belonging import confirmed_mismatches
from LCDFusionLib.mrml.made_with import MadeWith
from LCDFusionLib.mrml.nodes import voxels
from LCDFusionLib.mrml.result_nodes import ResultNodes, create_result, remove_result, results_of
from LCDFusionLib.mrml.transforms import registration_verdict

TICK_S = 0.03
"""Of the thread that ticks: slices that come faster than they are put into the scene come with the next tick."""


@dataclass(frozen=True)
class Progress:
    """How far a fusion is.

    Attributes:
        done: slices fused.
        total: slices to fuse.
        text: one line for the person: the slice just done, the time left; at the end what came of it.
        is_over: the last one of a fusion.
        result: its nodes; None where nothing came of it.
        failed: it ended by an error, and `text` says which.
        inputs: anatomy and function that all this belongs to, whatever is chosen meanwhile.
    """

    done: int
    total: int
    text: str
    is_over: bool = False
    result: ResultNodes | None = None
    failed: bool = False
    inputs: tuple[slicer.vtkMRMLVolumeNode, ...] = ()


@dataclass(frozen=True, eq=False)
class FusionJob:
    """A fusion that is ready to begin.

    Attributes:
        pair: what will be fused; of a preview the one slice.
        first_slice: K, in the anatomy, of the slice that comes first.
        is_preview: that slice is all.
        made_with: what the fusion depends on.
        staged: from `FusionWorker.stage`, where a host has done that already.
        slices: K, in the anatomy, of those that are fused; None for all.
    """

    pair: FusionPair
    first_slice: int
    is_preview: bool
    made_with: MadeWith
    staged: Path | None = None
    slices: range | None = None


def prepare_job(
    anatomy: Volume,
    function: Volume,
    settings: FusionSettings,
    *,
    first_slice: int | None = None,
    only_first_slice: bool = False,
    slices: range | None = None,
) -> FusionJob:
    """Checks both volumes, which takes a moment where they are large. Looks at no scene, so a host may call it in a thread.

    The arguments and errors are those of `SceneFusion.start`.
    """
    count = anatomy.shape[0]
    chosen = slices or range(count)
    shown = (chosen.start + chosen.stop) // 2 if first_slice is None else first_slice
    made_with = MadeWith.of(anatomy, function, settings)
    if only_first_slice:
        shown = min(max(shown, 0), count - 1)
        chosen = range(shown, shown + 1)
    first = min(max(shown, chosen.start), chosen.stop - 1)
    if len(chosen) < count:
        # Window and range of the whole volumes, so that a slice looks the same, whatever is fused with it.
        window, upper = anatomy_window(anatomy, settings.window), function_range(function, settings.function_upper).upper
        settings = replace(settings, window=window, function_upper=None if function.is_color else upper)
        anatomy = _cut(anatomy, chosen)
    is_part = len(chosen) < count and not only_first_slice
    pair = prepare(anatomy, function, settings)
    return FusionJob(pair, first, is_preview=only_first_slice, made_with=made_with, slices=chosen if is_part else None)


class SceneFusion:
    """One fusion at a time, from nodes to nodes; a host starts it, calls `tick` from a timer, and shows what comes.

    A result that is there stays until the next one is whole, and then goes only where that was made with the same choices. What was
    fused before the fusion was cancelled, or failed, stays as a part, unless there is a whole result of the same choices. The deletion
    of an input or of the result, or a closed scene, ends the fusion and leaves nothing of it behind.

    Args:
        worker: the process that does the work.
        most_results: whole results of one pair that are kept; the oldest goes for a new one. None keeps all.

    Attributes:
        worker: the process that does the work.
        result: nodes of the running fusion; None while none runs.
    """

    def __init__(self, worker: FusionWorker | None = None, *, most_results: int | None = None) -> None:
        self.worker = worker or FusionWorker()
        self._most_results = most_results
        self.result: ResultNodes | None = None
        self._pair: FusionPair | None = None
        self._inputs: tuple[slicer.vtkMRMLVolumeNode, ...] = ()
        self._device = ""
        self._done = 0
        self._is_preview = False
        self._notes: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        """True between `start` and the last `Progress`."""
        return self.result is not None

    @property
    def inputs(self) -> tuple[slicer.vtkMRMLVolumeNode, ...]:
        """Anatomy and function of the running fusion; empty while none runs."""
        return self._inputs

    def start(
        self,
        anatomy_node: slicer.vtkMRMLVolumeNode,
        function_node: slicer.vtkMRMLVolumeNode,
        anatomy: Volume,
        function: Volume,
        settings: FusionSettings,
        *,
        first_slice: int | None = None,
        only_first_slice: bool = False,
        notes: list[str] | None = None,
        slices: range | None = None,
    ) -> ResultNodes:
        """Begins; the nodes that it returns fill slice by slice with each `tick`.

        What the person confirmed of the pair (`confirm_mismatches`) is written to the result, and from there into all that is exported.

        Args:
            anatomy_node: the anatomy.
            function_node: the function.
            anatomy: what the anatomy's node holds, from `read_anatomy`.
            function: likewise, from `read_function`.
            settings: of the fusion.
            first_slice: K of the slice on show, which is fused first; the middle one where None.
            only_first_slice: fuse that slice alone, as a preview.
            notes: what had to be assumed of the inputs.
            slices: K of those that are fused; None for all.

        Raises:
            InputError: the volumes cannot be fused; nothing has changed in the scene then.
            RuntimeError: a fusion runs already.
        """
        job = prepare_job(anatomy, function, settings, first_slice=first_slice, only_first_slice=only_first_slice, slices=slices)
        return self.begin(anatomy_node, function_node, job, notes=notes)

    def begin(
        self,
        anatomy_node: slicer.vtkMRMLVolumeNode,
        function_node: slicer.vtkMRMLVolumeNode,
        job: FusionJob,
        *,
        notes: list[str] | None = None,
    ) -> ResultNodes:
        """`start` where `prepare_job` has run already; takes and raises what `start` does."""
        if self.is_running:
            raise RuntimeError("a fusion runs already; cancel it first")
        notes = [*(notes or ()), *filter(None, [registration_verdict(function_node)])]
        if self.worker.is_busy:  # with a fusion that was given up, and nobody has asked since
            self.worker.poll()
        self.worker.start()
        mismatches = [mismatch.text for mismatch in confirmed_mismatches(anatomy_node, function_node)]
        preview_of = job.first_slice if job.is_preview else None
        result = create_result(
            anatomy_node,
            function_node,
            job.pair.anatomy,
            preview_of=preview_of,
            slices=job.slices,
            mismatches=mismatches,
            made_with=job.made_with,
        )
        try:
            self.worker.submit(
                job.pair,
                first_slice=result.row_of(job.first_slice) or 0,
                preview=True,
                staged=job.staged,
                filled=(voxels(result.gray), voxels(result.color)),
            )
        except InputError:
            remove_result(result)
            raise
        self.result, self._pair, self._inputs = result, job.pair, (anatomy_node, function_node)
        self._done, self._device, self._notes, self._is_preview = 0, "", tuple(notes), job.is_preview
        return result

    def tick(self) -> Progress | None:
        """What happened since the last call, put into the scene; None where nothing did. Never waits, and leaves what would take long."""
        if self.result is None or self._pair is None:
            with contextlib.suppress(InputError, RuntimeError):  # the last words of a fusion that was given up
                self.worker.poll()
            return None
        if not self.result.is_in_scene or any(node.GetScene() is None for node in self._inputs):
            self.worker.cancel()
            return self._end("A volume of this fusion was deleted, so it was stopped.")
        progress, end = None, time.monotonic() + TICK_S
        try:
            for event in self.worker.events():
                progress = self._progress(event) or progress
                if time.monotonic() > end:
                    break
        except (InputError, WorkerDied, RuntimeError) as error:
            return self._end_early(str(error), failed=True)
        return progress

    def follow(self, index: int | None) -> None:
        """Slice K of the anatomy is on show: of a fusion that runs it is fused next, then its neighbours. None: another plane."""
        if self.is_running and not self._is_preview and index is not None:
            self.worker.follow(index)

    def cancel(self) -> None:
        """Ends the running fusion at once; the next `tick` says so."""
        self.worker.cancel()

    def abandon(self) -> None:
        """Ends the running fusion without a further word: the scene is being closed, or the panel goes away."""
        if self.is_running:
            self.worker.cancel()
            self._end("")

    def close(self) -> None:
        """Ends the running fusion and the process."""
        self.abandon()
        self.worker.close()

    def _progress(self, event: object) -> Progress | None:
        assert self._pair is not None
        assert self.result is not None
        total = self._pair.count
        if isinstance(event, Started):
            self._device = event.device
            return self._said(0, f"Fusing on {event.device}")
        if isinstance(event, Note):
            return self._said(self._done, event.text)
        if isinstance(event, SlicePreviewed):
            self.result.show_preview(event)
            number = self.result.slice_number(event.index)
            return self._said(self._done, f"Slice {number} at half resolution; the slice itself follows")
        if isinstance(event, SliceFused):
            self.result.fill_slice(event)
            self._done = event.done
            return self._said(event.done, _slice_text(event, self.result.slice_number(event.index)))
        if isinstance(event, Finished):
            fused = replace(event.result, notes=(*self._notes, *event.result.notes))
            self.result.fill(fused)
            result = self.result
            self._take_older_away(result)
            text = f"{'Preview' if self._is_preview else f'{total} slices fused'} in {duration_text(fused.seconds)} on {fused.device}."
            return replace(self._end(" ".join((text, *fused.notes)), keep=True), result=result)
        if isinstance(event, Cancelled):
            return self._end_early("Cancelled.")
        return None

    def _said(self, done: int, text: str) -> Progress:
        total = self._pair.count if self._pair is not None else 0
        return Progress(done, total, text, inputs=self._inputs)

    def _take_older_away(self, result: ResultNodes) -> None:
        """Of a pair whose new result is whole: what it takes the place of."""
        older = [each for each in results_of(*self._inputs) if each.gray is not result.gray and set(each.slices) <= set(result.slices)]
        whole = [each for each in older if each.is_complete and not each.is_preview]
        gone = [each for each in older if each.is_preview]
        if not result.is_preview:
            gone += [each for each in older if not each.is_complete and each not in gone]
            gone += [each for each in whole if each.made_with == result.made_with]
            kept = [each for each in whole if each not in gone]
            gone += kept[max(self._most_results - 1, 0) :] if self._most_results is not None else []
        for each in gone:
            remove_result(each)

    def _end_early(self, text: str, *, failed: bool = False) -> Progress:
        """Cancelled, or failed: what is fused stays, where it is more than there was."""
        assert self.result is not None
        assert self._pair is not None
        part, total = self.result, self._pair.count
        older = [each for each in results_of(*self._inputs) if each.gray is not part.gray]
        whole = [each for each in older if each.is_complete and not each.is_preview and each.made_with == part.made_with]
        is_there = any(set(part.slices) <= set(each.slices) for each in whole)
        if self._is_preview or not self._done or is_there:
            return self._end(text, failed=failed)
        for each in older:
            if each.part and set(each.slices) <= set(part.slices):
                remove_result(each)
        part.keep_as_part(self._done, total)
        text = f"{text} {self._done} of {total} slices are fused and stay, marked as a part."
        return replace(self._end(text, failed=failed, keep=True), result=part)

    def _end(self, text: str, *, failed: bool = False, keep: bool = False) -> Progress:
        total = self._pair.count if self._pair is not None else 0
        result, inputs, self.result, self._pair, self._inputs = self.result, self._inputs, None, None, ()
        if result is not None and not keep:
            remove_result(result)
        return Progress(self._done, total, text, is_over=True, failed=failed, inputs=inputs)


def _cut(anatomy: Volume, slices: range) -> Volume:
    matrix, within = anatomy.ijk_to_lps.copy(), slice(slices.start, slices.stop)
    matrix[:, 3] = matrix @ [0, 0, slices.start, 1]
    padding = anatomy.padding[within] if anatomy.padding is not None else None
    return anatomy.with_array(anatomy.array[within], ijk_to_lps=matrix, padding=padding)


def _slice_text(event: SliceFused, number: int) -> str:
    return f"Slice {number} done, {event.done} of {event.total}{left_text(event.seconds_left)}"
