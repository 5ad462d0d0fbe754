"""`lcdfusion view`, whose sessions are the stand-in."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from LCDFusionLib.cli import view
from LCDFusionLib.errors import InputError

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    view.add_parser(parser.add_subparsers())
    options = parser.parse_args()
    command = (sys.executable, str(Path(__file__).with_name("stand_in_session.py")))
    try:
        view.serve(replace(view.settings_of(options), command=command), open_browser=False)
    except InputError as error:
        sys.exit(str(error))
