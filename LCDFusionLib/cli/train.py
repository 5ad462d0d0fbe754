"""`lcdfusion train`: train a set of weights."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from LCDFusionLib.errors import InputError


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("train", help="train weights on public data", description=__doc__)
    parser.add_argument("kind", choices=("ct-pet", "mr-pet", "both"), help="which weights; 'both' gives a common start for the two")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds brain-atlas and pet-ct-mr-sarcoma")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run; started again on it, the run resumes")
    parser.add_argument("--preset", choices=("default", "paper"), default="default", help="protocol")
    parser.add_argument("--steps", type=int, help="optimiser steps, in place of the preset's")
    parser.add_argument("--learning-rate", type=float, help="in place of the preset's")
    parser.add_argument("--start-from", type=Path, metavar="WEIGHTS", help="a .pt file to begin with in place of random weights")
    parser.add_argument("--seed", type=int, default=42, help="of weights and crops")
    parser.add_argument("--device", default="cpu", help="torch device, for example cuda")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, and say where the best weights are."""
    from LCDFusionLib.network import WeightsError
    from LCDFusionLib.training.data import training_data
    from LCDFusionLib.training.presets import PRESETS
    from LCDFusionLib.training.trainer import Trainer

    preset = PRESETS[options.preset]
    for name in ("steps", "learning_rate"):
        if (value := getattr(options, name)) is not None:
            if not value > 0:
                raise InputError(f"--{name.replace('_', '-')} must be above 0, got {value:g}.")
            preset = replace(preset, **{name: value})
    try:
        data = training_data(options.data, options.kind)
    except FileNotFoundError as error:
        raise InputError(f"The training data are not complete: {error}") from error
    try:
        trainer = Trainer(data, preset, options.output, start_from=options.start_from, seed=options.seed, device=options.device)
    except WeightsError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(f"The folder '{options.output}' cannot be used for a run ({error.strerror}); choose another with -o.") from error
    print(f"best weights: {trainer.run()}")
