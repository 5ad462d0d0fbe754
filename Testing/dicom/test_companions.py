"""Key slices, metrics, blending state, de-identification: valid for dciodvfy and dcentvfy, readable for DCMTK, of the right patient."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from LCDFusionLib.dicom import (
    Derivation,
    Patient,
    fused_headers,
    read_folder,
    why_no_blending_state,
    write_blending_state,
    write_fused_color,
    write_fused_gray,
    write_key_images,
    write_metrics_report,
)
from LCDFusionLib.dicom.companions import write_rejection_note
from LCDFusionLib.dicom.deidentify import deidentify_folder
from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.images.window import Window

METRICS = [{"IE": 5.0 + k, "QABF": 0.25 * k, "VIF": float("nan") if k == 2 else 0.5} for k in range(4)]
BLEND = [{name: value / 2 for name, value in row.items()} for row in METRICS]


@pytest.fixture
def fused(make, write_series, tmp_path):
    """(anatomy, function, folder of results): CT and a PET that was stored as SUV, with one slope."""
    anatomy = read_folder(write_series(make(Modality.CT, shape=(4, 20, 24))))
    pet = make(Modality.PET, shape=(4, 20, 24))
    even = pet.with_array(pet.array / pet.array.max(axis=(1, 2), keepdims=True) * 8)  # one maximum a slice, so one slope
    function = read_folder(write_series(even))
    words = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    given = {"anatomy": anatomy[1], "function": function[1], "derivation": Derivation(**words)}
    gray = np.random.default_rng(2).random(anatomy[0].shape, dtype=np.float32)
    out = tmp_path / "out"
    write_fused_gray(anatomy[0].with_array(gray), out / "gray", **given)
    write_fused_color(anatomy[0].with_array(np.repeat(np.rint(gray * 255).astype(np.uint8)[..., None], 3, -1)), out / "color", **given)
    write_key_images(fused_headers(out / "color"), [1, 3], out / "key", reason="The hottest.")
    write_metrics_report(fused_headers(out / "gray"), METRICS, BLEND, [1, 2], out / "metrics")
    write_blending_state(
        out / "blend",
        anatomy=anatomy[1],
        function=function[1],
        anatomy_window=Window(350, 40),
        function_window=Window(10, 5),
        color_table=COLOR_TABLES["hot-iron"].rgb,
    )
    return anatomy, function, out


def validator(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian package dicom3tools)")
    return program


def test_dciodvfy_finds_no_error_in_any_object(fused):
    for path in sorted(fused[2].rglob("*.dcm")):
        report = subprocess.run([validator("dciodvfy"), "-new", str(path)], capture_output=True, text=True, errors="replace", timeout=60)
        lines = report.stderr.splitlines()
        assert any(not line.startswith(("Error", "Warning")) for line in lines), lines  # it names the object that it recognised
        assert [line for line in lines if line.startswith("Error")] == [], path


def test_dcentvfy_finds_one_patient_and_one_study(fused, tmp_path):
    """All that was written, together with both inputs."""
    (_, anatomy), (_, function), out = fused
    files = [*map(str, anatomy.files), *map(str, function.files), *map(str, sorted(out.rglob("*.dcm")))]
    report = subprocess.run([validator("dcentvfy"), *files], capture_output=True, text=True, errors="replace", timeout=60)
    assert [line for line in (report.stderr + report.stdout).splitlines() if line.startswith("Error")] == []


def test_key_slices_name_the_images(fused):
    (path,) = (fused[2] / "key").iterdir()
    document, color = pydicom.dcmread(path), fused_headers(fused[2] / "color")
    title, known = document.ConceptNameCodeSequence[0], codes.cid7010.OfInterest
    assert (title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning) == (known.value, known.scheme_designator, known.meaning)
    (template,) = document.ContentTemplateSequence  # TID 2010, as PS3.3 A.35.4.3.1.1 asks for
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "2010")
    (described,) = document.ContentSequence[0].ConceptNameCodeSequence
    known = codes.DCM.KeyObjectDescription
    assert (described.CodeValue, described.CodingSchemeDesignator) == (known.value, known.scheme_designator)
    images = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in document.ContentSequence if item.ValueType == "IMAGE"]
    assert images == [color[1].SOPInstanceUID, color[3].SOPInstanceUID]
    evidence = document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.SeriesInstanceUID == color[0].SeriesInstanceUID
    assert [item.ReferencedSOPInstanceUID for item in evidence.ReferencedSOPSequence] == images
    assert str(document.PatientName) == "Müller^Anna"
    with pytest.raises(ValueError, match="at least one slice"):
        write_key_images(color, [], fused[2] / "none", reason="")


def test_a_rejection_note_names_images_as_images_and_documents_as_objects(fused, tmp_path):
    """TID 2010: IMAGE items are of images alone, COMPOSITE of what is none. IHE's title says that they are not to be used."""
    named = [pydicom.dcmread(next((fused[2] / folder).iterdir())) for folder in ("gray", "metrics")]
    objects = [(header.SeriesInstanceUID, header.SOPClassUID, header.SOPInstanceUID) for header in named]
    (path,) = write_rejection_note(named[0], objects, tmp_path / "note").iterdir()
    note = pydicom.dcmread(path)
    title, description = note.ConceptNameCodeSequence[0], note.ContentSequence[0].ConceptNameCodeSequence[0]
    assert title.CodeValue == codes.DCM.RejectedForQualityReasons.value
    assert description.CodeValue == codes.DCM.KeyObjectDescription.value
    assert [item.ValueType for item in note.ContentSequence] == ["TEXT", "IMAGE", "COMPOSITE"]
    assert [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in note.ContentSequence[1:]] == [each[2] for each in objects]


def test_the_report_says_whose_codes_it_uses(fused):
    """Coding Scheme Identification Sequence (0008,0110), for those that are not the standard's."""
    report = pydicom.dcmread(next((fused[2] / "metrics").iterdir()))
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert (scheme.CodingSchemeDesignator, scheme.CodingSchemeName) == ("99LCDFUSION", "LCDFusion")
    assert scheme.CodingSchemeResponsibleOrganization == "LCDFusion"
    assert report.SeriesDescription == "(LCDFusion metrics) NOT FOR DIAGNOSTIC USE"


def test_a_viewer_shows_the_metrics(fused, tmp_path):
    """DCMTK renders the report; every number is there, undefined ones are not."""
    if shutil.which("dsr2html") is None:
        pytest.skip("DCMTK is not installed (Debian package dcmtk)")
    for folder, words in (
        ("metrics", ["Mean over all slices", "IE, fused image", "6.5", "3.25", "0.375", "not a medical device", "Müller"]),
        ("key", ["Of Interest", "The hottest."]),
    ):
        (path,) = (fused[2] / folder).iterdir()
        page = tmp_path / f"{folder}.html"
        subprocess.run(["dsr2html", "+U8", str(path), str(page)], check=True, capture_output=True, timeout=60)
        text = page.read_text(encoding="utf-8", errors="replace")
        for word in words:
            assert word in text, (word, text)
    assert text.count("nan") == 0


def test_every_item_of_the_metrics_report_has_a_concept_name(fused):
    """The standard asks for none of an IMAGE item; readers show an empty page without one."""

    def items(parent):
        for item in parent.get("ContentSequence", []):
            yield item
            yield from items(item)

    report = pydicom.dcmread(next((fused[2] / "metrics").iterdir()))
    found = list(items(report))
    assert {item.ValueType for item in found} == {"TEXT", "CONTAINER", "NUM", "IMAGE"}
    for item in found:
        (name,) = item.ConceptNameCodeSequence
        assert name.CodeValue
        assert name.CodingSchemeDesignator
        assert name.CodeMeaning
    sources = {item.ConceptNameCodeSequence[0].CodeMeaning for item in found if item.ValueType == "IMAGE"}
    assert sources == {"Source of Measurement"}


def test_the_blending_state_says_what_the_blend_is(fused):
    (_, anatomy), (_, function), out = fused
    state = pydicom.dcmread(next((out / "blend").iterdir()))
    under, over = state.BlendingSequence
    assert (under.BlendingPosition, over.BlendingPosition) == ("UNDERLYING", "SUPERIMPOSED")
    for layer, source in ((under, anatomy), (over, function)):
        (series,) = layer.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == source.series.uid
        assert [i.ReferencedSOPInstanceUID for i in series.ReferencedImageSequence] == [h.SOPInstanceUID for h in source.headers]
        assert float(layer.RescaleSlope) == float(source.headers[0].RescaleSlope)
        assert not any("ReferencedFrameNumber" in image for image in series.ReferencedImageSequence)
    # HU are stored + (-1024) here; without Rescale Type (0028,1054) the output is unspecified, US.
    assert [(float(layer.RescaleIntercept), layer.RescaleType) for layer in (under, over)] == [(-1024, "HU"), (0, "US")]
    assert (state.BodyPartExamined, "Laterality" in state) == ("CHEST", False)
    assert (float(under.SoftcopyVOILUTSequence[0].WindowCenter), float(under.SoftcopyVOILUTSequence[0].WindowWidth)) == (40, 350)
    # LINEAR, which is meant where nothing is said, is a window of one less than its width (PS3.3 C.11.2.1.2): SUV 0 to 10 would be 0 to 9.
    assert {layer.SoftcopyVOILUTSequence[0].VOILUTFunction for layer in (under, over)} == {"LINEAR_EXACT"}
    voi = over.SoftcopyVOILUTSequence[0]
    # SUV 0 and 10 are the ends of the window, in the Bq/ml of the stored images
    ends = (np.array([-0.5, 0.5]) * float(voi.WindowWidth) + float(voi.WindowCenter)) * function.suv.factor
    np.testing.assert_allclose(ends, [0, 10], atol=1e-6)
    red = np.frombuffer(state.RedPaletteColorLookupTableData, "<u2") // 257
    np.testing.assert_array_equal(red, COLOR_TABLES["hot-iron"].rgb[:, 0])
    assert state.RelativeOpacity == 0.5


def test_no_blending_state_where_it_would_be_untrue(fused, make, write_series):
    (_, anatomy), (_, function), _ = fused
    assert why_no_blending_state(anatomy, function) is None
    assert "both inputs have to be DICOM" in why_no_blending_state(anatomy, None)
    assert "both inputs have to be DICOM" in why_no_blending_state(None, function)
    varied = read_folder(write_series(make(Modality.PET, shape=(4, 20, 24)), "varied"))[1]
    assert "rescaled each in another way" in why_no_blending_state(anatomy, varied)
    moved = function.ijk_to_lps.copy()
    moved[0, 3] += 5
    assert "moved by a registration" in why_no_blending_state(anatomy, replace(function, ijk_to_lps=moved))
    other = replace(function, series=replace(function.series, frame_of_reference="2.25.1"))
    assert "one frame of reference" in why_no_blending_state(anatomy, other)


def test_deidentified_objects_tell_nothing_and_stay_together(fused):
    """No name, number, date or UID of the inputs is left in any byte; the series still refer to one another and are valid."""
    (_, anatomy), (_, function), out = fused
    secrets = {anatomy.series.uid, anatomy.series.study_uid, function.series.uid, anatomy.series.frame_of_reference, "P-17", "20250314"}
    secrets |= {"Anna", *(h.SOPInstanceUID for h in (*anatomy.headers, *function.headers))}
    before = fused_headers(out / "color")
    touched = pydicom.dcmread(min((out / "color").iterdir()))  # as another program leaves it
    touched.ContributingEquipmentSequence = [Dataset()]
    touched.ContributingEquipmentSequence[0].Manufacturer = "Anna's workstation"
    touched.SourceImageSequence[0].OperatorsName = "Anna^Operator"
    touched.SourceImageSequence[0].private_block(0x0011, "ACME", create=True).add_new(1, "LO", "Anna in private")
    touched.save_as(touched.filename)
    assert deidentify_folder(out) == len(list(out.rglob("*.dcm")))
    for path in sorted(out.rglob("*.dcm")):
        data = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in data] == [], path
        header = pydicom.dcmread(path)
        assert header.PatientIdentityRemoved == "YES"
        method, known = header.DeidentificationMethodCodeSequence[0], codes.cid7050.BasicApplicationConfidentialityProfile
        assert (method.CodeValue, method.CodingSchemeDesignator) == (known.value, known.scheme_designator)
        assert "NOT FOR DIAGNOSTIC USE" in header.SeriesDescription
        report = subprocess.run([validator("dciodvfy"), "-new", str(path)], capture_output=True, text=True, errors="replace", timeout=60)
        assert [line for line in report.stderr.splitlines() if line.startswith("Error")] == [], path
    color, document = fused_headers(out / "color"), pydicom.dcmread(next((out / "key").iterdir()))
    assert {header.StudyInstanceUID for header in (*color, document)} == {document.StudyInstanceUID}
    named = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in document.ContentSequence if item.ValueType == "IMAGE"]
    assert named == [color[1].SOPInstanceUID, color[3].SOPInstanceUID]
    assert document.ContentSequence[-1].ReferencedSOPSequence[0].ReferencedSOPClassUID == before[0].SOPClassUID
    assert "ContributingEquipmentSequence" not in color[0]
    for one, other in zip(before, color, strict=True):
        assert one.ImagePositionPatient == other.ImagePositionPatient
        assert "Fused by LCDFusion" in other.DerivationDescription


def test_each_patient_gets_one_number_and_no_other_does(make, write_series, tmp_path):
    """Two clinics may have used one number, and files without any are not all of one patient."""
    patients = [("Müller^Anna", "P-17"), ("Müller^Anna", "P-17"), ("Else^Somebody", "P-17"), ("Else^Somebody", ""), ("Müller^Anna", "")]
    volume = make(Modality.MR, shape=(1, 4, 4))
    for number, (name, identity) in enumerate(patients):
        write_series(volume, f"{number}", patient=Patient(name, identity))
    assert deidentify_folder(tmp_path) == len(patients)
    headers = [pydicom.dcmread(path) for path in sorted(tmp_path.rglob("*.dcm"))]
    numbers = [header.PatientID for header in headers]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 4
    assert [str(header.PatientName) for header in headers] == numbers


def test_one_number_of_two_issuers_is_of_two_patients(make, write_series, tmp_path):
    """Issuer of Patient ID (0010,0021): P-17 of the one clinic is not P-17 of the other, though both are called alike."""
    for name, issuer in (("a", "Clinic"), ("b", "Clinic"), ("c", "Hospital")):
        write_series(make(Modality.MR, shape=(1, 4, 4)), name, attributes={"IssuerOfPatientID": issuer})
    deidentify_folder(tmp_path)
    first, second, other = (pydicom.dcmread(path).PatientID for path in sorted(tmp_path.rglob("*.dcm")))
    assert first == second != other


def test_a_metric_that_is_nowhere_defined_is_left_out(fused, tmp_path):
    rows = [{"IE": 5.0, "VIF": float("nan")}] * 4
    (path,) = write_metrics_report(fused_headers(fused[2] / "gray"), rows, rows, [1], tmp_path / "report").iterdir()
    of_all = pydicom.dcmread(path).ContentSequence[1]
    assert [item.ConceptNameCodeSequence[0].CodeMeaning for item in of_all.ContentSequence] == ["IE, fused image", "IE, 50/50 blend"]
    assert [float(item.MeasuredValueSequence[0].NumericValue) for item in of_all.ContentSequence] == [5, 5]


def test_key_slices_of_a_series_that_is_numbered_from_the_top(make, write_series, edit, tmp_path):
    """The slice that was marked is the one at its place, whatever the scanner counted."""
    folder = write_series(make(Modality.CT, shape=(4, 20, 24)))
    edit(folder, lambda dataset, index: setattr(dataset, "InstanceNumber", 4 - index))
    volume, source = read_folder(folder)
    assert list(source.instance_numbers) == [4, 3, 2, 1]
    words = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    gray = volume.with_array(np.random.default_rng(2).random(volume.shape, dtype=np.float32))
    write_fused_gray(gray, tmp_path / "gray", anatomy=source, function=None, derivation=Derivation(**words))
    write_key_images(fused_headers(tmp_path / "gray"), [3], tmp_path / "key", reason="The hottest.")
    document = pydicom.dcmread(next((tmp_path / "key").iterdir()))
    (marked,) = (item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in document.ContentSequence if item.ValueType == "IMAGE")
    (header,) = (header for header in fused_headers(tmp_path / "gray") if header.SOPInstanceUID == marked)
    np.testing.assert_allclose(header.ImagePositionPatient, (volume.ijk_to_lps @ [0, 0, 3, 1])[:3], atol=1e-3)


def test_the_headers_of_more_than_9999_slices_come_in_their_order(fused, tmp_path):
    (tmp_path / "many").mkdir()
    for name, file in zip(("9999.dcm", "10000.dcm"), sorted((fused[2] / "gray").iterdir())[:2], strict=True):
        shutil.copy(file, tmp_path / "many" / name)
    first, second = fused_headers(tmp_path / "many")
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
