"""Keys: what each does, the same in every host. A host says which was pressed; scrolling and peeking are its views' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from LCDFusionLib.images.window import SUV_PRESETS
from LCDFusionLib.panel.choices import AnatomyWindow
from LCDFusionLib.views.choices import Arrangement

if TYPE_CHECKING:
    from LCDFusionLib.panel.panel import Panel

WINDOW_KEYS = dict(
    zip("12345", (AnatomyWindow.MEDIASTINUM, AnatomyWindow.LUNG, AnatomyWindow.LIVER, AnatomyWindow.BONE, AnatomyWindow.BRAIN), strict=True)
)
"""Windows of the CT, at the places where OHIF has its presets: soft tissue, lung, liver, bone, brain."""
RANGE_KEYS = dict(zip("67890", SUV_PRESETS, strict=True))
"""Full uptake in SUV."""
_CROSSHAIR_KEYS = {"Shift+ArrowLeft": (-1, 0), "Shift+ArrowRight": (1, 0), "Shift+ArrowDown": (0, -1), "Shift+ArrowUp": (0, 1)}
ARRANGEMENT_KEYS = {f"Shift+{number}": arrangement for number, arrangement in enumerate(Arrangement, 1)}

HELP = (
    ("Wheel, arrows", "next slice"),
    ("Page up, down", "ten slices"),
    ("Home, End", "first, last slice"),
    ("Drag", "window and level of the CT; in the PET its range, from 0"),
    ("Right drag", "zoom"),
    ("Middle drag", "pan"),
    ("Click", "crosshair; in the projection: go there"),
    ("Shift + mouse", "move the crosshair"),
    ("Space", "anatomy in the place of fused; hold or tap"),
    ("1 2 3 4 5", "CT window: " + ", ".join(window.label().partition(" (")[0].lower() for window in WINDOW_KEYS.values())),
    ("6 7 8 9 0", "PET range: SUV 0 to " + ", ".join(f"{upper:g}" for upper in RANGE_KEYS.values())),
    ("A", "PET range that the study asks for"),
    ("Double click", "one view alone, and all again; Escape: all again"),
    ("R, double right click", "whole images, and the windows of the study"),
    ("F, P", "full screen; the panel folds away"),
    ("Shift + arrows", "move the crosshair a voxel; the first time it comes into the middle"),
    ("S, I", "measure a sphere, an isocontour at the crosshair"),
    (f"Shift + 1 to {len(Arrangement)}", ", ".join(arrangement.label() for arrangement in Arrangement)),
)
"""Keys and mouse, and what they do, for people."""


def press(panel: Panel, key: str) -> bool:
    """Does what a key stands for: a digit, a letter, "Escape"; with "Shift+" before it where that was held.

    Returns:
        False where the panel has nothing for it.
    """
    if key in WINDOW_KEYS:
        panel.display.window(WINDOW_KEYS[key])
    elif key in RANGE_KEYS:
        panel.display.full_uptake(RANGE_KEYS[key])
    elif key.lower() == "a":
        panel.display.full_uptake(None)
    elif key in ARRANGEMENT_KEYS:
        panel.host.choose(arrangement=ARRANGEMENT_KEYS[key])
        panel.refresh()
    elif key in _CROSSHAIR_KEYS:
        panel.views.plane.move_crosshair(*_CROSSHAIR_KEYS[key])
        panel.host.draw_views()
    elif key.lower() == "s":
        panel.regions.sphere()
    elif key.lower() == "i":
        panel.regions.isocontour()
    elif key.lower() == "r":
        panel.reset()
    elif key == "Escape" and panel.review.state.full:
        panel.review.make_full("")
    else:
        return False
    return True
