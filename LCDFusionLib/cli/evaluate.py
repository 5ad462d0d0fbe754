"""`lcdfusion evaluate SET ... -o OUT`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from LCDFusionLib.errors import InputError

from .output_folder import check_target, whole_folder

if TYPE_CHECKING:  # they load torch, which is only needed once the command runs
    from LCDFusionLib.evaluation.comparison import Measured
    from LCDFusionLib.evaluation.methods import FusedFolder, Method
    from LCDFusionLib.evaluation.pair_sets import PairSet

DESCRIPTION = """
Fuses pairs of images that no training saw with several methods, measures every fused image, and writes for each SET a folder with
  table.md, table.csv   mean, standard deviation and rank of each method, metric by metric
  values.csv            every pair and method
  bars.png, radar.png   the table as pictures
  sheet.png             what the fused images look like: look at it before you believe a number
"""

EPILOG = """
SET is one of
  pet-mri, pet-mri-scalar      held-out brain atlas series; FDG PET as the luma of its colours, or as the uptake that these stand for
  spect-mri, spect-mri-scalar  the same for SPECT
  ct-pet-mediastinum           held-out sarcoma patients, CT window 350/40, PET from SUV 0 (black) to 10 (white)
  ct-pet-lung                  the same in CT window 1400/-700
  mr-pet                       held-out sarcoma patients, T1 MR
or a folder with anatomy/ and function/ that hold 8-bit PNG files of equal names (a coloured function counts by its luma).

Methods: average, maximum, laplacian-pyramid, guided-filter, a-trous, latlrr, and `network`, our shipped weights for the set. anatomy-only
and function-only are no fusion: they show what a plain copy of one source scores, and are not ranked. To add a method of your own, write
the pairs with --images, fuse them with your program into PNG files of the same names, and give that folder with --fused.

Read QABF and VIF together with QABF_function, VIF_function and SCD_function: a copy of the anatomy wins the first two.
Images are rounded to 8 bits (0..255) before they are fused and again before they are measured, for every method alike.
"""

NETWORK = "network"
METHODS = ("average", "maximum", "laplacian-pyramid", "guided-filter", "a-trous", "latlrr", NETWORK, "anatomy-only", "function-only")
FILES = ("values.csv", "table.csv", "table.md", "bars.png", "radar.png", "sheet.png", "images")
"""What is written for each set."""


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
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="holds brain-atlas and pet-ct-mr-sarcoma (for the named sets)")
    parser.add_argument("--methods", metavar="A,B,C", help="only these of the methods below (default: all)")
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME_OR_FILE",
        help="further weights: ct-pet, mr-pet or a .pt file; may be repeated",
    )
    parser.add_argument(
        "--fused",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="fused images of another program, a PNG of each pair's name (in a folder of the set's name, if there is one); may be repeated",
    )
    parser.add_argument("--pairs", type=int, metavar="N", help="at most N pairs of each set, evenly chosen, for a quick look")
    parser.add_argument("--images", action="store_true", help="write all pairs and fused images as PNG, too")
    parser.add_argument("--device", default="cpu", help="where the network runs, for example cuda (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything that is written, one folder a set in it")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fuse, measure and write; then say where the tables are."""
    from LCDFusionLib.evaluation.pair_sets import TITLES, names_of, pair_set

    chosen = _chosen(options.methods)
    contents = {*TITLES, *(Path(name).resolve().name for name in options.sets)}
    check_target(options.output, overwrite=options.overwrite, contents=contents)
    if options.pairs is not None and options.pairs < 1:
        raise InputError(f"--pairs must be at least 1, not {options.pairs}.")
    sets = [pair_set(name, options.data).at_most(options.pairs) for name in options.sets]
    names_of(sets)
    methods = [_methods(chosen, each, options) for each in sets]

    pixels = sum(pair.anatomy.size * (len(used) + 2) for each, used in zip(sets, methods, strict=True) for pair in each.pairs)
    with whole_folder(
        options.output, overwrite=options.overwrite, contents=contents, bytes_needed=20_000_000 + options.images * pixels
    ) as folder:
        total = sum(len(each.pairs) * len(used) for each, used in zip(sets, methods, strict=True))
        with tqdm(total=total, unit="image", smoothing=0.05, disable=None) as progress:
            for each, used in zip(sets, methods, strict=True):
                progress.set_description(each.name)
                (folder / each.name).mkdir()
                _evaluate(each, used, folder / each.name, progress, with_images=options.images)
    for each in sets:
        print(f"{each.name}: {len(each.pairs)} pairs; look at {options.output / each.name / 'sheet.png'} and table.md beside it")


def _chosen(text: str | None) -> list[str]:
    """Names of the methods asked for, each once."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip())) if text is not None else list(METHODS)
    for name in names:
        if name not in METHODS:
            raise InputError(f"There is no method '{name}': choose from {', '.join(METHODS)}.")
    return names


def _methods(chosen: Sequence[str], pairs: PairSet, options: argparse.Namespace) -> list[Method | FusedFolder]:
    """The methods for one set: built-in ones, weights, folders; warnings last."""
    from LCDFusionLib.evaluation.methods import BUILT_IN, WARNINGS, FusedFolder, Network

    methods: list[Method | FusedFolder] = [BUILT_IN[name] for name in chosen if name in BUILT_IN and name not in WARNINGS]
    for text in options.fused:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise InputError(f"--fused {text} cannot be read: write NAME=FOLDER, for example --fused CDDFuse=results/cddfuse.")
        external = FusedFolder(name, Path(folder), pairs.name)
        external.check(pairs.pairs)
        methods.append(external)
    weights = dict.fromkeys([*(pairs.weights if NETWORK in chosen else ()), *options.weights])
    methods += [Network(name, device=options.device) for name in weights]
    methods += [BUILT_IN[name] for name in chosen if name in WARNINGS]
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two methods are called '{name}': rename a weights file, or the name before '=' in --fused.")
    if not names:
        raise InputError("There is no method to evaluate: name some with --methods, --weights or --fused.")
    return methods


def _evaluate(pairs: PairSet, methods: Sequence[Method | FusedFolder], folder: Path, progress: tqdm, *, with_images: bool) -> None:
    """One set, into its folder."""
    from LCDFusionLib.evaluation.charts import draw_bars, draw_radar
    from LCDFusionLib.evaluation.comparison import compare
    from LCDFusionLib.evaluation.methods import WARNINGS, Network
    from LCDFusionLib.evaluation.png import write_png
    from LCDFusionLib.evaluation.sheet import draw_sheet, pairs_to_show
    from LCDFusionLib.evaluation.table import tabulate, write_csv, write_markdown, write_values

    shown = pairs_to_show(pairs.pairs)
    to_draw: dict[tuple[str, str], Measured] = {}
    if with_images:
        for pair in pairs.pairs:
            write_png(pair.anatomy, folder / "images" / "anatomy" / f"{pair.name}.png")
            write_png(pair.function, folder / "images" / "function" / f"{pair.name}.png")
    measured = []
    for row in compare(pairs.pairs, methods):
        measured.append(row)
        if any(row.pair == pair.name for pair in shown):
            to_draw[row.pair, row.method] = row
        if with_images:
            write_png(row.fused, folder / "images" / row.method / f"{row.pair}.png")
        progress.update()
    table = tabulate(measured, warnings=WARNINGS)
    ours = [method.name for method in methods if isinstance(method, Network)]
    write_values(measured, folder / "values.csv")
    write_csv(table, folder / "table.csv")
    write_markdown(table, folder / "table.md", title=pairs.title)
    draw_bars(table, folder / "bars.png", title=pairs.title, highlighted=ours)
    draw_radar(table, folder / "radar.png", title=pairs.title, highlighted=ours)
    draw_sheet(shown, to_draw, table.methods, folder / "sheet.png", title=pairs.title)
