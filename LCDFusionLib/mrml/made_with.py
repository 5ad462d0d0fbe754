"""What a fused image depends on, in words: so that an older one can say how it differs from what is chosen now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.fusion.pair import decided_weights
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.images.window import Window, anatomy_window, function_range


@dataclass(frozen=True)
class MadeWith:
    """The choices of a fusion as they came out, not as they were made: "by modality" and "mediastinum" may be the same window.

    Attributes:
        window: of the anatomy, with its unit.
        range: of the function, with its unit.
        table: colours of a scalar function; "" for a colour image.
        weights: name or path.
        places: where both volumes lay, as a number that says nothing but whether they lie there still.
        frames: which frames of sequences they were (`Volume.frame`); "" for volumes that are alone.
    """

    window: str
    range: str
    table: str
    weights: str
    places: str
    frames: str = ""

    @classmethod
    def of(cls, anatomy: Volume, function: Volume, settings: FusionSettings) -> MadeWith:
        """What a fusion of two volumes with these settings depends on.

        Raises:
            InputError: the window or the range cannot be used with these volumes.
        """
        places = np.round([anatomy.ijk_to_lps, function.ijk_to_lps], 4) + 0.0  # no negative zero
        return cls(
            window=window_text(anatomy_window(anatomy, settings.window), anatomy.unit),
            range=range_text(function_range(function, settings.function_upper), function.unit),
            table="" if function.is_color else settings.color_table,
            weights=decided_weights(anatomy, settings),
            places=hashlib.sha256(places.tobytes()).hexdigest()[:16],
            frames="; ".join(f"{role} {volume.frame}" for role, volume in (("anatomy", anatomy), ("function", function)) if volume.frame),
        )

    def differences(self, now: MadeWith) -> list[str]:
        """In what this image differs from what is chosen now, in a word each; empty where in nothing."""
        words = {"table": "colours", "places": "place", "frames": "frame"}
        return [words.get(field.name, field.name) for field in fields(self) if getattr(self, field.name) != getattr(now, field.name)]

    def to_text(self) -> str:
        """For a node's attribute."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str | None) -> MadeWith | None:
        """From a node's attribute; None where there is none, or an earlier version wrote it."""
        try:
            values = json.loads(text or "")
        except ValueError:
            return None
        names = {field.name for field in fields(cls)}
        is_known = isinstance(values, Mapping) and names - {"frames"} <= set(values) <= names
        return cls(**values) if is_known else None


def window_text(window: Window, unit: Unit) -> str:
    """Width, level and unit, such as "350/40 HU"."""
    return f"{window.width:g}/{window.level:g} {unit.value}"


def range_text(uptake: Window, unit: Unit) -> str:
    """Lower and upper end and unit, such as "0 to 10 SUVbw"."""
    return f"{uptake.lower:g} to {uptake.upper:g} {unit.value}"
