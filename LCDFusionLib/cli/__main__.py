"""`python -m LCDFusionLib.cli`: the command where its script is not on the path, as with desktop Slicer's Python."""

import sys

from .main import main

sys.exit(main())
