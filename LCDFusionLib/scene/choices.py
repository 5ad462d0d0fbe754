"""What a person can choose in a panel: the choices, their words and order, the same in every host.

Each choice is an `Enum`: its value goes into settings and saved scenes, its `label` onto the screen. The first member is the default.
"""

from __future__ import annotations

from enum import Enum

from LCDFusionLib.fusion.settings import DeviceChoice, FusionSettings
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import Window


class Choice(Enum):
    """A choice with words for people."""

    def label(self) -> str:
        """What stands on the screen."""
        return _LABELS[self]


class AnatomyWindow(Choice):
    """Window of the anatomy."""

    DEFAULT = "default"
    LUNG = "lung"
    MEDIASTINUM = "mediastinum"
    BONE = "bone"
    BRAIN = "brain"
    AUTO = "auto"
    ON_DISPLAY = "display"


class ColorTableChoice(Choice):
    """Colours of uptake, `COLOR_TABLES`."""

    EMBER = "ember"
    HOT_IRON = "hot-iron"
    INVERSE_GRAY = "inverse-gray"
    RAINBOW = "rainbow"


class WeightsChoice(Choice):
    """Weights of the network."""

    AUTO = "auto"
    CT_PET = "ct-pet"
    MR_PET = "mr-pet"


class AnatomyKind(Choice):
    """What the anatomy is, where its headers do not say it."""

    AUTO = "auto"
    CT = "CT"
    MR = "MR"

    @property
    def modality(self) -> Modality | None:
        """None where the headers say it."""
        return None if self is AnatomyKind.AUTO else Modality(self.value)


class FunctionUnit(Choice):
    """What the function's values are, where its headers do not say it."""

    AUTO = "auto"
    SUVBW = "SUVbw"
    RELATIVE = "relative"

    @property
    def unit(self) -> Unit | None:
        """None where the headers say it."""
        return None if self is FunctionUnit.AUTO else Unit(self.value)


class Device(Choice):
    """Where the network runs."""

    AUTO = "auto"
    CUDA = "cuda"
    MPS = "mps"
    CPU = "cpu"


class Precision(Choice):
    """Of the convolutions on an NVIDIA GPU."""

    FLOAT32 = "float32"
    TF32 = "tf32"
    FLOAT16 = "float16"


class Arrangement(Choice):
    """Views on the screen, `layouts.py`."""

    READING = "reading"
    SIDE_BY_SIDE = "side by side"
    FOUR_UP = "four-up"
    ONE_VIEW = "one view"


class Orientation(Choice):
    """Plane of the linked views; where it is that of the anatomy's slices, exactly in their plane."""

    AXIAL = "Axial"
    CORONAL = "Coronal"
    SAGITTAL = "Sagittal"


class FusedLook(Choice):
    """The fused image in colour or in gray."""

    COLOR = "color"
    GRAY = "gray"


class FunctionLook(Choice):
    """The function in its own view: as PET is read, or in the colours that the fused image has."""

    INVERSE_GRAY = "inverse-gray"
    COLOR = "color"


class Comparison(Choice):
    """How the fused view compares with the classic blend."""

    NONE = "none"
    FLICKER = "flicker"
    SPLIT = "split"


_LABELS: dict[Choice, str] = {
    AnatomyWindow.DEFAULT: "By modality",
    AnatomyWindow.LUNG: "Lung (1400/-700)",
    AnatomyWindow.MEDIASTINUM: "Mediastinum (350/40)",
    AnatomyWindow.BONE: "Bone (1800/400)",
    AnatomyWindow.BRAIN: "Brain (80/40)",
    AnatomyWindow.AUTO: "Automatic (percentiles)",
    AnatomyWindow.ON_DISPLAY: "As displayed now",
    ColorTableChoice.EMBER: "Ember",
    ColorTableChoice.HOT_IRON: "Hot iron",
    ColorTableChoice.INVERSE_GRAY: "Inverse gray",
    ColorTableChoice.RAINBOW: "Rainbow",
    WeightsChoice.AUTO: "By modality",
    WeightsChoice.CT_PET: "CT/PET",
    WeightsChoice.MR_PET: "MR/PET",
    AnatomyKind.AUTO: "as its headers say",
    AnatomyKind.CT: "is a CT in HU",
    AnatomyKind.MR: "is an MR",
    FunctionUnit.AUTO: "as its headers say",
    FunctionUnit.SUVBW: "values are SUV",
    FunctionUnit.RELATIVE: "values are relative",
    Device.AUTO: "Fastest",
    Device.CUDA: "NVIDIA GPU (CUDA)",
    Device.MPS: "Apple GPU (MPS)",
    Device.CPU: "CPU",
    Precision.FLOAT32: "float32",
    Precision.TF32: "TF32 (NVIDIA GPU)",
    Precision.FLOAT16: "float16 (NVIDIA GPU)",
    Arrangement.READING: "Reading",
    Arrangement.SIDE_BY_SIDE: "Side by side",
    Arrangement.FOUR_UP: "Four-up",
    Arrangement.ONE_VIEW: "One view",
    Orientation.AXIAL: "Axial",
    Orientation.CORONAL: "Coronal",
    Orientation.SAGITTAL: "Sagittal",
    FusedLook.COLOR: "Colour",
    FusedLook.GRAY: "Gray",
    FunctionLook.INVERSE_GRAY: "Inverse gray",
    FunctionLook.COLOR: "Colour",
    Comparison.NONE: "Off",
    Comparison.FLICKER: "Flicker",
    Comparison.SPLIT: "Split",
}


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
