"""The page to keep: what of the reading on show stands on it, read from the PDF by Poppler; and the DICOM object that carries it."""

import io
import shutil
import subprocess

import numpy as np
import pydicom
import pypdf
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.dicom import read_folder  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.images.volume import Modality  # noqa: E402
from LCDFusionLib.mrml.dicom_nodes import node_from_series  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice  # noqa: E402
from LCDFusionLib.panel.export import ExportKind  # noqa: E402
from Testing.cli.small_study import body, write_series  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402
from Testing.panel.test_on_show import HOT, HOT_RAS, register  # noqa: E402

TUMOUR = (-25.0, 10.0, -290.0)


@pytest.fixture
def study(host, application, tmp_path):
    """CT and PET of Anna Müller, on show."""
    sources = {}
    for kind in (Modality.CT, Modality.PET):
        volume, source = read_folder(write_series(tmp_path / kind.value, body(kind)))
        sources[kind] = source, node_from_series(application.scene, volume, source)
    files = {str(h.SOPInstanceUID): str(f) for source, _ in sources.values() for h, f in zip(source.headers, source.files, strict=True)}
    host.find_file = lambda uid: files.get(uid, "")
    host.set(anatomy=sources[Modality.CT][1], function=sources[Modality.PET][1])
    host.settle()
    return sources


def keep(host, folder, kind=ExportKind.PAGE):
    """What the steps write, as a host calls them."""
    folder.mkdir(exist_ok=True)
    return [path for step in host.panel.export.steps(kind, folder) for path in step()]


def text_of(path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    ran = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, timeout=60, check=True)
    return " ".join(ran.stdout.split())


def pictures_of(path):
    return [image.image for page in pypdf.PdfReader(path).pages for image in page.images]


def test_a_reading_stands_on_its_page(host, study, tmp_path):
    host.fuse()
    panel = host.panel
    panel.views.plane.jump(TUMOUR)
    panel.regions.isocontour()
    panel.regions.rename(panel.regions.state.rows[0].key, "Tumour, left")
    for index in (1, 3):
        panel.views.slice = index
        panel.export.mark()
    (path,) = keep(host, tmp_path / "out")
    text = text_of(path)
    assert "Müller Anna" in text
    assert "P-17" in text
    assert "2025-03-14" in text
    assert "not for diagnostic use" in text
    assert all(fact.shown in text for fact in panel.study.state.facts)
    (row,) = panel.regions.state.rows
    assert "Tumour, left " + " ".join(value for value in row.values[1:] if value) in text
    assert "Slice 2 of 6, image 2" in text
    assert "Slice 4 of 6" in text
    assert "Slice 3 of 6" not in text, "it is not marked"
    assert "W/L 350/40 HU, 0 to 10 SUVbw, colours Blaze" in text
    assert "none: both lie as they were scanned" in text
    assert len(pictures_of(path)) == 1 + 2 * 3
    assert all(np.asarray(picture).std() > 10 for picture in pictures_of(path))


def test_what_nobody_may_overlook_stands_there(host, load, tmp_path):
    nodes = load(volumes(HOT), "Zaphod")
    host.set(anatomy=nodes[0], function=nodes[1])
    text = text_of(*keep(host, tmp_path / "unfused"))
    assert "Nothing is fused" in text
    assert "Blend: not fused yet" in text
    host.fuse()
    host.set(window=AnatomyWindow.LUNG, table=ColorTableChoice.EMBER)
    register(nodes[1], (-20.0, 8.0, 8.0))
    host.settle()
    text = text_of(*keep(host, tmp_path / "older"))
    assert "OLDER CHOICES: window, colours, place" in text
    assert "Registered rigidly: 8 of 8 starts agree" in text
    assert "Nothing is fused" not in text
    other = load(volumes(HOT, name=" other"), "Trillian")
    host.set(function=other[1])
    with pytest.raises(InputError, match="no pair on show"):
        keep(host, tmp_path / "unconfirmed")
    host.panel.inputs.confirm(agreed=True)
    host.settle()
    text = text_of(*keep(host, tmp_path / "mismatch"))
    assert "The inputs differ, confirmed by the reader: " in text
    assert "Zaphod" in text
    assert "Trillian" in text
    assert "Nothing is fused" in text, "what was fused is of another pair"


def test_a_region_is_outlined_where_it_lies_and_nowhere_else(host, load, tmp_path):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.views.plane.jump(HOT_RAS)
    before = {picture.tobytes() for picture in pictures_of(*keep(host, tmp_path / "without"))}
    host.panel.regions.sphere()
    after = {picture.tobytes() for picture in pictures_of(*keep(host, tmp_path / "with"))}
    assert len(before) == len(after) == 4
    assert len(before & after) == 2, "projection and anatomy; function and blend have its outline"
    assert "Lesion 1" in text_of(tmp_path / "with" / "lcdfusion_page.pdf")


def test_deidentified_it_names_neither_patient_nor_region(host, study, tmp_path):
    host.panel.views.plane.jump(TUMOUR)
    host.panel.regions.isocontour()
    host.panel.regions.rename(host.panel.regions.state.rows[0].key, "Anna, left")
    host.set(deidentify=True)
    text = text_of(*keep(host, tmp_path / "out"))
    for word in ("Müller", "Anna", "P-17", "2025", "2026", "70 kg"):
        assert word not in text
    assert "De-identified" in text
    assert "Region 1" in text


@pytest.mark.parametrize("deidentify", [False, True])
def test_in_the_study_it_is_an_encapsulated_pdf(host, study, tmp_path, deidentify):
    """dciodvfy finds no error, and DCMTK gives back the file to the byte."""
    for program in ("dciodvfy", "dcm2pdf"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian packages dicom3tools, dcmtk)")
    host.fuse()
    host.set(deidentify=deidentify, page_in_dicom=True)
    written = keep(host, tmp_path / "out", ExportKind.DICOM)
    assert [path.name for path in written] == ["dicom_color", "dicom_gray", "dicom_page"]
    (file,) = written[-1].iterdir()
    report = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, errors="replace", timeout=60)
    said = report.stderr + report.stdout
    assert "EncapsulatedPDF" in said.replace(" ", "")
    assert "Error" not in said, said
    back = tmp_path / "back.pdf"
    subprocess.run(["dcm2pdf", str(file), str(back)], capture_output=True, timeout=60, check=True)
    dataset = pydicom.dcmread(file)
    assert back.read_bytes() == dataset.EncapsulatedDocument
    assert len(pypdf.PdfReader(io.BytesIO(back.read_bytes())).pages) >= 1
    fused = pydicom.dcmread(next(written[0].iterdir()))
    for keyword in ("PatientID", "StudyInstanceUID"):
        assert dataset[keyword].value == fused[keyword].value, "together with the series"
    assert dataset.BurnedInAnnotation == ("NO" if deidentify else "YES")
    assert "NOT FOR DIAGNOSTIC USE" in dataset.SeriesDescription
    of_study = {str(header.SOPInstanceUID) for source, _ in study.values() for header in source.headers}
    referred = {str(item.ReferencedSOPInstanceUID) for item in dataset.SourceInstanceSequence}
    assert len(referred) == len(of_study)
    assert (referred == of_study) is not deidentify


def test_a_pair_of_files_has_a_page_and_no_dicom_object(host, load, tmp_path):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1], page_in_dicom=True)
    host.fuse()
    assert keep(host, tmp_path / "out")[0].read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="'CT' did not come from DICOM"):
        keep(host, tmp_path / "dicom", ExportKind.DICOM)
