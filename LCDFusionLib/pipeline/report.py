"""`report.json`: what went in, what was done with it, and what came out."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.dicom import Mismatch
from LCDFusionLib.fusion import FusionPair, FusionResult
from LCDFusionLib.fusion.metrics_csv import mean_of

from .inputs import Input

PACKAGES = ("numpy", "SimpleITK", "torch", "pydicom")


def write_report(
    pair: FusionPair,
    result: FusionResult,
    folder: Path,
    *,
    notes: Sequence[str],
    anatomy: Input,
    function: Input,
    mismatches: Sequence[Mismatch],
    registration: dict[str, Any] | None,
    seconds: dict[str, float],
    shown: list[int],
    deidentified: bool = False,
) -> None:
    """Write the report into `folder`; `seconds` are those of the stages before it. De-identified, it names no input and no path."""
    names = list(result.metrics[0])
    report = {
        "disclaimer": DISCLAIMER,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "inputs": {role: _input(given, deidentified) for role, given in (("anatomy", anatomy), ("function", function))},
        "settings": {
            "anatomy_window": {"width": pair.anatomy_window.width, "level": pair.anatomy_window.level},
            "function_range": [pair.function_window.lower, pair.function_window.upper],
            "color_table": pair.settings.color_table,
            "device": result.device,
        },
        "weights": {"name": result.weights_name, "sha256": result.weights_sha256},
        "confirmed_mismatches": {mismatch.kind: mismatch.text for mismatch in mismatches},
        "registration": registration,
        "overlap": pair.overlap,
        "notes": list(notes),
        "slices": len(result.metrics),
        "slices_in_overview": shown,
        "mean_metrics": {"fused": _means(result.metrics, names), "blend": _means(result.blend_metrics, names)},
        "seconds": {
            stage: round(taken, 3) for stage, taken in {**seconds, **result.seconds_of, "network_and_metrics": result.seconds}.items()
        },
        "versions": {"lcdfusion": __version__, "python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "files": sorted(file.name + ("/" if file.is_dir() else "") for file in folder.iterdir()),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _input(given: Input, deidentified: bool) -> dict[str, Any]:
    volume = given.volume
    named = {
        "path": None if given.path is None else str(given.path.absolute()),
        "name": volume.name,
        "frame_of_reference": volume.frame_of_reference,
    }
    facts: dict[str, Any] = ({} if deidentified else named) | {
        "modality": volume.modality.value,
        "unit": volume.unit.value,
        "shape_kji": list(volume.shape),
        "spacing_mm_ijk": [round(float(x), 6) for x in volume.spacing],
    }
    if given.source and not deidentified:
        facts["dicom"] = given.source.facts
    return facts


def _means(rows: list[dict[str, float]], names: list[str]) -> dict[str, float | None]:
    means = mean_of(np.array([[row[name] for name in names] for row in rows]))
    return {name: float(mean) if np.isfinite(mean) else None for name, mean in zip(names, means, strict=True)}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
