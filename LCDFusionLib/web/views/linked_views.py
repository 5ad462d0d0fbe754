"""The slice views of the browser host."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

import slicer
import vtk
from trame_client.ui.core import AbstractLayout
from trame_client.widgets import html
from trame_server import Server
from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.views import Layout, LayoutDirection, SliceView, ViewLayout, ViewLayoutDefinition, ViewProps, ViewType

from LCDFusionLib.images.window import Window
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Arrangement, Orientation
from LCDFusionLib.views.review import Review

from .frames import FrameStream
from .pointer import Pointer
from .tabs import Tabs
from .threads import use_thread_pool
from .view_factory import StreamedViewFactory

READOUT = "lcd_readout"
"""Name of the trame state with the line under the views."""
_DIRECTIONS = {"horizontal": LayoutDirection.Horizontal, "vertical": LayoutDirection.Vertical}
_BROWSER_SIDE = {"serve": {"__lcdfusion_views": str(Path(__file__).parent / "browser")}, "scripts": ["__lcdfusion_views/views.js"]}
_BROWSER_SIDE["styles"] = ["__lcdfusion_views/views.css"]


class LinkedViews:
    """The views of `layouts` in the browser, with mouse and keys as in Slicer.

    `Review` fills them; this makes, arranges and draws them, and takes what hand and keys want to it. To be made before volumes are
    loaded (`use_thread_pool`).

    Attributes:
        arrangement: on the screen.
        full: layout name of the view that stands there alone; "" for all of the arrangement.
        on_slice_changed: called with K of the anatomy's slice on show, None in another plane.
        on_window_changed: called with the anatomy's window when the mouse has changed it.
        on_double_click: called with the layout name of the view that it was in.
        on_key: called with the name of a key that was pressed over the images, such as "1", "Shift+1" or "Escape".

    Example:
        >>> views = LinkedViews(server, slicer_app, review)
        >>> with VAppLayout(server) as ui, VMain():
        ...     views.build(ui)
        >>> review.annotate(views.renderers())
        >>> review.show(anatomy, function, volume, None, look)
    """

    def __init__(self, server: Server, slicer_app: SlicerApp, review: Review) -> None:
        use_thread_pool()
        self._server, self._app, self._review, self._scene = server, slicer_app, review, slicer_app.scene
        self._scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())  # else the scene cannot make a colour bar
        self.on_slice_changed: Callable[[int | None], object] = _nothing
        self.on_window_changed: Callable[[Window], object] = _nothing
        self.on_key: Callable[[str], object] = _nothing
        self.on_double_click: Callable[[str], object] = _nothing
        self.arrangement, self.full = Arrangement.READING, ""
        self.stream, self._tabs = FrameStream(), Tabs(server)
        factory = StreamedViewFactory(server, self.stream, self._tabs, review.resize)
        slicer_app.view_manager.register_factory(factory)
        self._layout_manager = LayoutManager(self._scene, slicer_app.view_manager, server)
        self._layout_manager.register_layout_dict({each.value: _layout(layouts.ARRANGED[each]) for each in Arrangement})
        alone = {f"{name} alone": _layout(layouts.Block("horizontal", (name,))) for name in layouts.SLICE_VIEWS}
        self._layout_manager.register_layout_dict(alone)
        self._views: dict[str, SliceView] = {name: slicer_app.view_manager.get_view(name) for name in layouts.SLICE_VIEWS}
        self._frames = factory.frames
        self._plot = ViewLayout(server, template_name=layouts.METRICS)  # here, where no page is being made that it would become part of
        layouts.link(self._scene)
        review.on_window_changed = self._on_windowed
        interaction = slicer_app.app_logic.GetInteractionNode()
        interaction.SetCurrentInteractionMode(interaction.AdjustWindowLevel)
        self._pointer = Pointer(server.state, READOUT, self._views, review)
        node = self._views[layouts.ANATOMY].get_view_node()
        self._slice: int | None = None
        self._observed = [(node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_moved))]

        server.enable_module(_BROWSER_SIDE)
        for name, call in (
            ("lcd_seen", self.stream.seen),
            ("lcd_use", self._tabs.used),
            ("lcd_scroll", self._on_scroll),
            ("lcd_peek", self._on_peek),
            ("lcd_key", self._on_key),
            ("lcd_left", self._pointer.leave),
            ("lcd_double", self._on_double_click),
        ):
            server.controller.trigger(name)(call)

    def build(self, ui: AbstractLayout, plot: Callable[[], object] | None = None) -> None:
        """Puts the views, and the line under them, where trame's content is being made.

        Args:
            ui: the page.
            plot: fills the place of `layouts.METRICS`.
        """
        if plot is not None:
            with self._plot, html.Div(classes="lcd-plot"):
                plot()
        with html.Div(classes="lcd-views"):
            with html.Div(classes="lcd-grid"):
                self._layout_manager.initialize_layout_grid(ui)
            html.Div(f"{{{{ {READOUT} }}}}", classes="lcd-readout")
        self.arrange(self.arrangement)

    def arrange(self, arrangement: Arrangement, full: str = "") -> None:
        """Puts other views on the screen; `full`: one alone, by its layout name."""
        self.arrangement, self.full = arrangement, full
        self.stream.put_on_page([self._frames[name] for name in self._on_page])
        self._layout_manager.set_layout(f"{full} alone" if full else arrangement.value)

    def turn(self, orientation: Orientation) -> None:
        """Turns the linked views."""
        self._review.plane.orientation = orientation
        self.draw()

    def scroll(self, count: int, name: str = "") -> None:
        """Moves the views of a plane, that of a view by its layout name, by that many slices."""
        self._review.planes.plane_of(name).scroll(int(count))

    def reset(self) -> None:
        """Shows the whole images again, unzoomed."""
        self._review.align()
        self.draw()

    def renderers(self) -> dict[str, vtk.vtkRenderer]:
        """Of all slice views by layout name, for `Review.annotate`."""
        return {name: view.renderer() for name, view in self._views.items()}

    def draw(self) -> None:
        """Draws all views on the screen at the next step; any number of calls until then are one."""
        for name in self._on_page:
            self._views[name].schedule_render()

    @property
    def _on_page(self) -> tuple[str, ...]:
        return (self.full,) if self.full else layouts.views_of(self.arrangement)

    async def close(self) -> None:
        """Stops drawing and listening."""
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []
        self._review.on_window_changed = None
        self._pointer.close()
        await self.stream.close()
        for view in self._views.values():
            view.finalize()

    def _on_moved(self, *_: object) -> None:
        index = self._review.slice
        if index != self._slice:
            self._slice = index
            self.on_slice_changed(index)
        self._pointer.refresh()

    def _on_scroll(self, count: int, name: str = "") -> None:
        self._tabs.used()
        self.scroll(count, name)

    def _on_peek(self, shown: bool) -> None:
        self._tabs.used()
        self._review.peek(shown)
        self.draw()

    def _on_key(self, key: str) -> None:
        self._tabs.used()
        self.on_key(key)

    def _on_double_click(self, name: str) -> None:
        self._tabs.used()
        self.on_double_click(name)

    def _on_windowed(self, window: Window) -> None:
        self.on_window_changed(window)


def _layout(block: layouts.Block) -> Layout:
    return Layout(_DIRECTIONS[block.direction], [_layout(item) if isinstance(item, layouts.Block) else _view(item) for item in block.items])


def _view(name: str) -> ViewLayoutDefinition:
    properties = ViewProps(layouts.LABELS[name], layouts.default_orientation(name), layouts.COLORS.get(name))
    return ViewLayoutDefinition(name, _PlotView.METRICS if name == layouts.METRICS else ViewType.SLICE_VIEW, properties)


class _PlotView(Enum):
    """Kind of the view that is no slice view."""

    METRICS = "vtkMRMLPlotViewNode"


def _nothing(_: object) -> None:
    return None
