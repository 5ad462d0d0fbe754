"""The fusion network of Zhou et al. (Scientific Reports 2025): CMFEM encoders, LCFM fusion, decoder. Imports torch and nothing of ours."""

from .graphed import GraphedNet
from .network import EXPERIMENTS, LCDFusionNet, NetworkConfig
from .precision import processor_has_bfloat16
from .prepared import PreparedNet, prepare
from .rewritten import RewrittenNet
from .side_by_side import side_by_side
from .weights import LoadedWeights, WeightsError, load_weights, save_weights

__all__ = [
    "EXPERIMENTS",
    "GraphedNet",
    "LCDFusionNet",
    "LoadedWeights",
    "NetworkConfig",
    "PreparedNet",
    "RewrittenNet",
    "WeightsError",
    "load_weights",
    "prepare",
    "processor_has_bfloat16",
    "save_weights",
    "side_by_side",
]
