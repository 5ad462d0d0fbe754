"""A session file brings the review back, in another scene, and onto nothing but the data that it was saved of."""

import json

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.images.volume import Modality, Volume  # noqa: E402
from LCDFusionLib.mrml.key_slices import key_slices, set_key_slices  # noqa: E402
from LCDFusionLib.mrml.nodes import ijk_to_ras  # noqa: E402
from LCDFusionLib.mrml.result_nodes import remove_node  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice  # noqa: E402
from LCDFusionLib.panel.export import ExportKind  # noqa: E402
from LCDFusionLib.views.choices import Arrangement, Comparison, FusedLook  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402
from Testing.panel.test_on_show import HOT, HOT_RAS, register  # noqa: E402
from Testing.panel.test_page_to_keep import TUMOUR, study  # noqa: E402

__all__ = ["study"]
CHOSEN = {
    "window": AnatomyWindow.LUNG,
    "function_upper": 7.5,
    "table": ColorTableChoice.EMBER,
    "fused_look": FusedLook.GRAY,
    "comparison": Comparison.FLICKER,
    "arrangement": Arrangement.FOUR_UP,
    "opacity": 0.25,
    "isocontour": 50.0,
    "plotted": "VIF",
    "metrics_in_view": False,
    "first_slice": 2,
    "last_slice": 7,
}


def saved(host, folder, **changes):
    """The text of a session of what is on show."""
    folder.mkdir(exist_ok=True)
    host.set(**changes)
    (path,) = [path for step in host.panel.export.steps(ExportKind.SESSION, folder) for path in step()]
    return path.read_text(encoding="utf-8")


def opened(host, text):
    """Opens it; gives what the panel says then."""
    host.panel.export.open_session(text, "a.json")
    host.settle()
    return host.panel.export.state.note


def shown(host):
    """What a review is."""
    panel, (anatomy, function) = host.panel, host.chosen.pair
    return {
        "rows": [(row.name, row.kind, row.values) for row in panel.regions.state.rows],
        "slice": panel.views.slice,
        "crosshair": np.round(panel.views.plane.crosshair, 6).tolist(),
        "keys": key_slices(anatomy, function),
        "function": np.round(ijk_to_ras(function), 6).tolist(),
        "registration": panel.registration.state.text,
        **{name: getattr(host.chosen, name) for name in CHOSEN},
    }


@pytest.fixture
def review(host, load):
    """Everything of it: a registered PET, settings, a slice, key slices, two regions with names; and the nodes."""
    nodes = load(volumes(HOT), "Zaphod")
    host.set(anatomy=nodes[0], function=nodes[1])
    register(nodes[1], (-20.0, 8.0, 8.0))
    host.settle()
    panel = host.panel
    panel.views.plane.jump((HOT_RAS[0] + 20, HOT_RAS[1] - 8, HOT_RAS[2] + 8))
    panel.regions.isocontour()
    panel.regions.rename(panel.regions.state.rows[0].key, "Läsion α")
    panel.views.plane.jump((30.0, 20.0, 30.0))
    panel.regions.liver()
    set_key_slices(*nodes, [1, 4])
    host.set(**CHOSEN)
    panel.views.slice = 6
    host.settle()
    return nodes


def test_a_review_comes_back_in_another_scene(host, load, review, tmp_path):
    before, text = shown(host), saved(host, tmp_path)
    host.panel.forget()
    for node in review:
        remove_node(node)
    host.set(anatomy=None, function=None, **{name: getattr(type(host.chosen)(), name) for name in CHOSEN})
    nodes = load(volumes(HOT), "Zaphod")
    host.set(anatomy=nodes[0], function=nodes[1])
    assert "is back" in opened(host, text)
    assert shown(host) == before
    assert "Registered rigidly: 8 of 8 starts agree" in before["registration"]
    assert len(before["rows"]) == 2
    again = shown(host)
    opened(host, text)
    assert shown(host) == again, "twice is once"


def test_it_holds_no_voxel_and_names_the_data(host, review, tmp_path):
    text = saved(host, tmp_path)
    data = json.loads(text)
    assert len(text) < 12_000
    assert (data["anatomy"]["name"], data["function"]["name"]) == ("CT", "PET")
    assert data["patient"] == "Zaphod"
    assert data["notice"].endswith("not for diagnostic use.")
    assert data["transforms_lps"][0] is None
    assert data["transforms_lps"][1][0][3] == -20.0
    nameless = saved(host, tmp_path, deidentify=True)
    for word in ("Zaphod", "Läsion", '"CT"', '"PET"'):
        assert word not in nameless
    assert json.loads(nameless)["regions"][0]["name"] == "Region 1"


def test_it_opens_onto_no_other_data(host, load, review, tmp_path):
    """Another patient's pair of the same names, sizes and places; the CT alone; one voxel painted; nothing at all."""
    text = saved(host, tmp_path)
    nameless = saved(host, tmp_path, deidentify=True)
    other = load(volumes(HOT, suv=8.01), "Trillian")
    cut = load([Volume(each.array[:5], each.ijk_to_lps, each.modality, each.unit, f"short {each.name}") for each in volumes(HOT)])
    remove_node(review[1])
    for pair, words in (
        ((review[0], other[1]), "it needs 'PET' as function, and on show there is 'PET'"),
        (cut, "on show there is 'short CT' and 'short PET'"),
        ((None, None), "it needs 'CT' as anatomy and 'PET' as function, and nothing is chosen there"),
    ):
        host.set(anatomy=pair[0], function=pair[1], deidentify=False, table=ColorTableChoice.BLAZE)
        said = opened(host, text)
        assert said.startswith("The session of Zaphod is of other data")
        assert words in said
        assert host.chosen.table is ColorTableChoice.BLAZE, "nothing of it was taken"
        if pair[1] in (*other, *cut):
            assert pair[1].GetParentTransformNode() is None
            assert host.panel.regions.state.rows == ()
            assert key_slices(*pair) == ()
    host.set(anatomy=review[0], function=other[1])
    assert "needs a volume of 16 slices of 26x26 as function" in opened(host, nameless)


def test_it_brings_its_pair_itself(host, load, review, tmp_path):
    """Another patient's is on show, the two are the wrong way round, or nothing is chosen."""
    before, text = shown(host), saved(host, tmp_path)
    other = load(volumes(HOT, suv=8.01), "Trillian")
    for pair in (other, review[::-1], (None, None)):
        host.set(anatomy=pair[0], function=pair[1], first_slice=0, last_slice=0)
        assert "is back" in opened(host, text)
        assert host.chosen.pair == tuple(review)
        assert shown(host) == before
    assert key_slices(*other) == ()


def test_dicom_is_known_by_its_instances_whatever_the_order_of_its_slices(host, application, study, tmp_path):
    """As saved in one host and opened in the other, whose reader lays the slices the other way round."""
    from LCDFusionLib.mrml.dicom_nodes import node_from_series

    host.panel.views.plane.jump(TUMOUR)
    host.panel.regions.isocontour()
    host.panel.views.slice = 1
    set_key_slices(*host.chosen.pair, [0, 1])
    (row,), text = host.panel.regions.state.rows, saved(host, tmp_path / "out")
    assert json.loads(text)["anatomy"]["series"] == study[Modality.CT][0].series.uid
    assert "Müller Anna" in text
    turned = []
    for source, node in study.values():
        from LCDFusionLib.mrml.nodes import volume_from_node

        volume = volume_from_node(node)
        last = volume.shape[0] - 1
        flipped = volume.ijk_to_lps @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, last], [0, 0, 0, 1]]
        turned.append(node_from_series(application.scene, volume.with_array(volume.array[::-1].copy(), ijk_to_lps=flipped), source))
    host.set(anatomy=turned[0], function=turned[1])
    assert host.panel.regions.state.rows == ()
    assert "is back" in opened(host, text)
    (back,) = host.panel.regions.state.rows
    assert [*back.values[2:]] == [*row.values[2:]]
    assert key_slices(*turned) == (4, 5)
    assert host.panel.views.slice == 4
    secret = saved(host, tmp_path / "out", deidentify=True)
    for source, _ in study.values():
        assert source.series.uid not in secret
    assert "Müller" not in secret
    assert "is back" in opened(host, secret)


def test_a_session_beside_what_was_drawn_since(host, review, tmp_path):
    """A pair has one liver, and a name is one region's."""
    text, before = saved(host, tmp_path), shown(host)["rows"]
    for row in host.panel.regions.state.rows:
        host.panel.regions.remove(row.key)
    host.panel.views.plane.jump((28.0, 18.0, 38.0))
    host.panel.regions.liver()
    host.panel.regions.sphere()
    host.panel.regions.rename(host.panel.regions.state.rows[1].key, "Läsion α")
    assert "is back" in opened(host, text)
    rows = shown(host)["rows"]
    assert [row for row in rows if row[1] == "liver"] == [row for row in before if row[1] == "liver"]
    assert [(name, kind) for name, kind, _ in rows if kind == "lesion"] == [("Läsion α", "lesion"), ("Läsion α (session)", "lesion")]
    again = shown(host)
    opened(host, text)
    assert shown(host) == again, "twice is once"


def test_a_session_saved_beside_a_prior_does_not_come_back_with_three_empty_views(host, review, tmp_path):
    text = saved(host, tmp_path, arrangement=Arrangement.COMPARE)
    host.set(arrangement=Arrangement.FOUR_UP)
    assert "is back" in opened(host, text)
    assert host.chosen.arrangement is Arrangement.READING


DAMAGE = {
    "no file of ours": lambda data: {"hello": 1},
    "a list": lambda data: [data],
    "cut": None,
    "nothing": "",
    "deep": "[" * 100_000,
    "no number": lambda data: data["transforms_lps"][1][0].__setitem__(3, float("nan")),
    "no matrix": lambda data: data.__setitem__("function_ijk_to_lps", [[0] * 4] * 4),
    "a flat transform": lambda data: data.__setitem__("transforms_lps", [None, [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]]),
    "no regions": lambda data: data.__delitem__("regions"),
    "runs outside": lambda data: data["regions"][0].__setitem__("runs", [[10**9, 5]]),
    "runs that overlap": lambda data: data["regions"][0].__setitem__("runs", [[5, 5], [6, 5]]),
    "an endless run": lambda data: data["regions"][0].__setitem__("runs", [[0, 10**12]]),
    "a table of nobody": lambda data: data["choices"].__setitem__("table", "plaid"),
    "an opacity of 7": lambda data: data["choices"].__setitem__("opacity", 7),
    "slices of words": lambda data: data["choices"].__setitem__("slices", ["a", "b"]),
    "a place of two": lambda data: data.__setitem__("place_ras", [1, 2]),
    "choices in a list": lambda data: data.__setitem__("choices", [1]),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_it_is_one_sentence_and_changes_nothing(host, review, tmp_path, what):
    text, before = saved(host, tmp_path), shown(host)
    damage = DAMAGE[what]
    if callable(damage):
        data = json.loads(text)
        text = json.dumps(damage(data) or data)
    else:
        text = text[: len(text) // 2] if damage is None else damage
    said = opened(host, text)
    assert "session" in said
    assert "\n" not in said
    assert "is back" not in said
    assert host.problems == [], "nothing unexpected"
    assert shown(host) == before


def test_a_later_version_says_so(host, review, tmp_path):
    data = json.loads(saved(host, tmp_path))
    assert "later LCDFusion" in opened(host, json.dumps({**data, "version": 2}))
