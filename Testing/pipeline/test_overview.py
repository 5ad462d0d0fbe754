"""The overview picture: what lies where, and in which proportion."""

from dataclasses import replace

import numpy as np
from PIL import Image

from LCDFusionLib.fusion import FusionResult, FusionSettings, prepare
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.pipeline.overview import TITLES, write_overview
from Testing.cli.small_study import body


def drawn(tmp_path, *, mirror=False, spacing_y=1.0):
    """The fused colour column of a picture whose slices are red in the patient's right front quarter and green elsewhere."""
    ct, pet = (body(modality, slices=3, size=32) for modality in (Modality.CT, Modality.PET))
    matrix = ct.ijk_to_lps.copy()
    matrix[:3, 1] *= spacing_y
    color = np.zeros((*ct.shape, 3), np.uint8)
    color[..., 1] = 255
    color[:, :16, :16] = (255, 0, 0)  # LPS: low i is right, low j is front
    if mirror:
        matrix[:3, 3] += 31 * matrix[:3, 0]
        matrix[:3, 0] *= -1
        color = color[:, :, ::-1]
    ct = replace(ct, ijk_to_lps=matrix)
    pair = prepare(ct, pet, FusionSettings())
    rows = [{"QABF": 0.5, "VIF": float("nan")}] * 3
    gray = ct.with_array(color[..., 0] / np.float32(255))
    result = FusionResult(gray, ct.with_array(color), rows, rows, "plain", "0" * 64, "CPU", 1.0, heat=(0.5, 0.5, 0.5))
    assert write_overview(pair, result, tmp_path / "overview.png", title="A title\nof two lines") == [0, 1, 2]
    picture = np.asarray(Image.open(tmp_path / "overview.png")).astype(int)
    width = picture.shape[1] // (len(TITLES) + 1)
    return picture, picture[:, 3 * width : 4 * width]


def corners(column):
    """(height, width) of the first slice's colours, and the colours of its four quarters."""
    coloured = (column.max(axis=-1) > 100) & (column.min(axis=-1) < 60)
    rows = np.flatnonzero(coloured.sum(axis=1) > 150)
    rows = rows[: np.flatnonzero(np.diff(rows) > 1)[0] + 1]
    columns = np.flatnonzero(coloured[rows[0] + 5])
    box = column[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape[:2]
    return (height, width), [tuple(box[height * y // 4, width * x // 4]) for y in (1, 3) for x in (1, 3)]


RED, GREEN = (255, 0, 0), (0, 255, 0)


def test_the_patients_right_front_is_at_the_upper_left(tmp_path):
    for mirror in (False, True):
        picture, column = drawn(tmp_path, mirror=mirror)
        size, found = corners(column)
        assert found == [RED, GREEN, GREEN, GREEN]
        assert abs(size[0] - size[1]) <= 1
        assert picture[:, -4:].max() == 0  # no text runs out of it


def test_pixels_that_are_not_square_keep_their_proportion(tmp_path):
    size, _ = corners(drawn(tmp_path, spacing_y=0.5)[1])
    assert abs(size[0] / size[1] - 0.5) < 0.02
