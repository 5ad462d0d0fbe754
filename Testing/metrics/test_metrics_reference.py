"""Real pairs of the brain atlas against values of an independent implementation."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate

COLUMNS = {"IE": "EN", "VIF": "VIF_sum", "QABF": "Qabf"}
FUSED = {
    "average": lambda anatomy, function: np.floor((anatomy + function) / 2 + 0.5),
    "maximum": np.maximum,
    "anatomy": lambda anatomy, function: anatomy,
}


def read_gray(file):
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(file))).astype(np.float64)
    return image if image.ndim == 2 else np.round(image @ [0.299, 0.587, 0.114])  # BT.601, full range, to 8 bits


@pytest.fixture(scope="module")
def rows(reference_values):
    with reference_values.open() as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def images(rows, shared_data):
    """Fused, anatomy, function, each (B, 1, 256, 256) of float64, one for each row."""
    triples = []
    for row in rows:
        folder = shared_data / "brain-atlas" / row["dataset"]
        anatomy = read_gray(folder / "MRI" / row["pair"])
        function = read_gray(folder / row["dataset"].split("-")[0] / row["pair"])
        triples.append((FUSED[row["fused"]](anatomy, function), anatomy, function))
    return torch.from_numpy(np.array(triples)).unsqueeze(2).unbind(1)


@pytest.fixture(scope="module")
def values(images):
    return evaluate(*images)


@pytest.mark.parametrize("metric", METRICS)
def test_equals_the_independent_implementation(metric, rows, values):
    expected = torch.tensor([float(row[COLUMNS.get(metric, metric)]) for row in rows], dtype=torch.float64)
    torch.testing.assert_close(values[metric], expected, rtol=0, atol=1e-6, equal_nan=True)


def test_parts_make_the_whole(values):
    for metric in ("SCD", "VIF"):
        whole = values[f"{metric}_anatomy"] + values[f"{metric}_function"]
        torch.testing.assert_close(values[metric], whole, rtol=0, atol=0, equal_nan=True)
    between = torch.stack([values["QABF_anatomy"], values["QABF_function"]])
    assert (values["QABF"] > between.amin(0)).all()
    assert (values["QABF"] < between.amax(0)).all()


def test_parts_show_the_copy_of_one_source(rows, values):
    copies = torch.tensor([row["fused"] == "anatomy" for row in rows])
    torch.testing.assert_close(values["VIF_anatomy"][copies], torch.ones(12, dtype=torch.float64), rtol=0, atol=1e-9)
    assert (values["VIF_function"][copies] < 0.1).all()
    assert values["SCD_function"][copies].isnan().all()  # nothing beyond the anatomy
    assert values["SCD_anatomy"][copies].isfinite().all()


@pytest.mark.parametrize("crop", [(128, 128), (41, 41), (97, 142), (150, 64)])
def test_batch_equals_one_by_one(crop, images):
    batch = [image[:6, :, 60 : 60 + crop[0], 70 : 70 + crop[1]] for image in images]
    together = evaluate(*batch)
    assert together["VIF"].isfinite().all()
    for index in range(6):
        alone = evaluate(*(image[index : index + 1] for image in batch))
        for name in METRICS + PER_SOURCE:
            torch.testing.assert_close(together[name][index], alone[name][0], rtol=1e-12, atol=1e-12, equal_nan=True)


def test_float32_is_close_to_float64(images, values):
    single = evaluate(*(image.float() for image in images))
    for name in METRICS + PER_SOURCE:
        assert single[name].dtype == torch.float32
        torch.testing.assert_close(single[name].double(), values[name], rtol=1e-5, atol=2e-5, equal_nan=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gpu_equals_cpu(dtype, images, values):
    on_gpu = evaluate(*(image.to("cuda", dtype) for image in images))
    tolerance = 1e-9 if dtype == torch.float64 else 2e-5
    for name in METRICS + PER_SOURCE:
        torch.testing.assert_close(on_gpu[name].cpu().double(), values[name], rtol=tolerance, atol=tolerance, equal_nan=True)
