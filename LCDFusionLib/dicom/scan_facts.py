"""What a study says of itself: tracer, dose, uptake time, weight, glucose and scanner, each with its source and what speaks against it.

Limits are those of FDG alone. Uptake time: at least 50 minutes (PERCIST 1.0, Wahl et al. 2009: 50 to 70), at most 75 (EANM procedure
guideline 2.0, Boellaard et al. 2015: 60, acceptable 55 to 75). Glucose: from 11 mmol/l on the same guideline has the scan put off.
The PET module has no attribute for glucose: it is taken from Acquisition Context Sequence (0040,0555), else from a text that names it with
its unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.response import lean_body_mass_kg
from LCDFusionLib.images.suv_factor import Body, Dose, why_implausible

from .elements import ElementError, attribute, item, items, number, text
from .moments import MomentError, seconds_between
from .suv.activity import body_of
from .suv.agreement import UnknownSUVError
from .suv.conversion import NAMES
from .suv.injection import has_injection_time, injected_at
from .suv.scan_start import scan_start
from .suv.tracer import tracer_of

NOT_STATED, NOT_CLEAR = "not stated", "not clear"
LEAST_UPTAKE_MIN, MOST_UPTAKE_MIN = 50, 75
MOST_GLUCOSE_MMOL_L = 11.0
MG_DL_PER_MMOL_L = 18.016
"""180.16 g/mol."""

_FDG = re.compile(r"\bF?-?(18)?[- ]?FDG\b|deoxyglucose", re.IGNORECASE)
_FDG_CODES = ("35321007", "C-B1031")
# LOINC: glucose in serum or plasma, blood, capillary blood; substance, then mass. PS3.16 TID 10024 asks for the first.
_GLUCOSE_CODES = ("14749-6", "2345-7", "15074-8", "2339-0", "14743-9", "41653-7")
_GLUCOSE_TEXT = re.compile(
    r"(?:glucose|gluc\.?|blood sugar|glycaemia|glycemia|\bBGL|\bBSL?\b|\bBZ\b)[^0-9\n]{0,24}?"
    r"(\d{1,3}(?:[.,]\d{1,2})?)\s*(mmol\s*/\s*l|mg\s*/\s*dl)\b",
    re.IGNORECASE,
)
_MMOL_L = {"mmol/l": 1.0, "mg/dl": 1 / MG_DL_PER_MMOL_L}

_HISTORY = (
    "ReasonForTheRequestedProcedure",
    "RequestedProcedureDescription",
    "RequestedProcedureComments",
    "ReasonForStudy",
    "AdmittingDiagnosesDescription",
    "AdditionalPatientHistory",
    "PatientComments",
    "StudyComments",
    "MedicalAlerts",
    "Allergies",
)
_OF_REQUEST = ("ReasonForTheRequestedProcedure", "RequestedProcedureDescription", "ScheduledProcedureStepDescription")


@dataclass(frozen=True)
class Fact:
    """One thing that the headers say.

    Attributes:
        name: what it is, in small letters: "dose".
        text: what it is like, such as "296 MBq"; `NOT_STATED` where the headers are silent, `NOT_CLEAR` where they contradict themselves.
        source: the attributes that it was taken from, or would stand in.
        doubt: why it is doubtful, in a sentence with the source of the limit; "" where it is not.
    """

    name: str
    text: str
    source: str
    doubt: str = ""

    @property
    def shown(self) -> str:
        """In the line of all facts: what is lacking by its name."""
        return f"{self.name} {self.text}" if self.text in (NOT_STATED, NOT_CLEAR) else self.text


def scan_facts(headers: Sequence[Dataset]) -> tuple[Fact, ...]:
    """What a PET or SPECT series says of tracer, dose, uptake time, weight, glucose and scanner, in this order.

    Args:
        headers: all slices.
    """
    name, is_fdg = _tracer(headers[0])
    return (
        Fact("tracer", name or NOT_STATED, attribute("Radiopharmaceutical")),
        _dose(headers),
        _uptake(headers, is_fdg=is_fdg),
        _weight(headers),
        _glucose(headers[0], is_fdg=is_fdg),
        _scanner(headers[0]),
    )


def lean_part(headers: Sequence[Dataset]) -> float | None:
    """Lean body mass as a part of the weight, by which SUVbw becomes SUL; None where weight, size or sex is unknown or cannot be true."""
    try:
        body = body_of(headers)
    except (UnknownSUVError, ElementError):
        return None
    if body is None or not body.size_m or why_implausible(body, None, NAMES) is not None:
        return None
    lean = lean_body_mass_kg(body.weight_kg, body.size_m, _text(headers[0], "PatientSex").upper())
    return lean / body.weight_kg if lean is not None else None


def history(*headers: Dataset) -> tuple[tuple[str, str], ...]:
    """What was asked and what was told of the patient: attribute and text, each once. It tells who the patient is, and is exported nowhere.

    Args:
        headers: one of each series.
    """
    found: dict[tuple[str, str], None] = {}
    for header in headers:
        for dataset, keywords in ((header, _HISTORY), *((each, _OF_REQUEST) for each in _requests(header))):
            for keyword in keywords:
                if value := _text(dataset, keyword):
                    found[attribute(keyword), value] = None
    return tuple(found)


def _tracer(header: Dataset) -> tuple[str, bool]:
    """What it is called, and whether that is FDG."""
    try:
        given = item(header, "RadiopharmaceuticalInformationSequence")
        code = item(given, "RadiopharmaceuticalCodeSequence")
    except ElementError:
        return "", False
    names = [_text(given, "Radiopharmaceutical"), _text(code, "CodeMeaning")]
    if _text(code, "CodeValue") in _FDG_CODES or any(map(_FDG.search, names)):
        return "FDG", True
    return next(filter(None, names), ""), False


def _dose(headers: Sequence[Dataset]) -> Fact:
    source = NAMES["dose"]
    try:
        dose = tracer_of(headers).dose_bq
    except (UnknownSUVError, ElementError) as error:
        return Fact("dose", NOT_CLEAR, source, _sentence(error.reason))
    if not dose:
        return Fact("dose", NOT_STATED, source)
    try:
        body = body_of(headers)
    except (UnknownSUVError, ElementError):
        body = None
    body = body if body is not None and why_implausible(body, None, NAMES) is None else None
    return Fact("dose", f"{dose / 1e6:.4g} MBq", source, _sentence(why_implausible(body, Dose(dose), NAMES)))


def _uptake(headers: Sequence[Dataset], *, is_fdg: bool) -> Fact:
    source = f"{attribute('RadiopharmaceuticalStartDateTime')} to {attribute('AcquisitionTime')}"
    try:
        tracer = tracer_of(headers)
        if not has_injection_time(tracer.item) or not tracer.half_life_s:
            return Fact("injection to scan", NOT_STATED, source)
        start = scan_start(headers, tracer.half_life_s)
        injected, called = injected_at(headers[0], tracer.item, start, tracer.half_life_s)
        moment, at = (start.moment, start.source) if start.first is None else (start.first.moment, start.first.source)
        minutes = seconds_between(injected, moment, called=(called, at)) / 60
    except (UnknownSUVError, MomentError, ElementError) as error:
        return Fact("injection to scan", NOT_CLEAR, source, _sentence(error.reason))
    doubt = ""
    if minutes < 0:
        doubt = "The scan began before the injection."
    elif is_fdg and not LEAST_UPTAKE_MIN <= round(minutes) <= MOST_UPTAKE_MIN:
        doubt = (
            f"The scan began {minutes:.0f} minutes after the injection, outside {LEAST_UPTAKE_MIN} to {MOST_UPTAKE_MIN} (PERCIST: at least "
            f"{LEAST_UPTAKE_MIN}; EANM FDG guideline 2.0: at most {MOST_UPTAKE_MIN}), so SUV cannot be compared with scans at 60 minutes."
        )
    return Fact("injection to scan", f"{minutes:.0f} min after injection", f"{called} to {at}", doubt)


def _weight(headers: Sequence[Dataset]) -> Fact:
    source = f"{NAMES['weight']}, {NAMES['size']}"
    try:
        body = body_of(headers)
    except (UnknownSUVError, ElementError) as error:
        return Fact("weight", NOT_CLEAR, source, _sentence(error.reason))
    if body is None:
        return Fact("weight", NOT_STATED, source)
    return Fact("weight", _body_text(body), source, _sentence(why_implausible(body, None, NAMES)))


def _body_text(body: Body) -> str:
    return f"{body.weight_kg:.4g} kg" + (f", {body.size_m:.3g} m" if body.size_m else "")


def _glucose(header: Dataset, *, is_fdg: bool) -> Fact:
    found = _measured_glucose(header) or _written_glucose(header)
    if not found:
        return Fact("glucose", NOT_STATED, attribute("AcquisitionContextSequence"))
    values = sorted({round(value, 1) for value, _ in found})
    said = " or ".join(f"{value:g}" for value in values)
    mg_dl = " or ".join(f"{value * MG_DL_PER_MMOL_L:.0f}" for value in values)
    doubt = ""
    if len(values) > 1:
        doubt = f"The headers give several values of glucose, {said} mmol/l."
    elif is_fdg and max(value for value, _ in found) >= MOST_GLUCOSE_MMOL_L:
        doubt = (
            f"Glucose was {said} mmol/l; from {MOST_GLUCOSE_MMOL_L:g} mmol/l on the EANM FDG guideline 2.0 has the scan put off, because "
            "uptake in lesions is lowered."
        )
    return Fact("glucose", f"glucose {said} mmol/l ({mg_dl} mg/dl)", found[0][1], doubt)


def _measured_glucose(header: Dataset) -> list[tuple[float, str]]:
    """mmol/l from a content item with a unit, and where it stands."""
    found = []
    for each in _items(header, "AcquisitionContextSequence"):
        try:
            name, unit = item(each, "ConceptNameCodeSequence"), text(item(each, "MeasurementUnitsCodeSequence"), "CodeValue")
            value = number(each, "NumericValue")
        except ElementError:
            continue
        meaning = _text(name, "CodeMeaning").lower()
        is_glucose = _text(name, "CodeValue") in _GLUCOSE_CODES or ("glucose" in meaning and "deoxyglucose" not in meaning)
        if is_glucose and value and (factor := _MMOL_L.get(unit.lower())):
            found.append((value * factor, attribute("AcquisitionContextSequence")))
    return found


def _written_glucose(header: Dataset) -> list[tuple[float, str]]:
    """mmol/l from what somebody has typed, and where."""
    return [
        (float(value.replace(",", ".")) * _MMOL_L[re.sub(r"\s", "", unit).lower()], f"the text of {name}")
        for name, words in history(header)
        for value, unit in _GLUCOSE_TEXT.findall(words)
    ]


def _scanner(header: Dataset) -> Fact:
    maker, model = _text(header, "Manufacturer"), _text(header, "ManufacturerModelName")
    name = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    source = f"{attribute('Manufacturer')}, {attribute('ManufacturerModelName')}"
    return Fact("scanner", name.strip() or NOT_STATED, source)


def _requests(header: Dataset) -> tuple[Dataset, ...]:
    return _items(header, "RequestAttributesSequence")


def _items(header: Dataset, keyword: str) -> tuple[Dataset, ...]:
    try:
        return items(header, keyword)
    except ElementError:
        return ()


def _text(header: Dataset, keyword: str) -> str:
    """Text, or a word that it cannot be read: a note beside the images must not keep anybody from them."""
    try:
        return text(header, keyword)
    except InputError:
        return "(cannot be read)"


def _sentence(reason: str | None) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""
