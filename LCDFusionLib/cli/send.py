"""`lcdfusion send FOLDER ADDRESS`: fused series to an archive (PACS), by C-STORE or DICOMweb."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tqdm import tqdm

from LCDFusionLib.errors import InputError
from LCDFusionLib.interrupts import held
from LCDFusionLib.pacs import Security, connect, parse_address, send

_DICOM = 128, b"DICM"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("send", help="send DICOM series to an archive", description=__doc__)
    parser.add_argument("folder", type=Path, help="a result of fuse, or any folder with DICOM files")
    add_archive_options(parser)
    parser.add_argument("--again", action="store_true", help="send what arrived before, too")
    parser.set_defaults(run=run)


def add_archive_options(parser: argparse.ArgumentParser) -> None:
    """Where the archive is, and how to speak with it."""
    parser.add_argument(
        "address", help="dicom://TITLE@HOST:PORT, dicoms:// with TLS, http(s)://... of a DICOMweb service, or orthanc(s)://HOST:8042"
    )
    add_link_options(parser)
    parser.add_argument("--attempts", type=int, default=4, help="with a new link each (default: %(default)s)")


def add_link_options(parser: argparse.ArgumentParser) -> None:
    """How to speak with an archive."""
    parser.add_argument("--own-title", default="LCDFUSION", help="AE title of this side (default: %(default)s)")
    parser.add_argument(
        "--authority", type=Path, metavar="PEM", help="certificates that the archive's is signed by (default: the system's)"
    )
    parser.add_argument("--certificate", type=Path, metavar="PEM", help="of this side, for archives that ask for one")
    parser.add_argument("--key", type=Path, metavar="PEM", help="of the certificate")
    parser.add_argument("--user", help="of DICOMweb or Orthanc; the password is read from LCDFUSION_PACS_PASSWORD")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds that an answer may take (default: %(default)s)")


def security_of(options: argparse.Namespace) -> Security:
    """From `add_archive_options`."""
    password = os.environ.get("LCDFUSION_PACS_PASSWORD")
    return Security(options.authority, options.certificate, options.key, options.user, password)


def run(options: argparse.Namespace) -> None:
    """Send, and say what arrived."""
    address = parse_address(options.address)
    files = dicom_files(options.folder)
    archive = connect(address, security=security_of(options), own_title=options.own_title, timeout=options.timeout)
    journal = options.folder.resolve().with_name(f"{options.folder.resolve().name}.sent.json")
    if options.again:
        journal.unlink(missing_ok=True)
    with tqdm(total=len(files), unit="image", desc=f"sending to {address.host}", disable=None) as bar:
        report = send(
            archive,
            files,
            journal=journal,
            destination=address.url,
            progress=lambda done, total: bar.update(done - bar.n),
            attempts=options.attempts,
        )
    with held():
        print(f"{len(report.arrived)} of {report.total} images are at {address.url}; kept in {journal}")


def dicom_files(folder: Path) -> list[Path]:
    """DICOM files below a folder, by their content; InputError where there are none."""
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}': give the result of a fusion.")
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as stream:
            stream.seek(_DICOM[0])
            if stream.read(4) == _DICOM[1]:
                found.append(path)
    if not found:
        raise InputError(f"The folder '{folder}' holds no DICOM files: give the result of a fusion that was written as DICOM.")
    return found
