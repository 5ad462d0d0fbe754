"""What will be fused, what came of it, and the folder that holds all of it."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from LCDFusionLib import __version__
from LCDFusionLib.dicom import DICOM_RESULT, Blend, Derivation, Mismatch, check_plane, write_result
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionPair, FusionResult
from LCDFusionLib.fusion.metrics_csv import write_metrics_csv
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.registration import Registration
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.interrupts import check_interrupted, held
from LCDFusionLib.notes import without_names

from .alignment import ALIGNMENT, alignment_facts, write_alignment
from .inputs import Input
from .output_folder import check_place, check_target, whole_folder
from .overview import write_overview
from .report import write_report

_LOG = logging.getLogger(__name__)

RESULT = ("fused_gray.nrrd", "fused_color.nrrd", *DICOM_RESULT, "metrics.csv", "overview.png", "report.json", *ALIGNMENT)
"""What a result's folder may hold."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Both inputs, read, checked and aligned: what the network will fuse.

    Attributes:
        pair: on the anatomy's grid.
        anatomy: as read.
        function: as read, and moved where that was asked for.
        unaligned: the function where it lay before.
        notes: what is to be known of the inputs, in sentences.
        mismatches: in what they do not belong together, confirmed by the caller.
        registration: how the function was moved; None where it was not.
        seconds: of each stage so far.
    """

    pair: FusionPair
    anatomy: Input
    function: Input
    unaligned: Input
    notes: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]
    registration: Registration | None
    seconds: dict[str, float]

    @property
    def windows(self) -> str:
        """Such as "CT window 350/40, PT SUVbw 0-10"."""
        pair, window, uptake = self.pair, self.pair.anatomy_window, self.pair.function_window
        anatomy = f"{pair.anatomy.modality.value} window {window.width:g}/{window.level:g}"
        return f"{anatomy}, {pair.function.modality.value} {pair.function.unit.value} {uptake.lower:g}-{uptake.upper:g}"

    @property
    def line(self) -> str:
        """What will be done: windows, slices, overlap and weights."""
        count, rows, columns = self.pair.anatomy.shape
        overlap = "" if self.pair.overlap is None else f"overlap {self.pair.overlap:.0%}, "
        what = f"{count} slices of {columns}x{rows}, {overlap}weights {Path(self.pair.weights).stem}"
        return f"{self.windows}, {what}"

    def bytes_needed(self, *, dicom: bool) -> int:
        """Rough size of the result's folder."""
        return self.pair.anatomy.array.size * (12 if dicom else 7) + 10_000_000

    def check_output(self, folder: str | os.PathLike[str], *, overwrite: bool = False, dicom: bool | None = None) -> None:
        """Before the work: that `Result.write`, called with the same, will find a place that can be written and has room.

        Raises:
            InputError: it will not.
        """
        check_target(Path(folder), overwrite=overwrite, contents=RESULT)
        check_place(Path(folder), self.bytes_needed(dicom=self.with_dicom(dicom)))

    def with_dicom(self, wanted: bool | None) -> bool:
        """Whether the DICOM series are written: where they are wanted, else (None) where the anatomy came as DICOM.

        Raises:
            InputError: they are wanted of an anatomy that cannot become DICOM: sheared, or it does not say where in the patient it lies.
        """
        is_written = self.anatomy.source is not None if wanted is None else wanted
        if is_written:
            try:
                check_plane(self.anatomy.volume, may_be_tilted=self.anatomy.source is not None)
            except InputError as error:
                raise InputError(f"{str(error).removesuffix('.')}; or omit --dicom.") from error
        return is_written


@dataclass(frozen=True, eq=False)
class Result:
    """A fused pair.

    Attributes:
        fused: all that the network gave, with the notes of the inputs before its own.
        prepared: what it was made of.
    """

    fused: FusionResult
    prepared: Prepared

    @property
    def gray(self) -> Volume:
        """Fused luminance on the anatomy's grid, float32 (K, J, I) in [0, 1]; neither HU nor SUV."""
        return self.fused.gray

    @property
    def color(self) -> Volume:
        """The same in the function's colours, uint8 (K, J, I, 3)."""
        return self.fused.color

    @property
    def metrics(self) -> list[dict[str, float]]:
        """Row k is of slice k; the names are those of `LCDFusionLib.metrics`, NaN is undefined."""
        return self.fused.metrics

    @property
    def blend_metrics(self) -> list[dict[str, float]]:
        """The same of the 50/50 average of both images, to compare with."""
        return self.fused.blend_metrics

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known before the picture is trusted, in sentences."""
        return self.fused.notes

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """In what the inputs do not belong together, as the caller confirmed."""
        return self.prepared.mismatches

    def write(
        self, folder: str | os.PathLike[str], *, overwrite: bool = False, dicom: bool | None = None, deidentify: bool = False
    ) -> tuple[str, ...]:
        """Write everything into a folder, which appears whole or not at all.

        Args:
            folder: new or empty.
            overwrite: replace an earlier result, and nothing else.
            dicom: write the DICOM objects; None: where the anatomy came as DICOM.
            deidentify: take the patient out of everything: of the DICOM objects by the basic profile of PS3.15, of all else by leaving out
                what the inputs are called, where they lay, and what their headers say.

        Returns:
            What could not be written, in sentences.

        Raises:
            InputError: the folder holds something else, or cannot be written.
        """
        dicom = self.prepared.with_dicom(dicom)
        needed = self.prepared.bytes_needed(dicom=dicom)
        with whole_folder(Path(folder), overwrite=overwrite, contents=RESULT, bytes_needed=needed) as place:
            return self._fill(place, dicom=dicom, deidentify=deidentify)

    def _fill(self, folder: Path, *, dicom: bool, deidentify: bool) -> tuple[str, ...]:
        started = time.perf_counter()
        prepared, pair, anatomy = self.prepared, self.prepared.pair, self.prepared.anatomy
        not_written: list[str] = []
        # Libraries that call back into Python would lose a signal in the middle; it is obeyed between two files.
        with held(), ThreadPoolExecutor() as beside:
            # Packing takes most of the time, and needs nothing of what Python does meanwhile.
            packed = [
                beside.submit(write_volume, volume.without_names() if deidentify else volume, folder / f"fused_{name}.nrrd")
                for name, volume in (("gray", self.gray), ("color", self.color))
            ]
            numbers = anatomy.source.instance_numbers if anatomy.source else None
            write_metrics_csv(self.fused, folder / "metrics.csv", image_numbers=numbers)
            check_interrupted()
            shown = write_overview(pair, self.fused, folder / "overview.png", title=self._title(deidentify))
            check_interrupted()
            if dicom:
                not_written += self._write_dicom(folder, shown, deidentify=deidentify)
            if prepared.registration is not None:
                write_alignment(
                    folder, anatomy, prepared.unaligned, prepared.function, prepared.registration, title=self._names(deidentify)
                )
            for file in packed:
                file.result()
        _LOG.info("write: %.2f s", time.perf_counter() - started)
        facts = None
        if prepared.registration is not None:
            facts = alignment_facts(prepared.registration, prepared.function.deformation)
        write_report(
            pair,
            self.fused,
            folder,
            notes=without_names([*self.notes, *not_written]) if deidentify else (*self.notes, *not_written),
            registration=facts,
            anatomy=anatomy,
            function=prepared.function,
            mismatches=prepared.mismatches,
            seconds=prepared.seconds | {"write": time.perf_counter() - started},
            shown=shown,
            deidentified=deidentify,
        )
        return tuple(not_written)

    def _names(self, deidentify: bool) -> str:
        pair = self.prepared.pair
        return " + ".join(volume.modality.value if deidentify else volume.name for volume in (pair.anatomy, pair.function))

    def _title(self, deidentify: bool) -> str:
        title = f"{self._names(deidentify)}    {self.prepared.windows}    weights {self.fused.weights_name}"
        if not self.mismatches:
            return title
        return f"CONFIRMED MISMATCH: {', '.join(mismatch.kind for mismatch in self.mismatches)}    {title}"

    def _write_dicom(self, folder: Path, key_slices: list[int], *, deidentify: bool) -> list[str]:
        """What could not be written."""
        pair, function = self.prepared.pair, self.prepared.function
        derivation = Derivation(
            version=__version__,
            weights=self.fused.weights_name,
            weights_sha256=self.fused.weights_sha256,
            anatomy_window=pair.anatomy_window_in_words,
            function_range=pair.function_range_in_words,
            warnings=self.notes,
            confirmed_mismatches=tuple(mismatch.text for mismatch in self.mismatches),
            deformed_mm=function.deformation.most_mm if function.deformation else 0.0,
        )
        _, not_written = write_result(
            folder,
            self.fused,
            anatomy=self.prepared.anatomy.source,
            function=function.source,
            derivation=derivation,
            key_slices=key_slices,
            reason="Slices of the overview picture, the one with the hottest uptake among them.",
            blend=None if pair.function.is_color else Blend(pair.anatomy_window, pair.function_window, pair.settings.color_table),
            deidentify=deidentify,
        )
        return not_written
