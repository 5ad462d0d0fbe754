"""Which pairs each set of weights learns from, and which it never sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import sarcoma
from .atlas import atlas_pairs
from .samples import SlicePair, VolumePair
from .thorax import thorax_pair

ATLAS_HELD_OUT = ("PET-MRI/25", "SPECT-MRI/9", "SPECT-MRI/21", "SPECT-MRI/40")
ATLAS_VALIDATION = ("PET-MRI/30", "SPECT-MRI/10", "SPECT-MRI/22")

Source = tuple[float, list[SlicePair] | list[VolumePair]]


@dataclass(frozen=True)
class TrainingData:
    """Sources with their shares for training, and fixed slice pairs for validation; no group is in both."""

    sources: list[Source]
    validation: list[SlicePair]


def training_data(folder: Path, kind: str) -> TrainingData:
    """Data of one set of weights.

    Args:
        folder: holds `brain-atlas`, `pet-ct-mr-sarcoma` and `thorax-ct`.
        kind: "ct-pet", "mr-pet", or "both" for a common start of the two.

    Raises:
        ValueError: unknown kind.
        FileNotFoundError: a data set is missing.
    """
    if kind == "both":
        parts = [training_data(folder, name) for name in ("ct-pet", "mr-pet")]
        return TrainingData(parts[0].sources + parts[1].sources, parts[0].validation + parts[1].validation)
    if kind not in ("ct-pet", "mr-pet"):
        raise ValueError(f"kind must be 'ct-pet', 'mr-pet' or 'both', got '{kind}'")
    volumes = sarcoma.sarcoma_pairs(folder / "pet-ct-mr-sarcoma", "ct" if kind == "ct-pet" else "mr_t1")
    known = (*sarcoma.HELD_OUT, *sarcoma.VALIDATION)
    # Tumours are the smaller part of the data, and what is read; clinical PET is scalar, so its luma has a small share.
    sources: list[Source] = [(1.0 if kind == "ct-pet" else 2.0, [v for v in volumes if v.group not in known])]
    validation: list[SlicePair] = []
    for volume in (v for v in volumes if v.group in sarcoma.VALIDATION):
        middle = len(volume.anatomy) // 2
        validation += [volume.slice_pair(k, window, 10.0) for k in (middle - 8, middle, middle + 8) for window in volume.windows[:2]]
    if kind == "ct-pet":
        sources.append((0.5, [thorax_pair(folder / "thorax-ct")]))
    else:
        for collection in ("PET-MRI", "SPECT-MRI"):
            for scalar in (True, False):
                pairs = atlas_pairs(folder / "brain-atlas", collection, scalar=scalar)
                used = [p for p in pairs if p.group not in (*ATLAS_HELD_OUT, *ATLAS_VALIDATION)]
                sources.append((0.75 if scalar else 0.25, [p for p in used if p.function.mean() > 0.02]))
                validation += [p for p in pairs if p.group in ATLAS_VALIDATION and p.function.mean() > 0.05][::30]
    return TrainingData(sources, validation)
