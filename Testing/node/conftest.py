"""A node beside a real Orthanc: what it runs on, and what an archive holds afterwards."""

import multiprocessing
from collections import Counter
from dataclasses import replace

import pytest
from distributed import LocalCluster

from LCDFusionLib.dicom.instance import new_uid
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.node import State
from LCDFusionLib.pacs import connect, parse_address, send
from Testing.cli.small_study import PATIENT, STUDY, body, write_series
from Testing.node.running import run_node
from Testing.pacs.conftest import orthanc, running_orthanc, storescp  # noqa: F401


def write_study(folder, letter, **of_function):
    """A CT and a PET of one patient, three slices; returns their Study Instance UID."""
    patient, study, frame = replace(PATIENT, id=letter, name=f"{letter}^Ann"), replace(STUDY, uid=str(new_uid())), str(new_uid())
    for modality in (Modality.CT, Modality.PET):
        volume = replace(body(modality, slices=3, size=32), frame_of_reference=frame)
        more = of_function if modality is Modality.PET else {}
        write_series(folder / letter / modality.value, volume, **({"patient": patient, "study": study} | more))
    return study.uid


def push(server, *folders):
    """Send all DICOM files of folders as a modality does."""
    send(connect(parse_address(server.network)), [file for folder in folders for file in sorted(folder.rglob("*.dcm"))])


def fused_series(server, letter=None):
    """What Orthanc's own database holds of fused colour series: (patient, Series Instance UID, number of images)."""
    found = []
    for series in server.ask("series?expand"):
        if "LCDFusion color" in series["MainDicomTags"].get("SeriesDescription", ""):
            patient = server.ask(f"series/{series['ID']}/patient")["MainDicomTags"]["PatientID"]
            if letter in (None, patient):
                found.append((patient, series["MainDicomTags"]["SeriesInstanceUID"], len(series["Instances"])))
    return found


def descriptions(server):
    return Counter(series["MainDicomTags"].get("SeriesDescription", "") for series in server.ask("series?expand"))


@pytest.fixture(scope="session")
def scheduler():
    """One worker, kept warm for all nodes of these tests."""
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, env={"OMP_NUM_THREADS": "2"}) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def processes():
    """Processes with the libraries loaded, of which each node is a fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["Testing.node.conftest"])
    return context


@pytest.fixture
def node(tmp_path, scheduler, processes, weights, request):
    """node(address, kill_at=0, options="", **settings) runs a node in a process of its own to its end; gives its exit code."""

    def run(address, *, kill_at=0, options="", **more):
        words = f"--weights {weights} {options}".strip()
        process = processes.Process(target=run_node, args=(tmp_path / "state", address, scheduler, words, kill_at, more))
        process.start()
        process.join(300)
        if process.is_alive():
            process.kill()
            pytest.fail("the node found no end")
        return process.exitcode

    return run


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "state")
