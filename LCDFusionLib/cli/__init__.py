"""The `lcdfusion` command: the third host beside the Slicer module and the browser. It shows things; it computes nothing."""

from .main import command, main

__all__ = ["command", "main"]
