"""The first slice at half its resolution, before it is fused: only where it is asked for and where a slice takes long."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from LCDFusionLib.fusion import Finished, FusionSettings, SliceFused, SlicePreviewed, prepare
from LCDFusionLib.fusion.engine import PREVIEW_FROM, NetworkBackend
from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE, fused_color
from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, save_weights


@pytest.fixture(scope="module")
def large_pair(ct, pet, tmp_path_factory):
    """Two slices of a round body and a lesion, just large enough, and a plain network, because they are."""
    path = tmp_path_factory.mktemp("weights") / "plain.pt"
    torch.manual_seed(1)
    save_weights(LCDFusionNet(EXPERIMENTS["Exp1"]), path, {})
    j, i = np.mgrid[: PREVIEW_FROM + 2, :PREVIEW_FROM]
    radius = np.hypot(j - 180, i - 200)
    array = np.stack([np.where(radius < size, 60.0, -1000.0) for size in (150, 140)]).astype(np.float32)
    fine = ct.ijk_to_lps @ np.diag([0.06, 0.06, 1, 1])
    return prepare(replace(ct, array=array, ijk_to_lps=fine), pet, FusionSettings(weights=str(path), device="cpu"))


def test_preview_comes_first_and_looks_like_the_slice(worker, large_pair):
    events = list(worker.run(large_pair, first_slice=1, preview=True))
    kinds = [type(event) for event in events]
    assert kinds[1:] == [SlicePreviewed, SliceFused, SliceFused, Finished]
    preview, fused = events[1], events[2]
    assert preview.index == fused.index == 1
    assert preview.gray.shape == fused.gray.shape
    uptake = large_pair.function_slices[[1]][0]
    np.testing.assert_array_equal(preview.color, fused_color(preview.gray, uptake, COLOR_TABLES[DEFAULT_COLOR_TABLE]))
    contrast = np.ptp(fused.gray)
    assert np.abs(preview.gray - fused.gray).mean() < 0.1 * contrast
    assert not np.array_equal(preview.gray, fused.gray)
    result = events[-1].result
    np.testing.assert_array_equal(result.gray.array[1], fused.gray)  # nothing of the preview is kept


def test_no_preview_unless_it_is_asked_for_and_worth_it(worker, pair, large_pair):
    narrow = replace(large_pair, anatomy=large_pair.anatomy.with_array(large_pair.anatomy.array[:1, :, :-1]))
    for job, asked in ((large_pair, False), (pair, True), (narrow, True)):
        assert not any(isinstance(event, SlicePreviewed) for event in worker.run(job, preview=asked))


@pytest.mark.parametrize("size", [(40, 40), (41, 53)])
def test_preview_of_any_size_is_of_that_size(size):
    torch.manual_seed(0)
    backend = NetworkBackend(LCDFusionNet(EXPERIMENTS["Exp1"]), torch.device("cpu"))
    images = np.random.default_rng(0).random((2, 3, *size), dtype=np.float32)
    assert backend.preview(*images).shape == (3, *size)
