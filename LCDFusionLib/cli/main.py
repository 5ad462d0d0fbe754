"""Entry point: the subcommands, and what each kind of error becomes at the shell."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import WorkerDied
from LCDFusionLib.network import WeightsError

from . import demo, fuse, train

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 (it failed), 2 (bad input, one sentence on stderr), 130 (Ctrl-C)."""
    parser = argparse.ArgumentParser(prog="lcdfusion", description="Fuses CT or MR with PET or SPECT volumes.", epilog=DISCLAIMER)
    parser.add_argument("--version", action="version", version=f"lcdfusion {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (fuse, demo, train):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)  # ends like Ctrl-C: nothing half-written is left
    try:
        options.run(options)
    except (InputError, WeightsError) as error:
        return _say(str(error), BAD_INPUT)
    except WorkerDied as error:
        return _say(str(error), 1)
    except KeyboardInterrupt:
        return _say("interrupted; nothing was written.", INTERRUPTED)
    return 0


def _say(sentence: str, code: int) -> int:
    print(f"lcdfusion: {sentence}", file=sys.stderr)
    return code


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
