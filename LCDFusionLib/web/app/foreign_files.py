"""Image files that come from a browser must hold their voxels themselves.

NRRD and MetaImage may name another file that has them: any file that this machine can read would be shown to whoever uploads such a header.
"""

from __future__ import annotations

from pathlib import Path

from LCDFusionLib.errors import InputError

_HEADER = 1 << 20


def check_self_contained(file: Path) -> None:
    """Raise `InputError` for a NRRD or MetaImage file whose voxels lie in another file."""
    with file.open("rb") as opened:
        start = opened.read(_HEADER)
    name = file.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        header = start.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        is_whole = not any(line.replace(b" ", b"").lower().startswith(b"datafile:") for line in header.split(b"\n"))
    elif name.endswith((".mha", ".mhd")):
        places = [line.partition(b"=")[2].strip() for line in start.splitlines() if line.partition(b"=")[0].strip() == b"ElementDataFile"]
        is_whole = places[:1] == [b"LOCAL"]
    else:
        is_whole = True
    if not is_whole:
        raise InputError(f"'{file.name}' holds no voxels but names another file that does; save the volume in one file (NRRD or NIfTI).")
