"""Values that cannot be what the unit says, told before anybody trusts the picture."""

from __future__ import annotations

from LCDFusionLib.notes import Note

from .volume import Modality, Unit, Volume

_LOWEST_HU, _HIGHEST_HU = -10_000, 70_000
"""Scanners fill outside their circle with -3024 or less and show metal beyond 30,000; rescaled twice it is far more."""

_LEAST_HU_RANGE = 50

_HIGHEST_SUV = 500
"""A bladder reaches 100 and more, a drop beside the vein some hundreds; the faintest PET in Bq/ml has thousands."""

_LOWEST_SUV = 0.05


def doubts(volume: Volume) -> tuple[str, ...]:
    """What about the values of a volume cannot be true in its unit, in sentences; empty where nothing is."""
    if volume.is_color:
        return ()
    lowest, highest = volume.range
    sentences = []
    if volume.unit is Unit.HU and volume.modality is Modality.CT:
        if lowest >= 0:
            sentences.append("which are hardly HU, because neither air nor fat is below 0: the rescale (often -1024) may be missing.")
        elif lowest < _LOWEST_HU or highest > _HIGHEST_HU or highest - lowest < _LEAST_HU_RANGE:
            sentences.append("which are no HU: windows in HU show nothing true of it.")
    elif volume.unit.value.startswith("SUV"):
        if highest > _HIGHEST_SUV:
            sentences.append("which are no SUV; they may be Bq/ml: give the PET as DICOM, or with the .json of its conversion.")
        elif highest < _LOWEST_SUV:
            sentences.append("which are hardly SUV: the whole picture lies below any uptake.")
    template = "{volume} has values from {lowest:.6g} to {highest:.6g}, "
    names = {"volume": volume.name}
    return tuple(Note(template + text, names=names, lowest=lowest, highest=highest) for text in sentences)
