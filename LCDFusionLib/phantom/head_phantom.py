"""The head: T1-weighted MR and FDG PET of somebody who holds the head a little askew.

Positions in this file are millimetres of the head: x to the left, y to the back, z to the top, zero in the middle of the brain at the
height of the commissures. MR slices follow the head (they are oblique in the scanner), PET slices follow the scanner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

from .canvas import Canvas, Ellipsoid, Tissue, Tube, profile, smooth_max, smooth_min
from .noise import NoiseField
from .phantom import Lesion, Phantom
from .scanners import acquire_mr, acquire_pet, pet_grid

AIR = Tissue(0, 0.02)
SKIN = Tissue(520, 0.6)
FAT = Tissue(930, 0.3)
MUSCLE = Tissue(430, 0.9)
BONE = Tissue(45, 0.4)
DIPLOE = Tissue(420, 1.0)
CSF = Tissue(165, 0.5)
DURA = Tissue(330, 1.0)
VENOUS_BLOOD = Tissue(240, 1.6)
WHITE_MATTER = Tissue(800, 2.4)
GRAY_MATTER = Tissue(545, 9.0)
CAUDATE = Tissue(590, 8.6)
PUTAMEN = Tissue(605, 9.2)
PALLIDUM = Tissue(700, 4.8)
THALAMUS = Tissue(660, 8.0)
BRAINSTEM = Tissue(745, 3.2)
CEREBELLAR_GRAY = Tissue(575, 7.0)
MUCOSA = Tissue(470, 1.2)
VITREOUS = Tissue(190, 0.3)
LENS = Tissue(420, 0.4)
EDEMA = Tissue(610, 2.0)
TUMOUR = Tissue(430, 10.5)
NECROSIS = Tissue(260, 10.5)

MR_SPACING, MR_SHAPE = (0.9375, 0.9375, 4.8), (30, 256, 256)
PET_SPACING, PET_SHAPE = (3.2, 3.2, 3.6), (56, 112, 112)
HEAD = (-86.0, -122.0, -112.0), (86.0, 110.0, 92.0)
MR_CENTRE = (0.0, -4.0, 10.0)
ISOCENTRE = (-2.0, 12.0, 34.0)  # where the scanner's coordinates put the middle of the brain, LPS mm
TILT = (6.5, 2.0, -3.0)  # degrees about x (nod), y (lean) and z (turn)
PET_SHIFT = (3.1, -6.4, 2.7)

GLIOMA = Lesion("high-grade glioma in the left frontal lobe", (34.0, -36.0, 26.0), 10.0, TUMOUR.function, True)
HYPOMETABOLISM = Lesion("hypometabolic cortex in the right parietal lobe", (-46.0, 42.0, 32.0), 13.0, 2.4, False)


def head(*, seed: int = 20251) -> Phantom:
    """Head with T1-weighted MR and FDG PET.

    A glioma shows on both; a region of cortex takes up too little FDG and looks normal on MR.

    Args:
        seed: of everything random: gyri, noise. The same seed gives the same phantom.

    Returns:
        MR (30, 256, 256) in arbitrary units, 0.94 x 0.94 x 4.8 mm, oblique by about 7 degrees; PET (56, 112, 112) in SUVbw,
        3.2 x 3.2 x 3.6 mm, along the scanner's axes, larger than the MR.
    """
    frame = generate_uid(entropy_srcs=["LCDFusion head phantom", str(seed)])
    to_lps = _head_to_lps()
    spacing, shape = np.asarray(MR_SPACING), np.asarray(MR_SHAPE[::-1])
    x, y, z = (centre + (np.arange(n) - (n - 1) / 2) * step for centre, n, step in zip(MR_CENTRE, shape, spacing, strict=True))
    thirds = (z[:, None] + np.array([-1.0, 0.0, 1.0]) / 3 * spacing[2]).ravel()  # three thin slices make a thick one
    canvas = Canvas(x, y, thirds, quantity="anatomy", edge=1.0, background=AIR.anatomy, seed=seed)
    _paint(canvas, seed)
    signal = canvas.values.reshape(len(z), 3, len(y), len(x)).mean(axis=1)
    coil = 1.0 + 0.05 * NoiseField(seed, 90, spacing=70.0).at(x, y, z) - 0.0009 * z[:, None, None] - 0.0006 * y[:, None]
    anatomy = Volume(
        acquire_mr(signal, bias=coil, sigma=13.0, rng=np.random.default_rng((seed, 1))),
        to_lps @ geometry_matrix(spacing, np.eye(3), np.array([x[0], y[0], z[0]])),
        modality=Modality.MR,
        unit=Unit.RELATIVE,
        name="T1 head",
        frame_of_reference=frame,
    )

    x, y, z = (np.arange(low, high, 1.6) for low, high in zip(*HEAD, strict=True))
    canvas = Canvas(x, y, z, quantity="function", edge=1.6, background=AIR.function, seed=seed)
    _paint(canvas, seed)
    activity = Volume(canvas.values, to_lps @ geometry_matrix(np.full(3, 1.6), np.eye(3), np.array([x[0], y[0], z[0]])))
    grid = pet_grid(PET_SPACING, PET_SHAPE, np.add(ISOCENTRE, PET_SHIFT), name="FDG PET head", frame_of_reference=frame)
    measured, noise_free = acquire_pet(activity, grid, counts_per_suv=16.0, rng=np.random.default_rng((seed, 2)))
    return Phantom("Head", anatomy, measured, noise_free, tuple(lesion.moved(to_lps) for lesion in (GLIOMA, HYPOMETABOLISM)))


def _head_to_lps() -> NDArray[np.float64]:
    """4x4 from millimetres of the head to LPS."""
    matrix = np.eye(4)
    for axis, degrees in enumerate(TILT):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.eye(4)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        matrix = turn @ matrix
    matrix[:3, 3] = ISOCENTRE
    return matrix


def _paint(canvas: Canvas, seed: int) -> None:
    """Paints the whole head, outside in."""
    region = canvas.region(*HEAD)
    assert region is not None
    canvas = canvas.part(region)
    skull = _Skull(canvas)
    _paint_soft_tissue(canvas, skull, seed)
    _paint_skull(canvas, skull, seed)
    _paint_face(canvas, seed)
    _paint_cerebrum(canvas, skull, seed)
    _paint_cerebellum(canvas, skull, seed)
    _paint_deep_gray(canvas)
    _paint_ventricles(canvas)
    _paint_lesions(canvas, skull)


class _Skull:
    """Signed distances in mm (negative inside) that several tissues share, on one canvas.

    Attributes:
        cavity: to the inside of the skull.
        thickness: of the bone.
        outline: to the skin.
        tent: to the floor of the cerebrum, negative above: skull base in front, tentorium behind.
        cerebrum: to the hull of both hemispheres.
    """

    def __init__(self, canvas: Canvas) -> None:
        x, y, z = canvas.x, canvas.y, canvas.z
        wide = 69.0 - 7.0 / (1.0 + np.exp((y + 36.0) / 14.0))  # the forehead is narrower than the temples
        calvaria = _block(x, y - 2.0, z - 8.0, wide, 86.0, 58.0, 2.35) + 0.7 * canvas.wobble
        fossa = Ellipsoid((0, 46, -40), (55, 43, 30)).distance(x, y, z)
        floor = _floor(
            canvas,
            medial=((-100, -15), (-50, -17), (-25, -21), (-8, -25), (5, -55), (20, -74), (60, -70), (90, -40)),
            lateral=((-100, -15), (-50, -17), (-38, -40), (5, -42), (20, -60), (35, -68), (60, -66), (90, -30)),
        )
        self.cavity = smooth_max(smooth_min(calvaria - 3.0, fossa, 12.0), floor, 8.0)
        self.tent = _floor(
            canvas,
            medial=((-100, -13), (-50, -14), (-25, -16), (0, -12), (20, -4), (34, 5), (55, -2), (90, -6)),
            lateral=((-100, -13), (-50, -14), (-38, -37), (8, -37), (28, -24), (50, -13), (90, -6)),
        )
        self.cerebrum = smooth_max(calvaria, self.tent, 9.0)
        self.thickness = 5.8 + 1.6 * np.clip((np.abs(y) - 40.0) / 40.0, 0.0, 1.0) - 2.2 * np.clip((np.abs(x) - 45.0) / 20.0, 0.0, 1.0)
        self.thickness = self.thickness + 0.5 * canvas.wobble
        face = _block(x, y + 44.0, z + 70.0, 60.0, 58.0, 62.0, 3.0)
        neck = _block(x, y - 38.0, z + 90.0, 60.0, 56.0, 60.0, 3.0)
        nose = Tube.through((0, -98, -14, 7), (0, -106, -34, 10), (0, -113, -52, 13)).distance(x, y, z)
        temple = 5.0 * np.exp(-(((y + 18.0) / 30.0) ** 2)) / (1.0 + np.exp((z - 25.0) / 10.0)) * (np.abs(x) > 20)
        self.outline = smooth_min(self.cavity - self.thickness - 5.6 - temple, smooth_min(face, neck, 25.0), 16.0)
        self.outline = smooth_min(self.outline, nose, 8.0)


def _block(x: NDArray, y: NDArray, z: NDArray, a: NDArray | float, b: float, c: float, power: float) -> NDArray[np.float32]:
    """Signed distance to a superellipsoid with half axes a, b, c, negative inside, right to first order at the surface."""
    terms = [(np.abs(offset) / radius + 1e-4, radius) for offset, radius in ((x, a), (y, b), (z, c))]
    norm = sum(ratio**power for ratio, _ in terms)
    slope = np.sqrt(sum((ratio ** (power - 1) / radius) ** 2 for ratio, radius in terms))
    return ((norm ** (1 / power) - 1.0) * norm ** (1 - 1 / power) / slope).astype(np.float32)


def _floor(canvas: Canvas, *, medial: tuple[tuple[float, float], ...], lateral: tuple[tuple[float, float], ...]) -> NDArray[np.float32]:
    """Signed distance to a floor, negative above it, from (y, z) nodes near the midline and to the sides."""
    y, x = canvas.y.ravel(), canvas.x.ravel()
    low, high = (profile(y, *nodes)[:, None] for nodes in (medial, lateral))
    side = 1.0 / (1.0 + np.exp((21.0 - np.abs(x)) / 3.5))
    height = low + (high - low) * side
    down, across = np.gradient(height, y, x)
    return ((height[None] - canvas.z) / np.sqrt(1.0 + down**2 + across**2)[None]).astype(np.float32)


def _paint_soft_tissue(canvas: Canvas, skull: _Skull, seed: int) -> None:
    """Skin, fat, and the muscles of temples, face and neck."""
    x, y, z = canvas.x, canvas.y, canvas.z
    canvas.paint(skull.outline, SKIN)
    for side in (-1, 1):
        canvas.fill(Ellipsoid((71 * side, 22, -26), (5, 14, 25), (1, 0.4 * side, 0)), SKIN, wobble=1.0)  # ears
    canvas.paint(skull.outline + 1.8, FAT, texture=40.0 * canvas.noise(seed, 10, spacing=4.0))
    streaks = canvas.noise(seed, 11, spacing=4.5)
    fibres = 30.0 * streaks + 240.0 * np.maximum(streaks - 1.0, 0.0)
    deep = np.maximum(skull.outline + 5.5 + 1.5 * canvas.wobble, z + 14.0 - 0.25 * np.abs(y))
    canvas.paint(deep, MUSCLE, texture=fibres)
    beyond = skull.cavity - skull.thickness
    temporalis = smooth_max(np.maximum(beyond - 7.0, skull.outline + 3.4), np.hypot(y + 18.0, z + 2.0) - 38.0, 10.0)
    canvas.paint(np.maximum(temporalis, 25.0 - np.abs(x)), MUSCLE, texture=20.0 * streaks)


def _paint_skull(canvas: Canvas, skull: _Skull, seed: int) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    canvas.paint(skull.cavity - skull.thickness, BONE)
    marrow = np.abs(skull.cavity - skull.thickness / 2) - (skull.thickness / 2 - 1.7)
    spongy = np.clip(0.65 + 0.35 * canvas.noise(seed, 20, spacing=6.0), 0.0, 1.0)
    canvas.cover(canvas.coverage(marrow) * spongy, DIPLOE)
    canvas.paint(skull.cavity, DURA)
    canvas.paint(skull.cavity + 1.0, CSF)
    canvas.fill(Tube.through((0, -18, -33, 7), (0, -4, -44, 7), (0, 8, -62, 6)), BONE)  # clivus
    canvas.fill(Tube.through((0, -18, -33, 5), (0, -4, -44, 5), (0, 8, -62, 4.5)), Tissue(640, DIPLOE.function))
    canvas.fill(Tube([(0, 28, -60), (0, 36, -120)], 15.0), BONE)
    canvas.fill(Tube([(0, 28, -58), (0, 36, -120)], 11.5), CSF)
    cells = canvas.noise(seed, 21, spacing=3.0)
    for side in (-1, 1):
        petrous = Tube.through((56 * side, 26, -38, 11), (38 * side, 14, -36, 8.5), (17 * side, 0, -32, 6))
        mastoid = Ellipsoid((53 * side, 36, -48), (11, 15, 19))
        for shape in (petrous, mastoid):
            distance = shape.distance(x, y, z) + 0.8 * canvas.wobble
            canvas.paint(distance, BONE)
            canvas.cover(canvas.coverage(distance + 2.0) * (cells > 0.7), Tissue(260, 0.5))


def _paint_face(canvas: Canvas, seed: int) -> None:
    """Orbits, nose and the sinuses round it."""
    x, y, z = canvas.x, canvas.y, canvas.z
    cells = canvas.noise(seed, 30, spacing=3.2)
    canvas.fill(Ellipsoid((0, -66, -31), (15, 28, 15)), BONE)
    ethmoid = Ellipsoid((0, -66, -31), (13, 26, 13)).distance(x, y, z)
    canvas.cover(canvas.coverage(ethmoid) * np.clip(0.4 * cells + 0.1, 0.0, 1.0), MUCOSA)
    nasal = Ellipsoid((0, -74, -54), (15, 34, 17)).distance(x, y, z) + canvas.wobble
    canvas.paint(nasal, MUCOSA)
    passages = np.abs(np.sin((np.abs(x) + 1.6 * canvas.wobble) * np.pi / 6.5)) - 0.45
    canvas.paint(np.maximum(nasal + 2.0, 3.0 * passages), AIR)
    canvas.paint(np.maximum(np.maximum(np.abs(x) - 0.9, nasal), 0 * z), MUCOSA)
    for side in (-1, 1):
        canvas.fill(Ellipsoid((33 * side, -68, -58), (18, 19, 17)), BONE, wobble=1.0)
        canvas.fill(Ellipsoid((33 * side, -68, -58), (16.5, 17.5, 15.5)), MUCOSA, wobble=1.0)
        canvas.fill(Ellipsoid((33 * side, -68, -58), (15, 16, 14)), AIR, wobble=1.0)  # maxillary sinus
        canvas.fill(Ellipsoid((11 * side, -90, -8), (13, 5, 9)), BONE, wobble=1.0)
        canvas.fill(Ellipsoid((11 * side, -90, -8), (11.5, 3.5, 7.5)), AIR, wobble=1.0)  # frontal sinus
        canvas.fill(Tube.through((56 * side, -66, -46, 5), (68 * side, -34, -42, 3.6), (66 * side, 4, -38, 4)), BONE)  # zygomatic arch
        axis = (0.38 * side, -0.92, 0.0)
        orbit = Ellipsoid((31 * side, -66, -29), (27, 19, 18), axis)
        canvas.fill(orbit, BONE)
        canvas.fill(Ellipsoid(orbit.centre, (25.5, 17, 16), axis), FAT)
        for dx, dz in ((-12, 0), (12, 0), (0, 11), (0, -11)):  # the straight muscles
            canvas.fill(
                Tube.through((20 * side, -44, -27, 1.5), ((30 + dx) * side, -64, -29 + dz, 2.4), ((33 + dx) * side, -77, -29 + dz, 1.5)),
                MUSCLE,
            )
        canvas.fill(Tube.through((18 * side, -40, -26, 2.2), (28 * side, -56, -28, 2.2), (32 * side, -68, -29, 2.2)), BRAINSTEM)
        canvas.fill(Ellipsoid((33 * side, -78, -29), (12.5,) * 3), MUSCLE)
        canvas.fill(Ellipsoid((33 * side, -78, -29), (11.3,) * 3), VITREOUS)
        canvas.fill(Ellipsoid((33 * side, -87, -29), (2.0, 4.4, 4.4), (0, 1, 0)), LENS)
    canvas.fill(Ellipsoid((0, -28, -36), (14, 13, 11)), BONE)
    canvas.fill(Ellipsoid((0, -28, -36), (12.5, 11.5, 9.5)), AIR, wobble=1.0)  # sphenoid sinus
    canvas.fill(Ellipsoid((0, -17, -22), (6, 5, 4)), BRAINSTEM)  # pituitary gland


def _sheet_distance(field: NoiseField, canvas: Canvas) -> NDArray[np.float32]:
    """Distance in mm to the surface where a random field is zero: folded sheets about one and a half knots apart."""
    steep = sum(field.at(canvas.x, canvas.y, canvas.z, derivative=axis) ** 2 for axis in range(3))
    return np.abs(field.at(canvas.x, canvas.y, canvas.z)) / np.sqrt(steep + np.float32(1e-5))


def _paint_cerebrum(canvas: Canvas, skull: _Skull, seed: int) -> None:
    """White matter, and a ribbon of cortex along the surface and along folded sheets that go in from it: the sulci."""
    x, y, z = canvas.x, canvas.y, canvas.z
    side, depth = np.abs(x), -skull.cerebrum
    callosum = 27.0 - 0.0075 * (y - 2.0) ** 2  # upper edge of the corpus callosum, between genu and splenium
    under = np.maximum(callosum - z, 0.0) * np.clip((y + 52.0) / 10.0, 0.0, 1.0) * np.clip((50.0 - y) / 10.0, 0.0, 1.0)
    fissure = np.hypot(side, under)  # between the hemispheres
    surface = np.minimum(depth, fissure)
    slope = -2.0 + 0.33 * y + 3.0 * canvas.wobble
    sylvian = np.sqrt((z - slope) ** 2 + np.maximum(37.0 - side, 0.0) ** 2 + np.maximum(np.abs(y) - 34.0, 0.0) ** 2)
    insula = np.sqrt(
        (side - 38.0 + 0.006 * y**2 + 2.5 * canvas.wobble) ** 2
        + np.maximum(np.abs(z - slope) - 12.0, 0.0) ** 2
        + np.maximum(np.abs(y) - 25.0, 0.0) ** 2
    )
    reach = 21.0 + 3.0 * canvas.wobble - 6.0 * np.clip((9.0 - side) / 9.0, 0.0, 1.0)
    folds = np.hypot(_sheet_distance(NoiseField(seed, 40, spacing=7.4, band_pass=True), canvas), np.maximum(surface - reach, 0.0))
    gap = 0.55 + 0.25 * np.clip(canvas.wobble, -1.0, 1.0)
    pia = np.minimum(np.minimum(surface, folds - gap), np.minimum(np.minimum(sylvian - 1.0, insula - 0.8), fissure - 0.8))
    ribbon = 3.0 + 0.25 * canvas.wobble
    fine = 14.0 * canvas.noise(seed, 41, spacing=3.0)
    canvas.paint(skull.cerebrum, WHITE_MATTER, texture=fine)
    canvas.paint(np.maximum(skull.cerebrum, pia - ribbon), GRAY_MATTER, texture=fine)
    canvas.paint(np.maximum(skull.cerebrum, pia), CSF)
    falx = np.maximum(np.maximum(side - 0.5, skull.cavity), under - 8.0)
    canvas.paint(np.maximum(falx, -z - 10.0), DURA, opacity=0.7)
    sinus = np.maximum(np.maximum(np.hypot(x, skull.cavity + 3.0) - 3.6, skull.cavity), -20.0 - z)
    canvas.paint(np.maximum(sinus, -60.0 - y), VENOUS_BLOOD)
    for turn in (-1, 1):
        canvas.fill(Tube.through((0, 88, -14, 4), (26 * turn, 80, -18, 3.5), (50 * turn, 50, -24, 3.5)), VENOUS_BLOOD)


def _paint_cerebellum(canvas: Canvas, skull: _Skull, seed: int) -> None:
    """Cerebellum under the tentorium, with its folia, and brainstem."""
    x, y, z, wobble = canvas.x, canvas.y, canvas.z, canvas.wobble
    stem = Tube.through(
        (0, 2, -12, 12), (0, 4, -18, 13), (0, 8, -29, 15.5), (0, 18, -46, 11), (0, 27, -66, 8.5), (0, 36, -120, 7.5)
    ).distance(x, y, z)
    hull = Ellipsoid((0, 52, -26), (24, 31, 34)).distance(x, y, z)
    for side in (-1, 1):
        hull = smooth_min(hull, Ellipsoid((25 * side, 51, -34), (33, 34, 32), (1, 0.2 * side, 0)).distance(x, y, z), 5.0)
    hull = smooth_max(hull, 2.2 - skull.tent, 4.0)
    hull = hull + 0.8 * wobble
    radius = np.hypot(y - 26.0, 1.3 * (z + 38.0))  # folia run across, round the fourth ventricle
    phase = (radius + 0.25 * np.abs(x) + 2.0 * canvas.noise(seed, 50, spacing=6.0)) / 5.2
    folia = np.hypot(np.abs(phase - np.rint(phase)) * 5.2, np.maximum(-hull - 9.0, 0.0))
    pia = np.minimum(-hull, folia - 0.25)
    canvas.paint(hull, WHITE_MATTER)
    canvas.paint(np.maximum(hull, pia - 1.9), CEREBELLAR_GRAY)
    canvas.paint(np.maximum(hull, pia), CSF)
    canvas.paint(stem, BRAINSTEM)
    for side in (-1, 1):
        canvas.fill(Tube([(8 * side, 10, -28), (22 * side, 34, -36)], [8.0, 6.0]), BRAINSTEM)  # middle peduncle
        canvas.fill(Tube([(15 * side, -12, -8), (10 * side, 2, -16)], [6.0, 8.0]), BRAINSTEM)  # crus
        canvas.fill(Ellipsoid((14 * side, 44, -38), (7, 5, 4)), CEREBELLAR_GRAY)  # dentate nucleus


def _paint_deep_gray(canvas: Canvas) -> None:
    for side in (-1, 1):
        canvas.fill(Ellipsoid((27 * side, -3, 4), (17, 5.2, 11), (0.22 * side, 1, 0)), PUTAMEN, wobble=0.8)
        canvas.fill(Ellipsoid((20.5 * side, 0, 2), (9, 4.2, 7), (0.35 * side, 1, 0)), PALLIDUM, wobble=0.5)
        canvas.fill(Ellipsoid((11.5 * side, 13, 8), (14, 8, 9), (0.4 * side, 1, 0)), THALAMUS, wobble=0.6)
        caudate = ((14, -24, 8, 6.5), (15, -14, 17, 4.8), (17, 4, 25, 3.5), (22, 20, 24, 2.5))
        canvas.fill(Tube.through(*((x * side, y, z, r) for x, y, z, r in caudate)), CAUDATE)
        hippocampus = ((23, -10, -22, 6), (28, 4, -20, 5), (28, 18, -12, 4.5), (22, 30, -2, 3.5))
        canvas.fill(Tube.through(*((x * side, y, z, r) for x, y, z, r in hippocampus)), GRAY_MATTER)


def _paint_ventricles(canvas: Canvas) -> None:
    for side in (-1, 1):
        for horn in (
            (
                (5, -36, 4, 3),
                (7.5, -30, 12, 6),
                (8, -14, 19, 5.5),
                (9, 4, 23, 4.5),
                (14, 20, 22, 5),
                (22, 32, 12, 7),
                (21, 44, 8, 5),
                (18, 56, 6, 2),
            ),
            ((22, 32, 12, 6), (31, 22, -4, 3), (34, 6, -13, 2.2), (31, -8, -16, 1.8)),
        ):
            canvas.fill(Tube.through(*((x * side, y, z, r) for x, y, z, r in horn)), CSF, wobble=0.4)
        canvas.fill(Tube([(2 * side, -8, 8), (6 * side, -10, 15)], 1.4), CSF)
    canvas.fill(Ellipsoid((0, 4, 2), (2.2, 14, 9), (1, 0, 0)), CSF)
    canvas.fill(Tube.through((0, 18, -4, 1.2), (0, 24, -20, 1.5), (0, 29, -30, 5), (0, 30, -44, 3)), CSF)
    canvas.fill(Ellipsoid((0, 25, 0), (3.2, 4, 3.2)), MUCOSA)  # pineal gland


def _paint_lesions(canvas: Canvas, skull: _Skull) -> None:
    ball = Ellipsoid(GLIOMA.centre, (GLIOMA.radius,) * 3)
    if canvas.quantity == "function":
        canvas.fill(Ellipsoid(GLIOMA.centre, (15.0, 19.0, 14.0)), EDEMA, wobble=2.5, opacity=0.6)
        canvas.fill(ball, TUMOUR)
        region = Ellipsoid(HYPOMETABOLISM.centre, (HYPOMETABOLISM.radius,) * 3).distance(canvas.x, canvas.y, canvas.z)
        canvas.paint(np.maximum(region, skull.cerebrum + 0.5), Tissue(0, HYPOMETABOLISM.suv))
    else:
        canvas.fill(Ellipsoid(GLIOMA.centre, (15.0, 19.0, 14.0)), EDEMA, wobble=2.5, opacity=0.7)
        canvas.fill(ball, TUMOUR, wobble=1.5)
        canvas.fill(Ellipsoid(np.add(GLIOMA.centre, (1.0, -1.0, 0.5)).tolist(), (4.5, 3.5, 3.5)), NECROSIS, wobble=1.2)
