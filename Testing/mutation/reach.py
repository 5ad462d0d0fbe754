"""Which lines of the library each test reaches, and how long it takes on the clock: recorded once, kept in a file."""

import json
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def _name(fixture) -> str:
    """Of a fixture, with where it is defined: files have fixtures of one name and of different scopes."""
    return f"fixture {fixture.baseid}::{fixture.argname}"


class Recorder:
    """A plugin of pytest that tells coverage which test, or which fixture that several tests share, is at work."""

    def __init__(self, coverage):
        self.coverage, self.seconds, self.fixtures, self._shared = coverage, {}, {}, 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.coverage.switch_context(item.nodeid)
        definitions = item._fixtureinfo.name2fixturedefs
        self.fixtures[item.nodeid] = [_name(definitions[name][-1]) for name in item.fixturenames if name in definitions]
        began, self._shared = time.monotonic(), 0.0
        result = yield
        self.seconds[item.nodeid] = round(time.monotonic() - began - self._shared, 3)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if fixturedef.scope == "function":
            return (yield)
        name = _name(fixturedef)
        self.coverage.switch_context(name)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            took = time.monotonic() - began
            self._shared += took
            self.seconds[name] = round(max(took, self.seconds.get(name, 0)), 3)
            self.coverage.switch_context(request._pyfuncitem.nodeid)


def record(tests: list[str], file: Path) -> None:
    """Runs the tests; writes `{"seconds": {test or fixture: s}, "fixtures": {test: [fixtures]}, "reached": {file: {line: [tests]}}}`."""
    import coverage

    recorded = coverage.Coverage(data_file=None, source=["LCDFusionLib"], config_file=False)
    recorder = Recorder(recorded)
    recorded.start()
    pytest.main(["-q", "-p", "no:cacheprovider", *tests], plugins=[recorder])
    recorded.stop()
    data = recorded.get_data()
    asking: dict[str, list[str]] = {}
    for test, names in recorder.fixtures.items():
        for name in names:
            asking.setdefault(name, []).append(test)
    reached = {
        str(Path(name).relative_to(PROJECT)): {
            line: sorted({test for context in contexts if context for test in asking.get(context, [context])})
            for line, contexts in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"seconds": recorder.seconds, "fixtures": recorder.fixtures, "reached": reached}))


class Reach:
    """What `record` wrote, asked for the tests that a mutant has to meet."""

    def __init__(self, file: Path):
        known = json.loads(file.read_text())
        self.seconds, self.reached, self.fixtures = known["seconds"], known["reached"], known["fixtures"]
        self._texts = {name: (PROJECT / name).read_text() for name in {test.partition("::")[0] for test in self.fixtures}}
        self._alone = {test: self._cost(test, set()) for test in self.fixtures}
        self._killers: dict[str, list[str]] = {}

    def _cost(self, test: str, paid: set[str]) -> float:
        """Seconds of a test and of what it asks for that is not there yet."""
        asked = [name for name in self.fixtures[test] if name in self.seconds and name not in paid]
        paid.update(asked)
        return self.seconds.get(test, 0) + sum(self.seconds[name] for name in asked)

    def tests(self, mutant, budget: float) -> tuple[list[str], float]:
        """Those that reach the line (where none does, as at import or in other processes: the file, or whose file names it), and seconds.

        Those that killed an earlier mutant of the file are first, then the cheapest. Where the budget is short, those go whose file does
        not name the module.
        """
        lines = self.reached.get(mutant.file, {})
        module = Path(mutant.file).stem
        naming = {test for test in self.fixtures if module in self._texts[test.partition("::")[0]]}
        tests = set() if self.runs_at_import(mutant) else set(lines.get(str(mutant.line), ()))
        tests = tests or naming | {test for found in lines.values() for test in found}
        chosen, spent, paid = [], 0.0, set()
        for test in sorted(tests, key=lambda test: (test not in naming, self._alone[test])):
            cost = self._cost(test, paid)
            if chosen and spent + cost > budget:
                break
            chosen.append(test)
            spent += cost
        killers = self._killers.get(mutant.file, [])
        return sorted(chosen, key=lambda test: (killers.index(test) if test in killers else len(killers), self._alone[test])), spent

    def runs_at_import(self, mutant) -> bool:
        """True for what no call from a test meets: outside of functions, and within those that only an import calls."""
        return not mutant.in_function or self.reached.get(mutant.file, {}).get(str(mutant.line)) == []

    def killed(self, mutant, test: str) -> None:
        """Remembers which test did it."""
        killers = self._killers.setdefault(mutant.file, [])
        if test in killers:
            killers.remove(test)
        killers.insert(0, test)
        del killers[5:]
