"""A session file of what is on show, and the review that one brings back: onto the very data that it was saved of, and no others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.belonging import patients_text
from LCDFusionLib.mrml.input_identity import InputIdentity
from LCDFusionLib.mrml.key_slices import key_slices, set_key_slices
from LCDFusionLib.mrml.nodes import own_matrix, volume_from_node
from LCDFusionLib.mrml.regions import LESION, Region, add_region, regions_of
from LCDFusionLib.mrml.session_file import MOST_BYTES, Session, StoredRegion, runs_of
from LCDFusionLib.mrml.transforms import place_under, registration_text, transform_above
from LCDFusionLib.panel.choices import AnatomyWindow, Choices
from LCDFusionLib.views.choices import Arrangement
from LCDFusionLib.views.metrics_plot import PLOTTED
from LCDFusionLib.views.planes import layer_at, place_in_slice

if TYPE_CHECKING:
    from LCDFusionLib.panel.core import Core

_KEPT = (
    *("window", "table", "weights", "anatomy_kind", "function_unit", "fused_look", "function_look", "comparison", "plotted"),
    *("function_upper", "opacity", "split", "projection_angle", "region_radius", "isocontour", "region_threshold", "metrics_in_view"),
    *("arrangement", "orientation"),
)
"""Choices that belong to a review; device, precision and what is exported belong to a machine or a moment."""
_LIMITS = {
    **{"function_upper": (1e-6, 1e5), "opacity": (0, 1), "split": (0, 1), "projection_angle": (0, 359), "region_radius": (1, 100)},
    **{"isocontour": (1, 99), "region_threshold": (0.1, 1e5)},
}


def session_text(path: Path) -> str:
    """What stands in a session file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(
                f"'{path.name}' is too large to be a session file of LCDFusion: choose one that was saved with 'Save session'."
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"'{path.name}' is no session file of LCDFusion: choose one that was saved with 'Save session'.") from None
    except OSError as error:
        raise InputError(f"The file '{path}' cannot be read ({error.strerror}); choose another one.") from error


def session_of(core: Core, *, deidentify: bool) -> Session:
    """What is on show now.

    Args:
        core: of the panel.
        deidentify: without names, UIDs and files; the data are known again by checksums.

    Raises:
        InputError: no pair is on show, or a transform bends one of the two.
    """
    choices, find_file, pair = core.choices, core.host.find_file, core.choices.pair
    if pair is None or core.workflow.volumes is None:
        raise InputError("There is no pair on show whose session could be saved; choose one first.")
    anatomy, function = pair
    kept: dict[str, Any] = {name: getattr(value, "value", value) for name in _KEPT if (value := getattr(choices, name)) is not None}
    kept["slices"] = [choices.slices.start + 1, choices.slices.stop] if len(choices.slices) < _count(anatomy) else None
    display = anatomy.GetDisplayNode()
    if choices.window is AnatomyWindow.ON_DISPLAY and display is not None:
        kept["displayed"] = [display.GetWindow(), display.GetLevel()]
    index = core.slice
    return Session(
        anatomy=InputIdentity.of(anatomy, find_file, names=not deidentify),
        function=InputIdentity.of(function, find_file, names=not deidentify),
        patient="" if deidentify else patients_text(*pair, find_file),
        transforms=(transform_above(anatomy), transform_above(function)),
        registration=registration_text(function),
        place=place_in_slice(anatomy, index) if index is not None else None,
        crosshair=core.views.plane.crosshair,
        key_slices=tuple(place_in_slice(anatomy, index) for index in key_slices(*pair)),
        grid=own_matrix(function),
        regions=tuple(
            StoredRegion(
                f"Region {number}" if deidentify else row.region.name,
                row.region.kind,
                row.region.how,
                row.region.place,
                runs_of(row.region.voxels),
            )
            for number, row in enumerate(core.measured.rows, start=1)
        ),
        choices=kept,
    )


def bring_back(core: Core, session: Session, way: str = "") -> None:
    """Choices, transforms, key slices and regions of a session; nothing that is there is taken away, and nothing is done by halves.

    Args:
        core: of the panel.
        session: to bring back.
        way: what the host says of data that it lacks, `Host.choose_inputs`.

    Raises:
        InputError: the data on show are not those of the session, or it holds what cannot be chosen.
    """
    pair = core.choices.pair
    _check_inputs(core, session, way)
    assert pair is not None
    anatomy, function = pair
    changes = _choices(session.choices, core.choices)
    shape = function.GetImageData().GetDimensions()[::-1]
    masks = [session.voxels(region, own_matrix(function), shape) for region in session.regions]
    for node, matrix in zip(pair, session.transforms, strict=True):
        place_under(node, matrix, registration=session.registration if node is function else "")
    displayed = session.choices.get("displayed")
    if displayed is not None:
        display = anatomy.GetDisplayNode()
        display.AutoWindowLevelOff()
        display.SetWindowLevel(*displayed)
    core.host.choose(**changes)
    marked = {index for place in session.key_slices if (index := layer_at(anatomy, place)) is not None}
    set_key_slices(anatomy, function, sorted(marked | set(key_slices(*pair))))
    volume = volume_from_node(function, copy=False)
    there = regions_of(anatomy, function, volume)
    for stored, voxels in zip(session.regions, masks, strict=True):
        if not any((voxels == region.voxels).all() for region in there):
            key, name = _beside(there, stored)
            add_region(anatomy, function, volume, Region(key, name, stored.kind, stored.how, stored.place, voxels))
    core.host.open_views()
    core.refresh()


def _beside(there: Sequence[Region], stored: StoredRegion) -> tuple[str, str]:
    """Key of the region whose place it takes, "" for none, and its name: there is one liver, one blood pool, and a name is one region's."""
    if stored.kind != LESION:
        return next((region.key for region in there if region.kind == stored.kind), ""), stored.name
    taken = any(region.name == stored.name for region in there)
    return "", f"{stored.name} (session)" if taken else stored.name


def _check_inputs(core: Core, session: Session, way: str) -> None:
    """Only the very data: patients cannot be mixed, because no other's have the same instances, or the same voxels."""
    wanted = {"anatomy": session.anatomy, "function": session.function}
    nodes = {"anatomy": core.choices.anatomy, "function": core.choices.function}
    lacking = {role: identity for role, identity in wanted.items() if (node := nodes[role]) is None or not identity.is_of(node)}
    if not lacking:
        return
    of = f" of {session.patient.replace('   ', ', ')}" if session.patient else ""
    needs = " and ".join(f"{identity.text} as {role}" for role, identity in lacking.items())
    shown = " and ".join(f"'{node.GetName()}'" for role in lacking if (node := nodes[role]) is not None)
    instead = f"on show there is {shown}" if shown else "nothing is chosen there"
    raise InputError(f"The session{of} is of other data: it needs {needs}, and {instead}; {way or 'open those first'}.")


def _choices(stored: Mapping[str, Any], now: Choices) -> dict[str, Any]:
    """What was stored, as choices; an unknown name is of a later version and left alone."""
    changes: dict[str, Any] = {}
    defaults = Choices()
    try:
        for name in (name for name in _KEPT if name in stored):
            default, value = getattr(defaults, name), stored[name]
            if isinstance(default, Enum):
                changes[name] = type(default)(value)
            elif name == "plotted":
                changes[name] = next(readout.key for readout in PLOTTED if readout.key == value)
            elif isinstance(default, bool):
                changes[name] = {True: True, False: False}[value]
            else:
                low, high = _LIMITS[name]
                if isinstance(value, bool) or not low <= value <= high:
                    raise ValueError
                changes[name] = float(value)
        changes.setdefault("function_upper", None)
        first, last = stored.get("slices") or (0, 0)
        width, level = stored.get("displayed") or (1.0, 0.0)
        if not all(isinstance(each, int) and 0 <= each < 100_000 for each in (first, last)) or not (math.isfinite(level) and width > 0):
            raise ValueError
    except (ValueError, TypeError, KeyError, StopIteration):
        raise InputError(f"The session file holds a setting that cannot be chosen ({name}): save the session again.") from None
    if now.orientation is None:
        changes.pop("orientation", None)
    if now.prior is None and changes.get("arrangement") is Arrangement.COMPARE:  # a prior study is not in the file
        changes["arrangement"] = Arrangement.READING
    return {**changes, "first_slice": first, "last_slice": last, "roi": None}


def _count(anatomy: Any) -> int:
    return int(anatomy.GetImageData().GetDimensions()[2])
