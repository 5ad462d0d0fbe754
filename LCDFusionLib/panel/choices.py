"""What a person can choose for a fusion: the choices, their words and order, the same in every host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import slicer

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.settings import DeviceChoice, FusionSettings
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.slice_range import slices_of_roi
from LCDFusionLib.views.choices import Arrangement, Choice, Comparison, FunctionLook, FusedLook, Orientation

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class AnatomyWindow(Choice):
    """Window of the anatomy."""

    DEFAULT = "default", "By modality"
    LUNG = "lung", "Lung (1400/-700)"
    MEDIASTINUM = "mediastinum", "Mediastinum (350/40)"
    LIVER = "liver", "Liver (150/90)"
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
    CITRINE = "citrine", "Citrine (for red-green blindness)"


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
    """Of the convolutions; where a device has no use for it, they are float32."""

    FLOAT32 = "float32", "float32"
    TF32 = "tf32", "TF32 (NVIDIA GPU)"
    FLOAT16 = "float16", "float16 (NVIDIA GPU)"
    BFLOAT16 = "bfloat16", "bfloat16 (CPU with AVX-512 BF16)"


@dataclass(frozen=True)
class Choices:
    """Everything that a person can choose in a panel; the defaults are those of every host.

    Attributes:
        anatomy: CT or MR; None while none is chosen, or it is not there yet.
        function: PET or SPECT; likewise.
        prior: anatomy and function of a prior study; likewise.
        prior_key: of the offer that was chosen (`Host.priors`); "" for none.
        prior_waiting: why it is not there yet.
        waiting: why a chosen volume is not there yet, such as "Reading CT Thorax"; "" where nothing is awaited.
        first_slice: where the fusion begins, as people count slices, from 1; 0 for the first.
        last_slice: where it ends; 0 for the last.
        roi: a Markups ROI: only the slices that it meets; None for all.
        function_upper: value shown as full uptake, in the function's unit; None for automatic.
        batch_size: slices at a time on a GPU; 0 for as many as its free memory takes.
        opacity: of the function in the blend, 0 to 1.
        split: place of the line, 0 to 1.
        projection_angle: in degrees.
        turning: the projection turns by itself.
        region_radius: of the sphere, in mm.
        isocontour: in percent of the lesion's maximum.
        region_threshold: that voxels of a lesion reach, in the function's unit.
        plotted: name of a metric in `PLOTTED`.
        metrics_in_view: write them in the fused view.
        deidentify: take the patient out of what is exported as DICOM.
        page_in_dicom: what is exported as DICOM has the page to keep with it.
    """

    anatomy: Node | None = None
    function: Node | None = None
    prior: tuple[Node, Node] | None = None
    prior_key: str = ""
    prior_waiting: str = ""
    waiting: str = ""
    window: AnatomyWindow = AnatomyWindow.DEFAULT
    first_slice: int = 0
    last_slice: int = 0
    roi: slicer.vtkMRMLMarkupsROINode | None = None
    function_upper: float | None = None
    table: ColorTableChoice = ColorTableChoice.BLAZE
    weights: WeightsChoice = WeightsChoice.AUTO
    anatomy_kind: AnatomyKind = AnatomyKind.AUTO
    function_unit: FunctionUnit = FunctionUnit.AUTO
    device: Device = Device.AUTO
    precision: Precision = Precision.FLOAT32
    batch_size: int = 0
    arrangement: Arrangement = Arrangement.READING
    orientation: Orientation = Orientation.AXIAL
    fused_look: FusedLook = FusedLook.COLOR
    function_look: FunctionLook = FunctionLook.INVERSE_GRAY
    opacity: float = 0.5
    comparison: Comparison = Comparison.NONE
    split: float = 0.5
    projection_angle: float = 0.0
    turning: bool = False
    region_radius: float = 10.0
    isocontour: float = 41.0
    region_threshold: float = 4.0
    plotted: str = "QABF"
    metrics_in_view: bool = True
    deidentify: bool = False
    page_in_dicom: bool = False

    @property
    def pair(self) -> tuple[Node, Node] | None:
        """Both inputs; None where one is missing."""
        return None if self.anatomy is None or self.function is None else (self.anatomy, self.function)

    @property
    def slices(self) -> range:
        """K of the anatomy's slices that are fused: those from first to last that the ROI meets.

        Raises:
            InputError: there is none.
        """
        assert self.anatomy is not None
        count = int(self.anatomy.GetImageData().GetDimensions()[2])
        first, last = max(self.first_slice or 1, 1), min(self.last_slice or count, count)
        if first > last:
            raise InputError(f"There is no slice from {first} to {last} in '{self.anatomy.GetName()}', which has {count}; choose others.")
        chosen = range(first - 1, last)
        if self.roi is None:
            return chosen
        of_roi = slices_of_roi(self.roi, self.anatomy)
        both = range(max(chosen.start, of_roi.start), min(chosen.stop, of_roi.stop))
        if not both:
            raise InputError(
                f"The ROI '{self.roi.GetName()}' meets slices {of_roi.start + 1} to {of_roi.stop}, none of those from {first} to {last}; "
                "choose one of the two."
            )
        return both

    @property
    def settings(self) -> FusionSettings:
        """Of a fusion.

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


def fusion_settings(
    *,
    window: AnatomyWindow,
    displayed: Window | None,
    function_upper: float | None,
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
        function_upper: value shown as full uptake; None for the default of the function's unit.
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
        function_upper=function_upper,
        weights=weights.value,
        device=choice,
        precision=precision.value,
        batch_size=batch_size or None,
        color_table=table.value,
    )
