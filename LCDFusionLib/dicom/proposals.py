"""Which series of a folder can be fused with one another, best first, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import elements
from .identity import days_apart, find_mismatches, identity_is_known
from .kinds import DERIVED, MU_MAP, denies_attenuation_correction
from .series import Series

_ANATOMY = ("CT", "MR")
_FUNCTION = ("PT", "NM")
_LEAST_IMAGES = 3  # fewer are a localizer or a test, seldom what one looks for
_WHOLE = 0.98  # of a box: positions are rounded, and a slice's thickness is not counted


@dataclass(frozen=True)
class SeriesPair:
    """An anatomy and a function series that can be fused.

    Attributes:
        anatomy: CT or MR.
        function: PET or SPECT.
        reasons: what speaks for the pair, in words.
        cautions: what the user should know before, such as different frames of reference.
        needs_registration: the two have different frames of reference.
        mismatches: kinds of `Mismatch` that a fusion asks to be confirmed.
    """

    anatomy: Series
    function: Series
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    needs_registration: bool
    mismatches: tuple[str, ...]


def propose_pairs(series: Sequence[Series]) -> list[SeriesPair]:
    """Every fusable pair, best first.

    In this order counts: nothing in the headers contradicts, original images before what was made of them (`kinds`), one frame of
    reference, one study, the volumes overlap, a PET that is corrected for attenuation and allows SUV, the CT of the PET/CT (same scanner,
    then covering the PET) before a diagnostic one, the later study, whole images before those of fat or water, thin slices before thick
    ones, many images before few. Two patients are never a pair; nor are series of different studies where nothing tells whose they are.
    Localizers, reprojections, screen saves, a mu-map as function, what cannot be read and what LCDFusion made are left out.
    """
    usable = [s for s in series if s.is_volume and not s.refusal and not s.is_fused and s.kind.is_fusable]
    ranked = []
    for anatomy in usable:
        for function in usable:
            if anatomy.modality in _ANATOMY and function.modality in _FUNCTION and function.kind != MU_MAP:
                pair = _pair(anatomy, function)
                if pair is not None:
                    ranked.append(pair)
    ranked.sort(key=lambda entry: entry[0])
    return [pair for _, pair in ranked]


def _pair(anatomy: Series, function: Series) -> tuple[tuple, SeriesPair] | None:
    """The pair with its rank (small is good), None where it may not be one."""
    mismatches = find_mismatches(anatomy.header, function.header)
    same_study = bool(anatomy.study_uid) and anatomy.study_uid == function.study_uid
    if any(mismatch.is_of_patient for mismatch in mismatches) or not (same_study or identity_is_known(anatomy.header, function.header)):
        return None
    reasons, cautions = [], [mismatch.text for mismatch in mismatches]
    frames = anatomy.frame_of_reference, function.frame_of_reference
    same_frame = bool(frames[0]) and frames[0] == frames[1]
    if same_study:
        reasons.append("same study")
    elif apart := days_apart(anatomy.header, function.header):
        cautions.append(f"scans {apart} day{'s' * (apart > 1)} apart")
    if same_frame:
        reasons.append("same frame of reference")
    else:
        cautions.append("different frames of reference: register" if all(frames) else "frame of reference unknown: compare, or register")

    covered = _covered(function, anatomy) if same_frame else None
    if covered is not None:
        (reasons if covered > 0 else cautions).append(f"{anatomy.modality} covers {covered:.0%} of the {_name(function)}")
    denial = denies_attenuation_correction(function.header)
    corrections = elements.terms(function.header, "CorrectedImage")
    attenuation_corrected = "ATTN" in corrections and not denial
    has_suv = function.without_suv is None
    if function.modality == "PT":
        if attenuation_corrected:
            reasons.append("attenuation-corrected PET")
        elif denial or corrections:
            cautions.append("PET not attenuation-corrected" + f", says {denial}" * ("ATTN" in corrections))
        if not has_suv:
            cautions.append(f"no SUV: {function.without_suv}")
    of_one_scanner = same_frame and _scanner(anatomy) == _scanner(function) != ("", "", "")
    if anatomy.modality == "CT" and of_one_scanner:
        reasons.append("CT of the PET/CT" if function.modality == "PT" else "CT of the SPECT/CT")
    elif anatomy.modality == "MR" and of_one_scanner:
        reasons.append("MR of the PET/MR")
    spacing = anatomy.slice_spacing
    if spacing:
        reasons.append(f"slices every {spacing:.3g} mm")
    if min(len(anatomy.images), len(function.images)) < _LEAST_IMAGES:
        cautions.append("very few images")
    cautions += [*anatomy.notes, *function.notes]
    rank = (
        len(mismatches),
        not function.kind.is_original,
        not anatomy.kind.is_original,
        not same_frame,
        not same_study,
        covered is not None and covered == 0,
        bool(denial) or not (attenuation_corrected or function.modality == "NM"),
        function.modality == "PT" and not has_suv,
        *(max(series.kind.rank, DERIVED.rank) for series in (function, anatomy)),
        not of_one_scanner,
        -round(covered or 0.0, 1),
        "very few images" in cautions,
        -int(function.study_date) if function.study_date.isdigit() else 0,
        *(series.kind.rank for series in (function, anatomy)),
        spacing or np.inf,
        -len(anatomy.images),
        days_apart(anatomy.header, function.header) or 0,
        anatomy.number is None,
        anatomy.number or 0,
        function.number or 0,
        anatomy.uid,
    )
    pair = SeriesPair(
        anatomy=anatomy,
        function=function,
        reasons=tuple(reasons),
        cautions=tuple(cautions),
        needs_registration=all(frames) and not same_frame,
        mismatches=tuple(mismatch.kind for mismatch in mismatches),
    )
    return rank, pair


def _covered(inner: Series, outer: Series) -> float | None:
    """Part of the box round `inner` along the body that lies in the box round `outer`; 0 where they lie beside each other."""
    if inner.bounds is None or outer.bounds is None:
        return None
    low, high = np.maximum(inner.bounds[0], outer.bounds[0]), np.minimum(inner.bounds[1], outer.bounds[1])
    if (high < low).any():
        return 0.0
    length = inner.bounds[1, 2] - inner.bounds[0, 2]
    part = float((high[2] - low[2]) / length) if length > 0 else 1.0
    return 1.0 if part > _WHOLE else part


def _scanner(series: Series) -> tuple[str, str, str]:
    keywords = ("Manufacturer", "ManufacturerModelName", "StationName")
    maker, model, station = (elements.text(series.header, keyword).casefold() for keyword in keywords)
    return maker, model, station


def _name(series: Series) -> str:
    return {"PT": "PET", "NM": "SPECT"}[series.modality]
