"""Whether a series says all that SUV needs, and that its values are corrected: what is missing is said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

from LCDFusionLib.dicom.elements import attribute, items, terms, text

from .agreement import UnknownSUVError, common, common_text, one_number
from .injection import has_injection_time
from .tracer import Tracer

_SCAN_TIMES = ("SeriesTime", "AcquisitionTime", "AcquisitionDateTime", "FrameAcquisitionDateTime", "DecayCorrectionDateTime")


def check_complete(headers: Sequence[Dataset], tracer: Tracer) -> str:
    """Decay Correction (0054,1102): START, ADMIN or NONE, once everything is there that it needs.

    De-identification leaves dose and injection and takes weight and scan times, or otherwise: the sentence lists all that is missing.

    Raises:
        UnknownSUVError: something is missing, or zero.
    """
    decay = common_text(headers, "DecayCorrection").upper()
    needs_times = decay != "ADMIN"
    wanted = [(headers[0], "PatientWeight"), (tracer.item, "RadionuclideTotalDose"), (headers[0], "DecayCorrection")]
    if needs_times:
        wanted.append((tracer.item, "RadionuclideHalfLife"))
    missing, wrong = [], []
    for dataset, keyword in wanted:
        if not text(dataset, keyword):
            missing.append(_called(headers[0], keyword))
        elif keyword != "DecayCorrection" and (value := one_number(dataset, keyword)) is not None and value <= 0:
            wrong.append(f"{attribute(keyword)} is {value:g}")
    if needs_times and not has_injection_time(tracer.item):
        missing.append("Radiopharmaceutical Start Time (0018,1072)")
    if needs_times and not any(text(header, keyword) for header in headers for keyword in _SCAN_TIMES):
        missing += [attribute("SeriesTime"), attribute("AcquisitionTime")]
    if missing:
        listing = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
        wrong.insert(0, f"{listing} {'is' if len(missing) == 1 else 'are'} missing{_where(headers[0], missing)}{_by_whom(headers[0])}")
    if wrong:
        raise UnknownSUVError("; ".join(wrong))
    if decay not in ("START", "ADMIN", "NONE"):
        raise UnknownSUVError(f"{attribute('DecayCorrection')} is {decay}, not START, ADMIN or NONE")
    return decay


def check_corrections(headers: Sequence[Dataset]) -> None:
    """Without attenuation correction, or with one for decay that is denied elsewhere, the numbers are no activity concentration.

    Raises:
        UnknownSUVError: a correction is lacking, or both said and denied.
    """
    corrections = common(headers, lambda header: tuple(sorted(terms(header, "CorrectedImage"))) or None, attribute("CorrectedImage")) or ()
    lacking = [meaning for term, meaning in (("ATTN", "attenuation"), ("DECY", "decay")) if term not in corrections]
    listing = "\\".join(terms(headers[0], "CorrectedImage")) or "missing"
    if common_text(headers, "DecayCorrection").upper() == "NONE":
        if "decay" not in lacking:
            raise UnknownSUVError(f"{attribute('DecayCorrection')} is NONE and {attribute('CorrectedImage')} {listing} says DECY")
        lacking.remove("decay")
    if lacking and _is_enhanced(headers[0]):
        keywords = [f"{meaning.capitalize()}Corrected" for meaning in lacking]
        said = " and ".join(f"{attribute(keyword)} is {text(headers[0], keyword) or 'missing'}" for keyword in keywords)
        raise UnknownSUVError(f"it was not corrected for {' and '.join(lacking)}, {said}")
    if lacking:
        raise UnknownSUVError(f"it was not corrected for {' and '.join(lacking)}, {attribute('CorrectedImage')} {listing}")


def _is_enhanced(header: Dataset) -> bool:
    return header.get("SOPClassUID") == EnhancedPETImageStorage


def _called(header: Dataset, keyword: str) -> str:
    return attribute("DecayCorrectionDateTime" if keyword == "DecayCorrection" and _is_enhanced(header) else keyword)


def _where(header: Dataset, missing: Sequence[str]) -> str:
    """An attribute may stand elsewhere in the file, but only the sequence tells to which injection it belongs."""
    if not any(name.startswith("Radio") for name in missing):
        return ""
    sequence = attribute("RadiopharmaceuticalInformationSequence")
    return "" if items(header, "RadiopharmaceuticalInformationSequence") else f" ({sequence} is missing or empty)"


def _by_whom(header: Dataset) -> str:
    is_without = text(header, "PatientIdentityRemoved").upper() == "YES" or text(header, "DeidentificationMethod")
    return ", taken perhaps when the series was de-identified" if is_without else ""
