"""`lcdfusion node ADDRESS --state FOLDER`: follows an archive, and stores the fused series of each new study in it."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from LCDFusionLib.errors import InputError

from .extras import extra
from .fuse import add_fusion_options
from .fusion_words import arguments_of, confirmed_kinds, words_of
from .send import add_link_options, security_of

if TYPE_CHECKING:
    from LCDFusionLib.node import Settings, State


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("node", help="fuse each new study of an archive, unattended", description=__doc__)
    parser.add_argument(
        "address", nargs="?", help="orthanc://HOST:8042, or http(s)://... of a DICOMweb service; without: say how it stands"
    )
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="what was seen and sent, and what is in work")
    parser.add_argument("--json", action="store_true", help="how it stands, as JSON")
    parser.add_argument("--everything", action="store_true", help="the first time: what the archive holds already, too")
    parser.add_argument("--again", action="store_true", help="take what failed or was left out once more")
    parser.add_argument("--once", action="store_true", help="end when nothing is left to do")
    parser.add_argument(
        "--send-to", action="append", default=[], metavar="ADDRESS", help="send results on to another archive (several times)"
    )
    parser.add_argument("--unsure", action="store_true", help="of pairs that look alike fuse the first")
    parser.add_argument(
        "--queue", type=int, default=200, metavar="N", help="studies taken at a time (%(default)s); the rest waits in the archive"
    )
    parser.add_argument("--poll", type=float, default=2.0, metavar="SECONDS", help="between two looks at the archive (%(default)s)")
    settle = "without a new image, until a study counts as complete where the archive does not say so (%(default)s)"
    parser.add_argument("--settle", type=float, default=60.0, metavar="SECONDS", help=settle)
    parser.add_argument("--days", type=int, default=7, metavar="N", help="of DICOMweb: how old a study may be by its date (%(default)s)")
    parser.add_argument(
        "--status", default="127.0.0.1:8051", metavar="HOST:PORT", help="of page, JSON and metrics (%(default)s); '' for none"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="fusions at a time on this machine (default: by GPUs, cores and memory)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask scheduler whose workers see the state folder")
    parser.add_argument("--retries", type=int, default=2, metavar="N", help="after a process died (%(default)s)")
    add_link_options(parser)
    add_fusion_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Follow the archive, or say how it stands."""
    with extra("node"):
        from LCDFusionLib.cohort import Engine
        from LCDFusionLib.node import Node, State
        from LCDFusionLib.node.orthanc_log import OrthancLog
        from LCDFusionLib.node.query_poll import QueryPoll
        from LCDFusionLib.node.status import serve_status
        from LCDFusionLib.pacs import parse_address
    if options.address is None:
        _say_status(options)
        return
    address = parse_address(options.address)
    if not (address.is_orthanc or address.is_web):
        raise InputError(f"'{options.address}' cannot be followed: give orthanc://HOST:8042, or the address of a DICOMweb service.")
    engine = Engine(options.workers, options.scheduler, options.retries)
    settings = _settings(options)
    state = State(options.state)
    with state.alone():
        _bind(state, address.url)
        if options.again:
            state.take_again()
        server = None
        if options.status:
            host, _, port = options.status.rpartition(":")
            if not port.isdecimal():
                raise InputError(f"'{options.status}' is no place for a status page: give HOST:PORT, such as 127.0.0.1:8051.")
            server = serve_status(state, host or "127.0.0.1", int(port))
        _log()
        try:
            source = (OrthancLog if address.is_orthanc else QueryPoll)(settings)
            Node(state, source, settings, engine).run(everything=options.everything, once=options.once)
        finally:
            if server is not None:
                server.shutdown()


def _settings(options: argparse.Namespace) -> Settings:
    from LCDFusionLib.node import Settings
    from LCDFusionLib.pacs import connect, parse_address

    if options.deidentify:
        raise InputError(
            "A node cannot take the patient out of its results: they are stored in the patient's own study. Omit --deidentify."
        )
    connected = partial(connect, security=security_of(options), own_title=options.own_title, timeout=options.timeout)
    words = words_of(options)
    arguments_of(words)  # before the first study comes
    return Settings(
        archive=partial(connected, parse_address(options.address)),
        destinations={text: partial(connected, parse_address(text)) for text in options.send_to},
        arguments=arguments_of,
        options=words,
        relative=options.relative,
        confirmed=confirmed_kinds(options),
        unsure=options.unsure,
        queue=options.queue,
        workers=(options.workers or 2) + 2,  # while some fuse, others are fetched and sent
        retries=options.retries,
        poll=options.poll,
        settle=options.settle,
        days=options.days,
    )


def _bind(state: State, address: str) -> None:
    """A state belongs to one archive: what was sent to it says nothing of another."""
    bound = state.setting("archive")
    if bound not in (None, address):
        raise InputError(f"The state '{state.folder}' belongs to {bound}: name another folder with --state for {address}.")
    state.keep("archive", address)


def _say_status(options: argparse.Namespace) -> None:
    from LCDFusionLib.node import State, status_of
    from LCDFusionLib.node.state import FILE

    if not (options.state / FILE).is_file():
        raise InputError(
            f"There is no state of a node in '{options.state}': name the folder that it was started with, or an archive to follow."
        )
    status = status_of(State(options.state))
    if options.json:
        print(json.dumps(status, indent=2))
        return
    print(status["trouble"] or f"following {status['archive']}")
    for title, counts in (("in work", status["queue"]), ("ended", status["ended"])):
        print(f"{title}: {', '.join(f'{count} {name}' for name, count in counts.items() if count) or 'nothing'}")
    for one in status["troubles"]:
        print(f"study {one['number']} ({one['study']}), {one['state']}: {one['reason']}")


def _log() -> None:
    """What the node does, a line a step, on stderr; nothing of a patient is in it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("LCDFusionLib.node")
    for earlier in [*logger.handlers]:
        logger.removeHandler(earlier)
    logger.addHandler(handler)
    logger.propagate = False
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
