"""`lcdfusion ablate`: train every variant of the network alike, and compare them on pairs that training never saw."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from LCDFusionLib.errors import InputError
from LCDFusionLib.interrupts import held

from .resumable import resumable
from .train import check_seed

LEAST_CROP = 41
"""Pixels; VIF has no value on less."""
SETS = ("pet-mri-scalar", "spect-mri-scalar", "ct-pet-mediastinum", "ct-pet-lung", "mr-pet")
"""Held-out pairs of `lcdfusion evaluate`; clinical PET and SPECT are scalar, not coloured."""
CHECKS = ("under-uptake-ct", "under-uptake-mr", "lesions-ct", "lesions-mr")
"""Of `lcdfusion evaluate`: what the eight metrics do not see."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("ablate", help="compare the variants of the network", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds brain-atlas, pet-ct-mr-sarcoma and thorax-ct")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the ablation; started again on it, it goes on")
    parser.add_argument("--steps", type=int, default=1500, help="optimiser steps of each variant (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=4, help="crops a step (default: %(default)s)")
    parser.add_argument("--crop", type=int, default=48, help=f"edge of a crop in pixels, at least {LEAST_CROP} (default: %(default)s)")
    parser.add_argument("--loss", choices=("default", "paper"), default="default", help="of which preset (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=8, help="held-out pairs of each data set (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="of weights and crops, the same for all (default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, compare, and say where tables and pictures are."""
    for name, least in (("steps", 1), ("batch", 1), ("crop", LEAST_CROP), ("pairs", 1)):
        if getattr(options, name) < least:
            raise InputError(f"--{name} must be at least {least}, got {getattr(options, name)}.")
    check_seed(options.seed)
    from LCDFusionLib.evaluation.pair_sets import pair_set
    from LCDFusionLib.training.ablation import run_ablation
    from LCDFusionLib.training.ablation_report import write_report
    from LCDFusionLib.training.card import describe
    from LCDFusionLib.training.data import ATLAS_HELD_OUT, training_data
    from LCDFusionLib.training.presets import PRESETS
    from LCDFusionLib.training.sarcoma import HELD_OUT
    from LCDFusionLib.training.trainer import training_device

    # One validation, at the end: all variants are compared after the same number of steps.
    preset = replace(
        PRESETS["default"],
        loss=PRESETS[options.loss].loss,
        steps=options.steps,
        steps_per_epoch=options.steps,
        batch_size=options.batch,
        crop=options.crop,
    )
    print("reading the training data")
    try:
        data = training_data(options.data, "both")
        held_out = {name: list(pair_set(name, options.data).at_most(options.pairs).pairs) for name in SETS}
    except FileNotFoundError as error:
        raise InputError(f"The training data are not complete: {error}") from error
    card = describe(data, kind="ablation", never_seen=(*ATLAS_HELD_OUT, *HELD_OUT), split="by patient and series, fixed", seed=options.seed)
    device = training_device(options.device)
    try:
        with resumable(options.output):
            run_ablation(data, held_out, options.output, preset, seed=options.seed, device=device, card=card, held=held)
    except OSError as error:
        raise InputError(f"The folder '{options.output}' cannot be used ({error.strerror}); choose another with -o.") from error
    written = [*write_report(options.output, held_out), *check_variants(options.output, options.data)]
    print("tables and pictures:", *written, sep="\n  ")


def check_variants(folder: Path, data: Path | None, names: Sequence[str] = CHECKS) -> list[Path]:
    """Every variant of a finished ablation on checks of `lcdfusion evaluate`, a folder each; their tables."""
    from LCDFusionLib.evaluation.catalogue import find
    from LCDFusionLib.evaluation.evaluate import evaluate
    from LCDFusionLib.evaluation.methods import Network
    from LCDFusionLib.training.ablation import VARIANTS

    checks = [find(name, data) for name in names]
    variants = [Network(folder / name / "best.pt", name=name) for name in VARIANTS]
    with tqdm(total=sum(map(len, checks)) * len(variants), smoothing=0.05, disable=None) as progress:
        for check in checks:
            progress.set_description(check.name)
            (folder / check.name).mkdir(exist_ok=True)
            evaluate(check, variants, folder / check.name, done=progress.update)
    return [folder / name / "table.md" for name in names]
