#!/bin/sh
# @niivue/niivue 0.69.0: a dynamic PET of two frames, voxels of 2 x 3 x 4 mm, origin (10, -20, 30) mm in LPS, as NRRD, MetaImage and NIfTI.
#
# Guess: what is true of the first three axes is kept, as it is for one frame: spacing and place are the same in all three, or the file is refused.
# Found: NIfTI is right. In NRRD spacing, direction and origin are dropped together, since space directions are taken only where they are nine numbers ("none" for
#   the frames is a tenth): 1 mm, origin 0, left and right changed. In MetaImage the first nine of the matrix's sixteen numbers are taken for it, and origin and
#   direction go. A single frame is right in all three. Frames and values are right, so it looks well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent @niivue/niivue@0.69.0
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 numpy==2.2.6
cat > make.py <<'PY'
import numpy as np
import SimpleITK as sitk

frame = np.arange(4 * 5 * 6, dtype=np.int16).reshape(6, 5, 4)
for name, voxels in (("one", frame), ("two", np.stack([frame, frame + 1000]))):
    image = sitk.GetImageFromArray(voxels, isVector=False)
    image.SetSpacing((2, 3, 4, 60)[: voxels.ndim])
    image.SetOrigin((10, -20, 30, 0)[: voxels.ndim])
    for ending in ("mha", "nii"):
        sitk.WriteImage(image, f"{name}.{ending}")
    sizes, directions, kinds = ("4 5 6", "", "") if voxels.ndim == 3 else ("4 5 6 2", " none", " list")
    header = (
        f"NRRD0004\ntype: short\ndimension: {voxels.ndim}\nspace: left-posterior-superior\nsizes: {sizes}\n"
        f"space directions: (2,0,0) (0,3,0) (0,0,4){directions}\nkinds: domain domain domain{kinds}\nendian: little\nencoding: raw\nspace origin: (10,-20,30)\n\n"
    )
    with open(f"{name}.nrrd", "wb") as file:
        file.write(header.encode() + voxels.astype("<i2").tobytes())
PY
env/bin/python make.py
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
globalThis.self = globalThis.window = globalThis;
globalThis.document = { createElement: () => ({ getContext: () => null, style: {} }), addEventListener() {} };
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", platform: "node" }, configurable: true });
globalThis.HTMLElement = globalThis.Worker = class {};
console.debug = () => {};
const { NVImage } = await import("@niivue/niivue");
console.log("@niivue/niivue", JSON.parse(readFileSync("node_modules/@niivue/niivue/package.json")).version);
console.log("guess: voxel 3, 4, 5 at -16,8,50 (RAS) in all");
const found = {};
for (const name of ["one.nii", "one.mha", "one.nrrd", "two.nii", "two.mha", "two.nrrd"]) {
  const bytes = readFileSync(name);
  const image = await NVImage.new(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), name, "gray", 1, null);
  found[name] = image.hdr.affine.slice(0, 3).map(([x, y, z, origin]) => +(3 * x + 4 * y + 5 * z + origin).toFixed(3)).join();
  console.log("found:", name, "frames", image.nFrame4D, "value", image.img[119], "place", found[name]);
}
const right = ["one.nii", "one.mha", "one.nrrd", "two.nii"].every((name) => found[name] === "-16,8,50");
process.exit(right && found["two.mha"] === "6,12,20" && found["two.nrrd"] === "3,4,5" ? 0 : 1);
JS
node ask.mjs
