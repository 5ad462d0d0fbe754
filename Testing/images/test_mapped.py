"""A volume in a file, read a slice at a time."""

import sys
from pathlib import Path

import numpy as np
import pytest

from LCDFusionLib.images.mapped import slices_of


def test_of_any_array():
    array = np.arange(24).reshape(2, 3, 4)
    assert [slice_.tolist() for slice_ in slices_of(array)] == array.tolist()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what of a file a process holds")
def test_what_was_read_of_a_file_is_let_go_of(tmp_path):
    def held_mebibytes():
        status = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("RssFile")) / 1024

    np.save(tmp_path / "volume.npy", np.full((32, 512, 512), 7, np.float32))  # 32 MiB
    volume = np.load(tmp_path / "volume.npy", mmap_mode="r")
    before, most = held_mebibytes(), 0.0
    for slice_ in slices_of(volume):
        assert slice_.sum() == 7 * 512 * 512
        most = max(most, held_mebibytes())
    assert most - before < 8
    assert (volume[3] == 7).all(), "it can be read again"
