"""What the user chooses for a fusion."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE
from LCDFusionLib.images.window import PRESETS, Window

DeviceChoice = Literal["auto", "cuda", "mps", "cpu"]
PrecisionChoice = Literal["float32", "tf32", "float16", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class FusionSettings:
    """The choices of one fusion; every default is a good first one.

    Attributes:
        window: of the anatomy: a preset's name, "auto" (percentiles), a `Window` in the volume's unit, or None for the modality's default.
        function_upper: value of the function volume shown as full uptake, in its unit (SUVbw); None for the default of that unit.
        weights: "ct-pet", "mr-pet", the path of a .pt file, or "auto" for those of the anatomy's modality.
        device: "auto" takes CUDA, then MPS, then the CPU.
        precision: of convolutions. "tf32" and "float16" are faster on an NVIDIA GPU and round to 10 bits; "bfloat16" is faster on a
            processor with avx512_bf16 and rounds to 8. Where a device has no use for one, it is float32; the result names what was used.
        batch_size: slices at a time on a GPU; None for as many as its free memory takes. The CPU takes one at a time, so that its
            result does not depend on this.
        threads: of the CPU; None leaves torch's own choice. One thread and several may differ in the last bit of a float32.
        color_table: name in `COLOR_TABLES` that colours a scalar function volume.

    Raises:
        InputError: a value cannot be used; the message names it.
    """

    window: str | Window | None = None
    function_upper: float | None = None
    weights: str = "auto"
    device: DeviceChoice = "auto"
    precision: PrecisionChoice = "float32"
    batch_size: int | None = None
    threads: int | None = None
    color_table: str = DEFAULT_COLOR_TABLE

    def __post_init__(self) -> None:
        if not (self.window is None or isinstance(self.window, Window)):
            _one_of("window", self.window, [*PRESETS, "auto"])
        _one_of("device", self.device, get_args(DeviceChoice))
        _one_of("precision", self.precision, get_args(PrecisionChoice))
        _one_of("color table", self.color_table, COLOR_TABLES)
        if self.function_upper is not None and not (math.isfinite(self.function_upper) and self.function_upper > 0):
            raise InputError(f"The upper value of the function volume must be above 0, got {self.function_upper}.")
        if not self.weights:
            raise InputError("The weights need a name; choose 'auto', 'ct-pet', 'mr-pet' or the path of a .pt file.")
        if self.batch_size is not None and self.batch_size < 1:
            raise InputError(f"The batch size must be at least 1 slice, got {self.batch_size}.")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"The number of threads must be at least 1, got {self.threads}.")


def _one_of(what: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise InputError(f"There is no {what} '{value}'; choose one of {', '.join(known)}.")
