"""Image files that are not DICOM: NRRD, NIfTI, MetaImage, and PNG or JPEG as volumes of one slice."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.damage import DamagedError
from LCDFusionLib.images.file_content import FileContent
from LCDFusionLib.images.foreign_formats import check_not_foreign
from LCDFusionLib.images.mapped import slices_of
from LCDFusionLib.images.metaimage import read_metaimage
from LCDFusionLib.images.nifti import MADE_BY_FUSION, nifti_geometry, nifti_header, nifti_texts, read_nifti
from LCDFusionLib.images.nrrd import nrrd_geometry, nrrd_header, nrrd_texts, read_nrrd
from LCDFusionLib.images.pet_sidecar import read_sidecar
from LCDFusionLib.images.pictures import read_picture
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume
from LCDFusionLib.notes import Note

VOLUME_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".hdr")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
WRITABLE_SUFFIXES = (".nrrd", ".nii", ".nii.gz")

_LEVEL = 1  # of gzip: fused gray is full of digits that nothing packs; higher levels save no hundredth, and take a third longer
_KEY = "LCDFusion_"  # of the NRRD key/value pairs that keep what the format itself has no field for
FUSED_KEY = _KEY + "fused"
"""The pair that a fused image has."""
_MODALITY_OF_UNIT = {Unit.HU: Modality.CT, Unit.SUVBW: Modality.PET, Unit.BQML: Modality.PET}


def read_volume(
    path: str | os.PathLike[str], *, modality: Modality | None = None, unit: Unit | None = None, self_contained: bool = False
) -> Volume:
    """Read one image file.

    A PNG or JPEG becomes a volume of one slice of 1 mm voxels. A colour image whose channels are equal becomes a gray one.

    Args:
        path: NRRD, NIfTI (of a pair either file), MetaImage, PNG or JPEG.
        modality: what made the image. None: what the .json beside a NIfTI says, or this library wrote into the file; else what the unit
            says; else CT where values reach below -500; else OTHER.
        unit: what a voxel means. None: likewise, where values in Bq/ml become SUVbw if the .json has all for it; else HU for CT, RELATIVE
            for all others. A PET from elsewhere is in SUVbw only when told so.
        self_contained: refuse a file that names another one as the place of its voxels: from a browser, that could be any file of this
            machine.

    Returns:
        The volume, with notes on what in the file was doubtful.

    Raises:
        InputError: no such file; a name that is not Unicode; empty, damaged, cut short or no image; another format; 4-D, vector or complex
            voxels; NaN or constant voxels.
    """
    path = Path(path)
    _check_name(path)
    suffix = _readable_suffix(path)
    content = _content(path, suffix, self_contained=self_contained)
    array = _gray_or_rgb(content.array, path)
    sidecar = read_sidecar(path) if suffix.startswith(".nii") or suffix in (".hdr", ".img") else None
    notes = content.notes
    if sidecar is not None and unit is None and modality in (None, sidecar.modality):
        modality, unit = sidecar.modality, sidecar.unit
        if sidecar.factor != 1 and array.ndim == 3:
            array = array.astype(np.result_type(array.dtype, np.float32), copy=False) * float(sidecar.factor)
        notes += sidecar.notes
    try:
        modality, unit = _meaning(content.texts, array, modality, unit)
    except ValueError as error:
        raise InputError(
            f"What '{path}' says of its modality and unit is not known ({error}): take these lines out of its header."
        ) from error
    volume = Volume(
        array,
        content.ijk_to_lps,
        modality,
        unit,
        name=path.name,
        frame_of_reference=content.texts.get(_KEY + "frame_of_reference"),
        place=content.place,
        is_fused=FUSED_KEY in content.texts,
        notes=tuple(Note("{volume}: {said}.", names={"volume": path.name}, said=note) for note in notes),
    )
    check_voxels(volume)
    return volume


def geometry_of_file(path: str | os.PathLike[str]) -> tuple[NDArray[np.float64], tuple[int, ...], Place] | None:
    """Where an NRRD or NIfTI says that its voxels lie: 4x4 to LPS in mm, shape (K, J, I), and what the matrix is worth.

    Looks at the header alone; None for a file of another kind, and for a header that is none.
    """
    path = Path(path)
    readers = {".nrrd": nrrd_geometry, ".nhdr": nrrd_geometry, ".nii": nifti_geometry, ".nii.gz": nifti_geometry, ".hdr": nifti_geometry}
    read = readers.get(_suffix(path, VOLUME_SUFFIXES) or "")
    try:
        return None if read is None else read(path)
    except (DamagedError, InputError, OSError):
        return None


def is_fused_file(path: str | os.PathLike[str]) -> bool:
    """True for an NRRD or NIfTI that `write_volume` wrote of a fused volume; looks at the header alone.

    Raises:
        InputError: a header that is none.
    """
    path = Path(path)
    reader = {".nrrd": nrrd_texts, ".nhdr": nrrd_texts, ".nii": nifti_texts, ".nii.gz": nifti_texts, ".hdr": nifti_texts}
    read = reader.get(_suffix(path, VOLUME_SUFFIXES) or "")
    try:
        return read is not None and FUSED_KEY in read(path)
    except DamagedError as error:
        raise InputError(f"The file '{path}' cannot be read as an image because {error}: copy or export it again.") from error


def check_voxels(volume: Volume) -> None:
    """Raise `InputError` when voxels are not finite or all the same: such a volume would give a wrong or an empty picture."""
    if volume.array.size == 0:
        raise InputError(f"The volume '{volume.name}' has no voxels: check the file.")
    if np.issubdtype(volume.array.dtype, np.floating):
        bad = volume.array.size - np.count_nonzero(np.isfinite(volume.array))
        if bad:
            raise InputError(
                f"The volume '{volume.name}' has {bad} voxels that are no numbers (NaN or infinite): export it again or fill them."
            )
    if volume.array.min() == volume.array.max():
        raise InputError(f"The volume '{volume.name}' has the same value in every voxel, so there is nothing to see: check the file.")


def write_volume(volume: Volume, path: str | os.PathLike[str]) -> None:
    """Write NRRD or NIfTI, compressed; at no time is there a half-written file of that name.

    NRRD keeps the geometry exactly, and modality, unit, name, frame of reference and "not for diagnostic use" as key/value pairs.
    NIfTI keeps the geometry in float32 (about 1e-5 mm), and one note. What does not lie in the patient is written without sides.

    Args:
        volume: voxels of any type that the formats know; bool becomes uint8, float16 float32.
        path: ends in .nrrd, .nii.gz or .nii (which is not compressed); its folder exists.

    Raises:
        InputError: another suffix; no such folder, no right to write, disk full; a sheared grid as NIfTI, which cannot hold it.
    """
    path = Path(path)
    _check_name(path)
    suffix = _suffix(path, WRITABLE_SUFFIXES)
    if suffix is None:
        raise InputError(f"'{path}' cannot be written: give the file a name that ends in {', '.join(WRITABLE_SUFFIXES)}.")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"The folder '{path.parent}' does not exist or may not be written: choose another folder.")
    is_nrrd = suffix == ".nrrd"
    if not is_nrrd and np.abs(volume.direction.T @ volume.direction - np.eye(3)).max() > 1e-5:
        raise InputError(f"The grid of '{volume.name}' is sheared (tilted gantry), which NIfTI cannot hold: write NRRD.")

    array = _writable(volume.array)
    header = nrrd_header(volume, array, _notes(volume)) if is_nrrd else nifti_header(volume, array, _note(volume))
    try:
        with atomic_file(path) as part, part.open("wb") as file:
            if is_nrrd:
                file.write(header)
            with nullcontext(file) if suffix == ".nii" else gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as target:
                if not is_nrrd:
                    target.write(header)
                for slice_ in slices_of(array):  # one at a time, so that packing needs no second volume
                    target.write(np.ascontiguousarray(slice_).astype(array.dtype.newbyteorder("<"), copy=False).data)
    except OSError as error:
        raise InputError(f"The file '{path}' could not be written: make room on the disk, or choose another folder.") from error


def _writable(array: NDArray) -> NDArray:
    """Of a type that the formats know."""
    if array.dtype == bool:
        return array.astype(np.uint8)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _note(volume: Volume) -> str:
    return f"{MADE_BY_FUSION if volume.is_fused else 'Written by LCDFusion'} {__version__}, not for diagnostic use"


def _notes(volume: Volume) -> dict[str, str]:
    """Key and value pairs of an NRRD: what the format itself has no field for."""
    notes = {
        "note": f"{_note(volume)}. {DISCLAIMER}",
        "modality": volume.modality.value,
        "unit": volume.unit.value,
        "name": volume.name,
        "frame_of_reference": volume.frame_of_reference,
        "fused": "yes" if volume.is_fused else None,
    }
    return {_KEY + key: value for key, value in notes.items() if value}


def _check_name(path: Path) -> None:
    """Raise `InputError` for a name that is not Unicode, as in old archives: SimpleITK ends the whole process over it."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"The name '{path}' has letters of an old encoding: rename the file or folder.") from error


def _readable_suffix(path: Path) -> str:
    suffix = _suffix(path, (*VOLUME_SUFFIXES, ".img", *PICTURE_SUFFIXES))
    if path.is_dir():
        raise InputError(f"'{path}' is a folder, not an image file: choose a file in it, or read it as a DICOM series.")
    if not path.is_file():
        raise InputError(f"There is no file '{path}': check the name.")
    if suffix in (None, ".hdr", ".img"):
        check_not_foreign(path)
    if suffix is None:
        raise InputError(f"'{path}' is no NRRD, NIfTI, MetaImage, PNG or JPEG file: choose one, or the folder of a DICOM series.")
    if path.stat().st_size == 0:
        raise InputError(f"The file '{path}' is empty: copy or export it again.")
    if not os.access(path, os.R_OK):
        raise InputError(f"The file '{path}' may not be read by you: ask for the right to read it, or copy it.")
    return suffix


def _content(path: Path, suffix: str, *, self_contained: bool) -> FileContent:
    """What the file holds, decoded here: no other reader ever sees its header (decision 90)."""
    try:
        if suffix in PICTURE_SUFFIXES:
            return read_picture(path)
        if suffix in (".nrrd", ".nhdr"):
            return read_nrrd(path, self_contained=self_contained)
        if suffix in (".mha", ".mhd"):
            return read_metaimage(path, self_contained=self_contained)
        return read_nifti(path)
    except (DamagedError, OSError) as error:
        reason = str(error) if isinstance(error, DamagedError) else error.strerror or str(error)
        raise InputError(
            f"The file '{path}' cannot be read as an image because {reason}: it is damaged, cut short or not what its name says; "
            "copy or export it again."
        ) from error


def _gray_or_rgb(array: NDArray, path: Path) -> NDArray:
    """(K, J, I), or (K, J, I, 3) of 8 bit."""
    if array.ndim == 3:
        return array
    components = array.shape[3]
    if array.dtype != np.uint8 or components > 4:
        raise InputError(
            f"The file '{path}' has {components} values in each voxel: save one of them as a volume, or a colour image as 8-bit RGB."
        )
    if components in (2, 4) and (array[..., -1] == 255).all():  # opaque, as most PNGs with an alpha channel
        array = array[..., :-1]
        components -= 1
    if components in (2, 4):
        raise InputError(f"The file '{path}' has transparent pixels: save it without transparency.")
    is_gray = (array == array[..., :1]).all()
    return np.ascontiguousarray(array[..., 0] if is_gray else array)


def _meaning(texts: Mapping[str, str], array: NDArray, modality: Modality | None, unit: Unit | None) -> tuple[Modality, Unit]:
    """Modality and unit: first what the caller says, then what this library wrote into the file, then a cautious guess."""
    written = texts.get(_KEY + "modality")
    if unit is None and written is not None and modality in (None, written):
        unit = Unit(texts.get(_KEY + "unit"))
    if modality is None and written is not None:
        modality = Modality(written)
    if modality is None and unit is not None:
        modality = _MODALITY_OF_UNIT.get(unit, Modality.OTHER)
    if modality is None:
        modality = Modality.CT if looks_like_ct(array) else Modality.OTHER
    return modality, unit or (Unit.HU if modality is Modality.CT else Unit.RELATIVE)


def looks_like_ct(array: NDArray) -> bool:
    """Values below -500 beside positive ones are air and tissue in Hounsfield units; what else is fused has none."""
    return bool(array.min() < -500 and array.max() > 0)


def _suffix(path: Path, known: tuple[str, ...]) -> str | None:
    return next((suffix for suffix in sorted(known, key=len, reverse=True) if path.name.lower().endswith(suffix)), None)
