"""The arithmetic of SUVbw, and between which bounds its numbers can be true; whatever format they came in.

SUVbw = activity concentration (Bq/ml) * body weight (g) / dose (Bq), both activities at one moment (PS3.3 C.8.9.1.1.3).
The bounds are wide: from a mouse pup with a long-lived tracer to the heaviest person and the largest Y-90 therapy. What lies outside was
written in another unit, or in another attribute. Each is explained in docs/suv.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .radionuclides import HALF_LIFE_S, nuclides_of

LEAST_WEIGHT_KG, MOST_WEIGHT_KG = 0.005, 650.0
LEAST_SIZE_M, MOST_SIZE_M = 0.02, 2.75
LEAST_DOSE_BQ, MOST_DOSE_BQ = 1e5, 3e10
LEAST_BQ_PER_KG, MOST_BQ_PER_KG = 2.5e5, 4e9
LEAST_MASS_INDEX, MOST_MASS_INDEX = 5.0, 250.0
_BODY_SIZE_M = 0.4  # below this a small mass index says nothing: the size of a mouse may be taken with or without its tail
MOST_HALF_LIVES = 8.0
"""Between injection and scan. After eight, 0.4 % of the dose is left (15 hours for F-18, 22 days for Y-90)."""
_MOST_EXPONENT, _MANY_TIMES = 1000.0, 10.0
EARLIEST_S = -60.0
"""A dynamic scan starts some seconds before the injection; a static one never does."""


@dataclass(frozen=True)
class Body:
    """Whom the dose was given.

    Attributes:
        weight_kg: body weight.
        size_m: body height or length, None where not known. SUVbw does not need it; it tells whether the weight can be true.
    """

    weight_kg: float
    size_m: float | None = None


@dataclass(frozen=True)
class Dose:
    """What was given.

    Attributes:
        activity_bq: at the injection.
        half_life_s: of the radionuclide, None where no decay is reckoned.
    """

    activity_bq: float
    half_life_s: float | None = None

    def after(self, seconds: float) -> float:
        """Bq that are left so long after the injection."""
        if not seconds:
            return self.activity_bq
        if self.half_life_s is None:
            raise ValueError("without a half life no decay can be reckoned")
        return self.activity_bq * 2.0 ** (-seconds / self.half_life_s)


def suv_factor(body: Body, dose: Dose, decay_seconds: float = 0.0) -> float:
    """SUVbw per Bq/ml.

    Args:
        body: weighed.
        dose: at the injection.
        decay_seconds: from the injection to the moment that the image's activity is corrected to.
    """
    return body.weight_kg * 1000.0 / dose.after(decay_seconds)


def why_implausible(body: Body | None, dose: Dose | None, names: Mapping[str, str]) -> str | None:
    """Why these numbers cannot be true, as a clause that names field and value; None where they can.

    Args:
        body: None where not known.
        dose: None where not known.
        names: what a reader calls the fields "weight", "size", "dose" and "half life", such as "Patient's Weight (0010,1030)".
    """
    if body is not None and (problem := _why_no_body(body, names)):
        return problem
    if dose is None:
        return None
    if not LEAST_DOSE_BQ <= dose.activity_bq <= MOST_DOSE_BQ:
        return (
            f"{names['dose']} is {dose.activity_bq:.10g}, which cannot be in Bq: a dose lies between "
            f"{LEAST_DOSE_BQ / 1e6:g} and {MOST_DOSE_BQ / 1e6:g} MBq"
        )
    if body is not None and not LEAST_BQ_PER_KG <= dose.activity_bq / body.weight_kg <= MOST_BQ_PER_KG:
        return (
            f"{names['dose']} {dose.activity_bq:.10g} Bq and {names['weight']} {body.weight_kg:.10g} kg do not go together: "
            f"{dose.activity_bq / body.weight_kg / 1e6:.3g} MBq/kg, where {LEAST_BQ_PER_KG / 1e6:g} to {MOST_BQ_PER_KG / 1e6:g} can be"
        )
    if dose.half_life_s is not None and not nuclides_of(dose.half_life_s):
        return f"{names['half life']} {dose.half_life_s:.10g} s is that of no radionuclide that PET measures{_in_minutes(dose.half_life_s)}"
    return None


def why_no_decay(seconds: float, half_life_s: float) -> str | None:
    """Why a scan cannot have begun so long after the injection, as "5 minutes before it"; None where it can."""
    if seconds < EARLIEST_S:
        return f"{duration(-seconds)} before it"
    if seconds > MOST_HALF_LIVES * half_life_s:
        return f"{duration(seconds)} after it, {seconds / half_life_s:.3g} half lives"
    return None


def change(seconds: float, half_life_s: float) -> float:
    """By which part SUV would be higher (lower: negative) if the scan had begun so much later."""
    return 2.0 ** min(seconds / half_life_s, _MOST_EXPONENT) - 1.0


def in_percent(change_: float) -> str:
    """A `change` in words: "20.9% higher"."""
    if change_ >= _MANY_TIMES:
        return f"more than {_MANY_TIMES:g} times as high"
    return f"{abs(change_):.1%} {'higher' if change_ > 0 else 'lower'}"


def duration(seconds: float) -> str:
    """In words, rounded so that it is never "0 minutes": "40 seconds", "5 minutes", "16 h 05 min", "3 days 2 h"."""
    seconds = abs(seconds)
    if seconds < 99.5:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}" if seconds >= 1 else f"{seconds:.2g} seconds"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} minutes"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h"


def _why_no_body(body: Body, names: Mapping[str, str]) -> str | None:
    weight, size = body.weight_kg, body.size_m
    if not LEAST_WEIGHT_KG <= weight <= MOST_WEIGHT_KG:
        grams = ", as if in g" if LEAST_WEIGHT_KG <= weight / 1000 <= MOST_WEIGHT_KG and weight > MOST_WEIGHT_KG else ""
        return f"{names['weight']} is {weight:.10g} kg{grams}, and a patient weighs {LEAST_WEIGHT_KG:g} to {MOST_WEIGHT_KG:g} kg"
    if size is None:
        return None
    if not LEAST_SIZE_M <= size <= MOST_SIZE_M:
        centimetres = ", as if in cm" if LEAST_SIZE_M <= size / 100 <= MOST_SIZE_M and size > MOST_SIZE_M else ""
        return (
            f"{names['size']} is {size:.10g} m{centimetres}, where {LEAST_SIZE_M:g} to {MOST_SIZE_M:g} m can be, "
            f"so {names['weight']} {weight:.10g} beside it cannot be relied on"
        )
    index = weight / size**2
    if index > MOST_MASS_INDEX or (size >= _BODY_SIZE_M and index < LEAST_MASS_INDEX):
        return (
            f"{names['weight']} {weight:.10g} kg and {names['size']} {size:.10g} m do not go together: {index:.3g} kg/m2, "
            f"where {LEAST_MASS_INDEX:g} to {MOST_MASS_INDEX:g} can be"
        )
    return None


def _in_minutes(half_life: float) -> str:
    """A hint where the number is a known half life in another unit."""
    for unit, seconds in (("minutes", 60.0), ("hours", 3600.0), ("days", 86400.0), ("milliseconds", 1e-3)):
        # The commonest nuclides alone: some minute or hour is always somebody's half life.
        for nuclide in ("F-18", "Ga-68", "C-11", "Cu-64", "Zr-89", "I-124", "Y-90", "N-13", "O-15", "Rb-82"):
            if abs(half_life * seconds - HALF_LIFE_S[nuclide]) <= 0.02 * HALF_LIFE_S[nuclide]:
                return f"; in {unit} it would be that of {nuclide}"
    return ""
