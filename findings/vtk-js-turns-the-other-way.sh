#!/bin/sh
# VTK 9.7.2 and @kitware/vtk.js 37.4.3: an image turned by 30 degrees about z (an oblique MR), written by vtkXMLImageDataWriter (.vti) and read by vtk.js's
# XMLImageDataReader, both of the same house.
#
# Guess: the file holds the direction, and both programs put each voxel at the same place.
# Found: VTK writes the matrix row by row and vtk.js takes it column by column, so that the image is turned by -30 degrees: a voxel 60 mm from the
#   first lies 60 mm off. Flips and no turn are their own transpose, so the usual axial image is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check vtk==9.7.2 numpy==2.2.6
npm install --no-audit --no-fund --ignore-scripts --silent @kitware/vtk.js@37.4.3
cat > write.py <<'PY'
import math

import vtk

c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
image = vtk.vtkImageData()
image.SetDimensions(40, 40, 5)
image.SetSpacing(2, 2, 3)
image.SetOrigin(10, 20, 30)
image.SetDirectionMatrix(c, -s, 0, s, c, 0, 0, 0, 1)
image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
image.GetPointData().GetScalars().Fill(0)
writer = vtk.vtkXMLImageDataWriter()
writer.SetInputData(image)
writer.SetFileName("image.vti")
writer.Write()
reader = vtk.vtkXMLImageDataReader()
reader.SetFileName("image.vti")
reader.Update()
place = [0.0] * 3
reader.GetOutput().TransformIndexToPhysicalPoint(30, 0, 0, place)
print("VTK", vtk.vtkVersion.GetVTKVersion())
print("guess:", [round(v, 2) for v in place], "for the voxel 30, 0, 0, as VTK reads its own file")
PY
env/bin/python write.py
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
globalThis.self = globalThis.window = globalThis;
globalThis.document = { createElement: () => ({ getContext: () => null }) };
globalThis.Node = { ELEMENT_NODE: 1 };
const Reader = (await import("@kitware/vtk.js/IO/XML/XMLImageDataReader.js")).default;
const reader = Reader.newInstance();
const bytes = readFileSync("image.vti");
reader.parseAsArrayBuffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const place = reader.getOutputData(0).indexToWorld([30, 0, 0]);
console.log("vtk.js", JSON.parse(readFileSync("node_modules/@kitware/vtk.js/package.json")).version);
console.log("found:", Array.from(place, (v) => +v.toFixed(2)));
const wanted = [10 + 60 * Math.cos(Math.PI / 6), 20 - 60 * Math.sin(Math.PI / 6), 30];
process.exit(wanted.every((v, i) => Math.abs(v - place[i]) < 0.01) ? 0 : 1);
JS
node ask.mjs
