"""A PDF in the study that it is of: what PS3.3 A.45.1 asks for, in the words of C.24.1 and C.24.2, and the file itself to the byte."""

import shutil
import subprocess
from dataclasses import replace

import pydicom
import pytest
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.dicom.encapsulated_pdf import write_encapsulated_pdf
from LCDFusionLib.images.volume import Modality
from Testing.dicom.conftest import STUDY

PDF = b"%PDF-1.4\n%%EOF\n\n"


@pytest.fixture
def sources(make, write_series):
    """A CT of one slice, and a PET of another visit."""
    _, ct = read_folder(write_series(make(Modality.CT, shape=(1, 8, 8)), study=STUDY))
    _, pet = read_folder(write_series(make(Modality.PET, shape=(2, 8, 8)), study=replace(STUDY, uid=generate_uid())))
    return [ct, pet]


def test_it_is_of_the_first_sources_study_and_names_every_image(sources, tmp_path):
    (file,) = write_encapsulated_pdf(PDF, sources, tmp_path / "page", title="Page").iterdir()
    document = pydicom.dcmread(file)
    assert (document.SOPClassUID, document.Modality) == ("1.2.840.10008.5.1.4.1.1.104.1", "DOC")
    assert (document.StudyInstanceUID, document.PatientID) == (STUDY.uid, "P-17")
    assert (document.ConversionType, document.InstanceNumber) == ("WSD", 1)
    assert (document.MIMETypeOfEncapsulatedDocument, document.DocumentTitle) == ("application/pdf", "Page")
    assert (document.EncapsulatedDocument, document.EncapsulatedDocumentLength) == (PDF, len(PDF))
    named = [item.ReferencedSOPInstanceUID for item in document.SourceInstanceSequence]
    assert named == [header.SOPInstanceUID for source in sources for header in source.headers]


@pytest.mark.parametrize(("options", "said"), [({}, "YES"), ({"identifies": True}, "YES"), ({"identifies": False}, "NO")])
def test_burned_in_annotation_tells_of_the_patients_name(sources, tmp_path, options, said):
    (file,) = write_encapsulated_pdf(PDF, sources, tmp_path / "page", title="Page", **options).iterdir()
    assert pydicom.dcmread(file).BurnedInAnnotation == said


def test_other_programs_take_it_for_one(sources, tmp_path):
    for program in ("dciodvfy", "dcm2pdf"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian packages dicom3tools, dcmtk)")
    (file,) = write_encapsulated_pdf(PDF, sources, tmp_path / "page", title="Page").iterdir()
    report = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, errors="replace", timeout=60)
    assert "EncapsulatedPDF" in report.stderr + report.stdout
    assert "Error" not in report.stderr
    subprocess.run(["dcm2pdf", str(file), str(tmp_path / "back.pdf")], check=True, capture_output=True, timeout=60)
    assert (tmp_path / "back.pdf").read_bytes() == PDF


def test_one_byte_more_would_not_be_the_file(sources, tmp_path):
    with pytest.raises(ValueError, match="odd number of bytes"):
        write_encapsulated_pdf(PDF[:15], sources, tmp_path / "page", title="Page")
