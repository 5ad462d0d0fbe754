"""What a folder holds: DICOM series, wherever they lie in it and whatever their files are called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID, MediaStorageDirectoryStorage, SegmentationStorage

from LCDFusionLib.errors import InputError

from . import elements
from .copies import Copies
from .deflated import check_unpacked_size
from .frames import Image, images_of
from .limits import MOST_PIXELS
from .no_volume import NoVolumeError
from .series import SERIES_KEYWORDS, Series, series_of

_TAGS = [Tag(keyword) for keyword in SERIES_KEYWORDS]
PREAMBLE = 132
"""Bytes that every DICOM file begins with, PS3.10."""

# Without these no image has its place in an archive, and nothing that is made of it either.
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_TEXTS = (
    *("Modality", "SeriesNumber", "SeriesDescription", "StudyDate", "StudyDescription", "PatientID", "PatientName", "PatientBirthDate"),
    *(
        "PatientSex",
        "ImageType",
        "Manufacturer",
        "ManufacturerModelName",
        "StationName",
        "BodyPartExamined",
        "Laterality",
        "ImageLaterality",
    ),
)
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_IMAGE_SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")

Progress = Callable[[int, int], None]
"""Called with the files that are done and all files; an exception that it raises ends the search."""


@dataclass(frozen=True)
class FolderContents:
    """What a folder and all folders below it hold.

    Attributes:
        series: of images, ordered by patient, study and series number.
        damaged: for each damaged DICOM file a sentence.
        stray_damage: those of `damaged` of which it is not known to which series the file belongs.
        missing: files that a DICOMDIR names and that are not there.
        copies: files that hold an instance which another file holds too, with the same place and pixels; the first counts.
        other_files: no DICOM images: reports, presentation states, DICOMDIR, anything else.
        segmentations: DICOM Segmentations, which are among the other files.
    """

    series: tuple[Series, ...]
    damaged: tuple[str, ...] = ()
    stray_damage: tuple[str, ...] = ()
    missing: tuple[Path, ...] = ()
    copies: int = 0
    other_files: int = 0
    segmentations: tuple[Path, ...] = ()


def scan_folder(folder: str | os.PathLike[str], *, progress: Progress | None = None) -> FolderContents:
    """Find every series of images in a folder and all folders below it.

    Only headers are read (and the pixels of files with one SOP Instance UID, to tell copies from others). Files are told by their content,
    never by their names; objects that are no images (reports, presentation states, structure sets) are passed over. A file that cannot be
    read is held against the series that it says to be of, or beside whose images it lies with a name like theirs (`Series.refusal`).

    Raises:
        InputError: there is no such folder, or it or a file in it cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}': give a folder that holds DICOM files.")
    paths = _files_below(folder)
    images: dict[str, list[Image]] = {}
    no_volumes: dict[tuple[str, str], list[Image]] = {}
    damaged: list[DamagedFileError] = []
    missing: list[Path] = []
    strangers: list[Path] = []
    copies, others = Copies(), 0
    with disable_value_validation():
        for done, path in enumerate(paths, start=1):
            try:
                if not path.is_file() or not _begins_as_dicom(path):
                    strangers.append(path)
                elif (header := _read_header(path)) is None:
                    others += 1
                    if path.name.upper().startswith("DICOMDIR"):
                        missing += _missing_files(path)
                    elif not _has_preamble(path):
                        strangers.append(path)
                        others -= 1
                elif copies.is_first(path, header):
                    try:
                        found = _images(path, header)  # before there is a series: one that holds nothing has no name to be refused by
                        images.setdefault(header.SeriesInstanceUID, []).extend(found)
                    except NoVolumeError as error:
                        no_volumes.setdefault((header.SeriesInstanceUID, error.reason), []).append(Image(path, None, header))
            except DamagedFileError as error:
                damaged.append(error)
            if progress is not None:
                progress(done, len(paths))
        foreign = [error for error in damaged if error.may_be_foreign and error.series_uid not in images]
        damaged, others = [error for error in damaged if error not in foreign], others + len(foreign)
        refusals = {**_held_against(images, damaged, strangers), **copies.refusals}
        series = [one for uid, group in images.items() for one in series_of(group, refusal=refusals.get(uid, ""))]
        series += [one for (_, reason), group in no_volumes.items() for one in series_of(group, no_volume=reason)]
    series.sort(key=lambda s: (s.patient_id, s.study_date, s.study_uid, s.number is None, s.number or 0, s.uid))
    return FolderContents(
        series=tuple(_with_missing(series, missing)),
        damaged=tuple(map(str, damaged)),
        stray_damage=tuple(str(error) for error in damaged if error.series_uid not in images),
        missing=tuple(missing),
        copies=copies.count,
        other_files=others + len(strangers),
        segmentations=tuple(error.path for error in foreign if error.sop_class == SegmentationStorage),
    )


def find_series(folder: str | os.PathLike[str]) -> list[Series]:
    """The series of `scan_folder`.

    Raises:
        InputError: what `scan_folder` raises, or a DICOM file is damaged of which it is not known to which series it belongs.
    """
    contents = scan_folder(folder)
    if contents.stray_damage:
        raise InputError(contents.stray_damage[0])
    return list(contents.series)


def header_of_file(path: Path) -> Dataset:
    """`SERIES_KEYWORDS` of the first image of a file.

    Raises:
        InputError: it is damaged, or no image.
    """
    with disable_value_validation():
        header = _read_header(path) if _begins_as_dicom(path) else None
        if header is None:
            raise InputError(f"The file '{path}' is no DICOM image: import the series again.")
        return _images(path, header)[0].header


def series_of_files(files: Sequence[Path], *, part: str = "") -> Series:
    """The series that these files are, as a database of DICOM files lists them; of several volumes the one whose `part_key` is `part`.

    Raises:
        InputError: one of them is missing, damaged or no image, or they are of several series or acquisitions.
    """
    with disable_value_validation():
        images = []
        copies = Copies()
        for path in files:
            header = _read_header(path) if _begins_as_dicom(path) else None
            if header is None:
                raise InputError(f"The file '{path}' is no DICOM image: import the series again.")
            if copies.is_first(path, header):
                images += _images(path, header)
        if len({image.header.SeriesInstanceUID for image in images}) != 1:
            raise InputError("The DICOM files belong to no series, or to several: import the series again.")
        found = series_of(images, refusal=next(iter(copies.refusals.values()), ""))
    chosen = [one for one in found if one.part_key == part] if part else found
    if len(chosen) != 1:
        raise InputError(f"The DICOM files are of {len(found)} acquisitions of '{found[0].name}': load one of them alone.")
    return chosen[0]


_MOST_LISTED = 5
LEAST_OF_UID = 4
"""Characters that a part of a UID must have to choose a series: fewer name one by chance, such as a wrong series number."""


def choose_series(
    folder: str | os.PathLike[str], choice: str | None = None, *, option: str = "--anatomy-series or --function-series"
) -> Series:
    """The one series of a folder that can be a volume, or the one that the user names.

    Args:
        folder: searched with all folders below it.
        choice: Series Number (with a part: NUMBER/PART), Series Description, or the beginning or end of the Series Instance UID
            (`LEAST_OF_UID` characters or more).
        option: what the sentences tell the user to choose with.

    Raises:
        InputError: no series, or several; the sentence lists them and says how to choose. Or a file beside the images, named like them,
            is too short to be one: an image may be missing, at the end of a stack unseen.
    """
    series = find_series(folder)
    volumes = [s for s in series if s.is_volume]
    listing = "; ".join(map(str, volumes))
    how = f"choose one with {option} and its number, its description or the beginning or end of its UID"
    if choice is None:
        if not volumes:
            others = "; ".join(dict.fromkeys(f"'{s.name}' {s.no_volume}" for s in series[:_MOST_LISTED]))
            other = f" ({others})" if others else ""
            raise InputError(
                f"The folder '{folder}' holds no DICOM images that form a volume{other}: give the folder of a CT, MR, PET or SPECT series."
            )
        if len(volumes) > 1:
            raise InputError(f"The folder '{folder}' holds {len(volumes)} series ({listing}): {how}.")
        return _readable(volumes[0])
    choice = choice.strip()
    # A number or a full description is an exact answer and goes before a part of a UID, which may look like a number.
    is_part = len(choice) >= LEAST_OF_UID
    for among in (volumes, series):  # a screenshot does not make a choice unclear, but may be what was chosen
        chosen = [s for s in among if choice in (s.key, s.uid_key)] or [s for s in among if choice in s.aliases]
        chosen = chosen or [s for s in among if is_part and (s.uid.startswith(choice) or s.uid.endswith(choice))]
        if chosen:
            break
    if len(chosen) != 1:
        problem = f"{len(chosen)} series" if chosen else "no series"
        raise InputError(f"'{choice}' names {problem} of the folder '{folder}', which holds {listing}: {how}.")
    return _readable(chosen[0])


def _readable(series: Series) -> Series:
    if series.no_volume:
        raise InputError(f"The series '{series.name}' {series.no_volume}: choose a CT, MR, PET or SPECT series of slices.")
    if series.refusal:
        raise InputError(series.refusal)
    return series


class DamagedFileError(InputError):
    """A file that begins as DICOM and cannot be read on.

    Attributes:
        path: the file.
        series_uid: the series that it says to be of; "" where it does not.
        may_be_foreign: it is only damaged where that series has images.
        sop_class: of a foreign one.
    """

    def __init__(self, path: Path, damage: str, *, series_uid: str = "", may_be_foreign: bool = False, sop_class: UID | str = "") -> None:
        super().__init__(f"The DICOM file '{path}' is damaged ({damage}): copy it again or take it out of the folder.")
        self.path, self.series_uid, self.may_be_foreign, self.sop_class = path, series_uid, may_be_foreign, sop_class


def _files_below(folder: Path) -> list[Path]:
    """Links that lead nowhere among them: so stand images in a git-annex that were not fetched."""

    def refuse(error: OSError) -> None:
        raise InputError(f"The folder '{error.filename}' cannot be read: {error.strerror}.") from error

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        found += [path for name in sorted(names) if (path := Path(place, name)).is_file() or _leads_nowhere(path)]
    return found


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _begins_as_dicom(path: Path) -> bool:
    """By its first bytes; old files begin with the data set itself: group 0008, little endian."""
    start = _start(path)
    return start[128:] == b"DICM" or start[:2] == b"\x08\x00"


def _has_preamble(path: Path) -> bool:
    return _start(path)[128:] == b"DICM"


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(PREAMBLE)
    except OSError as error:
        raise InputError(f"The file '{path}' cannot be read: {error.strerror}.") from error


def _read_header(path: Path) -> Dataset | None:
    """The few attributes of `SERIES_KEYWORDS` of a file that begins as DICOM; None where it is no image."""
    series_uid = ""
    try:
        check_unpacked_size(path)
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS, force=True)
        sop_class = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or UID("")
        series_uid = elements.uid(header, "SeriesInstanceUID")
        if sop_class and not sop_class.name.endswith("Image Storage"):
            if header.get("Rows"):
                # A dose, a segmentation, a manufacturer's own; or damaged: then it is missed in the series that it says to be of.
                damage = f"its {elements.attribute('SOPClassUID')} is that of no image"
                raise DamagedFileError(path, damage, series_uid=series_uid, may_be_foreign=True, sop_class=sop_class)
            if sop_class.name == sop_class and not series_uid:  # cut in the middle of the class, or before the series
                raise DamagedFileError(path, "it ends too early")
            return None
        missing = [keyword for keyword in _UIDS if not elements.uid(header, keyword)]
        sizes = [elements.whole(header, keyword, least=1, most=MOST_PIXELS) for keyword in ("Rows", "Columns")]
        if None in sizes:
            damage = "it ends too early, or lacks Rows and Columns (0028,0010)"
        elif missing:
            damage = f"it lacks {' and '.join(map(elements.attribute, missing))}"
        else:
            elements.uid(header, "FrameOfReferenceUID")
            for keyword in _TEXTS:
                elements.text(header, keyword)
            return header
    except elements.ElementError as error:
        damage = error.reason
    except DamagedFileError:
        raise
    except Exception as error:  # foreign bytes make the parser fail in many ways
        damage = elements.printable(error)
    if not series_uid and not _has_preamble(path):
        return None
    raise DamagedFileError(path, damage, series_uid=series_uid)


def _images(path: Path, header: Dataset) -> list[Image]:
    try:
        return images_of(path, header)
    except NoVolumeError:
        raise
    except Exception as error:  # foreign bytes make the parser fail in many ways
        reason = error.reason if isinstance(error, elements.ElementError) else elements.printable(error)
        raise DamagedFileError(path, reason, series_uid=header.SeriesInstanceUID) from error


def _held_against(images: dict[str, list[Image]], damaged: Iterable[DamagedFileError], strangers: Iterable[Path]) -> dict[str, str]:
    """For series by UID: the sentence about a file that may be one of its images and cannot be read."""
    names: dict[tuple[Path, str], set[str]] = {}
    for uid, group in images.items():
        for image in group:
            for like in _likenesses(image.path):
                names.setdefault((image.path.parent, like), set()).add(uid)
    refusals: dict[str, str] = {}
    for error in damaged:
        beside = [uid for like in _likenesses(error.path) for uid in names.get((error.path.parent, like), ())]
        for uid in [error.series_uid] if error.series_uid in images else beside:  # a cut UID is that of no series
            refusals.setdefault(uid, str(error))
    for path in strangers:
        for uid in {uid for like in _likenesses(path) for uid in names.get((path.parent, like), ())}:
            refusals.setdefault(
                uid,
                f"The file '{path}' among the images of '{_called(images[uid])}' {_trouble(path)}, so an image "
                "may be missing: copy the series again, or take the file out of the folder.",
            )
    return refusals


def _trouble(path: Path) -> str:
    if _leads_nowhere(path):
        return "is a link to a file that is not there"
    return "is packed" if _is_packed(path) else "is empty or cut short, or no DICOM at all"


def _called(images: Sequence[Image]) -> str:
    header = images[0].header
    return (
        elements.text(header, "SeriesDescription") or f"{elements.text(header, 'Modality')} series {elements.text(header, 'SeriesNumber')}"
    )


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() in _PACKED


def _likenesses(path: Path) -> list[str]:
    """What files of one series have in common in their names: all but the digits; a suffix that DICOM files have."""
    name = path.with_suffix("") if _is_packed(path) else path
    pattern, suffix = re.sub(r"\d+", "#", name.name), name.suffix.lower()
    return [each for each, is_told in ((pattern, "#" in pattern), (suffix, suffix in _IMAGE_SUFFIXES)) if is_told]


def _with_missing(series: Iterable[Series], missing: Sequence[Path]) -> Iterable[Series]:
    """Files that a DICOMDIR names beside the images of a series, and that are not there, may be of it."""
    for one in series:
        folders = {path.parent for path, _ in one.images}
        lost = [path for path in missing if path.parent in folders]
        note = (
            f"A DICOMDIR names {len(lost)} files beside those of '{one.name}' that are not there, such as '{lost[0]}': copy them too."
            if lost
            else ""
        )
        yield replace(one, notes=(*one.notes, note)) if note and one.is_volume else one


def _missing_files(dicomdir: Path) -> list[Path]:
    """Images that a DICOMDIR (PS3.3 annex F) names and that are not where it says."""
    try:
        directory = pydicom.dcmread(dicomdir)
        if directory.file_meta.get("MediaStorageSOPClassUID") != MediaStorageDirectoryStorage:
            return []
        records = directory.get("DirectoryRecordSequence") or []
        names = [record.ReferencedFileID for record in records if record.get("ReferencedFileID")]
        paths = [dicomdir.parent.joinpath(*([name] if isinstance(name, str) else name)) for name in names]
    except Exception:  # foreign bytes make the parser fail in many ways; the files themselves are what counts
        return []
    return [path for path in paths if not path.is_file()]
