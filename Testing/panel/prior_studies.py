"""Two studies of one patient who does not exist, painted from formulas: a known rigid motion between them, and lesions that changed."""

import numpy as np

from LCDFusionLib.images.volume import Modality, Unit, Volume

ANGLES, SHIFT = (3.0, -2.0, 6.0), (11.0, -8.0, 13.0)
NODULE, LIVER_LESION = (-62.0, 12.0, 30.0), (55.0, -18.0, -45.0)
"""Centres, LPS mm, as the patient lies now."""


def motion(angles=ANGLES, shift=SHIFT):
    """From the prior's scanner to the one of now, 4x4 in LPS mm."""
    turn = np.eye(4)
    for axis, degrees in enumerate(angles):
        one, (a, b) = np.eye(4), [n for n in range(3) if n != axis]
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        one[a, a], one[a, b], one[b, a], one[b, b] = c, -s, s, c
        turn = one @ turn
    turn[:3, 3] = shift
    return turn


def study(lesions, *, to_now=None, name="", frame="1.2.3", noise=0):
    """CT of 36 slices and PET on a grid of its own.

    Args:
        lesions: centre (LPS mm, as the patient lies now), radius in mm, SUV.
        to_now: from this scanner to the one of now; None: it is the one of now.
        name: behind those of the volumes.
        frame: of reference.
        noise: seed of the CT's noise.
    """
    ct_matrix, pet_matrix = np.diag([5.0, 5.0, 5.0, 1.0]), np.diag([4.0, 4.0, 4.0, 1.0])
    ct_matrix[:3, 3], pet_matrix[:3, 3] = (-180.0, -140.0, -90.0), (-190.0, -150.0, -101.0)
    to_now = np.eye(4) if to_now is None else to_now
    hu = _anatomy(_points((36, 56, 72), to_now @ ct_matrix))
    hu += np.random.default_rng(noise).normal(0, 12, hu.shape)
    place = _points((50, 75, 95), to_now @ pet_matrix)
    body, lungs, heart, liver, _ = _organs(place)
    suv = np.where(body, 0.7, 0.02)
    for organ, uptake in ((lungs, 0.4), (heart, 2.0), (liver, 2.2)):
        suv[organ] = uptake
    for centre, radius, uptake in lesions:
        suv[np.linalg.norm(place - centre, axis=-1) <= radius] = uptake
    return (
        Volume(np.rint(hu).astype(np.int16), ct_matrix, Modality.CT, Unit.HU, f"CT{name}", frame),
        Volume(suv.astype(np.float32), pet_matrix, Modality.PET, Unit.SUVBW, f"PET{name}", frame),
    )


def _points(shape, ijk_to_lps):
    k, j, i = np.mgrid[: shape[0], : shape[1], : shape[2]]
    return (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ ijk_to_lps.T)[..., :3]


def _ball(place, centre, halves):
    return (((place - centre) / halves) ** 2).sum(axis=-1) < 1


def _organs(place):
    x, y, z = np.moveaxis(place, -1, 0)
    body = (x / 160) ** 2 + (y / 108) ** 2 < 1
    lungs = (_ball(place, (-70, -5, 40), (52, 68, 80)) | _ball(place, (76, 0, 45), (45, 62, 75))) & body
    heart = _ball(place, (22, -35, 25), (44, 36, 38))
    liver = _ball(place, (-55, -10, -62), (88, 72, 42)) & ~lungs
    spine = (np.hypot(x - 2 * np.sin(z / 40), y - 72) < 19) | (np.hypot(x, y - 98) < 7)
    return body, lungs & ~heart, heart, liver, spine


def _anatomy(place):
    body, lungs, heart, liver, spine = _organs(place)
    x, y, z = np.moveaxis(place, -1, 0)
    hu = np.where(body, -80.0 + 60 * ((x / 140) ** 2 + (y / 92) ** 2 < 1), -1000.0)
    hu[lungs], hu[heart], hu[liver] = -850, 45, 95
    edge = np.sqrt((x / 140) ** 2 + (y / 92) ** 2)
    hu[(np.abs(edge - 1) < 0.05) & (np.mod(z + 0.35 * np.abs(y), 30) < 9)] = 420  # ribs
    hu[spine] = 380 + 200 * (np.mod(z[spine], 26) < 6)
    return hu
