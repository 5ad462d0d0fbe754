#!/bin/sh
# pyvista 0.49.1 (vtk 9.7.2): `pyvista.read` of an SUV map in NIfTI, 16-bit integers with a scale in the header and an oblique affine, as nibabel
# 5.4.2 writes it.
#
# Guess: SUV, as every other reader gives it; perhaps without the oblique direction, in RAS or LPS.
# Found: the stored integers, -32768 to 32767, where the SUV is 0 to 5; `scl_slope` and `scl_inter` are not applied, and nothing is said. Origin 0 and no
#   direction: the same image as MetaImage keeps values, origin and direction, and as NRRD values and origin but no direction.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyvista==0.49.1 vtk==9.7.2 nibabel==5.4.2 SimpleITK==2.5.7 numpy==2.2.6
cat > ask.py <<'PY'
import nibabel
import numpy as np
import pyvista
import SimpleITK

cosine, sine = np.cos(0.3), np.sin(0.3)
affine = np.array([[4 * cosine, -4 * sine, 0, -30], [4 * sine, 4 * cosine, 0, 20], [0, 0, 3, 10], [0, 0, 0, 1]])
suv = np.linspace(0, 5, 16 * 16 * 5, dtype=np.float32).reshape(16, 16, 5)
image = nibabel.Nifti1Image(suv, affine)
image.header.set_data_dtype(np.int16)
nibabel.save(image, "suv.nii")
other = SimpleITK.ReadImage("suv.nii")
assert np.isclose(nibabel.load("suv.nii").get_fdata().max(), 5, atol=1e-3)
assert np.isclose(SimpleITK.GetArrayViewFromImage(other).max(), 5, atol=1e-3)
plain = SimpleITK.GetImageFromArray(SimpleITK.GetArrayFromImage(other))
plain.CopyInformation(other)
found = {}
for name in ("suv.nii", "suv.nrrd", "suv.mha"):
    if name != "suv.nii":
        SimpleITK.WriteImage(plain, name)
    read = pyvista.read(name)
    values = read.active_scalars
    turned = not np.allclose(read.direction_matrix, np.eye(3))
    found[name] = float(values.min()), float(values.max()), tuple(np.round(read.origin, 3).tolist()), turned
    print(name, values.dtype, "values", found[name][:2], "origin", found[name][2], "direction kept", turned)
print("SimpleITK: values 0 to 5, origin", np.round(other.GetOrigin(), 3).tolist())
assert found["suv.nii"] == (-32768, 32767, (0, 0, 0), False)
for name, turned in (("suv.nrrd", False), ("suv.mha", True)):
    least, most, origin, kept = found[name]
    assert np.isclose(least, 0, atol=1e-3) and np.isclose(most, 5, atol=1e-3)
    assert origin == (30, -20, 10) and kept is turned
PY
env/bin/python ask.py
