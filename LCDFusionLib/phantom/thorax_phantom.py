"""The thorax: CT and FDG PET of somebody who lies on the table with the arms up.

Positions in this file are millimetres of the patient: x to the left, y to the back, z to the head, zero in the middle of the chest.
Sizes, CT numbers and uptake are those of an average adult: unenhanced low-dose CT, FDG an hour after injection (SUVbw of liver 2.2,
blood pool 1.6, muscle 0.7, lung 0.4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

from .canvas import Canvas, Ellipsoid, Tissue, Tube, profile, smooth_max, smooth_min
from .phantom import Lesion, Phantom
from .scanners import acquire_ct, acquire_pet, pet_grid
from .vessel_tree import grow, tree_coverage

AIR = Tissue(-1000, 0.02)
SKIN = Tissue(15, 0.5)
FAT = Tissue(-102, 0.25)
FASCIA = Tissue(-75, 0.4)
MUSCLE = Tissue(56, 0.7)
LUNG = Tissue(-862, 0.42)
FISSURE = Tissue(-600, 0.42)
VESSEL = Tissue(42, 1.6)
AIRWAY_WALL = Tissue(10, 0.9)
HEART = Tissue(47, 1.9)
LEFT_VENTRICLE = Tissue(48, 4.2)
BLOOD = Tissue(41, 1.6)
ESOPHAGUS = Tissue(36, 1.4)
LIVER = Tissue(57, 2.2)
HEPATIC_VEIN = Tissue(43, 2.0)
SPLEEN = Tissue(49, 1.9)
STOMACH_WALL = Tissue(40, 1.5)
STOMACH_CONTENT = Tissue(18, 0.4)
CORTICAL_BONE = Tissue(720, 0.7)
RIB_MARROW = Tissue(230, 1.0)
MARROW = Tissue(185, 1.4)
CARTILAGE = Tissue(105, 0.5)
DISC = Tissue(85, 0.6)
DURAL_SAC = Tissue(14, 0.6)
CORD = Tissue(38, 1.4)
CALCIFICATION = Tissue(420, 1.6)
TABLE = Tissue(-420, 0.02)
TABLE_CORE = Tissue(-955, 0.02)

ISOCENTRE = (3.0, -24.0, -318.0)  # where the scanner's coordinates put the middle of the chest, LPS mm
CT_SPACING, CT_SHAPE = (1.6, 1.6, 5.0), (40, 256, 256)
PET_SPACING, PET_SHAPE = (4.0, 4.0, 4.0), (58, 144, 144)
PET_SHIFT = (1.3, -2.1, -3.4)  # the PET's voxels never coincide with the CT's
BODY = (-186.0, -126.0, -140.0), (186.0, 130.0, 140.0)

NODULE = Lesion("solid nodule in the right lung", (-74.0, 26.0, 34.0), 11.0, 8.0, True)
METASTASIS = Lesion("liver metastasis, isodense on CT", (-66.0, 14.0, -82.0), 10.0, 7.0, False)


def thorax(*, seed: int = 20250) -> Phantom:
    """Thorax with CT and FDG PET.

    A nodule in the right lung takes up FDG; a second lesion in the liver is as dense as the liver and shows only on PET.

    Args:
        seed: of everything random: folds, vessels, noise. The same seed gives the same phantom.

    Returns:
        CT (40, 256, 256) in HU, 1.6 x 1.6 x 5 mm; PET (58, 144, 144) in SUVbw, 4 mm isotropic, larger than the CT and shifted against it.
    """
    frame = generate_uid(entropy_srcs=["LCDFusion thorax phantom", str(seed)])
    to_lps = geometry_matrix(np.ones(3), np.eye(3), np.asarray(ISOCENTRE))
    spacing, shape = np.asarray(CT_SPACING), np.asarray(CT_SHAPE[::-1])
    x, y, z = ((np.arange(n) - (n - 1) / 2) * step for n, step in zip(shape, spacing, strict=True))
    halves = (z[:, None] + np.array([-0.25, 0.25]) * spacing[2]).ravel()  # two thin slices make a thick one
    canvas = Canvas(x, y, halves, quantity="anatomy", edge=1.8, background=AIR.anatomy, seed=seed)
    _paint(canvas, seed)
    hounsfield = canvas.values.reshape(len(z), 2, len(y), len(x)).mean(axis=1)
    anatomy = Volume(
        acquire_ct(hounsfield, rng=np.random.default_rng((seed, 1))),
        to_lps @ geometry_matrix(spacing, np.eye(3), np.array([x[0], y[0], z[0]])),
        modality=Modality.CT,
        unit=Unit.HU,
        name="CT thorax",
        frame_of_reference=frame,
    )

    x, y, z = (np.arange(low, high, 2.0) for low, high in zip(*BODY, strict=True))
    canvas = Canvas(x, y, z, quantity="function", edge=2.0, background=AIR.function, seed=seed)
    _paint(canvas, seed)
    activity = Volume(canvas.values, to_lps @ geometry_matrix(np.full(3, 2.0), np.eye(3), np.array([x[0], y[0], z[0]])))
    grid = pet_grid(PET_SPACING, PET_SHAPE, np.add(ISOCENTRE, PET_SHIFT), name="FDG PET thorax", frame_of_reference=frame)
    measured, noise_free = acquire_pet(activity, grid, counts_per_suv=26.0, rng=np.random.default_rng((seed, 2)))
    return Phantom("Thorax", anatomy, measured, noise_free, tuple(lesion.moved(to_lps) for lesion in (NODULE, METASTASIS)))


def _paint(canvas: Canvas, seed: int) -> None:
    """Paints the whole thorax, outside in."""
    if canvas.quantity == "anatomy":
        _paint_table(canvas)
    region = canvas.region(*BODY)
    assert region is not None
    canvas = canvas.part(region)
    chest = _Chest(canvas)
    _paint_wall(canvas, chest, seed)
    _paint_lungs(canvas, chest, seed)
    _paint_abdomen(canvas, chest)
    _paint_heart(canvas)
    _paint_lung_vessels(canvas, chest, seed)
    _paint_mediastinum(canvas)
    _paint_ribs(canvas, chest, seed)
    _paint_spine(canvas, seed)
    for lesion in (NODULE, METASTASIS):
        _paint_lesion(canvas, lesion)


class _Chest:
    """Signed distances in mm (negative inside) that several organs share, on one canvas.

    Attributes:
        skin: to the body's outline.
        cavity: to the inside of the rib cage.
        lungs: to both lungs.
        dome: to the underside of the lungs: negative below the diaphragm.
        way: place along the chest wall, 0 at the spine to 1 at the sternum.
    """

    def __init__(self, canvas: Canvas) -> None:
        x, y, z, wobble = canvas.x, canvas.y, canvas.z, canvas.wobble
        self.skin = (
            _superellipse(x, y - 2.0, profile(z, (-95, 160), (-50, 163), (0, 169), (50, 172), (95, 168)), _skin_depth(z), 2.5)
            + 0.8 * wobble
        )
        self.skin = self.skin + np.where(y > 0, 7.0, 3.0) * np.exp(-((x / 22.0) ** 2)) * (np.abs(y) > 40)  # furrows over spine and sternum
        width, depth = profile(z, (-95, 134), (-40, 132), (0, 126), (40, 114), (70, 98), (95, 74), (120, 45)), _cavity_depth(z)
        self.cavity = _superellipse(x, y, width, depth, 2.3) + 0.8 * wobble
        self.way = 1.0 - np.arctan2(np.abs(x) / width, -y / depth).astype(np.float32) / np.float32(np.pi)
        self.dome = _dome_distance(canvas)
        heart = HEART_SHAPE.distance(x, y, z) - 2.0
        narrow = profile(z, (-95, 26), (-20, 26), (20, 22), (45, 27), (70, 31), (110, 36))
        slab = np.abs(x - profile(z, (-95, 8), (0, 4), (110, 0))) - narrow * (0.28 + 0.72 / (1 + np.exp(-(y + 58.0) / 8.0)))
        spine = _superellipse(x, y - 66.0, np.float32(27.0), np.float32(46.0), 2.0)
        middle = smooth_min(smooth_min(heart, slab, 14.0), spine, 14.0) + 1.2 * wobble
        self.lungs = smooth_max(smooth_max(self.cavity + 1.5, -middle, 8.0), -self.dome, 5.0)


HEART_AXIS = (0.74, -0.50, -0.45)  # base to apex
HEART_SHAPE = Ellipsoid((22, -34, -36), (64, 47, 42), HEART_AXIS)


def _skin_depth(z: NDArray) -> NDArray[np.float32]:
    return profile(z, (-95, 114), (-40, 117), (20, 117), (60, 112), (100, 100))


def _cavity_depth(z: NDArray) -> NDArray[np.float32]:
    """Half the depth of the rib cage from front to back at height z."""
    return profile(z, (-95, 94), (-40, 92), (0, 87), (40, 78), (70, 67), (95, 52), (120, 34))


def _superellipse(x: NDArray, y: NDArray, a: NDArray, b: NDArray, power: float) -> NDArray[np.float32]:
    """Signed distance in mm to |x/a|^power + |y/b|^power = 1, negative inside, right to first order at the surface."""
    p, q = np.abs(x) / a + 1e-4, np.abs(y) / b + 1e-4
    p1, q1 = p ** (power - 1), q ** (power - 1)
    norm = p * p1 + q * q1
    root = norm ** (1 / power)
    slope = np.hypot(p1 / a, q1 / b) * root / norm
    return ((root - 1.0) / slope).astype(np.float32)


def _dome_distance(canvas: Canvas) -> NDArray[np.float32]:
    """Signed distance to the diaphragm, negative below: two domes, the right one higher, falling to the back."""
    x, y = canvas.x, canvas.y
    height: NDArray = np.float32(-1e3)
    for centre, top in ((-60.0, -43.0), (64.0, -57.0)):
        q = ((x - centre) / 72.0) ** 2 + ((y + 10.0) / 88.0) ** 2
        height = -smooth_min(-height, -(top - 20.0 * q - 20.0 * q**2), 20.0)
    down, across = np.gradient(height[0], canvas.y.ravel(), canvas.x.ravel())
    return (canvas.z - height) / np.sqrt(1.0 + down**2 + across**2)[None] + 0.8 * canvas.wobble


def _paint_table(canvas: Canvas) -> None:
    x, y = canvas.x, canvas.y
    shell = np.maximum(np.abs(y - 136.0 + 16.0 * (x / 190.0) ** 2) - 9.0, np.abs(x) - 196.0) + 0 * canvas.z
    canvas.paint(shell, TABLE)
    canvas.paint(shell + 1.6, TABLE_CORE)


def _paint_wall(canvas: Canvas, chest: _Chest, seed: int) -> None:
    """Skin, fat and the muscles of the chest wall."""
    x, y, z = canvas.x, canvas.y, canvas.z
    canvas.paint(chest.skin, SKIN)
    lobules = canvas.noise(seed, 10, spacing=7.0)
    canvas.paint(chest.skin + 1.9, FAT, texture=7.0 * lobules)
    pectoral = 17.0 * profile(z, (-45, 0.25), (0, 0.8), (40, 1.2), (95, 1.6)) * np.exp(-(((chest.way - 0.78) / 0.13) ** 2))
    latissimus = 13.0 * profile(z, (-95, 0.6), (0, 1.0), (60, 2.2), (95, 2.8)) * np.exp(-(((chest.way - 0.36) / 0.16) ** 2))
    erector = 24.0 * np.exp(-(((np.abs(x) - 26.0) / 24.0) ** 2)) * (y > 0)
    thickness = 3.5 + pectoral + latissimus + erector
    muscle = smooth_max(chest.skin + 7.0, chest.cavity - 11.0 - thickness, 6.0) + 0.8 * canvas.wobble
    streaks = canvas.noise(seed, 11, spacing=5.0)
    canvas.paint(muscle, MUSCLE, texture=5.0 * streaks - 22.0 * np.maximum(streaks - 1.2, 0.0))
    beyond = chest.cavity - 12.0
    for share, strength in ((0.2, 0.9), (0.55, 1.0)):  # fat planes between the layers
        sheet = np.abs(beyond - share * (thickness + 6.0) + 1.6 * canvas.wobble) - 1.3
        patchy = np.clip(0.7 + 0.8 * canvas.noise(seed, 12, int(100 * share), spacing=14.0), 0.0, 1.0)
        canvas.cover(canvas.coverage(sheet) * canvas.coverage(muscle + 2.0) * patchy * np.float32(strength), FASCIA)
    canvas.paint(chest.cavity, FAT, texture=7.0 * lobules)


def _paint_lungs(canvas: Canvas, chest: _Chest, seed: int) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    mottle = 15.0 * canvas.noise(seed, 20, spacing=3.5) + 11.0 * canvas.noise(seed, 21, spacing=11.0)
    canvas.paint(chest.lungs, LUNG, texture=mottle + 0.32 * y + 0 * z)  # what lies low holds more blood
    inside = canvas.coverage(chest.lungs + 1.0)
    oblique = (z - 52.0 + 0.92 * (78.0 - y)) / 1.36 + 2.5 * canvas.wobble
    canvas.cover(inside * canvas.coverage(np.abs(oblique) - 0.2) * np.float32(0.35), FISSURE)
    horizontal = np.maximum(np.maximum(np.abs(z - 4.0 - 0.08 * y + 2.5 * canvas.wobble) - 0.2, x), -oblique)
    canvas.cover(inside * canvas.coverage(horizontal) * np.float32(0.3), FISSURE)


def _paint_lung_vessels(canvas: Canvas, chest: _Chest, seed: int) -> None:
    """Arteries, veins and airways of each lung, grown into points of the lung that do not depend on the canvas."""
    rng = np.random.default_rng((seed, 30))
    axes = [np.arange(low, high, 5.0) for low, high in zip(*BODY, strict=True)]
    coarse = Canvas(*axes, quantity=canvas.quantity, edge=5.0, background=0.0, seed=seed)
    places = rng.uniform(*BODY, (24000, 3))
    i, j, k = np.floor((places - BODY[0]) / 5.0 + 0.5).astype(int).T
    depth = np.pad(_Chest(coarse).lungs, (0, 1), constant_values=1.0)[k, j, i]
    deep = depth < -4.0
    inside = canvas.coverage(chest.lungs + 0.5)
    vessels, walls, lumens = np.zeros_like(inside), np.zeros_like(inside), np.zeros_like(inside)
    for side, artery, vein, bronchus in (
        (-1, (-46, 0, 8), (-34, 6, -14), (-40, 14, 6)),
        (1, (50, 6, 22), (38, 10, -10), (46, 20, -2)),
    ):
        reached = places[deep & (side * places[:, 0] > 0)]
        arteries = grow(np.asarray(artery, dtype=float), reached[:640], 8.0, rng=rng)
        veins = grow(np.asarray(vein, dtype=float), reached[640:1120], 7.4, rng=rng)
        airways = grow(np.asarray(bronchus, dtype=float), reached[:48], 5.2, rng=rng)
        vessels = np.maximum(vessels, tree_coverage(canvas, arteries + veins))
        thick = [branch for branch in airways if np.max(branch.radii) > 1.9]
        walls = np.maximum(walls, tree_coverage(canvas, [branch.grown(0.8) for branch in thick]))
        lumens = np.maximum(lumens, tree_coverage(canvas, thick))
    canvas.cover(vessels * inside, VESSEL)
    canvas.cover(walls * inside, AIRWAY_WALL)
    canvas.cover(lumens * inside, AIR)


def _paint_heart(canvas: Canvas) -> None:
    canvas.fill(HEART_SHAPE, FASCIA, wobble=0.8)  # pericardium
    canvas.fill(HEART_SHAPE.grown(-1.6), FAT, wobble=0.8)
    for chamber, wall in (
        (Ellipsoid((-22, -26, -34), (27, 30, 22), (0, 0, 1)), 3.0),  # right atrium
        (Ellipsoid((12, -52, -40), (43, 21, 30), (0.8, -0.1, -0.55)), 4.0),  # right ventricle
        (Ellipsoid((6, 0, -24), (31, 19, 22)), 2.5),  # left atrium
    ):
        canvas.fill(chamber, HEART, wobble=1.2)
        canvas.fill(chamber.grown(-wall), BLOOD, wobble=1.2)
    ventricle = Ellipsoid((40, -33, -45), (44, 30, 30), HEART_AXIS)
    canvas.fill(ventricle, LEFT_VENTRICLE, wobble=0.8)
    canvas.fill(Ellipsoid((37, -31, -43), (37, 19, 19), HEART_AXIS), BLOOD, wobble=0.8)
    canvas.fill(Ellipsoid((12, -15, -27), (17, 17, 15)), BLOOD)  # mitral valve and aortic root
    canvas.fill(Tube.through((-12, -40, -12, 1.8), (-26, -54, -24, 1.8), (-24, -60, -48, 1.8)), VESSEL)  # right coronary artery
    canvas.fill(Tube.through((8, -38, -8, 1.8), (30, -62, -22, 1.8), (58, -68, -44, 1.5)), VESSEL)  # left anterior descending


def _paint_mediastinum(canvas: Canvas) -> None:
    """Great vessels, airways, esophagus."""
    for tube in (
        Tube.through((14, -48, -4, 14), (19, -40, 16, 14.5), (22, -22, 28, 13), (38, -4, 30, 11), (52, 7, 22, 8.5)),  # trunk, left artery
        Tube.through((20, -20, 24, 11), (-4, -2, 18, 10.5), (-28, 1, 13, 10), (-47, 0, 7, 8)),  # right pulmonary artery
        Tube.through((4, 4, -20, 9), (-26, 6, -14, 8), (-46, 6, -16, 6)),  # pulmonary veins
        Tube.through((10, 4, -18, 9), (36, 9, -10, 8), (50, 12, -8, 6)),
        Tube.through((-30, -20, 90, 8), (-33, -18, 50, 9), (-32, -16, 12, 10), (-28, -18, -14, 12)),  # superior vena cava
        Tube.through((-31, -24, 72, 7), (-4, -42, 73, 6.5), (34, -40, 90, 6.5), (60, -34, 112, 6)),  # left brachiocephalic vein
        Tube.through((-5, -14, 54, 7), (-15, -12, 78, 6.5), (-28, -10, 120, 6)),  # brachiocephalic artery
        Tube.through((7, -4, 56, 4.5), (15, -4, 85, 4), (20, -6, 120, 4)),  # left carotid artery
        Tube.through((16, 8, 56, 5.5), (27, 8, 85, 5), (42, 4, 120, 5)),  # left subclavian artery
        Tube.through((-26, 8, -145, 12), (-27, 4, -80, 12), (-26, -8, -46, 12)),  # inferior vena cava
        Tube.through((-9, 34, -145, 4), (-9, 33, 0, 4), (-11, 28, 32, 4), (-30, 4, 40, 4.5), (-33, -12, 36, 5)),  # azygos vein
        Tube.through(
            (-8, -22, -14, 14), (-15, -25, 16, 15.5), (-11, -21, 38, 15), (4, -4, 53, 14), (18, 15, 53, 13), (27, 28, 36, 12.5),
            (29, 32, 0, 12.5), (25, 33, -60, 12), (14, 30, -145, 11.5),
        ),  # aorta
    ):  # fmt: skip
        canvas.fill(tube, VESSEL, wobble=0.4)
    for plaque in (Ellipsoid((22, 27, 50), (6, 1.6, 5)), Ellipsoid((9, 9, 62), (5, 3, 1.6)), Ellipsoid((36, 40, -32), (2, 4, 6))):
        canvas.fill(plaque, CALCIFICATION)
    canvas.fill(Tube.through((4, 31, 145, 7), (7, 31, 40, 7.5), (11, 24, -20, 8), (16, 10, -80, 9)), ESOPHAGUS, wobble=1.0)
    canvas.fill(Tube.through((5, 31, 90, 2), (7, 31, 60, 3), (8, 30, 30, 1)), AIR)
    airways = (
        Tube.through((-3, 12, 145, 8.5), (-2, 13, 80, 8.5), (0, 17, 33, 8.5)),
        Tube.through((0, 17, 34, 8), (-22, 16, 16, 7), (-42, 14, 5, 5.5)),
        Tube.through((-20, 16, 18, 5), (-36, 17, 24, 4.5), (-54, 16, 32, 3.5)),
        Tube.through((0, 17, 34, 8), (26, 18, 10, 6.5), (48, 20, -3, 5.2)),
        Tube.through((38, 19, 3, 4.5), (54, 10, 14, 4), (62, 0, 26, 3)),
    )
    for tube in airways:
        canvas.fill(tube.grown(1.6), AIRWAY_WALL)
    for tube in airways:
        canvas.fill(tube, AIR)


def _paint_abdomen(canvas: Canvas, chest: _Chest) -> None:
    """What lies under the diaphragm: liver, spleen, stomach."""
    x, y, z = canvas.x, canvas.y, canvas.z
    room = np.maximum(chest.cavity + 2.0, chest.dome)
    canvas.paint(smooth_max(room, -(room + 3.0), 1.0), MUSCLE)  # the diaphragm itself
    left_edge = x - 4.0 - 44.0 / (1 + np.exp((y + 28.0) / 7.0)) + 0.25 * (z + 80.0)
    behind = 34.0 - np.hypot(x - 16.0, y - 52.0)  # spine, aorta and crura keep the liver off
    canvas.paint(smooth_max(smooth_max(room + 3.5, left_edge, 14.0), behind, 14.0) + 1.2 * canvas.wobble, LIVER)
    for vein in (
        Tube.through((-24, 4, -74, 5), (-48, 6, -84, 3.5), (-88, 14, -96, 2.5)),
        Tube.through((-24, 2, -74, 5), (-42, -24, -84, 3.5), (-66, -52, -100, 2.5)),
        Tube.through((-20, -4, -76, 4.5), (-8, -34, -84, 3.5), (6, -56, -92, 2.5)),
        Tube.through((-60, 40, -92, 2.5), (-74, 44, -110, 3.5)),
    ):
        canvas.fill(vein, HEPATIC_VEIN)
    inner = canvas.coverage(room + 5.0)
    region = canvas.region((20, -80, -140), (130, 90, -50))
    if region is None:
        return
    part, inner = canvas.part(region), inner[region]
    px, py, pz = part.x, part.y, part.z
    spleen = Ellipsoid((88, 44, -96), (40, 32, 26), (0.5, 0.7, 0.6)).distance(px, py, pz) + part.wobble * 2.0
    part.cover(part.coverage(spleen) * inner, SPLEEN)
    stomach = Ellipsoid((62, -18, -96), (44, 40, 30), (0.7, -0.4, 0.5)).distance(px, py, pz) + part.wobble * 2.5
    part.cover(part.coverage(stomach) * inner, STOMACH_WALL)
    part.cover(part.coverage(stomach + 4.5) * inner, STOMACH_CONTENT, texture=9.0 * part.wobble)
    part.cover(part.coverage(np.maximum(stomach + 4.5, py + 26.0)) * inner, AIR)  # the bubble floats to the front


def _paint_ribs(canvas: Canvas, chest: _Chest, seed: int) -> None:
    """Ribs run down from the spine to the front; cartilage leads on to the sternum. Sternum and shoulder blades too."""
    x, z, way = canvas.x, canvas.z, chest.way
    fall = 34.0 * (1.0 - np.cos(np.pi * np.minimum(way / 0.8, 1.0))) - 190.0 * np.maximum(way - 0.8, 0.0)
    level = (z + fall - 5.0) / VERTEBRA
    along = (level - np.rint(level)) * (VERTEBRA * 0.92)
    across = chest.cavity - 6.3 + 0.5 * canvas.wobble
    for shrink, bone in ((0.0, CORTICAL_BONE), (1.5, RIB_MARROW)):
        height, thickness = 6.6 - shrink, 3.9 - shrink
        norm = np.sqrt((along / height) ** 2 + (across / thickness) ** 2)
        rib = norm * (norm - 1.0) / np.sqrt((along / height**2) ** 2 + (across / thickness**2) ** 2 + 1e-6)
        beside = np.maximum(rib, 32.0 - np.abs(x))
        if shrink == 0.0:
            canvas.paint(np.maximum(beside, np.maximum(0.77 - way, way - 0.965) * 300.0), CARTILAGE)
        canvas.paint(np.maximum(beside, (way - 0.79) * 300.0 + 2.0 * shrink), bone)

    region = canvas.region((-40, -120, -62), (40, -55, 112))
    if region is not None:
        part = canvas.part(region)
        width = profile(part.z, (-62, 5), (-50, 11), (-20, 18), (45, 15), (60, 26), (80, 30), (95, 24))
        plate = _superellipse(part.x, part.y + _cavity_depth(part.z) + 7.5, width, np.float32(6.2), 2.6) + 0.4 * part.wobble
        plate = np.maximum(plate, np.maximum(-60.0 - part.z, part.z - 97.0))
        part.paint(plate, Tissue(430, CORTICAL_BONE.function))
        part.paint(plate + 1.6, Tissue(150, MARROW.function), texture=25.0 * part.noise(seed, 40, spacing=3.0))

    lateral = 0.50 + 0.0006 * z
    medial = 0.34 - 0.0016 * np.clip(z, -30.0, 60.0)
    sheet = np.abs(chest.cavity - 19.0 - 18.0 * np.clip(z / 90.0, 0.0, 1.0) + 1.5 * canvas.wobble)
    border = 1.7 + 3.2 * np.exp(-(((way - lateral + 0.012) / 0.016) ** 2))
    blade = np.maximum(np.maximum(sheet - border, np.maximum(way - lateral, medial - way) * 320.0), -14.0 - z)
    canvas.paint(blade, Tissue(560, 0.8))
    canvas.paint(blade + 2.0, RIB_MARROW)


VERTEBRA = 25.0  # mm from one vertebra to the next


def _paint_spine(canvas: Canvas, seed: int) -> None:
    region = canvas.region((-46, 10, -140), (46, 128, 140))
    if region is None:
        return
    canvas = canvas.part(region)
    x, y, z = canvas.x, canvas.y, canvas.z
    front = _spine_front(z)
    height = z - VERTEBRA * np.rint(z / VERTEBRA)  # over the middle of the vertebra
    waist = 1.8 * np.cos(np.pi * height / VERTEBRA) ** 2
    outline = _superellipse(x, y - front, profile(z, (-140, 20), (140, 15.5)) - waist, 14.5 - 0.7 * waist, 2.3) + 0.4 * canvas.wobble
    outline = smooth_max(outline, 9.5 - np.hypot(x, y - front - 23.0), 4.0)
    canvas.paint(outline + 0.7, DISC)
    body = np.maximum(outline, np.abs(height) - 9.9)
    canvas.paint(body, CORTICAL_BONE, opacity=0.8)
    canvas.paint(body + 1.4, MARROW, texture=34.0 * canvas.noise(seed, 50, spacing=2.6))
    basivertebral = np.maximum(np.hypot(x, 3 * height) - 4.0, front + 3.0 - y)
    canvas.paint(np.maximum(basivertebral, body), Tissue(80, MARROW.function))
    canvas.paint(np.hypot(x, y - front - 23.0) - 10.0 + 0 * z, FAT)
    for level in range(-6, 7):
        centre = VERTEBRA * level
        back = float(_spine_front(np.float32(centre)))
        bones = [Tube([(0, back + 37, centre - 7), (0, back + 50, centre - 16), (0, back + 61, centre - 24)], [4.2, 3.2, 3.8])]
        for side in (-1, 1):
            bones += [
                Tube([(12 * side, back + 9, centre + 4), (13.5 * side, back + 24, centre + 2)], 4.2),  # pedicle
                Tube([(15 * side, back + 27, centre + 2), (34 * side, back + 37, centre + 5)], [5.0, 4.2]),  # transverse process
                Tube([(14 * side, back + 27, centre), (1 * side, back + 37, centre - 6)], 3.6),  # lamina
                Tube([(14 * side, back + 28, centre + 8), (13 * side, back + 31, centre - 12)], [3.8, 4.2]),  # facets
                Tube([(19 * side, back + 5, centre + 11), (38 * side, back + 29, centre + 7)], [4.6, 4.0]),  # neck of the rib
            ]
        for shrink, bone in ((0.0, CORTICAL_BONE), (1.6, RIB_MARROW)):
            for tube in bones:
                canvas.fill(tube.grown(-shrink), bone)
    canvas.paint(np.hypot(x, y - front - 23.0) - 7.6 + 0 * z, DURAL_SAC)
    canvas.paint(np.hypot(x / 1.25, y - front - 22.5) - 4.0 + 0 * z, CORD)


def _spine_front(z: NDArray) -> NDArray:
    """y of the middle of the vertebral bodies: the thoracic kyphosis."""
    return np.float32(46.0) - 6.0 * ((z - 5.0) / 100.0) ** 2


def _paint_lesion(canvas: Canvas, lesion: Lesion) -> None:
    density = Tissue(38, lesion.suv) if lesion.visible_on_anatomy else Tissue(LIVER.anatomy, lesion.suv)
    if canvas.quantity == "function":
        canvas.fill(Ellipsoid(lesion.centre, (lesion.radius,) * 3), density)
    elif lesion.visible_on_anatomy:
        canvas.fill(Ellipsoid(lesion.centre, (lesion.radius,) * 3), density, wobble=1.4)
        rng = np.random.default_rng(7)
        for direction in rng.standard_normal((14, 3)):  # spicules
            direction = direction / np.linalg.norm(direction)
            reach = np.asarray(lesion.centre) + np.outer([0.7, 1.0, 1.0 + rng.uniform(0.3, 0.9)], direction) * lesion.radius
            canvas.fill(Tube(reach, [2.4, 1.0, 0.4]), density, opacity=0.8)
