"""Registration errors over many draws: `python -m Testing.images.evaluate_registration --data ../shared/data` (docs/registration.md)."""

import argparse
import itertools
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from LCDFusionLib import phantom
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.registration import register, rotation_degrees
from LCDFusionLib.images.volume import Modality, Unit

PATIENTS = ("STS_001", "STS_009", "STS_037", "STS_047")


def rigid_motion(rng, centre, *, most_mm=20.0, most_degrees=10.0):
    """4x4: a rotation about a random axis through `centre` (LPS mm) and a shift in a random direction."""
    axis, shift = (vector / np.linalg.norm(vector) for vector in rng.normal(size=(2, 3)))
    angle = np.radians(rng.uniform(-most_degrees, most_degrees))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    matrix = np.eye(4)
    matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + shift * rng.uniform(0, most_mm)
    return matrix


def far_away(rng):
    """4x4: a shift of 100 to 1000 mm in a random direction, as between two scanners."""
    matrix, direction = np.eye(4), rng.normal(size=3)
    matrix[:3, 3] = direction / np.linalg.norm(direction) * rng.uniform(100, 1000)
    return matrix


def other_order(rng, volume, *, mirrored):
    """4x4: the volume's axes in a random other order and other directions, about its middle; 23 that turn, 24 that mirror."""
    orders = [np.eye(3)[list(axes)] * signs for axes in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)]
    orders = [order for order in orders if (np.linalg.det(order) < 0) == mirrored and np.trace(order) < 3]
    matrix, centre = np.eye(4), centre_of(volume)
    matrix[:3, :3] = volume.direction @ orders[rng.integers(len(orders))] @ volume.direction.T
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre
    return matrix


def draw(rng, kind, anatomy, function):
    """One motion of a kind: "near", "far", "turned" (and far), "mirrored" (and far)."""
    motion = rigid_motion(rng, centre_of(anatomy))
    if kind != "near":
        motion = far_away(rng) @ motion
    if kind in ("turned", "mirrored"):
        motion = motion @ other_order(rng, function, mirrored=kind == "mirrored")
    return motion


def centre_of(volume):
    k, j, i = volume.shape
    return (volume.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, (k - 1) / 2, 1])[:3]


def error(matrix, truth, centre):
    """(mm at the centre, degrees) between two motions."""
    at_centre = (matrix - truth) @ [*centre, 1]
    return float(np.linalg.norm(at_centre[:3])), rotation_degrees(matrix @ np.linalg.inv(truth))


def pairs(data):
    """(name, anatomy, function, whether the two are known to lie on each other exactly)."""
    for make in (phantom.thorax, phantom.head):
        made = make()
        yield f"phantom {made.name}", made.anatomy, made.function, True
    for patient in PATIENTS:
        case = data / "pet-ct-mr-sarcoma" / patient
        pet = read_volume(case / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
        for file, modality in (("ct.nrrd", Modality.CT), ("mr_t1.nrrd", Modality.MR)):
            if (case / file).is_file():
                yield f"{patient} {modality.value}/PET", read_volume(case / file, modality=modality), pet, False


def results(log, key, count, make):
    """`make(n)` for n of 0 to count - 1; what `log` (JSON lines, or None) has of an earlier run under the same key is not made again."""
    known = {}
    if log and log.is_file():
        known = {n: result for its, n, result in map(json.loads, log.read_text().splitlines()) if its == key}
    for n in range(count):
        if n not in known:
            known[n] = make(n)
            if log:
                with log.open("a") as file:
                    print(json.dumps([key, n, known[n]]), file=file)
        yield known[n]


def breath_undone():
    """Distance from home of the thorax phantom's tissue and lesions after a breath: unregistered, rigid, deformable."""
    from LCDFusionLib.images.deformation import deform
    from LCDFusionLib.images.registration import move
    from Testing.images.breathing import breath, breathed

    made = phantom.thorax()
    deformation, displaced = breath(made.function)
    function = breathed(made.function, deformation)
    rigid = register(function, made.anatomy)
    found = deform(move(function, made.anatomy, rigid.matrix), made.anatomy)
    index = np.argwhere(made.anatomy.array > -200)[::4001, ::-1]
    points = (made.anatomy.ijk_to_lps @ np.c_[index, np.ones(len(index))].T).T[:, :3]
    points = points[np.linalg.norm(displaced(points) - points, axis=1) > 4]
    back = np.linalg.inv(rigid.matrix)

    def distances(places, through):
        moved = np.array([[*through(place), 1] for place in places]) @ back.T if through else np.c_[places, np.ones(len(places))]
        return np.linalg.norm(displaced(moved[:, :3]) - places, axis=1)

    print(f"rigid: {rigid.quality}\ndeformable: {found.quality}")
    lesions = np.array([lesion.centre for lesion in made.lesions])
    for name, through in (("before", None), ("rigid", tuple), ("deformable", lambda place: found.transform.TransformPoint(place.tolist()))):
        moved, at_lesions = distances(points, through), distances(lesions, through)
        listing = ", ".join(f"{lesion.name} {mm:.1f}" for lesion, mm in zip(made.lesions, at_lesions, strict=True))
        print(f"{name}: tissue median {np.median(moved):.1f} mm, 90 % {np.percentile(moved, 90):.1f} mm; {listing}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--only", default="", help="pairs whose name holds this")
    parser.add_argument("--kind", choices=("near", "far", "turned", "mirrored"), default="near", help="how the PET is moved")
    parser.add_argument("--log", type=Path, help="JSON lines: each draw is kept there, and not made again by a later run")
    parser.add_argument("--breath", action="store_true", help="the deformable registration on the breathing phantom instead")
    options = parser.parse_args()
    if options.breath:
        breath_undone()
        return
    print(
        "| pair | truth | median mm | median degrees | 90 % mm | 90 % degrees | within 1 mm and 0.5 degrees | called unsafe | neither | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, anatomy, function, is_exact in pairs(options.data):
        if options.only not in name:
            continue
        centre, rng = centre_of(anatomy), np.random.default_rng(7)
        motions = [draw(rng, options.kind, anatomy, function) for _ in range(options.draws)]

        def registered(n, anatomy=anatomy, function=function, motions=motions):
            """The motion found, whether it is called unsafe, and the seconds that it took; n of 0: the unmoved pair."""
            motion, started = np.eye(4) if n == 0 else motions[n - 1], time.perf_counter()
            found = register(replace(function, ijk_to_lps=motion @ function.ijk_to_lps), anatomy)
            return (found.matrix @ motion).tolist(), found.problem is not None, time.perf_counter() - started

        key = f"{name} {options.kind}"
        matrices, unsafe, seconds = zip(*results(options.log, key, options.draws + 1, registered), strict=True)
        # Of a real pair nobody knows to a millimetre how it lies: there a motion has to come back on top of what the unmoved pair gives.
        unmoved = np.array(matrices[0])
        truth_there = np.eye(4) if is_exact else unmoved
        errors, unsafe = [error(np.array(matrix), truth_there, centre) for matrix in matrices[1:]], unsafe[1:]
        table = np.array(errors)
        median, most = np.median(table, axis=0), np.percentile(table, 90, axis=0)
        good = (table[:, 0] <= 1) & (table[:, 1] <= 0.5)
        wrong = (~good & ~np.array(unsafe)).sum()
        truth = "known"
        if not is_exact:
            truth = "unmoved pair ({:.1f} mm, {:.1f} degrees)".format(*error(unmoved, np.eye(4), centre))
        print(
            f"| {name} | {truth} | {median[0]:.2f} | {median[1]:.2f} | {most[0]:.2f} | {most[1]:.2f} | {good.mean():.0%} "
            f"| {sum(unsafe)} of {options.draws} | {wrong} | {np.mean(seconds):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
