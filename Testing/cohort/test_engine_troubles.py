"""What is wrong with the machine or the cluster, and not with a pair."""

import subprocess
import sys
from threading import Thread

import pytest
from distributed import Client

from LCDFusionLib.cohort import ClusterLostError, Engine, Job, run_jobs
from LCDFusionLib.cohort.task import fuse_job
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body
from Testing.pacs.conftest import wait_for_port
from Testing.ports import free_port

resource = pytest.importorskip("resource")


def test_no_room_is_none_of_the_pairs_faults(tmp_path):
    """No file may be larger than a few bytes, as on a full disk: raised, so that it is tried again, and no outcome is kept."""
    for modality in (Modality.CT, Modality.PET):
        write_volume(body(modality, slices=3, size=24), tmp_path / f"{modality.name}.nrrd")
    job = Job(anatomy=str(tmp_path / "CT.nrrd"), function=str(tmp_path / "PET.nrrd"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(InputError, match="make room"):
            fuse_job(job, {"confirm_mismatch": "place"}, str(tmp_path / "results"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "results").exists()


def test_a_lost_scheduler_is_one_sentence(tmp_path):
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    scheduler = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", *words], stderr=subprocess.DEVNULL)
    address = f"tcp://127.0.0.1:{port}"

    def kill_it_at_work():
        with Client(address) as other:
            while not other.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
                pass
        scheduler.kill()  # after the other client, which would look for it

    killer = Thread(target=kill_it_at_work)
    try:
        wait_for_port(port)
        with Engine(scheduler=address).client() as client:
            killer.start()
            with pytest.raises(ClusterLostError, match=f"'{address}' broke: see that it runs"):
                run_jobs([(Job(anatomy="ct", function="pet"), {})], tmp_path, client)
        killer.join()
    finally:
        scheduler.kill()
        scheduler.wait()
