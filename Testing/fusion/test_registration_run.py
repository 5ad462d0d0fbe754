"""A registration in a process of its own (`registration_worker`) gives what it gives here."""

import os
import signal
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.process import WorkerDied
from LCDFusionLib.fusion.registration_client import RegistrationRun
from LCDFusionLib.images.registration import Registration, register
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

SIZE = 20


@pytest.fixture(scope="module")
def volumes():
    """(moving, fixed): three blobs as PET and as MR, 6 mm apart; of the MR, a corner was not measured."""
    k, j, i = np.mgrid[:SIZE, :SIZE, :SIZE]
    blobs = sum(
        h * np.exp(-((i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2) / 9) for h, x, y, z in ((9, 8, 9, 8), (5, 13, 11, 9), (7, 9, 7, 13))
    )
    grid = geometry_matrix(np.full(3, 4.0), np.eye(3), np.full(3, -38.0))
    fixed = Volume((100 * np.sqrt(blobs)).astype(np.float32), grid, Modality.MR, Unit.RELATIVE, "head", padding=(i + j + k) < 6)
    place = grid.copy()
    place[0, 3] += 6
    return Volume(blobs.astype(np.float32), place, Modality.PET, Unit.SUVBW, "PET"), fixed


def finished(run):
    """The result, and the parts that were done on the way."""
    parts, give_up = [], time.monotonic() + 120
    while (found := run.poll()) is None:
        assert time.monotonic() < give_up
        parts.append(run.part)
        time.sleep(0.005)
    return found, parts


def test_it_is_the_registration(volumes):
    run = RegistrationRun(*volumes)
    try:
        found, parts = finished(run)
    finally:
        run.close()
    expected = register(*volumes)
    assert isinstance(found, Registration)
    assert found.matrix[0, 3] == pytest.approx(-6, abs=1)
    np.testing.assert_allclose(found.matrix, expected.matrix, atol=1e-9)  # threads add up in any order
    assert asdict(found) | {"matrix": 0} == pytest.approx(asdict(expected) | {"matrix": 0}, rel=1e-6, abs=1e-9)
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert 0.5 < parts[-1] <= 1
    assert run.seconds_left >= 0


def test_what_cannot_be_registered_is_said_in_its_own_words(volumes):
    moving, fixed = volumes
    thin = replace(moving, array=moving.array[:2])
    run = RegistrationRun(thin, fixed)
    try:
        with pytest.raises(InputError) as caught:
            finished(run)
    finally:
        run.close()
    with pytest.raises(InputError) as here:
        register(thin, fixed)
    assert str(caught.value) == str(here.value)


def test_what_fails_in_the_process_is_no_fault_of_the_input(volumes):
    """Voxels that are no numbers to the machine are a mistake of the host."""
    moving, fixed = volumes
    run = RegistrationRun(replace(moving, array=moving.array.astype(object)), fixed)
    try:
        with pytest.raises(RuntimeError, match=r"^The registration failed \(\w+Error: [^\n]+\)\.$"):
            finished(run)
    finally:
        run.close()


def test_a_process_that_is_killed_is_an_error_and_one_that_is_closed_is_gone(volumes):
    run = RegistrationRun(*volumes)
    os.kill(run.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied, match=r"The registration process ended unexpectedly .*run the registration again"):
        finished(run)
    folder = run._process.folder
    run.close()
    assert not folder.exists()


def test_an_interpreter_that_is_not_there(volumes, tmp_path):
    with pytest.raises(InputError, match=f"cannot be started with '{tmp_path / 'python'}'"):
        RegistrationRun(*volumes, python=tmp_path / "python")
