"""The parameter node: what of the panel is saved with the scene."""

from pathlib import Path
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode, vtkMRMLVectorVolumeNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from LCDFusionLib.panel.choices import (
    AnatomyKind,
    AnatomyWindow,
    ColorTableChoice,
    Device,
    FunctionUnit,
    Precision,
    WeightsChoice,
)
from LCDFusionLib.views.choices import Arrangement, Comparison, FunctionLook, FusedLook


@parameterNodeWrapper
class LCDFusionParameterNode:
    """Everything that the panel shows, so that a saved scene brings it back.

    anatomy, function - the inputs; a colour function (vtkMRMLVectorVolumeNode) is a scalar volume node too.
    priorAnatomy, priorFunction - of an earlier study, to compare with.
    firstSlice, lastSlice - as people count slices, 0 for the anatomy's own; roi - only the slices that it meets.
    fusedColor, fusedGray, metrics - the result of the pair.
    window to batchSize - choices of `LCDFusionLib.panel.choices`; functionUpper is in the function's unit, 0 for automatic.
    isocontour - in percent of the maximum. Key slices stand on the anatomy, because they belong to a pair.
    """

    anatomy: vtkMRMLScalarVolumeNode
    function: vtkMRMLScalarVolumeNode
    priorAnatomy: vtkMRMLScalarVolumeNode
    priorFunction: vtkMRMLScalarVolumeNode
    firstSlice: Annotated[int, WithinRange(0, 99999)] = 0
    lastSlice: Annotated[int, WithinRange(0, 99999)] = 0
    roi: vtkMRMLMarkupsROINode
    fusedColor: vtkMRMLVectorVolumeNode
    fusedGray: vtkMRMLScalarVolumeNode
    metrics: vtkMRMLTableNode
    window: AnatomyWindow = AnatomyWindow.DEFAULT
    functionUpper: Annotated[float, WithinRange(0, 100000)] = 0.0
    table: ColorTableChoice = ColorTableChoice.BLAZE
    weights: WeightsChoice = WeightsChoice.AUTO
    arrangement: Arrangement = Arrangement.READING
    fusedLook: FusedLook = FusedLook.COLOR
    functionLook: FunctionLook = FunctionLook.INVERSE_GRAY
    opacity: Annotated[float, WithinRange(0, 1)] = 0.5
    comparison: Comparison = Comparison.NONE
    split: Annotated[float, WithinRange(0, 1)] = 0.5
    projectionAngle: Annotated[float, WithinRange(0, 359)] = 0.0
    regionRadius: Annotated[float, WithinRange(1, 100)] = 10.0
    isocontour: Annotated[float, WithinRange(1, 99)] = 41.0
    regionThreshold: Annotated[float, WithinRange(0.1, 100000)] = 4.0
    plotted: str = "QABF"
    metricsInView: bool = True
    exportFolder: Path = Path.home()
    deidentify: bool = False
    pageInDicom: bool = False
    anatomyKind: AnatomyKind = AnatomyKind.AUTO
    functionUnit: FunctionUnit = FunctionUnit.AUTO
    device: Device = Device.AUTO
    precision: Precision = Precision.FLOAT32
    batchSize: Annotated[int, WithinRange(0, 64)] = 0
