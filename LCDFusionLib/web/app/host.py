"""A browser session as the host of the panel: choices from trame's state, volumes from the open study, views in the page."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from trame_server import Server
from trame_server.utils.typed_state import TypedState

from LCDFusionLib.mrml.input_identity import InputIdentity
from LCDFusionLib.mrml.prior_offer import PriorOffer
from LCDFusionLib.panel.choices import Choices

from ..private_log import report
from ..views import LinkedViews
from .state import BrowserChoices

if TYPE_CHECKING:
    from .opening import OpenStudy
    from .panel.drawing import Drawing


class SessionHost:
    """`LCDFusionLib.panel.host.Host` on a page.

    Attributes:
        study: what is open.
        views: on the page.
        drawings: of the sections.
    """

    study: OpenStudy
    views: LinkedViews
    drawings: Sequence[Drawing] = ()

    def __init__(self, server: Server, chosen: TypedState[BrowserChoices]) -> None:
        self._server, self._chosen = server, chosen
        self.executor: Executor = ThreadPoolExecutor(1, thread_name_prefix="resample")

    def choices(self) -> Choices:
        """As they stand on the page."""
        chosen, prior = self._chosen.data, self.study.prior
        of_prior = (self.study.node(prior.anatomy), self.study.node(prior.function)) if prior is not None else (None, None)
        return Choices(
            anatomy=self.study.node(chosen.anatomy),
            function=self.study.node(chosen.function),
            prior=of_prior if all(of_prior) else None,
            prior_key="" if prior is None else f"{chosen.prior}",
            prior_waiting=self.study.prior_waiting,
            waiting=self.study.waiting,
            first_slice=int(chosen.first_slice or 0),
            last_slice=int(chosen.last_slice or 0),
            window=chosen.window,
            function_upper=chosen.function_upper,
            table=chosen.table,
            weights=chosen.weights,
            anatomy_kind=chosen.anatomy_kind,
            function_unit=chosen.function_unit,
            device=chosen.device,
            precision=chosen.precision,
            batch_size=chosen.batch_size or 0,
            arrangement=chosen.arrangement,
            orientation=chosen.orientation,
            fused_look=chosen.fused_look,
            function_look=chosen.function_look,
            opacity=chosen.opacity,
            comparison=chosen.comparison,
            split=chosen.split,
            projection_angle=chosen.projection_angle,
            turning=chosen.turning,
            region_radius=chosen.region_radius or Choices.region_radius,
            isocontour=chosen.isocontour or Choices.isocontour,
            region_threshold=chosen.region_threshold or Choices.region_threshold,
            plotted=chosen.plotted,
            metrics_in_view=chosen.metrics_in_view,
            deidentify=chosen.deidentify,
            page_in_dicom=chosen.page_in_dicom,
        )

    def choose(self, **changes: object) -> None:
        """The panel itself has changed choices."""
        with self._server.state:
            for name, value in changes.items():
                if name != "roi":  # the browser has no Markups
                    setattr(self._chosen.data, name, value or None if name in ("first_slice", "last_slice") else value)

    def choose_inputs(self, anatomy: InputIdentity, function: InputIdentity) -> str:
        """Of the open study."""
        self.study.choose(anatomy, function)
        return ""

    def find_file(self, uid: str) -> str:
        """`FindFile` of the open study."""
        return self.study.find_file(uid)

    def find_regions(self) -> Sequence[Path]:
        """Of the open study."""
        return self.study.study.segmentations if self.study.study is not None else ()

    def priors(self) -> Sequence[PriorOffer]:
        """Of the open study."""
        study, chosen = self.study.study, self._chosen.data
        return study.priors(chosen.anatomy, chosen.function) if study is not None else ()

    def choose_prior(self, key: str) -> None:
        """It is read when it is chosen."""
        with self._server.state:
            self._chosen.data.prior = int(key) if key else None

    def may_compute(self) -> bool:
        """All that is needed came with the server."""
        return True

    def torch_problem(self) -> str:
        """It came with the server."""
        return ""

    def open_views(self) -> None:
        """They are always there."""

    def views_are_shown(self) -> bool:
        """They are always there."""
        return True

    def draw_views(self) -> None:
        """At the next step."""
        self.views.draw()

    def show(self) -> None:
        """Sends the states that have changed."""
        with self._server.state:
            for drawing in self.drawings:
                drawing.show()

    def wake(self) -> None:
        """The session's timer asks often enough."""

    def report(self, error: Exception) -> None:
        """Into the log, without a word of the patient."""
        report(error)
