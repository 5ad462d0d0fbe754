"""NIfTI-1 (nifti1.h): one file (.nii, .nii.gz), or a pair (.hdr, .img).

Where several parts of the header place the voxels, the sform alone counts (METHOD 3), as for nibabel, FSL and SPM; ITK takes the qform.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

from .damage import DamagedError
from .file_content import FileContent, centred, check_geometry, check_sizes, corner_distance
from .volume import LPS_TO_RAS, Place, Volume
from .voxel_data import read_exactly, voxel_array

HEADER_SIZE = 348
_DATA_START = 352  # of a single file, the four bytes that announce extensions included
_NIFTI_2, _GZIP = 540, b"\x1f\x8b"

_HEADER = np.dtype(
    {
        "names": ["sizeof_hdr", "dim", "datatype", "bitpix", "pixdim", "vox_offset", "scl_slope", "scl_inter", "xyzt_units", "descrip"]
        + ["qform_code", "sform_code", "quatern", "qoffset", "srow", "magic"],
        "formats": ["<i4", "<8i2", "<i2", "<i2", "<8f4", "<f4", "<f4", "<f4", "u1", "S80"]
        + ["<i2", "<i2", "<3f4", "<3f4", "<(3,4)f4", "V4"],
        "offsets": [0, 40, 70, 72, 76, 108, 112, 116, 123, 148, 252, 254, 256, 268, 280, 344],
        "itemsize": HEADER_SIZE,
    }
)
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8", 128: "u1", 2304: "u1"}
_COMPONENTS = {128: 3, 2304: 4}  # RGB24, RGBA32
_COMPLEX = (32, 1792, 2048)
_CODE_OF_TYPE = {np.dtype(name): code for code, name in _TYPES.items() if code not in _COMPONENTS}
_UNITS = {0: (1.0, "mm"), 1: (1000.0, "metres"), 2: (1.0, "mm"), 3: (0.001, "micrometres")}
MADE_BY_FUSION = "Derived by LCDFusion"
"""How the note in a fused image begins, by which it is known again."""


def read_nifti(path: Path) -> FileContent:
    """Read one image.

    Raises:
        DamagedError: header and voxels contradict each other, or a number of the header that counts is none that it can be.
        InputError: an image of another kind; more than three dimensions; complex voxels.
    """
    header_file, voxel_file = _files(path)
    with header_file.open("rb") as file:
        header = _parse(_first_bytes(file), path, is_pair=header_file != voxel_file)
    sizes, components = _sizes(header, path)
    dtype = np.dtype(_TYPES[int(header["datatype"])]).newbyteorder(header.dtype["dim"].base.byteorder)
    length = check_sizes(sizes) * components * dtype.itemsize
    start = _voxel_start(header, is_pair=header_file != voxel_file)
    with voxel_file.open("rb") as file:
        is_packed = file.read(2) == _GZIP
        file.seek(0)
        content = read_exactly(file, start + length, "gzip" if is_packed else "raw")
    shape = sizes[::-1]
    if int(header["datatype"]) in _COMPONENTS:
        array = voxel_array(content, dtype, (*shape, components), start)
    else:  # vectors lie in planes, as the fifth dimension
        array = voxel_array(content, dtype, (components, *shape), start)
        array = array[0] if components == 1 else np.moveaxis(array, 0, -1)
    matrix, place, notes = _geometry(header, shape)
    return FileContent(_scaled(array, header), matrix, place, _texts(header), tuple(notes))


def nifti_geometry(path: Path) -> tuple[NDArray[np.float64], tuple[int, ...], Place]:
    """4x4 to LPS in mm, shape (K, J, I), and what the matrix is worth; reads the header alone, raises as `read_nifti`."""
    header_file, voxel_file = _files(path)
    with header_file.open("rb") as file:
        header = _parse(_first_bytes(file), path, is_pair=header_file != voxel_file)
    shape = _sizes(header, path)[0][::-1]
    matrix, place, _ = _geometry(header, shape)
    return matrix, shape, place


def nifti_texts(path: Path) -> dict[str, str]:
    """What of the key and value pairs of an NRRD the header says; raises as `read_nifti`."""
    header_file, voxel_file = _files(path)
    with header_file.open("rb") as file:
        return _texts(_parse(_first_bytes(file), path, is_pair=header_file != voxel_file))


def _texts(header: np.void) -> dict[str, str]:
    described = bytes(header["descrip"]).split(b"\0")[0].decode("latin-1")
    return {"LCDFusion_fused": "yes"} if described.startswith(MADE_BY_FUSION) else {}


def nifti_header(volume: Volume, array: NDArray, note: str) -> bytes:
    """Header of a single file: sform and qform alike, both of code 1 (scanner), or 0 outside the patient; colour as RGB24.

    Args:
        volume: whose place is written; its grid is not sheared.
        array: the voxels as they will follow, (K, J, I) or (K, J, I, 3).
        note: for people, at most 79 letters are kept.

    Raises:
        InputError: a type of voxels, or a size, that the format does not have.
    """
    type_code = 128 if volume.is_color else _CODE_OF_TYPE.get(array.dtype)
    if type_code is None or max(volume.shape) > np.iinfo(np.int16).max:
        raise InputError(f"NIfTI cannot hold '{volume.name}' ({array.dtype}, {volume.shape}): write NRRD.")
    to_ras = volume.ijk_to_ras
    direction = to_ras[:3, :3] / volume.spacing
    is_left_handed = np.linalg.det(direction) < 0
    header = np.zeros((), _HEADER)
    header["sizeof_hdr"] = HEADER_SIZE
    header["dim"] = [3, *volume.shape[::-1], 1, 1, 1, 1]
    header["datatype"], header["bitpix"] = type_code, array.dtype.itemsize * 8 * (3 if volume.is_color else 1)
    header["pixdim"] = [-1 if is_left_handed else 1, *volume.spacing, 0, 0, 0, 0]
    header["vox_offset"], header["xyzt_units"], header["descrip"] = _DATA_START, 2, note.encode("ascii", "replace")[:79]
    header["scl_slope"] = 1
    header["magic"] = b"n+1\0"
    if not volume.in_patient_space:
        return header.tobytes() + bytes(_DATA_START - HEADER_SIZE)
    header["qform_code"] = header["sform_code"] = 1
    header["quatern"] = _quaternion(direction * [1, 1, -1 if is_left_handed else 1])
    header["qoffset"], header["srow"] = to_ras[:3, 3], to_ras[:3]
    return header.tobytes() + bytes(_DATA_START - HEADER_SIZE)


def _files(path: Path) -> tuple[Path, Path]:
    """Those of header and voxels."""
    if path.suffix.lower() not in (".hdr", ".img"):
        return path, path
    is_upper = path.suffix.isupper()
    files = [path.with_suffix(suffix.upper() if is_upper else suffix) for suffix in (".hdr", ".img")]
    for file in files:
        if not file.is_file():
            raise InputError(f"'{path}' is half of a pair: put '{file.name}' beside it.")
    return files[0], files[1]


def _first_bytes(file: BinaryIO) -> bytes:
    start = file.read(HEADER_SIZE)
    if not start.startswith(_GZIP):
        return start
    file.seek(0)
    try:
        return gzip.GzipFile(fileobj=file).read(HEADER_SIZE)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(f"it is packed, and damaged or cut short ({error})") from error


def _parse(start: bytes, path: Path, *, is_pair: bool) -> np.void:
    if len(start) < HEADER_SIZE:
        raise DamagedError(f"it has {len(start)} of the {HEADER_SIZE} bytes of a NIfTI header")
    sizes = {order: int.from_bytes(start[:4], order) for order in ("little", "big")}  # type: ignore[call-overload]
    if _NIFTI_2 in sizes.values():
        raise InputError(
            f"'{path}' is NIfTI-2: convert it to NIfTI-1, for instance with nibabel's nib-convert or FreeSurfer's mri_convert."
        )
    order = next((order for order, size in sizes.items() if size == HEADER_SIZE), None)
    if order is None:
        raise DamagedError("it does not begin as NIfTI does")
    header: np.void = np.frombuffer(start, _HEADER if order == "little" else _HEADER.newbyteorder(">"))[0]
    magic = bytes(header["magic"])
    if magic not in (b"n+1\0", b"ni1\0"):
        raise InputError(
            f"'{path}' is Analyze 7.5, which does not say which side is left: convert the original again, for instance with dcm2niix, "
            "or, where you know the side, this file with fslchfiletype."
        )
    if (magic == b"ni1\0") != is_pair:
        raise DamagedError(
            "its header is of a pair (.hdr, .img), its name is not" if not is_pair else "its header is of a single file (.nii)"
        )
    return header


def _sizes(header: np.void, path: Path) -> tuple[tuple[int, ...], int]:
    """Sizes along i, j, k, and the values a voxel."""
    code, dim = int(header["datatype"]), [int(size) for size in header["dim"]]
    if not 1 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise DamagedError(f"its header has impossible dimensions ({dim})")
    sizes = dim[1 : dim[0] + 1] + [1] * 7
    if sizes[3] > 1 or max(sizes[5:7]) > 1:
        there = dim[1 : dim[0] + 1]
        while there[-1] == 1:
            there.pop()
        raise InputError(
            f"The file '{path}' has {len(there)} dimensions ({' x '.join(map(str, there))}): save one time point or channel as a volume."
        )
    if code in _COMPLEX:
        raise InputError(f"The file '{path}' has complex voxels: save its magnitude.")
    if code not in _TYPES:
        raise DamagedError(f"its voxels are of a type that is not known (datatype {code})")
    components = _COMPONENTS.get(code, 1)
    bits = np.dtype(_TYPES[code]).itemsize * components * 8
    if int(header["bitpix"]) != bits:
        raise DamagedError(f"its datatype {code} has {bits} bits a voxel, its bitpix says {int(header['bitpix'])}")
    return tuple(sizes[:3]), components * sizes[4]


def _voxel_start(header: np.void, *, is_pair: bool) -> int:
    offset = float(header["vox_offset"])
    lowest = 0 if is_pair else _DATA_START
    if not np.isfinite(offset) or offset != int(offset) or not lowest <= offset < 1 << 30:
        raise DamagedError(f"its voxels cannot begin at byte {offset:g}, as its header says")
    return int(offset)


def _scaled(array: NDArray, header: np.void) -> NDArray:
    """The values by scl_slope and scl_inter; a slope of 0, or none (NaN), means that there is no scaling."""
    slope, shift = float(header["scl_slope"]), float(header["scl_inter"])
    if int(header["datatype"]) in _COMPONENTS or slope == 0 or not np.isfinite(slope) or (slope, shift) == (1, 0):
        return array
    if not np.isfinite(shift):
        raise DamagedError(f"its scl_inter is {shift}")
    kind = np.result_type(array.dtype, np.float32)
    return array.astype(kind) * kind.type(slope) + kind.type(shift)


def _geometry(header: np.void, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], Place, list[str]]:
    """4x4 to LPS in mm, what it is worth, and notes."""
    codes = int(header["sform_code"]), int(header["qform_code"])
    if min(codes) < 0 or max(codes) > 5:
        raise DamagedError(f"its sform and qform codes are {codes[0]} and {codes[1]}")
    if (units := int(header["xyzt_units"]) & 7) not in _UNITS:
        raise DamagedError(f"its unit of length (xyzt_units {units}) is not known")
    factor, unit = _UNITS[units]
    scale = np.array([[factor], [factor], [factor], [1.0]])
    pixdim = header["pixdim"].astype(np.float64)
    notes = [f"its lengths are in {unit} and were converted to mm"] if factor != 1 else []
    if codes[0]:
        sform = np.eye(4)
        sform[:3] = header["srow"]
        used = check_geometry(scale * sform, "its sform")
        notes += _contradictions(used, scale, header, shape)
    elif codes[1]:
        used = check_geometry(scale * _qform(header), "its qform")
    else:
        # The middle at the origin, the axes as they mostly are: nibabel's and SPM's guess.
        used = check_geometry(scale * centred(_checked_pixdim(pixdim), shape, (-1, 1, 1)), "its pixdim")
        return LPS_TO_RAS @ used, Place.UNSAID, notes
    if max(codes) >= 3:
        notes.append("its coordinates are those of an atlas, not of a scanner")
    return LPS_TO_RAS @ used, Place.PATIENT, notes


def _contradictions(used: NDArray[np.float64], scale: NDArray[np.float64], header: np.void, shape: tuple[int, ...]) -> list[str]:
    """Where qform or pixdim put the voxels elsewhere than the sform, which is used."""
    pixdim = np.abs(header["pixdim"][1:4].astype(np.float64)) * scale[0, 0]
    spacing = np.linalg.norm(used[:3, :3], axis=0)
    if int(header["qform_code"]):
        try:
            qform = check_geometry(scale * _qform(header), "its qform")
        except DamagedError as error:
            return [f"its sform was used, because {error}"]
        apart, voxels = corner_distance(used, qform, shape)
        if voxels > 0.5:
            return [f"its sform and qform put it up to {apart:.1f} mm apart; the sform was used, as nibabel, FSL and SPM do (ITK does not)"]
    elif not (np.abs(pixdim - spacing) * (np.array(shape[::-1]) - 1) <= spacing / 2).all():
        says, is_so = (" x ".join(f"{x:.4g}" for x in three) for three in (pixdim, spacing))
        return [f"its pixdim says voxels of {says} mm and its sform of {is_so} mm; the sform was used"]
    return []


def _checked_pixdim(pixdim: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (np.isfinite(pixdim[1:4]).all() and (pixdim[1:4] > 0).all()):
        raise DamagedError(f"its pixdim holds no distances between voxels ({', '.join(f'{x:g}' for x in pixdim[1:4])})")
    return pixdim[1:4]


def _qform(header: np.void) -> NDArray[np.float64]:
    """METHOD 2 of nifti1.h."""
    pixdim = header["pixdim"].astype(np.float64)
    b, c, d = header["quatern"].astype(np.float64)
    rest = 1.0 - (b * b + c * c + d * d)
    if not np.isfinite(pixdim[0]) or not rest > -1e-4:
        raise DamagedError("its qform is no rotation")
    if rest < 1e-7:  # half a turn: only rounding is left of the fourth number
        a, (b, c, d) = 0.0, np.array([b, c, d]) / np.sqrt(b * b + c * c + d * d)
    else:
        a = np.sqrt(rest)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * _checked_pixdim(pixdim) * [1, 1, -1 if pixdim[0] < 0 else 1]
    matrix[:3, 3] = header["qoffset"]
    return matrix


def _quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(b, c, d) of a rotation, with a >= 0: the eigenvector of the largest eigenvalue (Bar-Itzhack 2000)."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    symmetric = [  # of which the lower half alone is read
        [xx + yy + zz, 0, 0, 0],
        [zy - yz, xx - yy - zz, 0, 0],
        [xz - zx, xy + yx, yy - xx - zz, 0],
        [yx - xy, xz + zx, yz + zy, zz - xx - yy],
    ]
    a, *bcd = np.linalg.eigh(symmetric, UPLO="L")[1][:, -1]
    return np.array(bcd) * (-1.0 if a < 0 else 1.0)
