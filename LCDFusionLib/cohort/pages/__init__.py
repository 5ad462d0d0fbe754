"""The pages of a cohort: what a person looks at before and after."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError


def write_page(name: str, file: Path, **values: object) -> None:
    """Fill the page `name` of this folder; whatever comes from headers is escaped.

    Raises:
        InputError: the file cannot be written.
    """
    here = files(__package__)
    pages = Environment(loader=FunctionLoader(lambda page: (here / page).read_text(encoding="utf-8")), autoescape=True)
    css = (here / "look.css").read_text(encoding="utf-8")
    text = pages.get_template(name).render(css=css, disclaimer=DISCLAIMER, **values)
    try:
        with atomic_file(file) as beside:
            beside.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"The page '{file}' cannot be written ({error.strerror}): choose another folder with -o.") from error
