"""The undamaged inputs: one of our own bodies in every form that the library reads, a few kilobytes each."""

import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
import torch
from PIL import Image
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, JPEGLSLossless, RLELossless

from LCDFusionLib.cohort.job import Outcome, read_jobs
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.transform_files import read_transform, write_transform
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.network import LCDFusionNet, load_weights, save_weights
from LCDFusionLib.network.network import EXPERIMENTS
from LCDFusionLib.pipeline.inputs import read_anatomy, read_function
from LCDFusionLib.web.unpack import Limits, unpack
from Testing.cli.small_study import body, write_series
from Testing.dicom.test_dicom_formats import by_gdcm, enhanced

sys.path.append(str(Path(__file__).resolve().parents[1] / "dicom"))  # as pytest has it
import enhanced_pet
import nuclear_objects

torch.set_num_threads(1)  # a process that was forked cannot use threads of before

Read = Callable[[Path], list[np.ndarray]]
"""What comes of an input, as arrays that can be compared; the first are the voxels."""


def anatomy(path):
    volume = read_anatomy(path).volume
    return [volume.array, volume.ijk_to_lps]


def function(path):
    volume = read_function(path).volume
    return [volume.array, volume.ijk_to_lps]


def transform(path):
    matrix, deformation = read_transform(path)
    points = np.random.default_rng(0).uniform(-30, 30, (20, 3)).tolist()
    return [matrix, np.array([deformation.TransformPoint(point) for point in points] if deformation else points)]


def upload(path):
    """All that comes out of an archive, in the order of its names."""
    with tempfile.TemporaryDirectory() as folder:
        moved, out = Path(shutil.copy(path, folder)), Path(folder) / "out"
        out.mkdir()
        unpack([(path.name, moved)], out, Limits(total=1 << 28))
        files = sorted(file for file in out.rglob("*") if file.is_file())
        names = "\n".join(str(file.relative_to(out)) for file in files)
        return [np.frombuffer(b"".join(file.read_bytes() for file in files), np.uint8), np.array(names)]


def weights(path):
    loaded = load_weights(path.with_suffix(".pt"))
    return [np.concatenate([tensor.numpy().ravel() for tensor in loaded.network.state_dict().values()])]


def table(path):
    return [np.array([str(job) for job in read_jobs(path)])]


def outcome(path):
    return [np.array(str(Outcome.read(path.parent, path.stem)))]


@dataclass(frozen=True)
class Base:
    """One kind of input.

    Attributes:
        name: of the kind.
        path: what is read: a file, or a folder.
        data_from: byte of the file that is damaged at which its voxels begin; 0: the whole of it is data; -1: it has none.
        is_checked: whether the form has a checksum over its voxels.
        damaged: the file that is damaged, where `path` is a folder or has its voxels beside it.
        read: what the library makes of `path`.
    """

    name: str
    path: Path
    data_from: int
    is_checked: bool = False
    damaged: Path | None = None
    read: Read = anatomy

    @property
    def target(self) -> Path:
        """The file that is damaged."""
        return self.damaged or self.path


def make(folder: Path) -> list[Base]:
    """All of them, in new folders."""
    ct = body(Modality.CT, slices=6, size=24)
    bases = []

    def place(name):
        (folder / name).mkdir(exist_ok=True)
        return folder / name

    write_volume(ct, place("nrrd-gzip") / "ct.nrrd")
    write_volume(ct, place("nifti") / "ct.nii")
    write_volume(ct, place("nifti-gzip") / "ct.nii.gz")
    image = sitk.GetImageFromArray(ct.array)
    image.SetSpacing(ct.spacing.tolist())
    image.SetOrigin(ct.origin.tolist())
    for name, compressed in (("nrrd-raw.nrrd", False), ("nrrd-detached.nhdr", False), ("meta.mha", False), ("meta-zlib.mha", True)):
        sitk.WriteImage(image, str(place(name.partition(".")[0]) / f"ct{Path(name).suffix}"), compressed)
    sitk.WriteImage(image, str(place("meta-detached") / "ct.mhd"), False)
    gray = np.clip(ct.array[3] + 200, 0, 255).astype(np.uint8)
    Image.fromarray(gray).save(place("png") / "ct.png")
    Image.fromarray(gray).save(place("jpeg") / "ct.jpg")

    def data_from(path, mark):
        return path.read_bytes().index(mark) + len(mark)

    for name, file, mark, checked in (
        ("nrrd-gzip", "ct.nrrd", b"\n\n", True),
        ("nrrd-raw", "ct.nrrd", b"\n\n", False),
        ("meta", "ct.mha", b"LOCAL\n", False),
        ("meta-zlib", "ct.mha", b"LOCAL\n", True),
    ):
        path = folder / name / file
        bases.append(Base(name, path, data_from(path, mark), checked))
    bases.append(Base("nifti", folder / "nifti" / "ct.nii", 352))
    bases.append(Base("nifti-gzip", folder / "nifti-gzip" / "ct.nii.gz", 0, True))
    for name, header in (("nrrd-detached", "ct.nhdr"), ("meta-detached", "ct.mhd")):
        path = folder / name / header
        (data,) = (file for file in path.parent.iterdir() if file != path)
        bases += [Base(f"{name}, header", path, -1), Base(f"{name}, voxels", path, 0, False, data)]
    bases += [Base("png", folder / "png" / "ct.png", 0, True), Base("jpeg", folder / "jpeg" / "ct.jpg", -1)]
    for modality in (Modality.CT, Modality.PET):
        series = write_series(place(f"dicom-{modality.value}"), body(modality, slices=6, size=24)) or folder / f"dicom-{modality.value}"
        series = folder / f"dicom-{modality.value}"
        files = sorted(series.rglob("*.dcm"))
        pixels = files[2].read_bytes().rindex(b"\xe0\x7f\x10\x00") + 12
        bases.append(Base(f"dicom {modality.value}", series, pixels, False, files[2], function if modality is Modality.PET else anatomy))
    write_transform(np.eye(4), place("transform") / "t.tfm")
    bases.append(Base("transform", folder / "transform" / "t.tfm", -1, read=transform))
    return [*bases, *_more_dicom(place), *_other_inputs(place)]


def _more_dicom(place):
    """Compressed series, objects of many frames, and SPECT."""
    for name, compress in {
        "rle": by_pydicom(RLELossless),
        "jpeg-ls": by_pydicom(JPEGLSLossless),
        "jpeg-lossless": by_gdcm("JPEGLosslessProcess14_1"),
        "jpeg-2000": by_gdcm("JPEG2000Lossless"),
    }.items():
        write_series(place(f"dicom-{name}"), body(Modality.CT, slices=3, size=24))
        files = sorted(place(f"dicom-{name}").rglob("*.dcm"))
        for path in files:
            compress(path)
        yield Base(f"dicom {name}", place(f"dicom-{name}"), _pixels_from(files[1]), False, files[1])
    for modality, sop_class in ((Modality.CT, EnhancedCTImageStorage), (Modality.MR, EnhancedMRImageStorage)):
        series = place(f"enhanced-{modality.value}") / "series"
        write_series(series, body(modality, slices=6, size=24))
        enhanced(series, sop_class)
        (file,) = series.iterdir()
        yield Base(f"enhanced {modality.value}", series, _pixels_from(file), False, file)
    series = enhanced_pet.write(enhanced_pet.enhanced(), place("enhanced-PET") / "series")
    yield Base("enhanced PET", series, _pixels_from(series / "enhanced.dcm"), False, series / "enhanced.dcm", function)
    series = nuclear_objects.save(nuclear_objects.nuclear_image(nuclear_objects.counts((6, 24, 24))), place("nuclear"))
    yield Base("NM", series, _pixels_from(series / "spect.dcm"), False, series / "spect.dcm", function)


def by_pydicom(syntax):
    def compress(path):
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)

    return compress


def _other_inputs(place):
    """What is no image."""
    field = np.random.default_rng(0).normal(0, 1, (6, 7, 8, 3))
    image = sitk.GetImageFromArray(field, isVector=True)
    image.SetOrigin((-30, -30, -30))
    image.SetSpacing((10, 10, 10))
    write_transform(np.eye(4), place("transform-hdf5") / "t.h5", sitk.DisplacementFieldTransform(image))
    yield Base("transform HDF5", place("transform-hdf5") / "t.h5", -1, read=transform)
    with zipfile.ZipFile(place("zip") / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(5):
            archive.writestr(f"study/{n}.dcm", np.random.default_rng(n).integers(20, size=400, dtype=np.uint8).tobytes())
    yield Base("zip", place("zip") / "study.zip", 0, True, read=upload)
    save_weights(LCDFusionNet(EXPERIMENTS["Exp1"]), place("weights") / "w.pt", {"title": "not trained"})
    yield Base("weights", place("weights") / "w.pt", 0, True, read=weights)
    yield Base("weights, card", place("weights") / "w.pt", -1, False, place("weights") / "w.json", weights)
    pet = body(Modality.PET, slices=6, size=24)
    write_volume(pet, place("sidecar") / "pet.nii")
    facts = {"Modality": "PT", "Units": "Bq/mL", "PatientWeight": 70, "InjectedRadioactivity": 3e8, "InjectedRadioactivityUnits": "Bq"}
    times = {"TimeZero": "10:00:00", "InjectionStart": -3600, "ImageDecayCorrected": True, "ImageDecayCorrectionTime": 0}
    (place("sidecar") / "pet.json").write_text(json.dumps({**facts, **times, "RadionuclideHalfLife": 6586.2}, indent=1))
    yield Base("sidecar", place("sidecar") / "pet.nii", -1, False, place("sidecar") / "pet.json", function)
    for name in ("ct", "pet", "pet2"):
        (place("plan") / name).mkdir()
    (place("plan") / "plan.csv").write_text("fuse,anatomy,function,options\nyes,ct,pet,--window lung\nno,ct,pet2,\n")
    yield Base("plan", place("plan") / "plan.csv", -1, read=table)
    Outcome("1", "fused", "", ("a note",), {"vif": 0.5}, {"vif": None}, 6, 1.5, "abc").write(place("outcome"))
    yield Base("outcome of a batch", place("outcome") / "1.json", -1, read=outcome)


def _pixels_from(path):
    """Where the pixels begin: behind the tag, the representation and the length of an element of Explicit VR."""
    return path.read_bytes().rindex(b"\xe0\x7f\x10\x00") + 12
