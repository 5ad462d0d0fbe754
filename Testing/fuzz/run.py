"""`make fuzz`, or `python -m Testing.fuzz.run --cases 20000`: damaged inputs, one process a case, and a table of what became of them.

A case ends in one of these ways:

- same: the picture is that of the undamaged file;
- refused: an `InputError`;
- other: another picture, where nothing in the file could have told: voxels without a checksum, or a header that is valid by itself;
- SILENT: another picture, where the length or a checksum could have told;
- TRACEBACK, HANG (20 seconds, and more where others want the processor too), DEATH of the process (6 GB of memory).

The last four must not be. `--keep FOLDER` keeps their files; such a file may crash other programs, so it is never committed. `--log FILE`
gets a line for each case, and a run that was broken off goes on from there.

Each case is a fork of this process, which has all libraries loaded, and so is the decoder that it may need.
"""

import argparse
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np

from LCDFusionLib.errors import InputError
from LCDFusionLib.network import WeightsError
from Testing.fuzz import base_files, forked_decoder
from Testing.fuzz.mutators import mutate

SECONDS, BYTES = 20, 6 * 2**30
BAD = ("SILENT", "TRACEBACK", "HANG", "DEATH")
OUTCOMES = ("same", "refused", "other", *BAD)
_CODES = dict(enumerate(("same", "refused", "other", "SILENT", "TRACEBACK"), 10))


def run_case(base, reference, seed, folder, keep=None):
    """(outcome, name of the mutator, place of a traceback)."""
    original = base.target.read_bytes()
    mutator, damaged = mutate(seed, original)
    if damaged == original:
        return "same", mutator, ""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # one process a case; what it does cannot reach the others
        os.close(reader)
        code = 99
        try:
            code = _case(base, reference, folder, original, damaged, writer)
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        place = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        outcome = "HANG" if os.WTERMSIG(status) == signal.SIGALRM else "DEATH"
        place = place or f"signal {os.WTERMSIG(status)}"
    else:
        outcome = _CODES.get(os.WEXITSTATUS(status), "DEATH")
    if outcome in BAD and keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        case = f"{outcome}-{base.name.replace(' ', '-')}-{seed}"
        (keep / f"{case}{base.target.suffix}").write_bytes(damaged)
        (keep / f"{case}.txt").write_text(f"{mutator}\n{place}\n")
    return outcome, mutator, place


def _case(base, reference, folder, original, damaged, writer):
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(round(SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    base.target.write_bytes(damaged)
    codes = {name: code for code, name in _CODES.items()}
    try:
        found = base.read(base.path)
    except (InputError, WeightsError):
        return codes["refused"]
    except BaseException as error:
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "LCDFusionLib" in frame.filename]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} " if ours else ""
        os.write(writer, f"{place}{type(error).__name__}: {str(error)[:80]}".encode())
        return codes["TRACEBACK"]
    if all(np.array_equal(one, other) for one, other in zip(found, reference, strict=True)):
        return codes["same"]
    voxels_differ = not np.array_equal(found[0], reference[0])
    if base.data_from < 0 or not voxels_differ:
        return codes["other"]
    in_header = damaged[: base.data_from] != original[: base.data_from]
    could_tell = not in_header and (base.is_checked or len(damaged) != len(original))
    return codes["SILENT" if could_tell else "other"]


def run(cases, first_seed, folder, *, kinds="", keep=None, tell=None, log=None):
    """{(kind, outcome): cases}, {(kind, outcome, place): cases}."""
    forked_decoder.use()
    bases = [base for base in base_files.make(folder) if kinds in base.name]
    references = {base.name: base.read(base.path) for base in bases}
    table, places = Counter(), Counter()
    done = [line.split("\t") for line in log.read_text().splitlines()] if log is not None and log.exists() else []
    for kind, outcome, place in done:
        table[kind, outcome] += 1
        if outcome in BAD:
            places[kind, outcome, place] += 1
    for n in range(len(done), cases):
        base = bases[n % len(bases)]
        original = base.target.read_bytes()
        outcome, mutator, place = run_case(base, references[base.name], first_seed + n, folder, keep)
        base.target.write_bytes(original)
        table[base.name, outcome] += 1
        if outcome in BAD:
            places[base.name, outcome, place or mutator] += 1
        if log is not None:
            with log.open("a") as lines:
                lines.write("\t".join((base.name, outcome, " ".join((place or mutator).split()))) + "\n")
        if tell is not None and (n + 1) % 200 == 0:
            tell(f"{n + 1} of {cases}, seeds {first_seed} to {first_seed + n}\n{as_markdown(table)}\n{places}")
    return table, places


def as_markdown(table):
    """The table of outcomes by kind."""
    kinds = sorted({kind for kind, _ in table})
    lines = ["| kind | cases | " + " | ".join(OUTCOMES) + " |", "|---" * (2 + len(OUTCOMES)) + "|"]
    for kind in [*kinds, "all"]:
        counts = [sum(count for (of, what), count in table.items() if what == outcome and kind in (of, "all")) for outcome in OUTCOMES]
        lines.append(f"| {kind} | {sum(counts)} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)


def _tell(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the next has the next")
    parser.add_argument("--kinds", help="only those kinds of input whose names hold this")
    parser.add_argument("--keep", type=Path, help="folder for the inputs of cases that must not be")
    parser.add_argument(
        "--log", type=Path, help="file with a line for each case, from which a later run goes on; of the same seed and kinds"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = {"keep": options.keep, "tell": _tell, "log": options.log}
        table, places = run(options.cases, options.seed, Path(folder), kinds=options.kinds or "", **kept)
    print(as_markdown(table))
    for (kind, outcome, place), count in places.most_common():
        print(f"{outcome} {count} x {kind}: {place}")
    sys.exit(bool(places))


if __name__ == "__main__":
    main()
