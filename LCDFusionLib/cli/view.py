"""`lcdfusion view [STUDY | ANATOMY FUNCTION]`: the viewer in the browser; it runs until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import secrets
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.errors import InputError

if TYPE_CHECKING:
    from LCDFusionLib.web.front import FrontServer, FrontSettings
    from LCDFusionLib.web.session_contract import ArchiveSettings

TOKEN_VARIABLE = "LCDFUSION_TOKEN"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("view", help="open the viewer in the browser", description=__doc__)
    parser.add_argument(
        "inputs",
        type=Path,
        nargs="*",
        metavar="STUDY | ANATOMY FUNCTION",
        help="a study's folder, or the CT or MR and the PET or SPECT (DICOM folder, NRRD or NIfTI); nothing: a phantom",
    )
    add_server_options(parser)
    parser.set_defaults(run=run)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Where the viewer is served, to whom, and to how many."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; others than this machine's own need a token (%(default)s)"
    )
    parser.add_argument("--port", type=int, default=8080, help="0: any that is free (default: %(default)s)")
    parser.add_argument("--public-url", metavar="URL", help="how browsers reach the viewer behind a reverse proxy; needs a token")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"with the access token; or the variable {TOKEN_VARIABLE} (default: one is made)"
    )
    parser.add_argument("--max-sessions", type=int, default=4, metavar="N", help="browser sessions at once (default: %(default)s)")
    parser.add_argument(
        "--no-spare", action="store_true", help="start a session only when it is asked for: saves memory, costs the reader time"
    )
    parser.add_argument("--upload-limit", type=int, default=2048, metavar="MIB", help="size of one upload (default: %(default)s MiB)")
    parser.add_argument(
        "--grace", type=float, default=30, metavar="SECONDS", help="a session outlives its closed tab by (default: %(default)s)"
    )
    parser.add_argument(
        "--idle-minutes", type=float, default=240, metavar="MIN", help="an unused session ends after; 0: never (default: %(default)s)"
    )
    parser.add_argument(
        "--archive",
        metavar="ADDRESS",
        help="readers may send fused series there: dicom://TITLE@HOST:PORT, dicoms://, or http(s):// of DICOMweb",
    )
    parser.add_argument("--archive-user", metavar="USER", help="of DICOMweb; the password is read from LCDFUSION_PACS_PASSWORD")
    parser.add_argument(
        "--open-in", metavar="URL", help="viewer on the archive that opens what was sent, such as https://ohif.example.org/viewer"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")


def run(options: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    was_given = options.token_file is not None or TOKEN_VARIABLE in os.environ
    serve(settings_of(options), open_browser=not options.no_browser, show_token=not was_given)


def serve(settings: FrontSettings, *, open_browser: bool, show_token: bool = True) -> None:
    """Serve until Ctrl-C; say where, and open the browser there.

    Args:
        settings: of the server.
        open_browser: whether to.
        show_token: print it; False where the user gave it.
    """
    from LCDFusionLib.web import front

    def started(server: FrontServer, port: int) -> None:
        _say_where(server, settings, port, open_browser=open_browser, show_token=show_token)

    if asyncio.run(front.serve(settings, started=started)):
        raise KeyboardInterrupt


def on_own_machine() -> FrontSettings:
    """For one reader, who looks at the phantom here."""
    from LCDFusionLib.web.front import FrontSettings

    return FrontSettings(port=0, max_sessions=2, spare=False)


def settings_of(options: argparse.Namespace) -> FrontSettings:
    """From the command line; InputError for what cannot be."""
    check_installed()
    from LCDFusionLib.web.front import MEBIBYTE, FrontSettings, is_own_machine

    if len(options.inputs) > 2:
        raise InputError(f"{len(options.inputs)} inputs were given; give a study, or the CT or MR and the PET or SPECT, or nothing.")
    for path in options.inputs:
        if not path.exists():
            raise InputError(f"The input '{path}' does not exist; give a DICOM folder, an NRRD or a NIfTI file.")
    for name, lowest in (("max_sessions", 1), ("upload_limit", 1), ("grace", 1), ("idle_minutes", 0), ("port", 0)):
        if getattr(options, name) < lowest:
            raise InputError(f"--{name.replace('_', '-')} must be {lowest} or more.")
    if options.public_url and not options.public_url.startswith(("https://", "http://")):
        raise InputError(f"--public-url '{options.public_url}' is no web address; give one such as https://fusion.example.org.")
    archive = _archive(options)
    token = _token(options.token_file)
    if token is None and (options.public_url or not is_own_machine(options.host)):
        token = secrets.token_urlsafe(32)
    return FrontSettings(
        host="127.0.0.1" if options.host == "localhost" else options.host,
        port=options.port,
        inputs=tuple(path.resolve() for path in options.inputs),
        token=token,
        public_url=options.public_url,
        max_sessions=options.max_sessions,
        spare=not options.no_spare,
        upload_limit=options.upload_limit * MEBIBYTE,
        grace=options.grace,
        grace_lost=max(options.grace, FrontSettings.grace_lost),
        idle_limit=options.idle_minutes * 60,
        archive=archive,
    )


def somebody_looks_on() -> bool:
    """True if a command may open the viewer unasked: at an interactive terminal, with a browser that has a screen; never in CI."""
    if "CI" in os.environ or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    has_screen = os.name == "nt" or sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys()
    try:
        check_installed()
        return bool(has_screen and webbrowser.get())
    except (InputError, webbrowser.Error):
        return False


def check_installed() -> None:
    """InputError if the browser host is not installed."""
    if missing := [name for name in ("aiohttp", "trame", "trame_slicer", "slicer") if importlib.util.find_spec(name) is None]:
        raise InputError(
            f"The viewer needs what is not installed here ({', '.join(missing)}); install it with: pip install 'lcdfusion[web]'."
        )


def _archive(options: argparse.Namespace) -> ArchiveSettings | None:
    if options.archive is None:
        if options.open_in or options.archive_user:
            raise InputError("--open-in and --archive-user need --archive, the address that fused series are sent to.")
        return None
    from LCDFusionLib.pacs import connect, parse_address
    from LCDFusionLib.web.session_contract import ArchiveSettings

    connect(parse_address(options.archive))  # says what is not installed; nothing is sent
    if options.open_in and not options.open_in.startswith(("https://", "http://")):
        raise InputError(f"--open-in '{options.open_in}' is no web address; give one such as https://ohif.example.org/viewer.")
    return ArchiveSettings(options.archive, options.archive_user, options.open_in)


def _token(file: Path | None) -> str | None:
    from LCDFusionLib.web.front import check_token

    if file is None:
        token = os.environ.get(TOKEN_VARIABLE)
        return None if token is None else check_token(token)
    try:
        return check_token(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeError) as error:
        raise InputError(f"The token's file '{file}' cannot be read; give a text file that holds the token alone.") from error


def _say_where(server: FrontServer, settings: FrontSettings, port: int, *, open_browser: bool, show_token: bool) -> None:
    """Print the address; a token of our own is printed here and nowhere else."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = (settings.public_url or f"http://{host}:{port}").rstrip("/")
    print(f"The viewer is at {address}/ (Ctrl-C ends it)")
    if settings.public_url:
        print(f"It listens on http://{host}:{port}/")
    if settings.token is not None and show_token:
        print(f"Access token: {settings.token}\nor open {address}/login#{settings.token}")
    if settings.token is not None and not address.startswith("https:"):
        print("Note: without TLS, whoever listens on the network sees token and images; see docs/deploy.md.")
    print(DISCLAIMER, flush=True)
    if open_browser:
        own = f"http://127.0.0.1:{port}" if settings.host in ("0.0.0.0", "::") and not settings.public_url else address
        target = f"{own}/"
        if not server.access.knows_own_user:  # a ticket would stand in the browser's command line, which all on this machine can read
            target = server.folder.link_page(f"{own}/login#{server.access.ticket()}").as_uri()
        if not webbrowser.open(target):
            print("No browser could be opened here; open the address above.", file=sys.stderr)
