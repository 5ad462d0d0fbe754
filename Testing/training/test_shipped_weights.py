"""The cards of the weights that ship name the protocol that `lcdfusion train` runs today."""

import argparse
import json
from dataclasses import asdict

import pytest

from LCDFusionLib.cli.train import add_parser, preset_of
from LCDFusionLib.network import load_weights


@pytest.mark.parametrize("kind", ["ct-pet", "mr-pet"])
def test_one_command_from_random_weights_made_them(kind):
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    preset = preset_of(parser.parse_args(["train", kind, "--data", "DATA", "-o", "OUT"]))
    card = load_weights(kind).card
    assert card["preset"] == json.loads(json.dumps(asdict(preset)))
    assert "started_from" not in card, "random weights"
    assert card["title"] == f"LCDFusion {kind}"
