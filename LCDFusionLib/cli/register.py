"""`lcdfusion register ANATOMY FUNCTION -o OUT`: find how the function has to be moved, and show it; nothing is resampled."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.images.registration import Registration, move, read_transform, register, rotation_degrees, write_transform

from .inputs import Input, check_belonging, check_not_the_same, mismatch_kinds, read_anatomy, read_function
from .output_folder import check_target, whole_folder
from .registration_picture import write_registration_picture

RESULT = ("registration.tfm", "registration.png", "registration.json")
"""What a result may hold."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("register", help="align a function volume with an anatomy volume", description=__doc__)
    parser.add_argument("anatomy", type=Path, help="CT or MR: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("function", type=Path, help="PET or SPECT: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for transform, picture and figures")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    parser.add_argument("--anatomy-series", metavar="SERIES", help="which series of the anatomy folder: number, description or UID")
    parser.add_argument("--function-series", metavar="SERIES", help="which series of the function folder")
    parser.add_argument("--confirm-mismatch", metavar="WHAT", default="", help="as for fuse")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Register, write transform, picture and figures, say whether it can be trusted."""
    confirmed = mismatch_kinds(options.confirm_mismatch)
    check_target(options.output, overwrite=options.overwrite, contents=RESULT)
    check_not_the_same(options.anatomy, options.function, series_chosen=bool(options.anatomy_series and options.function_series))
    anatomy = read_anatomy(options.anatomy, series=options.anatomy_series)
    function = read_function(options.function, series=options.function_series, relative=True)
    check_belonging(anatomy, function, confirmed)
    registration = find_registration(anatomy, function)
    moved = moved_input(function, anatomy, registration)
    with whole_folder(options.output, overwrite=options.overwrite, contents=RESULT, bytes_needed=5_000_000) as folder:
        write_transform(registration.matrix, folder / "registration.tfm")
        title = f"{anatomy.volume.name} + {function.volume.name}\n{registration.quality}"
        write_registration_picture(anatomy.volume, function.volume, moved.volume, folder / "registration.png", title=title)
        facts = {"disclaimer": DISCLAIMER, **registration_facts(registration)}
        (folder / "registration.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(registration.quality)
    print(
        f"look at {options.output / 'registration.png'}; use it with: lcdfusion fuse ... --transform {options.output / 'registration.tfm'}"
    )


def find_registration(anatomy: Input, function: Input) -> Registration:
    """Register with a bar; InputError where the two cannot be aligned."""
    with tqdm(total=100, desc="registering", unit="%", disable=None) as bar:
        registration = register(function.volume, anatomy.volume, progress=lambda part: bar.update(int(100 * part) - bar.n))
    registration.check(function.volume, anatomy.volume)
    return registration


def given_registration(path: Path) -> Registration:
    """A transform that the user made or kept, as a registration of which no quality is known."""
    nan = float("nan")
    return Registration(read_transform(path), nan, nan, 0, 0, nan, nan)


def moved_input(function: Input, anatomy: Input, registration: Registration) -> Input:
    """The function in its new place, with what the user has to know of it; the original stays as it is."""
    if registration.starts:
        note = f"The function was registered rigidly: {registration.quality}; compare before you trust it."
    else:
        turned = rotation_degrees(registration.matrix)
        note = f"The function was moved by a transform that the user gave (turned by {turned:.1f} degrees); compare before you trust it."
    source = function.source and replace(function.source, ijk_to_lps=registration.matrix @ function.source.ijk_to_lps)
    volume = move(function.volume, anatomy.volume, registration.matrix)
    return replace(function, volume=volume, source=source, notes=(*function.notes, note))


def registration_facts(registration: Registration) -> dict[str, Any]:
    """What a report says, ready for JSON."""
    facts: dict[str, Any] = {
        "kind": "rigid",
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
        }
    return facts
