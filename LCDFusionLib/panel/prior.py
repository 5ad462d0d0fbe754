"""Prior study: which one, whose it is, its registration onto the anatomy of now, and what of it is on show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit
from LCDFusionLib.images.window import anatomy_window, function_range
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_header
from LCDFusionLib.mrml.inputs import check_pair
from LCDFusionLib.mrml.nodes import unit_of
from LCDFusionLib.mrml.prior import (
    Pair,
    confirm_prior,
    days_between,
    forget_registration,
    is_confirmed,
    is_of_known_patient,
    motion_of,
    prior_mismatches,
    registration_to,
)
from LCDFusionLib.mrml.prior_offer import PriorOffer
from LCDFusionLib.mrml.registering import RegistrationProgress
from LCDFusionLib.mrml.transforms import verdict_of
from LCDFusionLib.panel.choices import Choices, FunctionUnit
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.on_show import Belongs
from LCDFusionLib.panel.pair_reading import PairReading
from LCDFusionLib.panel.section import Section
from LCDFusionLib.views.choices import Arrangement
from LCDFusionLib.views.prior_views import PriorStudy

NOT_CHOSEN = "No prior study is chosen"


@dataclass(frozen=True)
class PriorState:
    """What the section shows.

    Attributes:
        offers: to choose from.
        chosen: key of the one; "" for none.
        is_running: Register is Cancel.
        can_register: Register, or Cancel, can be clicked.
        can_show: "Show unregistered" can be clicked.
        mismatch: words beside the box that confirms another patient's study; "" for no box.
        is_confirmed: the box is checked.
        text: how far it is, the verdict, or what went wrong.
        part: of a running registration, 0 to 1.
        warnings: what to mind.
    """

    offers: tuple[PriorOffer, ...] = ()
    chosen: str = ""
    is_running: bool = False
    can_register: bool = False
    can_show: bool = False
    mismatch: str = ""
    is_confirmed: bool = False
    text: str = ""
    part: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """On the button."""
        return "Cancel" if self.is_running else "Register prior"


class PriorSection(Section):
    """An earlier pair beside the one on show. It goes with the pair that it was chosen for."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = PriorState()
        self._reading = PairReading(core.host.find_file, core.host.executor)
        self._of: tuple[str, str] | None = None
        self._is_wanted = False  # a registration, as soon as both are read
        self._is_unregistered: Belongs[bool] | None = None
        self._said: Belongs[str] | None = None
        self._progress = RegistrationProgress(0.0, "")
        self._made_of: tuple[object, ...] = ()

    @property
    def is_busy(self) -> bool:
        return self.core.prior_registration.is_running or (self.core.prior_word.startswith("Reading"))

    def update(self) -> None:
        self._drop_with_the_pair()
        pair, prior = self.choices.pair, self.choices.prior
        self.core.prior_word, text, mismatch, confirmed = self.choices.prior_waiting or NOT_CHOSEN, "", "", False
        warnings: tuple[str, ...] = ()
        study: PriorStudy | None = None
        self._stop_another(pair, prior)
        if pair is not None and prior is not None:
            others = prior_mismatches(pair, prior, self.core.host.find_file)
            confirmed = bool(others) and is_confirmed(pair, prior)
            if others:
                mismatch = f"Compare although it is another patient's: {'; '.join(each.text for each in others)}"
            if others and not confirmed:
                self.core.prior_word = text = "This is another patient's study"
            else:
                try:
                    study, text = self._study(pair, prior, is_of_another=bool(others))
                    warnings = self._warnings(pair, prior, study)
                except InputError as error:
                    self._reading.drop()
                    self.core.prior_word, text = "It cannot be shown: see Prior study", str(error)
        else:
            self._reading.stop()
            self._reading.drop()
        if study is None:
            self._made_of = ()
        self.core.prior_on_show = study
        running, is_read = self.core.prior_registration.is_running, pair is not None and self._reading.read is not None
        self.state = PriorState(
            offers=tuple(self.core.host.priors()),
            chosen=self.choices.prior_key,
            is_running=running,
            can_register=running or (is_read and (study is None or study.motion is None)),
            can_show=is_read and not running and (study is None or study.motion is not None),
            mismatch=mismatch,
            is_confirmed=confirmed,
            text=text or self.choices.prior_waiting,
            part=self._progress.part,
            warnings=warnings,
        )

    def tick(self) -> None:
        if self._reading.has_read and self.core.prior_word.startswith("Reading"):
            self.core.refresh()
        progress = self.core.prior_registration.tick()
        if progress is None:
            return
        if progress.is_over:
            self._end(progress)
            self.core.refresh()
        else:
            self._progress = progress
            self.state = replace(self.state, text=progress.text, part=progress.part)
            self.core.host.show()

    def forget(self) -> None:
        self.core.prior_registration.close()
        self._reading.stop()
        self._reading.drop()
        self._of = self._is_unregistered = self._said = self.core.prior_on_show = None
        self._is_wanted, self._made_of, self.core.prior_word, self.state = False, (), "", PriorState()

    def choose(self, key: str) -> None:
        """One of the offers, "" for none: it is read, registered, and compared with."""
        self._said, self._is_wanted = None, False
        with self.problems_are_said(self._say):
            self._is_wanted = bool(key) and self.core.host.may_compute()
        self.core.host.choose_prior(key)
        if key:
            self.core.host.choose(arrangement=Arrangement.COMPARE)
            self.core.host.open_views()
        elif self.choices.arrangement is Arrangement.COMPARE:
            self.core.host.choose(arrangement=Arrangement.READING)
        self.core.refresh()

    def confirm(self, agreed: bool) -> None:
        """The person takes it on themselves to compare with another patient's study, or withdraws it."""
        if self.choices.pair is not None and self.choices.prior is not None:
            confirm_prior(self.choices.pair, self.choices.prior, agreed=agreed)
            self._is_wanted = agreed
            self.core.refresh()

    def register(self) -> None:
        """Register, or cancel."""
        session = self.core.prior_registration
        if session.is_running:
            session.cancel()
            self.tick()
        else:
            self._said = self._is_unregistered = None
            with self.problems_are_said(self._say):
                self._is_wanted = self.core.host.may_compute()
        self.core.refresh()

    def show_unregistered(self) -> None:
        """The prior as it lies itself; a registration is taken off."""
        if self.choices.pair is not None and self.choices.prior is not None:
            forget_registration(self.choices.pair[0], self.choices.prior[0])
            self._is_wanted, self._is_unregistered = False, Belongs(True, self.on_show, "pair", "prior")
            self.core.refresh()

    def _study(self, pair: Pair, prior: Pair, *, is_of_another: bool) -> tuple[PriorStudy | None, str]:
        """What is on show, and the line for it.

        Raises:
            InputError: the prior cannot be shown.
        """
        find_file, now = self.core.host.find_file, self.core.workflow
        check_pair(*prior, find_file=find_file)
        if now.anatomy is None or now.function is None or now.plan is None:
            self.core.prior_word = self.core.waiting or "Not on show: see Inputs"
            return None, ""
        if not self._reading.update(_choices_of(self.choices, prior, self.core.host.find_file)):
            self.core.prior_word = f"Reading '{prior[1].GetName()}'"
            return None, self.core.prior_word
        assert self._reading.volumes is not None
        anatomy, function = self._reading.volumes
        if function.is_color:
            raise InputError(f"'{function.name}' is a colour image and cannot be compared; choose the PET or SPECT that it was made of.")
        transform = registration_to(pair[0], prior[0])
        self._is_wanted = self._is_wanted and transform is None
        said = self._said.on(self.on_show) if self._said is not None else None
        if transform is None and self._is_wanted and not self.core.prior_registration.is_running:
            self._is_wanted, self._progress = False, RegistrationProgress(0.0, "Registering")
            self.core.prior_registration.start(pair[0], prior[0], now.anatomy, anatomy)
        if transform is None and self.core.prior_registration.is_running:
            self.core.prior_word = "It is being registered"
            return None, self._progress.text
        if transform is None and not (self._is_unregistered is not None and self._is_unregistered.on(self.on_show)):
            self.core.prior_word = "Not registered: see Prior study"
            return None, said or "Not registered yet."
        motion = motion_of(transform) if transform is not None else None
        made_of = (self._reading.key, now.anatomy.modality, now.function.unit, is_of_another, None if motion is None else motion.tobytes())
        if self.core.prior_on_show is None or made_of != self._made_of:
            self._made_of = made_of
            same_window = (anatomy.modality, anatomy.unit) == (now.anatomy.modality, now.anatomy.unit)
            self.core.prior_on_show = PriorStudy(
                prior,
                anatomy,
                function,
                motion,
                self.core.label_of(prior[1]),
                days_between(pair, prior, find_file),
                is_of_another,
                None if same_window else anatomy_window(anatomy),
                None if function.unit is now.function.unit else function_range(function),
            )
        text = verdict_of(transform) if transform is not None else f"{said or ''} Shown unregistered: places do not correspond.".strip()
        return self.core.prior_on_show, text

    def _warnings(self, pair: Pair, prior: Pair, study: PriorStudy | None) -> tuple[str, ...]:
        if self._reading.read is None:
            return ()
        find_file, found = self.core.host.find_file, []
        if not is_of_known_patient(pair, prior, find_file):
            found.append("It is not known whether the prior study is of this patient.")
        if (days := days_between(pair, prior, find_file)) is not None and days < 0:
            found.append("The prior study is later than the one on show: the changes run from the later to the earlier one.")
        function = self.core.workflow.function
        if study is not None and function is not None and study.function.unit is not function.unit:
            found.append(
                f"The prior study is in {study.function.unit.label}, this one in {function.unit.label}: no change can be reckoned."
            )
        return (*found, *(f"Prior study: {note}" for note in self._reading.notes))

    def _end(self, progress: RegistrationProgress) -> None:
        """What came of it is read off the scene; only what went wrong is said here."""
        if progress.transform is None:
            text = progress.text.replace("; nothing was moved. Choose", ". Choose")
            self._said = Belongs(text, self.on_show, "pair", "prior")

    def _drop_with_the_pair(self) -> None:
        """Another pair is on show, perhaps another patient's."""
        if self.choices.pair is None:
            return
        now, before = self.on_show.pair, self._of
        self._of = now
        if before not in (None, now) and (self.choices.prior_key or self.choices.prior is not None):
            self.core.host.choose_prior("")
            self.core.choices = replace(self.choices, prior=None, prior_key="", prior_waiting="")

    def _stop_another(self, pair: Pair | None, prior: Pair | None) -> None:
        """A registration of what is not chosen any more."""
        running = self.core.prior_registration.inputs
        if running and (pair is None or prior is None or running != (pair[0], prior[0])):
            self.core.prior_registration.close()

    def _say(self, text: str) -> None:
        self._said = Belongs(text, self.on_show, "pair", "prior")


def _choices_of(choices: Choices, prior: Pair, find_file: FindFile) -> Choices:
    """The choices for reading the prior. What a person has said of values without headers holds for it where it has none either."""
    anatomy, function = prior
    has_said = unit_of(function) is Unit.RELATIVE and dicom_header(function, find_file) is None
    unit = choices.function_unit if has_said else FunctionUnit.AUTO
    return Choices(anatomy=anatomy, function=function, function_unit=unit)
