"""A folder with two small pairs, as a user would bring them."""

import numpy as np
import pytest
import SimpleITK as sitk


def anatomy_and_function(seed, size=64):
    """An anatomy with edges and texture; a smooth function with a hot spot that the anatomy does not show. uint8 (size, size)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    anatomy = 80 + 80 * (columns > size // 2) + 30 * np.sin(rows / 3) + random.normal(0, 4, (size, size))
    function = 20 + 200 * np.exp(-((rows - size / 3) ** 2 + (columns - size / 4) ** 2) / (2 * (size / 8) ** 2))
    return [image.clip(0, 255).astype(np.uint8) for image in (anatomy, function)]


def write(image, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(image, isVector=image.ndim == 3), str(file))


@pytest.fixture
def pairs_folder(tmp_path):
    for name in ("one", "two"):
        anatomy, function = anatomy_and_function(len(name) + ord(name[0]))
        write(anatomy, tmp_path / "pairs" / "anatomy" / f"{name}.png")
        write(function, tmp_path / "pairs" / "function" / f"{name}.png")
    return tmp_path / "pairs"
