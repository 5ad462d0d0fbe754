"""`lcdfusion fuse ANATOMY FUNCTION -o OUT`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from LCDFusionLib.dicom import KINDS
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE
from LCDFusionLib.images.window import PRESETS, Window
from LCDFusionLib.pipeline import Prepared, Result, fuse
from LCDFusionLib.pipeline.output_folder import check_target
from LCDFusionLib.pipeline.result import RESULT

from .bars import bars


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("fuse", help="fuse an anatomy and a function volume", description=__doc__)
    parser.add_argument("anatomy", type=Path, help="CT or MR: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("function", type=Path, help="PET or SPECT: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything that is written")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    parser.add_argument("--anatomy-series", metavar="SERIES", help="which series of the anatomy folder: number, description or UID")
    parser.add_argument("--function-series", metavar="SERIES", help="which series of the function folder")
    add_fusion_options(parser)
    parser.set_defaults(run=run)


def add_fusion_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how a pair is fused, for every command that fuses."""
    parser.add_argument("--window", help=f"of the anatomy: {', '.join(PRESETS)}, auto, or WIDTH/LEVEL")
    parser.add_argument("--function-max", type=float, metavar="VALUE", help="value shown as full uptake (default SUV 10)")
    parser.add_argument("--color-table", choices=list(COLOR_TABLES), default=DEFAULT_COLOR_TABLE, help="colours of the function")
    parser.add_argument("--weights", default="auto", help="ct-pet, mr-pet, or a .pt file (default: by the anatomy's modality)")
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto", help="where the network runs")
    parser.add_argument(
        "--precision",
        choices=("float32", "tf32", "float16", "bfloat16"),
        default="float32",
        help="of convolutions: tf32 and float16 for an NVIDIA GPU, bfloat16 for processors that have it (%(default)s)",
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="slices at a time on a GPU (default: by its free memory)")
    parser.add_argument("--anatomy-modality", choices=("CT", "MR"), help="of an anatomy file (default: told by its values)")
    parser.add_argument("--function-unit", choices=("SUVbw", "relative"), help="of a function file (default: what it says, else relative)")
    parser.add_argument("--relative", action="store_true", help="go on with relative intensities where a PET lacks what SUV needs")
    parser.add_argument("--dicom", action="store_true", help="write the DICOM series even if the anatomy is not DICOM")
    parser.add_argument(
        "--confirm-mismatch",
        metavar="WHAT",
        default="",
        help=f"fuse although the headers do not agree; WHAT names in what: {', '.join(KINDS)} (several with commas between)",
    )
    parser.add_argument("--deidentify", action="store_true", help="take the patient out of all that is written (PS3.15 basic profile)")
    align = parser.add_mutually_exclusive_group()
    align.add_argument("--register", action="store_true", help="move the function rigidly onto the anatomy first")
    align.add_argument("--transform", type=Path, metavar="FILE", help="move it by this transform (.tfm or .h5, from 3D Slicer or register)")
    parser.add_argument("--deformable", action="store_true", help="with --register: then bend it smoothly too, as breathing does")


def fusion_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The options of `add_fusion_options` as arguments of `LCDFusionLib.fuse`, with `settings` among them."""
    settings = FusionSettings(
        window=_window(options.window),
        function_upper=options.function_max,
        weights=options.weights,
        device=options.device,
        precision=options.precision,
        batch_size=options.batch_size,
        color_table=options.color_table,
    )
    names = ("anatomy_modality", "function_unit", "relative", "confirm_mismatch", "register", "deformable", "transform")
    return {"settings": settings, **{name: getattr(options, name) for name in names}}


def run(options: argparse.Namespace) -> None:
    """Read both inputs, fuse them, write everything, say where it is."""
    dicom = True if options.dicom else None
    check_target(options.output, overwrite=options.overwrite, contents=RESULT)

    def planned(prepared: Prepared) -> None:
        prepared.check_output(options.output, overwrite=options.overwrite, dicom=dicom)
        print(prepared.line)

    with bars() as progress:
        result = fuse(
            options.anatomy,
            options.function,
            anatomy_series=options.anatomy_series,
            function_series=options.function_series,
            **fusion_arguments(options),
            planned=planned,
            progress=progress,
            on_disk=True,
        )
    not_written = result.write(options.output, overwrite=options.overwrite, dicom=dicom, deidentify=options.deidentify)
    say(result, not_written, options.output)


def say(result: Result, not_written: tuple[str, ...], folder: Path) -> None:
    """What came of it, what is to be minded, and where it is."""
    for mismatch in result.mismatches:
        print(f"MISMATCH, confirmed: {mismatch.text}")
    for note in (*result.notes, *not_written):
        print(f"note: {note}")
    seconds = result.prepared.seconds["fuse"]
    print(f"fused {len(result.metrics)} slices on {result.fused.device} in {seconds:.1f} s; look at {folder / 'overview.png'}")


def _window(text: str | None) -> str | Window | None:
    if text is None or text == "auto" or text in PRESETS:
        return text
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)/(-?\d+(?:\.\d+)?)", text):
        return Window(width=float(match[1]), level=float(match[2]))
    raise InputError(f"There is no window '{text}'; choose one of {', '.join(PRESETS)}, auto, or WIDTH/LEVEL such as 350/40.")
