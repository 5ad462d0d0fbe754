"""`lcdfusion batch` from end to end, with what goes wrong in a night."""

import csv
import json
import signal
from dataclasses import replace

import psutil
import pytest

from LCDFusionLib.dicom.instance import new_uid
from LCDFusionLib.images.volume import Modality
from Testing.cli.place import Place
from Testing.cli.small_study import PATIENT, STUDY, body, write_series


def write_study(folder, letter):
    patient, study, frame = replace(PATIENT, id=letter), replace(STUDY, uid=str(new_uid())), str(new_uid())
    for modality in (Modality.CT, Modality.PET):
        volume = replace(body(modality), frame_of_reference=frame)
        write_series(folder / letter / modality.value, volume, patient=patient, study=study)


def summary(place):
    with (place.out / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["patient_id"]: row for row in csv.DictReader(stream) if row["patient_id"]}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    for letter in "ABC":
        write_study(folder, letter)
    return folder


def test_a_batch_keeps_what_is_whole_and_one_failure_costs_one(cohort, weights, tmp_path):
    place = Place(tmp_path)
    made = place.run("batch", cohort, "-o", place.out, "--plan", "--weights", weights)
    assert made.returncode == 0, made.stderr
    assert "3 of 3 studies can be fused" in made.stdout
    assert (place.out / "plan.html").is_file()
    rows = (place.out / "plan.csv").read_text(encoding="utf-8-sig").splitlines()
    # One pair that cannot be fused, which only the fusion finds out.
    (place.out / "plan.csv").write_text("\n".join([*rows[:2], rows[2].replace("--weights", "--window 0/0 --weights"), rows[3]]) + "\n")
    first = place.run("batch", place.out / "plan.csv", "-o", place.out, "--workers", 1)
    assert first.returncode == 0, first.stderr
    assert "2 fused, 1 failed" in first.stdout
    rows = summary(place)
    assert "window" in rows["B"]["reason"]
    folder = place.out / rows["A"]["result"]
    assert (folder / "overview.png").is_file()
    assert float(rows["A"]["QABF"]) == pytest.approx(
        json.loads((folder / "report.json").read_text())["mean_metrics"]["fused"]["QABF"], abs=1e-3
    )
    again = place.run("batch", cohort, "-o", place.out, "--workers", 1, "--weights", weights)
    assert "1 fused, 2 kept" in again.stdout, again.stderr


def test_a_killed_worker_costs_no_pair(cohort, weights, tmp_path):
    """kill -9 of Dask's worker as soon as it has a fusion process; another takes its pair."""
    place = Place(tmp_path)
    process = place.start("batch", cohort, "-o", place.out, "--workers", 1, "--weights", weights)
    killed = None
    while killed is None and process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                if any("LCDFusionLib.fusion.worker" in word for word in child.cmdline()):
                    killed = child.parent()
                    killed.send_signal(signal.SIGKILL)
                    break
            except psutil.Error:
                continue
    output, errors = process.communicate(timeout=300)
    assert killed is not None
    assert "3 fused" in output, errors


def test_ctrl_c_ends_in_order(cohort, weights, tmp_path):
    place = Place(tmp_path)
    process = place.start("batch", cohort, "-o", place.out, "--workers", 1, "--weights", weights)
    for line in process.stdout:
        if "pairs on 1 workers" in line:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not [entry for entry in place.out.iterdir() if entry.name.startswith(".")]
    rest = place.run("batch", cohort, "-o", place.out, "--workers", 1, "--weights", weights)
    assert rest.returncode == 0, rest.stderr
    assert "failed" not in rest.stdout
