"""`lcdfusion studies FOLDER`: what patients, studies and series a folder holds, and which of them can be fused."""

from __future__ import annotations

import argparse
import json
import shlex
from itertools import groupby
from pathlib import Path
from typing import Any

from tqdm import tqdm

from LCDFusionLib.dicom import FolderContents, Series, SeriesPair, propose_pairs, scan_folder
from LCDFusionLib.errors import InputError, one_line

_MOST_PAIRS = 10  # in the table; JSON has all
_MOST_PROBLEMS = 5


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("studies", help="find the series in a folder, and the pairs that can be fused", description=__doc__)
    parser.add_argument("folder", type=Path, help="any folder with DICOM files, nested as it may be")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Search, then print the table or JSON."""
    with tqdm(unit="file", desc="reading headers", disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        contents = scan_folder(options.folder, progress=progress)
    if not contents.series:
        problem = f" ({contents.damaged[0]})" if contents.damaged else ""
        raise InputError(f"The folder '{options.folder}' holds no DICOM images{problem}: give the folder of a study, a CD or an export.")
    pairs = propose_pairs(contents.series)
    if options.json:
        print(json.dumps(_as_json(options.folder, contents, pairs), indent=2, ensure_ascii=False))
    else:
        _print_table(options.folder, contents, pairs)


def fuse_command(folder: Path, contents: FolderContents, pair: SeriesPair) -> str:
    """The command line that fuses this pair; where the two do not seem to belong together, it asks for the confirmation."""
    parts = ["lcdfusion", "fuse", str(folder), str(folder)]
    for role, series in (("anatomy", pair.anatomy), ("function", pair.function)):
        parts += [f"--{role}-series", _choice(contents, series)]
    if pair.needs_registration:
        parts.append("--register")
    return shlex.join([*parts, "-o", "RESULT"])


def _choice(contents: FolderContents, series: Series) -> str:
    """The number where it names this series alone, else the UID."""
    named = [s for s in contents.series if s.is_volume and series.key in (s.key, *s.aliases)]
    return series.key if len(named) == 1 else series.uid_key


def _print_table(folder: Path, contents: FolderContents, pairs: list[SeriesPair]) -> None:
    frames: dict[str, str] = {}
    for _, studies in groupby(contents.series, key=lambda s: (s.patient_id, s.patient_name)):
        for number, (_, group) in enumerate(groupby(studies, key=lambda s: s.study_uid)):
            series = list(group)
            if number == 0:
                print(f"Patient {series[0].patient_name or '(no name)'}, ID {series[0].patient_id or '(none)'}")
            print(f"  Study {_day(series[0].study_date)} {series[0].study_description}".rstrip())
            print(f"    {'series':>6}  {'kind':4} {'images':>6} {'apart':>8}  frame  description")
            for one in series:
                frame = frames.setdefault(one.frame_of_reference, _letter(len(frames))) if one.frame_of_reference else "-"
                apart = f"{one.slice_spacing:.3g} mm" if one.slice_spacing else ""
                description = one.name if one.part else one.description
                kind = "  (cannot be read, see below)" if one.refusal else "" if one.is_volume else f"  ({one.no_volume})"
                kind = "  (made by LCDFusion)" if one.is_fused else kind
                number_text = "-" if one.number is None else one.key
                print(f"    {number_text:>6}  {one.modality:4} {len(one.images):>6} {apart:>8}  {frame:5}  {description}{kind}")
    print()
    if not pairs:
        print("No pair of a CT or MR and a PET or SPECT of one patient is among them.")
    for rank, pair in enumerate(pairs[:_MOST_PAIRS], start=1):
        print(f"{rank:>2}. {pair.anatomy.modality} '{pair.anatomy.name}' + {pair.function.modality} '{pair.function.name}'")
        print(f"    {'; '.join(pair.reasons)}")
        for caution in pair.cautions:
            print(f"    ! {caution}")
        print(f"    {fuse_command(folder, contents, pair)}")
    if len(pairs) > _MOST_PAIRS:
        print(f"... and {len(pairs) - _MOST_PAIRS} more pairs (--json lists them).")
    for line in _problems(contents):
        print(f"note: {line}")


def _problems(contents: FolderContents) -> list[str]:
    sentences = list(dict.fromkeys((*contents.damaged, *(one.refusal for one in contents.series if one.refusal))))
    lines = sentences[:_MOST_PROBLEMS]
    if len(sentences) > _MOST_PROBLEMS:
        lines.append(f"{len(sentences) - _MOST_PROBLEMS} more files or series cannot be read.")
    lines += [note for one in contents.series for note in one.notes][:_MOST_PROBLEMS]
    if contents.missing:
        example = one_line(str(contents.missing[0]))
        lines.append(f"A DICOMDIR names {len(contents.missing)} files that are not there, such as '{example}': copy them too.")
    if contents.copies:
        lines.append(f"{contents.copies} files are copies of images that are there already; each image counts once.")
    if contents.other_files:
        lines.append(f"{contents.other_files} other files were passed over.")
    return lines


def _as_json(folder: Path, contents: FolderContents, pairs: list[SeriesPair]) -> dict[str, Any]:
    return {
        "folder": str(folder.absolute()),
        "series": [_series(one) for one in contents.series],
        "pairs": [
            {
                "anatomy": pair.anatomy.uid,
                "function": pair.function.uid,
                "reasons": pair.reasons,
                "cautions": pair.cautions,
                "needs_registration": pair.needs_registration,
                "mismatches": pair.mismatches,
                "command": fuse_command(folder, contents, pair),
            }
            for pair in pairs
        ],
        "damaged": contents.damaged,
        "missing": [str(path) for path in contents.missing],
        "copies": contents.copies,
        "other_files": contents.other_files,
    }


def _series(series: Series) -> dict[str, Any]:
    names = (
        "uid",
        "part",
        "modality",
        "number",
        "description",
        "study_uid",
        "study_date",
        "study_description",
        "patient_id",
        "patient_name",
    )
    return {
        **{name: getattr(series, name) for name in names},
        "frame_of_reference": series.frame_of_reference,
        "is_volume": series.is_volume,
        "no_volume": series.no_volume,
        "refusal": series.refusal,
        "without_suv": series.without_suv,
        "notes": series.notes,
        "is_fused": series.is_fused,
        "images": len(series.images),
        "slice_spacing_mm": series.slice_spacing,
        "folders": sorted({str(path.parent) for path in series.files}),
    }


def _day(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else date or "(no date)"


def _letter(index: int) -> str:
    return (chr(ord("A") + index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)
