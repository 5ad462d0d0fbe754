#!/bin/sh
# @cornerstonejs/core 5.14.0: `worldToImageCoords` and `imageToWorldCoords`, with which its adapters write and read the 2D coordinates (SCOORD) of DICOM SR
# measurements, on a coronal slice whose Pixel Spacing is 4\2 (rows 4 mm apart, columns 2 mm), as a reformatted PET or an NM has it.
#
# Guess: as PS3.3 C.7.6.2.1.1 has it, counted from the first pixel's outer corner: the middle of column 30, row 10 (of 0, 1, 2...) is 30.5\10.5.
# Found: 15.5\20.5. The way along a row is divided by the distance between rows, and the way down by that between columns. For who reads the report by the standard,
#   the point lies 50 mm off; a report of another program is shown 63 mm off. There and back within cornerstone it fits, and with square pixels it is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent @cornerstonejs/core@5.14.0 @cornerstonejs/metadata@5.14.0
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
globalThis.self = globalThis.window = globalThis;
globalThis.document = { createElement: () => ({ getContext: () => null }), addEventListener() {} };
const core = "./node_modules/@cornerstonejs/core/dist/esm/";
const { default: worldToImageCoords } = await import(core + "utilities/worldToImageCoords.js");
const { default: imageToWorldCoords } = await import(core + "utilities/imageToWorldCoords.js");
const { addProvider } = await import(core + "metaData.js");
const { getImagePlaneCalibrated } = await import("./node_modules/@cornerstonejs/metadata/dist/esm/utilities/metadataProvider/imagePlaneCalibrated.js");

const slice = (PixelSpacing) => ({
  SOPClassUID: "1.2.840.10008.5.1.4.1.1.128",
  Modality: "PT",
  FrameOfReferenceUID: "2.25.1",
  Rows: 32,
  Columns: 64,
  ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
  ImagePositionPatient: [-100, 7, 50],
  PixelSpacing,
});
const slices = { square: slice([2, 2]), uneven: slice([4, 2]) };
addProvider((type, id) => (type === "imagePlaneModule" ? getImagePlaneCalibrated(() => undefined, id, slices[id], {}) : undefined), 100);
const standard = (id, [column, row]) => {
  const { ImagePositionPatient: [x, y, z], PixelSpacing: [down, along] } = slices[id];
  return [x + along * (column - 0.5), y, z - down * (row - 0.5)];
};
const distance = (a, b) => Math.hypot(...a.map((value, i) => value - b[i]));
const found = {};
for (const id of ["square", "uneven"]) {
  const place = standard(id, [30.5, 10.5]);
  const written = worldToImageCoords(id, place);
  const read = imageToWorldCoords(id, [30.5, 10.5]);
  const again = distance(imageToWorldCoords(id, written), place);
  found[id] = [written.join(), Math.round(distance(standard(id, written), place)), Math.round(distance(read, place)), Math.round(again)].join(" ");
}
console.log("@cornerstonejs/core", JSON.parse(readFileSync("node_modules/@cornerstonejs/core/package.json")).version);
console.log("guess: 30.5,10.5 0 0 0 for both (coordinates written, mm off as written, as read, there and back)");
console.log("found: Pixel Spacing 2\\2:", found.square, "4\\2:", found.uneven);
process.exit(found.square === "30.5,10.5 0 0 0" && found.uneven === "15.5,20.5 50 63 0" ? 0 : 1);
JS
node ask.mjs
