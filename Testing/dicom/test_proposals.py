"""What a messy folder holds, and the order in which its fusable pairs are proposed."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from LCDFusionLib.cli.studies import fuse_command
from LCDFusionLib.dicom import Patient, Study, propose_pairs, scan_folder
from LCDFusionLib.images.volume import Modality
from Testing.cli.place import Place, refusal
from Testing.dicom.conftest import FRAME_OF_REFERENCE, PATIENT, STUDY

SCANNER = {"Manufacturer": "ACME", "ManufacturerModelName": "Biograph", "StationName": "PETCT1"}
DIAGNOSTIC = {"Manufacturer": "Other", "ManufacturerModelName": "Force", "StationName": "CT7"}


@pytest.fixture
def put(tmp_path, make, write_series):
    """put(modality, name, ...): one small series into the folder `mess`; keywords go to the volume or to its attributes."""

    def write(modality, name, *, frame=FRAME_OF_REFERENCE, slices=6, apart=2.7, patient=PATIENT, study=STUDY, number=1, **attributes):
        volume = make(modality, shape=(slices, 16, 16), spacing=(2.0, 2.0, apart))
        volume = replace(volume, name=name, frame_of_reference=frame)
        return write_series(volume, f"mess/{name}", patient=patient, study=study, series_number=number, attributes=attributes)

    return write


def names(folder):
    return [f"{pair.anatomy.name} + {pair.function.name}" for pair in propose_pairs(scan_folder(folder).series)]


def test_the_order_of_the_pairs(put, tmp_path):
    """As the issue has it: same study and frame, corrected PET first, the CT of the PET/CT, thin before thick."""
    put(Modality.CT, "CT of the PET/CT, 5 mm", apart=5.0, **SCANNER)
    put(Modality.CT, "CT of the PET/CT, 3 mm", apart=3.0, slices=10, **SCANNER)
    put(Modality.CT, "diagnostic CT, 1 mm", apart=1.0, slices=20, **DIAGNOSTIC)
    put(Modality.CT, "diagnostic CT of another frame", apart=1.0, frame=generate_uid(), **DIAGNOSTIC)
    put(Modality.CT, "localizer", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], **SCANNER)
    put(Modality.CT, "fused", ImageType=["DERIVED", "SECONDARY"], Manufacturer="LCDFusion")
    put(Modality.PET, "PET AC", **SCANNER)
    put(Modality.PET, "PET NAC", CorrectedImage=["DECY"], **SCANNER)
    ct3, ct5, thin, other = "CT of the PET/CT, 3 mm", "CT of the PET/CT, 5 mm", "diagnostic CT, 1 mm", "diagnostic CT of another frame"
    assert names(tmp_path / "mess") == [
        *(f"{ct} + PET AC" for ct in (ct3, ct5, thin)),
        *(f"{ct} + PET NAC" for ct in (ct3, ct5, thin)),
        f"{other} + PET AC",
        f"{other} + PET NAC",
    ]
    first, *_, last = propose_pairs(scan_folder(tmp_path / "mess").series)
    for reason in ("same study", "same frame of reference", "attenuation-corrected PET", "CT of the PET/CT", "slices every 3 mm"):
        assert reason in first.reasons
    assert first.cautions == ()
    assert not first.needs_registration
    assert last.needs_registration
    contents = scan_folder(tmp_path / "mess")
    assert "--register" in fuse_command(tmp_path / "mess", contents, last)
    assert "--register" not in fuse_command(tmp_path / "mess", contents, first)
    assert {"different frames of reference: register", "PET not attenuation-corrected"} <= set(last.cautions)
    assert any(caution.startswith("no SUV: it was not corrected for attenuation") for caution in last.cautions)


def test_two_patients_are_never_a_pair(put, tmp_path):
    put(Modality.CT, "CT of Anna")
    put(Modality.PET, "PET of Otto", patient=replace(PATIENT, id="P-18", name="Otto^Else"), study=replace(STUDY, uid=generate_uid()))
    assert names(tmp_path / "mess") == []


def test_the_nameless_are_a_pair_within_one_study_alone(put, tmp_path):
    nobody, another = Patient("", "", weight_kg=70), replace(STUDY, uid=generate_uid())
    put(Modality.CT, "CT", patient=nobody)
    put(Modality.PET, "PET", patient=nobody)
    put(Modality.CT, "CT of another study", patient=nobody, study=another)
    assert names(tmp_path / "mess") == ["CT + PET"]


def test_another_visit_of_the_patient_comes_last_and_is_told(put, tmp_path):
    later = Study(uid=generate_uid(), started=datetime(2025, 6, 14, 10), description="follow-up")
    put(Modality.CT, "CT at follow-up", study=later, frame=generate_uid(), apart=1.0)
    put(Modality.CT, "CT", apart=5.0)
    put(Modality.PET, "PET")
    assert names(tmp_path / "mess") == ["CT + PET", "CT at follow-up + PET"]
    pair = propose_pairs(scan_folder(tmp_path / "mess").series)[1]
    assert pair.mismatches == ("study-date",)
    assert any("92 days apart" in caution for caution in pair.cautions)


def test_of_two_visits_the_later_one_comes_first(put, tmp_path):
    for name, day, apart in (("first", 12, 1.0), ("last", 14, 3.0), ("second", 13, 2.0)):
        frame, study = generate_uid(), Study(generate_uid(), datetime(2025, 3, day, 10), "PET/CT")
        for modality in (Modality.CT, Modality.PET):
            put(modality, f"{name} {modality.value}", frame=frame, study=study, apart=apart, **SCANNER)
    assert names(tmp_path / "mess")[:3] == [f"{name} CT + {name} PT" for name in ("last", "second", "first")]


def test_volumes_that_do_not_meet_come_after_those_that_do(put, tmp_path, make, write_series):
    put(Modality.PET, "PET")
    put(Modality.CT, "CT there", apart=5.0)
    away = replace(make(Modality.CT, origin=(0, 0, 900.0)), name="CT of the feet", frame_of_reference=FRAME_OF_REFERENCE)
    write_series(away, "mess/away", study=STUDY)
    assert names(tmp_path / "mess") == ["CT there + PET", "CT of the feet + PET"]
    assert "CT covers 0% of the PET" in propose_pairs(scan_folder(tmp_path / "mess").series)[1].cautions


def test_how_much_of_the_pet_lies_in_the_ct_is_said(put, tmp_path):
    """Positions of 11 slices 3 mm apart, of which the CT's 6 slices, 3 mm apart, hold the first half."""
    put(Modality.CT, "CT", slices=6, apart=3.0)
    put(Modality.PET, "PET", slices=11, apart=3.0)
    (pair,) = propose_pairs(scan_folder(tmp_path / "mess").series)
    assert "CT covers 50% of the PET" in pair.reasons


def test_a_ct_that_is_longer_than_the_pet_covers_all_of_it(put, tmp_path):
    put(Modality.CT, "CT", slices=11, apart=3.0)
    put(Modality.PET, "PET", slices=6, apart=3.0)
    (pair,) = propose_pairs(scan_folder(tmp_path / "mess").series)
    assert "CT covers 100% of the PET" in pair.reasons


def test_a_ct_of_the_pets_study_comes_before_one_of_another(put, tmp_path):
    """Of the same day and in the same frame of reference, as after a change of the study's number."""
    put(Modality.CT, "thin CT of another study", apart=1.0, slices=14, study=replace(STUDY, uid=generate_uid()))
    put(Modality.CT, "CT", study=STUDY)
    put(Modality.PET, "PET", study=STUDY)
    assert names(tmp_path / "mess") == ["CT + PET", "thin CT of another study + PET"]
    first, second = propose_pairs(scan_folder(tmp_path / "mess").series)
    assert ("same study" in first.reasons, "same study" in second.reasons) == (True, False)


def test_ct_that_covers_more_of_the_pet_comes_first(put, tmp_path):
    """Neither is of the PET's scanner; the thin one holds the lower half alone."""
    put(Modality.CT, "thin CT of the lower half", slices=16, apart=1.0, **DIAGNOSTIC)
    put(Modality.CT, "thick CT", slices=7, apart=5.0, **DIAGNOSTIC)
    put(Modality.PET, "PET", slices=11, apart=3.0, **SCANNER)
    assert names(tmp_path / "mess") == ["thick CT + PET", "thin CT of the lower half + PET"]


def test_an_uncorrected_pet_in_the_ct_comes_before_a_corrected_one_elsewhere(put, tmp_path, make, write_series):
    put(Modality.CT, "CT")
    put(Modality.PET, "PET NAC", CorrectedImage=["DECY"])
    away = replace(make(Modality.PET, origin=(0, 0, 900.0)), name="PET of the feet", frame_of_reference=FRAME_OF_REFERENCE)
    write_series(away, "mess/away", study=STUDY)
    assert names(tmp_path / "mess") == ["CT + PET NAC", "CT + PET of the feet"]


def test_an_original_pet_comes_before_one_that_was_made_of_it(put, tmp_path):
    put(Modality.CT, "CT")
    put(Modality.PET, "PET MPR", ImageType=["DERIVED", "SECONDARY", "MPR"], slices=20, apart=0.8, **SCANNER)
    put(Modality.PET, "PET")
    assert names(tmp_path / "mess") == ["CT + PET", "CT + PET MPR"]


def test_of_two_visits_the_one_nearer_to_the_pet_comes_first(put, tmp_path):
    for number, (name, day) in enumerate((("far CT", datetime(2025, 3, 1, 10)), ("near CT", datetime(2025, 3, 12, 10)))):
        put(Modality.CT, name, number=number, frame=generate_uid(), study=Study(generate_uid(), day, "CT"))
    put(Modality.PET, "PET")
    assert names(tmp_path / "mess") == ["near CT + PET", "far CT + PET"]


def test_the_mr_of_a_pet_mr_is_called_so(put, tmp_path):
    put(Modality.MR, "MR", **SCANNER)
    put(Modality.MR, "MR of another scanner", **DIAGNOSTIC)
    put(Modality.PET, "PET", **SCANNER)
    first, second = propose_pairs(scan_folder(tmp_path / "mess").series)
    assert ("MR of the PET/MR" in first.reasons, "MR of the PET/MR" in second.reasons) == (True, False)


def test_a_pet_that_does_not_tell_its_extent_stops_nothing(put, tmp_path, edit):
    put(Modality.CT, "CT")
    edit(put(Modality.PET, "PET"), lambda dataset, _: delattr(dataset, "PixelSpacing"))
    assert names(tmp_path / "mess") == ["CT + PET"]


def test_a_damaged_file_does_not_stop_the_search(put, tmp_path):
    folder = put(Modality.CT, "CT")
    put(Modality.PET, "PET")
    (folder / "0002.dcm").write_bytes((folder / "0002.dcm").read_bytes()[:700])
    contents = scan_folder(tmp_path / "mess")
    assert len(contents.damaged) == 1
    assert "0002.dcm' is damaged" in contents.damaged[0]
    assert {s.modality: len(s.files) for s in contents.series} == {"CT": 5, "PT": 6}


def test_progress_and_cancel(put, tmp_path):
    put(Modality.CT, "CT")
    seen = []
    scan_folder(tmp_path / "mess", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 6) for n in range(1, 7)]

    def cancel(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_folder(tmp_path / "mess", progress=cancel)


@pytest.fixture
def disc(put, tmp_path):
    """A CD as dcmmkdir makes it: DICOMDIR, eight-letter names, and one file that was not copied along."""
    if shutil.which("dcmmkdir") is None:
        pytest.skip("DCMTK is not installed (Debian package dcmtk)")
    series = put(Modality.CT, "CT"), put(Modality.PET, "PET")
    disc = tmp_path / "disc"
    (disc / "IMAGES").mkdir(parents=True)
    for number, path in enumerate(path for folder in series for path in sorted(folder.iterdir())):
        shutil.copy(path, disc / "IMAGES" / f"IM{number:04d}")
    subprocess.run(["dcmmkdir", "+r", "-Pgp", "+D", "DICOMDIR", "IMAGES"], cwd=disc, check=True, timeout=60, capture_output=True)
    shutil.copy(disc / "IMAGES" / "IM0001", disc / "copy of an image")
    (disc / "IMAGES" / "IM0011").unlink()
    (disc / "AUTORUN.INF").write_text("[autorun]")
    return disc


def test_a_disc_with_a_dicomdir(disc):
    contents = scan_folder(disc)
    assert {s.modality: len(s.files) for s in contents.series} == {"CT": 6, "PT": 5}
    assert contents.missing == (disc / "IMAGES" / "IM0011",)
    for series in contents.series:
        assert any(f"A DICOMDIR names 1 files beside those of '{series.name}' that are not there" in note for note in series.notes)
    assert (contents.copies, contents.other_files) == (1, 2)


def test_the_command_prints_a_table_and_commands_that_run(disc, tmp_path):
    place = Place(tmp_path / "cli")
    result = place.run("studies", disc)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    for part in (
        "Patient Müller^Anna, ID P-17",
        "Study 2025-03-14 PET/CT",
        " 1. CT 'CT' + PT 'PET'",
        "DICOMDIR names 1 files that are not",
    ):
        assert part in result.stdout
    report = json.loads(place.run("studies", disc, "--json").stdout)
    (pair,) = report["pairs"]
    assert pair["command"] in result.stdout
    assert {s["modality"]: s["images"] for s in report["series"]} == {"CT": 6, "PT": 5}
    ct, pet = (next(s for s in report["series"] if s["uid"] == pair[role]) for role in ("anatomy", "function"))
    assert (ct["modality"], pet["modality"]) == ("CT", "PT")
    assert pair["command"].startswith(f"lcdfusion fuse {disc} {disc} --anatomy-series {ct['uid']}")  # both have number 1


def test_the_command_with_nothing_to_find(tmp_path):
    place = Place(tmp_path / "cli")
    (place.folder / "notes.txt").write_text("no images")
    assert "holds no DICOM images" in refusal(place.run("studies", place.folder))
    assert "There is no folder" in refusal(place.run("studies", place.folder / "nowhere"))


def test_the_extent_of_an_oblique_series(make, write_series, direction):
    volume = make(Modality.CT, direction=direction)
    (series,) = scan_folder(write_series(volume)).series
    k, j, i = volume.shape
    corners = np.array([volume.ijk_to_lps @ [x, y, z, 1] for x in (0, i - 1) for y in (0, j - 1) for z in (0, k - 1)])[:, :3]
    np.testing.assert_allclose(series.bounds, [corners.min(axis=0), corners.max(axis=0)], atol=1e-6)
    assert series.slice_spacing == pytest.approx(2.7, abs=1e-3)


def test_real_studies(shared_data):
    """Each patient's PET goes with the CT of the PET/CT before the MR, and never with another patient."""
    pairs = propose_pairs(scan_folder(shared_data / "dicom").series)
    assert len(pairs) == 6
    assert all(pair.anatomy.patient_id == pair.function.patient_id for pair in pairs)
    assert [pair.anatomy.modality for pair in pairs] == ["CT"] * 3 + ["MR"] * 3
    assert pydicom.dcmread(pairs[0].anatomy.files[0], stop_before_pixels=True).Modality == "CT"
