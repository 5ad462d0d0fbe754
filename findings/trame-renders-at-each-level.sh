#!/bin/sh
# trame-client 4.1.4 (trame-server 4.1.0), the web framework of viewers made with VTK: a page of Div elements, each inside the `with` of the one around it.
#
# Guess: an element is rendered to its template once, when the page is complete and its layout is pushed to the browser.
# Found: each element renders itself, and with it all that it holds, at the end of its own `with`, and throws the text away (it is done so that default values
#   get into the state). The innermost of ten is rendered ten times: 55 renderings for 10 elements, 15 for 5, 1 for 1, before the layout asks for any. A page's
#   building time grows with its depth, and with each panel that is put around it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check trame-client==4.1.4 trame-server==4.1.0
cat > ask.py <<'PY'
import contextlib
import sys
from importlib.metadata import version

from trame_client.widgets.core import AbstractElement
from trame_client.widgets.html import Div
from trame_server import Server

server = Server()
server.client_type = "vue3"
render = AbstractElement.html.fget
count = 0


def counted(element):
    global count
    count += 1
    return render(element)


AbstractElement.html = property(counted)
found = []
for depth in (1, 5, 10):
    count = 0
    with contextlib.ExitStack() as page:
        for _ in range(depth):
            page.enter_context(Div(trame_server=server))
    found.append(count)
print("trame-client", version("trame-client"), "trame-server", version("trame-server"))
print("guess: 1, 5, 10 renderings for 1, 5, 10 elements inside one another, or fewer")
print("found:", found)
sys.exit(0 if found == [1, 15, 55] else 1)
PY
env/bin/python ask.py
