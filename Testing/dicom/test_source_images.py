"""Which images a fused slice was made of: Source Image Sequence (0008,2112)."""

import numpy as np
import pydicom
import pytest

from LCDFusionLib.dicom import Derivation, read_folder, write_fused_gray
from LCDFusionLib.images.volume import Modality
from Testing.dicom.conftest import make_volume, write_volume

DERIVATION = Derivation(weights="ct-pet", weights_sha256="0" * 64, anatomy_window="350/40 HU", function_range="0 to 10 SUVbw")


@pytest.fixture
def sources(tmp_path):
    """sources(moved by, mm): the headers of the fused slices; both series have six, 2.7 mm apart."""

    def named(moved=(0, 0, 0), **options):
        ct = make_volume(Modality.CT, origin=(0, 0, 0))
        pet = make_volume(Modality.PET, origin=moved)
        anatomy, function = (read_folder(write_volume(tmp_path, volume, **options)) for volume in (ct, pet))
        gray = anatomy[0].with_array(np.zeros(ct.shape, np.float32))
        out = write_fused_gray(gray, tmp_path / "out", anatomy=anatomy[1], function=function[1], derivation=DERIVATION)
        return [pydicom.dcmread(path) for path in sorted(out.iterdir())]

    return named


def test_only_the_anatomy_lies_pixel_upon_pixel(sources):
    """Spatial Locations Preserved (0028,135A): the function was resampled."""
    for header in sources():
        assert [item.SpatialLocationsPreserved for item in header.SourceImageSequence] == ["YES", "NO"]


@pytest.mark.parametrize("moved", [(100, 0, 0), (-100, 0, 0), (0, 100, 0), (0, -100, 0), (0, 0, 100), (0, 0, -100)])
def test_a_function_that_lies_beside_is_no_source(sources, moved):
    """24 columns of 0.74 mm, 20 rows of 0.83 mm, and six slices of 2.7 mm are all less than 100 mm."""
    assert [len(header.SourceImageSequence) for header in sources(moved)] == [1] * 6


def test_where_the_anatomy_has_no_frame_of_reference_one_is_made_for_all_slices(sources):
    uids = {header.FrameOfReferenceUID for header in sources(attributes={"FrameOfReferenceUID": None})}
    assert len(uids) == 1
    assert pydicom.uid.UID(uids.pop()).is_valid
