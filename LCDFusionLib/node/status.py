"""How a node stands, for people (a page), programs (JSON) and Prometheus (text). All of it comes from the state alone."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from LCDFusionLib import __version__
from LCDFusionLib.cohort.pages import filled
from LCDFusionLib.errors import InputError

from .state import Ended, State, Step

_SHOWN = 20  # troubles on the page
_OWN = ("127.0.0.1", "localhost", "[::1]")
_ENDS = (Ended.SENT, Ended.LEFT_OUT, Ended.FAILED, Ended.SUPERSEDED, Ended.UNCHANGED)


def status_of(state: State) -> dict[str, Any]:
    """How the node stands, ready for JSON; no names of patients, but Study Instance UIDs and reasons, which may quote headers."""
    now = time.time()
    counts = dict(state.rows("SELECT state, count(*) FROM revision GROUP BY state"))
    sent = state.rows("SELECT changed, changed - taken FROM revision WHERE state = ? AND changed > ?", Ended.SENT, now - 86400)
    seconds = [seconds for _, seconds in sent]
    oldest = state.rows(f"SELECT min(taken) FROM revision WHERE state IN {Step.OPEN}")[0][0]
    troubles = state.rows(
        "SELECT number, study, state, reason, attempts, changed FROM revision WHERE reason != '' ORDER BY changed DESC LIMIT ?", _SHOWN
    )
    return {
        "version": __version__,
        "archive": state.setting("archive") or "",
        "trouble": state.setting("trouble") or "",
        "arriving": len(state.arriving()),
        "queue": {step: counts.get(step, 0) for step in Step.OPEN},
        "oldest_seconds": None if oldest is None else round(now - oldest, 1),
        "ended": {end: counts.get(end, 0) for end in _ENDS},
        "images_stored": state.rows("SELECT count(*) FROM delivery")[0][0],
        "last_hour": sum(at > now - 3600 for at, _ in sent),
        "last_day": len(sent),
        "median_seconds": round(statistics.median(seconds), 1) if seconds else None,
        "troubles": [
            {
                "number": number,
                "study": study,
                "state": step,
                "reason": reason,
                "attempts": attempts,
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
            }
            for number, study, step, reason, attempts, at in troubles
        ],
    }


def metrics_of(state: State) -> bytes:
    """The same for Prometheus, in its text format."""
    registry = CollectorRegistry()
    registry.register(_Collector(state))
    return generate_latest(registry)


class _Collector:
    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        status = status_of(self._state)
        queue = GaugeMetricFamily("lcdfusion_node_queue", "Studies in work, by what they have behind them.", labels=["step"])
        for step, count in status["queue"].items():
            queue.add_metric([step], count)
        ended = GaugeMetricFamily("lcdfusion_node_studies", "Studies that have ended, by how; superseded ones were sent.", labels=["end"])
        for end, count in status["ended"].items():
            ended.add_metric([end.replace(" ", "_")], count)
        yield from (queue, ended)
        yield CounterMetricFamily(
            "lcdfusion_node_objects_delivered", "DICOM objects that a destination took.", value=status["images_stored"]
        )
        yield GaugeMetricFamily("lcdfusion_node_arriving", "Studies that are not complete yet.", value=status["arriving"])
        yield GaugeMetricFamily("lcdfusion_node_oldest_seconds", "Age of the oldest study in work.", value=status["oldest_seconds"] or 0)
        yield GaugeMetricFamily("lcdfusion_node_archive_up", "Whether the archive answers.", value=not status["trouble"])
        if status["median_seconds"] is not None:
            yield GaugeMetricFamily(
                "lcdfusion_node_median_seconds",
                "From a complete study to its result in the archive, last day.",
                value=status["median_seconds"],
            )


def serve_status(state: State, host: str, port: int) -> ThreadingHTTPServer:
    """Serve the page, /status.json and /metrics in a thread of its own.

    Raises:
        InputError: the port is taken.
    """
    pages = {
        "/": lambda: ("text/html; charset=utf-8", page_of(state).encode()),
        "/status.json": lambda: ("application/json", json.dumps(status_of(state)).encode()),
        "/metrics": lambda: (CONTENT_TYPE_LATEST, metrics_of(state)),
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            page = pages.get(self.path.split("?")[0])
            name = (self.headers.get("Host") or "").rsplit(":", 1)[0]
            if page is None or (host == "127.0.0.1" and name not in _OWN):  # a page from elsewhere that calls this machine by another name
                self.send_error(404)
                return
            kind, body = page()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise InputError(f"The status page cannot be served on {host}:{port} ({error.strerror}): choose another --status-port.") from error
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True, name="status").start()
    return server


def page_of(state: State) -> str:
    """The page, which loads itself again every few seconds."""
    return filled(Path(__file__).parent / "status.html", status=status_of(state))
