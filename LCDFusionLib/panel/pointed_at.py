"""Volumes that a person points at outside the panel, as with a right click: whether they can be fused, and which pair is meant."""

from LCDFusionLib.mrml.inputs import is_input, pair_with

__all__ = ["is_input", "pair_with"]
