"""The plan to look at: a row a study, with the middle slice of both series."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from LCDFusionLib.dicom import Series
from LCDFusionLib.dicom.pixels import stored_values
from LCDFusionLib.errors import InputError

from .job import Job
from .pages import write_page

_SIDE = 96  # pixels


def write_plan_page(jobs: Sequence[Job], file: Path, *, table: Path, series: Mapping[str, Series] | None = None) -> None:
    """Write the page.

    Args:
        jobs: of the plan.
        file: the HTML file.
        table: the plan as CSV, which the page names.
        series: by `Series.uid_key`, for names and pictures; none where the jobs came from a table.

    Raises:
        InputError: the file cannot be written.
    """
    rows = []
    for job in jobs:
        chosen = [(series or {}).get(key) for key in (job.anatomy_series, job.function_series)]
        rows.append(
            {
                "job": job,
                "pictures": [picture for one in chosen if one is not None and (picture := thumbnail(one))],
                "names": [one.name if one is not None else path for one, path in zip(chosen, (job.anatomy, job.function), strict=True)],
            }
        )
    write_page("plan.html", file, rows=rows, wanted=sum(job.is_wanted for job in jobs), table=table.name)


def thumbnail(series: Series) -> str:
    """The middle slice as the address of an inlined PNG; empty where it cannot be drawn, because a plan does without."""
    try:
        pixels = np.asarray(stored_values(series.files[len(series.files) // 2]), dtype=np.float64)
    except InputError:  # the fusion will say what is wrong
        return ""
    while pixels.ndim > 2:
        pixels = pixels[len(pixels) // 2]
    low, high = np.percentile(pixels, [1, 99.5])
    shown = np.clip((pixels - low) / max(high - low, 1e-9), 0, 1)
    if series.modality in ("PT", "NM"):
        shown = 1 - shown
    picture = Image.fromarray(np.rint(shown * 255).astype(np.uint8))
    picture.thumbnail((_SIDE, _SIDE))
    packed = BytesIO()
    picture.save(packed, "PNG")
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()
