"""SUV: the standardised uptake value, from what a PET series says of dose, decay and patient.

SUVbw = activity concentration (Bq/ml) * body weight (g) / dose (Bq), both activities at the same moment. The rules follow the
vendor-neutral pseudo-code of the QIBA FDG-PET/CT profile. Anything missing or contradictory stops; nothing is guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit

from .utc_offset import utc_offset

# After eight half lives 0.4 % of the dose is left (15 hours for F-18): nobody scans then, so the times contradict each other.
_MAX_HALF_LIVES = 8
# A dose below this was written in MBq or mCi, not in Bq.
_MIN_DOSE_BQ = 1e5
# An acquisition time without a date belongs to the day after or before the series' if it then lies this near to Series Time.
_LONGEST_SCAN = timedelta(hours=4)


class NoSUVError(InputError):
    """SUVbw cannot be known; relative intensities can.

    Attributes:
        reason: why, naming the tags.
    """

    def __init__(self, series: str, reason: str) -> None:
        super().__init__(
            f"The PET series '{series}' cannot be shown as SUV because {reason}: give a series with the right tags, "
            "or go on with relative intensities (--relative)."
        )
        self.reason = reason


# Units (0054,1001) and SUV Type (0054,1006), CID 85.
_SUV_TYPES = {
    ("GML", "BW"): Unit.SUVBW,
    ("GML", "LBM"): Unit.SUVLBM,
    ("GML", "LBMJAMES128"): Unit.SUVLBM,
    ("GML", "LBMJANMA"): Unit.SUVLBM,
    ("GML", "IBW"): Unit.SUVIBW,
    ("CM2ML", "BSA"): Unit.SUVBSA,
}


@dataclass(frozen=True)
class SUV:
    """How the values of one PET series become SUV.

    Attributes:
        factor: SUV per value, after Rescale Slope and Intercept.
        units: Units (0054,1001) of the stored values.
        reference: where the factor comes from, in words: the moment that activities were corrected to, or the tag that gives the factor.
        kind: which SUV; what is computed here is SUVbw, other kinds are stored as such.
        decay_seconds: from the injection to that moment; None where no decay was computed.
        half_life_seconds: Radionuclide Half Life (0018,1075), None where not used.
        dose_bq: Radionuclide Total Dose (0018,1074), None where not used.
        weight_kg: Patient's Weight (0010,1030), None where not used.
    """

    factor: float
    units: str
    reference: str
    kind: Unit = Unit.SUVBW
    decay_seconds: float | None = None
    half_life_seconds: float | None = None
    dose_bq: float | None = None
    weight_kg: float | None = None


def suv_of(headers: Sequence[Dataset], *, name: str) -> SUV:
    """How to get SUV from one PET series: SUVbw, or what it is stored as.

    Args:
        headers: all slices of the series, any order.
        name: the series, for the sentences.

    Raises:
        NoSUVError: SUVbw cannot be known; the sentence names the tags and offers relative intensities.
    """
    _check_agreement(headers, name)
    header = headers[0]
    unit = str(header.get("Units") or "")
    if unit in ("GML", "CM2ML"):
        suv_type = str(header.get("SUVType") or ("BW" if unit == "GML" else "BSA"))  # absent means BW, says the standard
        kind = _SUV_TYPES.get((unit, suv_type))
        if kind is None:
            raise NoSUVError(name, f"it holds SUV of an unknown type, SUV Type (0054,1006) {suv_type} in Units (0054,1001) {unit}")
        return SUV(1.0, unit, f"stored as {kind.value}, Units (0054,1001) {unit}", kind)
    if unit == "BQML":
        _check_corrections(header, name)
        return _from_activity(headers, name, unit)
    if unit == "CNTS":
        suv_factor = _number(_private_value(header, 0x7053, "Philips PET Private Group", 0x00))
        activity_factor = _number(_private_value(header, 0x7053, "Philips PET Private Group", 0x09))
        if not suv_factor and not activity_factor:
            raise NoSUVError(name, "it holds counts, Units (0054,1001) CNTS, without the Philips scale factors (7053,1000) and (7053,1009)")
        _check_corrections(header, name)
        if suv_factor:
            return SUV(suv_factor, unit, "Philips SUV scale factor (7053,1000)")
        return _from_activity(headers, name, unit, to_bqml=activity_factor)
    raise NoSUVError(name, f"its Units (0054,1001) are {unit or 'missing'}, not BQML, GML or CNTS")


def _check_agreement(headers: Sequence[Dataset], name: str) -> None:
    """One series has one patient, one injection and one unit."""
    tracers = [_tracer(header) for header in headers]
    times = ("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime")
    for datasets, keywords, are_numbers in (
        (headers, ("Units", "SUVType", "CorrectedImage", "DecayCorrection"), False),
        (headers, ("PatientWeight",), True),
        (tracers, times, False),
        (tracers, ("RadionuclideTotalDose", "RadionuclideHalfLife"), True),
    ):
        for keyword in keywords:
            texts = {str(dataset.get(keyword) or "") for dataset in datasets}
            if len({_number(text) for text in texts} if are_numbers else texts) > 1:  # 70 and 70.0 agree
                raise NoSUVError(name, f"its slices contradict each other in {keyword} ({', '.join(sorted(texts))})")


def _tracer(header: Dataset) -> Dataset:
    """First item of Radiopharmaceutical Information Sequence (0054,0016), empty where there is none."""
    items = header.get("RadiopharmaceuticalInformationSequence")
    return items[0] if items else Dataset()


def _check_corrections(header: Dataset, name: str) -> None:
    """Without attenuation and decay correction the numbers are no activity concentration."""
    corrected = header.get("CorrectedImage") or []
    corrections = [corrected] if isinstance(corrected, str) else list(corrected)
    lacking = [meaning for code, meaning in (("ATTN", "attenuation"), ("DECY", "decay")) if code not in corrections]
    if lacking:
        listing = "\\".join(corrections) or "missing"
        raise NoSUVError(name, f"it was not corrected for {' and '.join(lacking)}, Corrected Image (0028,0051) {listing}")


def _from_activity(headers: Sequence[Dataset], name: str, unit: str, *, to_bqml: float = 1.0) -> SUV:
    header = headers[0]
    if len(header.get("RadiopharmaceuticalInformationSequence") or []) > 1:
        raise NoSUVError(name, "it names several injections, Radiopharmaceutical Information Sequence (0054,0016)")
    tracer = _tracer(header)
    correction = str(header.get("DecayCorrection") or "")
    weight = _number(header.get("PatientWeight"))
    dose = _number(tracer.get("RadionuclideTotalDose"))
    half_life = _number(tracer.get("RadionuclideHalfLife"))
    has_injection = bool(tracer.get("RadiopharmaceuticalStartDateTime") or tracer.get("RadiopharmaceuticalStartTime"))
    missing = [
        tag
        for tag, there in (
            ("Patient's Weight (0010,1030)", weight),
            ("Radionuclide Total Dose (0018,1074)", dose),
            ("Decay Correction (0054,1102)", correction),
            ("Radionuclide Half Life (0018,1075)", half_life or correction == "ADMIN"),
            ("Radiopharmaceutical Start Time (0018,1072)", has_injection or correction == "ADMIN"),
        )
        if not there
    ]
    if missing:
        raise NoSUVError(name, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, zero or no number")
    if dose < _MIN_DOSE_BQ:
        raise NoSUVError(name, f"Radionuclide Total Dose (0018,1074) is {dose:g}, which cannot be in Bq")

    if correction == "ADMIN":
        decay = 0.0
        reference = "injection, Decay Correction (0054,1102) ADMIN"
    elif correction == "START":
        started, tag = _scan_start(headers, name, half_life)
        decay = (started - _injection(header, started, half_life, name)).total_seconds()
        reference = f"start of the scan {started:%Y-%m-%d %H:%M:%S} from {tag}, Decay Correction (0054,1102) START"
        if not 0 <= decay <= _MAX_HALF_LIVES * half_life:
            raise NoSUVError(
                name,
                f"its times contradict each other: the scan began {decay / 60:.0f} minutes after the injection, "
                f"at {started:%Y-%m-%d %H:%M:%S} from {tag}",
            )
    else:
        raise NoSUVError(name, f"Decay Correction (0054,1102) is {correction}, not START or ADMIN")
    decayed_dose = dose * 2.0 ** (-decay / half_life) if decay else dose
    return SUV(
        factor=to_bqml * weight * 1000.0 / decayed_dose,
        units=unit,
        reference=reference,
        decay_seconds=decay,
        half_life_seconds=half_life or None,
        dose_bq=dose,
        weight_kg=weight,
    )


def _injection(header: Dataset, scan_started: datetime, half_life: float, name: str) -> datetime:
    """When the tracer was given; a time without a date is the last such time before the scan, which may be yesterday's."""
    tracer = _tracer(header)
    clock = _time(tracer, "RadiopharmaceuticalStartTime", name)
    moment = str(tracer.get("RadiopharmaceuticalStartDateTime") or "")
    if moment:
        injected = _datetime(moment, "Radiopharmaceutical Start DateTime (0018,1078)", name)
        if injected.tzinfo is not None and header.get("TimezoneOffsetFromUTC"):
            try:
                injected = injected.astimezone(utc_offset(header))
            except ValueError as error:
                tag = "Timezone Offset From UTC (0008,0201)"
                raise NoSUVError(name, f"{tag} '{header.TimezoneOffsetFromUTC}' is no offset such as +0100") from error
        elif injected.tzinfo is not None and clock is None:
            raise NoSUVError(
                name,
                f"Radiopharmaceutical Start DateTime (0018,1078) '{moment}' has an offset from UTC and the scan's times have none, "
                "Timezone Offset From UTC (0008,0201)",
            )
        injected = injected.replace(tzinfo=None)
        if clock is not None:
            of_day = injected - datetime.combine(injected.date(), time.min)
            apart = abs((of_day - clock).total_seconds())
            if min(apart, 86400 - apart) > 60:
                raise NoSUVError(
                    name,
                    f"Radiopharmaceutical Start DateTime (0018,1078) '{moment}' contradicts Radiopharmaceutical Start Time (0018,1072) "
                    f"'{tracer.RadiopharmaceuticalStartTime}'",
                )
        return injected
    assert clock is not None  # one of both is there, or we would have stopped
    if _MAX_HALF_LIVES * half_life >= 86400:
        raise NoSUVError(
            name,
            f"the day of the injection is unknown, Radiopharmaceutical Start DateTime (0018,1078), and with a half life of "
            f"{half_life / 3600:.1f} hours it may have been days before the scan",
        )
    injected = datetime.combine(scan_started.date(), time.min) + clock
    return injected if injected <= scan_started else injected - timedelta(days=1)


def _scan_start(headers: Sequence[Dataset], name: str, half_life: float) -> tuple[datetime, str]:
    """The moment that START means, and the tag that gives it."""
    series = _moment(headers[0], "Series", name)
    acquisitions = [(moment, header) for header in headers if (moment := _acquired(header, series, name)) is not None]
    if not acquisitions:
        if series is None:
            raise NoSUVError(name, "Series Time (0008,0031) and Acquisition Time (0008,0032) are missing")
        return series, "Series Time (0008,0031)"
    acquired, header = min(acquisitions, key=lambda pair: pair[0])
    if series is not None and series <= acquired:
        return series, "Series Time (0008,0031)"
    # The series was made after the scan (post-processing, or reconstruction by some Siemens scanners): its time is not the scan's.
    scan = _private_value(headers[0], 0x0009, "GEMS_PETD_01", 0x0D)
    if scan:
        return _datetime(scan, "GE scan date and time (0009,100D)", name).replace(tzinfo=None), "GE scan date and time (0009,100D)"
    offset = _number(header.get("FrameReferenceTime")) / 1000.0
    duration = _number(header.get("ActualFrameDuration")) / 1000.0
    if series is not None and offset and duration:
        # Frame Reference Time (0054,1300) counts from the start of the scan to the moment of average activity within the frame.
        decay_constant = math.log(2.0) / half_life
        average = math.log(decay_constant * duration / -math.expm1(-decay_constant * duration)) / decay_constant
        return acquired + timedelta(seconds=average - offset), "Acquisition Time (0008,0032) and Frame Reference Time (0054,1300)"
    return acquired, "Acquisition Time (0008,0032)"


def _acquired(header: Dataset, series: datetime | None, name: str) -> datetime | None:
    """When a slice was acquired; a time without a date may lie on the other side of midnight than Series Time."""
    moment = _moment(header, "Acquisition", name)
    if moment is None or series is None or header.get("AcquisitionDate") or abs(moment - series) <= timedelta(hours=12):
        return moment
    across_midnight = moment + timedelta(days=1 if moment < series else -1)
    if abs(across_midnight - series) > _LONGEST_SCAN:
        raise NoSUVError(
            name,
            f"the day of the scan is unknown, Acquisition Date (0008,0022): Acquisition Time (0008,0032) {moment:%H:%M} is far from "
            f"Series Time (0008,0031) {series:%H:%M}",
        )
    return across_midnight


def _moment(header: Dataset, event: str, name: str) -> datetime | None:
    """Date and time of "Series" or "Acquisition"; None where the time is missing."""
    clock = _time(header, f"{event}Time", name)
    if clock is None:
        return None
    for keyword in (f"{event}Date", "SeriesDate", "StudyDate"):
        if header.get(keyword):
            try:
                day = DA(str(header.get(keyword)))
            except ValueError as error:
                raise NoSUVError(name, f"{keyword} '{header.get(keyword)}' is no date") from error
            return datetime.combine(date(day.year, day.month, day.day), time.min) + clock
    raise NoSUVError(name, f"{event} Date and Study Date (0008,0020) are missing")


def _time(header: Dataset, keyword: str, name: str) -> timedelta | None:
    """A DICOM time since midnight; None where it is missing."""
    value = header.get(keyword)
    if not value:
        return None
    try:
        clock = TM(str(value))
        return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    except (ValueError, AttributeError, TypeError) as error:
        raise NoSUVError(name, f"{keyword} '{value}' is no time") from error


def _datetime(value: str, tag: str, name: str) -> datetime:
    """A DICOM date and time, with its offset from UTC if it has one; a date alone is refused."""
    try:
        if not value[:12].isdigit() or len(value) < 12:
            raise ValueError("no minutes")
        moment = DT(value)
        return datetime.combine(date(moment.year, moment.month, moment.day), moment.timetz())
    except (ValueError, AttributeError, TypeError) as error:
        raise NoSUVError(name, f"{tag} '{value}' is no date and time") from error


def _private_value(header: Dataset, group: int, creator: str, offset: int) -> str:
    """The text of a private element, "" where it is missing."""
    if creator not in header.private_creators(group) or offset not in (block := header.private_block(group, creator)):
        return ""
    value = block[offset].value
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip("\0 ")


def _number(value: object) -> float:
    """A number above zero, or 0 where it is missing, zero, negative or no number."""
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0
