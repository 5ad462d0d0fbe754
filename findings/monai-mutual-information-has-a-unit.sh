#!/bin/sh
# MONAI 1.6.1 (torch 2.13.0), GlobalMutualInformationLoss: the mutual information of a PET and an MR that depend on each other, as both come, in other units.
#
# Guess: mutual information does not ask for units (that is why it is taken between modalities): the same number when both images are times 5 or 50.
# Found: so it is with kernel_type "b-spline". With "gaussian", the default, bins lie from 0 to 1 whatever the images hold: 1.41 falls to 0.29 and
#   0.02, without a word. SUV, HU and counts have to be brought to 0 to 1 first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 monai==1.6.1 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import monai
import torch
from monai.losses import GlobalMutualInformationLoss

torch.manual_seed(0)
pet = torch.rand(1, 1, 24, 24, 24)
mr = (pet**2 + 0.05 * torch.randn_like(pet)).clip(0, 1)
found = {kind: [round(-GlobalMutualInformationLoss(kernel_type=kind)(pet * unit, mr * unit).item(), 2) for unit in (1, 5, 50)] for kind in ("b-spline", "gaussian")}
default = round(-GlobalMutualInformationLoss()(pet * 5, mr * 5).item(), 2)
print("MONAI", monai.__version__, "torch", torch.__version__)
print("guess: three times the same for each, in units of 1, 5 and 50")
print("found:", found, "default, unit of 5:", default)
one, other = found["b-spline"], found["gaussian"]
sys.exit(0 if max(one) - min(one) < 0.02 and other[0] > 1.2 and other[1] < 0.4 and other[2] < 0.1 and default == other[1] else 1)
PY
env/bin/python -W ignore ask.py
