"""OHIF as a department has it: its published pages before an archive, on one loopback port."""

from __future__ import annotations

import http.client
import json
import mimetypes
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_SOURCE = {
    "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
    "sourceName": "archive",
    "configuration": {
        "friendlyName": "archive",
        "name": "archive",
        "wadoUriRoot": "/dicom-web",
        "qidoRoot": "/dicom-web",
        "wadoRoot": "/dicom-web",
        "qidoSupportsIncludeField": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "bulkDataURI": {"enabled": True},
        "omitQuotationForMultipartRequest": True,
    },
}


def configuration(**more: object) -> str:
    """OHIF's app-config.js for one DICOMweb archive at /dicom-web; `more` goes in beside."""
    config = {
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "customizationService": {},
        "showStudyList": True,
        "maxNumberOfWebWorkers": 2,
        "showCPUFallbackMessage": False,
        "investigationalUseDialog": {"option": "never"},
        "defaultDataSourceName": "archive",
        "dataSources": [_SOURCE],
        **more,
    }
    return f"window.config = {json.dumps(config)};"


class OhifServer:
    """Serves a folder of OHIF's pages, with `/dicom-web` and its answers passed through to the archive.

    Args:
        pages: `dist` of the npm package @ohif/app.
        archive_port: of Orthanc's HTTP server on this machine.
        config: see `configuration`.
    """

    def __init__(self, pages: Path, archive_port: int, config: str) -> None:
        pages = pages.resolve()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                if path.startswith("/dicom-web"):
                    self._pass_on()
                elif path == "/app-config.js":
                    self._answer(config.encode(), "text/javascript")
                else:
                    file = (pages / path.lstrip("/")).resolve()
                    if not (file.is_file() and file.is_relative_to(pages)):
                        file = pages / "index.html"  # a page of the application, whose router reads the address
                    self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")

            do_POST = do_GET  # noqa: N815

            def _pass_on(self) -> None:
                link = http.client.HTTPConnection("127.0.0.1", archive_port, timeout=60)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {"Accept": self.headers.get("Accept", "*/*"), "Host": self.headers["Host"]}
                link.request(self.command, self.path, body or None, headers)
                answer = link.getresponse()
                self._answer(answer.read(), answer.getheader("Content-Type", "application/octet-stream"), answer.status)
                link.close()

            def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                # What SharedArrayBuffer asks for, which OHIF's volumes need.
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
