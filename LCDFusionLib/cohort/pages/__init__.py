"""The pages of a cohort: what a person looks at before and after."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

_HERE = Path(__file__).parent


def filled(page: Path, **values: object) -> str:
    """A page with its values in it, in the look that all have; whatever comes from headers is escaped."""
    pages = Environment(loader=FileSystemLoader(page.parent), autoescape=True)
    css = (_HERE / "look.css").read_text(encoding="utf-8")
    return pages.get_template(page.name).render(css=css, disclaimer=DISCLAIMER, **values)


def write_page(name: str, file: Path, **values: object) -> None:
    """Fill the page `name` of this folder.

    Raises:
        InputError: the file cannot be written.
    """
    text = filled(_HERE / name, **values)
    try:
        with atomic_file(file) as beside:
            beside.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"The page '{file}' cannot be written ({error.strerror}): choose another folder with -o.") from error
