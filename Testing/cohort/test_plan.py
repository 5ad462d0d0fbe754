"""What of many studies is fused, and the table that says so."""

import json
from dataclasses import replace

import pydicom
import pytest

from LCDFusionLib.cohort import Job, plan_folder, read_jobs, write_jobs
from LCDFusionLib.cohort.job import Outcome
from LCDFusionLib.dicom.instance import new_uid
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import PATIENT, STUDY, body, write_series


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Studies of patients A (safe), B (no PET), C (PET without dose), D (two PETs alike), E (two sexes)."""
    folder = tmp_path_factory.mktemp("cohort")
    for letter in "ABCDE":
        patient, study = replace(PATIENT, id=letter, name=f"{letter}^Ann"), replace(STUDY, uid=str(new_uid()))
        frame = str(new_uid())
        of_patient = {"patient": patient, "study": study}
        write_series(folder / letter / "CT", replace(body(Modality.CT), frame_of_reference=frame), **of_patient)
        pet = replace(body(Modality.PET), frame_of_reference=frame)
        if letter != "B":
            write_series(folder / letter / "PT", pet, **of_patient)
        if letter == "C":
            for file in (folder / letter / "PT").iterdir():
                dataset = pydicom.dcmread(file)
                del dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose
                dataset.save_as(file)
        if letter == "E":
            for file in (folder / letter / "PT").iterdir():
                dataset = pydicom.dcmread(file)
                dataset.PatientSex = "M"
                dataset.save_as(file)
        if letter == "D":
            write_series(folder / letter / "PT2", pet, **of_patient)
    return folder


def test_the_safe_pairs_are_wanted_and_the_others_say_why(cohort):
    jobs, _ = plan_folder(cohort)
    plan = {job.patient_id: job for job in jobs}
    assert plan["A"].is_wanted
    assert plan["A"].anatomy == str(cohort / "A" / "CT")
    assert plan["A"].function == str(cohort / "A" / "PT")
    assert not plan["B"].is_wanted
    assert "no PET or SPECT" in plan["B"].why
    assert not plan["C"].is_wanted
    assert "no SUV" in plan["C"].why
    assert {job.patient_id: job for job in plan_folder(cohort, relative=True)[0]}["C"].is_wanted
    assert not plan["D"].is_wanted
    assert "not sure which function" in plan["D"].why


def test_what_a_department_has_decided_is_wanted(cohort):
    """Pairs that look alike, and a mismatch that somebody has taken on themselves for all."""
    jobs, _ = plan_folder(cohort, unsure=True, confirmed=["study-date"])
    plan = {job.patient_id: job for job in jobs}
    assert plan["D"].is_wanted
    assert plan["D"].function in (str(cohort / "D" / "PT"), str(cohort / "D" / "PT2"))
    assert not plan["E"].is_wanted
    assert "sex" in plan["E"].why
    assert {job.patient_id: job for job in plan_folder(cohort, confirmed=["sex"])[0]}["E"].is_wanted


def test_options_stand_in_every_row(cohort):
    jobs, _ = plan_folder(cohort, options="--window lung")
    assert {job.options for job in jobs} == {"--window lung"}


def test_a_plan_comes_back_from_its_table(cohort, tmp_path):
    jobs, _ = plan_folder(cohort)
    jobs = [replace(job, patient_name='Ünal; "Ann", one', patient_id=f"={job.patient_id}") for job in jobs]
    write_jobs(jobs, tmp_path / "plan.csv")
    assert read_jobs(tmp_path / "plan.csv") == jobs


def test_a_table_of_ones_own(tmp_path):
    (tmp_path / "ct.nrrd").touch()
    (tmp_path / "pet.nrrd").touch()
    (tmp_path / "own.csv").write_text("Anatomy;Function;Options\nct.nrrd;pet.nrrd;--window bone\n\n", encoding="utf-8")
    (job,) = read_jobs(tmp_path / "own.csv")
    assert job == Job(anatomy=str(tmp_path / "ct.nrrd"), function=str(tmp_path / "pet.nrrd"), options="--window bone")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("one,two\na,b\n", "no columns 'anatomy' and 'function'"),
        ("anatomy,function,colour\na,b,red\n", "a column 'colour'"),
        ("anatomy,function\nnone.nrrd,pet.nrrd\n", r"Row 2 .* the anatomy .*none\.nrrd' does not exist"),
        ("anatomy,function\n,pet.nrrd\n", "Row 2 .* names no anatomy"),
        ("fuse,anatomy,function\nperhaps,pet.nrrd,pet.nrrd\n", "'perhaps' in the column 'fuse'"),
        ("anatomy,function\npet.nrrd,pet.nrrd\npet.nrrd,pet.nrrd\n", "twice"),
        ("", "no columns"),
        ("anatomy,anatomy,function\npet.nrrd,pet.nrrd,pet.nrrd\n", "a column twice"),
        ("anatomy,function\npet\0.nrrd,pet.nrrd\n", "does not exist|cannot be read"),
        (f"anatomy,function\n{'x' * 5000},pet.nrrd\n", "does not exist"),
        (f"anatomy,function\n{'x' * 200_000},pet.nrrd\n", "cannot be read"),
    ],
)
def test_a_table_that_is_wrong(tmp_path, text, sentence):
    (tmp_path / "pet.nrrd").touch()
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_jobs(tmp_path / "own.csv")


@pytest.mark.parametrize(
    "changes",
    [{"metrics": [1]}, {"metrics": {"vif": "high"}}, {"notes": 3}, {"status": None}, {"slices": "6"}, {"key": "other"}, {"new": 1}],
)
def test_an_outcome_that_was_damaged_is_none(tmp_path, changes):
    """The pair is then fused again."""
    kept = Outcome("1", "fused", "", ("a note",), {"vif": 0.5}, {"vif": None}, 6, 1.5, "abc")
    kept.write(tmp_path)
    assert Outcome.read(tmp_path, "1") == kept
    (tmp_path / "1.json").write_text(json.dumps(json.loads((tmp_path / "1.json").read_text()) | changes))
    assert Outcome.read(tmp_path, "1") is None


def test_a_result_has_the_name_of_its_pair_and_no_other(cohort):
    keys = [job.key for job in plan_folder(cohort)[0]]
    assert keys == [job.key for job in plan_folder(cohort)[0]]
    assert len(set(keys)) == len(keys)
    assert Job(patient_id="../../etc", study_date="a/b").key.startswith("etc-a-b-")


def test_the_folder_of_a_deidentified_result_does_not_name_the_patient():
    job = Job(patient_id="ZQ-77031", study_date="20250314", anatomy="/in/CT", function="/in/PT")
    assert job.key.startswith("ZQ-77031-20250314-")
    hidden = replace(job, options="--window lung --deidentify")
    assert "ZQ" not in hidden.key
    assert "20250314" not in hidden.key
    assert hidden.key != replace(hidden, anatomy="/in/CT2").key
