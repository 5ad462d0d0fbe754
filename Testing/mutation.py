"""`python -m Testing.mutation dicom fusion images metrics --sample 8`: faults put into the library, one at a time: does a test see each?

Not part of CI: it needs `pip install coverage` and hours. First the tests of the named rooms run once, to learn which of them reach which
line; then, in a copy of the project, each mutant meets the tests that reach its line. What survives is printed: a test is missing, or the
change makes no difference. What runs at import, or only in other processes (the fusion worker), is met by the tests whose files name the
module.
"""

import argparse
import ast
import contextlib
import copy
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
MOST_TESTS, SECONDS_OF_CPU = 150, 120
_SWAPPED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq} | {
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Div,
        ast.Div: ast.Mult,
        ast.FloorDiv: ast.Div,
        ast.Mod: ast.Mult,
        ast.Pow: ast.Mult,
    },
    **{ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}
_OTHER_CALL = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "floor": "ceil",
    "ceil": "floor",
    "argmin": "argmax",
} | {
    **{"argmax": "argmin", "minimum": "maximum", "maximum": "minimum", "startswith": "endswith", "sum": "max", "mean": "sum"},
}


def mutants(node):
    """Each way to spoil one node, as another node."""
    other = copy.deepcopy(node)
    if isinstance(node, ast.Compare):
        for n, operator in enumerate(node.ops):
            other = copy.deepcopy(node)
            other.ops[n] = _SWAPPED[type(operator)]()
            yield other
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPPED:
        other.op = _SWAPPED[type(node.op)]()
        yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        other.test = ast.UnaryOp(ast.Not(), node.test)
        yield other
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in _OTHER_CALL:
            setattr(other.func, "id" if isinstance(node.func, ast.Name) else "attr", _OTHER_CALL[name])
            yield other
    elif isinstance(node, ast.Constant) and node.value is not None and node.value is not ...:
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        elif isinstance(value, int | float):
            yield ast.Constant(value + 1 if isinstance(value, int) else value * 1.25 or 0.25)
        elif isinstance(value, str) and 0 < len(value) <= 40 and " " not in value:
            yield ast.Constant(f"{value}X")


def places(tree):
    """Nodes that may be spoiled: code, no words for people, no types."""
    if isinstance(tree, ast.Raise | ast.JoinedStr | ast.AnnAssign) and not (isinstance(tree, ast.AnnAssign) and tree.value):
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):  # a docstring
        return
    if isinstance(tree, ast.expr):
        yield tree
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_params", "keywords" if isinstance(tree, ast.ClassDef) else ""):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from places(child)


def spoiled(source):
    """(line, what was, what is, source) of every mutant of a file."""
    lines = source.encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    for node in places(ast.parse(source)):
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        for other in mutants(node):
            text = ast.unparse(ast.fix_missing_locations(other))
            bare = isinstance(node, ast.Constant)
            whole = source.encode()[:begin] + (text if bare else f"({text})").encode() + source.encode()[end:]
            with contextlib.suppress(SyntaxError):
                ast.parse(whole)
                yield node.lineno, ast.unparse(node), text, whole.decode()


class Recorder:
    """Which lines each test reaches, and how long it takes."""

    def __init__(self, coverage):
        self.coverage, self.seconds = coverage, {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        self.coverage.switch_context(item.nodeid)
        began = time.process_time()
        yield
        self.seconds[item.nodeid] = time.process_time() - began


def record(rooms, tests, file):
    """Runs tests once; writes {file: {line: [tests]}} and seconds."""
    import coverage

    recorded = coverage.Coverage(data_file=None, source=[f"LCDFusionLib.{room}" for room in rooms], config_file=False)
    recorder = Recorder(recorded)
    recorded.start()
    pytest.main(["-q", "-p", "no:cacheprovider", *tests], plugins=[recorder])
    recorded.stop()
    data = recorded.get_data()
    reached = {
        str(Path(name).relative_to(PROJECT)): {line: sorted(set(tests) - {""}) for line, tests in data.contexts_by_lineno(name).items()}
        for name in data.measured_files()
    }
    file.write_text(json.dumps({"reached": reached, "seconds": recorder.seconds}))


def run_tests(folder, tests):
    """The exit code of pytest in a fork, which finds the heavy packages loaded and the library not."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_CPU, SECONDS_OF_CPU))
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(folder)
        sys.path[:] = [str(folder), *(path for path in sys.path if path not in ("", str(PROJECT)))]
        code = 99
        try:
            code = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--timeout", "120", *tests]))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def chosen_tests(known, name, line, source, chance):
    """Those that reach the line, the quickest first; outside of functions, and where none does, those whose file names the module."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    is_inside = any(function.lineno < line <= function.end_lineno for function in functions)
    tests = known["reached"].get(name, {}).get(str(line), []) if is_inside else []
    if not tests:
        module = name.removesuffix(".py").replace("/", ".").rpartition(".")[2]
        files = {test.partition("::")[0] for test in known["seconds"]}
        named = {file for file in files if module in (PROJECT / file).read_text()}
        tests = [test for test in known["seconds"] if test.partition("::")[0] in named]
    if len(tests) > MOST_TESTS:
        tests = chance.sample(tests, MOST_TESTS)
    return sorted(tests, key=lambda test: known["seconds"].get(test, 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+")
    parser.add_argument("--sample", type=int, default=8, help="mutants a file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", nargs="*", help="only these")
    parser.add_argument("--tests", nargs="*", help="instead of the rooms' own")
    parser.add_argument(
        "--known", type=Path, default=PROJECT / "build" / "mutation.json", help="which test reaches what; made where it is missing"
    )
    options = parser.parse_args()
    if not options.known.exists():
        options.known.parent.mkdir(exist_ok=True)
        if os.fork() == 0:
            record(options.rooms, options.tests or [f"Testing/{room}" for room in options.rooms], options.known)
            os._exit(0)
        os.wait()
    known, chance, score = json.loads(options.known.read_text()), random.Random(options.seed), Counter()
    for heavy in ("numpy", "SimpleITK", "pydicom", "scipy.ndimage", "scipy.stats", "nibabel", "nrrd", "torch", "highdicom"):
        with contextlib.suppress(ImportError):
            __import__(heavy)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__"), symlinks=True)
        (Path(temporary) / "shared").symlink_to(PROJECT.parent / "shared")
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        for room in options.rooms:
            for path in sorted((folder / "LCDFusionLib" / room).rglob("*.py")):
                name = str(path.relative_to(folder))
                if options.files and name not in options.files:
                    continue
                source = path.read_text()
                every = list(spoiled(source))
                for line, was, now, text in sorted(chance.sample(every, min(options.sample, len(every))), key=lambda mutant: mutant[0]):
                    tests = chosen_tests(known, name, line, source, chance)
                    if tests:
                        path.write_text(text)
                        for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
                            stale.unlink()
                        code = run_tests(folder, tests)
                        path.write_text(source)
                        for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
                            stale.unlink()
                    outcome = "unreached" if not tests else "SURVIVED" if code == 0 else "killed"
                    score[room, outcome] += 1
                    if outcome != "killed":
                        print(f"{outcome} {name}:{line}  {was}  ->  {now}  ({len(tests)} tests)", flush=True)
            print(f"{room}: { ({key[1]: count for key, count in score.items() if key[0] == room}) }", flush=True)


if __name__ == "__main__":
    main()
