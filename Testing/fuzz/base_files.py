"""The undamaged inputs: one of our own bodies in every form that the library reads, a few kilobytes each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.transform_files import write_transform
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series


@dataclass(frozen=True)
class Base:
    """One kind of input.

    Attributes:
        name: of the kind.
        path: what is read: a file, or a folder.
        data_from: byte of the file that is damaged at which its voxels begin; 0: the whole of it is data; -1: it has none.
        is_checked: whether the form has a checksum over its voxels.
        damaged: the file that is damaged, where `path` is a folder or has its voxels beside it.
    """

    name: str
    path: Path
    data_from: int
    is_checked: bool = False
    damaged: Path | None = None

    @property
    def target(self) -> Path:
        """The file that is damaged."""
        return self.damaged or self.path


def make(folder: Path) -> list[Base]:
    """All of them, in new folders."""
    ct = body(Modality.CT, slices=6, size=24)
    bases = []

    def place(name):
        (folder / name).mkdir()
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
        bases.append(Base(f"dicom {modality.value}", series, pixels, False, files[2]))
    write_transform(np.eye(4), place("transform") / "t.tfm")
    bases.append(Base("transform", folder / "transform" / "t.tfm", -1))
    return bases
