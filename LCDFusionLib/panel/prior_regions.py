"""The regions of the pair once more in a prior study, at the registered place, and what has changed in per cent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.uptake import RegionUptake, measure
from LCDFusionLib.mrml.regions import RAS, Region
from LCDFusionLib.views.prior_views import PriorStudy
from LCDFusionLib.views.region_shapes import RegionShape
from LCDFusionLib.views.regions import Mask

COLUMNS = ("Prior max", "max %", "Prior peak", "peak %", "Prior ml", "ml %", "Prior TLG", "TLG %")
"""Of the table, after those of the pair, while a prior study is on show."""
IN_FILE = (
    *("prior_right_mm", "prior_anterior_mm", "prior_superior_mm", "prior_unit"),
    *("prior_maximum", "prior_peak", "prior_volume_ml", "prior_tlg"),
    *("change_maximum_percent", "change_peak_percent", "change_volume_percent", "change_tlg_percent", "days_since_prior"),
)
"""Of the file, likewise; nothing in it names a patient or a date."""

_REACH_MM = 30.0
"""A region whose hottest voxel lies farther from the registered place, beyond what it does in the pair, is another one."""


@dataclass(frozen=True, eq=False)
class PriorRegion:
    """A region of the pair in the prior study.

    Attributes:
        place: in the prior's own world, RAS mm.
        voxels: (K, J, I) of the prior's function; None where it could not be measured.
        uptake: of them, on the prior's own voxels; likewise.
        why: it could not.
    """

    place: RAS
    voxels: Mask | None = None
    uptake: RegionUptake | None = None
    why: str = ""


def measure_in_prior(region: Region, uptake: RegionUptake, study: PriorStudy) -> PriorRegion:
    """Finds a region in the prior as it was found in the pair, at the registered place.

    Nothing is measured where the numbers could not be compared: without a registration, in another unit, at the edge of the prior, or
    where what is found there hangs together with something hotter elsewhere.

    Args:
        region: of the pair.
        uptake: that it has there.
        study: the prior.
    """
    place, function, shape = study.place(region.place), study.function, RegionShape.of_text(region.how)
    if study.motion is None:
        return PriorRegion(place, why="The prior study is not registered, so it is not known where this place lies in it.")
    if shape is None:
        return PriorRegion(
            place, why="This region was drawn, and has no shape that could be found again; measure a sphere or an isocontour."
        )
    if function.unit is not uptake.unit:
        return PriorRegion(place, why=f"The prior study is in {function.unit.label}, this one in {uptake.unit.label}.")
    try:
        voxels = shape.find(function, place)
    except InputError as error:
        return PriorRegion(place, why=f"Prior study: {error}")
    if any(voxels.take(side, axis).any() for axis in range(3) for side in (0, -1)):
        return PriorRegion(place, why="The region reaches the edge of the prior study, which may not hold all of it.")
    found = measure(function, voxels)
    reach = _REACH_MM + math.dist(_ras(uptake.maximum_at), region.place)
    if shape.kind in ("isocontour", "threshold") and math.dist(_ras(found.maximum_at), place) > reach:
        return PriorRegion(
            place, why="Nothing stands out there in the prior study: what is found hangs together with hotter uptake elsewhere."
        )
    return PriorRegion(place, voxels, found)


def change(now: float, before: float) -> float:
    """In per cent of what was; NaN where one of both is not known, or there was nothing."""
    return 100 * (now - before) / before if before > 0 else math.nan


def values(uptake: RegionUptake, prior: PriorRegion) -> tuple[str, ...]:
    """One text for each of `COLUMNS`, "" where nothing is known."""
    before = prior.uptake
    if before is None:
        return ("",) * len(COLUMNS)
    forms = (".2f", ".2f", ".2f", ".3g")
    pairs = zip(_measures(uptake), _measures(before), forms, strict=True)
    return tuple(text for now, was, form in pairs for text in (_number(was, form), _number(change(now, was), "+.0f")))


def text(uptake: RegionUptake, prior: PriorRegion) -> str:
    """What was, and the changes, in one line."""
    found = values(uptake, prior)
    names = ("max", "peak", "ml", "TLG")
    parts = [f"{name} {was} ({by} %)" for name, was, by in zip(names, found[::2], found[1::2], strict=True) if was and by]
    return f"Prior: {'   '.join(parts)}"


def file_values(uptake: RegionUptake, prior: PriorRegion, days: int | None) -> list[str]:
    """One text for each of `IN_FILE`, "" where nothing is known.

    Args:
        uptake: in the pair.
        prior: the same region there.
        days: since the prior study.
    """
    known = prior.uptake is not None
    before = _measures(prior.uptake) if prior.uptake is not None else (math.nan,) * 4
    return [
        *(f"{value:.2f}" if known else "" for value in prior.place),
        prior.uptake.unit.value if prior.uptake is not None else "",
        *(_number(value, ".6g") for value in before),
        *(_number(change(now, was), ".6g") for now, was in zip(_measures(uptake), before, strict=True)),
        "" if days is None else f"{days}",
    ]


def _measures(uptake: RegionUptake) -> tuple[float, ...]:
    return uptake.maximum, uptake.peak, uptake.volume_ml, uptake.glycolysis


def _ras(lps: RAS) -> RAS:
    return -lps[0], -lps[1], lps[2]


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else f"{value:{form}}"
