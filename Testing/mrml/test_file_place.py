"""Files that Slicer's own reader puts elsewhere than they say, or that say nothing of their place."""

import nibabel
import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.images.volume import Place  # noqa: E402
from LCDFusionLib.mrml.belonging import pair_mismatches  # noqa: E402
from LCDFusionLib.mrml.inputs import read_anatomy, read_function  # noqa: E402
from LCDFusionLib.mrml.nodes import place_of  # noqa: E402
from Testing.mrml.test_fused_before import loaded  # noqa: E402

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def nifti(folder, *, sform=None, qform=None, codes=(1, 1)):
    image = nibabel.Nifti1Image(np.random.default_rng(1).integers(0, 900, (20, 20, 10)).astype(np.int16), None)
    if sform is not None:
        image.set_sform(sform, codes[0])
    if qform is not None:
        image.set_qform(qform, codes[1])
    path = folder / "volume.nii.gz"
    nibabel.save(image, path)
    return path


@pytest.fixture
def scene(application):
    return application.scene


def test_a_qform_that_slicer_took_for_the_sform_is_said(scene, tmp_path):
    """The everyday case: a coregistered sform (code 2) over the scanner's qform; ITK goes by the qform."""
    moved = AFFINE.copy()
    moved[:3, 3] = 43.0, 0.0, 0.0
    node = loaded(scene, nifti(tmp_path, sform=moved, qform=AFFINE, codes=(2, 1)), is_color=False)
    for read, role in ((read_anatomy, "anatomy"), (read_function, "function")):
        (said,) = (note for note in read(node)[1] if "from where its file says" in note)
        assert "43.0 mm" in said
        assert said.without_names.startswith(f"The {role} lies")


def test_a_file_that_agrees_with_itself_says_nothing(scene, tmp_path):
    node = loaded(scene, nifti(tmp_path, sform=AFFINE, qform=AFFINE), is_color=False)
    assert not [note for note in read_anatomy(node)[1] if "from where its file says" in note]
    assert place_of(node) is Place.PATIENT


def test_a_file_without_a_place_asks_for_consent(scene, tmp_path):
    """sform and qform code 0: nobody knows where in the patient it lies."""
    node = loaded(scene, nifti(tmp_path), is_color=False)
    assert place_of(node) is Place.UNSAID
    assert [mismatch.kind for mismatch in pair_mismatches(node, node)] == ["place"]
