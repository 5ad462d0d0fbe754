#!/bin/sh
# SimpleITK 2.5.7: a dynamic PET in NRRD, its space "right-anterior-superior-time" and its last axis of kind "time", and one frame of it with the space
# "right-anterior-superior"; written by pynrrd 1.1.3.
#
# Guess: the three axes of space are turned to LPS in both, so that the frame lies in the dynamic image.
# Found: the frame comes to (-10, -20, 30), which is right; the dynamic image stays at (10, 20, 30), as if RAS were LPS: left and right, front and back are
#   exchanged. The names with "-time" are spaces of their own in the format's list, and the reader turns those without alone. The same data with a last
#   axis of kind "list" and the space of three axes are right (as components).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 pynrrd==1.1.3 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import nrrd
import numpy as np
import SimpleITK

frame = np.arange(120, dtype=np.float32).reshape(4, 5, 6)
frames = np.stack([frame, 2 * frame], -1)
space, origin = np.diag([2.0, 3, 4]), [10.0, 20, 30]
domain = ["domain"] * 3
with_time = np.diag([2.0, 3, 4, 60])
as_list = np.vstack([space, [np.nan] * 3])
files = {
    "frame": (frame, "right-anterior-superior", space, origin, domain),
    "dynamic": (frames, "right-anterior-superior-time", with_time, [*origin, 0.0], [*domain, "time"]),
    "list": (frames, "right-anterior-superior", as_list, origin, [*domain, "list"]),
}
found = {}
for name, (voxels, kind, directions, first, kinds) in files.items():
    header = {"space": kind, "space directions": directions, "space origin": first, "kinds": kinds}
    nrrd.write(f"{name}.nrrd", voxels, header)
    image = SimpleITK.ReadImage(f"{name}.nrrd")
    size = image.GetDimension()
    found[name] = image.GetOrigin()[:3], tuple(np.diag(np.reshape(image.GetDirection(), (size, size)))[:3].tolist())
    print("found:", name, image.GetSize(), "components", image.GetNumberOfComponentsPerPixel(), "origin and direction", *found[name])
print("SimpleITK", SimpleITK.Version().VersionString(), "guess: the same origin and direction for all")
turned, as_it_is = ((-10, -20, 30), (-1, -1, 1)), ((10, 20, 30), (1, 1, 1))
sys.exit(0 if found == {"frame": turned, "list": turned, "dynamic": as_it_is} else 1)
PY
env/bin/python ask.py
