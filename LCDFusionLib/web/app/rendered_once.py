"""A page is turned into its template once, not once for each element round it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trame_client.widgets.core import HTML_CTX, AbstractElement


@contextmanager
def rendered_once() -> Iterator[None]:
    """To be entered round the whole page.

    At the end of each `with` trame (trame-client 4.1) renders the element and all that is in it, so that what lies ten elements deep is
    rendered ten times: half of the time that making our page takes. It does so for the defaults of the state that come of it,
    which the last one, of the layout, gives as well.
    """
    whole = AbstractElement.__exit__

    def leave(element: AbstractElement, *_: object) -> None:
        HTML_CTX.exit(element)

    AbstractElement.__exit__ = leave
    try:
        yield
    finally:
        AbstractElement.__exit__ = whole
