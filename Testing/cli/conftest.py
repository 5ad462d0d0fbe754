"""A place for the real command, small weights, and a small study."""

import pytest
import torch

from LCDFusionLib.images.volume import Modality
from LCDFusionLib.network import LCDFusionNet, save_weights
from LCDFusionLib.network.network import EXPERIMENTS
from Testing.cli.place import Place
from Testing.cli.small_study import body, write_series


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> str:
    """A plain network's weights, seeded: ten times as fast as the one that ships.

    Not trained, but its last layer is scaled so that the image has contrast; what it shows is of no matter here.
    """
    path = tmp_path_factory.mktemp("weights") / "plain.pt"
    torch.manual_seed(42)
    network = LCDFusionNet(EXPERIMENTS["Exp1"])
    with torch.no_grad():
        gray = torch.logit(network(torch.rand(1, 1, 64, 64), torch.rand(1, 1, 64, 64)))
        scale = 1 / gray.std()
        network.decoder.rest[-1].weight *= scale
        network.decoder.rest[-1].bias += network.decoder.rest[-1].bias * (scale - 1) - gray.mean() * scale
    save_weights(network, path, {"title": "plain, not trained"})
    return str(path)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A folder with the series CT, MR and PT; not to be changed."""
    folder = tmp_path_factory.mktemp("study")
    for modality in (Modality.CT, Modality.MR, Modality.PET):
        write_series(folder / modality.value, body(modality))
    return folder
