"""`lcdfusion benchmark`: how fast the network is on this machine, its forms side by side, as a table and a picture."""

from __future__ import annotations

import argparse
import csv
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from LCDFusionLib.errors import InputError

if TYPE_CHECKING:
    from LCDFusionLib.fusion.growth import Growth
    from LCDFusionLib.fusion.settings import PrecisionChoice
    from LCDFusionLib.fusion.speed import Measured, Throughput

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
    parser.add_argument("--precisions", choices=("float32", "bfloat16", "float16"), nargs="+", default=["float32"], help="(%(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (%(default)s)")
    parser.add_argument("--threads", type=int, help="of the CPU (default: torch's own choice)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print the table, say where the picture is."""
    from LCDFusionLib.fusion.device import choose_device
    from LCDFusionLib.fusion.growth import measure_growth
    from LCDFusionLib.fusion.speed import FORMS, Case, machine_in_words, measure, measure_throughput, steps

    for name, value in (QUICK if options.quick else WHOLE).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    _check(options)
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
    # Half precision on a GPU alone, as `fuse` has it.
    precisions: list[PrecisionChoice] = ["float32"]
    if "float16" in options.precisions and device.type == "cuda":
        precisions.append("float16")
    throughput = [measure_throughput(size, device, precision) for size in options.sizes for precision in precisions]
    growth = [measure_growth(slices) for slices in tqdm(options.slices, desc="volumes", disable=None)]
    text = _table(results, throughput, growth)
    print(text)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "table.md").write_text(text, encoding="utf-8")
        _write_rows(results, options.output / "benchmark.csv")
        _draw(results, growth, options.output / "benchmark.png")
    except OSError as error:
        raise InputError(f"The folder '{options.output}' cannot be written ({error.strerror}); choose another with -o.") from error
    print(f"\nLook at {options.output / 'benchmark.png'}")


def _check(options: argparse.Namespace) -> None:
    for name, least in (("sizes", LEAST_SIZE), ("batches", 1), ("correlation_sizes", 1), ("slices", 1)):
        if any(value < least for value in getattr(options, name)):
            raise InputError(f"--{name.replace('_', '-')} must be {least} or more.")
    for name in ("rounds", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InputError(f"--{name} must be 1 or more, got {value}.")


def _table(results: list[Measured], throughput: list[Throughput], growth: list[Growth]) -> str:
    head = (
        "size",
        "batch",
        "T",
        "form",
        "precision",
        "s an image",
        "direct / this",
        "GMAC",
        "of the direct",
        "share of 3x3 rate",
        "peak MiB",
    )
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for result in results:
        case, direct = result.case, _direct(results, result)
        cells = (
            f"{case.size}x{case.size}",
            case.batch,
            case.correlation_size,
            case.form,
            case.precision,
            f"{result.seconds:.3f}",
            f"{direct.seconds / result.seconds:.2f}",
            f"{result.multiply_accumulates / 1e9:.1f}",
            f"{result.multiply_accumulates / direct.multiply_accumulates:.2f}",
            f"{result.share:.0%}",
            f"{result.peak_mebibytes:.0f}",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "| stack, metrics and all | precision | slices at a time | first result, s | slices a second after it |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {t.slices} of {t.size}x{t.size} | {t.precision} | {t.batch} | {t.seconds_to_first:.2f} | {t.slices_per_second:.3g} |"
        for t in throughput
    ]
    if growth:
        lines += ["", "| slices of 64x64, metrics and all | s | ms a slice | worker's peak MiB |", "|---|---|---|---|"]
        lines += [f"| {g.slices} | {g.seconds:.1f} | {1000 * g.seconds / g.slices:.1f} | {g.worker_mebibytes:.0f} |" for g in growth]
    return "\n".join(lines) + "\n"


def _direct(results: list[Measured], result: Measured) -> Measured:
    """The direct form that was measured in the same rounds."""
    case = result.case
    wanted = ("direct", case.size, case.batch, case.correlation_size)
    return next(r for r in results if (r.case.form, r.case.size, r.case.batch, r.case.correlation_size) == wanted)


def _write_rows(results: list[Measured], path: Path) -> None:
    rows = [{**asdict(result.case), **{name: value for name, value in asdict(result).items() if name != "case"}} for result in results]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _draw(results: list[Measured], growth: list[Growth], path: Path) -> None:
    """Bars of time and of memory for each case; time and memory over slices."""
    from matplotlib.figure import Figure

    panels = 3 if growth else 2
    figure = Figure(figsize=(5 * panels, 0.6 + 0.32 * len(results) + 1), layout="constrained")
    axes = figure.subplots(1, panels)
    several = len({r.case.batch for r in results}) > 1
    labels = [
        f"{r.case.form} {r.case.size}, T {r.case.correlation_size}"
        + (f", batch {r.case.batch}" if several else "")
        + (f", {r.case.precision}" if r.case.precision != "float32" else "")
        for r in results
    ]
    colors = [{"direct": "#8a8f94", "rewritten": "#5b9bd5", "prepared": "#e8793a", "recorded": "#b0410e"}[r.case.form] for r in results]
    places = range(len(results))
    for axis, values, title in (
        (axes[0], [r.seconds for r in results], "seconds an image"),
        (axes[1], [r.peak_mebibytes for r in results], "peak memory above torch, MiB"),
    ):
        bars = axis.barh(places, values, color=colors)
        axis.bar_label(bars, fmt="%.3g", padding=2, fontsize=8)
        axis.set_yticks(places, labels if axis is axes[0] else [""] * len(results))
        axis.invert_yaxis()
        axis.set_title(title)
        axis.margins(x=0.15)
    if growth:
        slices = [g.slices for g in growth]
        axes[2].plot(slices, [g.seconds for g in growth], "o-", color="#e8793a")
        axes[2].set(
            xlabel="slices of 64x64", ylabel="seconds", title="time (line) and worker's memory (dashed)", xlim=(0, None), ylim=(0, None)
        )
        known = [g for g in growth if math.isfinite(g.worker_mebibytes)]
        if known:  # not every system tells
            memory = axes[2].twinx()
            memory.plot([g.slices for g in known], [g.worker_mebibytes for g in known], "s--", color="#5b9bd5")
            memory.set(ylabel="peak MiB of the worker", ylim=(0, 1.3 * max(g.worker_mebibytes for g in known)))
    figure.savefig(path, dpi=120)
