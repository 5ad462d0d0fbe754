"""What the browser and this process share: what the reader sets, and what the page shows. trame keeps both in step."""

from __future__ import annotations

from dataclasses import dataclass, field

from LCDFusionLib.panel.choices import AnatomyKind, AnatomyWindow, ColorTableChoice, Device, FunctionUnit, Precision, WeightsChoice
from LCDFusionLib.views.choices import Arrangement, Comparison, FunctionLook, FusedLook, Orientation


@dataclass
class BrowserChoices:
    """What the reader sets; names and defaults are those of `LCDFusionLib.panel.choices.Choices`.

    anatomy, function - keys of offers of the open study; pair, prior - numbers of proposed pairs.
    first_slice, last_slice - as people count slices, None for all. function_upper - in the function's unit, None for automatic.
    isocontour - in percent of the maximum.
    """

    pair: int | None = None
    prior: int | None = None
    anatomy: str | None = None
    function: str | None = None
    first_slice: int | None = None
    last_slice: int | None = None
    window: AnatomyWindow = AnatomyWindow.DEFAULT
    function_upper: float | None = None
    table: ColorTableChoice = ColorTableChoice.BLAZE
    weights: WeightsChoice = WeightsChoice.AUTO
    arrangement: Arrangement = Arrangement.READING
    orientation: Orientation = Orientation.AXIAL
    fused_look: FusedLook = FusedLook.COLOR
    function_look: FunctionLook = FunctionLook.INVERSE_GRAY
    opacity: float = 0.5
    comparison: Comparison = Comparison.NONE
    split: float = 0.5
    projection_angle: float = 0.0
    turning: bool = False
    region_radius: float | None = 10.0
    isocontour: float | None = 41.0
    region_threshold: float | None = 4.0
    plotted: str = "QABF"
    metrics_in_view: bool = True
    deidentify: bool = False
    page_in_dicom: bool = False
    anatomy_kind: AnatomyKind = AnatomyKind.AUTO
    function_unit: FunctionUnit = FunctionUnit.AUTO
    device: Device = Device.AUTO
    precision: Precision = Precision.FLOAT32
    batch_size: int | None = 0


@dataclass
class Screen:
    """What the page shows of the session itself; what it shows of the panel are the sections' states.

    Only this process writes it, but for `upload`, which the browser writes while it sends files, and `folded`: the panel is away.
    """

    patient: str = ""
    busy: str = "Starting"
    pairs: list[dict] = field(default_factory=list)
    anatomies: list[dict] = field(default_factory=list)
    functions: list[dict] = field(default_factory=list)
    pair_note: str = ""
    study_notes: list[str] = field(default_factory=list)
    exporting: str = ""
    upload_limit: int = 0
    upload: float = -1.0
    upload_problem: str = ""
    help: bool = False
    folded: bool = False
