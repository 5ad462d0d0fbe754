"""Views on the screen: how they are arranged, for Slicer's layout node and any other host, and the nodes of each view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import slicer

from LCDFusionLib.views.choices import Arrangement

ANATOMY, FUNCTION, BLEND, FUSED, PROJECTION = "LCDAnatomy", "LCDFunction", "LCDBlend", "LCDFused", "LCDProjection"
"""Layout names of the slice views. They are views of their own, so that Red, Yellow and Green stay as they were."""
PRIOR_ANATOMY, PRIOR_FUNCTION, PRIOR_BLEND = "LCDPriorAnatomy", "LCDPriorFunction", "LCDPriorBlend"
"""Of the views of a prior study."""
METRICS = "LCDMetrics"
"""Layout name of the plot view."""
LINKED = (ANATOMY, FUNCTION, BLEND, FUSED)
"""Slice views that show the pair at one place."""
PRIOR = (PRIOR_ANATOMY, PRIOR_FUNCTION, PRIOR_BLEND)
"""Slice views that show a prior study at that place."""
PLANES = (*LINKED, *PRIOR)
"""Slice views that show one place."""
_IN_THREE_PLANES = (ANATOMY, FUNCTION, FUSED)
ACROSS = tuple(tuple(f"{name}{number}" for name in _IN_THREE_PLANES) for number in (2, 3))
"""Layout names of anatomy, function and fused in the second and in the third plane."""
BASE = {copy: name for plane in ACROSS for copy, name in zip(plane, _IN_THREE_PLANES, strict=True)}
"""The linked view that one of `ACROSS` shows the same as, in another plane."""
SLICE_VIEWS = (*PLANES, *BASE, PROJECTION)
"""All slice views."""

LAYOUT_IDS = {
    Arrangement.READING: 58001,
    Arrangement.SIDE_BY_SIDE: 58002,
    Arrangement.FOUR_UP: 58003,
    Arrangement.ONE_VIEW: 58004,
    Arrangement.THREE_PLANES: 58005,
    Arrangement.COMPARE: 58006,
}
_VIEW_GROUPS = (58, 59, 60)  # linked views move together within a group; one for each plane
COLORS = {ANATOMY: "#B0B0B0", FUNCTION: "#E8A33D", BLEND: "#8FB5D6", FUSED: "#F0502D", PROJECTION: "#D9D9D9"}
COLORS |= dict(zip(PRIOR, (COLORS[ANATOMY], COLORS[FUNCTION], COLORS[BLEND]), strict=True))
"""Colour of each slice view's frame."""
NAMES = {ANATOMY: "Anatomy", FUNCTION: "Function", BLEND: "Blend", FUSED: "Fused", PROJECTION: "MIP"}
NAMES |= {PRIOR_ANATOMY: "Prior anatomy", PRIOR_FUNCTION: "Prior function", PRIOR_BLEND: "Prior blend"}
"""What stands in a view while it shows what it is for."""
LABELS = {ANATOMY: "A", FUNCTION: "F", BLEND: "B", FUSED: "LCD", PROJECTION: "MIP", METRICS: "Metrics"}
LABELS |= {PRIOR_ANATOMY: "PA", PRIOR_FUNCTION: "PF", PRIOR_BLEND: "PB"}
"""Short name of each view."""
COLORS |= {copy: COLORS[name] for copy, name in BASE.items()}
NAMES |= {copy: f"{NAMES[name]}, plane {copy[-1]}" for copy, name in BASE.items()}
LABELS |= {copy: f"{LABELS[name]}{copy[-1]}" for copy, name in BASE.items()}


@dataclass(frozen=True)
class Block:
    """Views beside or above each other, each with an equal share of the place.

    Attributes:
        direction: they stand beside each other ("horizontal") or one above the other ("vertical").
        items: layout names of views, or blocks.
    """

    direction: Literal["horizontal", "vertical"]
    items: tuple[Block | str, ...]

    @property
    def views(self) -> tuple[str, ...]:
        """Layout names of all views in it, in reading order."""
        return tuple(name for item in self.items for name in ((item,) if isinstance(item, str) else item.views))


_THREE = Block("horizontal", (ANATOMY, FUNCTION, FUSED))
ARRANGED = {
    Arrangement.READING: Block("vertical", (_THREE, Block("horizontal", (PROJECTION, METRICS)))),
    Arrangement.SIDE_BY_SIDE: _THREE,
    Arrangement.FOUR_UP: Block("vertical", (Block("horizontal", (ANATOMY, FUNCTION)), Block("horizontal", (BLEND, FUSED)))),
    Arrangement.ONE_VIEW: Block("horizontal", (FUSED,)),
    Arrangement.THREE_PLANES: Block(
        "horizontal",
        (*(Block("vertical", each) for each in zip(_IN_THREE_PLANES, *ACROSS, strict=True)), PROJECTION),
    ),
    Arrangement.COMPARE: Block("vertical", (_THREE, Block("horizontal", PRIOR))),
}
"""What stands where."""


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
    return _xml(ARRANGED[arrangement])


def views_of(arrangement: Arrangement) -> tuple[str, ...]:
    """Layout names of the slice views in an arrangement."""
    return tuple(name for name in ARRANGED[arrangement].views if name != METRICS)


def default_orientation(name: str) -> str:
    """Orientation of a slice view before anything is shown in it."""
    return "Coronal" if name == PROJECTION or name in ACROSS[0] else "Sagittal" if name in ACROSS[1] else "Axial"


def slice_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceNode | None:
    """Slice node of a view; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLSliceNode", name)


def composite_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceCompositeNode | None:
    """Node that says which volumes a view shows; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLSliceCompositeNode", name)


def fill(
    scene: slicer.vtkMRMLScene,
    name: str,
    background: slicer.vtkMRMLVolumeNode | None,
    foreground: slicer.vtkMRMLVolumeNode | None = None,
    opacity: float = 0.0,
) -> None:
    """Puts volumes into a view; None: nothing."""
    composite = composite_node(scene, name)
    if composite is not None:
        composite.SetBackgroundVolumeID(background.GetID() if background is not None else None)
        composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
        composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)


def fill_copies(
    scene: slicer.vtkMRMLScene,
    name: str,
    background: slicer.vtkMRMLVolumeNode | None,
    foreground: slicer.vtkMRMLVolumeNode | None = None,
    opacity: float = 0.0,
) -> None:
    """Puts volumes into the copies of a view in the other planes (`BASE`); None: nothing."""
    for copy in (copy for copy, base in BASE.items() if base == name):
        fill(scene, copy, background, foreground, opacity)


def plot_view_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLPlotViewNode | None:
    """Node of the plot view; None until a layout has made the view."""
    return _view_node(scene, "vtkMRMLPlotViewNode", METRICS)


def keep(scene: slicer.vtkMRMLScene) -> None:
    """Slicer puts a volume that anybody loads into all views; ours are named after a patient, and show what they are given."""
    for name in SLICE_VIEWS:
        composite = composite_node(scene, name)
        if composite is not None:
            composite.SetDoPropagateVolumeSelection(False)


def link(scene: slicer.vtkMRMLScene) -> None:
    """The views of one place scroll, zoom and pan together, at once, with one crosshair."""
    for group, names in zip(_VIEW_GROUPS, (PLANES, *ACROSS), strict=True):
        for name in names:
            view, composite = slice_node(scene, name), composite_node(scene, name)
            if view is not None and composite is not None:
                _link(view, composite, group, has_marker=name in (ANATOMY, FUSED, *ACROSS[0], *ACROSS[1]))
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLCrosshairNode")):
        scene.GetNthNodeByClass(n, "vtkMRMLCrosshairNode").SetCrosshairBehavior(slicer.vtkMRMLCrosshairNode.OffsetJumpSlice)


def _link(view: slicer.vtkMRMLSliceNode, composite: slicer.vtkMRMLSliceCompositeNode, group: int, *, has_marker: bool) -> None:
    """One view, into its plane's group; of a plane one view at the least in each arrangement has a marker."""
    view.SetViewGroup(group)
    view.SetRulerType(slicer.vtkMRMLAbstractViewNode.RulerTypeThin)
    view.SetRulerColor(slicer.vtkMRMLAbstractViewNode.RulerColorYellow)
    composite.SetLinkedControl(True)
    composite.SetHotLinkedControl(True)
    if has_marker:
        view.SetOrientationMarkerType(slicer.vtkMRMLAbstractViewNode.OrientationMarkerTypeAxes)
        view.SetOrientationMarkerSize(slicer.vtkMRMLAbstractViewNode.OrientationMarkerSizeMedium)


def _view_node(scene: slicer.vtkMRMLScene, class_name: str, name: str) -> slicer.vtkMRMLNode | None:
    return scene.GetSingletonNode(name, class_name)  # a view's layout name is its nodes' singleton tag


def _xml(item: Block | str) -> str:
    if isinstance(item, Block):
        return f'<layout type="{item.direction}" split="true">{"".join(f"<item>{_xml(each)}</item>" for each in item.items)}</layout>'
    properties = {"viewlabel": LABELS[item]}
    if item != METRICS:
        properties = {"orientation": default_orientation(item), **properties, "viewcolor": COLORS[item]}
    kind = "vtkMRMLPlotViewNode" if item == METRICS else "vtkMRMLSliceNode"
    lines = "".join(f'<property name="{name}" action="default">{value}</property>' for name, value in properties.items())
    return f'<view class="{kind}" singletontag="{item}">{lines}</view>'
