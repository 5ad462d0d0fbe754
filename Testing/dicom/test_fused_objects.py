"""The objects of one fusion: which are written, and the blend as a presentation state."""

import enhanced_pet
import numpy as np
import pydicom
import pytest

from LCDFusionLib.dicom import DICOM_RESULT, Derivation, read_folder, why_no_blending_state, write_blending_state
from LCDFusionLib.dicom.fused_objects import Blend, write_result
from LCDFusionLib.fusion import FusionResult
from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.images.window import Window
from Testing.dicom.conftest import FRAME_OF_REFERENCE, STUDY, make_volume, write_volume

DERIVATION = Derivation(weights="ct-pet", weights_sha256="0" * 64, anatomy_window="350/40 HU", function_range="0 to 10 SUVbw")


def even_pet():
    """With one maximum in all slices, so that all are stored with one slope."""
    pet = make_volume(Modality.PET, shape=(4, 20, 24))
    return pet.with_array(pet.array / pet.array.max(axis=(1, 2), keepdims=True) * 8)


@pytest.fixture
def pair(tmp_path):
    """CT and PET of one study, as read from DICOM."""
    return [read_folder(write_volume(tmp_path, volume)) for volume in (make_volume(Modality.CT, shape=(4, 20, 24)), even_pet())]


@pytest.fixture
def write(pair, tmp_path):
    """write(blend table, ...): the names of the folders of a result, the notes, and the folder that holds them."""
    (volume, anatomy), (_, function) = pair
    gray = np.random.default_rng(2).random(volume.shape, dtype=np.float32)
    rows = [{"QABF": 0.5, "VIF": 0.4}] * len(gray)
    color = volume.with_array(np.repeat(np.rint(gray * 255).astype(np.uint8)[..., None], 3, -1))
    result = FusionResult(volume.with_array(gray), color, rows, rows, "ct-pet", "0" * 64, "CPU", 1.0)

    def write(table=None, **options):
        blend = Blend(Window(350, 40), Window(10, 5), table) if table else None
        given = {"anatomy": anatomy, "function": function, "derivation": DERIVATION, "blend": blend} | options
        written, notes = write_result(tmp_path / "out", result, **given)
        return [path.name for path in written], notes, tmp_path / "out"

    return write


def test_all_of_them(write):
    names, notes, folder = write("hot-iron", key_slices=[1, 3])
    assert names == ["dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics", "dicom_blend"]
    assert sorted(names) == sorted(DICOM_RESULT) == sorted(path.name for path in folder.iterdir())
    assert notes == []


def test_without_marked_slices_there_are_both_series_alone(write):
    assert write()[0] == ["dicom_color", "dicom_gray"]


@pytest.mark.parametrize("lacking", ["anatomy", "function"])
def test_of_an_input_that_was_no_dicom_there_is_no_state(write, lacking):
    assert write("hot-iron", **{lacking: None})[:2] == (["dicom_color", "dicom_gray"], [])


@pytest.mark.parametrize(
    ("table", "entries"),
    [
        ("rainbow", {0: (0, 0, 0), 102: (0, 255, 255), 255: (255, 0, 0)}),
        ("inverse-gray", {0: (255, 255, 255), 255: (0, 0, 0)}),
        ("ember", {0: (0, 0, 0), 255: (255, 255, 255)}),  # its green stays dark, for which validators reject a palette: Hot Iron instead
    ],
)
def test_the_state_has_the_colours_that_were_chosen(write, table, entries):
    state = pydicom.dcmread(next((write(table)[2] / "dicom_blend").iterdir()))
    palette = [np.frombuffer(state[f"{color}PaletteColorLookupTableData"].value, "<u2") for color in ("Red", "Green", "Blue")]
    # PS3.3 C.7.6.3.1.5: 256 entries from 0, of 16 bits; C.11.15: of which RGB these are.
    assert {tuple(state[f"{color}PaletteColorLookupTableDescriptor"].value) for color in ("Red", "Green", "Blue")} == {(256, 0, 16)}
    assert (state.ColorSpace, state.ICCProfile[36:40]) == ("SRGB", b"acsp")
    for index, rgb in entries.items():
        assert [channel[index] for channel in palette] == [value * 257 for value in rgb]


def blended(anatomy, function, folder, function_window):
    window = {"anatomy_window": Window(350, 40), "function_window": function_window}
    path = write_blending_state(folder, anatomy=anatomy, function=function, color_table=COLOR_TABLES["hot-iron"].rgb, **window)
    return pydicom.dcmread(next(path.iterdir()))


def test_each_frame_of_an_enhanced_pet_is_named(tmp_path):
    _, anatomy = read_folder(write_volume(tmp_path, Modality.CT))
    image = enhanced_pet.enhanced(StudyInstanceUID=STUDY.uid, FrameOfReferenceUID=FRAME_OF_REFERENCE)
    _, function = read_folder(enhanced_pet.write(image, tmp_path / "enhanced"))
    over = blended(anatomy, function, tmp_path / "out", Window(10, 5)).BlendingSequence[1]
    (series,) = over.ReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedImageSequence} == {image.SOPInstanceUID}
    assert [item.ReferencedFrameNumber for item in series.ReferencedImageSequence] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_window_of_relative_intensities_is_that_of_the_stored_values(tmp_path):
    _, anatomy = read_folder(write_volume(tmp_path, make_volume(Modality.CT, shape=(4, 20, 24))))
    pet = write_volume(tmp_path, even_pet(), attributes={"PatientWeight": None})
    _, function = read_folder(pet, relative=True)
    assert why_no_blending_state(anatomy, function) is None
    voi = blended(anatomy, function, tmp_path / "out", Window(5000, 2500)).BlendingSequence[1].SoftcopyVOILUTSequence[0]
    assert (float(voi.WindowCenter), float(voi.WindowWidth)) == (2500, 5000)
