"""Where a registration may begin: an image that was turned, mirrored and moved is found there, whichever way its axes run."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.images.registration_places import likely_places

RNG = np.random.default_rng(8)
BLOBS = RNG.uniform(-40, 40, (12, 3)), RNG.uniform(0.3, 1, 12), RNG.uniform(8, 16, 12)  # centre in mm, height, width in mm
TILTED = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])


def picture(size, spacing, axes, middle, motion):
    """Blobs of uptake, moved (4x4, LPS mm), on a grid of these axes round a middle."""
    grid = sitk.Image(size, sitk.sitkFloat32)
    grid.SetSpacing(spacing)
    grid.SetDirection(axes.ravel().tolist())
    grid.SetOrigin((middle - axes @ ((np.array(size) - 1) / 2 * spacing)).tolist())
    k, j, i = np.indices(size[::-1])
    places = np.stack([i, j, k], -1) * spacing @ axes.T + grid.GetOrigin()
    home = (places - motion[:3, 3]) @ np.linalg.inv(motion[:3, :3]).T
    values = sum(h * np.exp(-((home - c) ** 2).sum(-1) / (2 * w**2)) for c, h, w in zip(*BLOBS, strict=True))
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.CopyInformation(grid)
    return image


@pytest.mark.parametrize(
    ("order", "signs", "turned", "mirrored"),
    [
        ((0, 1, 2), (1, 1, 1), 0, False),
        ((1, 0, 2), (-1, 1, 1), 90, False),
        ((2, 0, 1), (1, 1, 1), 120, False),
        ((0, 1, 2), (-1, 1, 1), 180, True),
        ((1, 0, 2), (-1, 1, -1), 90, True),
    ],
)
def test_the_best_place_undoes_the_motion(order, signs, turned, mirrored):
    """To half of the 8 mm that its grids have, for images of other sizes and voxels. A mirror of one axis is half a turn about it, and -1.

    A signed exchange of the moving image's own axes, as of a file that has them in another order, and 330 mm to the side.
    """
    exchange = np.zeros((3, 3))
    exchange[range(3), order] = signs
    motion = np.eye(4)
    motion[:3, :3] = TILTED @ exchange @ TILTED.T
    motion[:3, 3] = [300.0, -120.0, 55.0]
    fixed = picture((34, 30, 32), (4.0, 4.0, 4.0), np.eye(3), np.array([3.0, -5.0, 2.0]), np.eye(4))
    moving = picture((26, 28, 24), (5.0, 4.5, 5.5), TILTED, motion[:3, 3] + [4.0, 2.0, -6.0], motion)
    told = []
    upright, *others = likely_places(fixed, moving, told.append)
    assert upright.is_upright
    assert [place.is_upright for place in others] == [False] * 47
    assert [place.score for place in others] == sorted((place.score for place in others), reverse=True)
    assert told == pytest.approx(np.arange(1, 49) / 48)
    best = max(upright, *others[:1], key=lambda place: place.score)
    assert (best.turned, best.mirrored) == (turned, mirrored)
    np.testing.assert_allclose(best.matrix[:3, :3], np.linalg.inv(motion)[:3, :3], atol=1e-9)
    assert np.linalg.norm((best.matrix @ motion)[:3, 3]) < 4 * np.sqrt(3)
    assert best.score > 1.2 * min(upright.score if best is not upright else np.inf, others[1].score)


def test_all_48_orders_are_tried_once():
    image = picture((12, 12, 12), (10.0, 10.0, 10.0), np.eye(3), np.zeros(3), np.eye(4))
    found = {tuple(np.rint(place.matrix[:3, :3]).astype(int).ravel()) for place in likely_places(image, image, lambda _: None)}
    signed = {
        tuple((np.eye(3, dtype=int)[list(axes)] * np.array(signs)[:, None]).ravel())
        for axes in itertools.permutations(range(3))
        for signs in itertools.product((1, -1), repeat=3)
    }
    assert found == signed
