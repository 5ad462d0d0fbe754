"""Stand-ins for Slicer's layout manager and its views, drawn offscreen on real slice logics and displayable managers."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import slicer
import vtk
from PySide6 import QtCore
from vtk.util.numpy_support import vtk_to_numpy

from .contract import Contracted

SCREEN = (1320, 880)
"""Pixels of the area that a layout fills."""
_SIZE, _GAP = (440, 440), 2


def offscreen_window(size):
    window = vtk.vtkEGLRenderWindow() if hasattr(vtk, "vtkEGLRenderWindow") else vtk.vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)
    window.SetSize(*size)
    return window


def pixels(window):
    """RGB (height, width, 3), first row at the top."""
    window.Render()
    width, height = window.GetSize()
    data = vtk.vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, data, 0)
    return vtk_to_numpy(data).reshape(height, width, 3)[::-1].copy()


def _existing(scene, class_name, layout_name):
    nodes = (scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name)))
    return next((node for node in nodes if node.GetLayoutName() == layout_name), None)


class qMRMLSliceView(Contracted):
    """A render window that follows a slice logic."""

    def __init__(self, application_logic, scene, name, orientation):
        self._window, self._renderer = offscreen_window(_SIZE), vtk.vtkRenderer()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.SetSize(*_SIZE)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        self.logic.SetMRMLScene(scene)
        self.node = _existing(scene, "vtkMRMLSliceNode", name)
        if self.node is None:
            self.node = self.logic.AddSliceNode(name)
            self.node.SetOrientation(orientation)
        else:  # the layout logic has made it
            self.logic.SetSliceNode(self.node)
        self.logic.ResizeSliceNode(*_SIZE)
        application_logic.GetSliceLogics().AddItem(self.logic)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        image = vtk.vtkActor2D()
        image.SetMapper(self._mapper)
        image.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(image)
        factory = slicer.vtkMRMLDisplayableManagerFactory()
        factory.SetMRMLApplicationLogic(application_logic)
        for manager in ("Ruler", "ColorLegend", "Crosshair"):
            factory.RegisterDisplayableManager(f"vtkMRML{manager}DisplayableManager")
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.Initialize(factory, self._renderer)
        self._managers.SetMRMLDisplayableNode(self.node)

    def resize(self, width, height):
        self._window.SetSize(width, height)
        self._interactor.SetSize(width, height)
        self.logic.ResizeSliceNode(width, height)

    def renderWindow(self):
        return self._window

    def interactor(self):
        return self._interactor

    def mrmlSliceNode(self):
        return self.node

    def scheduleRender(self):
        """Slicer draws when idle; the emulation when it is looked at."""

    def picture(self):
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        return pixels(self._window)

    def click(self, x, y):
        """A press of the left button at a pixel, from the bottom left."""
        self._interactor.SetEventInformation(x, y, 0, 0)
        self._interactor.InvokeEvent("LeftButtonPressEvent")
        self._interactor.InvokeEvent("LeftButtonReleaseEvent")


class qMRMLSliceWidget(Contracted):
    def __init__(self, view):
        self._view = view

    def sliceView(self):
        return self._view

    def sliceLogic(self):
        return self._view.logic

    def mrmlSliceNode(self):
        return self._view.node


class qMRMLPlotView(QtCore.QObject):
    """A chart of the series of the plot view node's chart."""

    dataSelected = QtCore.Signal(object, object)

    def __init__(self, scene, name):
        super().__init__()
        self.node = _existing(scene, "vtkMRMLPlotViewNode", name)  # the layout logic has made it
        self._size = _SIZE

    def resize(self, width, height):
        self._size = (width, height)

    def series(self):
        """Series nodes on show."""
        chart = self.node.GetPlotChartNode()
        if chart is None:
            return []
        return [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]

    def click(self, series_name, row):
        """A click on a point of a series."""
        node = next(node for node in self.series() if node.GetName() == series_name)
        ids, points, selections = vtk.vtkStringArray(), vtk.vtkIdTypeArray(), vtk.vtkCollection()
        ids.InsertNextValue(node.GetID())
        points.InsertNextValue(row)
        selections.AddItem(points)
        self.dataSelected.emit(ids, selections)

    def picture(self):
        window = offscreen_window(self._size)
        view = vtk.vtkContextView()
        view.SetRenderWindow(window)
        view.GetRenderer().SetBackground(1, 1, 1)
        chart = vtk.vtkChartXY()
        chart.SetShowLegend(True)
        view.GetScene().AddItem(chart)
        node = self.node.GetPlotChartNode()
        if node is not None:
            chart.SetTitle(node.GetTitle() or "")
            for axis, title in ((1, node.GetXAxisTitle()), (0, node.GetYAxisTitle())):
                chart.GetAxis(axis).SetTitle(title or "")
        for series in self.series():
            table = series.GetTableNode()
            if table is None or not table.GetTable().GetNumberOfRows():
                continue
            plot = chart.AddPlot(vtk.vtkChart.LINE)
            plot.SetInputData(table.GetTable(), series.GetXColumnName(), series.GetYColumnName())
            plot.SetLabel(series.GetName())
            plot.SetColorF(*series.GetColor())
            plot.SetWidth(series.GetLineWidth())
        return pixels(window)


class qMRMLPlotWidget(Contracted):
    def __init__(self, view):
        self._view = view

    def plotView(self):
        return self._view

    def mrmlPlotViewNode(self):
        return self._view.node


class qSlicerLayoutManager(QtCore.QObject):
    """Makes the views that a layout's description asks for, when it is first shown."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, application_logic, scene):
        super().__init__()
        self._application_logic, self._scene = application_logic, scene
        self._slices, self._plots = {}, {}
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(scene)
        self._shown = self._logic.GetLayoutNode().GetViewArrangement()
        self._logic.GetLayoutNode().AddObserver("ModifiedEvent", self._follow)
        for name, orientation in (("Red", "Axial"), ("Yellow", "Sagittal"), ("Green", "Coronal")):
            self._slices[name] = qMRMLSliceView(application_logic, scene, name, orientation)

    @property
    def layout(self):
        return self._logic.GetLayoutNode().GetViewArrangement()

    def layoutLogic(self):
        return self._logic

    def setLayout(self, layout_id):
        self._logic.GetLayoutNode().SetViewArrangement(layout_id)
        self._arrange()
        self.layoutChanged.emit(layout_id)

    def _follow(self, node, event):
        """A layout that a loaded scene brings is shown as one that was chosen by hand."""
        if node.GetViewArrangement() != self._shown:
            self._shown = node.GetViewArrangement()
            description = node.GetLayoutDescription(self._shown)
            if description and "LCD" in description:  # Slicer's own have views that stand for nothing here
                self._arrange()

    def _arrange(self):
        """Gives every view of the layout its size, as Qt does."""
        for view, (_, _, width, height) in self._places(self._root(), (0, 0, *SCREEN)):
            self._make(view).resize(width - _GAP, height - _GAP)

    def sliceViewNames(self):
        return list(self._slices)

    def sliceWidget(self, name):
        return qMRMLSliceWidget(self._slices[name])

    @property
    def plotViewCount(self):
        return len(self._plots)

    def plotWidget(self, index):
        return qMRMLPlotWidget(list(self._plots.values())[index])

    def picture(self):
        """What is on the screen: the views in their arrangement, RGB."""
        screen = np.full((SCREEN[1], SCREEN[0], 3), 60, np.uint8)
        for view, (x, y, width, height) in self._places(self._root(), (0, 0, *SCREEN)):
            screen[y : y + height - _GAP, x : x + width - _GAP] = self._make(view).picture()
        return screen

    def _root(self):
        node = self._logic.GetLayoutNode()
        return ElementTree.fromstring(node.GetLayoutDescription(node.GetViewArrangement()))

    def _make(self, view):
        name, class_name = view.get("singletontag"), view.get("class")
        if class_name == "vtkMRMLPlotViewNode":
            if name not in self._plots:
                self._plots[name] = qMRMLPlotView(self._scene, name)
            return self._plots[name]
        if name not in self._slices:
            orientation = next((p.text for p in view.iter("property") if p.get("name") == "orientation"), "Axial")
            self._slices[name] = qMRMLSliceView(self._application_logic, self._scene, name, orientation)
        return self._slices[name]

    def _places(self, element, place):
        """Each view of a description, with (x, y, width, height)."""
        if element.tag == "view":
            yield element, place
            return
        items = [child[0] for child in element if child.tag == "item"]
        x, y, width, height = place
        for n, item in enumerate(items):
            if element.get("type") == "vertical":
                yield from self._places(item, (x, y + n * height // len(items), width, height // len(items)))
            else:
                yield from self._places(item, (x + n * width // len(items), y, width // len(items), height))
