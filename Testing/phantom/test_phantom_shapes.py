"""Shapes and noise of the phantoms against closed forms."""

import numpy as np
import pytest

from LCDFusionLib.phantom.canvas import Canvas, Ellipsoid, Tissue, Tube
from LCDFusionLib.phantom.noise import NoiseField
from LCDFusionLib.phantom.vessel_tree import grow

AXES = (np.arange(-20.0, 20.0), np.arange(-18.0, 18.0), np.arange(-15.0, 15.0))


@pytest.mark.parametrize("quantity", ["anatomy", "function"])
def test_a_painted_ball_has_its_volume_and_value(quantity: str) -> None:
    canvas = Canvas(*AXES, quantity=quantity, edge=1.0, background=0.0, seed=1)
    canvas.fill(Ellipsoid((1.3, -2.2, 0.4), (9.0,) * 3), Tissue(100.0, 5.0))
    value = 100.0 if quantity == "anatomy" else 5.0
    assert canvas.values.max() == pytest.approx(value)
    assert canvas.values.sum() / value == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.01)


def test_an_ellipsoid_turned_has_the_volume_of_the_straight_one() -> None:
    canvas = Canvas(*AXES, quantity="anatomy", edge=1.0, background=0.0, seed=1)
    canvas.fill(Ellipsoid((0, 0, 0), (14, 7, 5), (1, -1, 0.5)), Tissue(1.0, 0.0))
    assert canvas.values.sum() == pytest.approx(4 / 3 * np.pi * 14 * 7 * 5, rel=0.02)


def test_distance_to_a_tube() -> None:
    tube = Tube([(0, 0, -10), (0, 0, 10)], [3.0, 3.0])
    x, y, z = (np.array(values, dtype=float) for values in ((5, 0, 0), (0, 4, 0), (0, 0, 15)))
    np.testing.assert_allclose(tube.distance(x, y, z), [2.0, 1.0, 2.0], atol=1e-6)


def test_a_noise_field_is_a_function_of_space_not_of_the_grid() -> None:
    field = NoiseField(3, spacing=6.0)
    x, y, z = AXES
    whole = field.at(x, y, z)
    np.testing.assert_allclose(field.at(x[3::4], y[1::2], z[5:6]), whole[5:6, 1::2, 3::4], atol=1e-5)
    assert abs(whole.mean()) < 0.3
    assert 0.7 < whole.std() < 1.3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_derivative_of_a_noise_field(axis: int) -> None:
    field, step = NoiseField(3, spacing=6.0), 0.05
    ahead, behind = ([positions + sign * step * (n == axis) for n, positions in enumerate(AXES)] for sign in (1, -1))
    numerical = (field.at(*ahead) - field.at(*behind)) / (2 * step)
    np.testing.assert_allclose(field.at(*AXES, derivative=axis), numerical, atol=2e-3)


def test_a_tree_reaches_every_target_and_keeps_murrays_law() -> None:
    rng = np.random.default_rng(0)
    targets = rng.uniform(-50, 50, (65, 3))
    branches = grow(np.zeros(3), targets, 6.0, rng=rng)
    assert len(branches) == 2 * 65 - 1
    ends = np.array([np.asarray(branch.points)[-1] for branch in branches])
    starts = np.array([np.asarray(branch.points)[0] for branch in branches])
    gaps = np.linalg.norm(ends[:, None] - targets, axis=2).min(axis=0)
    assert (gaps < 6.0).all()
    for end, mother in zip(ends, branches, strict=True):
        daughters = [np.asarray(branches[n].radii)[0] for n in np.flatnonzero((starts == end).all(axis=1))]
        if daughters:
            assert sum(radius**3 for radius in daughters) == pytest.approx(np.asarray(mother.radii)[0] ** 3)


def test_unknown_quantity_is_named() -> None:
    with pytest.raises(ValueError, match="'density'"):
        Canvas(*AXES, quantity="density", edge=1.0, background=0.0, seed=1)
