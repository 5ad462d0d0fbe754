"""What a panel asks of the host that draws it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Protocol

from LCDFusionLib.mrml.input_identity import InputIdentity
from LCDFusionLib.mrml.prior_offer import PriorOffer
from LCDFusionLib.panel.choices import Choices


class Host(Protocol):
    """A host holds what was chosen, draws the states of the sections, and passes clicks on; it decides nothing.

    Attributes:
        executor: runs what takes a second or two and looks at no scene.
    """

    executor: Executor

    def choices(self) -> Choices:
        """As they stand on the screen."""

    def choose(self, **changes: object) -> None:
        """The panel itself has changed choices, by their names in `Choices`."""

    def choose_inputs(self, anatomy: InputIdentity, function: InputIdentity) -> str:
        """Chooses the two by what they hold, where both can be had here; while they are read, `Choices.waiting` says so.

        Returns:
            Where a host knows more than that they are not open: what is missing, and what to do; the end of a sentence.
        """

    def find_file(self, uid: str) -> str:
        """From SOP Instance UID to file, "" where it is not known."""

    def find_regions(self) -> Sequence[Path]:
        """DICOM Segmentations that were opened with the volumes; empty where the scene keeps regions itself."""

    def priors(self) -> Sequence[PriorOffer]:
        """Pairs beside the one on show that may be a prior study, those of the same patient first."""

    def choose_prior(self, key: str) -> None:
        """One of `priors`, by its key, "" for none; `Choices.prior` has it as soon as it is there."""

    def may_compute(self) -> bool:
        """Asks for, or installs, what a computation needs; False where the person does not want that.

        Raises:
            InputError: it cannot be had.
        """

    def torch_problem(self) -> str:
        """Why PyTorch cannot be used, in a few words; "" where it can."""

    def open_views(self) -> None:
        """Puts the views on the screen, where others may be."""

    def views_are_shown(self) -> bool:
        """True while the views are on the screen."""

    def draw_views(self) -> None:
        """Draws the views, when there is time."""

    def show(self) -> None:
        """States of sections have changed."""

    def wake(self) -> None:
        """Call `Panel.update` soon; however often this is called until then, once is enough."""

    def report(self, error: Exception) -> None:
        """Something unexpected went wrong; the person is told otherwise."""


class AtOnce(Executor):
    """Runs what is submitted before `submit` returns, for a host whose threads stand still while its event loop idles."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:  # type: ignore[override]
        """As `Executor.submit`; the future is done."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
