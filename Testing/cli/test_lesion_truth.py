"""What the shipped weights make of lesions that are known: the phantoms' own.

Gray values are on [0, 1]. A lesion is its core, the inner 70 % of its radius; its surroundings are a shell from 6 to 16 mm outside
it, where the point spread of PET hardly reaches.
"""

from functools import cache

import numpy as np
import pytest
import torch

from LCDFusionLib import phantom
from LCDFusionLib.evaluation.color_difference import ciede2000, lab
from LCDFusionLib.fusion import FusionSettings, prepare
from LCDFusionLib.fusion.engine import NetworkBackend, fuse_slices
from LCDFusionLib.images.color import anatomy_color, fused_color
from LCDFusionLib.network import load_weights

GRAY_LEVELS = 2 / 255  # nobody sees a change of two gray levels
make_phantom = cache(lambda name: {"thorax": phantom.thorax, "head": phantom.head}[name]())


def distance_to(volume, centre):
    """(K, J, I) distance of every voxel centre from a point in LPS, mm."""
    k, j, i = np.indices(volume.shape)
    offset = np.tensordot(volume.ijk_to_lps[:3, :3], np.stack([i, j, k]), axes=1) + (volume.origin - centre)[:, None, None, None]
    return np.sqrt((offset**2).sum(axis=0))


def fuse(anatomy01, function01, weights):
    gray = np.empty_like(anatomy01)
    backend = NetworkBackend(load_weights(weights).network, torch.device("cpu"))
    for batch in fuse_slices(anatomy01, function01, order=range(len(gray)), backends=[backend]):
        gray[batch.indices] = batch.gray
    return gray


class Case:
    """Three slices through a lesion, fused."""

    def __init__(self, name, lesion, window):
        made = make_phantom(name)
        self.lesion = made.lesions[lesion]
        middle = round((np.linalg.inv(made.anatomy.ijk_to_lps) @ [*self.lesion.centre, 1])[2])
        matrix = made.anatomy.ijk_to_lps.copy()
        matrix[:3, 3] = (matrix @ [0, 0, middle - 1, 1])[:3]
        anatomy = made.anatomy.with_array(made.anatomy.array[middle - 1 : middle + 2], ijk_to_lps=matrix)
        self.pair = prepare(anatomy, made.function, FusionSettings(window=window))
        self.gray = fuse(self.pair.anatomy01, self.pair.function01, self.pair.weights)
        self.distance = distance_to(anatomy, self.lesion.centre)
        self.core = self.distance < 0.7 * self.lesion.radius
        self.shell = (self.distance > self.lesion.radius + 6) & (self.distance < self.lesion.radius + 16)

    def contrast(self, image):
        return float(image[self.core].mean() - image[self.shell].mean())

    def contrast_to_noise(self, image):
        return self.contrast(image) / float(image[self.shell].std())


case = cache(Case)
NODULE, NODULE_IN_LUNG_WINDOW, METASTASIS, GLIOMA = (
    ("thorax", 0, "mediastinum"),
    ("thorax", 0, "lung"),
    ("thorax", 1, "mediastinum"),
    ("head", 0, None),
)
hot_lesions = pytest.mark.parametrize(
    "which",
    [NODULE, NODULE_IN_LUNG_WINDOW, METASTASIS, GLIOMA],
    ids=["nodule", "nodule-in-lung-window", "metastasis-isodense", "glioma"],
)


@hot_lesions
def test_hot_lesion_is_brighter_than_its_surroundings(which):
    """The glioma least, by 15 gray levels: MR has it darker than its surroundings by 0.11, of which more than half is kept, and the brain
    round it is hot."""
    fused = case(*which)
    assert fused.contrast(fused.gray) > (0.05 if which == GLIOMA else 0.1)


@pytest.mark.parametrize("which", [NODULE, NODULE_IN_LUNG_WINDOW, METASTASIS], ids=["nodule", "nodule-in-lung-window", "metastasis"])
def test_three_tenths_of_the_contrast_of_pet_are_kept(which):
    """Not more: gray that shows four tenths of the anatomy under full uptake has no room for half of PET's contrast beside it."""
    fused = case(*which)
    assert fused.contrast(fused.gray) >= 0.3 * fused.contrast(fused.pair.function01)


@hot_lesions
def test_lesion_is_in_its_place(which):
    """Centroid of what is brighter than half-way between surroundings and lesion, within a voxel of the truth (the glioma, a ring: 2.5)."""
    fused = case(*which)
    gray, near = fused.gray, fused.distance < 1.5 * fused.lesion.radius
    half = (gray[fused.core].mean() + gray[fused.shell].mean()) / 2
    weight = np.where(near, np.clip(gray - half, 0, None), 0)
    k, j, i = (float((axis * weight).sum() / weight.sum()) for axis in np.indices(weight.shape))
    truth = (np.linalg.inv(fused.pair.anatomy.ijk_to_lps) @ [*fused.lesion.centre, 1])[:3]
    assert np.linalg.norm(np.array([i, j, k]) - truth) < (2.5 if which == GLIOMA else 1)


@pytest.mark.parametrize("which", [NODULE, METASTASIS, GLIOMA], ids=["nodule", "metastasis", "glioma"])
def test_half_of_the_contrast_to_noise_of_pet_is_kept_beyond_the_anatomy(which):
    """What of the image is not the anatomy's, by a fit in the surroundings: the anatomy's texture is kept on purpose, and is no noise."""
    fused = case(*which)

    def beyond(image):
        slope = np.polyfit(fused.pair.anatomy01[fused.shell], image[fused.shell], 1)[0]
        return fused.contrast_to_noise(image - slope * fused.pair.anatomy01)

    assert beyond(fused.gray) >= 0.5 * beyond(fused.pair.function01)


@pytest.mark.parametrize(
    ("which", "aim"),
    [(NODULE, 45), (NODULE_IN_LUNG_WINDOW, 33), (METASTASIS, 40), (GLIOMA, 14)],
    ids=["nodule", "nodule-in-lung-window", "metastasis", "glioma-in-a-brain-that-is-hot"],
)
def test_colour_tells_the_lesion(which, aim):
    """CIEDE2000 of lesion and surroundings; what the same colours over the plain anatomy have, up to a difference that nobody sees."""
    fused = case(*which)
    pictures = fused_color(fused.gray, fused.pair.function01), anatomy_color(fused.pair.anatomy01, fused.pair.function01)
    ours, plain = (ciede2000(*(lab(picture[part].mean(axis=0) / 255) for part in (fused.core, fused.shell))) for picture in pictures)
    assert ours >= aim
    assert ours >= plain - 0.5


@hot_lesions
@pytest.mark.parametrize("more", [0.05, 0.2, 0.5])
def test_more_uptake_never_makes_the_lesion_darker(which, more):
    fused = case(*which)
    hotter = np.clip(fused.pair.function01 + more * np.exp(-0.5 * (fused.distance / fused.lesion.radius) ** 2), 0, 1).astype(np.float32)
    middle = slice(1, 2)
    after = fuse(fused.pair.anatomy01[middle], hotter[middle], fused.pair.weights)
    change = (after - fused.gray[middle])[fused.distance[middle] < fused.lesion.radius]
    assert change.min() > -GRAY_LEVELS
    assert change.mean() > -GRAY_LEVELS / 2


@cache
def change_under_spots(which):
    """Change of the fused gray where spots of SUV 3 are added all over one slice, on lung, bone, organs and air."""
    fused = case(*which)
    j, i = np.mgrid[: fused.gray.shape[1], : fused.gray.shape[2]]
    spots = 0.3 * np.exp(-0.5 * ((j % 28 - 14) ** 2 + (i % 28 - 14) ** 2) / 4**2)
    before = fused.pair.function01[1:2]
    hotter = np.clip(before + spots, 0, 1).astype(np.float32)
    change = fuse(fused.pair.anatomy01[1:2], hotter, fused.pair.weights) - fused.gray[1:2]
    return change[hotter - before > 0.8 * 0.3]


@pytest.mark.parametrize("which", [METASTASIS, NODULE_IN_LUNG_WINDOW, GLIOMA], ids=["thorax", "lung-window", "head"])
def test_new_uptake_never_darkens_the_place_where_it_is(which):
    assert change_under_spots(which).min() > -GRAY_LEVELS


@pytest.mark.parametrize("which", [METASTASIS, NODULE_IN_LUNG_WINDOW, GLIOMA], ids=["thorax", "lung-window", "head"])
def test_new_uptake_brightens_the_place_where_it_is(which):
    assert change_under_spots(which).mean() > 0.02


@pytest.mark.xfail(strict=True, reason="0.916 of the other side; PET 0.44, the blend 0.80, the maximum rule 0.96")
def test_cold_lesion_is_darker_than_the_same_place_on_the_other_side():
    """MR shows nothing there: that the right parietal cortex takes up too little is PET's word alone."""
    fused = case("head", 1, None)
    to_head = fused.pair.anatomy.direction  # columns: left, back, top of the head
    middle = np.array([-2.0, 12.0, 34.0])  # of the brain
    mirrored = to_head @ (to_head.T @ (np.asarray(fused.lesion.centre) - middle) * [-1, 1, 1]) + middle
    here, there = fused.distance < 0.6 * fused.lesion.radius, distance_to(fused.pair.anatomy, mirrored) < 0.6 * fused.lesion.radius
    assert fused.gray[here].mean() < 0.9 * fused.gray[there].mean()
