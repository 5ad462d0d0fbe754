"""What a fusion gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

from LCDFusionLib.images.volume import Volume


@dataclass(frozen=True, eq=False)
class FusionResult:
    """The fused volumes on the anatomy's grid, and what is known of them.

    Attributes:
        gray: fused luminance, float32 (K, J, I) in [0, 1].
        color: the same in the function's colours, uint8 (K, J, I, 3).
        metrics: row k is of slice k: the names of `LCDFusionLib.metrics`, and values of the 8-bit gray image; NaN where undefined.
        blend_metrics: the same for the 50/50 average of both images, to compare with.
        weights_name: "ct-pet", "mr-pet" or the file's stem.
        weights_sha256: of the weights file, as checked before use.
        device: where it ran, in words.
        seconds: from the worker taking up the job to the last slice, the loading of the weights included.
        seconds_of: what of them the device spent on "network" and "metrics"; empty where that is not known any more.
        heat: of each slice, the mean of the hottest hundredth of its uptake, in [0, 1]; empty where that is not known any more.
        notes: what the user should know, in sentences: partial overlap, a GPU that ran out of memory.
    """

    gray: Volume
    color: Volume
    metrics: list[dict[str, float]]
    blend_metrics: list[dict[str, float]]
    weights_name: str
    weights_sha256: str
    device: str
    seconds: float
    notes: tuple[str, ...] = ()
    heat: tuple[float, ...] = ()
    seconds_of: dict[str, float] = field(default_factory=dict)
