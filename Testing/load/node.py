"""Two hundred studies pushed at an Orthanc at once, with kill -9 of the node and of Orthanc: what is in Orthanc's own database at the end.

    python -m Testing.load.node --studies 200 --node-kills 10 --orthanc-kills 2

Orthanc (Debian packages orthanc, orthanc-dicomweb) and DCMTK's storescu are the real ones, and so is the command; storescu tries again
where Orthanc is gone, as a modality does. Kills come at random moments, spread over the work by the number of studies that are sent.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil

from LCDFusionLib.node import State, status_of
from Testing.load.batch import write_studies
from Testing.pacs.conftest import Orthanc
from Testing.plain_weights import write_plain_weights

SENDERS = 4  # at once


def push(folder, port):
    """All images of a study, as often as it takes. Returns the attempts."""
    command = ["storescu", "--scan-directories", "--recurse", "--required", "127.0.0.1", str(port), str(folder)]
    for attempt in range(1, 200):
        if subprocess.run(command, capture_output=True).returncode == 0:
            return attempt
        time.sleep(0.5)
    raise RuntimeError(f"{folder} was not taken")


def sent(state):
    """How many studies have ended, as the node's own command tells it."""
    if not (state / "node.sqlite").exists():
        return 0
    with closing(State(state)) as opened:
        ended = status_of(opened)["ended"]
    return sum(ended.values()) - ended["unchanged"]


def count(server):
    """By patient: (images in each fused colour series, whether a note says of one that it is superseded)."""
    found = {}
    for series in server.ask("series?expand"):
        description = series["MainDicomTags"].get("SeriesDescription", "")
        patient = server.ask(f"series/{series['ID']}/patient")["MainDicomTags"]["PatientID"]
        entry = found.setdefault(patient, ([], []))
        if "LCDFusion color" in description:
            entry[0].append(len(series["Instances"]))
        if "superseded" in description:
            entry[1].append(series["ID"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--node-kills", type=int, default=10)
    parser.add_argument("--orthanc-kills", type=int, default=2)
    parser.add_argument("--slices", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("node_options", nargs="*", help="after --: further options of `lcdfusion node`")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("orthanc", "studies"):
            (folder / name).mkdir()
        write_studies(folder / "studies", options.studies, size=32, slices=options.slices)
        server, state = Orthanc(folder / "orthanc"), folder / "state"
        command = [sys.executable, "-m", "LCDFusionLib.cli", "node", server.rest, "--state", str(state), "--everything", "--once"]
        command += ["--status", "", "--workers", "1", "--settle", "30", "--weights", write_plain_weights(folder / "plain.pt")]
        command += options.node_options
        log = (folder / "node.log").open("ab")

        def start():
            return subprocess.Popen(command, stdout=log, stderr=log)

        victims = ["node"] * options.node_kills + ["orthanc"] * options.orthanc_kills
        chance.shuffle(victims)
        marks = sorted(chance.uniform(0, 0.9) * options.studies for _ in victims)
        started, node = time.monotonic(), start()
        with ThreadPoolExecutor(SENDERS) as pool:
            pushed = [pool.submit(push, study, server.dicom_port) for study in sorted((folder / "studies").iterdir())]
            for victim, mark in zip(victims, marks, strict=True):
                while sent(state) < mark and node.poll() is None:
                    time.sleep(0.2)
                time.sleep(chance.uniform(0, 3))
                print(f"{time.monotonic() - started:.0f} s: kill -9 of {victim}, {sent(state)} studies sent", flush=True)
                process = node if victim == "node" else server.process
                process.send_signal(signal.SIGKILL)
                process.wait()
                if victim == "node":
                    node = start()
                else:
                    server.start()
            attempts = sum(future.result() for future in pushed)
        code = node.wait() or start().wait()  # once more: it may have ended before the last image came
        seconds = time.monotonic() - started
        found = count(server)
        whole = [images for images, _ in found.values() if images == [options.slices]]
        double = [patient for patient, (images, notes) in found.items() if len(images) - len(notes) > 1]
        lost = [patient for patient, (images, _) in found.items() if options.slices not in images]
        again = sum(len(notes) for _, notes in found.values())
        left = [p for p in psutil.process_iter(["cmdline"]) if any(str(state) in word for word in p.info["cmdline"] or ())]
        server.stop()
        print(
            f"{options.studies} studies, {options.node_kills} kills of the node, {options.orthanc_kills} of Orthanc, exit code {code}: "
            f"{len(found)} patients in Orthanc, {len(whole)} fused once, {len(double)} double, {len(lost)} lost, "
            f"{again} fused anew and marked; {attempts - options.studies} pushes repeated, {len(left)} processes left, {seconds:.0f} s, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        if code or double or lost or len(found) != options.studies:
            print((folder / "node.log").read_text()[-6000:])
            with closing(State(state)) as opened:
                print(*status_of(opened)["troubles"], sep="\n")
            sys.exit(1)


if __name__ == "__main__":
    main()
