"""Ten thousand studies on 64 workers that only sleep: what the engine itself takes, and where its first limit is.

    python -m Testing.load.cluster --studies 10000 --workers 64 --sleep 1.0 0.25

Scheduler, client and workers are three processes that speak over TCP, and each tells its processor time: that of the scheduler and of the
client is what a cluster has once, however many its machines; that of the workers is shared by 64 machines there. Wall time, and what of it
nobody slept, counts only on a machine that does nothing else.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
from distributed import Client, Worker

from LCDFusionLib.cohort import Job, Outcome, engine


def sleeping_job(job, arguments, results):
    """As long as a fusion; the outcome is written as a fusion's is."""
    time.sleep(arguments["seconds"])
    outcome = Outcome(job.key, "fused", seconds=arguments["seconds"])
    outcome.write(Path(results) / "outcomes")
    return outcome


async def work(address, count):
    """So many workers in this process, until the scheduler ends."""
    workers = [await Worker(address, nthreads=1, dashboard=False, local_directory=tempfile.gettempdir()) for _ in range(count)]
    await asyncio.gather(*(worker.finished() for worker in workers))


def processor_seconds(process):
    return sum(process.cpu_times()[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--sleep", type=float, nargs="+", default=[1.0])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(work(options.serve, options.workers))
        return
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:

        def start(*words):
            process = subprocess.Popen([sys.executable, "-m", *words], env={**os.environ, "DASK_LOGGING__DISTRIBUTED": "error"})
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return psutil.Process(process.pid)

        found = Path(place) / "scheduler.json"
        scheduler = start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(found)
        )
        client = stack.enter_context(Client(scheduler_file=str(found), timeout=120))
        workers = start("Testing.load.cluster", "--serve", client.scheduler.address, "--workers", str(options.workers))
        client.wait_for_workers(options.workers, timeout=300)
        parts = {"scheduler": scheduler, "client": psutil.Process(), "workers": workers}
        engine.fuse_job = sleeping_job
        for sleep in options.sleep:
            jobs = [(Job(patient_id=f"{n}", anatomy=f"ct{n}", function=f"pet{n}"), {"seconds": sleep}) for n in range(options.studies)]
            before, started = {name: processor_seconds(process) for name, process in parts.items()}, time.perf_counter()
            outcomes = engine.run_jobs(jobs, Path(place) / f"{sleep}", client)
            seconds = time.perf_counter() - started
            assert len(outcomes) == options.studies
            used = {name: 1000 * (processor_seconds(process) - before[name]) / options.studies for name, process in parts.items()}
            ideal = sleep * -(-options.studies // options.workers)
            memory = ", ".join(f"{name} {process.memory_info().rss / 1e6:.0f}" for name, process in parts.items())
            print(
                f"{options.studies} studies of {sleep:g} s on {options.workers} workers: {seconds:.1f} s, {ideal:.1f} s of them asleep "
                f"({1 - ideal / seconds:.0%} besides); ms of processor a study: "
                f"{', '.join(f'{name} {value:.2f}' for name, value in used.items())}; MB of memory: {memory}; "
                f"load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
