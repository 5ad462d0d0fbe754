"""Entry point: the subcommands, and what each kind of error becomes at the shell."""

from __future__ import annotations

import argparse
import errno
import logging
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import FailedError, InputError, one_line
from LCDFusionLib.interrupts import held, obeyed

from .streams import OutputLostError, clean_streams

COMMANDS = {
    "studies": "find the series in a folder, and the pairs that can be fused",
    "register": "align a function volume with an anatomy volume",
    "fuse": "fuse an anatomy and a function volume",
    "batch": "fuse many studies unattended",
    "node": "fuse each new study of an archive, unattended",
    "send": "send DICOM series to an archive",
    "fetch": "list or fetch studies of an archive",
    "demo": "make two phantom studies and fuse them",
    "view": "open the viewer in the browser",
    "train": "train weights on public data",
    "evaluate": "compare fusion methods on pairs of images",
    "ablate": "compare the variants of the network",
    "benchmark": "measure how fast the network is here",
}
"""What there is, and what it does, in the order of `--help`; the module of a command has its name, and is loaded for it alone."""

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130

_LOG = logging.getLogger(__name__)

_NO_MEMORY = ("allocat", "map segment", "start new thread", "bad_alloc", "out of memory")  # as libraries say it that know no MemoryError


def command() -> NoReturn:
    """The whole of a process: `main`, and nothing after it."""
    sys.exit(main(process_ends=True))


def main(arguments: Sequence[str] | None = None, *, process_ends: bool = False) -> int:
    """Run the command; returns the exit code: 0, 1 (it failed), 2 (bad input, one sentence on stderr), 130 (Ctrl-C, or a kill)."""
    try:
        with obeyed(process_ends=process_ends), clean_streams():
            return _run(arguments)
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except OutputLostError as error:
        return _say(f"standard output cannot be written ({error}); send it elsewhere.", FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; nothing half-written is left.", INTERRUPTED)


def _run(arguments: Sequence[str] | None) -> int:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for programmers, and would stand between the lines that the user has to read
    try:
        return _run_command(arguments)
    except MemoryError:
        return _say("there is not enough memory for these volumes; close other programs, or crop the volumes.", FAILED)
    except (ImportError, OSError, RuntimeError) as error:
        if getattr(error, "errno", None) != errno.ENOMEM and not any(words in str(error).lower() for words in _NO_MEMORY):
            raise
        return _say(f"there is not enough memory ({_one_line(error)}); close other programs, or crop the volumes.", FAILED)


def _run_command(arguments: Sequence[str] | None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="lcdfusion", description="Fuses CT or MR with PET or SPECT volumes.", epilog=DISCLAIMER)
    parser.add_argument("--version", action="version", version=f"lcdfusion {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    named = next((each for each in arguments if not each.startswith("-")), None)  # the parser itself has no option that takes a value
    for name, does in COMMANDS.items():
        if name == named:
            # This loads numpy, SimpleITK and pydicom, which takes a second: here, where Ctrl-C already ends in order. It waits until they
            # are loaded, because numpy turns an interrupt in the middle of its own loading into an ImportError.
            with held():
                import_module(f"LCDFusionLib.cli.{name}").add_parser(commands)
        else:
            commands.add_parser(name, help=does)  # what it takes is not asked for
    for command_parser in commands.choices.values():
        command_parser.add_argument("-v", "--verbose", action="store_true", help="say on stderr what is done, and how long it takes")
    options = parser.parse_args(arguments)
    _log(verbose=options.verbose)
    try:
        options.run(options)
    except FailedError as error:
        _LOG.debug("where it happened", exc_info=True)
        return _say(str(error), FAILED)
    except InputError:
        _LOG.debug("where it happened", exc_info=True)
        raise
    return 0


def _log(*, verbose: bool) -> None:
    """What the library logs goes to stderr or nowhere; nothing of a patient is in it. So do the warnings of what it stands on."""
    ours = logging.getLogger("LCDFusionLib")
    for handler in [*ours.handlers]:
        ours.removeHandler(handler)  # of a command before, in the same process
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(name)s: %(message)s", "%H:%M:%S"))
    ours.addHandler(handler)
    ours.propagate = False
    ours.setLevel(logging.DEBUG if verbose else logging.WARNING)
    if verbose:
        warnings.simplefilter("default")


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _say(sentence: str, code: int) -> int:
    with suppress(OSError, ValueError):  # nobody listens: the exit code says it
        print(f"lcdfusion: {one_line(sentence)}", file=sys.stderr, flush=True)
    return code
