"""Volumes that a person points at outside the panel, as with a right click: whether they can be fused, which pair is meant, which may be a
prior study."""

from LCDFusionLib.mrml.inputs import is_input, pair_with
from LCDFusionLib.mrml.prior import ScenePriors

__all__ = ["ScenePriors", "is_input", "pair_with"]
