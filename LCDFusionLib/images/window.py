"""From voxel values to [0, 1]: window width and level of the anatomy, uptake range of the function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Modality, Unit, Volume

BT601_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of R, G, B in luma, full range (ITU-R BT.601-7, 2.5.1)."""

SUV_UPPER = {Unit.SUVBW: 10.0, Unit.SUVIBW: 10.0, Unit.SUVLBM: 7.5, Unit.SUVBSA: 2.5}
"""Least upper end of the default range. SUVbw: FDG-avid tumours of most patients lie below, and liver (about 2.5) stays dark; the others
are the same uptake of a patient of 70 kg and 1.7 m."""

SUV_PRESETS = (5.0, 7.0, 10.0, 15.0, 20.0)
"""Upper ends that readers choose, SUVbw."""

_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0)
"""Of the default range, as multiples of `SUV_UPPER`."""
_HOTTER_ML, _LONG_MM, _HOTTER_IN_LONG_ML = 20.0, 800.0, 300.0
"""How much may be hotter than the default range's end. In a scan longer than `_LONG_MM`, which has bladder and heart on it, it may be more:
no reader wants a liver that is black because the bladder is full."""

_SAMPLE_SIZE = 4_000_000  # voxels that are enough for a percentile; a whole CT would only take longer


@dataclass(frozen=True)
class Window:
    """Window width and level, DICOM (0028,1051) and (0028,1050), in the unit of the volume.

    The transfer is DICOM's LINEAR_EXACT (PS3.3 C.11.2.1.3.2), which is also what 3D Slicer shows.

    Raises:
        InputError: the width is not positive, or a value is not finite.
    """

    width: float
    level: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.width) and np.isfinite(self.level) and self.width > 0):
            raise InputError(f"The window {self.width:g}/{self.level:g} cannot be used: give a positive window width and a finite level.")

    @classmethod
    def from_range(cls, lower: float, upper: float) -> Window:
        """The window that is black at `lower` and white at `upper`."""
        return cls(width=upper - lower, level=(lower + upper) / 2)

    @property
    def lower(self) -> float:
        """The value shown black."""
        return self.level - self.width / 2

    @property
    def upper(self) -> float:
        """The value shown white."""
        return self.level + self.width / 2

    def apply(self, array: ArrayLike) -> NDArray[np.float32]:
        """Values of any shape to float32 in [0, 1], the same shape."""
        scaled = np.array(array, dtype=np.float32)
        scaled -= np.float32(self.lower)
        scaled /= np.float32(self.width)
        return np.clip(scaled, 0, 1, out=scaled)


PRESETS: dict[str, Window] = {
    "lung": Window(1400, -700),
    "mediastinum": Window(350, 40),
    "liver": Window(150, 90),
    "bone": Window(1800, 400),
    "brain": Window(80, 40),
}
"""Window presets for CT in HU."""


def anatomy_window(volume: Volume, preset: str | Window | None = None) -> Window:
    """The window of an anatomy volume.

    Args:
        volume: CT, MR, or a colour image (whose luma is shown over its whole range 0..255).
        preset: a name of `PRESETS` (CT only), "auto", a window of one's own, or None: mediastinum for CT in HU, else auto.

    Raises:
        InputError: unknown name, or a CT preset for a volume that is not CT in Hounsfield units.
    """
    if isinstance(preset, Window):
        return preset
    is_ct = volume.modality is Modality.CT and volume.unit is Unit.HU
    if preset is None:
        preset = "mediastinum" if is_ct else "auto"
    if preset == "auto":
        return auto_window(volume)
    if preset not in PRESETS:
        raise InputError(f"There is no window '{preset}': choose one of {', '.join(PRESETS)} or auto.")
    if not is_ct:
        raise InputError(
            f"The window '{preset}' is made for CT in Hounsfield units, but '{volume.name}' is {volume.modality.value} in unit "
            f"'{volume.unit.value}': choose auto, or say that the volume is a CT."
        )
    return PRESETS[preset]


def auto_window(volume: Volume) -> Window:
    """A window for MR and other volumes without a physical unit, by robust percentiles of the body.

    White is the 99.5th percentile of the body alone, so that much air round a head does not make the picture bright; black is the 0.5th
    of the volume, so that dark tissue (cortical bone, CSF on T1) stays apart from air. The triangle method (Zack et al. 1977) parts body
    from air: it finds the small dark peak of air that Otsu's method misses beside muscle and fat.

    Raises:
        InputError: the volume is constant.
    """
    if volume.is_color:
        return Window.from_range(0, 255)
    sample = _sample(volume)
    low, high = np.percentile(sample, [0.1, 99.9])
    if low == high:  # a small object in a large field
        low, high = volume.array.min(), volume.array.max()
    if low == high:
        raise InputError(f"The volume '{volume.name}' has the same value in every voxel, so there is nothing to see: check the file.")
    triangle = sitk.TriangleThresholdImageFilter()
    triangle.Execute(sitk.GetImageFromArray(np.clip(sample, low, high)[np.newaxis]))
    body = sample[sample > triangle.GetThreshold()]
    black, white = float(np.percentile(sample, 0.5)), float(np.percentile(body, 99.5)) if body.size else float(high)
    return Window.from_range(black, white if white > black else float(high))


def function_range(volume: Volume, upper: float | None = None) -> Window:
    """The uptake shown from 0 (black, no colour) to 1 (hottest).

    It always begins at zero uptake: a range that began higher would hide uptake, one below zero would colour places without any.

    Args:
        volume: PET, SPECT, or a colour image (0..255 of its luma, whatever `upper` is).
        upper: hottest value in the unit of the volume. None: that of `SUV_UPPER`, or the first of its multiples `_STEPS` that hardly
            anything of this study is hotter than; in other units the volume's 99.9th percentile.

    Raises:
        InputError: `upper` is not positive, or no voxel is.
    """
    if volume.is_color:
        return Window.from_range(0, 255)
    if upper is not None:
        if not (np.isfinite(upper) and upper > 0):
            raise InputError(f"The upper end of the uptake range must be a positive number, not {upper:g}.")
        return Window.from_range(0, upper)
    if volume.unit in SUV_UPPER:
        return Window.from_range(0, _upper_of_study(volume))
    sample = _sample(volume)
    hottest = float(np.percentile(sample, 99.9))
    if hottest <= 0:  # a small hot spot in a large field
        hottest = float(volume.array.max())
    if hottest <= 0:
        raise InputError(f"The function volume '{volume.name}' has no voxel above zero, so there is no uptake to show: check the file.")
    return Window.from_range(0, hottest)


def range_reason(volume: Volume, upper: float | None = None) -> str:
    """Why the range ends where it does, and how much of the study is hotter: a sentence for people; "" for a colour volume.

    Takes what `function_range` takes.
    """
    if volume.is_color:
        return ""
    end = function_range(volume, upper).upper
    if volume.unit not in SUV_UPPER:
        return "" if upper is not None else f"Automatic: 0 to {end:.4g}, the 99.9th percentile of this volume."
    hotter, hottest, least = _hotter_ml(volume, end), volume.range[1], SUV_UPPER[volume.unit]
    more = f"{hotter:.3g} ml are hotter, up to {hottest:.3g}" if hotter >= 1 else "hardly anything is hotter"
    if upper is not None:
        return f"{more[0].upper()}{more[1:]}."
    name = volume.unit.label
    if end > least:
        return f"Automatic: {name} 0-{end:g}, because {_hotter_ml(volume, least):.3g} ml are hotter than {least:g}; {more}."
    return f"Automatic: {name} 0-{end:g}; {more}."


def luma(rgb: NDArray) -> NDArray[np.float32]:
    """BT.601 full-range luma of (..., 3) RGB, in the scale of the input."""
    return rgb.astype(np.float32) @ BT601_LUMA


def normalise(volume: Volume, window: Window) -> NDArray[np.float32]:
    """Voxels in [0, 1], shape (K, J, I); of a colour volume its luma. Where nothing was measured: 0."""
    return windowed(volume.array, window, volume.padding)


def windowed(array: NDArray, window: Window, padding: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Slices (B, J, I), or (B, J, I, 3) of RGB, in [0, 1], shape (B, J, I); of colours the luma. Where there is padding: 0."""
    shown = window.apply(luma(array) if array.ndim == 4 else array)
    if padding is not None:
        shown[padding] = 0
    return shown


def _upper_of_study(volume: Volume) -> float:
    """The first step that no more than a little is hotter than: never below the usual range, or a quiet study would look hot."""
    long_mm = float(np.abs(volume.ijk_to_lps[2, :3]) @ volume.array.shape[2::-1])
    may_be = _HOTTER_IN_LONG_ML if long_mm > _LONG_MM else _HOTTER_ML
    uppers = [step * SUV_UPPER[volume.unit] for step in _STEPS]
    return next((upper for upper in uppers if _hotter_ml(volume, upper) <= may_be), uppers[-1])


def _hotter_ml(volume: Volume, value: float) -> float:
    """How much of the volume is hotter, in ml."""
    return float(volume.count_above(value) * abs(np.linalg.det(volume.ijk_to_lps[:3, :3])) / 1000)


def _sample(volume: Volume) -> NDArray[np.float32]:
    """Evenly spaced voxels that were measured, flat."""
    voxels = volume.array.reshape(-1) if volume.padding is None else volume.array[~volume.padding]
    return voxels[:: max(1, voxels.size // _SAMPLE_SIZE)].astype(np.float32)
