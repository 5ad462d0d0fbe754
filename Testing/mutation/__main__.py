"""`python -m Testing.mutation metrics fusion --minutes 60`: faults put into the library, one at a time: does a test see each?

Not part of CI: it needs `pip install coverage` and hours. The first run of a room records which of its tests reach which line
(`build/mutation/ROOM-reach.json`); each goes on where the last one stopped and adds to `build/mutation/ROOM.jsonl`. What survives is
printed: a test is missing, or the change makes no difference. `--again` lets what survived meet more tests: those that are named, or what
reaches it in `--seconds` of them.
"""

import argparse
import contextlib
import functools
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from .mutants import spoiled
from .reach import PROJECT, Reach, record
from .trial import HEAVY, collected, imported

KEPT = PROJECT / "build" / "mutation"
# Quick tests of the library that reach a room: no browser, no Slicer, no archive.
TESTS = {
    "metrics": ["Testing/metrics"],
    "fusion": ["Testing/fusion", "Testing/pipeline", "Testing/dicom/test_companions.py", "Testing/cli/test_fuse_command.py"],
    "dicom": ["Testing/dicom", "Testing/pipeline"],
    "images": ["Testing/images", "Testing/test_decoding.py", "Testing/pipeline"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+", choices=TESTS)
    parser.add_argument("--files", nargs="+", metavar="NAME", help="only files of these names, such as engine.py")
    parser.add_argument("--sample", type=int, help="mutants a file; all where it is not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60, help="a room")
    parser.add_argument("--again", nargs="*", metavar="TEST", help="only what survived so far")
    parser.add_argument("--seconds", type=float, default=4, help="of tests, as they were recorded, that a mutant has to live through")
    parser.add_argument("--list", action="store_true", help="only what survived so far")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}  # threads of a library do not live in a fork
    for heavy in HEAVY:
        with contextlib.suppress(ImportError):
            __import__(heavy)
    for room in options.rooms:
        _try_room(room, options)


@functools.cache
def _mutants(room, files=None, seed=0, sample=None):
    """Those of all files, or of files of these names, by turns, each file's in an order of chance."""
    turns = []
    for path in sorted((PROJECT / "LCDFusionLib" / room).rglob("*.py")):
        if files is not None and path.name not in files:
            continue
        every = list(spoiled(str(path.relative_to(PROJECT)), path.read_text()))
        random.Random(f"{seed} {path.name}").shuffle(every)
        turns += enumerate(every[:sample])
    return [mutant for _, mutant in sorted(turns, key=lambda turn: turn[0])]


def _outcomes(room):
    """(outcome, the test that killed it) of what was tried, by the key of the mutant."""
    file = KEPT / f"{room}.jsonl"
    entries = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return {entry["key"]: (entry["outcome"], entry["by"]) for entry in entries}


def _try_room(room, options):
    reach_file, known, files = KEPT / f"{room}-reach.json", _outcomes(room), options.files and tuple(options.files)
    left = {key for key, (outcome, _) in known.items() if outcome != "killed"}
    if options.list:
        for mutant in sorted(_mutants(room, files), key=lambda mutant: (mutant.file, mutant.line)):
            if mutant.key in left:
                print(_line(mutant, known[mutant.key][0]))
    else:
        if not reach_file.exists():
            if os.fork() == 0:
                record(TESTS[room], reach_file)
                os._exit(0)
            os.wait()
        if options.again is None:
            wanted = [mutant for mutant in _mutants(room, files, options.seed, options.sample) if mutant.key not in known]
        else:
            wanted = [mutant for mutant in _mutants(room, files) if mutant.key in left]
        _try(wanted, room, options, Reach(reach_file))
    known, now = _outcomes(room), {mutant.key for mutant in _mutants(room, files)}
    print(f"{room}: {dict(Counter(outcome for key, (outcome, _) in known.items() if key in now))} of {len(now)}", flush=True)


def _line(mutant, outcome):
    return f"{outcome} {mutant.file}:{mutant.line}  {mutant.was}  ->  {mutant.now}    | {mutant.text}"


def _try(mutants, room, options, reach):
    """Each mutant meets its tests, in a copy of the project; what comes of it is printed and kept."""
    end = time.monotonic() + 60 * options.minutes
    found = {outcome: {by for known, by in _outcomes(room).values() if known == outcome} for outcome in ("killed", "unsound")}
    sound, unsound = found["killed"], found["unsound"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__"), symlinks=True)
        (Path(temporary) / "shared").symlink_to(PROJECT.parent / "shared")
        for name in (".venv", "build"):
            (folder / name).symlink_to(PROJECT / name)

        def keep(key, outcome, by):
            with (KEPT / f"{room}.jsonl").open("a") as file:
                file.write(json.dumps({"key": key, "outcome": outcome, "by": by}) + "\n")

        def ask(trial, at_import):
            for mutant in mutants:
                if reach.runs_at_import(mutant) != at_import or time.monotonic() > end:
                    continue
                tests, takes = (options.again, 100) if options.again else reach.tests(mutant, options.seconds)
                tests = [test for test in tests if test not in unsound]
                outcome, by = trial(mutant, tests, 5 + 2 * takes) if tests else ("unreached", "")
                while by in tests and by not in sound:  # it may fail without any fault: it needs what the copy has not
                    none = replace(mutant, source=(folder / mutant.file).read_text())
                    if trial(none, [by], 5 + 2 * takes)[0] == "survived":
                        sound.add(by)
                    else:
                        print(f"fails without a mutant: {by}", flush=True)
                        keep(f"unsound {by}", "unsound", by)
                        unsound.add(by)
                        tests = [test for test in tests if test not in unsound]
                        outcome, by = trial(mutant, tests, 5 + 2 * takes)
                if outcome != "killed":
                    print(_line(mutant, outcome), f"({len(tests)} tests)", flush=True)
                else:
                    reach.killed(mutant, by)
                keep(mutant.key, outcome, by)

        collected(folder, options.again or TESTS[room], functools.partial(ask, at_import=False))
        ask(functools.partial(imported, folder), at_import=True)


if __name__ == "__main__":
    main()
