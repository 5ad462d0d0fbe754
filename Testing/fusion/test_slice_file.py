import os

import numpy as np
import pytest

from LCDFusionLib.fusion import Finished, FusionWorker
from LCDFusionLib.fusion.slice_file import SliceFile


def test_reads_and_writes_what_numpy_does(tmp_path):
    stack = np.random.default_rng(0).random((5, 3, 4), dtype=np.float32)
    np.save(tmp_path / "a.npy", stack)
    file = SliceFile(tmp_path / "a.npy", writable=True)
    assert (file.shape, file.dtype) == (stack.shape, stack.dtype)
    np.testing.assert_array_equal(file[[4, 0, 2]], stack[[4, 0, 2]])
    np.testing.assert_array_equal(file[3], stack[3])
    stack[[1, 4]] = stack[[0, 2]]
    file[[1, 4]] = stack[[0, 2]]
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), stack)


def test_a_single_slice(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(12.0).reshape(1, 3, 4))
    np.testing.assert_array_equal(SliceFile(tmp_path / "a.npy")[0], np.arange(12.0).reshape(3, 4))


def test_new_file_is_of_zeros_and_has_its_room(tmp_path):
    SliceFile.create(tmp_path / "new.npy", (6, 50, 40, 3), np.uint8)
    np.testing.assert_array_equal(np.load(tmp_path / "new.npy"), np.zeros((6, 50, 40, 3), np.uint8))
    if hasattr(os, "posix_fallocate"):
        assert (tmp_path / "new.npy").stat().st_blocks * 512 >= 6 * 50 * 40 * 3


def test_a_cut_file_is_an_error(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 40, 40)))
    file = SliceFile(tmp_path / "a.npy")
    os.truncate(tmp_path / "a.npy", 20_000)
    file[0]
    with pytest.raises(OSError, match="ends in slice 1"):
        file[1]


def test_results_can_stay_on_the_disk(pair, tmp_path):
    """The volumes are memory maps of files in the folder that was named, and outlive the worker."""
    with FusionWorker() as worker:
        *_, last = worker.run(pair, results=tmp_path)
        *_, in_memory = worker.run(pair)
    assert isinstance(last, Finished)
    for kind in ("gray", "color"):
        array, expected = getattr(last.result, kind).array, getattr(in_memory.result, kind).array
        assert isinstance(array, np.memmap)
        assert not isinstance(expected, np.memmap)
        np.testing.assert_array_equal(array, expected)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["color.npy", "gray.npy"]
