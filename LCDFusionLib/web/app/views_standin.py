"""Stand-in for web/views until that room is there: the four arrangements on Slicer's own link."""

import re
from collections.abc import Callable
from typing import Any

import slicer
from trame_slicer.core import LayoutManager
from trame_slicer.rca_view import register_rca_factories
from trame_slicer.views import slicer_layout_to_vue

from LCDFusionLib.scene import layouts
from LCDFusionLib.scene.choices import Arrangement


class LinkedViews:
    """As that of web/views."""

    bottom = 30

    def __init__(self, server: Any, slicer_app: Any, review: Any) -> None:
        self._app = slicer_app
        self.on_slice_changed: Callable[[], None] = lambda: None
        register_rca_factories(slicer_app.view_manager, server)
        self._manager = LayoutManager(slicer_app.scene, slicer_app.view_manager, server)
        for arrangement in Arrangement:
            xml = re.sub(r'<item><view class="vtkMRMLPlotViewNode".*?</view></item>', "", layouts.layout_description(arrangement))
            self._manager.register_layout(arrangement.value, slicer_layout_to_vue(xml), lazy_initialization=True)
        self._manager.create_layout_views_if_needed(Arrangement.READING.value)
        self._link = slicer.vtkMRMLSliceLinkLogic()
        self._link.SetMRMLApplicationLogic(slicer_app.app_logic)
        self._link.SetMRMLScene(slicer_app.scene)
        self._seen: set[object] = set()

    def build(self, layout: Any) -> None:
        """Within the page."""
        self._manager.initialize_layout_grid(layout)

    def arrange(self, arrangement: Arrangement) -> None:
        """Shows an arrangement."""
        self._manager.set_layout(arrangement.value)
        for view in self._views():
            view.render_window().SetMultiSamples(0)
            node: Any = layouts.slice_node(self._app.scene, view.get_singleton_tag())
            if node not in self._seen:
                self._seen.add(node)
                node.AddObserver("ModifiedEvent", lambda *_: self.on_slice_changed())

    def renderers(self) -> dict:
        """By layout name."""
        shown = self._app.view_manager.get_current_view_ids()
        return {view.get_singleton_tag(): view.renderer() for view in self._views() if view.get_singleton_tag() in shown}

    def draw(self) -> None:
        """Soon."""
        for view in self._views():
            view.schedule_render()

    def _views(self) -> list:
        return self._app.view_manager.get_slice_views()
