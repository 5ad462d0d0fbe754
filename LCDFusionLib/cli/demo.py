"""`lcdfusion demo`: two digital phantoms, written as DICOM and fused through the same door as any study."""

from __future__ import annotations

import argparse
from pathlib import Path

from LCDFusionLib import DISCLAIMER, phantom
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.images.volume import Unit

from .fuse import fuse_to_folder
from .inputs import read_anatomy, read_function
from .output_folder import whole_folder

DEFAULT_OUTPUT = Path("lcdfusion-demo")

# A thorax is read in both windows; the demo shows the one in which its nodes lie.
CASES = (("thorax", phantom.thorax, FusionSettings(window="mediastinum")), ("head", phantom.head, FusionSettings()))


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("demo", help="make two phantom studies and fuse them", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT, help="folder for the results (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make each phantom, write it as DICOM, fuse it, and say where the pictures are."""
    pictures = []
    for name, make, settings in CASES:
        print(f"== {name}: a digital phantom, no patient")
        made = make()
        output = options.output / name
        with whole_folder(options.output / f"{name}_study", overwrite=True, bytes_needed=50_000_000) as study:
            phantom.write_study(made, study)
        study = options.output / f"{name}_study"
        anatomy = read_anatomy(study / made.anatomy.modality.value, series=None, modality=None)
        function = read_function(study / made.function.modality.value, series=None, unit=Unit.RELATIVE, relative=False)
        fuse_to_folder(anatomy, function, settings, output, overwrite=True, with_dicom=True, times={})
        for lesion in made.lesions:
            x, y, z = lesion.centre
            print(f"lesion in the phantom: {lesion.name}, SUV {lesion.suv:g}, at x {x:.0f} y {y:.0f} z {z:.0f} mm")
        pictures.append(output / "overview.png")
    print("\nLook at the pictures:", *pictures, sep="\n  ")
    print(DISCLAIMER)
