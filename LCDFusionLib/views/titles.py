"""What stands at the top left of each view."""

from __future__ import annotations

from collections.abc import Mapping

from LCDFusionLib.images.window import Window
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Orientation


def view_titles(
    *,
    window: Window | None,
    uptake: Window | None,
    unit: str,
    place: str,
    side: str,
    fused: str,
    across: str,
    turned: Mapping[str, Orientation],
) -> dict[str, str]:
    """By layout name.

    Args:
        window: of the anatomy.
        uptake: range of the function; None for none, as of a colour function.
        unit: of the range.
        place: a line on the slice on show, from `slice_text`.
        side: from which the projection is seen; "" where there is none.
        fused: of the fused view.
        across: of the fused view in another plane.
        turned: the planes of the views `layouts.ACROSS`; empty where they are not on the screen.
    """
    digits = 0 if window is None or window.width >= 10 else 2
    titles = {
        layouts.ANATOMY: f"Anatomy{place}" + (f"\nW {window.width:.{digits}f}  L {window.level:.{digits}f}" if window else ""),
        layouts.FUNCTION: "Function" + (f"\n{uptake.lower:.3g}-{uptake.upper:.3g} {unit}" if uptake is not None else ""),
        layouts.BLEND: "Blend",
        layouts.FUSED: fused + place,
        layouts.PROJECTION: f"MIP{side and f' from {side}'}\nclick to go there",
    }
    for name, orientation in turned.items():
        base = layouts.BASE[name]
        titles[name] = f"{across if base == layouts.FUSED else layouts.NAMES[base]}\n{orientation.label().lower()}"
    return titles


def slice_text(index: int | None, count: int, numbers: tuple[int, ...] | None) -> str:
    """A line: which slice is on show, before and after the fusion, and what its own file calls it; "" where it is none.

    Args:
        index: K of the anatomy.
        count: of its slices.
        numbers: Instance Number of each; None where they are not known.
    """
    if index is None:
        return ""
    image = f", image {numbers[index]}" if numbers is not None and index < len(numbers) else ""
    return f"\nslice {index + 1}/{count}{image}"
