"""From what the person has chosen to a plan and a fusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from LCDFusionLib.dicom import Mismatch, unconfirmed
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionPair, FusionSettings
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.mrml.belonging import confirm_mismatches, confirmed_mismatches, pair_mismatches
from LCDFusionLib.mrml.dicom_source import FindFile, no_file
from LCDFusionLib.mrml.fusing import FusionJob, SceneFusion, prepare_job
from LCDFusionLib.mrml.inputs import check_pair
from LCDFusionLib.mrml.result_nodes import ResultNodes, results_of
from LCDFusionLib.panel.choices import Choices, Node
from LCDFusionLib.panel.pair_reading import PairReading, voxels_version
from LCDFusionLib.panel.plan import Plan, make_plan
from LCDFusionLib.views.fused_view import FusedImage


@dataclass(frozen=True, eq=False)
class Preparation:
    """A fusion before its volumes are checked and handed over, which takes a moment; `job` may run in a thread, everything else may not."""

    anatomy_node: Node
    function_node: Node
    anatomy: Volume
    function: Volume
    settings: FusionSettings
    first_slice: int | None
    only_first_slice: bool
    notes: list[str]
    voxels: tuple[int, ...]
    stage: Callable[[FusionPair], Path]
    slices: range

    def job(self) -> FusionJob:
        """Checked, and handed to the worker's folder; raises what `prepare_job` and `FusionWorker.stage` do."""
        job = prepare_job(
            self.anatomy,
            self.function,
            self.settings,
            first_slice=self.first_slice,
            only_first_slice=self.only_first_slice,
            slices=self.slices,
        )
        return replace(job, staged=self.stage(job.pair))


class FusionWorkflow:
    """What will be fused, and what there is of it.

    Attributes:
        session: the fusion that runs, if one does.
        plan: what a fusion of the chosen pair will do; None where they cannot be fused.
        anatomy: the chosen anatomy; None where it cannot be read.
        function: the chosen function as it will be fused; another object whenever its voxels, its place or its unit are others.
        problem: why they cannot be fused, in a sentence; empty where they can.
        waiting: what is being read before that is known; empty where nothing is.
        mismatches: what says that the two do not belong together.
        images: fused images of the chosen pair, the one that is shown first wherever it has the slice.
    """

    def __init__(self, session: SceneFusion | None = None, *, find_file: FindFile = no_file, executor: Executor | None = None) -> None:
        self.session = session or SceneFusion()
        self.plan: Plan | None = None
        self.anatomy: Volume | None = None
        self.function: Volume | None = None
        self.problem = self.waiting = ""
        self.mismatches: tuple[Mismatch, ...] = ()
        self.images: tuple[FusedImage, ...] = ()
        self._find_file = find_file
        self._key: tuple[object, ...] | None = None
        self._reading = PairReading(find_file, executor)
        self._made_of: dict[str, tuple[int, ...]] = {}

    @property
    def volumes(self) -> tuple[Volume, Volume] | None:
        """Anatomy and function as they will be fused; None where they cannot be."""
        return self._reading.volumes

    @property
    def volumes_key(self) -> tuple[object, ...]:
        """Another one whenever voxels, place or meaning of one of the two volumes are others."""
        return self._reading.key or ()

    @property
    def is_reading(self) -> bool:
        """True while headers or voxels are read beside the main thread."""
        return bool(self.waiting)

    @property
    def has_given_up(self) -> bool:
        """True where the person did not want to wait for the chosen pair to be read."""
        return self._reading.is_given_up

    def stop_reading(self) -> None:
        """The person does not want to wait for the chosen pair to be read."""
        self._reading.give_up()

    def read_again(self) -> None:
        """The chosen pair is wanted after all."""
        self._reading.read_again()

    @property
    def has_read(self) -> bool:
        """True where that has ended, and `update` would have the plan."""
        return self.is_reading and self._reading.has_read

    def update(self, choices: Choices) -> None:
        """Makes the plan, and looks for the pair's fused images, after anything was chosen or came into the scene."""
        self._make_plan(choices)
        self.images = self._find_images(choices)

    def is_confirmed(self, choices: Choices) -> bool:
        """True where the person takes all `mismatches` of the chosen pair on themselves."""
        return not unconfirmed(self.mismatches, [mismatch.kind for mismatch in confirmed_mismatches(choices.anatomy, choices.function)])

    def confirm(self, choices: Choices, *, agreed: bool) -> None:
        """The person takes what differs on themselves, or withdraws it; it holds for this pair alone."""
        kinds = [mismatch.kind for mismatch in self.mismatches] if agreed else []
        confirm_mismatches(choices.anatomy, choices.function, kinds, self._find_file)

    def prepare(self, choices: Choices, *, first_slice: int | None, only_first_slice: bool = False) -> Preparation:
        """The volumes of the chosen pair. They are not copied: what is painted while they are handed over may be in the fused image or not,
        and the image says so afterwards ("voxels").

        Args:
            choices: for which there is a plan.
            first_slice: K of the slice on show.
            only_first_slice: fuse that slice alone, as a preview.

        Raises:
            InputError: as `check_pair`; or a volume was changed just now, and is still being read.
        """
        check_pair(choices.anatomy, choices.function, find_file=self._find_file)
        self._make_plan(choices)
        if self.plan is None or self.is_reading:
            raise InputError(self.problem or f"{self.waiting}; fuse again in a moment.")
        self.session.worker.start()
        assert self.volumes is not None
        anatomy, function = self.volumes
        voxels = voxels_version(choices.anatomy, choices.function)
        nodes = choices.anatomy, choices.function
        return Preparation(
            *nodes,
            anatomy,
            function,
            choices.settings,
            first_slice,
            only_first_slice,
            self._reading.notes,
            voxels,
            self.session.worker.stage,
            choices.slices,
        )

    def begin(self, preparation: Preparation, job: FusionJob) -> ResultNodes:
        """Begins what was prepared; as `SceneFusion.begin`."""
        result = self.session.begin(preparation.anatomy_node, preparation.function_node, job, notes=preparation.notes)
        self._made_of[result.gray.GetID()] = preparation.voxels
        return result

    def forget(self) -> None:
        """The scene is being emptied."""
        self.session.abandon()
        self._reading.stop()
        self._reading.drop()
        self.plan = self.anatomy = self.function = self._key = None
        self.problem, self.waiting, self.mismatches, self.images = "", "", (), ()
        self._made_of.clear()

    def close(self) -> None:
        """Ends the process."""
        self.session.close()

    def _make_plan(self, choices: Choices) -> None:
        """Looks at the volumes only when something has changed that the plan depends on."""
        try:
            nodes, self.mismatches, self.waiting = (choices.anatomy, choices.function), (), ""
            self.mismatches = pair_mismatches(*nodes, self._find_file) if all(nodes) else ()
            check_pair(*nodes, find_file=self._find_file)
            settings, slices = choices.settings, choices.slices
            if not self._reading.update(choices):
                assert choices.function is not None
                self.waiting = f"Reading '{choices.function.GetName()}'"
                if self.plan is None or not self._reading.is_of(choices):
                    self.plan = self.anatomy = self.function = self._key = None  # of another pair
                return
            if (settings, slices, self._reading.key) != self._key:
                assert self.volumes is not None
                self.anatomy, self.function = self.volumes
                self.plan, self.problem = make_plan(self.anatomy, self.function, settings, self._reading.notes, slices), ""
                self._key = settings, slices, self._reading.key
        except InputError as error:
            self.plan = self.anatomy = self.function = self._key = None
            self.problem = str(error)
            self._reading.drop()

    def _find_images(self, choices: Choices) -> tuple[FusedImage, ...]:
        """Looks through the whole scene, so not for every slice that one scrolls past."""
        if choices.pair is None or self.plan is None:
            return ()
        ranked = []
        for age, result in enumerate(results_of(*choices.pair)):
            differs = self._differences(result, choices)
            is_running = self.session.result is not None and self.session.result.gray is result.gray
            if result.is_preview and differs and not is_running:
                continue
            words = ["OLDER CHOICES: " + ", ".join(differs)] if differs else []
            words += ["preview"] if result.is_preview else [f"PART: {result.part}"] if result.part else []
            rank = 2 if result.is_preview else 0 if result.is_complete else 1 if is_running else 3
            ranked.append((bool(differs), rank, result.slices != choices.slices, age, FusedImage(result, "\n".join(words))))
        return tuple(image for *_, image in sorted(ranked, key=lambda each: each[:4]))

    def _differences(self, result: ResultNodes, choices: Choices) -> list[str]:
        made = result.made_with
        if made is None:
            return ["not noted"]
        assert self.plan is not None
        differs = made.differences(self.plan.made_with)
        made_of = self._made_of.get(result.gray.GetID())
        return [*differs, *(["voxels"] if made_of not in (None, voxels_version(choices.anatomy, choices.function)) else [])]


def mismatch_label(mismatches: Sequence[Mismatch]) -> str:
    """What stands beside the box that confirms them."""
    return f"Fuse although these differ: {', '.join(mismatch.kind for mismatch in mismatches).replace('-', ' ')}"
