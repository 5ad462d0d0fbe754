"""Archives to talk with: Orthanc on a loopback port, DCMTK's storescp, and a link that breaks."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import numpy as np
import pytest

from LCDFusionLib.dicom import (
    Derivation,
    fused_headers,
    read_folder,
    write_fused_color,
    write_fused_gray,
    write_key_images,
    write_metrics_report,
)
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series
from Testing.ports import free_port


def wait_for(ask, seconds=60):
    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def wait_for_port(port):
    def ask():
        socket.create_connection(("127.0.0.1", port), timeout=1).close()

    wait_for(ask)


class Orthanc:
    """A running Orthanc with its DICOMweb plug-in."""

    def __init__(self, folder, *, stable_age=1):
        self.dicom_port, self.http_port = free_port(), free_port()
        self.network = f"dicom://ORTHANC@127.0.0.1:{self.dicom_port}"
        self.web = f"http://127.0.0.1:{self.http_port}/dicom-web"
        self.rest = f"orthanc://127.0.0.1:{self.http_port}"
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
            "DicomAet": "ORTHANC",
            "DicomPort": self.dicom_port,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "StableAge": stable_age,
            "HttpPort": self.http_port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        self.settings = folder / "orthanc.json"
        self.settings.write_text(json.dumps(settings))
        self.log = folder / "log.txt"
        self.start()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["Orthanc", str(self.settings)], stdout=log, stderr=log)
        wait_for(lambda: self.ask("system"))
        wait_for_port(self.dicom_port)

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/{path}", timeout=20) as answer:
            return json.load(answer)

    def empty(self):
        for study in self.ask("studies"):
            request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}/studies/{study}", method="DELETE")
            urllib.request.urlopen(request, timeout=20).close()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def running_orthanc(tmp_path_factory):
    if shutil.which("Orthanc") is None:
        pytest.skip("Orthanc is not installed (Debian packages orthanc, orthanc-dicomweb)")
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield server
    server.stop()


@pytest.fixture
def orthanc(running_orthanc):
    """Empty."""
    running_orthanc.empty()
    return running_orthanc


@pytest.fixture(params=["network", "web", "rest"])
def address(request, orthanc):
    """Orthanc by the DICOM network, by DICOMweb, and by its own REST interface."""
    return getattr(orthanc, request.param)


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    """CT, PET, both fused series, key slices and metrics of one small study, 26 objects; not to be changed."""
    folder = tmp_path_factory.mktemp("result")
    anatomy, function = (read_folder(write_series(folder / m.value, body(m))) for m in (Modality.CT, Modality.PET))
    noise = np.random.default_rng(4).random(anatomy[0].shape, dtype=np.float32)
    gray = anatomy[0].with_array(noise)
    color = anatomy[0].with_array(np.rint(np.stack([noise, noise**2, 1 - noise], axis=-1) * 255).astype(np.uint8))
    words = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    given = {"anatomy": anatomy[1], "function": function[1], "derivation": Derivation(**words)}
    headers = fused_headers(write_fused_gray(gray, folder / "dicom_gray", **given))
    write_fused_color(color, folder / "dicom_color", **given)
    write_key_images(headers, [2], folder / "dicom_key_images", reason="One slice.")
    write_metrics_report(headers, [{"IE": 5.0}] * 6, [{"IE": 4.0}] * 6, [2], folder / "dicom_metrics")
    return folder


@pytest.fixture
def storescp(tmp_path):
    """start(*options): DCMTK's receiver; gives its port and folder."""
    if shutil.which("storescp") is None:
        pytest.skip("DCMTK is not installed (Debian package dcmtk)")
    processes = []

    def start(*options):
        port, folder = free_port(), tmp_path / f"storescp-{len(processes)}"
        folder.mkdir()
        command = ["storescp", *options, "--output-directory", str(folder), str(port)]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for_port(port)
        return port, folder

    yield start
    for process in processes:
        process.terminate()
        process.wait(timeout=20)


class BreakingLink:
    """Passes everything on to a port, until so many bytes went through; then it cuts that link, and the next ones while `is_broken`."""

    def __init__(self, target, *, after):
        self._target, self.left, self.is_broken, self.cuts = target, after, True, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self._target))
            for source, sink, counts in ((client, upstream, True), (upstream, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, counts), daemon=True).start()

    def _pump(self, source, sink, counts):
        try:
            while data := source.recv(2048):
                if counts and self.is_broken:
                    self.left -= len(data)
                    if self.left < 0:
                        self.cuts += 1
                        break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._server.close()
