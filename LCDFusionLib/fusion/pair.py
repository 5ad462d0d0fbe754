"""Two volumes made ready for the network: checked, and what makes their slices lie on one grid, windowed to [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import Deformation
from LCDFusionLib.images.doubts import doubts
from LCDFusionLib.images.files import check_voxels
from LCDFusionLib.images.resample import Resampled, overlap_of, resample_onto
from LCDFusionLib.images.volume import Modality, Place, Volume
from LCDFusionLib.images.window import Window, anatomy_window, function_range
from LCDFusionLib.notes import Note

from .order import outwards
from .settings import FusionSettings
from .uptake_seen import UptakeSeen
from .windowed import WindowedAnatomy, WindowedFunction

MINIMUM_SIZE = 16
"""Rows and columns that the network needs; also `network.MINIMUM_SIZE`, which would load torch into the host."""

WHOLE_OVERLAP = 0.999
"""Overlap from which the anatomy counts as covered: grids that end together may differ by a rounding at the border."""

MUCH_ON_WHITE = 0.25
"""Part of the uptake on white anatomy from which a reader is sent to the colour image."""


@dataclass(frozen=True, eq=False)
class FusionPair:
    """An anatomy and a function volume that were checked and can be fused, slice by slice.

    Attributes:
        anatomy: as given.
        function: as given, on its own grid.
        anatomy_window: what is mapped to [0, 1].
        function_window: likewise.
        weights: name or path of the weights to use: "auto" is decided here.
        settings: as given.
        warnings: what the user should know before they trust the picture, in sentences; `warnings_on` has the rest of them.
        covered: fraction of the anatomy's voxels inside the function's field of view, as far as their places are to be believed.
        deformation: through which the function is read.
    """

    anatomy: Volume
    function: Volume
    anatomy_window: Window
    function_window: Window
    weights: str
    settings: FusionSettings
    warnings: tuple[str, ...]
    covered: float
    deformation: Deformation | None

    @cached_property
    def anatomy_slices(self) -> WindowedAnatomy:
        """Of the anatomy in [0, 1], each windowed when it is asked for."""
        return WindowedAnatomy(self.anatomy.array, self.anatomy_window, self.anatomy.padding)

    @cached_property
    def function_slices(self) -> WindowedFunction:
        """Of the function on the anatomy's grid in [0, 1], each resampled when it is asked for."""
        transform = self.deformation.transform if self.deformation is not None else None
        return WindowedFunction(self.function, self.function_window, self.anatomy, transform)

    @cached_property
    def anatomy01(self) -> NDArray[np.float32]:
        """All of `anatomy_slices`, (K, J, I)."""
        return self.anatomy_slices[list(range(self.count))]

    @cached_property
    def function01(self) -> NDArray[np.float32]:
        """All of `function_slices`, (K, J, I)."""
        return self.function_slices[list(range(self.count))]

    @property
    def resampled(self) -> Resampled:
        """The function on the anatomy's grid, and where it covers it."""
        return resample_onto(self.function, self.anatomy, self.deformation)

    @property
    def count(self) -> int:
        """Slices."""
        return self.anatomy.shape[0]

    @property
    def overlap(self) -> float | None:
        """Fraction of the anatomy's voxels inside the function's field of view; None where that is a guess (`Volume.place`)."""
        return self.covered if self.anatomy.in_patient_space and self.function.in_patient_space else None

    @property
    def anatomy_window_in_words(self) -> str:
        """Width, level and unit, such as "350/40 HU"."""
        return f"{self.anatomy_window.width:g}/{self.anatomy_window.level:g} {self.anatomy.unit.value}"

    @property
    def function_range_in_words(self) -> str:
        """With its unit, such as "0 to 10 SUVbw"."""
        return f"{self.function_window.lower:g} to {self.function_window.upper:g} {self.function.unit.value}"

    def uptake_on(self, slices: Iterable[int]) -> UptakeSeen:
        """What there is of uptake on these slices."""
        seen = UptakeSeen()
        for k in slices:
            seen.add(k, self.anatomy_slices[[k]][0], self.function_slices[[k]][0])
        return seen

    def warnings_on(self, uptake: UptakeSeen) -> list[str]:
        """What the user should know, too, once every slice was looked at."""
        warnings: list[str] = []
        if not uptake.is_there:
            names = {"anatomy": self.anatomy.name, "function": self.function.name}
            text = "{function} has no uptake anywhere on {anatomy}: the picture shows the anatomy alone."
            warnings.append(Note(text, names=names))
        if uptake.on_white > MUCH_ON_WHITE:
            warnings.append(
                f"In this window {uptake.on_white:.0%} of the uptake lies on anatomy that is already white, where the gray image has "
                "little room to show it: read the colour image."
            )
        return warnings


def prepare(
    anatomy: Volume, function: Volume, settings: FusionSettings | None = None, *, deformation: Deformation | None = None
) -> FusionPair:
    """Check both volumes, and say how the function is resampled onto the anatomy's grid (once) and both are windowed.

    Nothing is resampled yet: each slice is when it is asked for.

    Args:
        anatomy: CT or MR; scalar.
        function: PET or SPECT, or a colour image of it.
        settings: defaults where None.
        deformation: through which the function is read, after any rigid motion that is in its matrix.

    Raises:
        InputError: the volumes cannot be fused: a colour or nuclear anatomy, one volume twice, slices below 16 pixels, NaN, infinite or
            constant voxels, no overlap in space, a window in which the anatomy is all black or all white.
    """
    settings = settings or FusionSettings()
    _check(anatomy, function)
    overlap = overlap_of(function, anatomy, deformation)
    pair = FusionPair(
        anatomy=anatomy,
        function=function,
        anatomy_window=anatomy_window(anatomy, settings.window),
        function_window=function_range(function, settings.function_upper),
        weights=decided_weights(anatomy, settings),
        settings=settings,
        warnings=tuple(_warnings(anatomy, function, overlap, settings)),
        covered=overlap,
        deformation=deformation,
    )
    if _is_blank(pair):
        window = pair.anatomy_window
        raise InputError(
            f"The window {window.width:g}/{window.level:g} shows nothing of '{anatomy.name}', whose values reach from "
            f"{anatomy.array.min():g} to {anatomy.array.max():g}; choose another window, or auto."
        )
    return pair


def _is_blank(pair: FusionPair) -> bool:
    """The anatomy is all black, or all white. The middle tells of nearly all volumes that they are not."""
    lowest, highest = 1.0, 0.0
    for k in outwards(pair.count, pair.count // 2):
        (shown,) = pair.anatomy_slices[[k]]
        lowest, highest = min(lowest, float(shown.min())), max(highest, float(shown.max()))
        if lowest < highest:
            return False
    return True


def _check(anatomy: Volume, function: Volume) -> None:
    if anatomy.is_color:
        raise InputError(f"The anatomy '{anatomy.name}' is a colour image; choose a gray CT or MR volume.")
    for volume in (anatomy, function):
        if volume.is_fused:
            raise InputError(
                f"'{volume.name}' is a fused image made by LCDFusion, not an original; choose the CT, MR or PET that it was made of."
            )
    if anatomy.modality.is_function:
        raise InputError(f"The anatomy '{anatomy.name}' is a {_kind(anatomy)} volume; choose a CT or MR volume (are the two exchanged?).")
    if anatomy is function or (anatomy.same_grid(function) and np.array_equal(anatomy.array, function.array)):
        raise InputError(f"Anatomy and function are the same volume '{anatomy.name}'; choose a CT or MR volume and a PET or SPECT volume.")
    pictures = [volume for volume in (anatomy, function) if volume.place is Place.PICTURE]
    if len(pictures) == 2 and anatomy.shape != function.shape:
        sizes = " and ".join(f"{columns}x{rows}" for _, rows, columns in (anatomy.shape, function.shape))
        raise InputError(
            f"The pictures '{anatomy.name}' and '{function.name}' have {sizes} pixels, so what lies on what is not known; "
            "save both at one size and position."
        )
    if len(pictures) == 1:
        picture = pictures[0]
        raise InputError(f"'{picture.name}' is a picture that does not know where in the patient it lies; fuse a picture with a picture.")
    _, rows, columns = anatomy.shape
    if min(rows, columns) < MINIMUM_SIZE:
        raise InputError(f"The slices of '{anatomy.name}' have {columns}x{rows} pixels; at least {MINIMUM_SIZE}x{MINIMUM_SIZE} are needed.")
    check_voxels(anatomy)
    check_voxels(function)


def decided_weights(anatomy: Volume, settings: FusionSettings) -> str:
    """Name or path of the weights that a fusion of this anatomy uses: "auto" is decided here."""
    if settings.weights == "auto":
        return "ct-pet" if anatomy.modality is Modality.CT else "mr-pet"
    return str(Path(settings.weights).resolve()) if settings.weights.endswith(".pt") else settings.weights


def _warnings(anatomy: Volume, function: Volume, overlap: float, settings: FusionSettings) -> list[str]:
    warnings: list[str] = [*doubts(anatomy), *doubts(function)]
    names = {"anatomy": anatomy.name, "function": function.name}
    if overlap < WHOLE_OVERLAP and anatomy.in_patient_space and function.in_patient_space:
        part = f"{overlap:.1%}"
        text = "{function} covers only {part} of {anatomy}; the rest is fused as if it had no uptake."
        warnings.append(Note(text, names=names, part=part))
    if (warning := frame_of_reference_warning(anatomy, function)) is not None:
        warnings.append(warning)
    if function.modality in (Modality.CT, Modality.MR):
        warnings.append(
            Note(
                "{function} is a {kind} volume, not PET or SPECT; the weights were not trained for that.",
                names={"function": function.name},
                kind=_kind(function),
            )
        )
    if settings.weights == "auto" and anatomy.modality not in (Modality.CT, Modality.MR):
        text = "It is not known whether {anatomy} is CT or MR; the weights mr-pet were taken."
        warnings.append(Note(text, names={"anatomy": anatomy.name}))
    return warnings


def frame_of_reference_warning(anatomy: Volume, function: Volume) -> str | None:
    """Why it is not sure that the two lie on each other; None where one frame of reference holds both."""
    frames = anatomy.frame_of_reference, function.frame_of_reference
    if all(frames) and frames[0] != frames[1]:
        return Note(
            "{anatomy} and {function} have different frames of reference: they may not lie on each other; compare them, or register them.",
            names={"anatomy": anatomy.name, "function": function.name},
        )
    if Place.UNSAID in (anatomy.place, function.place):
        return "It is not known where in the patient these images lie: sides, scale and overlap of the picture are not to be relied on."
    if not all(frames) and anatomy.in_patient_space:
        return "No common frame of reference is known; that the two lie on each other is taken from their positions: compare them."
    return None


def _kind(volume: Volume) -> str:
    return {Modality.PET: "PET", Modality.SPECT: "SPECT"}.get(volume.modality, volume.modality.value)
