"""Image files that are not DICOM: NRRD, NIfTI, MetaImage, and PNG or JPEG as volumes of one slice."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

VOLUME_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
WRITABLE_SUFFIXES = (".nrrd", ".nii", ".nii.gz")

_KEY = "LCDFusion_"  # of the NRRD key/value pairs that keep what the format itself has no field for
_MODALITY_OF_UNIT = {Unit.HU: Modality.CT, Unit.SUVBW: Modality.PET, Unit.BQML: Modality.PET}


def read_volume(path: str | os.PathLike[str], *, modality: Modality | None = None, unit: Unit | None = None) -> Volume:
    """Read one image file.

    A PNG or JPEG becomes a volume of one slice of 1 mm voxels. A colour image whose channels are equal becomes a gray one.

    Args:
        path: NRRD, NIfTI, MetaImage, PNG or JPEG.
        modality: what made the image. None: what this library wrote into the file; else what the unit says; else CT where values
            reach below -500; else OTHER.
        unit: what a voxel means. None: what this library wrote into the file; else HU for CT, RELATIVE for all others. A PET from elsewhere
            is in SUVbw only when told so.

    Raises:
        InputError: no such file; a name that is not Unicode; empty, damaged, cut short or no image; 4-D, vector or complex voxels; a
            sheared grid in NIfTI; NaN or constant voxels.
    """
    path = Path(path)
    _check_name(path)
    suffix = _readable_suffix(path)
    image = _read_image(path, suffix)
    array = _gray_or_rgb(image, path)
    if image.GetDimension() == 2:
        array = array[np.newaxis]
        image = sitk.JoinSeries(image)
    matrix = np.eye(4)
    if suffix not in PICTURE_SUFFIXES:
        matrix = geometry_matrix(np.array(image.GetSpacing()), np.array(image.GetDirection()), np.array(image.GetOrigin()))
    modality, unit = _meaning(image, array, modality, unit)
    volume = Volume(
        array,
        matrix,
        modality,
        unit,
        name=path.name,
        frame_of_reference=_written(image, "frame_of_reference"),
        in_patient_space=suffix not in PICTURE_SUFFIXES,
        is_fused=_written(image, "fused") is not None,
    )
    check_voxels(volume)
    return volume


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

    NRRD keeps the geometry to 1e-9 mm, and modality, unit, name, frame of reference and "not for diagnostic use" as key/value pairs.
    NIfTI keeps the geometry in float32 (about 1e-5 mm), and one note.

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

    try:
        with atomic_file(path) as part:
            kind = ".nrrd" if is_nrrd else ".nii"  # in small letters, as ITK knows it
            plain = part.with_name(part.name[: -len(suffix)] + kind)
            try:
                sitk.WriteImage(_image(volume), str(plain), is_nrrd)
                if not is_nrrd:
                    _check_nifti_size(plain)  # ITK leaves a cut file behind on a full disk and says nothing
                if suffix == ".nii.gz":
                    with plain.open("rb") as source, gzip.open(part, "wb", compresslevel=4) as target:
                        shutil.copyfileobj(source, target, 1 << 20)
                elif plain != part:
                    plain.replace(part)
            finally:
                if plain != part:
                    plain.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        raise InputError(f"The file '{path}' could not be written: make room on the disk, or choose another folder.") from error


def _image(volume: Volume) -> sitk.Image:
    array = volume.array
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    image = sitk.GetImageFromArray(array, isVector=volume.is_color)
    image.SetSpacing(volume.spacing.tolist())
    image.SetDirection(volume.direction.ravel().tolist())
    image.SetOrigin(volume.origin.tolist())
    note = f"Derived by LCDFusion {__version__}, not for diagnostic use"
    image.SetMetaData("ITK_FileNotes", note)  # NIfTI's descrip, 79 characters
    notes = {"note": f"{note}. {DISCLAIMER}", "modality": volume.modality.value, "unit": volume.unit.value, "name": volume.name}
    if volume.frame_of_reference:
        notes["frame_of_reference"] = volume.frame_of_reference
    if volume.is_fused:
        notes["fused"] = "yes"
    for key, value in notes.items():
        image.SetMetaData(_KEY + key, value)
    return image


def _check_name(path: Path) -> None:
    """Raise `InputError` for a name that is not Unicode, as in old archives: SimpleITK ends the whole process over it."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"The name '{path}' has letters of an old encoding: rename the file or folder.") from error


def _readable_suffix(path: Path) -> str:
    suffix = _suffix(path, VOLUME_SUFFIXES + PICTURE_SUFFIXES)
    if path.is_dir():
        raise InputError(f"'{path}' is a folder, not an image file: choose a file in it, or read it as a DICOM series.")
    if not path.is_file():
        raise InputError(f"There is no file '{path}': check the name.")
    if suffix is None:
        raise InputError(f"'{path}' is no NRRD, NIfTI, MetaImage, PNG or JPEG file: choose one, or the folder of a DICOM series.")
    if path.stat().st_size == 0:
        raise InputError(f"The file '{path}' is empty: copy or export it again.")
    if not os.access(path, os.R_OK):
        raise InputError(f"The file '{path}' may not be read by you: ask for the right to read it, or copy it.")
    return suffix


def _read_image(path: Path, suffix: str) -> sitk.Image:
    """The image, its voxels read only when they are of a kind that can be fused."""
    try:
        with _plain_file(path, suffix) as plain:
            reader = sitk.ImageFileReader()
            reader.SetFileName(str(plain))
            reader.ReadImageInformation()
            _check_kind(reader, path)
            if suffix.startswith(".nii"):
                _check_nifti_size(plain)  # ITK fills what is missing with zeros and says nothing
            return reader.Execute()
    except (RuntimeError, OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise InputError(
                f"The temporary folder '{tempfile.gettempdir()}' has no room to unpack '{path}': make room there or set TMPDIR."
            ) from error
        if "orthonormal" in str(error):
            raise InputError(
                f"The grid of '{path}' is sheared, which cannot be read from NIfTI: resample it, or convert it to NRRD."
            ) from error
        raise InputError(
            f"The file '{path}' cannot be read as an image: it is damaged, cut short or not what its name says; copy or export it again."
        ) from error


@contextmanager
def _plain_file(path: Path, suffix: str) -> Iterator[Path]:
    """The file itself, or .nii.gz unpacked elsewhere.

    ITK takes the voxels of `pet.nii` for those of `pet.nii.gz` where both lie in one folder, and fills a cut .gz with zeros without a word;
    gzip does neither.
    """
    if suffix != ".nii.gz":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="lcdfusion-") as folder:
        plain = Path(folder) / "volume.nii"
        with gzip.open(path) as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield plain


def _check_kind(reader: sitk.ImageFileReader, path: Path) -> None:
    size, components, pixel = reader.GetSize(), reader.GetNumberOfComponents(), reader.GetPixelID()
    if reader.GetDimension() > 3:
        raise InputError(
            f"The file '{path}' has {len(size)} dimensions ({' x '.join(map(str, size))}): save one time point or channel as a volume."
        )
    if pixel in (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64):
        raise InputError(f"The file '{path}' has complex voxels: save its magnitude.")
    if components > 1 and not (pixel == sitk.sitkVectorUInt8 and components <= 4):
        raise InputError(
            f"The file '{path}' has {components} values in each voxel: save one of them as a volume, or a colour image as 8-bit RGB."
        )


def _check_nifti_size(path: Path) -> None:
    """Raise `OSError` when an unpacked NIfTI file is shorter than its header says."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    sizes = [int(reader.GetMetaData(f"dim[{axis}]")) for axis in range(1, 1 + int(reader.GetMetaData("dim[0]")))]
    voxels = int(np.prod([max(1, size) for size in sizes], dtype=np.int64))
    needed = float(reader.GetMetaData("vox_offset")) + voxels * int(reader.GetMetaData("bitpix")) // 8
    if path.stat().st_size < needed:
        raise OSError(f"{path.name} has {path.stat().st_size} of {needed:.0f} bytes")


def _gray_or_rgb(image: sitk.Image, path: Path) -> NDArray:
    array = sitk.GetArrayFromImage(image)
    components = image.GetNumberOfComponentsPerPixel()
    if components in (2, 4) and (array[..., -1] == 255).all():  # opaque, as most PNGs with an alpha channel
        array = array[..., :-1]
        components -= 1
    if components in (2, 4):
        raise InputError(f"The file '{path}' has transparent pixels: save it without transparency.")
    if components == 1:
        return array.reshape(image.GetSize()[::-1])
    is_gray = (array[..., 0] == array[..., 1]).all() and (array[..., 0] == array[..., 2]).all()
    return array[..., 0] if is_gray else array


def _meaning(image: sitk.Image, array: NDArray, modality: Modality | None, unit: Unit | None) -> tuple[Modality, Unit]:
    """Modality and unit: first what the caller says, then what this library wrote into the file, then a cautious guess."""
    written = _written(image, "modality")
    if unit is None and written is not None and modality in (None, written):
        unit = Unit(_written(image, "unit"))
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


def _written(image: sitk.Image, key: str) -> str | None:
    return image.GetMetaData(_KEY + key) if image.HasMetaDataKey(_KEY + key) else None


def _suffix(path: Path, known: tuple[str, ...]) -> str | None:
    return next((suffix for suffix in sorted(known, key=len, reverse=True) if path.name.lower().endswith(suffix)), None)
