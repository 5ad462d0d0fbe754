#!/bin/sh
# torch 2.13.0: `affine_grid` and `grid_sample` inside `torch.autocast("cpu", torch.bfloat16)`, as the last layer of a network that registers.
#
# Guess: autocast makes products of matrices and convolutions cheap and leaves places in float32, as it leaves losses: the identity gives the image
#   back, at any size.
# Found: the grid is computed as a product and comes as bfloat16, 8 bits for a coordinate from -1 to 1; `grid_sample` takes it without a word. On
#   a CT slice of 512 the identity moves pixels by up to 0.7 of one, a shift of 3.3 and 1.7 pixels is wrong by up to 1.4, a turn of 0.1 rad
#   by up to 2.1. An image of 64 pixels comes back as it was, so a test with a small one sees nothing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.2.6
cat > ask.py <<'PY'
import math
import sys

import torch
import torch.nn.functional as F


def places(transform, size, cheap):
    """Where each pixel is taken from, in pixels, and the pixels' columns as sampled."""
    columns = torch.arange(size, dtype=torch.float32).repeat(size, 1)[None, None]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cheap):
        grid = F.affine_grid(torch.tensor([transform]), (1, 1, size, size), align_corners=False)
        sampled = F.grid_sample(columns, grid, padding_mode="border", align_corners=False)
    return grid.dtype, (grid.float() + 1) * size / 2 - 0.5, sampled


cosine, sine = math.cos(0.1), math.sin(0.1)
identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
shift = [[1.0, 0.0, 6.6 / 512], [0.0, 1.0, 3.4 / 512]]
turn = [[cosine, -sine, 0.0], [sine, cosine, 0.0]]
seen = {}
for name, transform, size in (("identity", identity, 64), ("identity", identity, 512), ("shift", shift, 512), ("turn", turn, 512)):
    kind, cheap, sampled = places(transform, size, True)
    _, exact, wanted = places(transform, size, False)
    seen[name, size] = float((cheap - exact).norm(dim=-1).max())
    print(f"found: {name}, {size} pixels: grid {kind}, off by up to {seen[name, size]:.2f} pixels,"
          f" columns as sampled by up to {float((sampled - wanted).abs().max()):.2f}")
    assert kind == torch.bfloat16
sys.exit(0 if seen["identity", 64] < 0.01 and seen["identity", 512] > 0.5 and seen["shift", 512] > 1 and seen["turn", 512] > 1 else 1)
PY
env/bin/python ask.py
