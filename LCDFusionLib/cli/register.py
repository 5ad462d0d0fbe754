"""`lcdfusion register ANATOMY FUNCTION -o OUT`: find how the function has to be moved, and show it; nothing is resampled."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.interrupts import held
from LCDFusionLib.pipeline.alignment import (
    ALIGNMENT,
    alignment_facts,
    deformed_input,
    find_deformation,
    find_registration,
    moved_input,
    write_alignment,
)
from LCDFusionLib.pipeline.inputs import check_belonging, check_not_the_same, mismatch_kinds, read_anatomy, read_function
from LCDFusionLib.pipeline.output_folder import check_target, whole_folder
from LCDFusionLib.pipeline.progress import Watch

from .bars import bars

RESULT = (*ALIGNMENT, "registration.json")
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
    parser.add_argument(
        "--deformable", action="store_true", help="then bend it smoothly too, as breathing does (also written: deformation.h5)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Register, write transform, picture and figures, say whether it can be trusted."""
    confirmed = mismatch_kinds(options.confirm_mismatch)
    check_target(options.output, overwrite=options.overwrite, contents=RESULT)
    check_not_the_same(options.anatomy, options.function, series_chosen=bool(options.anatomy_series and options.function_series))
    anatomy = read_anatomy(options.anatomy, series=options.anatomy_series)
    function = read_function(options.function, series=options.function_series, relative=True)
    check_belonging(anatomy, function, confirmed)
    with bars() as progress:
        watch = Watch(progress)
        registration = find_registration(anatomy, function, watch.of_stage("register"))
        moved = moved_input(function, anatomy, registration)
        if options.deformable:
            moved = deformed_input(moved, anatomy, find_deformation(anatomy, moved, watch.of_stage("deform")))
    with whole_folder(options.output, overwrite=options.overwrite, contents=RESULT, bytes_needed=5_000_000) as folder, held():
        title = f"{anatomy.volume.name} + {function.volume.name}"
        write_alignment(folder, anatomy, function, moved, registration, title=title)
        facts = {"disclaimer": DISCLAIMER, **alignment_facts(registration, moved.deformation)}
        (folder / "registration.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(registration.quality)
    if moved.deformation is not None:
        print(f"deformed: {moved.deformation.quality}")
    transform = options.output / ("registration.tfm" if moved.deformation is None else "deformation.h5")
    print(f"look at {options.output / 'registration.png'}; use it with: lcdfusion fuse ... --transform {transform}")
