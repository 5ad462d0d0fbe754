"""What of a folder of many studies will be fused, and why the rest will not."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from LCDFusionLib.dicom import FolderContents, Series, SeriesPair, propose_pairs, scan_folder

from .job import NO, YES, Job

NO_SUV = "no SUV"


def plan_folder(
    folder: Path,
    *,
    options: str = "",
    relative: bool = False,
    confirmed: Collection[str] = (),
    unsure: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Job], FolderContents]:
    """A job for each study that has a pair, and a row that says why for each that has none.

    Only what is safe is wanted: a pair of one patient whose headers do not contradict each other, with SUV where it is a PET, that overlaps
    and is the best by its headers alone. A person can change the table.

    Args:
        folder: with DICOM files, nested as they may be.
        options: for every job, in the words of `lcdfusion fuse`.
        relative: pairs without SUV are wanted too.
        confirmed: kinds of mismatch (`LCDFusionLib.dicom.KINDS`) that somebody has taken on themselves.
        unsure: of pairs that look alike the first is wanted.
        progress: called with files read and all files.

    Returns:
        The jobs, by patient and study, and what the folder holds.

    Raises:
        InputError: the folder cannot be read.
    """
    contents = scan_folder(folder, progress=progress)
    jobs: list[Job] = []
    by_study = sorted(contents.series, key=lambda one: (one.patient_id, one.patient_name, one.study_date, one.study_uid))
    for _, group in groupby(by_study, key=lambda one: (one.patient_id, one.patient_name, one.study_uid)):
        jobs.append(_job(list(group), options, relative, frozenset(confirmed), unsure))
    return jobs, contents


def _job(series: Sequence[Series], options: str, relative: bool, confirmed: Collection[str], unsure: bool) -> Job:
    first = series[0]
    row = Job(
        fuse=NO,
        patient_id=first.patient_id,
        patient_name=first.patient_name,
        study_date=first.study_date,
        study=first.study_description,
        options=options,
    )
    pairs = propose_pairs(series)
    if not pairs:
        return replace(row, why=_why_no_pair(series))
    best = pairs[0]
    row = replace(
        row,
        anatomy=_place(best.anatomy),
        anatomy_series=best.anatomy.uid_key,
        function=_place(best.function),
        function_series=best.function.uid_key,
        cautions="; ".join(best.cautions),
    )
    if why := _why_not(best, pairs, relative, confirmed, unsure):
        return replace(row, why=why)
    if best.needs_registration:
        row = replace(row, options=f"{options} --register".strip())
    return replace(row, fuse=YES, why="; ".join(best.reasons))


def _place(series: Series) -> str:
    """The narrowest folder that holds all its files."""
    return os.path.commonpath([file.absolute().parent for file in series.files])


def _why_no_pair(series: Sequence[Series]) -> str:
    usable = [one for one in series if not one.is_fused]
    if not usable:
        return "the study holds only what LCDFusion made"
    kinds = {one.modality for one in usable if one.is_volume}
    lacking = [words for words, modalities in (("CT or MR", {"CT", "MR"}), ("PET or SPECT", {"PT", "NM"})) if not kinds & modalities]
    if lacking:
        return f"the study has no {' and no '.join(lacking)} that is a volume"
    return "no two series of the study can be fused"


def _why_not(best: SeriesPair, pairs: Sequence[SeriesPair], relative: bool, confirmed: Collection[str], unsure: bool) -> str:
    if left := [kind for kind in best.mismatches if kind not in confirmed]:
        return f"the headers do not agree ({', '.join(left)}): look at it, and confirm it in `lcdfusion fuse` if it is right"
    if best.function.modality == "PT" and not relative and any(caution.startswith(NO_SUV) for caution in best.cautions):
        return "the PET has no SUV: give --relative to fuse relative intensities"
    if any("covers 0%" in caution for caution in best.cautions):
        return "the two do not overlap"
    if unsure:
        return ""
    rivals = [pair for pair in pairs[1:] if (pair.reasons, pair.cautions) == (best.reasons, best.cautions)]
    for role in ("function", "anatomy"):
        other = next((pair for pair in rivals if getattr(pair, role).uid_key != getattr(best, role).uid_key), None)
        if other is not None:
            names = f"'{getattr(best, role).name}' and '{getattr(other, role).name}'"
            return f"it is not sure which {role} is meant, {names} look alike: write yes, or another series, into the plan"
    return ""
