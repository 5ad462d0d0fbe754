"""Many small pairs on one and on two workers, by turns: what two bring, and what the engine itself costs a pair.

    python -m Testing.load.batch --pairs 200 --turns 4

Wall time says little on a machine that others use, so processor time is counted too: that of this process by itself, which is the engine
(Dask's scheduler and client).
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from LCDFusionLib.cli.fusion_words import arguments_of
from LCDFusionLib.cohort import Engine, plan_folder, run_jobs
from LCDFusionLib.dicom.instance import new_uid
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import PATIENT, STUDY, body, write_series
from Testing.plain_weights import write_plain_weights


def write_studies(folder, count, *, size, slices):
    for number in range(count):
        patient = replace(PATIENT, id=f"P{number:04}", name=f"P{number:04}^Test")
        study, frame = replace(STUDY, uid=str(new_uid())), str(new_uid())
        for modality in (Modality.CT, Modality.PET):
            volume = replace(body(modality, slices=slices, size=size), frame_of_reference=frame)
            write_series(folder / patient.id / modality.value, volume, patient=patient, study=study)


def run(jobs, folder, workers):
    """(seconds, seconds within the tasks, processor seconds of this process) a pair; the workers are warm."""
    with Engine(workers).client() as client:
        run_jobs([(replace(job, options=f"{job.options} "), arguments_of(job.options)) for job in jobs[:workers]], folder / "warm", client)
        started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        outcomes = run_jobs([(job, arguments_of(job.options)) for job in jobs], folder / f"w{workers}", client)
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    assert {outcome.status for outcome in outcomes} == {"fused"}, outcomes
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds / len(jobs), sum(outcome.seconds for outcome in outcomes) / len(jobs), own / len(jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--turns", type=int, default=4, help="blocks, each fused by one worker and then by two")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--slices", type=int, default=3)
    parser.add_argument("--weights", default="plain", help="or those of `lcdfusion fuse`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        studies = Path(place) / "studies"
        write_studies(studies, options.pairs, size=options.size, slices=options.slices)
        weights = write_plain_weights(Path(place) / "plain.pt") if options.weights == "plain" else options.weights
        jobs, _ = plan_folder(studies, options=f"--weights {weights}")
        assert all(job.is_wanted for job in jobs)
        found = {1: [], 2: []}
        for turn in range(options.turns):
            block = jobs[turn :: options.turns]
            for workers in (1, 2) if turn % 2 == 0 else (2, 1):
                row = run(block, Path(place) / f"turn{turn}", workers)
                found[workers].append((len(block), row))
                between = row[0] * workers - row[1]
                print(
                    f"turn {turn}, {workers} workers, {len(block)} pairs: {row[0]:.3f} s a pair, {row[1]:.3f} s within the task, "
                    f"{between:.3f} s a worker between tasks, {row[2] * 1000:.1f} ms of processor in the engine, "
                    f"load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
        one, two = (statistics.median(row[0] for _, row in found[workers]) for workers in (1, 2))
        print(f"median: {one:.3f} and {two:.3f} s a pair: {one / two:.2f} times as fast with two workers")


if __name__ == "__main__":
    main()
