"""What will happen: the one line under the inputs, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.fusion import FusionSettings, Machine, frame_of_reference_warning
from LCDFusionLib.fusion.settings import DeviceChoice
from LCDFusionLib.images.doubts import doubts
from LCDFusionLib.images.resample import covered_part
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.images.window import PRESETS, Window, anatomy_window, function_range, range_reason
from LCDFusionLib.mrml.made_with import MadeWith
from LCDFusionLib.mrml.result_nodes import slices_text


@dataclass(frozen=True)
class Plan:
    """What a fusion of two volumes will do.

    Attributes:
        line: such as "CT lung window 1400/-700, PET SUV 0-10, 135 slices of 512x512, PET covers 87 %".
        anatomy_window: that the fusion will use.
        function_window: likewise.
        warnings: what the person should know before, in sentences.
        needs_registration: the frames of reference differ, so it is not said that the two lie on each other.
        made_with: what its result will have been made with.
        range_reason: why the range ends where it does, and what of the study is hotter; a sentence.
    """

    line: str
    anatomy_window: Window
    function_window: Window
    warnings: tuple[str, ...]
    needs_registration: bool
    made_with: MadeWith
    range_reason: str = ""


def make_plan(anatomy: Volume, function: Volume, settings: FusionSettings, notes: list[str], slices: range | None = None) -> Plan:
    """Looks at both volumes; fuses and copies nothing.

    Args:
        anatomy: from `read_anatomy`.
        function: from `read_function`.
        settings: of the fusion.
        notes: what both readers had to assume.
        slices: K of those that are fused; None for all.

    Raises:
        InputError: the window or the range cannot be used with these volumes.
    """
    window, uptake = anatomy_window(anatomy, settings.window), function_range(function, settings.function_upper)
    count, rows, columns = anatomy.shape
    parts = [
        f"{_modality(anatomy)} {_name(window, settings)}window {window.width:g}/{window.level:g}",
        "function in its own colours" if function.is_color else f"{_modality(function)} {_range(function.unit, uptake)}",
        f"{_slices(slices or range(count), count)} {columns}x{rows}",
    ]
    if anatomy.in_patient_space and function.in_patient_space:
        parts.append(f"{_modality(function)} covers {_percent(covered_part(function, anatomy))} %")
    warning = frame_of_reference_warning(anatomy, function)
    frames = anatomy.frame_of_reference, function.frame_of_reference
    return Plan(
        line=", ".join(parts),
        anatomy_window=window,
        function_window=uptake,
        warnings=(*notes, *doubts(anatomy), *doubts(function), *([warning] if warning else [])),
        needs_registration=all(frames) and frames[0] != frames[1],
        made_with=MadeWith.of(anatomy, function, settings),
        range_reason=range_reason(function, settings.function_upper),
    )


def machine_line(machine: Machine | None, choice: DeviceChoice) -> str:
    """Where it will run, or why it cannot; one line."""
    if machine is None:
        return "PyTorch is being loaded"
    if machine.problem is not None:
        return f"{machine.problem}; install it under Advanced."
    if choice == "auto":
        return machine.device or ""
    return {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}[choice]


def _percent(part: float) -> str:
    """Never "100" for less than all, nor "0" for more than nothing."""
    return f"{100 * part:.0f}" if part in (0, 1) else f"{min(max(100 * part, 1), 99):.0f}"


def _slices(chosen: range, count: int) -> str:
    if len(chosen) == count:
        return f"{count} slice{'s' if count != 1 else ''} of"
    return f"slice{'s' if len(chosen) != 1 else ''} {slices_text(chosen)} of {count},"


def _modality(volume: Volume) -> str:
    return {"PT": "PET", "NM": "SPECT"}.get(volume.modality.value, volume.modality.value)


def _name(window: Window, settings: FusionSettings) -> str:
    name = next((name for name, preset in PRESETS.items() if preset == window), None)
    return f"{name} " if name else "automatic " if settings.window in (None, "auto") else ""


def _range(unit: Unit, uptake: Window) -> str:
    return f"{'relative values' if unit is Unit.RELATIVE else unit.label} {uptake.lower:g}-{uptake.upper:.4g}"
