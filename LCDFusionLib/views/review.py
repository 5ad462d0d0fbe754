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
from LCDFusionLib.views.choices import Comparison, FusedLook
from LCDFusionLib.views.color_scale import ColorScale
from LCDFusionLib.views.display import displayed_window, is_there, measured_range, show_anatomy
from LCDFusionLib.views.function_views import FunctionViews
from LCDFusionLib.views.fused_view import FusedImage, best_for_slice, fused_title
from LCDFusionLib.views.linked_plane import LinkedPlane
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.planes import resize_view, seen_from
from LCDFusionLib.views.prior_views import PriorStudy, PriorViews
from LCDFusionLib.views.probe import probe_text
from LCDFusionLib.views.projection import RAS, ProjectionView
from LCDFusionLib.views.regions import remove_outline
from LCDFusionLib.views.split_picture import SplitPicture
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
        self._padding: NDArray[np.bool_] | None = None
        self._measured: tuple[float, float] | None = None
        self.function, self.prior, self.label = FunctionViews(self._scene), PriorViews(self._scene), ""
        self.instance_numbers: tuple[int, ...] | None = None
        self._images: tuple[FusedImage, ...] = ()
        self._image: FusedImage | None = None
        self._look: Look | None = None
        self._split: SplitPicture | None = None
        self._flickered = self._peeked = False
        self._annotations: dict[str, SliceAnnotations] = {}
        self._scale: ColorScale | None = None
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
        return self._image.nodes if self._image is not None and self._image.nodes.is_in_scene else None

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
        self._drop_split()
        self._anatomy, self._images, self._word = anatomy, tuple(images), ""
        self._padding, self._measured = padding, measured_range(anatomy, padding)
        layouts.link(self._scene)
        self.planes.forget()
        self.apply(look)
        self.plane.show(anatomy)
        self._show_planes()
        self._fit_projection()
        self.update_fused()

    def show_images(self, images: Sequence[FusedImage]) -> None:
        """Shows other fused images of the same pair."""
        if tuple(images) != self._images:
            self._drop_split()
        self._images = tuple(images)
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
        self.prior.show(study if self.is_open else None, self._look)
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
        for texts in self._annotations.values():
            texts.close()
        self._annotations = {
            name: SliceAnnotations(renderer, node, words=name == layouts.PROJECTION, bottom=bottom, brief=True)
            for name, renderer in renderers.items()
            if (node := layouts.slice_node(self._scene, name)) is not None
        }
        if self._scale is not None:
            self._scale.close()
        self._scale = ColorScale(renderers[layouts.FUSED]) if layouts.FUSED in self._annotations else None
        if self.is_open:
            self._title()
        else:
            self.blank(self._word)

    def align(self) -> None:
        """Shows the whole anatomy in all linked views, and the whole projection; the layer on show stays."""
        self.plane.align()
        self.planes.align()
        self._fit_projection()

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
        return self._peeked

    def peek(self, shown: bool) -> None:
        """Shows the anatomy in the fused view while True."""
        if shown is not self._peeked:
            self._peeked = shown
            self.update_fused()

    def flicker(self) -> None:
        """Changes between the fused image and the blend; a host calls it from a timer while `Comparison.FLICKER` is chosen."""
        if self._look is not None and self._look.comparison is Comparison.FLICKER:
            self._flickered = not self._flickered
            self.update_fused()

    def turn(self, angle: float) -> None:
        """Turns the projection, where there is one, to an angle in degrees."""
        node = layouts.slice_node(self._scene, layouts.PROJECTION)
        if self.projection is not None and node is not None and self.projection.angle != angle % 360:
            self.projection.turn(angle)
            self.projection.place(node)
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
        self._image = best_for_slice(self._images, self.plane.slice)
        self._fill_fused()
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
        if self._scale is not None:
            self._scale.show("", "")
        self._drop_split()
        self.prior.close()
        self.function.close()
        self._anatomy = self._image = None
        self._images, self._word = (), ""
        self._peeked = False
        self.plane.forget()

    def leave_views(self) -> None:
        """Takes everything that was written out of the views, which go, or become somebody else's."""
        for texts in self._annotations.values():
            texts.close()
        if self._scale is not None:
            self._scale.close()
        self._annotations, self._scale = {}, None

    def _fill(self, name: str, background: Node | None, foreground: Node | None = None, opacity: float = 0.0) -> None:
        """A view, and its copies in the other planes; those are empty where they are not wanted."""
        self._put(name, background, foreground, opacity)
        wanted = self._look is not None and self._look.three_planes
        for copy in (copy for copy, base in layouts.BASE.items() if base == name):
            self._put(copy, *((background, foreground) if wanted else (None, None)), opacity)

    def _put(self, name: str, background: Node | None, foreground: Node | None, opacity: float) -> None:
        layouts.fill(self._scene, name, background, foreground, opacity)

    def _fill_fused(self) -> None:
        look, result = self._look, self.result
        if self._peeked:
            self._fill(layouts.FUSED, self._anatomy)
            return
        if look is None:
            self._fill(layouts.FUSED, None)
            return
        blend = self._anatomy, self.function.node, look.opacity
        if look.three_planes:  # each plane but the first cuts all slices
            across = self._across.nodes if self._across is not None and not self._flickers else None
            self._fill(layouts.FUSED, *(blend if across is None else (self._of_look(across, look),)))
        elif self._blend_in_fused:
            self._fill(layouts.FUSED, *blend)
        if not self._blend_in_fused:
            assert result is not None
            fill = self._put if look.three_planes else self._fill
            fill(layouts.FUSED, self._split_picture(look, result) or self._of_look(result, look), None, 0.0)
        elif look.three_planes:
            self._put(layouts.FUSED, *blend)

    @staticmethod
    def _of_look(result: ResultNodes, look: Look) -> Node:
        return result.gray if look.fused is FusedLook.GRAY else result.color

    @property
    def _across(self) -> FusedImage | None:
        """The image in planes that cut all slices."""
        return best_for_slice(self._images, None)

    @property
    def _flickers(self) -> bool:
        return self._look is not None and self._look.comparison is Comparison.FLICKER and self._flickered

    def _show_planes(self) -> None:
        self.planes.show(self._anatomy if self._look is not None and self._look.three_planes else None)

    @property
    def _blend_in_fused(self) -> bool:
        """The fused view shows the blend: for a slice that is not fused yet, and at every other beat of the flicker."""
        return self.is_open and not self._peeked and (self.result is None or self._flickers)

    def _split_picture(self, look: Look, result: ResultNodes) -> Node | None:
        if look.comparison is not Comparison.SPLIT or self._anatomy is None or self.function.volume is None:
            return None
        index = result.row_of(self.plane.slice)
        if index is None or look.anatomy_window is None or not result.is_complete or result.is_preview:
            return None
        if self._split is None or self._split.result is not result:
            self._drop_split()
            self._split = SplitPicture(self._anatomy, self.function.volume, result, padding=self._padding)
        return self._split.show(
            index,
            split=look.split,
            opacity=look.opacity,
            gray=look.fused is FusedLook.GRAY,
            table=look.table,
            anatomy_window=look.anatomy_window,
            function_window=look.function_window,
        )

    def _fit_projection(self) -> None:
        node = layouts.slice_node(self._scene, layouts.PROJECTION)
        if node is None or self.projection is None:
            return
        self.projection.place(node)
        logic = self._application.logic.GetSliceLogic(node)
        if logic is not None:
            logic.FitSliceToVolume(self.projection.node, *node.GetDimensions()[:2])
        self.projection.place(node)

    def _title(self) -> None:
        look, volume = self._look, self.function.volume
        if look is None or self._anatomy is None:
            return
        projection = layouts.slice_node(self._scene, layouts.PROJECTION)
        planes = {name: plane for name in layouts.BASE if (plane := self.planes.orientation_of(name)) is not None}
        titles = view_titles(
            window=displayed_window(self._anatomy),
            uptake=self.function.range,
            unit=volume.unit.value if volume is not None else "",
            place=slice_text(self.plane.slice, self._anatomy.GetImageData().GetDimensions()[2], self.instance_numbers),
            side=seen_from(projection) if projection is not None and self.projection is not None else "",
            fused=self._title_of(self._image, look),
            across=self._title_of(self._across, look),
            turned=planes if look.three_planes else {},
        )
        if self.prior.study is not None:
            titles = {name: "\n".join((*title.split("\n")[:1], self.label, *title.split("\n")[1:])) for name, title in titles.items()}
        titles |= self.prior.titles()
        across = self._across.nodes if look.three_planes and self._across is not None else None
        for name, texts in self._annotations.items():
            texts.set_title(titles.get(name, ""), alert=name in layouts.PRIOR and self.prior.is_alert)
            if name == layouts.FUSED:
                texts.show_metrics(self.result, visible=look.metrics and not self._peeked and not self._blend_in_fused)
            elif layouts.BASE.get(name) == layouts.FUSED:
                texts.show_metrics(across, visible=False)
        if self._scale is not None:
            self._scale.show(*self._scale_of_fused())

    def _title_of(self, image: FusedImage | None, look: Look) -> str:
        return fused_title(image, comparison=look.comparison, flickered=self._flickered, peeked=self._peeked, look=look.fused)

    def _scale_of_fused(self) -> tuple[str, str]:
        """Table and range of the colours in the fused view; "" where it has none."""
        uptake, volume = self.function.range, self.function.volume
        if self._look is None or volume is None or self._peeked:
            return "", ""
        if self._blend_in_fused:
            return (self._look.table, f"{uptake.lower:.4g} to {uptake.upper:.4g} {volume.unit.value}") if uptake is not None else ("", "")
        made = self.result.made_with if self.result is not None else None
        return (made.table, made.range) if made is not None and self._look.fused is FusedLook.COLOR else ("", "")

    def _follow(self) -> None:
        """The fused view is filled for the slice on show; titles say the windows that the mouse has set."""
        self._unfollow()
        displays = [volume.GetDisplayNode() for volume in (self._anatomy, self.function.shown) if volume is not None]
        crosshair = self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        for node, call in (
            (self.plane.leading_node, self._on_moved),
            (crosshair, self._on_moved),
            *((display, self._on_windowed) for display in displays),
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

    def _on_windowed(self, *_: object) -> None:
        if self._look is not None:
            self._unfollow()  # what follows is no hand's
            upper = self.function.range_of_hand(self._look)
            self._follow()
            if upper is not None and self.on_range_changed is not None:
                self.on_range_changed(upper)
        self._title()
        window = displayed_window(self._anatomy)
        if window is not None and window != self._window:
            self._window = window
            if self.on_window_changed is not None:
                self.on_window_changed(window)

    def _drop_split(self) -> None:
        if self._split is not None:
            self._split.close()
            self._split = None
