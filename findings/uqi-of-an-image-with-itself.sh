#!/bin/sh
# torchmetrics 1.9.0 (torch 2.13.0): the universal quality index of a PET slice with itself; the body is a fifth of the slice, around it is 0.
#
# Guess: 1, as the index is defined, in any unit; with a background of 0 perhaps nan, or 1 by convention.
# Found: 0.43 for float32 and 0.51 for float64: windows without activity count as 0, since a small constant is added below the fraction. And that
#   constant has a unit: the same slice times 0.0001 (Bq to 10 kBq) has 7e-10 with itself. An index that is reported as a share of the best is mostly the
#   share of the slice that the patient fills.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import torch
from torchmetrics.functional.image import universal_image_quality_index

y, x = torch.meshgrid(torch.linspace(-1, 1, 64, dtype=torch.float64), torch.linspace(-1, 1, 64, dtype=torch.float64), indexing="ij")
pet = (torch.hypot(x, y) < 0.5) * (2 + torch.cos(8 * x))
print(f"the body is {float((pet > 0).double().mean()):.2f} of the slice; guess: 1, 1, 1")
seen = []
for name, image in (("float64", pet), ("float32", pet.float()), ("float32, times 0.0001", pet.float() * 1e-4)):
    image = image[None, None]
    seen.append(float(universal_image_quality_index(image, image)))
    print(f"found: {name}: {seen[-1]:.3g}")
sys.exit(0 if 0.45 < seen[0] < 0.6 and 0.38 < seen[1] < 0.48 and seen[2] < 1e-6 else 1)
PY
env/bin/python ask.py
