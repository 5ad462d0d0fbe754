#!/bin/sh
# @niivue/niivue 0.69.0: a MetaImage (.mha, 8 bits, not compressed, written by SimpleITK 2.5.7) whose background has the value 10, with a lesion.
#
# Guess: the header ends with the line of ElementDataFile, and the voxels begin there, whatever they hold; so the same volume with a background of 9 is read.
# Found: the reader goes on over all bytes that are a line feed, and a line feed is 10. Every voxel of 10 at the volume's beginning is left out, and all that
#   follows moves forwards: the lesion lies five slices, six rows and six columns from its place. Of that nothing is said (a line says that all voxels are
#   zero). With 16 bits half a voxel is left out and the file is refused, with an error about the length of an array.
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

for background in (9, 10):
    voxels = np.full((16, 16, 16), background, np.uint8)
    voxels[5:8, 6:9, 6:9] = 200
    sitk.WriteImage(sitk.GetImageFromArray(voxels), f"{background}.mha")
sitk.WriteImage(sitk.GetImageFromArray(voxels.astype(np.int16)), "short.mha")
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
const lesion = async (name) => {
  const bytes = readFileSync(name);
  const image = await NVImage.new(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), name, "gray", 1, null);
  const middle = [0, 0, 0];
  let count = 0;
  image.img.forEach((value, i) => {
    if (value !== 200) return;
    [i % 16, Math.floor(i / 16) % 16, Math.floor(i / 256)].forEach((at, axis) => (middle[axis] += at));
    count++;
  });
  return `${count} voxels about ${middle.map((sum) => +(sum / count).toFixed(2)).join()} of ${image.img.length}`;
};
const [nine, ten] = [await lesion("9.mha"), await lesion("10.mha")];
const short = await lesion("short.mha").catch((error) => error.message);
console.log("@niivue/niivue", JSON.parse(readFileSync("node_modules/@niivue/niivue/package.json")).version);
console.log("guess: 27 voxels about 7,7,6 of 4096 for both");
console.log("found: background 9:", nine, "background 10:", ten, "16 bits:", short);
process.exit(nine === "27 voxels about 7,7,6 of 4096" && ten === "27 voxels about 1,1,1 of 2714" && short.includes("multiple of 2") ? 0 : 1);
JS
node ask.mjs
