"""The cards of the weights that ship name the protocol that `lcdfusion train` runs today."""

import argparse
import json
from dataclasses import asdict

import pytest

from LCDFusionLib.cli.train import add_parser, presets_of
from LCDFusionLib.network import load_weights


@pytest.mark.parametrize("kind", ["ct-pet", "mr-pet"])
def test_one_command_from_random_weights_made_them(kind):
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    first, last = presets_of(parser.parse_args(["train", kind, "--data", "DATA", "-o", "OUT"]))
    card = load_weights(kind).card
    assert card["preset"] == json.loads(json.dumps(asdict(last)))
    begun = card["started_from"]
    assert begun["preset"] == json.loads(json.dumps(asdict(first)))
    assert "started_from" not in begun, "random weights"
    assert card["title"] == begun["title"] == f"LCDFusion {kind}"
