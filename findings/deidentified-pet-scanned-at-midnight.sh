#!/usr/bin/env bash
# dicom-anonymizer 2.1.0: a de-identified PET was scanned at midnight and injected at nine.
#
# Guess, written before the first run: the basic profile (PS3.15 table E.1-1) removes or replaces all times of a PET alike, those of the injection
# in the Radiopharmaceutical Information Sequence too, so that a SUV can either still be computed or lacks a time and is refused.
#
# Seen: weight and size are removed and every date and time at the top becomes 0001-01-01 00:00:00, but the sequence is not entered: dose, half
# life, Radiopharmaceutical Start Time and Start DateTime stay as they were. The object is valid, holds dose, injection and scan time, and whoever
# is told the weight and computes SUV gets a scan nine hours before, or, by the usual rule for midnight, fifteen hours after the injection:
# for F-18 a factor of 2^(15/1.83) = 290 in place of 1.46.
set -euo pipefail
box=$(mktemp -d); trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/pip" install -q --disable-pip-version-check dicom-anonymizer==2.1.0 pydicom==3.0.2
"$box/venv/bin/python" -W ignore - <<'PY'
import logging
from importlib.metadata import version

from dicomanonymizer import anonymize_dataset
from pydicom.dataset import Dataset

logging.disable(logging.WARNING)
pet, injection = Dataset(), Dataset()
pet.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
pet.SOPInstanceUID, pet.StudyInstanceUID, pet.SeriesInstanceUID = "2.25.1", "2.25.2", "2.25.3"
pet.PatientName, pet.PatientID, pet.PatientWeight, pet.PatientSize = "Example^One", "1", "70", "1.7"
pet.StudyDate = pet.SeriesDate = pet.AcquisitionDate = "20250314"
pet.StudyTime = pet.SeriesTime = pet.AcquisitionTime = "100000"
pet.Units, pet.DecayCorrection = "BQML", "START"
injection.RadionuclideTotalDose, injection.RadionuclideHalfLife = "300000000", "6586.2"
injection.RadiopharmaceuticalStartTime, injection.RadiopharmaceuticalStartDateTime = "090000", "20250314090000"
pet.RadiopharmaceuticalInformationSequence = [injection]
anonymize_dataset(pet)

(after,) = pet.RadiopharmaceuticalInformationSequence
seen = {
    "weight": pet.get("PatientWeight"),
    "scan": f"{pet.AcquisitionDate} {pet.AcquisitionTime}",
    "dose": str(after.RadionuclideTotalDose),
    "injection": f"{after.RadiopharmaceuticalStartTime}, {after.RadiopharmaceuticalStartDateTime}",
}
print(f"dicom-anonymizer {version('dicom-anonymizer')}, pydicom {version('pydicom')}")
for name, value in seen.items():
    print(f"  {name:10} {value}")
assert seen == {
    "weight": None,
    "scan": "00010101 000000.00",
    "dose": "300000000",
    "injection": "090000, 20250314090000",
}, "it behaves otherwise now"
print("as found: scan times are zeroed, the injection's are not")
PY
