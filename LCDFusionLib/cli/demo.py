"""`lcdfusion demo`: two digital phantoms, written as DICOM and fused through the same door as any study; then the viewer."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from LCDFusionLib import DISCLAIMER, phantom
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.pipeline import fuse, fusion_worker
from LCDFusionLib.pipeline.output_folder import check_target, whole_folder
from LCDFusionLib.pipeline.result import RESULT

from . import view
from .bars import bars
from .fuse import say

DEFAULT_OUTPUT = Path("lcdfusion-demo")
STUDY = ("CT", "MR", "PT")
"""What a phantom's study may hold."""

# A thorax is read in both windows; the demo shows the one in which its nodes lie.
CASES = (("thorax", phantom.thorax, FusionSettings(window="mediastinum")), ("head", phantom.head, FusionSettings()))


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("demo", help="make two phantom studies and fuse them", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT, help="folder for the results (default: %(default)s)")
    parser.add_argument("--case", choices=[name for name, *_ in CASES], help="one of the phantoms alone")
    parser.add_argument("--weights", default="auto", help="ct-pet, mr-pet, or a .pt file (default: by the anatomy's modality)")
    parser.add_argument("--no-view", action="store_true", help="do not open the viewer at the end, although there is a browser")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make each phantom, write it as DICOM, fuse it, say where the pictures are, and open the viewer if somebody looks on."""
    pictures = []
    cases = [case for case in CASES if options.case in (None, case[0])]
    for name, *_ in cases:
        check_target(options.output / name, overwrite=True, contents=RESULT)
        check_target(options.output / f"{name}_study", overwrite=True, contents=STUDY)
    with fusion_worker() as worker:
        for name, make, settings in cases:
            print(f"== {name}: a digital phantom, no patient")
            made = make()
            output, study = options.output / name, options.output / f"{name}_study"
            with whole_folder(study, overwrite=True, contents=STUDY, bytes_needed=50_000_000) as folder:
                phantom.write_study(made, folder)
            anatomy, function = (study / volume.modality.value for volume in (made.anatomy, made.function))
            with bars() as progress:
                result = fuse(
                    anatomy,
                    function,
                    replace(settings, weights=options.weights),
                    planned=lambda prepared: print(prepared.line),
                    progress=progress,
                    worker=worker,
                )
            say(result, result.write(output, overwrite=True), output)
            for lesion in made.lesions:
                x, y, z = lesion.centre
                print(f"lesion in the phantom: {lesion.name}, SUV {lesion.suv:g}, at x {x:.0f} y {y:.0f} z {z:.0f} mm")
            pictures.append(output / "overview.png")
    print("\nLook at the pictures:", *pictures, sep="\n  ")
    if options.no_view or not view.somebody_looks_on():
        print("\nThe same in the browser: lcdfusion view", DISCLAIMER, sep="\n")
        return
    print("\nThe same in the browser:")
    view.serve(view.on_own_machine(), open_browser=True)
