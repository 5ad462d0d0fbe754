"""A result in a scene to files: DICOM series, NRRD, NIfTI, the metrics as CSV."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.dicom import Derivation, SeriesSource, write_result
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionResult
from LCDFusionLib.fusion.metrics_csv import write_metrics_csv
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_source, no_file
from LCDFusionLib.mrml.nodes import volume_from_node
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.notes import without_names


@dataclass(frozen=True, eq=False)
class Export:
    """One result, ready to be written; made anew for each export, so that what is written is what is in the scene.

    Example:
        >>> export = Export.of(result, find_file=slicer.dicomDatabase.fileForInstance)
        >>> export.dicom("fused")
    """

    result: ResultNodes
    fused: FusionResult
    anatomy: SeriesSource | None
    function: SeriesSource | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: ResultNodes, *, find_file: FindFile = no_file, notes: Sequence[str] = ()) -> Export:
        """Reads the nodes of a result.

        Args:
            result: whole.
            find_file: of the host.
            notes: what shall stand in what is exported, in sentences, besides what the result says of itself.

        Raises:
            InputError: it is not complete, or one of its nodes was deleted.
        """
        if not result.is_in_scene or not result.is_complete:
            raise InputError("There is no complete fused volume to export; fuse first.")
        anatomy, function = (dicom_source(node, find_file) if node is not None else None for node in result.inputs)
        return cls(result, fusion_result(result), anatomy, function, tuple(notes))

    def dicom(
        self,
        folder: str | os.PathLike[str],
        *,
        gray: bool = True,
        color: bool = True,
        key_slices: Sequence[int] = (),
        deidentify: bool = False,
        edited: Mapping[str, str] | None = None,
    ) -> list[Path]:
        """Writes the colour and the gray series, each into a folder of its own below `folder`; for key slices those and their metrics too.

        Args:
            folder: where to.
            gray: write the gray series.
            color: write the colour series.
            key_slices: K, in the anatomy's node, of the slices that the person marked.
            deidentify: take the patient out of them (PS3.15 basic profile).
            edited: what the person wrote in place of the anatomy's patient and study (`edited_tags`); of a patient who is called
                otherwise now the notes tell no names.

        Raises:
            InputError: the anatomy was moved since it was loaded, the folder cannot be written, or `edited` holds what cannot be written.
        """
        edited = edited or {}
        is_other = not {"PatientName", "PatientID"}.isdisjoint(edited)
        fused, anatomy, is_reversed = self._on_source_grid()
        last = len(fused.metrics) - 1
        rows = [row for row in map(self.result.row_of, key_slices) if row is not None]
        written, _ = write_result(
            folder,
            fused,
            anatomy=anatomy,
            function=self.function,
            derivation=self._derivation(names=not deidentify and not is_other, edited=edited),
            gray=gray,
            color=color,
            key_slices=sorted(last - row if is_reversed else row for row in rows),
            deidentify=deidentify,
        )
        return written

    def volumes(self, folder: str | os.PathLike[str], *, suffix: str = ".nrrd", deidentify: bool = False) -> list[Path]:
        """Writes `fused_color` and `fused_gray` as NRRD or NIfTI ('.nii.gz'); de-identified, their headers hold no name and no UID.

        Raises:
            InputError: the folder cannot be written.
        """
        paths = [Path(folder) / f"fused_color{suffix}", Path(folder) / f"fused_gray{suffix}"]
        for volume, path in zip((self.fused.color, self.fused.gray), paths, strict=True):
            write_volume(volume.without_names() if deidentify else volume, path)
        return paths

    def metrics(self, path: str | os.PathLike[str]) -> Path:
        """Writes the metrics of every slice as CSV.

        Raises:
            InputError: the file cannot be written.
        """
        of_files = self.anatomy.instance_numbers if self.anatomy is not None else None
        numbers = of_files[self.result.slices.start : self.result.slices.stop] if of_files else None
        try:
            with atomic_file(path) as beside:
                write_metrics_csv(self.fused, beside, image_numbers=numbers, first=self.result.slices.start + 1)
        except OSError as error:
            raise InputError(f"The file '{path}' could not be written ({error.strerror}); choose another place or make room.") from error
        return Path(path)

    def _derivation(self, *, names: bool, edited: Mapping[str, str]) -> Derivation:
        node = self.result.gray
        anatomy, function = self.result.inputs
        warnings = [*_notes(node, names=names), *self.notes]
        if anatomy is None or function is None:
            warnings.append("An input was no longer in the scene when this was exported.")
        return Derivation(
            weights=node.GetAttribute("LCDFusion.Weights") or "",
            weights_sha256=node.GetAttribute("LCDFusion.WeightsSHA256") or "",
            anatomy_window=node.GetAttribute("LCDFusion.AnatomyWindow") or "",
            function_range=node.GetAttribute("LCDFusion.FunctionRange") or "",
            version=node.GetAttribute("LCDFusion.Version") or "",
            warnings=tuple(warnings),
            confirmed_mismatches=self.result.mismatches,
            edited=edited,
        )

    def _on_source_grid(self) -> tuple[FusionResult, SeriesSource | None, bool]:
        """The fused volumes in the slice order of the anatomy's series, as much of that as they cover, and whether that is the reverse
        of the node's order."""
        if self.anatomy is None:
            return self.fused, None, False
        volume, count = self.fused.gray, self.anatomy.shape[0]
        slices = self.result.slices
        if volume.shape[1:] == self.anatomy.shape[1:] and slices.stop <= count:
            for flip in (1, -1):
                source = self.anatomy.cut(slices if flip == 1 else range(count - slices.stop, count - slices.start))
                color, gray = (_slices_in_order(each, flip) for each in (self.fused.color, self.fused.gray))
                if np.allclose(gray.ijk_to_lps, source.ijk_to_lps, rtol=0, atol=1e-3):
                    grid = {"ijk_to_lps": source.ijk_to_lps}
                    fused = self.fused
                    ordered = FusionResult(
                        gray=gray.with_array(gray.array, **grid),
                        color=color.with_array(color.array, **grid),
                        metrics=fused.metrics[::flip],
                        blend_metrics=fused.blend_metrics[::flip],
                        weights_name=fused.weights_name,
                        weights_sha256=fused.weights_sha256,
                        device=fused.device,
                        seconds=fused.seconds,
                        notes=fused.notes,
                    )
                    return ordered, source, flip == -1
        raise InputError(
            f"The anatomy '{self.anatomy.series.name}' was moved or cut since it was loaded, so its fused image cannot become a DICOM "
            "series of its study; take the volume out of its transform and fuse again, or export NRRD."
        )


def fusion_result(result: ResultNodes) -> FusionResult:
    """What the nodes of a result hold, also after the scene was saved and opened again."""
    rows = result.all_metrics()
    node = result.gray
    return FusionResult(
        gray=volume_from_node(result.gray, copy=False),
        color=volume_from_node(result.color, copy=False),
        metrics=[fused for fused, _ in rows],
        blend_metrics=[blend for _, blend in rows],
        weights_name=node.GetAttribute("LCDFusion.Weights") or "",
        weights_sha256=node.GetAttribute("LCDFusion.WeightsSHA256") or "",
        device=node.GetAttribute("LCDFusion.Device") or "",
        seconds=float("nan"),
        notes=_notes(node),
    )


def _notes(node: slicer.vtkMRMLNode, *, names: bool = True) -> tuple[str, ...]:
    notes = node.GetAttribute("LCDFusion.Notes")
    if notes and not names:  # earlier scenes have no second text
        notes = node.GetAttribute("LCDFusion.NotesWithoutNames") or " ".join(without_names([notes]))
    return (notes,) if notes else ()


def _slices_in_order(volume: Volume, flip: int) -> Volume:
    if flip == 1:
        return volume
    matrix = volume.ijk_to_lps.copy()
    matrix[:, 3] = matrix @ [0, 0, volume.shape[0] - 1, 1]
    matrix[:, 2] *= -1
    return volume.with_array(volume.array[::-1], ijk_to_lps=matrix)
