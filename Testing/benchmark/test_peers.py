"""Other networks beside ours, through the adapter that a user writes."""

import pytest

from LCDFusionLib.benchmark.peers import ADAPTER, OURS, load_peer, measure_peers, peers_named
from LCDFusionLib.errors import InputError

ADAPTER_TEXT = """
from pathlib import Path
from model import Average

def load():
    weight = float(Path("weight.txt").read_text())
    return Average(weight)
"""
MODEL = """
class Average:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, anatomy, function):
        return {sign}(self.weight * anatomy + (1 - self.weight) * function)
"""


def peer(folder, *, sign="+", weight="0.25"):
    folder.mkdir()
    (folder / ADAPTER).write_text(ADAPTER_TEXT)
    (folder / "model.py").write_text(MODEL.format(sign=sign))
    (folder / "weight.txt").write_text(weight)
    return folder


def test_peers_of_one_layout_are_told_apart(tmp_path):
    first, second = load_peer(peer(tmp_path / "a")), load_peer(peer(tmp_path / "b", sign="-", weight="0.5"))
    assert (first(1.0, 2.0), second(1.0, 2.0)) == (1.75, -1.5)


def test_timed_beside_ours(tmp_path):
    folders = peers_named([f"plain={peer(tmp_path / 'a')}"])
    ours, plain = measure_peers(folders, 32, rounds=1)
    assert (ours.name, ours.ours, plain.name, plain.size) == (OURS, 1.0, "plain", 32)
    assert plain.ours == pytest.approx(ours.seconds / plain.seconds)
    assert plain.seconds < ours.seconds, "an average is less work than a network"


def test_what_is_no_peer(tmp_path):
    for given, says in (("IFCNN", "NAME=FOLDER"), ("=x", "NAME=FOLDER"), (f"x={tmp_path}", f"no {ADAPTER}")):
        with pytest.raises(InputError, match=says):
            peers_named([given])
    folder = peer(tmp_path / "broken", weight="much")
    with pytest.raises(InputError, match="could not convert"):
        load_peer(folder)
    (folder / "weight.txt").write_text("1")
    (folder / "model.py").write_text("Average = lambda weight: lambda anatomy, function: anatomy[0]")
    with pytest.raises(InputError, match="shape"):
        measure_peers({"flat": folder}, 32, rounds=1)
