"""Makes trame-slicer's slice views for the browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from trame_client.widgets.html import Div
from trame_rca.rca import VtkRemoteControlledArea
from trame_rca.utils import RcaViewAdapter
from trame_rca.widgets.rca import RemoteControlledArea
from trame_server import Server
from trame_server.utils.asynchronous import create_task
from trame_slicer.views import IViewFactory, ScheduledRenderStrategy, SliceView, ViewLayout, ViewLayoutDefinition, ViewType, abstract_view
from vtk.util.numpy_support import vtk_to_numpy

from LCDFusionLib.views import layouts

from .frames import FrameStream, ViewFrames
from .tabs import Size, Tabs

MOST_PIXELS = 1_500_000
"""Of one view; where the screen has more, the picture is enlarged."""
_EVENTS_MS = 20  # between two mouse movements on their way here
_MANAGERS = [
    f"vtkMRML{name}DisplayableManager" for name in ("Crosshair", "ModelSlice", "OrientationMarker", "Ruler", "ScalarBar", "ColorLegend")
]
"""ModelSlice's has no model to draw here, but it is the one that asks for a new picture when the display of a volume has changed."""
_NO_HAND = ("StartInteractionEvent", "EndInteractionEvent")  # trame-rca's own, the last of them after the pointer has left the page


class StreamedViewFactory(IViewFactory):
    """Slice views whose pictures go through one `FrameStream`.

    trame-slicer's own factory draws each view on a clock of its own, and twice a step.

    Attributes:
        frames: of each view that was made, by its layout name.
    """

    def __init__(self, server: Server, stream: FrameStream, tabs: Tabs, resize: Callable[[str, int, int], object]) -> None:
        """Takes what all views share.

        Args:
            server: of trame.
            stream: for the pictures.
            tabs: the pages on which the views are.
            resize: called with a view's layout name, width and height, when the browser gives it a size.
        """
        super().__init__()
        self._server, self._stream, self._tabs, self._resize = server, stream, tabs, resize
        self.frames: dict[str, ViewFrames] = {}
        # VTK finds out for each window anew which kind works here, with a context of each: 25 ms of processor a view. Once is enough.
        abstract_view.vtkRenderWindow = type(vtk.vtkRenderWindow())

    def can_create_view(self, view: ViewLayoutDefinition) -> bool:
        """Slice views only."""
        return view.view_type is ViewType.SLICE_VIEW

    def _get_slicer_view(self, view: SliceView) -> SliceView:
        return view

    def _create_view(self, view: ViewLayoutDefinition, scene: slicer.vtkMRMLScene, app_logic: slicer.vtkMRMLApplicationLogic) -> SliceView:
        name, server = view.singleton_tag, self._server
        make = partial(_View, scene=scene, app_logic=app_logic, name=name, scheduled_render_strategy=ScheduledRenderStrategy())
        slice_view = _quietly(make)  # which would draw itself ten times on the way
        slice_view.render_window().SetMultiSamples(0)  # seven times slower on software GL, and a slice has no edges to smooth
        slice_view.set_view_properties(view.properties)
        area = ViewArea(slice_view, partial(self._resize, name))
        area.frames = self.frames[name] = self._stream.add(area)
        area.frames.put_on_page(False)
        adapter = _TabsAdapter(self._tabs, area, name)
        adapter.max_pixel_count = MOST_PIXELS
        area.adapter = adapter
        slice_view.set_scheduled_render(_Stale(area.frames))
        with (
            ViewLayout(server, template_name=name),
            Div(classes="lcd-view", style=f"--view-color: {layouts.COLORS[name]}", raw_attrs=_named(name)),
        ):
            RemoteControlledArea(
                name=name,
                display="image",
                send_mouse_move=True,
                event_throttle_ms=(f"{_EVENTS_MS}",),
                image_style=("{ width: '100%', height: '100%', objectFit: 'contain' }",),
                style="width: 100%; height: 100%",
            )

        async def register() -> None:
            await server.ready  # before, there is no such protocol
            server.root_server.controller.rc_area_register(adapter)

        create_task(register())
        return slice_view


def _named(name: str) -> list[str]:
    """Attributes that name a view, and let the Tab key come to it."""
    label = f"{layouts.NAMES[name]} view"
    return [f'data-view="{name}"', f'data-label="{label}"', f'aria-label="{label}"', 'role="group"', 'tabindex="0"']


class _View(SliceView):
    """With what is drawn in these views alone.

    trame-slicer's own view has managers of glyphs, segmentations, markups and transforms too: each keeps what it would draw of the plane of
    each other view, and looks at all of it in every step.
    """

    def _initialize_displayable_manager_group(self, factory_type: object, app_logic: object, manager_types: object) -> None:
        super()._initialize_displayable_manager_group(factory_type, app_logic, _MANAGERS)


class ViewArea(VtkRemoteControlledArea):
    """The render window of a view, for trame's remote controlled area.

    Attributes:
        frames: where its pictures go.
        adapter: knows how many pixels there are to one of the page.
    """

    frames: ViewFrames
    adapter: RcaViewAdapter

    def __init__(self, view: SliceView, resize: Callable[[int, int], object]) -> None:
        super().__init__(view.render_window())
        self._resize = resize
        self._window = view.render_window()
        self._pixels = vtk.vtkUnsignedCharArray()

    @property
    def img_cols_rows(self) -> tuple[NDArray[np.uint8], int, int]:
        """Draws: RGB, shape (height, width, 3), first row at the top; width; height."""
        self._window.Render()
        width, height = self._window.GetSize()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, self._pixels, 0)
        return vtk_to_numpy(self._pixels).reshape(height, width, 3)[::-1].copy(), width, height

    def release(self) -> None:
        """Gives back context and buffers of OpenGL, some 10 MB."""
        self._window.Finalize()
        self._pixels.Initialize()

    def process_resize_event(self, width: int, height: int) -> None:
        """The page in use wants this size."""
        super().process_resize_event(width, height)
        self._window.SetDPI(round(72 * self.adapter.scale_factor))  # letters have the same size on a finer screen
        self._resize(width, height)
        self.frames.renew()


class _TabsAdapter(RcaViewAdapter):
    """A view on all pages; it has the size that the page in use gives it."""

    def __init__(self, tabs: Tabs, area: ViewArea, name: str) -> None:
        super().__init__(window=area, name=name, scheduler=area.frames, do_schedule_render_on_interaction=False)
        self._tabs, self._frames = tabs, area.frames
        tabs.add(name, self._give)

    def update_size(self, _origin: str, size: Size) -> None:
        """A page has given the view a size, and has no picture yet."""
        self._tabs.resized(self.area_name, size)
        self._frames.renew()

    def on_interaction(self, origin: str, event: dict) -> None:
        """A hand on a page; where the event lies is told in that page's size."""
        if event["type"] not in _NO_HAND:
            self._tabs.used()
        super().on_interaction(origin, event)

    def _give(self, size: Size) -> None:
        super().update_size(self.area_name, size)


class _Stale(ScheduledRenderStrategy):
    """What Slicer's displayable managers want drawn again."""

    def __init__(self, frames: ViewFrames) -> None:
        super().__init__()
        self._frames = frames

    def schedule_render(self) -> None:
        self._frames.schedule_render()


def _quietly(make: Callable[[], SliceView]) -> SliceView:
    """trame-slicer listens to an event that VTK 9.6 warns of, once for each view."""
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        return make()
    finally:
        vtk.vtkObject.GlobalWarningDisplayOn()
