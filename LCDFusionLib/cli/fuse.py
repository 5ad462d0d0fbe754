"""`lcdfusion fuse ANATOMY FUNCTION -o OUT`."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from LCDFusionLib import __version__
from LCDFusionLib.dicom import DICOM_RESULT, KINDS, Blend, Derivation, Mismatch, write_result
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import Finished, FusionPair, FusionResult, FusionSettings, FusionWorker, SliceFused, Started, prepare
from LCDFusionLib.fusion.metrics_csv import write_metrics_csv
from LCDFusionLib.images.color import COLOR_TABLES, DEFAULT_COLOR_TABLE
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.registration import Registration
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import PRESETS, Window
from LCDFusionLib.interrupts import held

from .inputs import Input, check_belonging, check_not_the_same, mismatch_kinds, read_anatomy, read_function
from .output_folder import check_target, whole_folder
from .overview import slices_to_show, write_overview
from .register import (
    REGISTRATION,
    deformed_input,
    find_deformation,
    find_registration,
    given_registration,
    moved_input,
    registration_facts,
    write_registration,
)
from .report import write_report

RESULT = (
    "fused_gray.nrrd",
    "fused_color.nrrd",
    *DICOM_RESULT,
    "metrics.csv",
    "overview.png",
    "report.json",
    *REGISTRATION,
)
"""What a result may hold."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("fuse", help="fuse an anatomy and a function volume", description=__doc__)
    parser.add_argument("anatomy", type=Path, help="CT or MR: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("function", type=Path, help="PET or SPECT: a DICOM folder, an NRRD or NIfTI file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything that is written")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    parser.add_argument("--window", help=f"of the anatomy: {', '.join(PRESETS)}, auto, or WIDTH/LEVEL")
    parser.add_argument("--function-max", type=float, metavar="VALUE", help="value shown as full uptake (default SUV 10)")
    parser.add_argument("--color-table", choices=list(COLOR_TABLES), default=DEFAULT_COLOR_TABLE, help="colours of the function")
    parser.add_argument("--weights", default="auto", help="ct-pet, mr-pet, or a .pt file (default: by the anatomy's modality)")
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto", help="where the network runs")
    parser.add_argument(
        "--precision", choices=("float32", "tf32", "float16"), default="float32", help="of convolutions on an NVIDIA GPU (%(default)s)"
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="slices at a time on a GPU (default: by its free memory)")
    parser.add_argument("--anatomy-series", metavar="SERIES", help="which series of the anatomy folder: number, description or UID")
    parser.add_argument("--function-series", metavar="SERIES", help="which series of the function folder")
    parser.add_argument("--anatomy-modality", choices=("CT", "MR"), help="of an anatomy file (default: told by its values)")
    parser.add_argument("--function-unit", choices=("SUVbw", "relative"), help="of a function file (default: what it says, else relative)")
    parser.add_argument("--relative", action="store_true", help="go on with relative intensities where a PET lacks what SUV needs")
    parser.add_argument("--dicom", action="store_true", help="write the DICOM series even if the anatomy is not DICOM")
    parser.add_argument(
        "--confirm-mismatch",
        metavar="WHAT",
        default="",
        help=f"fuse although the headers do not agree; WHAT names in what: {', '.join(KINDS)} (several with commas between)",
    )
    parser.add_argument("--deidentify", action="store_true", help="take the patient out of the DICOM series (PS3.15 basic profile)")
    align = parser.add_mutually_exclusive_group()
    align.add_argument("--register", action="store_true", help="move the function rigidly onto the anatomy first")
    align.add_argument("--transform", type=Path, metavar="FILE", help="move it by this transform (.tfm or .h5, from 3D Slicer or register)")
    parser.add_argument("--deformable", action="store_true", help="with --register: then bend it smoothly too, as breathing does")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Read both inputs, fuse them, write everything, say where it is."""
    settings = FusionSettings(
        window=_window(options.window),
        function_upper=options.function_max,
        weights=options.weights,
        device=options.device,
        precision=options.precision,
        batch_size=options.batch_size,
        color_table=options.color_table,
    )
    confirmed = mismatch_kinds(options.confirm_mismatch)
    if options.deformable and not options.register:
        raise InputError("--deformable goes with --register: it bends what was registered rigidly.")
    check_target(options.output, overwrite=options.overwrite, contents=RESULT)
    check_not_the_same(options.anatomy, options.function, series_chosen=bool(options.anatomy_series and options.function_series))
    with fusion_worker() as worker:
        _fuse_files(options, settings, confirmed, worker)


def _fuse_files(options: argparse.Namespace, settings: FusionSettings, confirmed: tuple[str, ...], worker: FusionWorker) -> None:
    times: dict[str, float] = {}
    with _timed("read", times):
        modality = Modality(options.anatomy_modality) if options.anatomy_modality else None
        unit = Unit(options.function_unit) if options.function_unit else None
        anatomy = read_anatomy(options.anatomy, series=options.anatomy_series, modality=modality)
        function = read_function(options.function, series=options.function_series, unit=unit, relative=options.relative)
    if options.dicom and not anatomy.volume.in_patient_space:
        raise InputError(
            f"'{anatomy.path}' is a picture that does not know where in the patient it lies, so it cannot become DICOM; omit --dicom."
        )
    mismatches, belonging = check_belonging(anatomy, function, confirmed)
    registration = None
    original = function
    if options.register or options.transform:
        with _timed("register", times):
            deformation = None
            if options.register:
                registration = find_registration(anatomy, function)
            else:
                registration, deformation = given_registration(options.transform, anatomy)
            function = moved_input(function, anatomy, registration)
            if options.deformable:
                deformation = find_deformation(anatomy, function)
            function = function if deformation is None else deformed_input(function, anatomy, deformation)
    notes = [*belonging, *anatomy.notes, *function.notes]
    fuse_to_folder(
        anatomy,
        function,
        settings,
        options.output,
        overwrite=options.overwrite,
        with_dicom=options.dicom or anatomy.source is not None,
        notes=notes,
        mismatches=mismatches,
        registration=registration,
        unregistered=original,
        deidentify=options.deidentify,
        times=times,
        worker=worker,
    )


@contextmanager
def fusion_worker() -> Iterator[FusionWorker]:
    """A worker whose process loads torch while the volumes are read."""
    worker = FusionWorker(cancel_patience=0)  # it ends with the command, so Ctrl-C need not wait for its answer
    try:
        with held():
            worker.start()
        yield worker
    finally:
        with held():
            worker.close()


def fuse_to_folder(
    anatomy: Input,
    function: Input,
    settings: FusionSettings,
    output: Path,
    *,
    worker: FusionWorker,
    overwrite: bool = False,
    with_dicom: bool = True,
    notes: Sequence[str] = (),
    mismatches: Sequence[Mismatch] = (),
    registration: Registration | None = None,
    unregistered: Input | None = None,
    deidentify: bool = False,
    times: dict[str, float] | None = None,
) -> FusionResult:
    """Fuse two volumes that were read and write the whole output folder.

    Args:
        anatomy: from `read_anatomy`.
        function: from `read_function`.
        settings: of the fusion.
        output: the folder.
        worker: that fuses; from `fusion_worker`.
        overwrite: replace an earlier result.
        with_dicom: write both DICOM series too.
        notes: what the user has to know of the inputs; they come first in the result's.
        mismatches: in what the inputs do not belong together, confirmed by the user; written into report and series.
        registration: how `function` was moved; its transform and a picture are written too.
        unregistered: the function as it lay before that.
        deidentify: take the patient out of the DICOM series (PS3.15 basic profile).
        times: seconds of the stages before; the others are added.
    """
    times = {} if times is None else times
    with _timed("prepare", times):
        pair = prepare(anatomy.volume, function.volume, settings, deformation=function.deformation)
    print(_what_will_happen(pair))
    bytes_needed = pair.anatomy01.size * (12 if with_dicom else 7) + 10_000_000
    with whole_folder(output, overwrite=overwrite, contents=RESULT, bytes_needed=bytes_needed) as folder:
        with _timed("fuse", times):
            result = _fuse(pair, worker)
        result = replace(result, notes=(*notes, *result.notes))
        with _timed("write", times), ThreadPoolExecutor() as beside:
            # Packing takes most of the time, and needs nothing of what Python does meanwhile.
            packed = [
                beside.submit(write_volume, volume, folder / f"fused_{name}.nrrd")
                for name, volume in (("gray", result.gray), ("color", result.color))
            ]
            numbers = anatomy.source.instance_numbers if anatomy.source else None
            write_metrics_csv(result, folder / "metrics.csv", image_numbers=numbers)
            title = f"{pair.anatomy.name} + {pair.function.name}    {_windows(pair)}    weights {result.weights_name}"
            if mismatches:
                title = f"CONFIRMED MISMATCH: {', '.join(mismatch.kind for mismatch in mismatches)}    {title}"
            shown = write_overview(pair, result, folder / "overview.png", title=title)
            if with_dicom:
                derivation = _derivation(
                    pair, result, mismatches, deformed_mm=function.deformation.most_mm if function.deformation else 0.0
                )
                blend = None if pair.function.is_color else Blend(pair.anatomy_window, pair.function_window, pair.settings.color_table)
                _, not_written = write_result(
                    folder,
                    result,
                    anatomy=anatomy.source,
                    function=function.source,
                    derivation=derivation,
                    key_slices=shown,
                    reason="Slices of the overview picture, the one with the hottest uptake among them.",
                    blend=blend,
                )
                if deidentify:
                    from LCDFusionLib.dicom.deidentify import deidentify_folder

                    deidentify_folder(folder)
                    not_written.append("The DICOM series are de-identified; report.json and the pictures still name the inputs.")
                result = replace(result, notes=(*result.notes, *not_written))
            if registration is not None and unregistered is not None:
                write_registration(folder, anatomy, unregistered, function, registration)
            for file in packed:
                file.result()
        moved = None if registration is None else registration_facts(registration, function.deformation)
        write_report(
            pair, result, folder, registration=moved, anatomy=anatomy, function=function, mismatches=mismatches, times=times, shown=shown
        )
    for mismatch in mismatches:
        print(f"MISMATCH, confirmed: {mismatch.text}")
    for note in result.notes:
        print(f"note: {note}")
    print(f"fused {len(result.metrics)} slices on {result.device} in {times['fuse']:.1f} s; look at {output / 'overview.png'}")
    return result


def _fuse(pair: FusionPair, worker: FusionWorker) -> FusionResult:
    """Run the worker with a progress bar (on a terminal); the slice with the most uptake first."""
    shown = slices_to_show(pair.function01)
    with tqdm(total=len(pair.anatomy01), unit="slice", desc="fusing", smoothing=0.1, disable=None) as progress:
        for event in worker.run(pair, first_slice=shown[len(shown) // 2]):
            if isinstance(event, Started):
                progress.set_description(f"fusing on {event.device}")
                progress.unpause()  # loading torch says nothing of the time that the slices take
            elif isinstance(event, SliceFused):
                progress.update(event.done - progress.n)
            elif isinstance(event, Finished):
                return event.result
    raise RuntimeError("the fusion ended without a result")


def _what_will_happen(pair: FusionPair) -> str:
    count, rows, columns = pair.anatomy.shape
    return f"{_windows(pair)}, {count} slices of {columns}x{rows}, overlap {pair.overlap:.0%}, weights {Path(pair.weights).stem}"


def _windows(pair: FusionPair) -> str:
    window, uptake = pair.anatomy_window, pair.function_window
    anatomy = f"{pair.anatomy.modality.value} window {window.width:g}/{window.level:g}"
    return f"{anatomy}, {pair.function.modality.value} {pair.function.unit.value} {uptake.lower:g}-{uptake.upper:g}"


def _derivation(pair: FusionPair, result: FusionResult, mismatches: Sequence[Mismatch], *, deformed_mm: float) -> Derivation:
    return Derivation(
        version=__version__,
        weights=result.weights_name,
        weights_sha256=result.weights_sha256,
        anatomy_window=f"{pair.anatomy_window.width:g}/{pair.anatomy_window.level:g} {pair.anatomy.unit.value}",
        function_range=f"{pair.function_window.lower:g} to {pair.function_window.upper:g} {pair.function.unit.value}",
        warnings=result.notes,
        confirmed_mismatches=tuple(mismatch.text for mismatch in mismatches),
        deformed_mm=deformed_mm,
    )


def _window(text: str | None) -> str | Window | None:
    if text is None or text == "auto" or text in PRESETS:
        return text
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)/(-?\d+(?:\.\d+)?)", text):
        return Window(width=float(match[1]), level=float(match[2]))
    raise InputError(f"There is no window '{text}'; choose one of {', '.join(PRESETS)}, auto, or WIDTH/LEVEL such as 350/40.")


@contextmanager
def _timed(stage: str, times: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[stage] = time.perf_counter() - started
