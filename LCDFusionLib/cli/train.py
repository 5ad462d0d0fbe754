"""`lcdfusion train`: train a set of weights, or repeat the paper's protocol on public data."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from LCDFusionLib.errors import InputError
from LCDFusionLib.interrupts import held

from .resumable import resumable

if TYPE_CHECKING:
    from LCDFusionLib.network import LoadedWeights
    from LCDFusionLib.training.data import TrainingData
    from LCDFusionLib.training.presets import Preset
    from LCDFusionLib.training.samples import SlicePair

SHIPPED_KINDS = ("ct-pet", "mr-pet", "both")
PAPER_KINDS = ("atlas-pet-mri", "atlas-spect-mri", "sarcoma-ct-lung", "sarcoma-ct-mediastinum")


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("train", help="train weights on public data", description=__doc__)
    parser.add_argument(
        "kind",
        choices=(*SHIPPED_KINDS, *PAPER_KINDS),
        metavar="KIND",
        help=f"weights that ship ({', '.join(SHIPPED_KINDS)}; 'both' gives a common start for the two), "
        f"or an experiment as in the paper ({', '.join(PAPER_KINDS)})",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds brain-atlas, pet-ct-mr-sarcoma and thorax-ct")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run; started again on it, the run resumes")
    parser.add_argument("--preset", choices=("default", "paper"), help="protocol (default: paper for the paper's experiments)")
    parser.add_argument(
        "--split",
        choices=("random", "group"),
        default="random",
        help="of the paper's experiments: pairs at random as in the paper, or patients and series whole (default: %(default)s)",
    )
    parser.add_argument("--alpha", type=float, help="weight of the paper's gradient term, in place of 10")
    parser.add_argument("--steps", type=int, help="optimiser steps, in place of the preset's")
    parser.add_argument("--learning-rate", type=float, help="in place of the preset's")
    parser.add_argument("--start-from", type=Path, metavar="WEIGHTS", help="a .pt file to begin with in place of random weights")
    parser.add_argument("--seed", type=int, default=42, help="of weights, crops and split (default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, and say where the best weights are."""
    from LCDFusionLib.fusion.device import device_in_words
    from LCDFusionLib.network import WeightsError, load_weights
    from LCDFusionLib.training.measure import measure_test
    from LCDFusionLib.training.trainer import Trainer, training_device

    check_seed(options.seed)
    preset = preset_of(options)
    try:
        start = load_weights(options.start_from) if options.start_from else None
        data, card, test = _data(options, start)
    except WeightsError as error:
        raise InputError(str(error)) from error
    except FileNotFoundError as error:
        raise InputError(f"The training data are not complete: {error}") from error
    device = training_device(options.device)
    try:
        preset = preset.for_pairs(sum(len(pairs) for _, pairs in data.sources))
        if options.steps is not None:
            preset = replace(preset, steps=options.steps)
        trainer = Trainer(data, preset, options.output, start=start, seed=options.seed, device=device, card=card, held=held)
        print(f"{preset.steps} steps of {preset.batch_size} on {device_in_words(device)}, from step {trainer.step}")
        with resumable(options.output):
            best = trainer.run()
        print(f"best weights: {best}")
        with resumable(options.output):
            if test:
                means = measure_test(best, test, device)
                figures = ", ".join(f"{name} {means[name]:.3f}" for name in means)
                print(f"the {len(test)} test pairs of the {options.split} split, in {best.with_name('test.csv')}: {figures}")
    except WeightsError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(f"The folder '{options.output}' cannot be used for a run ({error.strerror}); choose another with -o.") from error


def check_seed(seed: int) -> None:
    """InputError for a seed that numpy or torch cannot take."""
    if not 0 <= seed < 2**63:
        raise InputError(f"--seed must be from 0 to 9223372036854775807, got {seed}.")


def preset_of(options: argparse.Namespace) -> Preset:
    """The protocol asked for, with what the options change of it.

    Raises:
        InputError: options that do not go together, or a number out of range.
    """
    from LCDFusionLib.training.presets import PRESETS

    name = options.preset or ("paper" if options.kind in PAPER_KINDS else "default")
    if name == "paper" and options.kind not in PAPER_KINDS:
        raise InputError(f"The paper's protocol takes whole slices: choose one of {', '.join(PAPER_KINDS)} with it, not {options.kind}.")
    for option in ("steps", "learning_rate", "alpha"):
        value = getattr(options, option)
        if value is not None and not value > 0:
            raise InputError(f"--{option.replace('_', '-')} must be above 0, got {value:g}.")
    if options.alpha is not None and name != "paper":
        raise InputError("--alpha is the weight of the gradient term in the paper's loss: use it with --preset paper.")
    preset = PRESETS[name]
    if options.learning_rate is not None:
        preset = replace(preset, learning_rate=options.learning_rate)
    if options.alpha is not None:
        preset = replace(preset, loss=replace(preset.loss, gradient=options.alpha))
    return preset


def _data(options: argparse.Namespace, start: LoadedWeights | None) -> tuple[TrainingData, dict, list[SlicePair]]:
    """Training data, what of the card is known before, and the test pairs of a paper's experiment, of which both splits are printed."""
    from LCDFusionLib.training.card import describe
    from LCDFusionLib.training.data import ATLAS_HELD_OUT, training_data
    from LCDFusionLib.training.experiments import experiment
    from LCDFusionLib.training.sarcoma import HELD_OUT
    from LCDFusionLib.training.splits import both_splits_in_words

    test: list[SlicePair] = []
    if options.kind in PAPER_KINDS:
        data, split, pairs = experiment(options.data, options.kind, options.split, seed=options.seed)
        print(both_splits_in_words(pairs, seed=options.seed))
        test = split.test
        used = {pair.group for pair in (*split.training, *split.validation)}
        never_seen = {pair.group for pair in split.test} - used
        words = f"74/10/16 {'of pairs at random' if options.split == 'random' else 'by patient and series'}, seed {options.seed}"
        if options.split == "random":
            words += "; test slices have neighbours in training"
    else:
        data = training_data(options.data, options.kind)
        never_seen, words = {*ATLAS_HELD_OUT, *HELD_OUT}, "by patient and series, fixed"
        if options.kind == "ct-pet":
            never_seen = set(HELD_OUT)
    return data, describe(data, kind=options.kind, never_seen=never_seen, split=words, seed=options.seed, start=start), test
