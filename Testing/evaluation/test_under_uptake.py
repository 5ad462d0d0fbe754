"""Anatomy under full uptake and uptake on every background: scenes whose truth is known, rules whose values follow from arithmetic."""

import numpy as np
import pytest

from LCDFusionLib.evaluation.checks import judge, judge_pictures
from LCDFusionLib.evaluation.color_pictures import PET_HEAT, PET_RAINBOW2, PICTURES, table_through
from LCDFusionLib.evaluation.judgement import write_summary
from LCDFusionLib.evaluation.methods import BUILT_IN, Network
from LCDFusionLib.evaluation.under_uptake import under_uptake_check
from LCDFusionLib.phantom.under_uptake import AIR, LUNG, SOFT_TISSUE, bronchus_in_mass, ladder, textured_tumour


@pytest.fixture(scope="module")
def check():
    return under_uptake_check("under-uptake-ct")


@pytest.fixture(scope="module")
def rules(check):
    """Values by method and case of methods without weights."""
    judged = judge(check, [BUILT_IN[name] for name in ("average", "maximum", "anatomy-only")])
    return {(row.method, row.case.name): row for row in judged}


def test_scenes_are_what_they_say():
    mass, tumour, steps = bronchus_in_mass(), textured_tumour(), ladder("air", AIR)
    assert mass.density[mass.regions["dark"]].mean() == pytest.approx(AIR, abs=60)
    assert mass.density[mass.regions["bright"]].mean() == pytest.approx(SOFT_TISSUE, abs=5)
    assert mass.density[mass.regions["around"]].mean() == pytest.approx(LUNG, abs=5)
    for scene, name in ((mass, "dark"), (mass, "bright"), (tumour, "texture")):
        assert scene.uptake[scene.regions[name]].min() > 10, "all of it is above the range shown"
    assert tumour.density[tumour.regions["texture"]].std() == pytest.approx(35, rel=0.2)
    assert [steps.uptake[steps.regions[str(suv)]].mean() for suv in range(3, 13)] == pytest.approx(list(range(3, 13)), rel=0.02)


@pytest.mark.parametrize(("method", "kept"), [("average", 0.5), ("maximum", 0.0), ("anatomy-only", 1.0)])
def test_what_is_left_of_the_anatomy_under_full_uptake(rules, method, kept):
    for window in ("mediastinum", "lung"):
        assert rules[method, f"bronchus in a hot mass, {window}"].values["regions"] == pytest.approx(kept, abs=0.01)
    assert rules[method, "hot tumour with texture, mediastinum"].values["texture"] == pytest.approx(kept, abs=0.01)


def test_rise_of_uptake_follows_from_the_rule(rules):
    on_air, on_white = "SUV 3 to 12 on air, mediastinum", "SUV 3 to 12 on soft tissue, lung"
    assert rules["average", on_air].values["rise_air"] == pytest.approx(0.5, abs=0.01)
    assert rules["maximum", on_air].values["rise_air"] == pytest.approx(1.0, abs=0.01)
    assert rules["maximum", on_white].values["rise_white"] == pytest.approx(0.0, abs=0.01)
    assert rules["maximum", on_air].values["fold"] == 0


def test_colour_pictures_stand_beside_the_methods(check, rules, tmp_path):
    pictures = list(judge_pictures(check))
    values = {(row.method, row.case.name): row.color for row in pictures}
    mass, white = "bronchus in a hot mass, mediastinum", "SUV 3 to 12 on soft tissue, lung"
    assert values["blend-ember", mass]["color_regions"] == pytest.approx(18.6, abs=2.5), "as the referee measured it on a real one"
    assert values["pet-heat", white]["color_fold"] > 5, "it ends in white"
    assert values["anatomy-colour", white]["color_fold"] < 3
    # In the colour picture of an image that is white all over, a bronchus cannot be seen, whatever the colours.
    assert rules["maximum", mass].color["color_regions"] < 1
    write_summary(check, list(rules.values()), tmp_path / "table.md", pictures=pictures)
    text = (tmp_path / "table.md").read_text("utf-8")
    for name in PICTURES:
        assert f"| {name} |" in text.partition("## In colour")[2]


def test_shipped_weights_hide_nothing(check):
    """The aims on known anatomy, and the network's colour picture against the same colours over the plain anatomy."""
    judged = {row.case.name: row for row in judge(check, [Network("ct-pet")])}
    for window in ("mediastinum", "lung"):
        assert judged[f"bronchus in a hot mass, {window}"].values["regions"] >= 0.35
    assert judged["hot tumour with texture, mediastinum"].values["texture"] >= 0.4
    assert judged["SUV 3 to 12 on air, mediastinum"].values["rise_air"] >= 0.55
    assert judged["SUV 3 to 12 on soft tissue, mediastinum"].values["rise_tissue"] >= 0.25
    for row in judged.values():
        assert not row.values["fold"] > 2
        assert not row.color["color_fold"] > 3
    plain = {row.case.name: row.color for row in judge_pictures(check) if row.method == "anatomy-colour"}
    colors = [{row.case.name: row.color for row in judged.values()}, plain]
    for name in ("color_regions", "color_moderate", "color_top"):
        ours, over_anatomy = (np.nanmean([values[name] for values in each.values()]) for each in colors)
        assert ours >= over_anatomy - 0.5


def test_tables_of_slicer_are_slicers():
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    node = slicer.vtkMRMLPETProceduralColorNode()
    for kind, stops in ((node.PETheat, PET_HEAT), (node.PETrainbow2, PET_RAINBOW2)):
        node.SetType(kind)
        function, entry = node.GetColorTransferFunction(), [0.0, 0.0, 0.0]
        colors = []
        for value in range(256):
            function.GetColor(value, entry)
            colors.append(list(entry))
        np.testing.assert_allclose(table_through("x", stops).rgb, np.rint(255 * np.array(colors)), atol=1)
