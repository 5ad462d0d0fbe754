"""When `lcdfusion demo` opens the viewer, and `lcdfusion view` where it is not installed."""

import os
import pty
import subprocess
import sys

import pytest

RULE = "from LCDFusionLib.cli.view import somebody_looks_on; print(somebody_looks_on(), end='.')"
WITHOUT_TRAME = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *rest: None if name.startswith("trame") else find(name, *rest))
from LCDFusionLib.cli import main
sys.exit(main(["view", "--no-browser"]))
"""


def at_a_terminal(code: str, **environment: str) -> str:
    """What a program prints at a terminal."""
    screen, other_end = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=other_end, stdout=other_end, env={**clean, **environment})
    os.close(other_end)
    shown = b""
    while not shown.endswith(b"."):
        shown += os.read(screen, 1000)
    os.close(screen)
    assert process.wait(60) == 0
    return shown.decode()


@pytest.mark.parametrize(
    ("environment", "opens"),
    [
        ({"BROWSER": "true"}, "True."),
        ({"BROWSER": "true", "CI": "1"}, "False."),  # nobody looks on, even if there is a terminal
        ({}, "False."),  # no screen
    ],
)
def test_demo_opens_the_viewer_where_somebody_looks_on(environment, opens):
    assert at_a_terminal(RULE, **environment) == opens


def test_demo_in_a_script_ends_by_itself():
    answer = subprocess.run(
        [sys.executable, "-c", RULE],
        env={**os.environ, "BROWSER": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.stdout == "False."


def test_view_without_the_browser_host_says_what_to_install():
    answer = subprocess.run([sys.executable, "-c", WITHOUT_TRAME], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2
    assert answer.stderr == (
        "lcdfusion: The viewer needs what is not installed here (trame, trame_slicer); install it with: pip install 'lcdfusion[web]'.\n"
    )
