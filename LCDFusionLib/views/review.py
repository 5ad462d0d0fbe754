"""A pair and its result in the views: who shows what, together at one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views import layouts
from LCDFusionLib.views.annotations import SliceAnnotations
from LCDFusionLib.views.choices import Comparison
from LCDFusionLib.views.color_scale import ColorScales
from LCDFusionLib.views.display import displayed_window, is_there, measured_range, show_anatomy
from LCDFusionLib.views.function_views import FunctionViews
from LCDFusionLib.views.fused_view import FusedImage, FusedViews
from LCDFusionLib.views.linked_plane import LinkedPlane
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.planes import resize_view
from LCDFusionLib.views.prior_views import PriorStudy, PriorViews
from LCDFusionLib.views.probe import probe_text
from LCDFusionLib.views.projection import RAS, ProjectionView
from LCDFusionLib.views.regions import remove_outline
from LCDFusionLib.views.three_planes import ThreePlanes
from LCDFusionLib.views.titles import slice_text, view_titles

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class Review:
    """The views `layouts.LINKED`, those `layouts.ACROSS` while they are wanted, and the projection, filled and kept together.

    The host makes the views (from `layouts`), gives their renderers to `annotate`, and draws. Everything else is here.

    Attributes:
        plane: that the linked views show.
        planes: it and the two others.
        function: how the function is shown.
        prior: a prior study at the same place.
        instance_numbers: of the anatomy's slices, as other viewers call them; None where they are not known.
        label: date and patient, in the titles while a prior study is on show.
        on_window_changed: called with the anatomy's window when somebody else, as the mouse in a view, has changed it.
        on_range_changed: called with the upper end of the function's range, in the unit that is fused, when the mouse has changed it.
        on_moved: called when another plane, or the crosshair elsewhere, is on show.
    """

    def __init__(self, application: Application) -> None:
        self._application, self._scene = application, application.scene
        self.plane = LinkedPlane(application)
        self.planes = ThreePlanes(application, self.plane)
        self._anatomy: Node | None = None
        self._measured: tuple[float, float] | None = None
        self.function, self.prior, self.label = FunctionViews(self._scene), PriorViews(self._scene), ""
        self.instance_numbers: tuple[int, ...] | None = None
        self._fused = FusedViews(self._scene, self.function)
        self._look: Look | None = None
        self._annotations: dict[str, SliceAnnotations] = {}
        self._scales = ColorScales({})
        self._observed: list[tuple[vtk.vtkObject, int]] = []
        self.on_window_changed: Callable[[Window], object] | None = None
        self.on_range_changed: Callable[[float], object] | None = None
        self.on_moved: Callable[[], object] | None = None
        self._window: Window | None = None
        self._word = ""
        self._moved_to: tuple[int | None, RAS | None] = (None, None)

    @property
    def is_open(self) -> bool:
        """True while a pair is on show."""
        return self._anatomy is not None

    @property
    def projection(self) -> ProjectionView | None:
        """The turning projection; None without the view, and for a colour function."""
        return self.function.projection

    @property
    def result(self) -> ResultNodes | None:
        """The fused image on show in this plane; None where there is none."""
        return self._fused.result

    def show(
        self,
        anatomy: Node,
        function: Node,
        volume: Volume,
        images: Sequence[FusedImage],
        look: Look,
        *,
        padding: NDArray[np.bool_] | None = None,
    ) -> None:
        """Shows a pair; at the place that was on show if this anatomy was, else in the middle, in the plane of the anatomy's slices.

        Args:
            anatomy: the anatomy's node.
            function: the function's node.
            volume: the function as it is fused, from `read_function`.
            images: fused images of the pair, the one that is shown first wherever it has the slice; empty before there is one.
            look: how.
            padding: `Volume.padding` of the anatomy, from `read_anatomy`.
        """
        self.function.take(function, volume)
        self._fused.take(anatomy, padding)
        self._fused.take_images(images)
        self._anatomy, self._word, self._measured = anatomy, "", measured_range(anatomy, padding)
        layouts.link(self._scene)
        self.planes.forget()
        self.apply(look)
        self.plane.show(anatomy)
        self._show_planes()
        if self.projection is not None:
            self.projection.fit(self._application)
        self.update_fused()

    def show_images(self, images: Sequence[FusedImage]) -> None:
        """Shows other fused images of the same pair."""
        self._fused.take_images(images)
        self.update_fused()

    def blank(self, word: str) -> None:
        """Empties the views, as `close` does, and writes a word in each that says why."""
        if self.is_open:
            self.close()
        self._word = word
        for name, texts in self._annotations.items():
            texts.set_title(f"{layouts.NAMES[name]}\n{word}" if word else "")
            texts.show_metrics(None)

    def show_prior(self, study: PriorStudy | None, word: str, label: str) -> None:
        """Shows a prior study beside the pair, or says why none is there.

        Args:
            study: None: none.
            word: why.
            label: date and patient of the pair.
        """
        self.prior.word, self.label = word, label
        self._unfollow()  # what follows is no hand's
        self.prior.show(study if self.is_open else None, self._look)
        if self.is_open:
            self._follow()
        self._title()

    def apply(self, look: Look) -> None:
        """Shows the same with another look."""
        self._look = look
        if self._anatomy is None or self.function.node is None:
            return
        self._unfollow()  # what follows is no hand's
        if look.anatomy_window is not None:
            self._window = look.anatomy_window
            show_anatomy(self._anatomy, look.anatomy_window, measured=self._measured)
        self.function.show(look)
        self._fill(layouts.ANATOMY, self._anatomy)
        self._fill(layouts.FUNCTION, self.function.shown)
        self._fill(layouts.BLEND, self._anatomy, self.function.node, look.opacity)
        self._fill(layouts.PROJECTION, self.projection.node if self.projection is not None else None)
        self._show_planes()
        self.prior.show(self.prior.study, look)
        self._follow()
        self.update_fused()

    def annotate(self, renderers: Mapping[str, vtk.vtkRenderer], *, bottom: int = 30) -> None:
        """Writes titles, patient sides and metrics in views.

        Args:
            renderers: of the views, by layout name.
            bottom: as in `SliceAnnotations`.
        """
        layouts.keep(self._scene)
        for texts in self._annotations.values():
            texts.close()
        self._annotations = {
            name: SliceAnnotations(renderer, node, words=name == layouts.PROJECTION, bottom=bottom, brief=True)
            for name, renderer in renderers.items()
            if (node := layouts.slice_node(self._scene, name)) is not None
        }
        self._scales.close()
        self._scales = ColorScales(renderers)
        if self.is_open:
            self._title()
        else:
            self.blank(self._word)

    def align(self) -> None:
        """Shows the whole anatomy in all linked views, and the whole projection; the layer on show stays."""
        self.plane.align()
        self.planes.align()
        if self.projection is not None:
            self.projection.fit(self._application)

    def resize(self, name: str, width: int, height: int) -> None:
        """Tells a view its size in pixels, where the host does not let Slicer do it; see `resize_view`."""
        node = layouts.slice_node(self._scene, name)
        logic = self._application.logic.GetSliceLogic(node) if node is not None else None
        volume = self.projection.node if name == layouts.PROJECTION and self.projection else self._anatomy
        if logic is not None:
            resize_view(logic, volume if is_there(volume) else None, width, height)

    def probe(self, ras: RAS) -> str:
        """The values of anatomy, function and fused image at a place, as a line; "" where nothing is shown."""
        return probe_text(self._anatomy, self.function.volume, self.result, ras, prior=self.prior.study)

    @property
    def slice(self) -> int | None:
        """K of the anatomy's slice on show; None in another plane, outside the volume, and where nothing is shown."""
        return self.plane.slice

    @slice.setter
    def slice(self, index: int) -> None:
        self.plane.slice = index

    def jump(self, ras: RAS) -> None:
        """Takes all linked views, and the crosshair, to a place."""
        self.plane.jump(ras)

    @property
    def is_peeked(self) -> bool:
        """True while the anatomy is in the place of the fused image."""
        return self._fused.is_peeked

    def peek(self, shown: bool) -> None:
        """Shows the anatomy in the fused view while True."""
        if shown is not self._fused.is_peeked:
            self._fused.is_peeked = shown
            self.update_fused()

    def flicker(self) -> None:
        """Changes between the fused image and the blend; a host calls it from a timer while `Comparison.FLICKER` is chosen."""
        if self._look is not None and self._look.comparison is Comparison.FLICKER:
            self._fused.is_flickered = not self._fused.is_flickered
            self.update_fused()

    def turn(self, angle: float) -> None:
        """Turns the projection, where there is one, to an angle in degrees."""
        if self.projection is not None and self.projection.angle != angle % 360:
            self.projection.turn(angle)
            self._title()

    def point_behind(self, ras: RAS) -> RAS | None:
        """Where the hottest voxel behind a place in the projection's picture lies; None outside it."""
        return self.projection.point(ras) if self.projection is not None else None

    def outline(self, region: Node | None, names: Sequence[str] = (*layouts.LINKED, *layouts.BASE)) -> None:
        """Outlines a label map in views; None takes the outline away."""
        for name in names:
            node, composite = layouts.slice_node(self._scene, name), layouts.composite_node(self._scene, name)
            if node is not None and composite is not None:
                composite.SetLabelVolumeID(region.GetID() if region is not None else None)
                node.SetUseLabelOutline(True)

    def update_fused(self) -> None:
        """Puts into the fused view what is best for the plane on show, after a slice came, or the plane has moved."""
        self._fused.show(self.plane.slice, self._look)
        self._title()

    def close(self) -> None:
        """Empties the views and takes everything that is not for keeping out of the scene; the volumes and the result stay."""
        self._unfollow()
        for name in (*layouts.LINKED, layouts.PROJECTION):
            self._fill(name, None)
        self.planes.forget()
        self.outline(None, (*layouts.PLANES, *layouts.BASE))
        remove_outline(self._scene)
        for texts in self._annotations.values():
            texts.set_title("")
            texts.show_metrics(None)
        self._scales.show({})
        self._fused.close()
        self.prior.close()
        self.function.close()
        self._anatomy, self._word = None, ""
        self.plane.forget()

    def leave_views(self) -> None:
        """Takes everything that was written out of the views, which go, or become somebody else's."""
        for texts in self._annotations.values():
            texts.close()
        self._scales.close()
        self._annotations, self._scales = {}, ColorScales({})

    def _fill(self, name: str, background: Node | None, foreground: Node | None = None, opacity: float = 0.0) -> None:
        """A view, and its copies in the other planes; those are empty where they are not wanted."""
        layouts.fill(self._scene, name, background, foreground, opacity)
        wanted = self._look is not None and self._look.three_planes
        layouts.fill_copies(self._scene, name, *((background, foreground) if wanted else (None, None)), opacity)

    def _show_planes(self) -> None:
        self.planes.show(self._anatomy if self._look is not None and self._look.three_planes else None)

    def _title(self) -> None:
        look, volume = self._look, self.function.volume
        if look is None or self._anatomy is None:
            return
        fused, across = self._fused.titles(look)
        planes = {name: plane for name in layouts.BASE if (plane := self.planes.orientation_of(name)) is not None}
        titles = view_titles(
            window=displayed_window(self._anatomy),
            uptake=self.function.range,
            unit=volume.unit.value if volume is not None else "",
            place=slice_text(self.plane.slice, self._anatomy.GetImageData().GetDimensions()[2], self.instance_numbers),
            side=self.projection.side if self.projection is not None else "",
            fused=fused,
            across=across,
            turned=planes if look.three_planes else {},
        )
        if self.prior.study is not None:
            titles = {name: "\n".join((*title.split("\n")[:1], self.label, *title.split("\n")[1:])) for name, title in titles.items()}
        titles |= self.prior.titles()
        for name, texts in self._annotations.items():
            texts.set_title(titles.get(name, ""), alert=name in layouts.PRIOR and self.prior.is_alert)
            if name == layouts.FUSED:
                texts.show_metrics(self.result, visible=look.metrics and not self._fused.is_peeked and not self._fused.shows_blend(look))
            elif layouts.BASE.get(name) == layouts.FUSED:
                texts.show_metrics(self._fused.across if look.three_planes else None, visible=False)
        scales = {layouts.FUNCTION: self.function.scale(look), layouts.FUSED: self._fused.scale(look)}
        self._scales.show(scales | self.prior.scales(look))

    def _follow(self) -> None:
        """The fused view is filled for the slice on show; titles say the windows that the mouse has set."""
        self._unfollow()
        displays = [volume.GetDisplayNode() for volume in (self._anatomy, self.function.shown) if volume is not None]
        crosshair = self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        for node, call in (
            (self.plane.leading_node, self._on_moved),
            (crosshair, self._on_moved),
            *((display, self._on_windowed) for display in (*displays, *self.prior.displays)),
        ):
            if node is not None:
                self._observed.append((node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, call)))

    def _unfollow(self) -> None:
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []

    def _on_moved(self, *_: object) -> None:
        self._show_planes()  # the first may have been turned
        shown = (self.plane.slice, self.plane.crosshair)
        if shown == self._moved_to:
            return
        moved, self._moved_to = shown[0] != self._moved_to[0], shown
        if moved:
            self.update_fused()
        if self.on_moved is not None:
            self.on_moved()

    def _take_hand_in_prior(self) -> None:
        """Both rows have one window and one range, whichever was dragged."""
        window, uptake = self.prior.windows_of_hand()
        if window is not None and is_there(self._anatomy):
            show_anatomy(self._anatomy, window, measured=self._measured)
        if uptake is not None:
            self.function.follow(uptake)

    def _on_windowed(self, *_: object) -> None:
        if self._look is not None:
            self._unfollow()  # what follows is no hand's
            self._take_hand_in_prior()
            upper = self.function.range_of_hand(self._look)
            if upper is not None:
                self.prior.follow(Window.from_range(0, upper))
            self._follow()
            if upper is not None and self.on_range_changed is not None:
                self.on_range_changed(upper)
        self._title()
        window = displayed_window(self._anatomy)
        if window is not None and window != self._window:
            self._window = window
            if self.on_window_changed is not None:
                self.on_window_changed(window)
