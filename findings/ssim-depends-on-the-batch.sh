#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): SSIM of four PET slices with noise, in SUV, without `data_range`; in one slice lies the bladder.
#
# Guess: where the range is not given, each image's own range is taken, as the documentation leaves one to think, so that the mean
#   of four slices is the same whether they are handed over one by one or together.
# Found: the range is taken once for all that is handed over together. One by one the first slice has 0.38, beside the one with the bladder 0.94, and
#   the mean goes from 0.51 over 0.65 to 0.94 with 1, 2 and 4 slices a batch: the result depends on what the memory allows.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import torch
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.image import StructuralSimilarityIndexMeasure

torch.manual_seed(0)
y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
body = torch.hypot(x, y) < 0.8
lesion = 3 * torch.exp(-((x - 0.2) ** 2 + y**2) / 0.01)
slices = torch.stack([body * (1 + 0.5 * torch.cos(9 * x + k) * torch.cos(7 * y)) + lesion for k in range(4)])[:, None]
slices[3] += 40 * torch.exp(-((x + 0.1) ** 2 + (y - 0.3) ** 2) / 0.02)
noisy = slices + 0.3 * torch.randn(slices.shape)
alone = [float(structural_similarity_index_measure(noisy[k : k + 1], slices[k : k + 1])) for k in range(4)]
together = structural_similarity_index_measure(noisy, slices, reduction="none").tolist()
print("found: one by one", [round(value, 3) for value in alone], "together", [round(value, 3) for value in together])
means = []
for size in (1, 2, 4):
    metric = StructuralSimilarityIndexMeasure()
    for k in range(0, 4, size):
        metric.update(noisy[k : k + size], slices[k : k + size])
    means.append(float(metric.compute()))
    print(f"found: mean of the same four slices, {size} a batch: {means[-1]:.3f}")
sys.exit(0 if alone[0] < 0.45 and together[0] > 0.9 and means[0] < 0.55 < 0.6 < means[1] < 0.7 < 0.9 < means[2] else 1)
PY
env/bin/python ask.py
