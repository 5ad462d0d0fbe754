"""Regions and what they hold: the numbers of one pair, in the words of a table, a line and a file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from LCDFusionLib.dicom.reported_region import ReportedRegion
from LCDFusionLib.images.attenuation import mean_hu
from LCDFusionLib.images.response import References
from LCDFusionLib.images.uptake import RegionUptake, measure
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.mrml.regions import BLOOD, LESION, LIVER, Region
from LCDFusionLib.panel import prior_regions
from LCDFusionLib.panel.prior_regions import PriorRegion, measure_in_prior
from LCDFusionLib.views.prior_views import PriorStudy

COLUMNS = ("Name", "Slice", "max", "mean", "peak", "ml", "TLG", "HU", "SULpeak", "Deauville", "PERCIST")
"""Of the table; max, mean and peak are of the function's unit."""

_IN_FILE = (
    *(
        "name",
        "kind",
        "how",
        "slice",
        "right_mm",
        "anterior_mm",
        "superior_mm",
        "unit",
        "maximum",
        "mean",
        "sd",
        "peak",
        "volume_ml",
        "tlg",
    ),
    *("hu_mean", "sul_maximum", "sul_mean", "sul_peak", "deauville", "percist_threshold", "percist_measurable"),
)


@dataclass(frozen=True, eq=False)
class MeasuredRegion:
    """One region, and what the pair holds there.

    Attributes:
        region: its voxels and names.
        uptake: of the function's own voxels.
        hu: mean of the CT's voxels within them; NaN where it is not known.
        slice: K of the anatomy at its place; None outside.
        prior: the same in the prior study; None while none is on show.
    """

    region: Region
    uptake: RegionUptake
    hu: float
    slice: int | None
    prior: PriorRegion | None = None


@dataclass(frozen=True, eq=False)
class MeasuredRegions:
    """All regions of the pair on show.

    Attributes:
        rows: in the order in which they were drawn.
        lean_part: lean body mass as a part of the weight, by which SUVbw becomes SUL; None where it is not known.
        days_since_prior: None where a date is not known.
    """

    rows: tuple[MeasuredRegion, ...] = ()
    lean_part: float | None = None
    days_since_prior: int | None = None
    references: References = field(init=False)

    def __post_init__(self) -> None:
        of_kind = {row.region.kind: row.uptake for row in self.rows}
        object.__setattr__(self, "references", References(of_kind.get(LIVER), of_kind.get(BLOOD)))

    @classmethod
    def of(
        cls,
        anatomy: Volume,
        function: Volume,
        regions: Sequence[tuple[Region, int | None]],
        lean_part: float | None,
        *,
        prior: PriorStudy | None = None,
    ) -> MeasuredRegions:
        """Measures them.

        Args:
            anatomy: of the pair.
            function: of the pair, scalar.
            regions: each with K of the anatomy at its place.
            lean_part: see above.
            prior: in which they are measured too.
        """
        rows = []
        for region, index in regions:
            uptake = measure(function, region.voxels)
            there = measure_in_prior(region, uptake, prior) if prior is not None else None
            rows.append(MeasuredRegion(region, uptake, mean_hu(anatomy, function, region.voxels), index, there))
        return cls(tuple(rows), lean_part if function.unit is Unit.SUVBW else None, prior.days if prior is not None else None)

    def row(self, key: str) -> MeasuredRegion | None:
        """By the region's key; None where there is none."""
        return next((row for row in self.rows if row.region.key == key), None)

    def values(self, row: MeasuredRegion) -> tuple[str, ...]:
        """One text for each of `COLUMNS`, "" where nothing is known."""
        uptake, is_lesion = row.uptake, row.region.kind == LESION
        return (
            row.region.name,
            "" if row.slice is None else f"{row.slice + 1}",
            f"{uptake.maximum:.2f}",
            f"{uptake.mean:.2f}",
            _number(uptake.peak, ".2f"),
            f"{uptake.volume_ml:.2f}",
            f"{uptake.glycolysis:.3g}",
            _number(row.hu, ".0f"),
            _number(uptake.peak * self.lean_part, ".2f") if self.lean_part else "",
            self.references.deauville(uptake) if is_lesion else "",
            self._percist(row),
        )

    def more(self, row: MeasuredRegion) -> str:
        """What the line of uptake does not say, in one more line."""
        uptake, values = row.uptake, dict(zip(COLUMNS, self.values(row), strict=True))
        parts = [f"TLG {values['TLG']}", f"SD {_number(uptake.sd, '.2f') or '-'}"]
        parts += [f"{values['HU']} HU"] if values["HU"] else []
        if self.lean_part:
            parts.append(f"SULmax {uptake.maximum * self.lean_part:.2f}")
            parts += [f"SULpeak {values['SULpeak']}"] if values["SULpeak"] else []
        parts += [f"Deauville {values['Deauville']}"] if values["Deauville"] else []
        parts += [f"{values['PERCIST']} PERCIST's threshold"] if values["PERCIST"] else []
        return "   ".join(parts)

    @property
    def reference_text(self) -> str:
        """What follows from the references, in a line; "" without them."""
        threshold = self.references.threshold
        if threshold is None:
            return ""
        of_liver = self.references.liver is not None
        sul = f" = SULpeak {threshold * self.lean_part:.2f} (Janmahasatian)" if self.lean_part else ""
        rule = "1.5 x liver mean + 2 SD" if of_liver else "2 x blood pool mean + 2 SD"
        lacking = "" if of_liver and self.references.blood is not None else "; set both references for Deauville"
        return f"PERCIST threshold: SUVpeak {threshold:.2f}{sul}, {rule}{lacking}"

    def reported(self, *, reverse: bool, names: bool = True) -> list[ReportedRegion]:
        """For DICOM objects.

        Args:
            reverse: their series has the slices in the reverse order of the node's.
            names: as for `csv`.
        """
        return [
            ReportedRegion(
                row.region.name if names else f"Region {number}",
                row.region.kind,
                row.region.how,
                row.region.voxels[::-1] if reverse else row.region.voxels,
                row.uptake,
                row.hu,
                self.lean_part,
                self.references.deauville(row.uptake) if row.region.kind == LESION else "",
            )
            for number, row in enumerate(self.rows, start=1)
        ]

    def csv(self, *, names: bool = True) -> str:
        """A table for a file: one row a region; empty where a number is not known.

        Args:
            names: False where names that people gave must not stand in it.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        has_prior = any(row.prior is not None for row in self.rows)
        writer.writerow([*_IN_FILE, *(prior_regions.IN_FILE if has_prior else ())])
        for number, row in enumerate(self.rows, start=1):
            uptake, region, part = row.uptake, row.region, self.lean_part or math.nan
            right, anterior, superior = region.place
            threshold = self.references.threshold
            is_lesion = region.kind == LESION
            numbers = (uptake.maximum, uptake.mean, uptake.sd, uptake.peak, uptake.volume_ml, uptake.glycolysis, row.hu)
            writer.writerow(
                [
                    region.name if names else f"Region {number}",
                    region.kind,
                    region.how,
                    "" if row.slice is None else row.slice + 1,
                    *(f"{value:.2f}" for value in (right, anterior, superior)),
                    uptake.unit.value,
                    *(_number(value, ".6g") for value in numbers),
                    *(_number(value * part, ".6g") for value in (uptake.maximum, uptake.mean, uptake.peak)),
                    self.references.deauville(uptake) if is_lesion else "",
                    "" if threshold is None else f"{threshold:.6g}",
                    {"at least": "yes", "below": "no"}.get(self._percist(row), ""),
                    *(prior_regions.file_values(uptake, row.prior, self.days_since_prior) if row.prior is not None else ()),
                ]
            )
        return text.getvalue()

    def _percist(self, row: MeasuredRegion) -> str:
        if row.region.kind != LESION or self.references.threshold is None or math.isnan(row.uptake.peak):
            return ""
        return "at least" if self.references.is_measurable(row.uptake) else "below"


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else f"{value:{form}}"
