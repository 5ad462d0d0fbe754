"""`lcdfusion benchmark`: how fast the network is on this machine, its forms side by side, as a table and a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from LCDFusionLib.errors import InputError

if TYPE_CHECKING:
    from LCDFusionLib.benchmark.speed import Measured
    from LCDFusionLib.fusion.settings import PrecisionChoice

LEAST_SIZE = 16
QUICK = {"sizes": [256], "batches": [1], "correlation_sizes": [16], "rounds": 3, "slices": [32, 128]}
WHOLE = {"sizes": [256, 512], "batches": [1], "correlation_sizes": [8, 16, 32], "rounds": 5, "slices": [32, 128, 512, 1024]}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("benchmark", help="measure how fast the network is here", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("lcdfusion-benchmark"), help="folder of the results (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="one size and few rounds: within 2 minutes on two cores")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help="rows and columns")
    parser.add_argument("--batches", type=int, nargs="+", metavar="N", help="images at a time")
    parser.add_argument("--correlation-sizes", type=int, nargs="+", metavar="T", help="T of the LCFM")
    parser.add_argument("--rounds", type=int, metavar="N", help="of which the median counts")
    parser.add_argument("--slices", type=int, nargs="*", metavar="N", help="of volumes whose time and memory are measured, too")
    parser.add_argument("--slice-size", type=int, default=64, metavar="N", help="rows and columns of these volumes (%(default)s)")
    parser.add_argument("--precisions", choices=("float32", "bfloat16", "float16"), nargs="+", default=["float32"], help="(%(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (%(default)s)")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=FOLDER", help="time another network too: its folder, with an adapter in it"
    )
    parser.add_argument("--threads", type=int, help="of the CPU (default: torch's own choice)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print the table, say where the picture is."""
    from LCDFusionLib.benchmark.growth import measure_growth
    from LCDFusionLib.benchmark.peers import measure_peers, peers_named
    from LCDFusionLib.benchmark.report import draw, peer_table, table, write_rows
    from LCDFusionLib.benchmark.speed import FORMS, Case, machine_in_words, measure, measure_throughput, steps
    from LCDFusionLib.fusion.device import choose_device
    from LCDFusionLib.network import processor_has_bfloat16

    for name, value in (QUICK if options.quick else WHOLE).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    _check(options)
    peers = peers_named(options.peer)
    device = choose_device(options.device)
    print(machine_in_words(device, options.threads))
    fastest = "recorded" if device.type == "cuda" else "prepared"
    forms = [(form, "float32") for form in FORMS if form != "recorded" or form == fastest]
    forms += [(fastest, precision) for precision in options.precisions if precision != "float32"]
    groups = [
        [Case(form, size, batch, t, device.type, precision) for form, precision in forms]
        for size in options.sizes
        for batch in options.batches
        for t in options.correlation_sizes
    ]
    results: list[Measured] = []
    with tqdm(total=len(groups) * steps(len(forms), options.rounds), desc="measuring", unit="step", disable=None) as progress:
        for group in groups:
            results += measure(group, rounds=options.rounds, done=lambda: progress.update() and None)
    # Half precision where `fuse` has it.
    precisions: list[PrecisionChoice] = ["float32"]
    if "float16" in options.precisions and device.type == "cuda":
        precisions.append("float16")
    if "bfloat16" in options.precisions and device.type == "cpu" and processor_has_bfloat16():
        precisions.append("bfloat16")
    throughput = [measure_throughput(size, device, precision) for size in options.sizes for precision in precisions]
    growth = [measure_growth(slices, options.slice_size) for slices in tqdm(options.slices, desc="volumes", disable=None)]
    text = table(results, throughput, growth)
    if peers:
        text += peer_table([each for size in options.sizes for each in measure_peers(peers, size, rounds=options.rounds)])
    print(text)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "table.md").write_text(text, encoding="utf-8")
        write_rows(results, options.output / "benchmark.csv")
        draw(results, growth, options.output / "benchmark.png")
    except OSError as error:
        raise InputError(f"The folder '{options.output}' cannot be written ({error.strerror}); choose another with -o.") from error
    print(f"\nLook at {options.output / 'benchmark.png'}")


def _check(options: argparse.Namespace) -> None:
    for name, least in (("sizes", LEAST_SIZE), ("batches", 1), ("correlation_sizes", 1), ("slices", 1)):
        if any(value < least for value in getattr(options, name)):
            raise InputError(f"--{name.replace('_', '-')} must be {least} or more.")
    if options.slice_size < LEAST_SIZE:
        raise InputError(f"--slice-size must be {LEAST_SIZE} or more, got {options.slice_size}.")
    for name in ("rounds", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InputError(f"--{name} must be 1 or more, got {value}.")
