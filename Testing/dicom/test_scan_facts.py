"""What a study says of itself, held to headers that were written from the standard's text (`classic_pet`)."""

import copy

import pytest
from changed_pet import headers_with
from classic_pet import code
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.scan_facts import history, lean_part, scan_facts


def facts(change=None, **attributes):
    return {fact.name: fact for fact in scan_facts(headers_with(change, **attributes))}


def glucose_item(value, unit, concept=("14749-6", "Glucose", "LN")):
    """A content item of Acquisition Context Sequence, as TID 10024 names glucose."""
    each = Dataset()
    each.ValueType, each.NumericValue = "NUMERIC", str(value)
    each.ConceptNameCodeSequence, each.MeasurementUnitsCodeSequence = [code(*concept)], [code(unit, unit, "UCUM")]
    return each


def with_glucose(*items):
    def change(header, _tracer, _index):
        header.AcquisitionContextSequence = [copy.deepcopy(item) for item in items]

    return change


def test_a_usual_study_has_nothing_doubtful():
    found = facts(ManufacturerModelName="Vision")
    assert [fact.shown for fact in found.values()] == [
        "FDG",
        "300 MBq",
        "60 min after injection",
        "70 kg, 1.7 m",
        "glucose not stated",
        "ACME Vision",
    ]
    assert not any(fact.doubt for fact in found.values())
    assert "(0018,1074)" in found["dose"].source
    assert "(0018,1072)" in found["injection to scan"].source


@pytest.mark.parametrize(
    ("injected", "minutes", "is_doubtful"),
    [("091100", 49, True), ("091000", 50, False), ("084500", 75, False), ("084400", 76, True), ("072500", 155, True)],
)
def test_uptake_time_is_doubtful_outside_50_to_75_minutes(injected, minutes, is_doubtful):
    fact = facts(RadiopharmaceuticalStartTime=injected)["injection to scan"]
    assert fact.text == f"{minutes} min after injection"
    assert bool(fact.doubt) is is_doubtful
    assert not is_doubtful or ("EANM" in fact.doubt and "PERCIST" in fact.doubt)


def test_uptake_time_counts_to_the_first_acquisition_and_not_to_the_moment_of_decay_correction():
    """Values corrected to the injection (ADMIN) were still acquired an hour after it."""
    assert facts(DecayCorrection="ADMIN")["injection to scan"].text == "60 min after injection"
    later = facts(SeriesTime="101500", DecayCorrectionDateTime="20250314090000")  # made later, corrected to the injection
    assert later["injection to scan"].text == "60 min after injection"


def test_limits_of_fdg_are_not_those_of_other_tracers():
    def psma(header, tracer, _index):
        tracer.Radiopharmaceutical, tracer.RadiopharmaceuticalStartTime = "PSMA-1007", "080000"
        tracer.RadiopharmaceuticalCodeSequence = [code("C1", "PSMA-1007", "99LOCAL")]
        header.AcquisitionContextSequence = [glucose_item(14, "mmol/l")]

    found = facts(psma)
    assert found["tracer"].text == "PSMA-1007"
    assert found["injection to scan"].text == "120 min after injection"
    assert not any(fact.doubt for fact in found.values())


@pytest.mark.parametrize(
    ("model", "scanner"), [("One", "ACME One"), ("Acme One", "Acme One"), ("One by ACME", "ACME One by ACME"), ("", "ACME")]
)
def test_the_scanner_has_its_maker_named_once(model, scanner):
    assert facts(ManufacturerModelName=model)["scanner"].text == scanner


def test_a_scan_that_begins_with_the_injection_does_not_begin_before_it():
    """As a dynamic one does."""
    fact = facts(RadiopharmaceuticalStartTime="100000")["injection to scan"]
    assert fact.text == "0 min after injection"
    assert fact.doubt.startswith("The scan began 0 minutes after the injection")


@pytest.mark.parametrize("kept", ["name", "meaning", "SCT", "SRT"])
def test_fdg_is_known_by_its_name_or_its_code_alone(kept):
    """CID 4021: 35321007 of SNOMED CT, C-B1031 of its earlier form."""

    def change(header, tracer, index):
        if kept != "name":
            del tracer.Radiopharmaceutical
        if kept != "meaning":
            del tracer.RadiopharmaceuticalCodeSequence[0].CodeMeaning
        value = {"SCT": "35321007", "SRT": "C-B1031"}.get(kept, "1")
        tracer.RadiopharmaceuticalCodeSequence[0].CodeValue = value

    assert facts(change)["tracer"].text == "FDG"


def test_times_that_contradict_each_other_are_no_minutes():
    fact = facts(RadiopharmaceuticalStartTime="103000")["injection to scan"]
    assert fact.shown == "injection to scan not clear"
    assert "times contradict" in fact.doubt


def test_a_weight_or_dose_that_cannot_be_is_doubtful():
    assert "as if in g" in facts(PatientWeight="70000")["weight"].doubt
    assert "cannot be in Bq" in facts(RadionuclideTotalDose="300")["dose"].doubt
    assert "do not go together" in facts(RadionuclideTotalDose="8100000")["dose"].doubt  # mCi written as MBq
    assert facts(PatientWeight="70000")["dose"].doubt == ""
    assert facts(PatientWeight=None)["weight"].shown == "weight not stated"
    assert facts(PatientSize=None)["weight"].text == "70 kg"


@pytest.mark.parametrize(
    ("items", "text", "is_doubtful"),
    [
        ([glucose_item(5.6, "mmol/l")], "glucose 5.6 mmol/l (101 mg/dl)", False),
        (
            [glucose_item(110, "mg/dL", ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "LN"))],
            "glucose 6.1 mmol/l (110 mg/dl)",
            False,
        ),
        ([glucose_item(10.9, "mmol/l")], "glucose 10.9 mmol/l (196 mg/dl)", False),
        ([glucose_item(11, "mmol/l")], "glucose 11 mmol/l (198 mg/dl)", True),
        ([glucose_item(240, "mg/dL", ("1", "Blood glucose", "99LOCAL"))], "glucose 13.3 mmol/l (240 mg/dl)", True),
        ([glucose_item(5.6, "mmol/l"), glucose_item(9, "mmol/l")], "glucose 5.6 or 9 mmol/l (101 or 162 mg/dl)", True),
        ([glucose_item(5.6, "1")], "not stated", False),  # a number without its unit is none
        ([glucose_item(5.6, "mmol/l", ("1", "Fluorodeoxyglucose", "99LOCAL"))], "not stated", False),
    ],
)
def test_glucose_of_acquisition_context(items, text, is_doubtful):
    fact = facts(with_glucose(*items))["glucose"]
    assert (fact.text, bool(fact.doubt)) == (text, is_doubtful)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Lung nodule. Blood glucose: 6.4 mmol/L, fasted 8 h", "glucose 6.4 mmol/l (115 mg/dl)"),
        ("BGL 104 mg/dl", "glucose 5.8 mmol/l (104 mg/dl)"),
        ("BZ 5,3 mmol/l", "glucose 5.3 mmol/l (95 mg/dl)"),
        ("glucose 104", "not stated"),
        ("received 40 mg/dl; deoxyglucose 300 MBq", "not stated"),
    ],
)
def test_glucose_that_somebody_typed_needs_its_unit(words, text):
    fact = facts(AdditionalPatientHistory=words)["glucose"]
    assert fact.text == text
    assert "(0010,21B0)" in fact.source or text == "not stated"


def test_history_has_each_text_once_with_its_attribute():
    pet = headers_with(AdditionalPatientHistory="Lymphoma, after 2 cycles", PatientComments="needle phobia")[0]
    request = Dataset()
    request.ReasonForTheRequestedProcedure = "Response?"
    pet.RequestAttributesSequence = [request]
    ct = headers_with(AdditionalPatientHistory="Lymphoma, after 2 cycles")[0]
    assert history(ct, pet) == (
        ("Additional Patient History (0010,21B0)", "Lymphoma, after 2 cycles"),
        ("Patient Comments (0010,4000)", "needle phobia"),
        ("Reason for the Requested Procedure (0040,1002)", "Response?"),
    )
    assert history(headers_with()[0]) == ()


@pytest.mark.parametrize(("sex", "over", "per_index"), [("F", 8780, 244), ("M", 6680, 216), ("m", 6680, 216)])
def test_lean_body_mass_is_that_of_janmahasatian(sex, over, per_index):
    """Clinical Pharmacokinetics 44 (2005) 1051: 9270 W / (8780 + 244 BMI) for women, 9270 W / (6680 + 216 BMI) for men."""
    assert lean_part(headers_with(PatientSex=sex)) == pytest.approx(9270 / (over + per_index * 70 / 1.7**2), rel=1e-12)


@pytest.mark.parametrize("attributes", [{"PatientSex": "O"}, {"PatientSize": None}, {"PatientWeight": None}, {"PatientWeight": "7000"}])
def test_without_sex_size_or_a_possible_weight_there_is_no_lean_body_mass(attributes):
    assert lean_part(headers_with(**attributes)) is None
