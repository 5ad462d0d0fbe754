"""Output folders that cannot be written: one sentence, nothing half-written, nothing that was there touched."""

import os
import resource
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body


@pytest.fixture
def disk(tmp_path):
    """Mount a small disk: disk(options of tmpfs)."""
    mounted = []

    def mount(options):
        point = tmp_path / "disk"
        point.mkdir()
        can_mount = shutil.which("mount") and os.geteuid() == 0
        if not can_mount or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(point)], capture_output=True).returncode:
            pytest.skip("small disks cannot be mounted here (that needs root)")
        mounted.append(point)
        return point

    yield mount
    for point in mounted:
        subprocess.run(["umount", str(point)], check=True)


def test_output_that_is_a_file_or_below_one(place, study):
    place.out.write_text("mine")
    assert "is a file; give a folder" in place.refuse(study / "CT", study / "PT", "--overwrite")
    place.out = place.out / "below"
    assert "is a file" in place.refuse(study / "CT", study / "PT")


def test_output_where_nothing_can_be_made(place, study):
    for out in ("/proc/fused", place.folder / ("x" * 300)):
        place.out = out
        assert "cannot be written" in place.refuse(study / "CT", study / "PT")


def test_output_in_a_circle_of_links(place, study):
    place.out.symlink_to(place.folder / "round")
    (place.folder / "round").symlink_to(place.out)
    assert "cannot be written" in place.refuse(study / "CT", study / "PT")


def test_write_protected_disk(place, study, disk):
    place.out = disk("size=1m,ro") / "fused"
    assert "write-protected" in place.refuse(study / "CT", study / "PT")


def test_disk_without_room(place, study, disk):
    place.out = disk("size=4m") / "new" / "fused"
    assert "MB are needed, 4 MB are free" in place.refuse(study / "CT", study / "PT")
    assert not list(place.out.parents[1].iterdir())


@pytest.mark.parametrize("number_of_files", [6, 9, 16])
def test_disk_that_becomes_full(place, study, disk, weights, number_of_files):
    """There is room enough, but no more files can be made: the same error as a full disk gives in the middle of the work."""
    place.out = disk(f"size=64m,nr_inodes={number_of_files}") / "fused"
    sentence = place.refuse(study / "CT", study / "PT", "--weights", weights)
    assert "fused" in sentence
    assert "room" in sentence
    assert ".part" not in sentence
    assert not list(place.out.parent.iterdir())


def test_file_that_may_not_grow(place, study, weights):
    """The overview is the largest file of this small study."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    assert "is full" in place.refuse(study / "CT", study / "PT", "--weights", weights, preexec_fn=limit)


def test_no_room_for_temporary_files(place, study, tmp_path, disk):
    full = disk("size=64k")
    place.environment["TMPDIR"] = str(full)
    assert "set TMPDIR" in place.refuse(study / "CT", study / "PT")
    write_volume(body(Modality.PET), tmp_path / "pet.nrrd")
    write_volume(replace(body(Modality.CT), array=np.random.default_rng(1).normal(size=(6, 48, 48))), tmp_path / "ct.nii.gz")
    sentence = place.refuse(tmp_path / "ct.nii.gz", tmp_path / "pet.nrrd")
    assert "TMPDIR" in sentence
    assert not list(full.iterdir())


def test_folder_that_holds_other_things_is_never_replaced(place, study):
    """Not even with --overwrite: a slip of the pen must not delete a patient's images."""
    shutil.copytree(study / "CT", place.folder / "CT")
    place.out = place.folder / "CT"
    for options in ((), ("--overwrite",)):
        assert "holds other things ('0001.dcm')" in place.refuse(place.folder / "CT", study / "PT", *options)
    place.out = place.folder
    assert "the one that you are in" in place.refuse(study / "CT", study / "PT", "--overwrite")
    place.out = "."
    assert "the one that you are in" in place.refuse(study / "CT", study / "PT")
