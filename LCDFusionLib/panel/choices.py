"""What a person can choose for a fusion: the choices, their words and order, the same in every host."""

from __future__ import annotations

from LCDFusionLib.fusion.settings import DeviceChoice, FusionSettings
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import Window
from LCDFusionLib.views.choices import Choice


class AnatomyWindow(Choice):
    """Window of the anatomy."""

    DEFAULT = "default", "By modality"
    LUNG = "lung", "Lung (1400/-700)"
    MEDIASTINUM = "mediastinum", "Mediastinum (350/40)"
    BONE = "bone", "Bone (1800/400)"
    BRAIN = "brain", "Brain (80/40)"
    AUTO = "auto", "Automatic (percentiles)"
    ON_DISPLAY = "display", "As displayed now"


class ColorTableChoice(Choice):
    """Colours of uptake, `COLOR_TABLES`."""

    BLAZE = "blaze", "Blaze"
    EMBER = "ember", "Ember (quiet)"
    HOT_IRON = "hot-iron", "Hot iron"
    INVERSE_GRAY = "inverse-gray", "Inverse gray"
    RAINBOW = "rainbow", "Rainbow"


class WeightsChoice(Choice):
    """Weights of the network."""

    AUTO = "auto", "By modality"
    CT_PET = "ct-pet", "CT/PET"
    MR_PET = "mr-pet", "MR/PET"


class AnatomyKind(Choice):
    """What the anatomy is, where its headers do not say it."""

    AUTO = "auto", "as its headers say"
    CT = "CT", "is a CT in HU"
    MR = "MR", "is an MR"

    @property
    def modality(self) -> Modality | None:
        """None where the headers say it."""
        return None if self is AnatomyKind.AUTO else Modality(self.value)


class FunctionUnit(Choice):
    """What the function's values are, where its headers do not say it."""

    AUTO = "auto", "as its headers say"
    SUVBW = "SUVbw", "values are SUV"
    RELATIVE = "relative", "values are relative"

    @property
    def unit(self) -> Unit | None:
        """None where the headers say it."""
        return None if self is FunctionUnit.AUTO else Unit(self.value)


class Device(Choice):
    """Where the network runs."""

    AUTO = "auto", "Fastest"
    CUDA = "cuda", "NVIDIA GPU (CUDA)"
    MPS = "mps", "Apple GPU (MPS)"
    CPU = "cpu", "CPU"


class Precision(Choice):
    """Of the convolutions on an NVIDIA GPU."""

    FLOAT32 = "float32", "float32"
    TF32 = "tf32", "TF32 (NVIDIA GPU)"
    FLOAT16 = "float16", "float16 (NVIDIA GPU)"


def fusion_settings(
    *,
    window: AnatomyWindow,
    displayed: Window | None,
    function_upper: float,
    table: ColorTableChoice,
    weights: WeightsChoice,
    device: Device = Device.AUTO,
    precision: Precision = Precision.FLOAT32,
    batch_size: int = 0,
) -> FusionSettings:
    """What was chosen, for `prepare`.

    Args:
        window: of the anatomy.
        displayed: the window that the anatomy is shown with now, for `AnatomyWindow.ON_DISPLAY`.
        function_upper: value shown as full uptake; 0 for the default of the function's unit.
        table: colours of a scalar function.
        weights: of the network.
        device: where it runs.
        precision: of the convolutions on an NVIDIA GPU.
        batch_size: slices at a time on a GPU; 0 for as many as its free memory takes.

    Raises:
        InputError: a value cannot be used.
    """
    chosen: str | Window | None = window.value
    if window is AnatomyWindow.DEFAULT or (window is AnatomyWindow.ON_DISPLAY and displayed is None):
        chosen = None
    elif window is AnatomyWindow.ON_DISPLAY:
        chosen = displayed
    choice: DeviceChoice = device.value
    return FusionSettings(
        window=chosen,
        function_upper=function_upper or None,
        weights=weights.value,
        device=choice,
        precision=precision.value,
        batch_size=batch_size or None,
        color_table=table.value,
    )
