"""What a reader sees before a session is there, or instead of one."""

from __future__ import annotations

import secrets
from html import escape

from aiohttp import web

from LCDFusionLib import DISCLAIMER

_STYLE = """
body { background: #121212; color: #e0e0e0; font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 100vh;
       margin: 0; text-align: center }
main { max-width: 34rem; padding: 2rem }
h1 { font-size: 1.25rem; font-weight: 600 }
input, button { font: inherit; padding: .5rem .75rem; border-radius: 4px; border: 1px solid #616161; background: #1e1e1e; color: inherit }
input { width: 100%; box-sizing: border-box; margin: 0 0 1rem }
button { background: #1565c0; border-color: #1565c0; color: #fff; cursor: pointer }
a { color: #90caf9 }
small { color: #9e9e9e }
progress { width: 100%; accent-color: #90caf9 }
"""

# Asks until the answer is no longer "202 Accepted"; then the address is opened again.
_WAIT = """
const began = Date.now();
setInterval(async () => {
  document.querySelector("#seconds").textContent = Math.round((Date.now() - began) / 1000) + " s";
  try { if ((await fetch(location.pathname, { cache: "no-store" })).status !== 202) location.reload(); } catch {}
}, 1000);
"""

# The token comes behind the #, which browsers keep to themselves; it leaves the address, and the history, before it is sent.
_LOG_IN = """
function logIn() {
  const word = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (word) { document.querySelector("input").value = decodeURIComponent(word); document.querySelector("form").submit(); }
}
addEventListener("hashchange", logIn);  // the link was pasted into a tab that shows this page already
logIn();
"""


def starting(note: str = "") -> web.Response:
    """While a session starts; the page goes on by itself."""
    return _page("The viewer is starting", f"{note} This takes some seconds.", 202, '<progress></progress> <p id="seconds"></p>', _WAIT)


def no_place(places: int) -> web.Response:
    """When all sessions are in use; the page tries again by itself."""
    taken = f"All {places} places are taken" if places > 1 else "The only place is taken"
    text = f"{taken}; this page opens the viewer as soon as one is free. A place becomes free soon after its tab is closed."
    return _page("No place free", text, 503, refresh="5")


def failed(reason: str) -> web.Response:
    """When a session cannot be started."""
    return _page("The viewer could not be started", reason, 500, '<p><a href="/">Try again</a></p>')


def log_in(problem: str = "", status: int = 200) -> web.Response:
    """Asks for the token."""
    form = (
        '<form method="post" action="/login"><input type="password" name="token" autocomplete="off" autofocus required '
        'aria-label="Access token"><button>Open the viewer</button></form>'
    )
    return _page(
        "Access token", problem or "The token is printed where the viewer was started; whoever runs it can tell you.", status, form, _LOG_IN
    )


def left() -> web.Response:
    """After the reader has ended the session."""
    text = "The images of this session have been deleted from the server."
    return _page("The session has ended", text, 200, '<p><a href="/">Open the viewer</a></p>')


def again(word: str) -> web.Response:
    """For somebody who follows a link from another site: opens the same address once more, this time with the cookie, and with our word."""
    return _page("LCDFusion", "", 200, refresh=f"0; url=/?again={word}")


def refused(sentence: str, status: int) -> web.Response:
    """A request that is not answered."""
    return _page("Not answered", sentence, status)


def _page(title: str, text: str, status: int, body: str = "", script: str = "", refresh: str = "") -> web.Response:
    nonce = secrets.token_urlsafe(16)
    html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>{escape(title)}</title>{f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""}
<style nonce="{nonce}">{_STYLE}</style></head>
<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{body}<p><small>LCDFusion. {escape(DISCLAIMER)}</small></p></main>
{f'<script nonce="{nonce}">{script}</script>' if script else ""}</body></html>
"""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return web.Response(text=html, status=status, content_type="text/html", headers={"Content-Security-Policy": policy})
