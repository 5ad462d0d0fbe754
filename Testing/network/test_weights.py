"""Weights files: whole, checked, and refused with one sentence."""

import json
import pickle

import pytest
import torch

from LCDFusionLib.network import LCDFusionNet, NetworkConfig, WeightsError, load_weights, save_weights


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    network = LCDFusionNet(NetworkConfig(correlation_size=8))
    path = tmp_path / "small.pt"
    sha256 = save_weights(network, path, {"title": "test weights"})
    return network, path, sha256


def test_round_trip(saved):
    network, path, sha256 = saved
    loaded = load_weights(path)
    assert loaded.sha256 == sha256
    assert loaded.name == "small"
    assert loaded.card["title"] == "test weights"
    assert loaded.network.config.correlation_size == 8
    assert not loaded.network.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, loaded.network.state_dict()[name])
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.json", "small.pt"]


def test_changed_file_is_refused(saved):
    _, path, _ = saved
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="does not match the SHA-256"):
        load_weights(path)


def test_missing_weights_and_card(saved):
    _, path, _ = saved
    with pytest.raises(WeightsError, match="no weights 'nowhere'"):
        load_weights("nowhere")
    path.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match="card"):
        load_weights(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": {"correlation_size": 2**31}},
        {"network": {"correlation_size": 16.0}},
        {"network": {"dense": "no"}},
        {"network": {"lcfm": "some"}},
        {"network": []},
        {"sha256": 7},
    ],
)
def test_a_card_that_cannot_be(saved, changes):
    """A size in a damaged card never becomes a network of that size."""
    _, path, _ = saved
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))
    with pytest.raises(WeightsError):
        load_weights(path)


def test_pickled_code_is_never_run(saved, tmp_path):
    """A file that would run code when unpickled is refused, even where its card's SHA-256 fits."""
    import hashlib

    _, path, _ = saved
    victim = tmp_path / "victim"

    class Attack:
        def __reduce__(self):
            return (victim.write_text, ("ran",))

    path.write_bytes(pickle.dumps(Attack()))
    card = json.loads(path.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(path)
    assert not victim.exists()
