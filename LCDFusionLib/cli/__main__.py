"""`python -m LCDFusionLib.cli`: the command where its script is not on the path, as with desktop Slicer's Python."""

from .main import command

command()
