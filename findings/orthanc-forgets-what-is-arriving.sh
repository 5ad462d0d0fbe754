#!/bin/sh
# Orthanc 1.10.1 (Debian package orthanc; run with it installed): a study of one image, StableAge 2 s, and kill -9 before that has passed.
#
# Guess: after the restart the study is still arriving, and the log of changes gets its StableStudy two seconds later.
# Found: the study is stable at once ("IsStable": true), and StableStudy never comes: which studies are still arriving is known in memory
#   alone. Whoever waits for that event loses the study.
set -eu
folder=$(mktemp -d)
trap 'kill -9 $(cat "$folder/pid") 2>/dev/null || true; rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2
cat > ask.py <<'PY'
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

with socket.socket() as one, socket.socket() as other:
    one.bind(("127.0.0.1", 0))
    other.bind(("127.0.0.1", 0))
    ports = one.getsockname()[1], other.getsockname()[1]
json.dump({"StorageDirectory": "storage", "IndexDirectory": "storage", "HttpPort": ports[0], "DicomPort": ports[1], "StableAge": 2,
           "AuthenticationEnabled": False}, open("orthanc.json", "w"))


def ask(path, data=None):
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{ports[0]}/{path}", data=data), timeout=10) as answer:
        return json.load(answer)


def start():
    process = subprocess.Popen(["Orthanc", "orthanc.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    open("pid", "w").write(str(process.pid))
    for _ in range(600):
        try:
            return process, ask("system")["Version"]
        except OSError:
            time.sleep(0.05)
    sys.exit("Orthanc does not start")


def store(letter):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientID, dataset.Modality = letter, "OT"
    dataset.save_as(f"{letter}.dcm", enforce_file_format=True)
    return ask("instances", open(f"{letter}.dcm", "rb").read())["ParentStudy"]


def announced():
    return {change["ID"] for change in ask("changes?since=0&limit=1000")["Changes"] if change["ChangeType"] == "StableStudy"}


orthanc, version = start()
study = store("killed")
before = ask(f"studies/{study}")["IsStable"], study in announced()
orthanc.send_signal(signal.SIGKILL)
orthanc.wait()
orthanc, _ = start()
after = ask(f"studies/{study}")["IsStable"]
control = store("control")  # that the event comes at all
while control not in announced():
    time.sleep(0.1)
time.sleep(2)
print("Orthanc", version)
print("guess: not stable, and announced later")
print(f"found: stable {before[0]} before the kill, {after} after it, announced {study in announced()} (another study meanwhile: True)")
sys.exit(0 if before == (False, False) and after is True and study not in announced() else 1)
PY
env/bin/python ask.py
