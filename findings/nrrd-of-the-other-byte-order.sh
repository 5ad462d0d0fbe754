#!/bin/sh
# three.js 0.187.0, NRRDLoader: a NRRD with `endian: big`.
#
# Guess: the header field is parsed (it is in the loader's list of fields), so bytes are swapped, or the file is refused.
# Found: the field is kept in the header and not looked at again; the code that swaps compares two constants. 1000, 1001, 1002 become
#   -6141, -5885, -5629: a volume of noise, with a window to match. The same file with `endian: little` is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent three@0.187.0
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
import { NRRDLoader } from "three/examples/jsm/loaders/NRRDLoader.js";
const read = endian => {
  const header = `NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 2 2\n` +
    `space directions: (2,0,0) (0,3,0) (0,0,4)\nkinds: domain domain domain\nendian: ${endian}\nencoding: raw\nspace origin: (0,0,0)\n\n`;
  const voxels = new DataView(new ArrayBuffer(24));
  for (let i = 0; i < 12; i++) voxels.setInt16(2 * i, 1000 + i, endian === "little");
  const file = new Uint8Array([...new TextEncoder().encode(header), ...new Uint8Array(voxels.buffer)]);
  return [...new NRRDLoader().parse(file.buffer).data].sort((a, b) => a - b);
};
globalThis.document ??= { createElement: () => ({ getContext: () => ({}) }) };
const little = read("little"), big = read("big");
console.log("three", JSON.parse(readFileSync("node_modules/three/package.json")).version);
console.log("guess: both hold 1000 to 1011");
console.log("found: little", little.join(" "), "big", big.join(" "));
const swapped = Array.from({ length: 12 }, (_, i) => ((((1000 + i) & 255) << 8 | (1000 + i) >> 8) << 16) >> 16).sort((a, b) => a - b);
process.exit(little[0] === 1000 && little[11] === 1011 && big.join() === swapped.join() ? 0 : 1);
JS
node ask.mjs
