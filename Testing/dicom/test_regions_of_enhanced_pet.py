"""Regions of an enhanced PET as DICOM: each on the frame that it was drawn on, in whatever order the file has its frames."""

import shutil
import subprocess

import enhanced_pet
import numpy as np
import pydicom
import pytest
from classic_pet import stored
from enhanced_pet import FRAMES, enhanced

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.dicom.region_objects import ReportedRegion, read_regions, write_regions
from LCDFusionLib.images.uptake import measure

highdicom = pytest.importorskip("highdicom")


ORDERS = {"up": list(range(FRAMES)), "down": list(reversed(range(FRAMES))), "mixed": [3, 0, 7, 1, 6, 2, 5, 4]}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_each_voxel_lies_on_the_frame_it_was_drawn_on(tmp_path, order):
    image = enhanced()
    groups = image.PerFrameFunctionalGroupsSequence
    image.PerFrameFunctionalGroupsSequence = [groups[index] for index in order]
    folder = enhanced_pet.write(image, tmp_path / "PT", pixels=np.stack([stored(index) for index in order]))
    pet, source = read_folder(folder)
    hot, box = pet.array > 0.4 * pet.array.max(), np.zeros(pet.shape, bool)
    box[2:5, 20:30, 12:15] = True
    regions = [ReportedRegion(name, "lesion", "Drawn", voxels, measure(pet, voxels)) for name, voxels in (("hot", hot), ("box", box))]
    out = write_regions(regions, source, tmp_path / "out")

    if validator := shutil.which("dciodvfy"):
        for file in out.iterdir():
            told = subprocess.run([validator, str(file)], capture_output=True, text=True, check=False).stderr
            assert "Error" not in told, told
    back = read_regions(out / "0001.dcm", source)
    assert [(each.voxels == region.voxels).all() for each, region in zip(back, regions, strict=True)] == [True, True]
    # What another reader finds for the frames of the PET, by their numbers, against the pixels of these frames.
    segmentation = highdicom.seg.segread(out / "0001.dcm")
    original = pydicom.dcmread(folder / "enhanced.dcm")
    pixels = segmentation.get_pixels_by_source_frame(
        original.SOPInstanceUID, list(range(1, FRAMES + 1)), assert_missing_frames_are_empty=True
    )
    assert (pixels[..., 0].astype(bool) == (original.pixel_array > 0.4 * original.pixel_array.max())).all()
    assert pixels[..., 1].sum(axis=(1, 2)).tolist() == [30 if index in (2, 3, 4) else 0 for index in order]
