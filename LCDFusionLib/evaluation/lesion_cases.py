"""Lesions that are known: the phantoms' own, those of the lung crops (mask given), and the sarcomas of the held-out patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib import phantom
from LCDFusionLib.fusion.pair import FusionPair, prepare
from LCDFusionLib.fusion.settings import FusionSettings
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.training import sarcoma
from LCDFusionLib.training.samples import SlicePair

from .checks import Check
from .lesions import COLOR_MEASURES, COLOR_NOTES, MEASURES, NOTES, LesionCase
from .pair_sets import SUV_UPPER, round_to_8_bit

CORE = 0.7
"""Part of a phantom lesion's radius that counts as lesion: its rim is blurred by PET."""

TUMOUR_LEVEL = 0.41
"""A sarcoma is what is connected to its hottest voxel above this part of SUVmax, the usual threshold for tumour volumes on PET."""

MARGIN = 50.0
"""The volumes reach 5 cm beyond the tumour on all sides (mm): what is hot nearer to their border, such as urine, is another thing."""

SHELL = (6.0, 16.0)
"""Surroundings: that far outside the lesion, in mm, where PET's point spread hardly reaches."""

IN_BODY = 0.01
"""Surroundings with less uptake (of the range shown) are air outside the patient and do not count."""

SLICES = 3


def lesion_check(name: str, data: Path | None) -> Check:
    """`lesions-ct` (mediastinal and lung window) or `lesions-mr`.

    Args:
        name: which.
        data: folder with `pet-ct-mr-sarcoma` and `lung-lesion-crops`; None: the phantoms alone.

    Raises:
        FileNotFoundError: a data set is missing.
    """
    if name == "lesions-mr":
        cases = [*of_phantom(phantom.head(), (None,)), *of_sarcomas(data, "mr_t1", (None,))]
        title = "Lesions on PET/MR: head phantom and held-out sarcoma patients"
        return Check(name, title, tuple(cases), MEASURES, ("mr-pet",), NOTES, COLOR_NOTES, COLOR_MEASURES)
    windows = ("mediastinum", "lung")
    cases = [*of_phantom(phantom.thorax(), windows), *of_crops(data, windows), *of_sarcomas(data, "ct", windows)]
    title = "Lesions on PET/CT: thorax phantom, lung tumours and held-out sarcoma patients"
    return Check(name, title, tuple(cases), MEASURES, ("ct-pet",), NOTES, COLOR_NOTES, COLOR_MEASURES)


def of_phantom(made: phantom.Phantom, windows: tuple[str | None, ...]) -> Iterator[LesionCase]:
    """Hot lesions of a phantom: its truth, whatever the images show."""
    for lesion in made.lesions:
        if "hypometabolic" in lesion.name:  # colder than its surroundings
            continue
        distance = distance_to(made.anatomy, lesion.centre)
        shell = (distance > lesion.radius + SHELL[0]) & (distance < lesion.radius + SHELL[1])
        for window in windows:
            pair = prepare(made.anatomy, made.function, FusionSettings(window=window, function_upper=SUV_UPPER))
            name = f"phantom {lesion.name.partition(' in ')[0].partition(',')[0]}"
            yield _case(name, window, pair, distance < CORE * lesion.radius, shell)


def of_crops(data: Path | None, windows: tuple[str | None, ...]) -> Iterator[LesionCase]:
    """The lung tumours with their masks. PET in raw counts: shown up to its 99.9th percentile."""
    for folder in _folders(data, "lung-lesion-crops", "*"):
        ct = read_volume(folder / "ct.nii.gz", modality=Modality.CT, unit=Unit.HU)
        pet = read_volume(folder / "pet.nii.gz", modality=Modality.PET)
        lesion = read_volume(folder / "lesion_pet.nii.gz").array > 0
        for window in windows:
            pair = prepare(ct, pet, FusionSettings(window=window))
            yield _case(f"lung tumour {folder.name.partition('-1-')[0]}", window, pair, lesion, shell_around(lesion, ct))


def of_sarcomas(data: Path | None, stem: str, windows: tuple[str | None, ...]) -> Iterator[LesionCase]:
    """The tumours of the held-out patients (see `tumour`). `stem`: of the anatomy's file."""
    for folder in _folders(data, "pet-ct-mr-sarcoma", "STS_*"):
        if folder.name not in sarcoma.HELD_OUT or not (folder / f"{stem}.nrrd").is_file():
            continue
        anatomy = read_volume(folder / f"{stem}.nrrd")
        if stem != "ct":
            anatomy = replace(anatomy, modality=Modality.MR)
        pet = read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW)
        for window in windows:
            pair = prepare(anatomy, pet, FusionSettings(window=window, function_upper=SUV_UPPER))
            lesion = resample_onto(pet.with_array(tumour(pet).astype(np.float32)), anatomy).volume.array > 0.5
            yield _case(f"sarcoma {folder.name}", window, pair, lesion, shell_around(lesion, anatomy))


def _folders(data: Path | None, name: str, pattern: str) -> list[Path]:
    if data is None:
        return []
    folders = sorted(folder for folder in (data / name).glob(pattern) if folder.is_dir())
    if not folders:
        raise FileNotFoundError(f"no {pattern} in '{data / name}'")
    return folders


def _case(name: str, window: str | None, pair: FusionPair, lesion: NDArray[np.bool_], shell: NDArray[np.bool_]) -> LesionCase:
    """At most three slices, evenly among those with at least half of the largest cross-section; the group is the last word of the name."""
    group = name.split()[-1]
    area = lesion.sum(axis=(1, 2))
    large = np.flatnonzero(area >= area.max() / 2)
    chosen = sorted({int(k) for k in large[np.linspace(0, len(large) - 1, SLICES + 2)[1:-1].round().astype(int)]})
    name = f"{name}, {window}" if window else name
    pairs = tuple(
        SlicePair(
            round_to_8_bit(pair.anatomy01[k]),
            round_to_8_bit(pair.function01[k]),
            group,
            f"{name.replace(', ', '_').replace(' ', '_')}_{k:03d}",
        )
        for k in chosen
    )
    surroundings = shell[chosen] & ~lesion[chosen] & (pair.function01[chosen] >= IN_BODY)
    return LesionCase(name, pairs, lesion[chosen], surroundings)


def tumour(pet: Volume) -> NDArray[np.bool_]:
    """(K, J, I): what is connected to the hottest voxel above `TUMOUR_LEVEL` of it, `MARGIN` away from the border of the volume."""
    inner = np.zeros(pet.shape, dtype=bool)
    margins = [min(int(np.ceil(MARGIN / step)), (size - 1) // 2) for step, size in zip(pet.spacing[::-1], pet.shape, strict=True)]
    inner[tuple(slice(margin, size - margin) for margin, size in zip(margins, pet.shape, strict=True))] = True
    uptake = np.where(inner, pet.array, 0).astype(np.float32)
    seed = [int(index) for index in np.unravel_index(int(uptake.argmax()), uptake.shape)][::-1]
    region = sitk.ConnectedThreshold(
        sitk.GetImageFromArray(uptake), [seed], lower=float(TUMOUR_LEVEL * uptake.max()), upper=float(uptake.max())
    )
    return sitk.GetArrayFromImage(region) > 0


def shell_around(lesion: NDArray[np.bool_], volume: Volume) -> NDArray[np.bool_]:
    """(K, J, I): voxels `SHELL` mm outside the lesion."""
    image = sitk.GetImageFromArray(lesion.astype(np.uint8))
    image.SetSpacing(volume.spacing.tolist())
    distance = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True))
    return (distance > SHELL[0]) & (distance < SHELL[1])


def distance_to(volume: Volume, centre: tuple[float, float, float]) -> NDArray[np.float64]:
    """(K, J, I) distance of every voxel centre from a point in LPS, mm."""
    k, j, i = np.indices(volume.shape)
    offset = np.tensordot(volume.ijk_to_lps[:3, :3], np.stack([i, j, k]), axes=1)
    offset += (volume.origin - np.asarray(centre))[:, None, None, None]
    return np.sqrt((offset**2).sum(axis=0))
