"""Fusion methods to compare: the paper's classical baselines, our network, fused images from elsewhere, and two warnings."""

from __future__ import annotations

from .a_trous import ATrous
from .copies import AnatomyOnly, FunctionOnly
from .fused_folder import FusedFolder
from .guided_filter import GuidedFilter
from .laplacian_pyramid import LaplacianPyramid
from .latlrr import LatLRR
from .method import Method
from .network import Network
from .overlay import Overlay
from .pixel_rules import Average, Maximum

BUILT_IN: dict[str, Method] = {
    method.name: method
    for method in (Average(), Maximum(), LaplacianPyramid(), GuidedFilter(), ATrous(), LatLRR(), AnatomyOnly(), FunctionOnly())
}
"""Methods without weights, by name."""

WARNINGS = (AnatomyOnly().name, FunctionOnly().name)
"""No fusion at all: what a copy of one source scores. Shown as a warning, never ranked."""

__all__ = [
    "BUILT_IN",
    "WARNINGS",
    "ATrous",
    "AnatomyOnly",
    "Average",
    "FunctionOnly",
    "FusedFolder",
    "GuidedFilter",
    "LaplacianPyramid",
    "LatLRR",
    "Maximum",
    "Method",
    "Network",
    "Overlay",
]
