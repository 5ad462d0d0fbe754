"""Lossy Image Compression (0028,2110): once 01, all that is made of it says so, with ratio and method."""

import enhanced_pet
import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000, JPEGBaseline8Bit

from LCDFusionLib.dicom import Derivation, read_folder, write_fused_color, write_fused_gray
from LCDFusionLib.dicom.frames import images_of
from LCDFusionLib.dicom.lossy import set_lossy_history
from LCDFusionLib.images.volume import Modality

WORDS = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
CT = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "12.5", "LossyImageCompressionMethod": "ISO_10918_1"}
TWICE = {
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": ["4", "8"],
    "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
}


@pytest.mark.parametrize(
    ("of_ct", "of_pet", "history"),
    [
        ({}, {}, ("00", None, None)),
        (CT, {}, ("01", 12.5, "ISO_10918_1")),
        ({}, CT, ("01", 12.5, "ISO_10918_1")),
        (TWICE, CT, ("01", [4, 8, 12.5], ["ISO_10918_1", "ISO_15444_1", "ISO_10918_1"])),
        ({"LossyImageCompression": "01"}, {}, ("01", None, None)),
    ],
)
def test_both_series_say_so(write_series, tmp_path, of_ct, of_pet, history):
    volume, anatomy = read_folder(write_series(Modality.CT, attributes=of_ct))
    _, function = read_folder(write_series(Modality.PET, attributes=of_pet))
    options = {"anatomy": anatomy, "function": function, "derivation": Derivation(**WORDS)}
    gray = volume.with_array(np.zeros(volume.shape, np.float32))
    color = volume.with_array(np.zeros((*volume.shape, 3), np.uint8))
    for out in (write_fused_gray(gray, tmp_path / "g", **options), write_fused_color(color, tmp_path / "c", **options)):
        for path in out.iterdir():
            fused = pydicom.dcmread(path)
            keywords = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
            assert tuple(fused.get(keyword) for keyword in keywords) == history


def test_a_lossy_file_whose_header_says_nothing(write_series):
    """The transfer syntax loses something whatever the header says; the ratio is that of the bytes."""
    path = write_series(Modality.CT) / "0001.dcm"
    header = pydicom.dcmread(path, stop_before_pixels=True)
    header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    derived = pydicom.Dataset()
    set_lossy_history(derived, [header])
    assert (derived.LossyImageCompression, derived.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert derived.LossyImageCompressionRatio == pytest.approx(960 / path.stat().st_size, abs=0.01)


def test_the_ratio_of_a_lossy_file_of_frames_is_that_of_all_of_them(tmp_path):
    """8 frames of 64 x 64 pixels of 2 bytes are 65536 bytes; each frame has the ratio of its file, said once."""
    path = enhanced_pet.write(enhanced_pet.enhanced(LossyImageCompression=None), tmp_path / "enhanced") / "enhanced.dcm"
    header = pydicom.dcmread(path, stop_before_pixels=True)
    header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    derived = pydicom.Dataset()
    set_lossy_history(derived, [image.header for image in images_of(path, header)])
    assert derived.LossyImageCompressionRatio == pytest.approx(65536 / path.stat().st_size, abs=0.01)


@pytest.mark.parametrize(("ratio", "said"), [(None, ("00", None)), ("7.5", ("01", "ISO_15444_1"))])
def test_jpeg_2000_is_lossy_where_the_header_names_a_ratio(write_series, ratio, said):
    """Its transfer syntax ...4.91 is of both kinds (PS3.5 A.4.4)."""
    path = write_series(Modality.CT, attributes={"LossyImageCompressionRatio": ratio, "LossyImageCompression": None}) / "0001.dcm"
    header = pydicom.dcmread(path, stop_before_pixels=True)
    header.file_meta.TransferSyntaxUID = JPEG2000
    derived = pydicom.Dataset()
    set_lossy_history(derived, [header])
    assert (derived.LossyImageCompression, derived.get("LossyImageCompressionMethod")) == said
