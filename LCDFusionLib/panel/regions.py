"""Regions: a table of lesions and references, each measured on the pair's own voxels, with the place that it was measured at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from LCDFusionLib.dicom.region_objects import latest_regions, read_regions
from LCDFusionLib.images.registration import move
from LCDFusionLib.images.response import BLOOD_LENGTH_MM, BLOOD_RADIUS_MM, LIVER_RADIUS_MM
from LCDFusionLib.mrml.dicom_source import dicom_source, unread_source
from LCDFusionLib.mrml.inputs import Node
from LCDFusionLib.mrml.regions import (
    BLOOD,
    LESION,
    LIVER,
    RAS,
    Region,
    add_region,
    is_reversed,
    middle_of,
    regions_elsewhere,
    regions_of,
    remove_region,
    rename_region,
    version,
)
from LCDFusionLib.panel import prior_regions
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.measured import MeasuredRegion, MeasuredRegions
from LCDFusionLib.panel.section import Section
from LCDFusionLib.views import layouts
from LCDFusionLib.views.planes import layer_at
from LCDFusionLib.views.region_shapes import RegionShape
from LCDFusionLib.views.regions import (
    OTHER,
    PRIOR_TAG,
    REFERENCE,
    SELECTED,
    place_text,
    region_text,
    remove_outline,
    show_regions,
)


@dataclass(frozen=True)
class RegionRow:
    """One line of the table.

    Attributes:
        key: of the region.
        name: that can be changed.
        kind: lesion, liver, blood pool.
        values: one for each of `COLUMNS` (`panel/measured.py`).
        is_selected: its text is on show.
        is_marked: it is measurable by PERCIST.
        prior: one for each of `COLUMNS` (`panel/prior_regions.py`); empty while no prior study is on show.
        why_no_prior: it could not be measured in the prior study; "" where it was.
    """

    key: str
    name: str
    kind: str
    values: tuple[str, ...]
    is_selected: bool
    is_marked: bool
    prior: tuple[str, ...] = ()
    why_no_prior: str = ""


@dataclass(frozen=True)
class RegionsState:
    """What the section shows.

    Attributes:
        can_measure: the buttons can be clicked.
        tip: of them, where they cannot: why.
        text: the readouts of the selected region and where they were measured, or why there are none; "" before.
        rows: all regions.
        references: what follows from liver and blood pool; "" before.
        note: regions that were drawn where the pair lay otherwise; "" where there are none.
        prior: what the changes are since; "" while no prior study is on show.
    """

    can_measure: bool = False
    tip: str = ""
    text: str = ""
    rows: tuple[RegionRow, ...] = ()
    references: str = ""
    note: str = ""
    prior: str = ""


class RegionsSection(Section):
    """The regions of the pair on show, where it lies now; those of another place are told of, and come back with it."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = RegionsState()
        self._selected = self._problem = ""
        self._taken: set[tuple[str, str] | None] = set()
        self._drawn: tuple[object, ...] = ()
        self._outlined: tuple[object, ...] = ()
        self._label_map: Node | None = None
        self._prior_map: Node | None = None

    def update(self) -> None:
        self._take_stored()
        self._measure()
        self._outline()
        self.moved()

    def moved(self) -> None:
        tip, measured, pair = self._why_not(), self.core.measured, self.choices.pair
        chosen = measured.row(self._selected)
        rows = (
            RegionRow(
                row.region.key,
                row.region.name,
                row.region.kind,
                measured.values(row),
                row is chosen,
                row.region.kind == LESION and measured.references.is_measurable(row.uptake),
                prior_regions.values(row.uptake, row.prior) if row.prior is not None else (),
                row.prior.why if row.prior is not None else "",
            )
            for row in measured.rows
        )
        elsewhere = regions_elsewhere(*pair) if pair is not None and self.core.workflow.function is not None else 0
        self.state = RegionsState(
            can_measure=not tip,
            tip=tip,
            text=self._problem or (self._text(chosen) if chosen is not None else ""),
            rows=tuple(rows),
            references=measured.reference_text,
            note=_elsewhere(elsewhere) if elsewhere else "",
            prior=self._since(),
        )

    def forget(self) -> None:
        self._taken.clear()
        self._selected = self._problem = ""
        self._drawn, self._outlined, self._label_map, self.core.measured = (), (), None, MeasuredRegions()
        self.core.views.outline(None)
        remove_outline(self.core.scene)
        self.state = RegionsState()

    def sphere(self) -> None:
        """Measures in a sphere round the crosshair."""
        self._add(LESION, RegionShape("sphere", (self.choices.region_radius,)))

    def isocontour(self) -> None:
        """Measures the lesion at the crosshair, by a part of its maximum."""
        self._add(LESION, RegionShape("isocontour", (self.choices.isocontour,)))

    def threshold(self) -> None:
        """Measures what hangs together at the crosshair above a value."""
        self._add(LESION, RegionShape("threshold", (self.choices.region_threshold,)))

    def liver(self) -> None:
        """Takes a sphere round the crosshair as the liver."""
        self._add(LIVER, RegionShape("sphere", (LIVER_RADIUS_MM,)))

    def blood(self) -> None:
        """Takes a cylinder round the crosshair as the blood pool."""
        self._add(BLOOD, RegionShape("cylinder", (2 * BLOOD_RADIUS_MM, BLOOD_LENGTH_MM)))

    def go_to(self, key: str) -> None:
        """Selects a region and shows its place in all views."""
        row = self.core.measured.row(key)
        if row is not None:
            self._selected, self._problem = key, ""
            self.core.views.jump(row.region.place)
            self._changed()

    def rename(self, key: str, name: str) -> None:
        """Calls a region otherwise; an empty name changes nothing."""
        pair, name = self.choices.pair, " ".join(name.split())[:64]
        if pair is not None and name:
            rename_region(*pair, key, name)
            self._changed()

    def remove(self, key: str) -> None:
        """Takes a region away."""
        if self.choices.pair is not None:
            remove_region(*self.choices.pair, key)
            self._problem = ""
            self._changed()

    def _why_not(self) -> str:
        function, views = self.core.workflow.function, self.core.views
        if function is None or not views.is_open:
            return "Show a CT or MR and a PET or SPECT first"
        if function.is_color:
            return "A colour image of a PET holds no values that could be measured"
        if views.plane.crosshair is None:
            return "Place the crosshair first: click in a view, or move the mouse with Shift"
        return ""

    def _add(self, kind: str, shape: RegionShape) -> None:
        """A region at the crosshair; in place of the lesion that was drawn at this very place, and of the reference that there was."""
        function, pair, place = self.core.workflow.function, self.choices.pair, self.core.views.plane.crosshair
        self._problem = self._why_not()
        if self._problem or function is None or pair is None or place is None:
            self._problem += "."
            self._changed()
            return
        with self.problems_are_said(self._say):
            before = next((row.region for row in self.core.measured.rows if _is_replaced(row.region, kind, place)), None)
            name = before.name if before is not None else self._new_name(kind)
            region = Region(before.key if before is not None else "", name, kind, shape.text, place, shape.find(function, place))
            self._selected = add_region(*pair, function, region)
        self._changed()

    def _take_stored(self) -> None:
        """Regions that an earlier session exported come back with the study: once a pair, and not beside others."""
        pair, function, find_file = self.choices.pair, self.core.workflow.function, self.core.host.find_file
        files, key = self.core.host.find_regions(), self.on_show.pair
        if pair is None or function is None or function.is_color or not files or key in self._taken or unread_source(pair[1], find_file):
            return
        self._taken.add(key)
        with self.problems_are_said(self._say):
            source = dicom_source(pair[1], find_file)
            path = latest_regions(files, source.series.uid) if source is not None else None
            if source is None or path is None or version(*pair):
                return
            reverse = is_reversed(pair[1], source)
            for stored in read_regions(path, source):
                voxels = stored.voxels[::-1] if reverse else stored.voxels
                place = middle_of(function, voxels)
                add_region(*pair, function, Region("", stored.name, stored.kind, stored.how, place, voxels))

    def _measure(self) -> None:
        """Anew only where a region, a voxel or a place has changed."""
        pair, volumes = self.choices.pair, self.core.workflow.volumes
        if pair is None or volumes is None or volumes[1].is_color:
            now: tuple[object, ...] = ()
        else:
            now = (self.on_show.pair, self.on_show.transforms, version(*pair), self.core.lean_part, self.core.prior_on_show)
        if now == self._drawn:
            return
        if self._drawn[:2] != now[:2]:
            self._problem = ""
        self._drawn, self.core.measured = now, MeasuredRegions()
        if pair is not None and volumes is not None and now:
            anatomy, function = volumes
            found = [(region, layer_at(pair[0], region.place)) for region in regions_of(*pair, function)]
            self.core.measured = MeasuredRegions.of(anatomy, function, found, self.core.lean_part, prior=self.core.prior_on_show)

    def _outline(self) -> None:
        rows, function = self.core.measured.rows, self.core.workflow.function
        if not rows or function is None:
            self._outlined, self._label_map, self._prior_map = (), None, None
            remove_outline(self.core.scene)
        elif self._outlined != (self._drawn, self._selected) or self._label_map is None or self._label_map.GetScene() is None:
            self._outlined = self._drawn, self._selected
            ordered = sorted(rows, key=lambda row: row.region.key == self._selected)  # the selected one over the others
            self._label_map = show_regions(self.core.scene, function, [(row.region.voxels, self._label(row)) for row in ordered])
            self._prior_map = self._outlined_in_prior()
        self.core.views.outline(self._label_map)
        self.core.views.outline(self._prior_map, layouts.PRIOR)

    def _outlined_in_prior(self) -> Node | None:
        study = self.core.prior_on_show
        found = [(row.prior.voxels, self._label(row)) for row in self.core.measured.rows if row.prior and row.prior.voxels is not None]
        if study is None or study.motion is None or not found:
            return None
        moved = move(study.function, study.function, study.motion)
        return show_regions(self.core.scene, moved, found, tag=PRIOR_TAG)

    def _label(self, row: MeasuredRegion) -> int:
        return SELECTED if row.region.key == self._selected else OTHER if row.region.kind == LESION else REFERENCE

    def _since(self) -> str:
        study = self.core.prior_on_show
        if study is None:
            return ""
        days = "" if study.days is None else f", {abs(study.days)} days {'before' if study.days >= 0 else 'later'}"
        return f"Prior study {study.label}{days}" + ("" if study.motion is not None else ": not registered, so nothing is measured in it")

    def _changed(self) -> None:
        self.update()
        self.core.refresh()  # what can be exported has changed too
        self.core.host.draw_views()
        self.core.host.show()

    def _new_name(self, kind: str) -> str:
        if kind != LESION:
            return kind.capitalize()
        taken = {row.region.name for row in self.core.measured.rows}
        return next(name for number in range(1, len(taken) + 2) if (name := f"Lesion {number}") not in taken)

    def _text(self, row: MeasuredRegion) -> str:
        anatomy, region = self.choices.anatomy, row.region
        x, y, z = row.uptake.maximum_at
        hottest = (-x, -y, z)
        there = f"\n{row.prior.why or prior_regions.text(row.uptake, row.prior)}" if row.prior is not None else ""
        return (
            f"{region_text(row.uptake)}\n{self.core.measured.more(row)}\n"
            f"{region.how} at{_slice_text(anatomy, region.place)} {place_text(region.place)}; "
            f"maximum in{_slice_text(anatomy, hottest)} {place_text(hottest)}{there}"
        )

    def _say(self, text: str) -> None:
        self._problem = text


def _is_replaced(region: Region, kind: str, place: RAS) -> bool:
    return region.kind == kind and (kind != LESION or math.dist(region.place, place) < 1e-3)


def _elsewhere(count: int) -> str:
    what = f"{count} region{'s were' if count != 1 else ' was'} drawn"
    return f"{what} where the two lay otherwise (before a registration, or after it); they come back when it is undone."


def _slice_text(anatomy: Node | None, ras: RAS) -> str:
    index = layer_at(anatomy, ras) if anatomy is not None else None
    return "" if index is None else f" slice {index + 1},"
