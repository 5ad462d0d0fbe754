"""What all sections of the panel work on: the choices, the pair, the views, and the key of what is on show."""

from __future__ import annotations

from collections.abc import Callable

from LCDFusionLib.dicom.scan_facts import Fact
from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.belonging import patient_and_day
from LCDFusionLib.mrml.fusing import SceneFusion
from LCDFusionLib.mrml.nodes import ijk_to_ras
from LCDFusionLib.mrml.prior import keep_registration
from LCDFusionLib.mrml.registering import SceneRegistration
from LCDFusionLib.panel.choices import Choices, Node
from LCDFusionLib.panel.host import Host
from LCDFusionLib.panel.measured import MeasuredRegions
from LCDFusionLib.panel.on_show import Belongs, OnShow
from LCDFusionLib.panel.workflow import FusionWorkflow
from LCDFusionLib.views.fused_view import FusedImage, best_for_slice
from LCDFusionLib.views.prior_views import PriorStudy
from LCDFusionLib.views.review import Review


class Core:
    """One for all sections; none of them knows another.

    Attributes:
        host: that draws.
        scene: of the volumes.
        choices: at the last update.
        workflow: what will be fused, and what there is of it.
        registration_session: the registration, if one runs.
        prior_registration: that of a prior study onto the anatomy of now.
        prior_on_show: a prior study beside the pair; None while none is on show.
        prior_word: why none is.
        views: what the slice views show.
        measured: regions of the pair on show.
        facts: what the function's headers say of the study; empty where it has none, or they are not read yet.
        lean_part: lean body mass as a part of the weight; None where it is not known.
        is_preparing: a fusion is being prepared, and will begin.
        is_stale: something has changed since the last update.
        is_dragged: the screen shows a window or a range of the hand's that does not count any more.
        said: the status line, and what it belongs to.
        moved: tells all sections that another slice, or more of it, is on show.
    """

    def __init__(
        self, host: Host, application: Application, *, session: SceneFusion | None = None, registration: SceneRegistration | None = None
    ) -> None:
        self.host, self.scene, self.choices = host, application.scene, Choices()
        self.workflow = FusionWorkflow(session, find_file=host.find_file, executor=host.executor)
        self.registration_session = registration or SceneRegistration()
        self.prior_registration = SceneRegistration(self.registration_session.python, keep=keep_registration)
        self.prior_on_show: PriorStudy | None = None
        self.prior_word = ""
        self.views = Review(application)
        self.measured = MeasuredRegions()
        self.facts: tuple[Fact, ...] = ()
        self.lean_part: float | None = None
        self.is_preparing = self.is_stale = self.is_dragged = False
        self.said: Belongs[str] | None = None
        self.moved: Callable[[], object] = lambda: None

    @property
    def slice(self) -> int | None:
        """K of the anatomy's slice on show; None in another plane, and while the views are not on the screen."""
        return self.views.slice if self.host.views_are_shown() else None

    @property
    def on_show(self) -> OnShow:
        """The key of what is on show now."""
        pair, plan = self.choices.pair, self.workflow.plan
        return OnShow(
            pair=pair_key(*pair) if pair is not None else None,
            transforms=self.workflow.volumes_key,
            settings=plan.made_with if plan is not None else None,
            slice=self.slice,
            prior=self._prior_key(),
            angle=self.choices.projection_angle,
        )

    def label_of(self, function: Node) -> str:
        """Date and patient of a study, by its function, as it stands in the views."""
        patient, day = patient_and_day(function, self.host.find_file)
        return "  ".join(filter(None, (day or "no date", patient)))

    def _prior_key(self) -> tuple[object, ...] | None:
        pair, prior = self.choices.pair, self.choices.prior
        if pair is None or prior is None:
            return None
        try:
            places = tuple(ijk_to_ras(node).tobytes() for node in (pair[0], *prior))
        except InputError:  # a transform has bent one; the section says it
            places = ()
        return (*pair_key(*prior), *places)

    @property
    def waiting(self) -> str:
        """Why the pair is not there yet, such as "Reading CT Thorax"; "" where nothing is awaited."""
        return self.choices.waiting or self.workflow.waiting

    @property
    def is_fusing(self) -> bool:
        """True from the click on Fuse to the last slice."""
        return self.is_preparing or self.workflow.session.is_running

    @property
    def is_registering(self) -> bool:
        """True while a registration runs."""
        return self.registration_session.is_running

    @property
    def image(self) -> FusedImage | None:
        """The fused image on show; None where there is none."""
        return best_for_slice(self.workflow.images, self.slice)

    @property
    def whole(self) -> FusedImage | None:
        """The whole fused image of the pair, of these choices or of older ones; None where there is none."""
        images = self.workflow.images
        return next((each for each in images if each.nodes.is_in_scene and each.nodes.is_complete and not each.nodes.is_preview), None)

    def refresh(self) -> None:
        """Something has changed: the panel is updated soon."""
        self.is_stale = True
        self.host.wake()

    def say(self, text: str, *pair: Node) -> None:
        """The status line. It belongs to its pair; without one, or where a volume of it was deleted, it stays until the next is said."""
        if len(pair) == 2 and all(node.GetScene() is not None for node in pair):
            self.said = Belongs(text, OnShow(pair=pair_key(*pair)), "pair")
        else:
            self.said = Belongs(text, OnShow())


def pair_key(anatomy: Node, function: Node) -> tuple[str, str]:
    """`OnShow.pair`."""
    return anatomy.GetID() or "", function.GetID() or ""
