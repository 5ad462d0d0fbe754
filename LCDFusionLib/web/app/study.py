"""What a reader has opened: the volumes that it offers as anatomy and function, and the pairs among them, best first.

Nothing here touches the scene, nor loads Slicer, so all of it may run in a thread, or in a process of its own (`ahead`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.dicom import Series, SeriesSource, propose_pairs, read_series, scan_folder
from LCDFusionLib.dicom.folder import header_of_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import VOLUME_SUFFIXES, read_volume
from LCDFusionLib.images.volume import Modality, Volume
from LCDFusionLib.mrml.prior_offer import PriorOffer, prior_title
from LCDFusionLib.phantom import thorax, write_study

if TYPE_CHECKING:
    from LCDFusionLib.mrml.input_identity import InputIdentity

Progress = Callable[[str], None]
"""Called, from the thread, with what is being done, in a few words."""


@dataclass(eq=False)
class Offer:
    """A volume that can be chosen as anatomy or function.

    Attributes:
        key: names it among the offers of a study.
        title: what people call it.
        modality: as far as it is known before it is read.
        series: of a DICOM series; None for a file or a phantom.
        volume: None until it is read.
        source: the headers of a DICOM series that was read.
        role: "anatomy" or "function" where the reader said so.
    """

    key: str
    title: str
    modality: Modality
    series: Series | None = None
    volume: Volume | None = None
    source: SeriesSource | None = None
    role: str = ""

    @property
    def may_be_anatomy(self) -> bool:
        """CT, MR, or not known."""
        return self.role != "function" and not self.modality.is_function

    @property
    def may_be_function(self) -> bool:
        """PET, SPECT, or not known."""
        return self.role != "anatomy" and self.modality is not Modality.CT

    @property
    def patient(self) -> str:
        """Name, or number; "" where the images do not say it."""
        return "" if self.series is None else self.series.patient_name.replace("^", " ").strip() or self.series.patient_id

    @property
    def patient_line(self) -> str:
        """Patient, number, date of the study and its description; "" where the images do not say it."""
        if self.series is None:
            return ""
        number = self.series.patient_id if self.series.patient_id != self.patient else ""
        return "   ".join(filter(None, (self.patient, number, self.day, self.series.study_description)))

    @property
    def day(self) -> str:
        """Of the study, such as 2025-03-14; "" where the images do not say it."""
        day = self.series.study_date if self.series is not None else ""
        return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else day

    def is_of(self, identity: InputIdentity) -> bool:
        """True where a series that was not read yet holds these very instances; their UIDs are read from its files."""
        if self.series is None or len(self.series.images) != identity.size[2]:
            return False
        files = dict.fromkeys(file for file, _ in self.series.images)
        return identity.is_of_instances([str(header_of_file(file).SOPInstanceUID) for file in files], self.series.part_key)

    def read(self) -> Offer:
        """Reads the voxels, once.

        Raises:
            InputError: as `read_series`.
        """
        if self.volume is None:
            assert self.series is not None
            volume, self.source = read_series(self.series, relative=True)
            self.volume = volume.with_array(_in_half(volume.array)) if volume.modality is Modality.CT else volume
        return self


@dataclass(frozen=True)
class ProposedPair:
    """Two offers that can be fused.

    Attributes:
        anatomy: key of the offer.
        function: likewise.
        title: both in one line.
        why: what speaks for it, and what to mind.
    """

    anatomy: str
    function: str
    title: str
    why: str


@dataclass(frozen=True, eq=False)
class Study:
    """What was opened.

    Attributes:
        offers: every volume.
        pairs: best first.
        notes: what the reader should know of the files, in sentences.
        segmentations: files with regions that may be of one of them.
    """

    offers: tuple[Offer, ...]
    pairs: tuple[ProposedPair, ...]
    notes: tuple[str, ...] = ()
    segmentations: tuple[Path, ...] = ()
    _files: dict[str, str] = field(default_factory=dict)

    def offer(self, key: str | None) -> Offer | None:
        """By its key; None where there is none."""
        return next((offer for offer in self.offers if offer.key == key), None)

    def patients(self, anatomy: str | None, function: str | None) -> str:
        """Whose images were chosen, and when they were taken, as a viewer has to say it; both where the two differ."""
        offers = {"Anatomy": self.offer(anatomy), "Function": self.offer(function)}
        lines = {name: offer.patient_line for name, offer in offers.items() if offer is not None}
        if len(set(lines.values())) <= 1:
            return next(iter(lines.values()), "")
        return "   |   ".join(f"{name}: {line or 'not known'}" for name, line in lines.items())

    def number_of_pair(self, anatomy: str | None, function: str | None) -> int | None:
        """Which of the proposed pairs was chosen; None where it is another one."""
        chosen = (anatomy, function)
        return next((number for number, pair in enumerate(self.pairs) if (pair.anatomy, pair.function) == chosen), None)

    def priors(self, anatomy: str | None, function: str | None) -> list[PriorOffer]:
        """Pairs beside the chosen one, the best of each function: of the same patient first, then the latest; keys are their numbers."""
        chosen, found = self.offer(function), {}
        for number, pair in enumerate(self.pairs):
            if pair.anatomy != anatomy and pair.function != function and pair.function not in found:
                found[pair.function] = number
        others = [(number, self.offer(key)) for key, number in found.items()]
        ranked = [(offer.patient != chosen.patient if chosen else False, _days(offer), number) for number, offer in others if offer]
        return [
            PriorOffer(f"{number}", prior_title(offer.day, offer.patient, self.pairs[number].title))
            for _, _, number in sorted(ranked)
            if (offer := self.offer(self.pairs[number].function)) is not None
        ]

    def find_file(self, uid: str) -> str:
        """`FindFile` of the series that were read."""
        if uid not in self._files:
            sources = [offer.source for offer in self.offers if offer.source is not None]
            self._files.update(
                (str(header.SOPInstanceUID), str(file))
                for source in sources
                for header, file in zip(source.headers, source.files, strict=True)
            )
        return self._files.get(uid, "")


def phantom_study(folder: Path, *, progress: Progress) -> Study:
    """The digital thorax, computed here in some seconds, as the DICOM study that a scanner would have sent.

    Args:
        folder: to be made for it, private to the session.
        progress: told what is being done.
    """
    progress("Making a digital phantom")
    write_study(thorax(), folder)
    return open_study([folder], progress=progress)


def open_study(paths: Sequence[Path], *, progress: Progress, is_upload: bool = False) -> Study:
    """Looks for all volumes in one study, or in what the reader named as anatomy and as function.

    Args:
        paths: one folder or file that holds everything; or two: the anatomy, then the function.
        progress: told what is being done.
        is_upload: the files come from a browser, so one that names other files of this machine is refused.

    Raises:
        InputError: nothing in there is a volume; or one of two has none.
    """
    roles = ("anatomy", "function") if len(paths) == 2 else ("",)
    offers: list[Offer] = []
    notes: list[str] = []
    segmentations: list[Path] = []
    for path, role in zip(paths, roles, strict=True):
        found, more, regions = _offers_in(path, role, progress, is_upload=is_upload)
        if not found:
            raise InputError(
                f"There is no CT, MR, PET or SPECT volume in {_named(path)}: give the folder of a DICOM study, NRRD or NIfTI files."
                + (f" ({more[0]})" if more else "")
            )
        if role and not any(offer.may_be_anatomy if role == "anatomy" else offer.may_be_function for offer in found):
            what = {Modality.PET: "a PET", Modality.SPECT: "a SPECT"}.get(found[0].modality, f"a {found[0].modality.value}")
            raise InputError(f"{_named(path)} is {what}, and was given as {role}: give the CT or MR first, then the PET or SPECT.")
        offers += found
        notes += more
        segmentations += regions
    several = len({offer.patient for offer in offers if offer.patient}) > 1
    for number, offer in enumerate(offers):
        offer.key = f"{number}"
        if several and offer.patient:
            offer.title += f", {offer.patient}"
    return Study(tuple(offers), tuple(_pairs(offers)), (*_one_is_missing(offers), *notes), tuple(segmentations))


def _days(offer: Offer) -> int:
    """The latest first."""
    day = offer.day.replace("-", "")
    return -int(day) if day.isdigit() else 0


def _in_half(array: NDArray) -> NDArray:
    """Whole HU as int16, which a CT mostly has, in half the memory; as they are where a value would be another one."""
    if array.dtype != np.float32 or not np.isfinite([array.min(), array.max()]).all() or array.min() < -32768 or array.max() > 32767:
        return array
    half = np.empty(array.shape, np.int16)
    for k in range(len(array)):
        half[k] = array[k]
        if not np.array_equal(half[k], array[k]):
            return array
    return half


def _named(path: Path) -> str:
    """What a reader knows it by: of an upload, whose folder has a name of ours, its files."""
    files = sorted(file.name for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path.name]
    return f"'{files[0]}' and {len(files) - 1} more files" if len(files) > 1 else f"'{files[0] if files else path.name}'"


def _one_is_missing(offers: Sequence[Offer]) -> list[str]:
    """Where a study can only be one half of a pair, with the way on."""
    known = [offer for offer in offers if offer.modality is not Modality.OTHER]
    if len(known) < len(offers) or not offers:
        return []
    way = "open both together: choose both files, drop both at once, or zip them"
    if not any(offer.may_be_anatomy for offer in offers):
        return [f"'{offers[0].title}' is there, but no CT or MR to fuse it with; {way}."]
    if not any(offer.may_be_function for offer in offers):
        return [f"'{offers[0].title}' is there, but no PET or SPECT to fuse it with; {way}."]
    return []


def _offers_in(path: Path, role: str, progress: Progress, *, is_upload: bool) -> tuple[list[Offer], list[str], tuple[Path, ...]]:
    if not path.exists():
        raise InputError(f"There is no '{path.name}': check the name.")
    if not path.is_dir():
        return [_file_offer(path, role, self_contained=is_upload)], [], ()
    progress("Reading headers")
    contents = scan_folder(path, progress=lambda done, total: progress(f"Reading headers, {done} of {total}"))
    offers = [_series_offer(series, role) for series in contents.series if series.is_volume and not series.is_fused and not series.refusal]
    files = [] if contents.series else sorted(file for file in path.rglob("*") if file.name.lower().endswith(VOLUME_SUFFIXES))
    for file in files:
        progress(f"Reading {file.name}")
        offers.append(_file_offer(file, role, self_contained=is_upload))
    # A series that was damaged is not offered, and why is said first.
    notes = list(dict.fromkeys((*(series.refusal for series in contents.series if series.refusal), *contents.damaged)))[:3]
    notes += [note for offer in offers if offer.series is not None for note in offer.series.notes][:3]
    if contents.missing:
        notes.append(f"A DICOMDIR names {len(contents.missing)} files that are not there: copy them too.")
    return offers, notes, contents.segmentations


def _series_offer(series: Series, role: str) -> Offer:
    try:
        modality = Modality(series.modality)
    except ValueError:
        modality = Modality.OTHER
    kind = {Modality.PET: "PET", Modality.SPECT: "SPECT"}.get(modality, series.modality)
    number = "" if series.number is None else f", series {series.number}"
    offer = Offer("", f"{kind} {series.name} ({len(series.images)} images{number})", modality, series=series, role=role)
    return offer


def _file_offer(file: Path, role: str, *, self_contained: bool = False) -> Offer:
    volume = read_volume(file, self_contained=self_contained)
    if volume.is_fused:
        raise InputError(f"'{file.name}' is a fused image, not an original; choose the CT, MR or PET that it was made of.")
    return Offer("", file.name, volume.modality, volume=volume, role=role)


def _pairs(offers: Sequence[Offer]) -> list[ProposedPair]:
    of_series = {id(offer.series): offer for offer in offers if offer.series is not None}
    pairs = []
    for pair in propose_pairs([offer.series for offer in of_series.values() if offer.series is not None]):
        anatomy, function = of_series[id(pair.anatomy)], of_series[id(pair.function)]
        if anatomy.may_be_anatomy and function.may_be_function:
            pairs.append(_pair(anatomy, function, "; ".join((*pair.reasons, *(f"⚠ {caution}" for caution in pair.cautions)))))
    if pairs:
        return pairs
    # No headers that speak for a pair. Where the reader, or the values, leave one choice only, it is taken; `check_pair` looks at it.
    anatomies = [offer for offer in offers if offer.may_be_anatomy and (offer.role or offer.modality is not Modality.OTHER)]
    functions = [offer for offer in offers if offer.may_be_function and offer not in anatomies]
    if len(anatomies) == len(functions) == 1 or (anatomies and functions and anatomies[0].role and functions[0].role):
        return [_pair(anatomies[0], functions[0], "")]
    return []


def _pair(anatomy: Offer, function: Offer, why: str) -> ProposedPair:
    names = [offer.title.partition(" (")[0] for offer in (anatomy, function)]
    return ProposedPair(anatomy.key, function.key, " + ".join(names), why)
