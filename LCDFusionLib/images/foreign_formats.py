"""Formats of this field that are not read here, each with the program that converts it."""

from __future__ import annotations

from pathlib import Path

from LCDFusionLib.errors import InputError

_BY_SUFFIX = {
    (".mgz", ".mgh"): ("a FreeSurfer volume", "convert it to NIfTI with mri_convert"),
    (".hv", ".hs", ".h33", ".i33", ".v.hdr"): ("Interfile", "convert it to NIfTI or DICOM with medcon (XMedCon)"),
    (".v",): ("ECAT", "convert it to NIfTI with ecatpet2bids (PET2BIDS) or medcon (XMedCon)"),
    (".mnc",): ("MINC", "convert it to NIfTI with mnc2nii"),
    (".par", ".rec"): ("Philips PAR/REC", "convert it to NIfTI with dcm2niix"),
    (".head", ".brik", ".brik.gz"): ("AFNI", "convert it to NIfTI with 3dAFNItoNIFTI"),
    (".hdr.gz", ".img.gz"): ("a packed pair", "unpack both files with gunzip"),
    (".tif", ".tiff"): ("TIFF", "save it as NRRD or NIfTI with ImageJ or 3D Slicer, with its spacing"),
    (".vtk", ".vti", ".gipl", ".lsm"): ("a format of others", "save it as NRRD or NIfTI with 3D Slicer"),
}
_BY_CONTENT = {
    b"!INTERFILE": (".hv",),
    b"! INTERFILE": (".hv",),
    b"MATRIX7": (".v",),
    b"\x89HDF\r\n\x1a\n": (".mnc",),
}


def check_not_foreign(path: Path) -> None:
    """Raise `InputError`, naming the program that converts it, for a file of a format that is known but not read here."""
    name = path.name.lower()
    for suffixes, (what, advice) in _BY_SUFFIX.items():
        if name.endswith(suffixes):
            raise InputError(f"'{path}' is {what}, which is not read here: {advice}.")
    with path.open("rb") as file:
        start = file.read(200).lstrip()
    for magic, suffix in _BY_CONTENT.items():
        if start.startswith(magic) and not name.endswith(".h5"):
            what, advice = next(found for suffixes, found in _BY_SUFFIX.items() if suffix[0] in suffixes)
            raise InputError(f"'{path}' is {what}, which is not read here: {advice}.")
