"""Transform files: read whole or refused whole; SimpleITK writes them."""

import re

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.transform_files import read_transform


def write(transform, path, change=None):
    sitk.WriteTransform(transform, str(path))
    if change:
        content = path.read_text(encoding="latin-1")
        path.write_text(re.sub(*change, content, count=1, flags=re.MULTILINE), encoding="latin-1")
        assert path.read_text(encoding="latin-1") != content
    return path


def rigid(kind):
    transform = kind()
    transform.SetTranslation((1, 2, 3))
    transform.SetCenter((10, 20, 30))
    return transform


@pytest.mark.parametrize("kind", [lambda: sitk.AffineTransform(3), sitk.Euler3DTransform, sitk.VersorRigid3DTransform])
@pytest.mark.parametrize("suffix", [".tfm", ".txt", ".h5", ".mat"])
def test_rigid_transforms_of_every_kind(tmp_path, kind, suffix):
    matrix, deformation = read_transform(write(rigid(kind), tmp_path / f"t{suffix}"))
    np.testing.assert_allclose(matrix, [[1, 0, 0, -1], [0, 1, 0, -2], [0, 0, 1, -3], [0, 0, 0, 1]], atol=1e-12)
    assert deformation is None


@pytest.mark.parametrize(
    "change",
    [
        (r"^(Parameters: .*) 3$", r"\1 x"),
        (r"^(Parameters: .*) 3$", r"\1"),
        (r"^(Parameters: .*)$", r"\1 8"),
        (r"^(Parameters: .*) 3$", r"\1 nan"),
        (r"^(Parameters: .*) 3$", r"\1 inf"),
        (r"^(Parameters: .*) 3$", r"\1 1e30"),
        (r"^(Parameters: .*) 3$", r"\1 3,5"),
        (r"^(Parameters: .*) 3$", r"\1 1_0"),
        (r"^(FixedParameters: .*) 30$", r"\1 x"),
        (r"^(FixedParameters: .*) 30$", r"\1"),
        (r"^(FixedParameters: .*)$", r"\1 1 2"),
        (r"^FixedParameters", "FixedParamters"),
        (r"^FixedParameters.*$", ""),
        (r"^Parameters.*$", ""),
        (r"^(FixedParameters.*)$", r"\1\n\1"),
        (r"^Transform: Affine", "Transform: Afine"),
        (r"^(Transform: AffineTransform_double).*$", r"\1_ÿ"),
    ],
)
def test_numbers_that_cannot_all_be_read(tmp_path, change):
    """ITK takes the numbers up to the first that is none, and passes over those that are too many."""
    with pytest.raises(InputError, match=r"t\.tfm' cannot be read"):
        read_transform(write(rigid(lambda: sitk.AffineTransform(3)), tmp_path / "t.tfm", change))


def test_several_in_one_file_are_all_looked_at(tmp_path):
    both = sitk.CompositeTransform([rigid(lambda: sitk.AffineTransform(3)), rigid(sitk.Euler3DTransform)])
    np.testing.assert_allclose(read_transform(write(both, tmp_path / "t.tfm"))[0][:3, 3], [-2, -4, -6])
    with pytest.raises(InputError, match="cannot be read"):
        read_transform(write(both, tmp_path / "t.tfm", (r"^(Parameters: 0 0 0 .*) 3$", r"\1 x")))


def turned():
    transform = sitk.Euler3DTransform()
    transform.SetRotation(0.3, -0.2, 1.1)
    return transform


@pytest.mark.parametrize("suffix", [".tfm", ".h5"])
@pytest.mark.parametrize("is_turned_last", [False, True])
def test_a_turn_and_a_shift_are_applied_in_itks_order(tmp_path, suffix, is_turned_last):
    """Which is not the same thing as the other way round."""
    parts = [turned(), sitk.TranslationTransform(3, (30, -20, 10))]
    both = sitk.CompositeTransform(parts[:: -1 if is_turned_last else 1])
    matrix, deformation = read_transform(write(both, tmp_path / f"t{suffix}"))
    assert deformation is None
    for point in ((0.0, 0.0, 0.0), (100.0, -50.0, 25.0)):
        np.testing.assert_allclose((np.linalg.inv(matrix) @ [*point, 1])[:3], both.TransformPoint(point), atol=1e-9)


@pytest.mark.parametrize("order", ["field, turn", "turn, field, turn", "turn, field"])
def test_turns_before_and_after_a_deformation_are_applied_in_itks_order(tmp_path, order):
    def field():
        image = sitk.GetImageFromArray(np.random.default_rng(0).normal(0, 2, (8, 8, 8, 3)), isVector=True)
        image.SetOrigin((-100, -100, -100))
        image.SetSpacing((30, 30, 30))
        return sitk.DisplacementFieldTransform(image)

    whole = sitk.CompositeTransform([turned() if each == "turn" else field() for each in order.split(", ")])
    matrix, deformation = read_transform(write(whole, tmp_path / "t.h5"))
    for point in ((0.0, 0.0, 0.0), (40.0, -30.0, 25.0)):
        moved = np.linalg.inv(matrix) @ [*deformation.TransformPoint(point), 1]
        np.testing.assert_allclose(moved[:3], whole.TransformPoint(point), atol=1e-9)


def test_several_that_nothing_holds_together(tmp_path):
    """ITK takes the first and leaves the others without an error."""
    path = write(rigid(lambda: sitk.AffineTransform(3)), tmp_path / "t.tfm")
    text = path.read_text()
    path.write_text(text + text.partition("\n")[2].replace("#Transform 0", "#Transform 1"))
    with pytest.raises(InputError, match="holds 2 transforms and does not say how they go together"):
        read_transform(path)


@pytest.mark.parametrize("matrix", [np.diag([1, 1, 0.0]), np.diag([1, 1, -1.0]), np.diag([1, 1, 2.0])])
def test_what_is_no_motion(tmp_path, matrix):
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix.ravel().tolist())
    with pytest.raises(InputError, match=r"give a rigid one"):
        read_transform(write(transform, tmp_path / "t.tfm"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_deformation_with_what_is_no_number(tmp_path, value):
    field = np.zeros((4, 5, 6, 3))
    field[2, 2, 2, 1] = value
    image = sitk.GetImageFromArray(field, isVector=True)
    with pytest.raises(InputError, match="no number"):
        read_transform(write(sitk.DisplacementFieldTransform(image), tmp_path / "t.h5"))


def test_text_deformation(tmp_path):
    grid = sitk.BSplineTransformInitializer(sitk.Image(8, 8, 8, sitk.sitkFloat32), [2, 2, 2])
    _, deformation = read_transform(write(grid, tmp_path / "t.tfm"))
    assert deformation.GetName() == "BSplineTransform"
    with pytest.raises(InputError, match="cannot be read"):
        read_transform(write(grid, tmp_path / "t.tfm", (r"^Parameters: 0 0", "Parameters: 0 x")))


def test_a_displacement_field_moves_as_it_does_in_itk(tmp_path):
    """Its own origin, spacing and direction: a field of another scanner's axes."""
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(0, 2, (4, 5, 6, 3)), isVector=True)
    image.SetOrigin((5, -10, 20))
    image.SetSpacing((2, 3, 4))
    image.SetDirection((0, -1, 0, 0.6, 0, -0.8, 0.8, 0, 0.6))
    points = [image.TransformContinuousIndexToPhysicalPoint(index) for index in ((0.0, 0.0, 0.0), (1.5, 2.25, 1.0), (4.0, 3.0, 2.5))]
    expected = sitk.DisplacementFieldTransform(sitk.Image(image))  # which takes the image away
    matrix, deformation = read_transform(write(sitk.DisplacementFieldTransform(sitk.Image(image)), tmp_path / "t.h5"))
    np.testing.assert_array_equal(matrix, np.eye(4))
    for point in points:
        np.testing.assert_allclose(deformation.TransformPoint(point), expected.TransformPoint(point), atol=1e-9)
        assert np.linalg.norm(np.subtract(expected.TransformPoint(point), point)) > 0.1


def test_cut_short(tmp_path):
    path = write(sitk.DisplacementFieldTransform(sitk.GetImageFromArray(np.zeros((4, 5, 6, 3)), isVector=True)), tmp_path / "t.h5")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="damaged or no transform"):
        read_transform(path)
