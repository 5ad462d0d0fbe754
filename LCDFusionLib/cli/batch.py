"""`lcdfusion batch SOURCE -o RESULTS`: a folder of many studies, a table or an archive's studies, fused unattended."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from LCDFusionLib.atomic import heal
from LCDFusionLib.errors import InputError

from .extras import extra
from .fuse import add_fusion_options
from .fusion_words import arguments_of, confirmed_kinds, words_of

PLAN, PLAN_PAGE = "plan.csv", "plan.html"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("batch", help="fuse many studies unattended", description=__doc__)
    parser.add_argument("source", help="a folder with studies, a table (CSV), or the address of an archive (see `lcdfusion fetch`)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results; what is whole there stays")
    parser.add_argument("--plan", action="store_true", help="only plan: plan.csv and plan.html, to look at and to change")
    parser.add_argument("--workers", type=int, metavar="N", help="at a time on this machine (default: by GPUs, cores and memory)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask scheduler, such as tcp://node1:8786")
    parser.add_argument("--retries", type=int, default=2, metavar="N", help="after a process died (%(default)s)")
    parser.add_argument("--again", action="store_true", help="fuse what is whole once more, too")
    parser.add_argument("--patient", default="", metavar="ID", help="of an archive: the studies of this Patient ID")
    parser.add_argument("--date", default="", metavar="DATE", help="of an archive: the studies of these days, 20250301-20250314")
    add_fusion_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Plan, fuse, sum up."""
    with extra("batch"):
        from LCDFusionLib.cohort import Engine, Outcome, run_jobs, write_summary
        from LCDFusionLib.cohort.task import kept
    words = words_of(options)
    jobs = _plan(options, words)
    if options.plan:
        return
    ready, outcomes = [], {}
    for job in jobs:
        whole = None if options.again or not job.is_wanted else kept(job, options.output)
        if not job.is_wanted:
            outcomes[job.key] = Outcome(job.key, "left out", job.why)
        elif whole is not None:
            outcomes[job.key] = replace(whole, status="kept")
        else:
            try:
                ready.append((job, arguments_of(job.options)))
            except InputError as error:
                outcomes[job.key] = Outcome(job.key, "failed", str(error))
    if ready:
        failed = 0
        try:
            with Engine(options.workers, options.scheduler, options.retries).client() as client:
                print(f"{len(ready)} pairs on {len(client.scheduler_info()['workers'])} workers; watch them at {client.dashboard_link}")
                with tqdm(total=len(ready), unit="pair", desc="fusing", smoothing=0.05, disable=None) as bar:

                    def done(outcome: Outcome) -> None:
                        nonlocal failed
                        failed += outcome.status == "failed"
                        bar.set_postfix({"failed": failed} if failed else {}, refresh=False)
                        bar.update()

                    for outcome in run_jobs(ready, options.output, client, retries=options.retries, done=done):
                        outcomes[outcome.key] = outcome
        finally:
            heal(options.output / "any")  # workers that were ended leave parts of folders
    line = write_summary(jobs, [outcomes[job.key] for job in jobs], options.output)
    print(f"{line}; look at {options.output / 'index.html'}")


def _plan(options: argparse.Namespace, words: str) -> list[Any]:
    """The jobs; a plan of a folder is written beside the results, for a person to look at."""
    from LCDFusionLib.cohort import plan_folder, read_jobs, write_jobs, write_plan_page

    source = options.source
    series = {}
    if "://" in source:
        source = _fetch(options)
    if Path(source).is_dir():
        with tqdm(unit="file", desc="reading headers", disable=None) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            rules: dict[str, Any] = {"relative": options.relative, "confirmed": confirmed_kinds(options)}
            jobs, contents = plan_folder(Path(source), options=words, progress=progress, **rules)
        series = {one.uid_key: one for one in contents.series}
    elif Path(source).is_file():
        jobs = [replace(job, options=f"{words} {job.options}".strip()) for job in read_jobs(Path(source))]
    else:
        raise InputError(f"There is no '{source}': give a folder with studies, a table (CSV), or the address of an archive.")
    if not jobs:
        raise InputError(f"'{source}' holds no study: give a folder with DICOM studies, or a table with at least one row.")
    _make_folder(options.output)
    if series or options.plan:
        write_jobs(jobs, options.output / PLAN)
        write_plan_page(jobs, options.output / PLAN_PAGE, table=options.output / PLAN, series=series)
        wanted = sum(job.is_wanted for job in jobs)
        print(f"{wanted} of {len(jobs)} studies can be fused; the plan is {options.output / PLAN_PAGE}")
    return jobs


def _fetch(options: argparse.Namespace) -> Path:
    """The studies that the archive names, beside the results; what is there already stays."""
    from LCDFusionLib.pacs import connect, fetch, parse_address

    if not (options.patient or options.date):
        raise InputError("Say which studies of the archive are meant with --patient or --date.")
    archive = connect(parse_address(options.source))
    studies = [str(study.get("StudyInstanceUID") or "") for study in archive.find_studies(options.patient, options.date)]
    place = options.output / "studies"
    for study in tqdm(list(filter(None, studies)), unit="study", desc="fetching", disable=None):
        if not (place / study).exists():
            fetch(archive, study, place / study)
    if not studies:
        raise InputError(f"The archive '{options.source}' has no study of that patient and those days: ask for others.")
    return place


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The output folder '{folder}' cannot be made ({error.strerror}): choose another with -o.") from error
