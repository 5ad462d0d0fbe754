"""The panel: all its sections, and the one owner of what is on show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import slicer
import vtk

from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.fusing import SceneFusion
from LCDFusionLib.mrml.registering import SceneRegistration
from LCDFusionLib.panel.advanced import AdvancedSection
from LCDFusionLib.panel.choices import Choices, Node
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.display import DisplaySection
from LCDFusionLib.panel.export import ExportSection
from LCDFusionLib.panel.fusion import FusionSection
from LCDFusionLib.panel.host import Host
from LCDFusionLib.panel.inputs import InputsSection
from LCDFusionLib.panel.metrics import MetricsSection
from LCDFusionLib.panel.prior import PriorSection
from LCDFusionLib.panel.regions import RegionsSection
from LCDFusionLib.panel.registration import RegistrationSection
from LCDFusionLib.panel.review import ReviewSection
from LCDFusionLib.panel.section import Section
from LCDFusionLib.panel.study import StudySection

_WATCHED = (
    vtk.vtkCommand.ModifiedEvent,
    slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
    slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
    slicer.vtkMRMLMarkupsNode.PointModifiedEvent,
)


class Panel(Core):
    """Everything that a panel is but its widgets.

    A host calls `update` when a choice or the scene has changed, `tick` from a timer, and the sections' methods for clicks; it draws
    their states. What stands on the screen belongs to a key, `on_show`; what does not belong to the one of now is cleared or relabelled
    at the next update.

    Attributes:
        sections: in the order in which they are brought into line.
    """

    def __init__(
        self, host: Host, application: Application, *, session: SceneFusion | None = None, registration: SceneRegistration | None = None
    ) -> None:
        super().__init__(host, application, session=session, registration=registration)
        self.moved = self.views.on_moved = self._on_moved
        self.display, self.review, self.inputs = DisplaySection(self), ReviewSection(self), InputsSection(self)
        self.study, self.prior = StudySection(self), PriorSection(self)
        self.views.on_window_changed, self.views.on_range_changed = self.display.on_windowed, self.display.on_ranged
        self.fusion, self.registration, self.regions = FusionSection(self), RegistrationSection(self), RegionsSection(self)
        self.metrics, self.export, self.advanced = MetricsSection(self), ExportSection(self), AdvancedSection(self)
        self.sections: tuple[Section, ...] = (
            self.display,
            self.prior,
            self.review,
            self.inputs,
            self.study,
            self.fusion,
            self.registration,
            self.regions,
            self.metrics,
            self.export,
            self.advanced,
        )
        self._is_updating = False
        self._watched: list[tuple[Node, int]] = []

    @property
    def is_busy(self) -> bool:
        """True while something runs that wants ticks."""
        return self.workflow.is_reading or any(section.is_busy for section in self.sections)

    def update(self) -> None:
        """Brings everything into line with the choices and the scene."""
        if self._is_updating:  # by an observer of what an update changes; once more, later
            self.refresh()
            return
        self._is_updating, self.is_stale = True, False
        try:
            self.choices = self._of_this_pair(self.display.with_the_hand(self.host.choices()))
            self._watch()
            self.workflow.update(self.choices)
            for section in self.sections:
                section.update()
        finally:
            self._is_updating = False
        self.host.show()

    def tick(self) -> None:
        """Looks at what runs; never waits. Updates where something has changed."""
        for section in self.sections:
            section.tick()
        if self.is_stale or self.workflow.has_read:
            self.update()

    def reset(self) -> None:
        """Zoom, pan, window and range as they were when the pair was opened."""
        self.display.reset()
        self.review.show_whole()

    def forget(self) -> None:
        """The scene is being emptied: nothing of the old one may be held, or stay on the screen."""
        for section in self.sections:
            section.forget()
        self.workflow.forget()
        self.choices = Choices()
        self._watch()
        self.is_stale = False
        self.host.show()

    def close(self) -> None:
        """The panel goes."""
        self.forget()
        self.views.leave_views()
        self.workflow.close()
        self.registration_session.close()
        self.prior_registration.close()

    def _on_moved(self) -> None:
        for section in self.sections:
            section.moved()
        self.host.show()

    def _of_this_pair(self, choices: Choices) -> Choices:
        """Slices are counted in one anatomy; for another pair all are fused again."""
        before = self.choices.pair
        has_part = choices.first_slice or choices.last_slice or choices.roi
        if before is None or choices.pair is None or before == choices.pair or not has_part:
            return choices
        everything: dict[str, Any] = {"first_slice": 0, "last_slice": 0, "roi": None}
        self.host.choose(**everything)
        return replace(choices, **everything)

    def _watch(self) -> None:
        """A transform set in another module, a voxel painted, or an ROI moved, changes what is on show as well."""
        chosen = self.choices.anatomy, self.choices.function, self.choices.roi, *(self.choices.prior or ())
        nodes = [node for node in chosen if node is not None]
        if [node for node, _ in self._watched[:: len(_WATCHED)]] == nodes:
            return
        for node, tag in self._watched:
            node.RemoveObserver(tag)
        self._watched = [(node, node.AddObserver(event, lambda *_: self.refresh())) for node in nodes for event in _WATCHED]
