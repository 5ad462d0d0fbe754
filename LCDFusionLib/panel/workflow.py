"""From what the person has chosen to a plan, a fusion and its result: the part of a panel that every host shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import slicer

from LCDFusionLib.dicom import Mismatch, unconfirmed
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.belonging import confirm_mismatches, confirmed_mismatches, pair_mismatches
from LCDFusionLib.mrml.dicom_source import FindFile, no_file
from LCDFusionLib.mrml.fusing import FusionJob, FusionSession, prepare_job
from LCDFusionLib.mrml.inputs import check_pair, read_pair
from LCDFusionLib.mrml.nodes import ijk_to_ras
from LCDFusionLib.mrml.result_nodes import ResultNodes, find_result
from LCDFusionLib.panel.choices import (
    AnatomyKind,
    AnatomyWindow,
    ColorTableChoice,
    Device,
    FunctionUnit,
    Precision,
    WeightsChoice,
    fusion_settings,
)
from LCDFusionLib.panel.plan import Plan, make_plan

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


@dataclass(frozen=True)
class FusionChoices:
    """What a fusion depends on, as it stands in a panel; the defaults are those of every panel.

    Attributes:
        anatomy: CT or MR; None while none is chosen.
        function: PET or SPECT; None while none is chosen.
        function_upper: value shown as full uptake, in the function's unit; 0 for automatic.
    """

    anatomy: Node | None
    function: Node | None
    window: AnatomyWindow = AnatomyWindow.DEFAULT
    function_upper: float = 0.0
    table: ColorTableChoice = ColorTableChoice.BLAZE
    weights: WeightsChoice = WeightsChoice.AUTO
    anatomy_kind: AnatomyKind = AnatomyKind.AUTO
    function_unit: FunctionUnit = FunctionUnit.AUTO
    device: Device = Device.AUTO
    precision: Precision = Precision.FLOAT32
    batch_size: int = 0

    @property
    def settings(self) -> FusionSettings:
        """For `prepare_job`.

        Raises:
            InputError: a value cannot be used.
        """
        display = self.anatomy.GetDisplayNode() if self.anatomy is not None else None
        return fusion_settings(
            window=self.window,
            displayed=Window(display.GetWindow(), display.GetLevel()) if display is not None and display.GetWindow() > 0 else None,
            function_upper=self.function_upper,
            table=self.table,
            weights=self.weights,
            device=self.device,
            precision=self.precision,
            batch_size=self.batch_size,
        )


@dataclass(frozen=True, eq=False)
class Preparation:
    """A fusion before its volumes are resampled, which takes a while; `job` may run in a thread, everything else may not."""

    anatomy_node: Node
    function_node: Node
    anatomy: Volume
    function: Volume
    settings: FusionSettings
    first_slice: int | None
    only_first_slice: bool
    notes: list[str]

    def job(self) -> FusionJob:
        """Resampled and checked; raises what `prepare_job` does."""
        return prepare_job(self.anatomy, self.function, self.settings, first_slice=self.first_slice, only_first_slice=self.only_first_slice)


class FusionWorkflow:
    """What will be fused, and what came of it.

    Attributes:
        session: the fusion that runs, if one does.
        plan: what a fusion of the chosen pair will do; None where they cannot be fused.
        function: the chosen function as it will be fused.
        problem: why they cannot be fused, in a sentence; empty where they can.
        mismatches: what says that the two do not belong together.
    """

    def __init__(self, session: FusionSession | None = None, *, find_file: FindFile = no_file) -> None:
        self.session = session or FusionSession()
        self.plan: Plan | None = None
        self.function: Volume | None = None
        self.problem = ""
        self.mismatches: tuple[Mismatch, ...] = ()
        self._find_file = find_file
        self._key: tuple[object, ...] | None = None
        self._result: ResultNodes | None = None

    @property
    def result(self) -> ResultNodes | None:
        """The result on show: what is being fused of the chosen pair, its preview, or its whole result; None where there is none."""
        return self._result if self._result is not None and self._result.is_in_scene else None

    def update(self, choices: FusionChoices) -> None:
        """Makes the plan, and looks for the pair's result, after anything was chosen or came into the scene."""
        self._make_plan(choices)
        self._result = self._find_result(choices)

    def is_confirmed(self, choices: FusionChoices) -> bool:
        """True where the person takes all `mismatches` of the chosen pair on themselves."""
        return not unconfirmed(self.mismatches, [mismatch.kind for mismatch in confirmed_mismatches(choices.anatomy, choices.function)])

    def confirm(self, choices: FusionChoices, *, agreed: bool) -> None:
        """The person takes what differs on themselves, or withdraws it; it holds for this pair alone."""
        kinds = [mismatch.kind for mismatch in self.mismatches] if agreed else []
        confirm_mismatches(choices.anatomy, choices.function, kinds, self._find_file)

    def prepare(self, choices: FusionChoices, *, first_slice: int | None, only_first_slice: bool = False) -> Preparation:
        """The volumes of the chosen pair, copied, so that the scene may change while they are resampled.

        Args:
            choices: for which there is a plan.
            first_slice: K of the slice on show.
            only_first_slice: fuse that slice alone, as a preview.

        Raises:
            InputError: as `check_pair` and `read_pair`.
        """
        check_pair(choices.anatomy, choices.function, find_file=self._find_file)
        anatomy, function, notes = self._read(choices, copy=True)
        return Preparation(choices.anatomy, choices.function, anatomy, function, choices.settings, first_slice, only_first_slice, notes)

    def begin(self, preparation: Preparation, job: FusionJob) -> ResultNodes:
        """Begins what was prepared; as `FusionSession.begin`."""
        return self.session.begin(preparation.anatomy_node, preparation.function_node, job, notes=preparation.notes)

    def forget(self) -> None:
        """The scene is being emptied."""
        self.session.abandon()
        self.plan = self.function = self._key = self._result = None
        self.problem, self.mismatches = "", ()

    def close(self) -> None:
        """Ends the process."""
        self.session.close()

    def _read(self, choices: FusionChoices, *, copy: bool) -> tuple[Volume, Volume, list[str]]:
        return read_pair(
            choices.anatomy,
            choices.function,
            modality=choices.anatomy_kind.modality,
            unit=choices.function_unit.unit,
            find_file=self._find_file,
            copy=copy,
        )

    def _make_plan(self, choices: FusionChoices) -> None:
        """Looks at the volumes only when something has changed that the plan depends on."""
        try:
            nodes, self.mismatches = (choices.anatomy, choices.function), ()
            self.mismatches = pair_mismatches(*nodes, self._find_file) if all(nodes) else ()
            check_pair(*nodes, find_file=self._find_file)
            settings = choices.settings
            key = (settings, choices.anatomy_kind, choices.function_unit, confirmed_mismatches(*nodes), *map(_state, nodes))
            if key != self._key:
                anatomy, self.function, notes = self._read(choices, copy=False)
                self.plan, self.problem, self._key = make_plan(anatomy, self.function, settings, notes), "", key
        except InputError as error:
            self.plan, self.function, self.problem, self._key = None, None, str(error), None

    def _find_result(self, choices: FusionChoices) -> ResultNodes | None:
        """Looks through the whole scene, so not for every slice that one scrolls past."""
        pair = choices.anatomy, choices.function
        if pair[0] is None or pair[1] is None:
            return None
        if self.session.is_running and self.session.inputs == pair:
            return self.session.result
        return find_result(*pair, preview=True) or find_result(*pair)


def _state(node: Node) -> tuple[object, ...]:
    """What a plan depends on in a volume node."""
    return node.GetID(), node.GetName(), node.GetImageData().GetMTime(), ijk_to_ras(node).tobytes()


def mismatch_label(mismatches: Sequence[Mismatch]) -> str:
    """What stands beside the box that confirms them."""
    return f"Fuse although these differ: {', '.join(mismatch.kind for mismatch in mismatches).replace('-', ' ')}"
