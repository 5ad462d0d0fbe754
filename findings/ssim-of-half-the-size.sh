#!/bin/sh
# piq 0.8.0 and pytorch-msssim 1.0.0 (torch 2.13.0): SSIM with the same Gaussian window (11, sigma 1.5), constants and range, of a smooth image with
# and without noise, at the sizes that PET, MR and CT slices have.
#
# Guess: the two agree to 0.01 at each size, and a pixel more or less changes nothing.
# Found: they agree up to 383 pixels (0.315). From 384 on piq halves both images before it looks, and averages the noise away: 0.72 where
#   pytorch-msssim has 0.32; 0.68 and 0.30 for a CT of 512; quartered, 0.89 and 0.29 at 1024. `downsample=False` is needed for the same number. A
#   fused image on the CT's grid is given another metric than the PET on its own.
# torchvision, which piq imports for its other metrics, is stood in for; nothing of it is asked.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.2.6 scipy==1.15.3
env/bin/pip install --quiet --disable-pip-version-check --no-deps piq==0.8.0 pytorch-msssim==1.0.0
cat > ask.py <<'PY'
import sys
from unittest.mock import MagicMock

for name in ("torchvision", "torchvision.models", "torchvision.models.inception", "torchvision.transforms"):
    sys.modules[name] = MagicMock()

import piq
import pytorch_msssim
import torch

torch.manual_seed(0)
seen = {}
for size in (200, 256, 383, 384, 512, 1024):
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    image = (0.5 + 0.3 * torch.cos(6 * x) * torch.cos(5 * y))[None, None]
    noisy = (image + 0.05 * torch.randn_like(image)).clamp(0, 1)
    seen[size] = (
        float(pytorch_msssim.ssim(image, noisy, data_range=1.0)),
        float(piq.ssim(image, noisy, data_range=1.0)),
        float(piq.ssim(image, noisy, data_range=1.0, downsample=False)),
    )
    print("{}: pytorch-msssim {:.3f}, piq {:.3f}, piq with downsample=False {:.3f}".format(size, *seen[size]))
alike = all(abs(a - c) < 0.01 and (size >= 384 or abs(a - b) < 0.01) for size, (a, b, c) in seen.items())
jumps = all(seen[size][1] > 2 * seen[size][0] for size in (384, 512, 1024))
sys.exit(0 if alike and jumps else 1)
PY
env/bin/python ask.py
