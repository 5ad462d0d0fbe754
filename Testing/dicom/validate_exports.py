"""All that a fusion exports, before dciodvfy and dcentvfy: `python -m Testing.dicom.validate_exports` (docs/interoperability.md)."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pydicom

from LCDFusionLib.dicom import Blend, Derivation, read_folder, write_original_series, write_result
from LCDFusionLib.dicom.deidentify import deidentify_folder
from LCDFusionLib.fusion import FusionResult
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.images.window import Window
from Testing.dicom.conftest import AXIAL, OBLIQUE, PATIENT, SAGITTAL, STUDY, TRACER, make_volume

KINDS = ("original", "dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics", "dicom_blend")


def export(folder, modality, direction):
    """Writes an anatomy and a PET, and all that a fusion of both exports; the PET is one that a presentation state can hold."""
    pet = make_volume(Modality.PET, shape=(6, 20, 24), direction=direction)
    even = pet.with_array(pet.array / pet.array.max(axis=(1, 2), keepdims=True) * 8)
    common = {"patient": PATIENT, "study": STUDY, "radiopharmaceutical": TRACER, "body_part": "CHEST"}
    sources = []
    for number, volume in enumerate((make_volume(modality, direction=direction), even)):
        place = write_original_series(volume, folder / "original" / str(number), series_number=number + 2, **common)
        sources.append(read_folder(place))
    (anatomy, anatomy_source), (_, function_source) = sources
    gray = np.random.default_rng(2).random(anatomy.shape, dtype=np.float32)
    rows = [{"QABF": 0.5 + k / 100, "VIF": 0.4, "SCD": float("nan")} for k in range(len(gray))]
    result = FusionResult(
        gray=anatomy.with_array(gray),
        color=anatomy.with_array(np.repeat(np.rint(gray * 255).astype(np.uint8)[..., None], 3, -1)),
        metrics=rows,
        blend_metrics=rows,
        weights_name="ct-pet",
        weights_sha256="0" * 64,
        device="CPU",
        seconds=1.0,
    )
    derivation = Derivation(
        weights="ct-pet", weights_sha256="0" * 64, anatomy_window="400/40 HU", function_range="0 to 10 SUVbw", deformed_mm=0.0
    )
    blend = Blend(Window(400, 40), Window(10, 5), "ember")
    sources = {"anatomy": anatomy_source, "function": function_source, "derivation": derivation}
    _, notes = write_result(folder, result, **sources, key_slices=[1, 3], blend=blend)
    assert not notes, notes


def complaints(program, files):
    """(errors, warnings) that a validator prints for files."""
    report = subprocess.run([program, *files], capture_output=True, text=True, errors="replace", timeout=120)
    lines = (report.stdout + report.stderr).splitlines()
    return tuple(sum(line.startswith(word) for line in lines) for word in ("Error", "Warning"))


def main():
    print("| what | objects | SOP classes | dciodvfy errors | dciodvfy warnings |")
    print("|---|---|---|---|---|")
    for title, change in (("as exported", None), ("de-identified", deidentify_folder)):
        counts = {kind: [0, set(), 0, 0] for kind in KINDS}
        entities, studies = np.zeros(2, int), 0
        for modality in (Modality.CT, Modality.MR):
            for direction in (AXIAL, SAGITTAL, OBLIQUE):
                with tempfile.TemporaryDirectory() as folder:
                    export(Path(folder), modality, direction)
                    if change is not None:
                        change(folder)
                    for kind in KINDS:
                        files = sorted(Path(folder, kind).rglob("*.dcm"))
                        found = [complaints("dciodvfy", ["-new", str(file)]) for file in files]
                        entry = counts[kind]
                        entry[0] += len(files)
                        entry[1] |= {pydicom.dcmread(file, stop_before_pixels=True).SOPClassUID.name for file in files}
                        entry[2] += sum(errors for errors, _ in found)
                        entry[3] += sum(warnings for _, warnings in found)
                    whole = [str(file) for file in sorted(Path(folder).rglob("*.dcm"))]
                    entities, studies = entities + complaints("dcentvfy", whole), studies + 1
        for kind, (number, classes, errors, warnings) in counts.items():
            print(f"| {kind}, {title} | {number} | {', '.join(sorted(classes))} | {errors} | {warnings} |")
        print(f"| dcentvfy, {title}: {studies} studies, each as a whole | | | {entities[0]} | {entities[1]} |")


if __name__ == "__main__":
    main()
