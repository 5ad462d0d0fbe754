"""`lcdfusion view`, whose sessions are the stand-in, and which takes waits in seconds for which the command takes longer ones."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

from LCDFusionLib.cli import view
from LCDFusionLib.errors import InputError

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    view.add_parser(parser.add_subparsers())
    parser.add_argument("--grace-lost", type=float, default=300)
    options = parser.parse_args()
    command = (sys.executable, str(Path(__file__).with_name("stand_in_session.py")))
    try:
        settings = replace(view.settings_of(options), command=command, grace_lost=options.grace_lost)
        with mock.patch.object(view, "settings_of", return_value=settings):
            view.run(options)
    except InputError as error:
        sys.exit(str(error))
