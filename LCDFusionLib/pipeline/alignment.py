"""The function moved, or bent, onto the anatomy; and the files to judge that by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import CONTROL_SPACING, Deformation, deform, given_deformation
from LCDFusionLib.images.mutual_information import Progress
from LCDFusionLib.images.registration import Registration, move, register, rotation_degrees
from LCDFusionLib.images.transform_files import read_transform, write_transform

from .alignment_picture import write_alignment_picture
from .inputs import Input

ALIGNMENT = ("registration.tfm", "deformation.h5", "registration.png")
"""What `write_alignment` may write."""

_DOUBTED_MM = 5.0  # how far from the scanner's own place a registration raises the question which of the two is right


def find_registration(anatomy: Input, function: Input, progress: Progress | None = None) -> Registration:
    """The rigid motion of the function onto the anatomy; InputError where the two cannot be aligned."""
    registration = register(function.volume, anatomy.volume, progress=progress)
    registration.check(function.volume, anatomy.volume)
    return registration


def find_deformation(anatomy: Input, moved: Input, progress: Progress | None = None) -> Deformation:
    """How what was registered is bent further; InputError where the result would not be safe."""
    deformation = deform(moved.volume, anatomy.volume, progress=progress)
    deformation.check(moved.volume, anatomy.volume)
    return deformation


def given_registration(path: Path, anatomy: Input) -> tuple[Registration, Deformation | None]:
    """A transform that the user made or kept: a registration of which no quality is known, and the deformation of one that is not rigid.

    Raises:
        InputError: it cannot be read, or must not be used.
    """
    nan = float("nan")
    matrix, transform = read_transform(path)
    deformation = None if transform is None else given_deformation(transform, anatomy.volume)
    if deformation is not None and deformation.problem:
        raise InputError(f"The transform '{path}' must not be used: {deformation.problem}; give another one, or a rigid one.")
    return Registration(matrix, nan, nan, 0, 0, nan, nan), deformation


def moved_input(function: Input, anatomy: Input, registration: Registration) -> Input:
    """The function in its new place, with what the user has to know of it; the original stays as it is."""
    if registration.starts:
        note = f"The function was registered rigidly: {registration.quality}; compare before you trust it."
        frames = anatomy.volume.frame_of_reference, function.volume.frame_of_reference
        if all(frames) and frames[0] == frames[1] and registration.shift_mm > _DOUBTED_MM:
            note += " The scanner says that the two lay on each other already; its word counts more where little of the body is in both."
    else:
        turned = rotation_degrees(registration.matrix)
        note = f"The function was moved by a transform that the user gave (turned by {turned:.1f} degrees); compare before you trust it."
    source = function.source and replace(function.source, ijk_to_lps=registration.matrix @ function.source.ijk_to_lps)
    volume = move(function.volume, anatomy.volume, registration.matrix)
    return replace(function, volume=volume, source=source, notes=(*function.notes, note))


def deformed_input(function: Input, anatomy: Input, deformation: Deformation) -> Input:
    """The moved function, to be read through a deformation, with what the user has to know of it."""
    note = f"The function was deformed (not only moved): {deformation.quality}; shapes and volumes of uptake are changed by that."
    return replace(function, deformation=deformation, notes=(*function.notes, note))


def alignment_facts(registration: Registration, deformation: Deformation | None = None) -> dict[str, Any]:
    """What a report says, ready for JSON."""
    facts: dict[str, Any] = {
        "kind": "rigid" if deformation is None else "deformable",
        "function_to_anatomy_lps_mm": registration.matrix.tolist(),
        "rotation_degrees": rotation_degrees(registration.matrix),
    }
    if registration.starts:
        facts |= {
            "method": "Mattes mutual information, two resolutions, several starts",
            "shift_mm": registration.shift_mm,
            "mutual_information": registration.mutual_information,
            "mutual_information_before": registration.before,
            "agreeing_starts": registration.agreeing_starts,
            "starts": registration.starts,
            "overlap": registration.overlap,
            "turned_degrees": registration.turned_degrees,
            "best_other_order_of_axes": registration.rival,
        }
    if deformation is not None:
        facts["deformation"] = {
            "method": f"cubic B-splines, {CONTROL_SPACING:g} mm between control points, Mattes mutual information",
            "most_mm": deformation.most_mm,
            "smallest_volume": deformation.smallest_volume,
            "largest_volume": deformation.largest_volume,
        }
        if deformation.before > 0:
            facts["deformation"] |= {"mutual_information": deformation.mutual_information, "mutual_information_before": deformation.before}
        else:
            facts["deformation"]["method"] = "given by the user"
    return facts


def write_alignment(folder: Path, anatomy: Input, before: Input, after: Input, registration: Registration, *, title: str) -> None:
    """Write the transform, the deformation where there is one, and the picture to judge them by, with `title` and what is known of both."""
    write_transform(registration.matrix, folder / "registration.tfm")
    quality = [registration.quality] if registration.starts else []
    if after.deformation is not None:
        write_transform(registration.matrix, folder / "deformation.h5", after.deformation.transform)
        quality.append(f"deformed: {after.deformation.quality}")
    volumes = anatomy.volume, before.volume, after.volume
    write_alignment_picture(*volumes, folder / "registration.png", title="\n".join([title, *quality]), deformation=after.deformation)
