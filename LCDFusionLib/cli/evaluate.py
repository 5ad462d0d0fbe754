"""`lcdfusion evaluate SET ... -o OUT`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from LCDFusionLib.errors import InputError
from LCDFusionLib.pipeline.output_folder import check_target, whole_folder

if TYPE_CHECKING:  # they load torch, which is only needed once the command runs
    from LCDFusionLib.evaluation.checks import Check
    from LCDFusionLib.evaluation.methods import FusedFolder, Method
    from LCDFusionLib.evaluation.pair_sets import PairSet

DESCRIPTION = """
Fuses images that the shipped weights never saw with several methods, measures every fused image, and writes for each SET a folder with
  table.md, table.csv   mean, standard deviation and rank of each method, metric by metric
  values.csv            every pair and method
  bars.png, radar.png   the table as pictures
  sheet.png             what the fused images look like: look at it before you believe a number
"""

EPILOG = """
for example: lcdfusion evaluate ct-pet-lung lesions-ct --data DATA -o RESULT

SET is one of
  pet-mri, pet-mri-scalar      held-out brain atlas series; FDG PET as the luma of its colours, or as the uptake that these stand for
                               (training saw the same brain in another plane: the atlas has only one with PET)
  spect-mri, spect-mri-scalar  the same for SPECT, of brains that training never saw
  ct-pet-mediastinum           held-out sarcoma patients, CT window 350/40, PET from SUV 0 (black) to 10 (white)
  ct-pet-lung                  the same in CT window 1400/-700
  mr-pet                       held-out sarcoma patients, T1 MR
or a folder with anatomy/ and function/ that hold 8-bit PNG files of equal names (a coloured function counts by its luma),
or a check beyond the metrics, whose folder has cases.csv, table.md, dots.png and sheet.png:
  lesions-ct, lesions-mr            lesions whose place is known (phantoms, lung tumours, sarcomas): PET contrast, contrast to noise, the
                                    anatomy's edges inside, and the colour difference in the fused colour image against a 50/50 blend
  under-uptake-ct, under-uptake-mr  known anatomy under uptake at the top of the range (a bronchus in a hot mass, texture in a tumour), and
                                    uptake of SUV 3 to 12 on air, tissue and white: is it there, in gray and in colour?
  added-uptake-ct, added-uptake-mr  spots of uptake are added: is the fused image anywhere darker for it?
  flicker-ct, flicker-mr            change from slice to slice against that of the sources

Methods: average, maximum, laplacian-pyramid, guided-filter, a-trous, latlrr, and `network`, our shipped weights for the set. anatomy-only
and function-only are no fusion: they show what a plain copy of one source scores, and are not ranked. overlay, which has to be named, is
the formula that training teaches our networks. To add a method of your own, write the pairs with --images, fuse them with your program
into PNG files of the same names, and give that folder with --fused.

Read QABF and VIF together with QABF_function, VIF_function and SCD_function: a copy of the anatomy wins the first two.
Weights that were trained on a patient or series among the pairs, and what turns out to be a copy of one source, are not ranked. SCD
counts as 0 where it is undefined, as the fused image equals a source.
Images are rounded to 8 bits (0..255) before they are fused and again before they are measured, for every method alike.
"""

NETWORK = "network"
SOURCES = ("anatomy", "function")
"""Folders of --images that no method may take."""
METHODS = ("average", "maximum", "laplacian-pyramid", "guided-filter", "a-trous", "latlrr", NETWORK, "anatomy-only", "function-only")
OVERLAY = "overlay"
"""Left out unless it is named."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="compare fusion methods on pairs of images",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sets", nargs="+", metavar="SET", help="what to evaluate on: see below")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="holds brain-atlas, pet-ct-mr-sarcoma and lung-lesion-crops (for the named sets)"
    )
    parser.add_argument("--methods", metavar="A,B,C", help="only these of the methods below (default: all)")
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="[NAME=]WEIGHTS",
        help="further weights: ct-pet, mr-pet or a .pt file, and the name to give them; may be repeated",
    )
    parser.add_argument(
        "--fused",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="fused images of another program, a PNG of each pair's name (in a folder of the set's name, if there is one); may be repeated",
    )
    parser.add_argument("--pairs", type=int, metavar="N", help="at most N pairs (or cases) of each set, evenly chosen, for a quick look")
    parser.add_argument(
        "--images", action="store_true", help="write all pairs and fused images as PNG, too (of a check, the fused image that is drawn)"
    )
    parser.add_argument(
        "--device", choices=("auto", "cuda", "mps", "cpu"), default="cpu", help="where the network runs (default: %(default)s)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything that is written, one folder a set in it")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fuse, measure and write; then say where the tables are."""
    from LCDFusionLib.evaluation.catalogue import CHECKS, check_names, find
    from LCDFusionLib.evaluation.evaluate import evaluate
    from LCDFusionLib.evaluation.pair_sets import TITLES

    chosen = _chosen(options.methods)
    contents = {*TITLES, *CHECKS, *(Path(name).resolve().name for name in options.sets)}
    check_target(options.output, overwrite=options.overwrite, contents=contents)
    if options.pairs is not None and options.pairs < 1:
        raise InputError(f"--pairs must be at least 1, not {options.pairs}.")
    found = [find(name, options.data).at_most(options.pairs) for name in options.sets]
    check_names(found)
    work = [(each, _methods(chosen, each, options)) for each in found]

    pixels = sum(pair.anatomy.size * (len(methods) + 2) for each, methods in work for pair in each.pairs)
    needed = 20_000_000 + (pixels if options.images else 0)
    with whole_folder(options.output, overwrite=options.overwrite, contents=contents, bytes_needed=needed) as folder:
        total = sum(len(each) * len(methods) for each, methods in work)
        with tqdm(total=total, smoothing=0.05, disable=None) as progress:
            for each, methods in work:
                progress.set_description(each.name)
                (folder / each.name).mkdir()
                evaluate(each, methods, folder / each.name, done=progress.update, images=options.images)
    for each in found:
        print(f"{each.name}: look at {options.output / each.name / 'sheet.png'} and at table.md beside it")


def _chosen(text: str | None) -> list[str]:
    """Names of the methods asked for, each once."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip())) if text is not None else list(METHODS)
    for name in names:
        if name not in (*METHODS, OVERLAY):
            raise InputError(f"There is no method '{name}': choose from {', '.join((*METHODS, OVERLAY))}.")
    return names


def _methods(chosen: Sequence[str], pairs: PairSet | Check, options: argparse.Namespace) -> list[Method | FusedFolder]:
    """The methods for one set: built-in ones, weights, folders; warnings last."""
    from LCDFusionLib.evaluation.methods import BUILT_IN, WARNINGS, FusedFolder, Network, Overlay

    methods: list[Method | FusedFolder] = [BUILT_IN[name] for name in chosen if name in BUILT_IN and name not in WARNINGS]
    methods += [Overlay()] if OVERLAY in chosen else []
    for text in options.fused:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise InputError(f"--fused {text} cannot be read: write NAME=FOLDER, for example --fused CDDFuse=results/cddfuse.")
        external = FusedFolder(_checked(name), Path(folder), pairs.name)
        external.check(pairs.pairs)
        methods.append(external)
    for text in dict.fromkeys([*(pairs.weights if NETWORK in chosen else ()), *options.weights]):
        name, equals, file = text.partition("=")
        if equals and not Path(text).is_file():
            methods.append(Network(file, name=_checked(name), device=options.device))
        else:
            methods.append(Network(text, device=options.device))
    methods += [BUILT_IN[name] for name in chosen if name in WARNINGS]
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two methods are called '{name}': give another name before '=' in --weights or --fused.")
    if not names:
        raise InputError("There is no method to evaluate: name some with --methods, --weights or --fused.")
    return methods


def _checked(name: str) -> str:
    """The name of a method, which is that of a folder, too."""
    if not re.fullmatch(r"[\w.+-]+", name) or name in SOURCES:
        raise InputError(f"A method cannot be called '{name}': take letters and digits, and neither of {', '.join(SOURCES)}.")
    return name
