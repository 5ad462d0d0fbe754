"""Ten thousand studies on 64 workers that only sleep: what the engine itself takes, and where its first limit is.

    python -m Testing.load.cluster --studies 10000 --workers 64 --sleep 0.5

The workers live in this process, so that their part of Dask counts as the engine's; a cluster shares it out. Real pairs take tens of
seconds: the sleep is scaled down to see the engine at all.
"""

import argparse
import logging
import os
import resource
import tempfile
import time
from pathlib import Path

from distributed import Client, LocalCluster

from LCDFusionLib.cohort import Job, Outcome, engine


def sleeping_job(job, arguments, results):
    """As long as a fusion, scaled; the outcome is written as a fusion's is."""
    time.sleep(arguments["seconds"])
    outcome = Outcome(job.key, "fused", seconds=arguments["seconds"])
    outcome.write(Path(results) / "outcomes")
    return outcome


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--sleep", type=float, nargs="+", default=[0.5])
    options = parser.parse_args()
    engine.fuse_job = sleeping_job
    cluster = LocalCluster(
        n_workers=options.workers, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=logging.CRITICAL
    )
    with tempfile.TemporaryDirectory() as place, cluster, Client(cluster) as client:
        for sleep in options.sleep:
            jobs = [(Job(patient_id=f"{n}", anatomy=f"ct{n}", function=f"pet{n}"), {"seconds": sleep}) for n in range(options.studies)]
            before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            outcomes = engine.run_jobs(jobs, Path(place) / f"{sleep}", client)
            seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
            assert len(outcomes) == options.studies
            processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            ideal = sleep * -(-options.studies // options.workers)
            print(
                f"{options.studies} studies of {sleep:g} s on {options.workers} workers: {seconds:.1f} s, {ideal:.1f} s of them asleep "
                f"({1 - ideal / seconds:.0%} besides); {1000 * processor / options.studies:.2f} ms of processor a study, "
                f"most memory {after.ru_maxrss / 1e6:.2f} GB, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
