"""A pair and its result in the views: who shows what, together at one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import slicer
import vtk

from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.scene import layouts
from LCDFusionLib.scene.annotations import SliceAnnotations
from LCDFusionLib.scene.application import Application
from LCDFusionLib.scene.choices import Comparison, FunctionLook, FusedLook
from LCDFusionLib.scene.comparison import SplitPicture
from LCDFusionLib.scene.display import color_table_node, show_anatomy, show_color_bar, show_function
from LCDFusionLib.scene.planes import offset_of_slice, show_slices, slice_index
from LCDFusionLib.scene.projection_view import RAS, ProjectionView
from LCDFusionLib.scene.results import ResultNodes, remove_node

_ON_BLACK_AND_WHITE = (0.85, 0.42, 0.05)  # letters that are legible on both

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


@dataclass(frozen=True)
class Look:
    """How the person wants to see a pair and its result.

    Attributes:
        anatomy_window: window on show; None leaves it as it is.
        function_window: range of uptake on show.
        table: colours of uptake, `COLOR_TABLES`.
        function: of the function in its own view.
        fused: of the fused image.
        opacity: of the function in the blend.
        comparison: of the fused view.
        split: place of the line, 0 to 1.
        metrics: written in the fused view.
    """

    anatomy_window: Window | None
    function_window: Window
    table: str = DEFAULT_COLOR_TABLE
    function: FunctionLook = FunctionLook.INVERSE_GRAY
    fused: FusedLook = FusedLook.COLOR
    opacity: float = 0.5
    comparison: Comparison = Comparison.NONE
    split: float = 0.5
    metrics: bool = True


class Review:
    """The views `layouts.LINKED` and the projection, filled and kept together.

    The host makes the views (from `layouts`), gives their renderers to `annotate`, and draws. Everything else is here.
    """

    def __init__(self, application: Application) -> None:
        self._application, self._scene = application, application.scene
        self._anatomy: Node | None = None
        self._function: Node | None = None
        self._volume: Volume | None = None
        self._result: ResultNodes | None = None
        self._look: Look | None = None
        self._reading_copy: Node | None = None
        self._split: SplitPicture | None = None
        self._flickered = False
        self._region: Node | None = None
        self._color_bar: slicer.vtkMRMLColorLegendDisplayNode | None = None
        self._annotations: dict[str, SliceAnnotations] = {}
        self._observed: tuple[vtk.vtkObject, int] | None = None
        self.projection: ProjectionView | None = None

    @property
    def is_open(self) -> bool:
        """True while a pair is on show."""
        return self._anatomy is not None

    @property
    def result(self) -> ResultNodes | None:
        """The result on show."""
        return self._result

    def show(self, anatomy: Node, function: Node, volume: Volume, result: ResultNodes | None, look: Look) -> None:
        """Shows a pair, in the plane of the anatomy's slices; at the slice that was on show if this anatomy was, else in the middle.

        Args:
            anatomy: the anatomy's node.
            function: the function's node.
            volume: the function as it is fused, from `read_function`.
            result: of the pair, None before there is one.
            look: how.
        """
        slice_before = self.slice if anatomy is self._anatomy else None
        if function is not self._function:
            self._drop_function()
        if result is not self._result:
            self._drop_split()
        self._anatomy, self._function, self._volume, self._result = anatomy, function, volume, result
        layouts.link(self._scene)
        self.apply(look)
        self.align()
        self.slice = anatomy.GetImageData().GetDimensions()[2] // 2 if slice_before is None else slice_before
        self._follow()

    def apply(self, look: Look) -> None:
        """Shows the same with another look."""
        self._look = look
        if self._anatomy is None or self._function is None:
            return
        if look.anatomy_window is not None:
            show_anatomy(self._anatomy, look.anatomy_window)
        stretched = self._stored_range(look.function_window)
        show_function(self._function, stretched, COLOR_TABLES[look.table])
        self._fill(layouts.ANATOMY, self._anatomy)
        shown = self._function_for_reading(stretched) if look.function is FunctionLook.INVERSE_GRAY else self._function
        self._fill(layouts.FUNCTION, shown)
        self._show_color_bar(shown)
        self._fill(layouts.BLEND, self._anatomy, self._function, look.opacity)
        self._fill_fused()
        self._show_projection()
        self._title()

    def annotate(self, renderers: Mapping[str, vtk.vtkRenderer], *, bottom: int = 30) -> None:
        """Writes titles, patient sides and metrics in views.

        Args:
            renderers: of the views, by layout name.
            bottom: as in `SliceAnnotations`.
        """
        for texts in self._annotations.values():
            texts.close()
        self._annotations = {
            name: SliceAnnotations(renderer, node, letters=name != layouts.PROJECTION, bottom=bottom, brief=True)
            for name, renderer in renderers.items()
            if (node := layouts.slice_node(self._scene, name)) is not None
        }
        self._title()

    def align(self) -> None:
        """Turns all linked views into the plane of the anatomy's slices, with its field of view; and shows the whole projection."""
        if self._anatomy is None:
            return
        for name in (*layouts.LINKED, layouts.PROJECTION):
            node = layouts.slice_node(self._scene, name)
            volume = self._anatomy if name in layouts.LINKED else self.projection.node if self.projection else None
            if node is None or volume is None:
                continue
            show_slices(node, volume)
            logic = self._application.logic.GetSliceLogic(node)
            if logic is not None:
                logic.FitSliceToVolume(volume, *node.GetDimensions()[:2])
            node.SetSliceOffset(offset_of_slice(node, volume, 0))

    @property
    def slice(self) -> int | None:
        """K of the anatomy's slice on show; None in another plane, outside the volume, and where nothing is shown."""
        node = self._leading_node()
        if node is None or self._anatomy is None or self._anatomy.GetScene() is None or self._anatomy.GetImageData() is None:
            return None
        return slice_index(node, self._anatomy)

    @slice.setter
    def slice(self, index: int) -> None:
        for name in layouts.LINKED:
            node = layouts.slice_node(self._scene, name)
            if node is not None and self._anatomy is not None:
                node.SetSliceOffset(offset_of_slice(node, self._anatomy, index))

    def jump(self, ras: RAS) -> None:
        """Takes all linked views, and the crosshair, to a place."""
        for name in layouts.LINKED:
            node = layouts.slice_node(self._scene, name)
            if node is not None:
                node.JumpSliceByOffsetting(*ras)  # zoom and pan stay as they are
        crosshair = self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            crosshair.SetCrosshairRAS(*ras)

    def flicker(self) -> None:
        """Changes between the fused image and the blend; a host calls it from a timer while `Comparison.FLICKER` is chosen."""
        if self._look is not None and self._look.comparison is Comparison.FLICKER:
            self._flickered = not self._flickered
            self._fill_fused()
            self._title()

    def show_region(self, region: Node | None) -> None:
        """Outlines a label map in all linked views; None takes the outline away."""
        self._region = region
        for name in layouts.LINKED:
            node, composite = layouts.slice_node(self._scene, name), layouts.composite_node(self._scene, name)
            if node is not None and composite is not None:
                composite.SetLabelVolumeID(region.GetID() if region is not None else None)
                node.SetUseLabelOutline(True)

    def close(self) -> None:
        """Empties the views and takes everything that is not for keeping out of the scene; the volumes and the result stay."""
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
            self._observed = None
        for name in (*layouts.LINKED, layouts.PROJECTION):
            self._fill(name, None)
        self.show_region(None)
        for texts in self._annotations.values():
            texts.close()
        self._annotations = {}
        self._drop_split()
        self._drop_function()
        self._anatomy = self._function = self._result = self._volume = None

    def _fill(self, name: str, background: Node | None, foreground: Node | None = None, opacity: float = 0.0) -> None:
        composite = layouts.composite_node(self._scene, name)
        if composite is not None:
            composite.SetBackgroundVolumeID(background.GetID() if background is not None else None)
            composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
            composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)

    def _fill_fused(self) -> None:
        look = self._look
        if look is None or self._result is None or not self._result.is_in_scene:
            self._fill(layouts.FUSED, None)
        elif look.comparison is Comparison.FLICKER and self._flickered:
            self._fill(layouts.FUSED, self._anatomy, self._function, look.opacity)
        else:
            fused = self._result.gray if look.fused is FusedLook.GRAY else self._result.color
            self._fill(layouts.FUSED, self._split_picture(look) or fused)

    def _split_picture(self, look: Look) -> Node | None:
        if look.comparison is not Comparison.SPLIT or self._result is None or self._anatomy is None or self._volume is None:
            return None
        node = layouts.slice_node(self._scene, layouts.FUSED)
        index = slice_index(node, self._result.gray) if node is not None else None
        if index is None or look.anatomy_window is None or not self._result.is_complete:
            return None
        self._split = self._split or SplitPicture(self._anatomy, self._volume, self._result)
        return self._split.show(
            index,
            split=look.split,
            opacity=look.opacity,
            gray=look.fused is FusedLook.GRAY,
            table=look.table,
            anatomy_window=look.anatomy_window,
            function_window=look.function_window,
        )

    def _function_for_reading(self, window: Window) -> Node:
        """The function once more, on the same voxels, with a display of its own: dark uptake on white, while the blend has colours."""
        assert self._function is not None
        if self._function.IsA("vtkMRMLVectorVolumeNode"):
            return self._function
        if self._reading_copy is None or self._reading_copy.GetScene() is None:
            node = self._scene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
            node.UnRegister(None)
            node.SetName(f"{self._function.GetName()} (reading)")
            node.SetHideFromEditors(True)
            node.SetSaveWithScene(False)
            self._reading_copy = self._scene.AddNode(node)
            node.CreateDefaultDisplayNodes()
        copy, matrix = self._reading_copy, vtk.vtkMatrix4x4()
        self._function.GetIJKToRASMatrix(matrix)
        copy.SetIJKToRASMatrix(matrix)
        copy.SetAndObserveTransformNodeID(self._function.GetTransformNodeID())
        copy.SetAndObserveImageData(self._function.GetImageData())
        display = copy.GetDisplayNode()
        display.SetAndObserveColorNodeID(color_table_node(self._scene, COLOR_TABLES["inverse-gray"]).GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(window.lower, window.upper)
        return copy

    def _stored_range(self, window: Window) -> Window:
        """The range in the values that the function's node stores, which may be Bq/ml where the fusion takes SUV."""
        if self._function is None or self._volume is None or self._volume.is_color:
            return window
        stored = float(self._function.GetImageData().GetScalarRange()[1])
        taken = float(self._volume.array.max())
        factor = stored / taken if taken > 0 else 1.0
        return window if np.isclose(factor, 1.0, rtol=1e-5) else Window.from_range(window.lower * factor, window.upper * factor)

    def _show_projection(self) -> None:
        look, volume = self._look, self._volume
        if layouts.slice_node(self._scene, layouts.PROJECTION) is None or look is None or volume is None or volume.is_color:
            return
        table = "inverse-gray" if look.function is FunctionLook.INVERSE_GRAY else look.table
        if self.projection is None:
            self.projection = ProjectionView(self._scene, volume, look.function_window, table=table)
        else:
            self.projection.show(look.function_window, table)
        self._fill(layouts.PROJECTION, self.projection.node)

    def _title(self) -> None:
        if self._look is None:
            return
        window, uptake = self._look.anatomy_window, self._look.function_window
        unit = "" if self._volume is None or self._volume.is_color else f"\n{uptake.lower:g}-{uptake.upper:.3g} {self._volume.unit.value}"
        compared = {
            Comparison.FLICKER: "Blend" if self._flickered else "Fused",
            Comparison.SPLIT: "Blend left, fused right",
        }
        titles = {
            layouts.ANATOMY: "Anatomy" + (f"\nW {window.width:g}  L {window.level:g}" if window else ""),
            layouts.FUNCTION: f"Function{unit}",
            layouts.BLEND: "Blend",
            layouts.FUSED: compared.get(self._look.comparison, "Fused"),
            layouts.PROJECTION: "MIP: click to go there",
        }
        for name, texts in self._annotations.items():
            texts.set_title(titles[name])
            if name == layouts.FUSED:
                texts.show_metrics(self._result, visible=self._look.metrics)

    def _show_color_bar(self, shown: Node) -> None:
        view = layouts.slice_node(self._scene, layouts.FUNCTION)
        if self._color_bar is not None and self._color_bar.GetScene() is not None:
            self._scene.RemoveNode(self._color_bar)
        self._color_bar = show_color_bar(shown, view) if view is not None else None
        if self._color_bar is not None:
            self._color_bar.GetLabelTextProperty().SetColor(*_ON_BLACK_AND_WHITE)
            self._color_bar.GetTitleTextProperty().SetColor(*_ON_BLACK_AND_WHITE)

    def _follow(self) -> None:
        """The split picture is made for the slice on show."""
        node = layouts.slice_node(self._scene, layouts.FUSED)
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
            self._observed = None
        if node is not None:
            self._observed = (node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_moved))

    def _on_moved(self, *_: object) -> None:
        if self._look is not None and self._look.comparison is Comparison.SPLIT:
            self._fill_fused()

    def _leading_node(self) -> slicer.vtkMRMLSliceNode | None:
        return next((node for name in layouts.LINKED if (node := layouts.slice_node(self._scene, name)) is not None), None)

    def _drop_split(self) -> None:
        if self._split is not None:
            self._split.close()
            self._split = None

    def _drop_function(self) -> None:
        for node in (self._reading_copy, self._color_bar):
            if node is not None and node.GetScene() is not None:
                remove_node(node) if node is self._reading_copy else self._scene.RemoveNode(node)
        self._reading_copy = self._color_bar = None
        if self.projection is not None:
            self.projection.close()
            self.projection = None
