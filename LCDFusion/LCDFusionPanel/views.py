"""The views of Slicer's layout, as LCDFusionLib wants them."""

import slicer

from LCDFusionLib.views import layouts


def showArrangement(arrangement):
    """Switches Slicer to one of our layouts; does nothing where Slicer runs without a main window."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    layouts.register_layouts(manager.layoutLogic().GetLayoutNode())
    manager.setLayout(layouts.LAYOUT_IDS[arrangement])


def isShown(arrangement=None):
    """True while one of our layouts (or this one) is on the screen."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return False
    shown = manager.layout
    return shown in layouts.LAYOUT_IDS.values() if arrangement is None else shown == layouts.LAYOUT_IDS[arrangement]


def sliceViews():
    """Our slice views that exist, by layout name."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return {}
    return {name: manager.sliceWidget(name).sliceView() for name in layouts.SLICE_VIEWS if name in manager.sliceViewNames()}


def renderers():
    """Renderers of our slice views, by layout name."""
    return {name: view.renderWindow().GetRenderers().GetFirstRenderer() for name, view in sliceViews().items()}


def plotView():
    """Our plot view; None until a layout has made it."""
    manager = slicer.app.layoutManager()
    for index in range(manager.plotViewCount if manager is not None else 0):
        widget = manager.plotWidget(index)
        if widget.mrmlPlotViewNode() is layouts.plot_view_node(slicer.mrmlScene):  # the view's own is not invokable
            return widget.plotView()
    return None


def draw():
    """Draws our slice views when Qt is idle."""
    for view in sliceViews().values():
        view.scheduleRender()
