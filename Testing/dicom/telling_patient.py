"""A patient whom every text of a DICOM file tells, and the search for them in every byte of what is written."""

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pydicom
import pypdf
from pydicom.dataset import Dataset

SECRETS = {
    "PatientName": "Zaphod^Ulrike",
    "PatientID": "ZQ-77031",
    "PatientBirthDate": "19540712",
    "PatientAddress": "Xylophonweg 9",
    "OtherPatientIDs": "XQ-2207",
    "PatientComments": "Zaphod has two heads",
    "InstitutionName": "Klinik Quellmoor",
    "InstitutionAddress": "Quellmoorweg 12",
    "ReferringPhysicianName": "Wolfram^Jutta",
    "PerformingPhysicianName": "Halfrunt^Gag",
    "OperatorsName": "Marvin^Android",
    "StudyDescription": "Zaphod follow-up study",
    "AccessionNumber": "ACC-99817",
    "StudyID": "STU-4471",
    "StudyDate": "20250314",
    "ProtocolName": "Protokoll Zaphod",
    "StationName": "SCANNERQ7",
    "DeviceSerialNumber": "SN-5520-Q",
    "ImageComments": "Zaphod moved",
    "AdditionalPatientHistory": "stole a ship in Damogran",
    "ReasonForTheRequestedProcedure": "two brains, one locked",
    "RequestedProcedureDescription": "Restaging of Zaphod",
}
"""What must not be found in anything that is written de-identified; series, UIDs and folders tell the patient too."""


def tell(folder):
    """Writes the secrets into all DICOM files below a folder, their series' descriptions and a private element; returns every string that
    tells the patient, their UIDs among them.
    """
    secrets = {*SECRETS.values()} | {"Zaphod", "zaphod", "ZAPHOD", "Ulrike", "1954-07-12", "Restaging of"}
    for file in (file for file in Path(folder).rglob("*") if file.is_file()):
        dataset = pydicom.dcmread(file)
        for keyword, value in SECRETS.items():
            setattr(dataset, keyword, value)
        dataset.SeriesDescription = f"Zaphod O'Brien {file.parent.name}"
        request = Dataset()
        request.ScheduledProcedureStepDescription = "Zaphod's step"
        dataset.RequestAttributesSequence = [request]
        dataset.private_block(0x0011, "ZAPHOD 1.0", create=True).add_new(1, "LO", "Zaphod again")
        dataset.save_as(file)
        secrets |= {one.value for one in dataset if one.VR == "UI" and not one.value.startswith("1.2.840.10008.")}
    return secrets


def told(files, secrets):
    """Which secrets stand in the names and bytes of files, what is packed in them among it: {name: secrets}, empty where none does."""
    found = {}
    for file in files:
        for name, data in _unpacked(file.name, file.read_bytes()):
            there = {one for one in secrets if one in name or one.encode() in data or one.encode("utf-16-le") in data}
            if there:
                found[name] = there
    return found


def _unpacked(name, data):
    """The bytes of a file as they are, and those of what it holds: members of a zip, gzip streams, texts of a PNG, all of a PDF."""
    yield name, data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield from _unpacked(member, packed.read(member))
    elif b"%PDF-" in data:  # by itself, or in a DICOM object
        document = pypdf.PdfReader(io.BytesIO(data[data.index(b"%PDF-") :]))
        yield name, repr(document.metadata).encode()
        for page in document.pages:
            yield name, page.extract_text().encode()
        for number in range(1, document.trailer["/Size"]):
            part = document.get_object(number)
            if isinstance(part, pypdf.generic.StreamObject):
                yield from _unpacked(name, part.get_data())
    elif data.startswith(b"\x1f\x8b"):
        yield name, gzip.decompress(data)
    elif data.startswith(b"NRRD") and b"encoding: gz" in data:
        yield name, gzip.decompress(data.partition(b"\n\n")[2])
    elif data.startswith(b"\x89PNG"):
        place = 8
        while place < len(data):
            (length,) = struct.unpack_from(">I", data, place)
            kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
            if kind in (b"zTXt", b"iCCP"):
                yield name, zlib.decompress(content.partition(b"\0")[2][1:])
            place += 12 + length
