"""Slice views drawn offscreen: anatomy, function, blend and fused side by side in one picture."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import TracebackType

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.nodes import unit_of
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views.annotations import SliceAnnotations
from LCDFusionLib.views.display import show_color_bar
from LCDFusionLib.views.planes import offset_of_slice, show_slices, slice_index

TITLES = ("Anatomy", "Function", "Blend", "Fused")
_GAP = 2  # pixels between views


class SliceView:
    """One slice view without a window, on Slicer's own slice logic and displayable managers.

    Attributes:
        node: its slice node.
        logic: its slice logic, which has the composite node.
        renderer: what it is drawn on.
        annotations: what is written in it.
    """

    def __init__(
        self, application: Application, name: str, *, size: tuple[int, int], in_patient_space: bool = True, fineness: int = 1
    ) -> None:
        """Makes the view.

        Args:
            application: whose scene it shows.
            name: layout name, unique in the scene.
            size: width and height in pixels.
            in_patient_space: False for images that do not know where they lie (PNG): neither patient sides nor ruler.
            fineness: pixels for each of `size`, in width and in height; letters are as many times larger.
        """
        size = size[0] * fineness, size[1] * fineness
        self._window = _offscreen_window(*size)
        self._window.SetDPI(72 * fineness)
        self.renderer = vtk.vtkRenderer()
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self._window.AddRenderer(self.renderer)
        # Displayable managers ask for it even where nobody interacts.
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)

        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application.logic)
        self.logic.SetMRMLScene(application.scene)
        self.node = self.logic.AddSliceNode(name)
        self.logic.ResizeSliceNode(*size)
        if in_patient_space:
            self.node.SetRulerType(slicer.vtkMRMLAbstractViewNode.RulerTypeThin)
        application.logic.GetSliceLogics().AddItem(self.logic)
        self._application = application

        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        image = vtk.vtkActor2D()
        image.SetMapper(self._mapper)
        image.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(image)

        # Not the factory's shared instance: that belongs to the one application of a desktop.
        factory = slicer.vtkMRMLDisplayableManagerFactory()
        factory.SetMRMLApplicationLogic(application.logic)
        for manager in ("Ruler", "ColorLegend"):
            factory.RegisterDisplayableManager(f"vtkMRML{manager}DisplayableManager")
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.Initialize(factory, self.renderer)
        self._managers.SetMRMLDisplayableNode(self.node)
        self.annotations = SliceAnnotations(self.renderer, self.node, letters=in_patient_space)

    def show(
        self, background: slicer.vtkMRMLVolumeNode | None, foreground: slicer.vtkMRMLVolumeNode | None = None, *, opacity: float = 0.5
    ) -> None:
        """Shows a volume, or one over another."""
        composite = self.logic.GetSliceCompositeNode()
        composite.SetBackgroundVolumeID(background.GetID() if background is not None else None)
        composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
        composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)

    def render(self) -> NDArray[np.uint8]:
        """Draws the view: RGB, shape (height, width, 3), first row at the top."""
        # The logic changes its output when layers come and go; none at all where it shows nothing.
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        self._window.Render()
        width, height = self._window.GetSize()
        pixels = vtk.vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        return vtk_to_numpy(pixels).reshape(height, width, 3)[::-1]

    def close(self) -> None:
        """Takes the view and its nodes out of the scene."""
        self.annotations.close()
        self._managers.SetMRMLDisplayableNode(None)
        self._application.logic.GetSliceLogics().RemoveItem(self.logic)
        composite = self.logic.GetSliceCompositeNode()
        self.logic.DeleteSliceModel()
        self.logic.SetMRMLScene(None)
        for node in (composite, self.node):
            if node is not None and node.GetScene() is not None:  # the scene may have been closed before
                self._application.scene.RemoveNode(node)
        self._window.Finalize()


class SliceViews:
    """Four linked slice views as one picture: anatomy, function, the classic blend of both, and the fused image.

    Example:
        >>> with SliceViews(Application.create()) as views:
        ...     views.show(anatomy_node, function_node, result)
        ...     views.slice = 30
        ...     write_picture(views.render(), "overview.png")
    """

    def __init__(
        self,
        application: Application,
        *,
        size: tuple[int, int] = (500, 400),
        columns: int = 2,
        in_patient_space: bool = True,
        fineness: int = 1,
        pause: Callable[[], object] = lambda: None,
    ) -> None:
        """Makes the views.

        Args:
            application: whose scene they show.
            size: width and height of one view in pixels.
            columns: views side by side: 1, 2 or 4.
            in_patient_space: False for images that do not know where they lie (PNG): neither patient sides nor ruler.
            fineness: as of `SliceView`.
            pause: called after each view that was made or drawn.

        Raises:
            ValueError: the size is too small for the text, or `columns` is not 1, 2 or 4.
            InputError: this machine cannot draw offscreen.
        """
        if size[0] < 300 or size[1] < 240:
            raise ValueError(f"size must be at least 300 x 240 pixels, got {size}")
        if columns not in (1, 2, 4):
            raise ValueError(f"columns must be 1, 2 or 4, got {columns}")
        self._columns = columns
        self._pause = pause
        self._anatomy: slicer.vtkMRMLVolumeNode | None = None
        self._color_bar: slicer.vtkMRMLColorLegendDisplayNode | None = None
        self.views: tuple[SliceView, ...] = ()
        try:
            for title in TITLES:
                self.views += (
                    SliceView(application, f"LCDFusion{title}", size=size, in_patient_space=in_patient_space, fineness=fineness),
                )
                pause()
        except BaseException:
            self.close()
            raise

    def show(
        self,
        anatomy: slicer.vtkMRMLVolumeNode,
        function: slicer.vtkMRMLVolumeNode,
        result: ResultNodes | None = None,
        *,
        gray: bool = False,
        opacity: float = 0.5,
    ) -> None:
        """Shows a pair and its result at the anatomy's middle slice, in the plane of its slices and with its field of view.

        Args:
            anatomy: background of the first and third view.
            function: the second view, and over the anatomy in the third.
            result: the fourth view; it stays empty without.
            gray: the fused image in gray instead of colour.
            opacity: of the function over the anatomy.
        """
        fused = None if result is None else result.gray if gray else result.color
        pictures = ((anatomy, None), (function, None), (anatomy, function), (fused, None))
        self._anatomy = anatomy
        first = self.views[0]
        first.show(anatomy)
        show_slices(first.node, anatomy)
        first.logic.FitSliceToBackground()
        for view, title, (background, foreground) in zip(self.views, TITLES, pictures, strict=True):
            view.show(background, foreground, opacity=opacity)
            view.node.GetSliceToRAS().DeepCopy(first.node.GetSliceToRAS())
            view.node.UpdateMatrices()
            view.node.SetFieldOfView(*first.node.GetFieldOfView())
            view.annotations.set_title(title)
        self._remove_color_bar()
        self._color_bar = show_color_bar(function, self.views[1].node)
        self.views[3].annotations.show_metrics(result)
        self.slice = anatomy.GetImageData().GetDimensions()[2] // 2

    @property
    def offset(self) -> float:
        """Place of the plane on show along its normal, in mm."""
        return self.views[0].logic.GetSliceOffset()

    @offset.setter
    def offset(self, offset: float) -> None:
        for view in self.views:
            view.logic.SetSliceOffset(offset)

    @property
    def slice(self) -> int | None:
        """K of the anatomy's slice on show; None outside the volume."""
        return slice_index(self.views[0].node, self._anatomy)

    @slice.setter
    def slice(self, index: int) -> None:
        self.offset = offset_of_slice(self.views[0].node, self._anatomy, index)

    def render(self) -> NDArray[np.uint8]:
        """The picture: RGB, shape (height, width, 3); the views stand in reading order with a thin grey line between."""
        pictures = self.render_each()
        height, width, _ = pictures[0].shape
        rows = len(pictures) // self._columns
        frame = np.full((rows * (height + _GAP) - _GAP, self._columns * (width + _GAP) - _GAP, 3), 64, np.uint8)
        for place, picture in enumerate(pictures):
            top, left = place // self._columns * (height + _GAP), place % self._columns * (width + _GAP)
            frame[top : top + height, left : left + width] = picture
        return frame

    def render_each(self) -> list[NDArray[np.uint8]]:
        """The pictures of the views, in the order of `TITLES`."""
        if self._anatomy is not None and (display := self._anatomy.GetScalarVolumeDisplayNode()) is not None:
            unit = unit_of(self._anatomy)
            words = "" if unit is Unit.RELATIVE else f" {unit.value}"
            self.views[0].annotations.set_title(f"{TITLES[0]}\nW {display.GetWindow():g}  L {display.GetLevel():g}{words}")
        pictures = []
        for view in self.views:
            pictures.append(view.render())
            self._pause()
        return pictures

    def close(self) -> None:
        """Takes the views and the colour bar out of the scene; the volumes stay."""
        self._remove_color_bar()
        for view in self.views:
            view.close()

    def _remove_color_bar(self) -> None:
        if self._color_bar is not None and self._color_bar.GetScene() is not None:
            self._color_bar.GetScene().RemoveNode(self._color_bar)
        self._color_bar = None

    def __enter__(self) -> SliceViews:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _offscreen_window(width: int, height: int) -> vtk.vtkRenderWindow:
    # Without libEGL, VTK crashes when it looks for it; with libEGL but no driver, when it draws. So ask for both first.
    has_egl = hasattr(vtk, "vtkEGLRenderWindow")  # VTK's wheels for Linux
    can_draw = not has_egl or _loads("libEGL.so.1")
    if can_draw:
        # EGL whether or not there is a display: no window server is needed, and VTK does not complain that there is none.
        window = vtk.vtkEGLRenderWindow() if has_egl else vtk.vtkRenderWindow()
        window.SetOffScreenRendering(True)
        can_draw = window.SupportsOpenGL()
    if not can_draw:
        raise InputError(
            "This machine cannot draw pictures: OpenGL does not start; on Debian or Ubuntu install libegl1 and libgl1-mesa-dri."
        )
    window.SetMultiSamples(0)  # seven times slower on software GL, and a slice has no edges to smooth
    window.SetSize(width, height)
    return window


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
