"""Lesions: what the measures say of images whose answer is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from LCDFusionLib.evaluation.checks import Check, Judged, judge
from LCDFusionLib.evaluation.judgement import draw_cases, draw_dots, write_cases, write_summary
from LCDFusionLib.evaluation.lesion_cases import lesion_check, of_sarcomas, shell_around, tumour
from LCDFusionLib.evaluation.lesions import COLOR_NOTES, MEASURES, NOTES, LesionCase
from LCDFusionLib.evaluation.methods import BUILT_IN
from LCDFusionLib.evaluation.pair_sets import round_to_8_bit
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.training.samples import SlicePair

LESION_UPTAKE, BACKGROUND = 0.8, 0.2


def case(anatomy_level=0.3, texture=0.1, seed=0):
    """Two slices: textured anatomy, flat noisy PET with a round lesion that the anatomy does not show."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:64, :64]
    distance = np.hypot(rows - 32, columns - 32)
    lesion, shell = distance < 8, (distance > 14) & (distance < 24)
    pairs = []
    for k in range(2):
        anatomy = anatomy_level + texture * np.sin(rows / 2) * np.sin(columns / 3)
        function = np.where(distance < 10, LESION_UPTAKE, BACKGROUND) + random.normal(0, 0.02, rows.shape)
        images = [round_to_8_bit(image.clip(0, 1).astype(np.float32)) for image in (anatomy, function)]
        pairs.append(SlicePair(*images, "g", f"slice_{k}"))
    return LesionCase("made up", tuple(pairs), np.stack([lesion] * 2), np.stack([shell] * 2))


def stacks(of):
    return [np.stack([getattr(pair, source) for pair in of.pairs]) for source in ("anatomy", "function")]


def test_pet_itself_keeps_all_of_its_contrast_and_none_of_the_edges():
    of = case()
    values = of.measure(stacks(of)[1])
    for name in ("contrast", "uptake_contrast", "contrast_to_noise", "contrast_to_structure"):
        assert values[name] == pytest.approx(1)
    assert values["pet_contrast"] == pytest.approx(LESION_UPTAKE - BACKGROUND, abs=0.01)
    assert values["pet_contrast_to_noise"] == pytest.approx((LESION_UPTAKE - BACKGROUND) / 0.02, rel=0.1)
    assert abs(values["edges"]) < 0.1


def test_anatomy_itself_keeps_all_edges_and_no_contrast():
    of = case()
    values = of.measure(stacks(of)[0])
    assert values["edges"] == pytest.approx(1)
    assert abs(values["contrast"]) < 0.05
    assert values["contrast_to_noise"] == pytest.approx(0, abs=0.01)
    assert of.measure(np.clip(1.5 * stacks(of)[0], 0, 1))["edges"] == pytest.approx(1), "more than the anatomy's own counts as all of it"
    inverted = of.measure(1 - stacks(of)[0])
    assert inverted["edges"] == pytest.approx(-1)


def test_slopes_of_pet_do_not_stand_for_edges_of_the_anatomy():
    """Where the anatomy shows the lesion's rim, too, PET by itself has its edges; it keeps none of the anatomy's, the average half."""
    of = case(texture=0.02)
    pairs = tuple(replace(pair, anatomy=round_to_8_bit(pair.anatomy + 0.3 * pair.function)) for pair in of.pairs)
    of = replace(of, pairs=pairs, lesion=np.stack([np.hypot(*(np.mgrid[:64, :64] - 32)) < 12] * 2))
    anatomy, function = stacks(of)
    assert abs(of.measure(function)["edges"]) < 0.02
    assert of.measure(((anatomy + function) / 2).astype(np.float32))["edges"] == pytest.approx(0.5, abs=0.02)
    assert of.measure(anatomy)["edges"] == pytest.approx(1, abs=0.02)


def test_a_lesion_that_the_anatomy_shows_too_is_no_sign_of_uptake():
    """The anatomy's own contrast, however strong, counts as contrast and not as contrast of uptake."""
    of = case()
    pairs = tuple(replace(pair, anatomy=round_to_8_bit(pair.anatomy + 0.5 * of.lesion[0])) for pair in of.pairs)
    of = replace(of, pairs=pairs)
    values = of.measure(stacks(of)[0])
    assert values["contrast"] > 0.7
    assert abs(values["uptake_contrast"]) < 1e-6
    assert abs(values["contrast_to_noise"]) < 1e-3


def test_contrast_to_noise_of_a_trace_of_uptake_does_not_reach_its_target(tmp_path):
    """It knows no scale: the anatomy with 8 gray levels of PET has nearly PET's own, and no eye sees the lesion."""
    of = case()
    anatomy, function = stacks(of)
    check = Check("lesions-ct", "made up", (of,), MEASURES, ("ct-pet",), NOTES, COLOR_NOTES)
    fused = {"trace": 0.97 * anatomy + 40 / 255 * function, "half": (anatomy + function) / 2}
    judged = [Judged(of, name, of.measure(image.astype(np.float32)), image[0]) for name, image in fused.items()]
    assert all(row.values["contrast_to_noise"] > 0.8 for row in judged)
    write_summary(check, judged, tmp_path / "table.md")
    rows = {line.split("|")[1].strip(): line for line in (tmp_path / "table.md").read_text().splitlines() if line.startswith("| ")}
    column = [cell.strip() for cell in rows["method"].split("|")].index("contrast_to_noise")
    assert rows["trace"].split("|")[column].strip().endswith("; 0 of 1")
    assert rows["half"].split("|")[column].strip().endswith("; 1 of 1")


def test_a_weighted_sum_keeps_what_its_weights_say():
    """Half of each: half of the contrast, half of the edges. Noise is halved too, so contrast to noise stays; structure takes its share."""
    of = case()
    anatomy, function = stacks(of)
    values = of.measure(((anatomy + function) / 2).astype(np.float32))
    assert values["contrast"] == pytest.approx(0.5, abs=0.03)
    assert values["edges"] == pytest.approx(0.5, abs=0.08)
    assert values["contrast_to_noise"] == pytest.approx(1, abs=0.06)
    assert values["contrast_to_structure"] < 0.5


def test_no_image_passes_the_ceiling():
    """The image made for the bound: 0.8 of the anatomy's structure, the lesion white, all else dark."""
    of = case(texture=0.25, anatomy_level=0.4)
    anatomy, _ = stacks(of)
    best = 0.8 * (anatomy - anatomy.min()).clip(0, 1)
    best[of.lesion] = 1
    values = of.measure(best.astype(np.float32))
    assert values["contrast_to_structure"] < values["ceiling_contrast_to_structure"]
    assert values["ceiling_contrast_to_structure"] < 0.8, "here the target itself is out of reach"


def test_white_anatomy_leaves_no_room_and_no_edge_to_keep():
    of = case(anatomy_level=1.2)
    anatomy, function = stacks(of)
    assert anatomy.min() == 1
    values = of.measure(np.maximum(anatomy, function))
    assert values["contrast"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(values["edges"])
    assert values["color_difference_fused"] > 25, "the fused colour shows the lesion on white"


def test_tumour_is_connected_above_two_fifths_of_its_hottest():
    uptake = np.zeros((7, 40, 40), dtype=np.float32)
    uptake[3, 12:18, 12:18], uptake[3, 14, 14] = 5, 10
    uptake[3, 13, 18], uptake[3, 25:28, 25:28] = 4, 9.9
    uptake[3, 1:4, 1:4] = 30  # a bladder at the border of the volume
    found = tumour(Volume(uptake, np.diag([10.0, 10.0, 20.0, 1.0])))
    assert found.sum() == 36
    assert found[3, 12:18, 12:18].all()


def test_shell_is_in_millimetres():
    lesion = np.zeros((1, 60, 60), dtype=bool)
    lesion[0, 30, 30] = True
    volume = Volume(lesion.astype(np.uint8), np.diag([2.0, 1.0, 4.0, 1.0]))
    shell = shell_around(lesion, volume)[0]
    assert list(np.flatnonzero(shell[30, 30:])) == [4, 5, 6, 7]  # 2 mm a column
    assert list(np.flatnonzero(shell[30:, 30])) == list(range(7, 16))


@pytest.fixture(scope="module")
def phantoms():
    return {name: lesion_check(name, None) for name in ("lesions-ct", "lesions-mr")}


def test_phantom_lesions_stand_where_they_are_hot(phantoms):
    names = [case.name for check in phantoms.values() for case in check.cases]
    assert names == [
        "phantom solid nodule, mediastinum",
        "phantom solid nodule, lung",
        "phantom liver metastasis, mediastinum",
        "phantom liver metastasis, lung",
        "phantom high-grade glioma",
    ]
    for check in phantoms.values():
        for each in check.cases:
            values = each.measure(np.stack([pair.function for pair in each.pairs]))
            assert values["pet_contrast"] > 0.2
            assert values["contrast"] == pytest.approx(1)


def test_average_halves_the_contrast_of_a_lesion_that_ct_does_not_show(phantoms):
    (metastasis,) = (each for each in phantoms["lesions-ct"].cases if each.name == "phantom liver metastasis, mediastinum")
    check = Check("one", "one", (metastasis,), MEASURES, ("ct-pet",), NOTES, COLOR_NOTES)
    (judged,) = judge(check, [BUILT_IN["average"]])
    assert judged.values["contrast"] == pytest.approx(0.5, abs=0.1)


def test_tables_and_pictures(tmp_path: Path):
    check = Check("lesions-ct", "made up", (case(), replace(case(seed=1), name="another")), MEASURES, ("ct-pet",), NOTES, COLOR_NOTES)
    judged = list(judge(check, [BUILT_IN["average"], BUILT_IN["maximum"]]))
    write_cases(judged, tmp_path / "cases.csv")
    assert len((tmp_path / "cases.csv").read_text().splitlines()) == 5
    write_summary(check, judged, tmp_path / "table.md")
    text = (tmp_path / "table.md").read_text()
    mean = np.mean([row.values["contrast"] for row in judged if row.method == "average"])
    assert f"| average | {mean:.2f}; " in text
    assert "can pass the bound" in text
    draw_dots(check, judged, tmp_path / "dots.png", warnings=())
    draw_cases(check, judged, tmp_path / "sheet.png", color=True)
    assert all((tmp_path / name).stat().st_size > 20_000 for name in ("dots.png", "sheet.png"))


def test_every_tumour_of_the_held_out_patients_is_found(shared_data):
    sarcomas = list(of_sarcomas(shared_data, "mr_t1", (None,)))
    assert [each.name for each in sarcomas] == ["sarcoma STS_001", "sarcoma STS_017", "sarcoma STS_047"]
    for each in sarcomas:
        assert {pair.group for pair in each.pairs} == {each.name.split()[-1]}, "the patient, as the cards of weights name it"
        assert each.lesion.sum() > 30
        assert each.surroundings.sum() > each.lesion.sum() / 10
