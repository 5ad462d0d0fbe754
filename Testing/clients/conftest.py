"""A default result as a user makes it, in an archive, and the clients that departments open it with."""

import shutil
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest

from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series
from Testing.clients.npm_clients import CLIENTS, place
from Testing.clients.ohif_server import OhifServer, configuration
from Testing.pacs.conftest import running_orthanc  # noqa: F401
from Testing.web.conftest import chromium, playwright  # noqa: F401


def client(name):
    """Folder of a client from npm."""
    if not place(name).exists():
        pytest.skip(f"{name} {CLIENTS[name][0]} is not installed (it comes with npm: python -m Testing.clients.npm_clients)")
    return place(name)


def store(orthanc, folder):
    """Everything DICOM of a folder into an archive."""
    for file in folder.rglob("*.dcm"):
        address = f"http://127.0.0.1:{orthanc.http_port}/instances"
        urllib.request.urlopen(urllib.request.Request(address, data=file.read_bytes(), method="POST"), timeout=30).close()


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Folder with CT, PET and RESULT, which `lcdfusion fuse` made. Nothing in the CT's description says that it is one."""
    folder = tmp_path_factory.mktemp("study")
    for modality, name in ((Modality.CT, "Thorax 3.0 B30f"), (Modality.PET, "WB 3D")):
        write_series(folder / modality.name, replace(body(modality, 12, 64), name=name))
    command = [sys.executable, "-m", "LCDFusionLib.cli", "fuse", folder / "CT", folder / "PET", "-o", folder / "RESULT"]
    subprocess.run(list(map(str, command)), check=True, timeout=300, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def archive(running_orthanc, study):  # noqa: F811
    """Orthanc with the study and everything that the result holds for a PACS."""
    running_orthanc.empty()
    store(running_orthanc, study)
    return running_orthanc


@pytest.fixture(scope="session")
def ohif_address(archive):
    server = OhifServer(client("@ohif/app") / "dist", archive.http_port, configuration())
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def drawing_chromium(chromium):  # noqa: F811
    """Chromium that draws with WebGL where there is no graphics card."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    drawing = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
    browser = chromium.browser_type.launch(executable_path=program, args=drawing)
    yield browser
    browser.close()
