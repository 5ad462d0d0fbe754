"""`lcdfusion fetch ADDRESS`: list an archive's studies, or fetch one, by C-FIND and C-GET or DICOMweb."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from LCDFusionLib.errors import InputError, one_line
from LCDFusionLib.pacs import LinkError, TransferError, connect, fetch, parse_address

from .send import add_archive_options, security_of


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("fetch", help="list or fetch studies of an archive", description=__doc__)
    add_archive_options(parser)
    parser.add_argument("--patient", default="", metavar="ID", help="list the studies of this Patient ID")
    parser.add_argument("--date", default="", metavar="DATE", help="list the studies of this day, 20250314, or days, 20250301-20250314")
    parser.add_argument("--study", metavar="UID", help="fetch this study")
    parser.add_argument("--series", metavar="UID", help="of the study, fetch this series alone")
    parser.add_argument("-o", "--output", type=Path, help="folder to fetch to")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """List or fetch."""
    address = parse_address(options.address)
    if options.study and not options.output:
        raise InputError("Name the folder to fetch to with -o.")
    if not options.study and not (options.patient or options.date):
        raise InputError("Say what to look for with --patient or --date, or what to fetch with --study.")
    archive = connect(address, security=security_of(options), own_title=options.own_title, timeout=options.timeout)
    if not options.study:
        try:
            studies = archive.find_studies(options.patient, options.date)
        except LinkError as error:
            raise TransferError(f"The archive does not answer ({error}): check its address and that it knows this computer.") from error
        for study in studies:
            modalities = study.get("ModalitiesInStudy") or ""
            kinds = modalities if isinstance(modalities, str) else "/".join(modalities)
            texts = [str(study.get(keyword) or "") for keyword in ("StudyDate", "PatientID", "PatientName", "StudyDescription")]
            print(one_line("  ".join([*texts, kinds, str(study.get("StudyInstanceUID") or "")])))
        if not studies:
            print("no studies found")
        return
    with tqdm(unit="image", desc=f"fetching from {address.host}", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = fetch(archive, options.study, options.output, series=options.series, progress=progress, attempts=options.attempts)
    print(f"{report.images} images are in {report.folder} ({report.resumed} of them from an earlier run)")
