"""Views on the screen: layouts for Slicer's layout node, and the nodes of each view."""

from __future__ import annotations

import slicer

from LCDFusionLib.scene.choices import Arrangement

ANATOMY, FUNCTION, BLEND, FUSED, PROJECTION = "LCDAnatomy", "LCDFunction", "LCDBlend", "LCDFused", "LCDProjection"
"""Layout names of the slice views. They are views of their own, so that Red, Yellow and Green stay as they were."""
METRICS = "LCDMetrics"
"""Layout name of the plot view."""
LINKED = (ANATOMY, FUNCTION, BLEND, FUSED)
"""Slice views that show one place."""

LAYOUT_IDS = {
    Arrangement.READING: 58001,
    Arrangement.SIDE_BY_SIDE: 58002,
    Arrangement.FOUR_UP: 58003,
    Arrangement.ONE_VIEW: 58004,
}
_VIEW_GROUP = 58  # linked views move together within a group
_COLORS = {ANATOMY: "#B0B0B0", FUNCTION: "#E8A33D", BLEND: "#8FB5D6", FUSED: "#F0502D", PROJECTION: "#D9D9D9"}
_LABELS = {ANATOMY: "A", FUNCTION: "F", BLEND: "B", FUSED: "LCD", PROJECTION: "MIP"}


def register_layouts(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Makes the arrangements known to Slicer's layout node; again after a scene was closed does no harm."""
    for arrangement, layout_id in LAYOUT_IDS.items():
        description = layout_description(arrangement)
        if layout_node.IsLayoutDescription(layout_id):
            layout_node.SetLayoutDescription(layout_id, description)
        else:
            layout_node.AddLayoutDescription(layout_id, description)


def layout_description(arrangement: Arrangement) -> str:
    """XML of an arrangement, as Slicer's layout manager reads it."""
    three = _row(_slice_view(ANATOMY), _slice_view(FUNCTION), _slice_view(FUSED))
    return {
        Arrangement.READING: _column(three, _row(_slice_view(PROJECTION, orientation="Coronal"), _plot_view())),
        Arrangement.SIDE_BY_SIDE: three,
        Arrangement.FOUR_UP: _column(_row(_slice_view(ANATOMY), _slice_view(FUNCTION)), _row(_slice_view(BLEND), _slice_view(FUSED))),
        Arrangement.ONE_VIEW: _row(_slice_view(FUSED)),
    }[arrangement]


def views_of(arrangement: Arrangement) -> tuple[str, ...]:
    """Layout names of the slice views in an arrangement."""
    names = (ANATOMY, FUNCTION, BLEND, FUSED, PROJECTION)
    description = layout_description(arrangement)
    return tuple(name for name in names if f'singletontag="{name}"' in description)


def slice_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceNode | None:
    """Slice node of a view; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLSliceNode", name)


def composite_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceCompositeNode | None:
    """Node that says which volumes a view shows; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLSliceCompositeNode", name)


def plot_view_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLPlotViewNode | None:
    """Node of the plot view; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLPlotViewNode", METRICS)


def link(scene: slicer.vtkMRMLScene) -> None:
    """The views of one place scroll, zoom and pan together, at once, with one crosshair."""
    for name in LINKED:
        view, composite = slice_node(scene, name), composite_node(scene, name)
        if view is not None and composite is not None:
            view.SetViewGroup(_VIEW_GROUP)
            view.SetRulerType(slicer.vtkMRMLAbstractViewNode.RulerTypeThin)
            view.SetRulerColor(slicer.vtkMRMLAbstractViewNode.RulerColorYellow)
            composite.SetLinkedControl(True)
            composite.SetHotLinkedControl(True)
    for node in _nodes(scene, "vtkMRMLCrosshairNode"):
        node.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallIntersection)
        node.SetCrosshairBehavior(slicer.vtkMRMLCrosshairNode.OffsetJumpSlice)


def _nodes(scene: slicer.vtkMRMLScene, class_name: str) -> list[slicer.vtkMRMLNode]:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]


def _view_node(scene: slicer.vtkMRMLScene, class_name: str, name: str) -> slicer.vtkMRMLNode | None:
    return next((node for node in _nodes(scene, class_name) if node.GetLayoutName() == name), None)


def _slice_view(name: str, *, orientation: str = "Axial") -> str:
    return (
        f'<view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">{orientation}</property>'
        f'<property name="viewlabel" action="default">{_LABELS[name]}</property>'
        f'<property name="viewcolor" action="default">{_COLORS[name]}</property>'
        "</view>"
    )


def _plot_view() -> str:
    return (
        f'<view class="vtkMRMLPlotViewNode" singletontag="{METRICS}"><property name="viewlabel" action="default">Metrics</property></view>'
    )


def _row(*items: str) -> str:
    return _layout("horizontal", items)


def _column(*items: str) -> str:
    return _layout("vertical", items)


def _layout(direction: str, items: tuple[str, ...]) -> str:
    return f'<layout type="{direction}" split="true">{"".join(f"<item>{item}</item>" for item in items)}</layout>'
