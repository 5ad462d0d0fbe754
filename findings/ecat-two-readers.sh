#!/bin/sh
# nibabel 5.4.2 and pypet2bids 1.6.0 (its ecat2nii): an ECAT 7 volume, the format of older PET scanners, with a scale factor, a calibration factor and
# an image offset in its headers.
#
# Guess: the same Bq/ml at the same place, apart from rounding, as pypet2bids reads into nibabel's NIfTI.
# Found: without an offset the places agree. With one nibabel moves the image by it, and by as many millimetres as the header has centimetres (1, 2
#   and 3 for 10, 20 and 30); pypet2bids leaves it out. The calibration factor is always applied by nibabel, by pypet2bids only where Calibration Units
#   is 1, so that 0 (not calibrated) and 2 differ by that factor, here 2. No word of either.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pypet2bids==1.6.0 nibabel==5.4.2
cat > ask.py <<'PY'
import sys

import nibabel.ecat
import numpy as np
from nibabel.ecat import hdr_dtype, subhdr_dtype
from pypet2bids.ecat2nii import ecat2nii


def make(units, offset):
    """Write 16 x 16 x 4 voxels of 2 x 2 x 3 mm, one of them hot: 1000 stored, scale 0.5, calibration 2."""
    header, frame = np.zeros((), hdr_dtype.newbyteorder(">")), np.zeros((), subhdr_dtype.newbyteorder(">"))
    header["magic_number"], header["sw_version"], header["file_type"] = b"MATRIX72v", 72, 7
    header["isotope_name"], header["isotope_halflife"], header["data_units"] = b"F-18", 6586.2, b"Bq/cc"
    header["ecat_calibration_factor"], header["calibration_unitS"], header["patient_orientation"] = 2, units, 3
    header["num_planes"], header["num_frames"], header["num_gates"], header["plane_separation"] = 4, 1, 1, 0.3
    frame["data_type"], frame["num_dimensions"], frame["frame_duration"] = 6, 3, 60000
    frame["x_dimension"], frame["y_dimension"], frame["z_dimension"] = 16, 16, 4
    frame["x_pixel_size"], frame["y_pixel_size"], frame["z_pixel_size"] = 0.2, 0.2, 0.3
    frame["x_offset"], frame["y_offset"], frame["z_offset"] = offset
    frame["scale_factor"], frame["image_max"] = 0.5, 1000
    voxels = np.zeros((4, 16, 16), ">i2")
    voxels[1, 4, 6] = 1000
    directory = np.zeros((32, 4), ">i4")
    directory[0], directory[1] = (30, 2, 0, 1), (0x1010001, 3, 7, 1)
    with open("a.v", "wb") as file:
        file.write(header.tobytes().ljust(512, b"\0") + directory.tobytes() + frame.tobytes().ljust(512, b"\0") + voxels.tobytes())


def hot(image):
    """The greatest value and its place."""
    values = np.asarray(image.get_fdata()).squeeze()
    at = np.unravel_index(values.argmax(), values.shape)
    return float(values[at]), (image.affine @ [*at, 1])[:3]


as_found = True
for units, offset in ((1, (0, 0, 0)), (1, (1, 2, 3)), (0, (0, 0, 0)), (2, (0, 0, 0))):
    make(units, offset)
    (a, here), (b, there) = hot(nibabel.ecat.load("a.v")), hot(ecat2nii(ecat_file="a.v", nifti_file="a.nii"))
    print(f"found: units {units}, offset {offset} cm: nibabel {a:.0f} at {here.round(2)} mm, pypet2bids {b:.0f} at {there.round(2)} mm")
    as_found &= abs(a / b - (1 if units == 1 else 2)) < 1e-3 and bool(np.allclose(here - there, offset, atol=1e-4))
sys.exit(0 if as_found else 1)
PY
env/bin/python ask.py 2> said
