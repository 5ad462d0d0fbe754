"""`lcdfusion node` as a service: started, asked how it stands, told to end."""

import json
import re
import signal
import time
import urllib.error
import urllib.request

import pydicom
import pytest
from prometheus_client.parser import text_string_to_metric_families

from LCDFusionLib.cli.main import main
from Testing.cli.place import Place
from Testing.node.conftest import fused_series, push, write_study
from Testing.ports import free_port


def get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def until_sent(process, port, seconds=240):
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            status = json.loads(get(port, "status.json"))
        except OSError:
            status = None
        if status and status["ended"]["sent"] and not status["arriving"] and not sum(status["queue"].values()):
            return status
        time.sleep(0.1)
    raise AssertionError(process.communicate(timeout=20))


def test_a_service(orthanc, storescp, weights, tmp_path):
    """Fuses a study, sends it on, serves page, JSON and metrics, names no patient in its log, and ends in order."""
    place, port, (dicom_port, elsewhere) = Place(tmp_path), free_port(), storescp()
    write_study(tmp_path, "A")
    push(orthanc, tmp_path / "A")
    options = ["--state", place.folder / "state", "--everything", "--status", f"127.0.0.1:{port}", "--workers", 1, "--poll", 0.2]
    options += ["--send-to", f"dicom://ANY@127.0.0.1:{dicom_port}", "--weights", weights]
    process = place.start("node", orthanc.rest, *options)
    status = until_sent(process, port)
    assert status["troubles"] == []
    assert status["trouble"] == ""
    families = {family.name: family for family in text_string_to_metric_families(get(port, "metrics"))}
    studies = {sample.labels["end"]: sample.value for sample in families["lcdfusion_node_studies"].samples}
    assert studies == {"sent": 1, "left_out": 0, "failed": 0, "superseded": 0, "unchanged": 0}
    page = get(port, "")
    assert "not for diagnostic use" in page
    assert orthanc.rest in page
    with pytest.raises(urllib.error.HTTPError, match="404"):  # a page from elsewhere that has its name led here
        get(port, "status.json", Host="evil.example")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in log
    assert "study 1: sent" in log
    assert not re.search(r"Ann|\b2\.25\.", log)

    ((_, series, images),) = fused_series(orthanc)
    sent_on = [pydicom.dcmread(file, stop_before_pixels=True) for file in elsewhere.iterdir()]
    assert sum(one.SeriesInstanceUID == series for one in sent_on) == images == 3
    told = place.run("node", "--state", place.folder / "state", "--json")
    assert json.loads(told.stdout)["ended"]["sent"] == 1
    assert "ended: 1 sent" in place.run("node", "--state", place.folder / "state").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dicom://PACS@127.0.0.1:104"], "cannot be followed"),
        (["orthanc://127.0.0.1:1", "--deidentify"], "--deidentify"),
        (["orthanc://127.0.0.1:1", "--confirm-mismatch", "names"], "knows no 'names'"),
        ([], "There is no state"),
    ],
)
def test_what_cannot_be_followed(arguments, sentence, tmp_path, capsys):
    assert main(["node", *arguments, "--state", str(tmp_path / "state")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
