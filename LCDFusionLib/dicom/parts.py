"""What parts several images of one place: acquisitions, echoes, time frames, phases of the heart, b-values, kinds of contrast, kernels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from . import elements
from .frames import Image
from .nuclear import VECTORS

_MOST_AT_ONCE = 3  # attributes that part a series together
_DIGITS = 3  # of millimetres: nearer images are at one place


@dataclass(frozen=True)
class Part:
    """One volume of a series that holds several.

    Attributes:
        images: of the part.
        name: what tells it from the others, such as "AcquisitionNumber 2" or "frame 2 of 6, at 75 s, 30 s long".
        key: what it is chosen by, after the number of the series: "2" in 5/2.
        alias: another word for it, such as the b-value; "" where there is none.
    """

    images: tuple[Image, ...]
    name: str
    key: str
    alias: str = ""


@dataclass(frozen=True)
class _Attribute:
    """Something that may part images.

    Attributes:
        name: before the value in the part's name; "" where the value says it.
        value: of a header; None where it does not tell.
        is_key: the value is a small whole number that people call the part by.
    """

    name: str
    value: Callable[[Dataset], Hashable | None]
    is_key: bool = False


def _text(keyword: str) -> Callable[[Dataset], Hashable | None]:
    return lambda header: elements.text(header, keyword) or None


def _number(keyword: str) -> Callable[[Dataset], Hashable | None]:
    return lambda header: elements.number(header, keyword)


# Where scanners kept the b-value before the standard had a place for it: group, element, Private Creator; GE writes four values, the
# first of them sometimes with 1e9 added.
_PRIVATE_B_VALUES = ((0x0019, 0x100C, "SIEMENS MR HEADER"), (0x0043, 0x1039, "GEMS_PARM_01"), (0x2001, 0x1003, "Philips Imaging DD 001"))
PRIVATE_B_TAGS: tuple[int, ...] = tuple(group << 16 | tag for group, element, _ in _PRIVATE_B_VALUES for tag in (0x10, element))
_GE_OFFSET = 1e9


def _b_value(header: Dataset) -> float | None:
    if (b := elements.number(header, "DiffusionBValue")) is not None:
        return b
    for group, element, creator in _PRIVATE_B_VALUES:
        if (group, element) not in header or (group, 0x10) not in header or str(header[group, 0x10].value).strip() != creator:
            continue
        value = header[group, element].value
        words = value.decode("ascii", "replace").split("\\") if isinstance(value, bytes) else value
        try:
            return float(str(words[0] if isinstance(words, (list, MultiValue)) else words)) % _GE_OFFSET
        except (ValueError, IndexError):
            return None
    return None


def _diffusion(header: Dataset) -> Hashable | None:
    """The b-value, and the direction where there is one."""
    b = _b_value(header)
    if b is None:
        return None
    for place in (header, elements.item(header, "DiffusionGradientDirectionSequence")):
        if values := elements.numbers(place, "DiffusionGradientOrientation", 3, least=-2, most=2):
            return (b, *(round(value, 4) for value in values))
    return (b,)


def _time_frame(header: Dataset) -> Hashable | None:
    """Of a classic dynamic or gated PET: Image Index (0054,1330) counts the slices of one time slice, then those of the next."""
    index = elements.whole(header, "ImageIndex", least=0, most=1 << 16)
    slices = elements.whole(header, "NumberOfSlices", least=1, most=1 << 16)
    return (index - 1) // slices + 1 if index and slices else None


# In the order in which they are tried.
_ATTRIBUTES = (
    *(_Attribute(keyword, _number(keyword), is_key=True) for keyword in ("AcquisitionNumber", "EchoNumbers", "TemporalPositionIdentifier")),
    _Attribute("frame", _time_frame, is_key=True),
    _Attribute("time position", _number("TemporalPositionIndex"), is_key=True),
    _Attribute("frame at ms", _number("FrameReferenceTime")),
    _Attribute("frame of", _text("FrameReferenceDateTime")),
    _Attribute("frame acquired", _text("FrameAcquisitionDateTime")),
    _Attribute("TriggerTime", _number("TriggerTime")),
    _Attribute("trigger delay ms", _number("NominalCardiacTriggerDelayTime")),
    _Attribute("% of the heart's cycle", _number("NominalPercentageOfCardiacPhase")),
    _Attribute("% of the breath", _number("NominalPercentageOfRespiratoryPhase")),
    _Attribute("b", _b_value),
    _Attribute("b", _diffusion),
    _Attribute("", _text("ImageType")),
    _Attribute("", _text("FrameType")),
    _Attribute("", _text("ComplexImageComponent")),
    _Attribute("kernel", _text("ConvolutionKernel")),
    _Attribute("kV", _number("KVP")),
    _Attribute("contrast", _text("ContrastBolusAgent")),
    _Attribute("echo time", _number("EffectiveEchoTime")),
    _Attribute("echo time", _number("EchoTime")),
    _Attribute("inversion time", _number("InversionTime")),
    _Attribute("flip angle", _number("FlipAngle")),
    *(_Attribute(keyword.removesuffix("Vector"), _number(keyword)) for keyword in VECTORS),
    _Attribute("acquisition", _number("FrameAcquisitionNumber"), is_key=True),
    _Attribute("stack", _text("StackID")),
    _Attribute("", _text("SeriesDescription")),
    _Attribute("sequence", _text("SequenceName")),
    _Attribute("slices thick mm", _number("SliceThickness")),
    _Attribute("pixels apart mm", _text("PixelSpacing")),
    _Attribute("acquired", _text("AcquisitionDateTime")),
    _Attribute("acquired", _text("AcquisitionTime")),
    _Attribute("made", _text("ContentTime")),
)


def parts(images: Sequence[Image]) -> list[Part]:
    """The volumes that the images of one series form.

    One, unless several lie at one place and as few attributes as possible, at most three, part them so that each part has one image a
    place. Where none does, they stay together, and `sort_stack` says what is wrong.

    Raises:
        InputError: an element is damaged.
    """
    whole = [Part(tuple(images), "", "")]
    places = [_place(image.header) for image in images]
    if None in places:
        return whole
    most_at_one_place = max(Counter(places).values())
    if most_at_one_place == 1:
        return whole
    columns = [(attribute, [attribute.value(image.header) for image in images]) for attribute in _ATTRIBUTES]
    # Finer than twice what is asked for is no part of a series but an image's own, such as the time at which it was made.
    columns = [(attribute, column) for attribute, column in columns if 1 < len(set(column)) <= 2 * most_at_one_place]
    for count in range(1, _MOST_AT_ONCE + 1):
        found = []
        for order, chosen in enumerate(combinations(columns, count)):
            values = list(zip(*(column for _, column in chosen), strict=True))
            groups = len(set(values))
            if groups <= 2 * most_at_one_place and len(set(zip(values, places, strict=True))) == len(images):
                found.append((groups, sum(None in column for _, column in chosen), order, [attribute for attribute, _ in chosen], values))
        if found:
            *_, attributes, values = min(found, key=lambda each: each[:3])
            return _parted(images, attributes, values)
    return whole


def _parted(images: Sequence[Image], attributes: Sequence[_Attribute], values: Sequence[tuple]) -> list[Part]:
    groups: dict[tuple, list[Image]] = {}
    for image, value in zip(images, values, strict=True):
        groups.setdefault(value, []).append(image)
    in_order = sorted(groups, key=lambda value: [_rank(each) for each in value])
    # Image Type and the like: the words that differ, not those that all have.
    common = [_common_words([value[n] for value in in_order]) for n in range(len(attributes))]
    found = []
    for number, value in enumerate(in_order, start=1):
        said = [
            _said(attribute, each, words, number=number, of=len(in_order))
            for attribute, each, words in zip(attributes, value, common, strict=True)
        ]
        is_key = len(attributes) == 1 and attributes[0].is_key and value[0] is not None
        alias = f"{value[0]:g}" if len(attributes) == 1 and isinstance(value[0], float) else ""
        name = ", ".join([*said, *_pet_times(groups[value])])
        found.append(Part(tuple(groups[value]), name, f"{value[0]:g}" if is_key else str(number), "" if is_key else alias))
    return found


def _rank(value: Hashable | None) -> tuple:
    """Numbers upwards, directions of one b-value as they come."""
    return value is not None, isinstance(value, str), value[:1] if isinstance(value, tuple) else value


def _said(attribute: _Attribute, value: Hashable | None, common: set[str], *, number: int, of: int) -> str:
    if value is None:
        return f"without {attribute.name}" if attribute.name else "without a name"
    if attribute.name == "frame":
        return f"frame {value} of {max(of, int(str(value)))}"
    if isinstance(value, float):
        return f"{attribute.name} {value:g}"
    if isinstance(value, tuple):
        return f"{attribute.name} {value[0]:g}" + (f", direction {number}" if len(value) > 1 else "")
    words = [word for word in str(value).split("\\") if word not in common] or [str(value)]
    return f"{attribute.name} {' '.join(words)}".strip()


def _common_words(values: Sequence[Hashable | None]) -> set[str]:
    words = [set(value.split("\\")) for value in values if isinstance(value, str)]
    return set.intersection(*words) if words else set()


def _pet_times(images: Sequence[Image]) -> list[str]:
    """When a frame was, of a PET and where the part has one time: from the start of the scan, else of the day; and how long, all in ms."""
    if elements.text(images[0].header, "Modality") != "PT":
        return []
    said = []
    clocks = {elements.text(image.header, "FrameReferenceDateTime")[8:14] for image in images}
    if len(clocks) == 1 and (clock := clocks.pop()):
        said.append("at " + ":".join(re.findall("..", clock)))
    for keyword, words in (
        ("FrameReferenceTime", "at {:g} s"),
        ("ActualFrameDuration", "{:g} s long"),
        ("FrameAcquisitionDuration", "{:g} s long"),
    ):
        first, *others = {elements.number(image.header, keyword) for image in images}
        if first is not None and not others:
            said.append(words.format(first / 1000.0))
    return said


def _place(header: Dataset) -> Hashable | None:
    position = elements.numbers(header, "ImagePositionPatient", 3)
    orientation = elements.numbers(header, "ImageOrientationPatient", 6)
    if position is None:
        return None
    return tuple(round(value, _DIGITS) + 0.0 for value in (*position, *(orientation or ())))
