"""The pages on which one session is open: the one in use says how large its views are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trame_server import Server
from wslink.websocket import LinkProtocol

Size = Mapping[str, float]
"""Of a view, as trame's remote controlled area tells it: `w` and `h` in the page's pixels, of which each has `p` of the screen."""


class Tabs(LinkProtocol):
    """Keeps the views' sizes of each page, and gives the views those of the page that was used last.

    All pages show the same pictures, and a page of another shape shows them whole, with margins. Where the page in use is closed or
    hidden, the one before it is in use again.
    """

    def __init__(self, server: Server) -> None:
        """Listens; to be made before the server starts."""
        super().__init__()
        self._pages: dict[str, dict[str, Size]] = {}  # by connection: sizes by view; the page in use is the last
        self._resize: dict[str, Callable[[Size], object]] = {}
        self._given: dict[str, Size] = {}
        self._web: Any = None
        server.root_server.controller.on_server_bind.add(self._bind)
        server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(self))

    def add(self, view: str, resize: Callable[[Size], object]) -> None:
        """A view, and what gives it a size."""
        self._resize[view] = resize

    def resized(self, view: str, size: Size) -> None:
        """The page whose message is being answered has given a view this size."""
        page = self._page()
        if page not in self._pages:
            self._pages = {page: {}, **self._pages}  # nobody has used it yet
        self._pages[page][view] = size
        self._apply()

    def used(self, is_visible: bool = True) -> None:
        """A hand or an eye is on the page whose message is being answered; or, not visible, it is there no longer."""
        page = self._page()
        sizes = self._pages.pop(page, {})
        self._pages = {**self._pages, page: sizes} if is_visible else {page: sizes, **self._pages}
        self._apply()

    def onClose(self, client_id: str) -> None:  # noqa: N802 - wslink's name
        """A page is gone."""
        if self._pages.pop(client_id, None) is not None:
            self._apply()

    def _bind(self, web: Any) -> None:
        self._web = web

    def _page(self) -> str:
        return self._web.last_active_client_id

    def _apply(self) -> None:
        for view, resize in self._resize.items():
            size = next((sizes[view] for sizes in reversed(self._pages.values()) if view in sizes), None)
            if size is not None and size != self._given.get(view):
                self._given[view] = size
                resize(size)
