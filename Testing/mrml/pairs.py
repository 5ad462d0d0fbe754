"""A scene, and pairs of volumes to put in it."""

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix


@pytest.fixture
def application():
    """Real MRML: a scene and its application logic."""
    from LCDFusionLib.mrml.application import Application

    return Application.create()


@pytest.fixture
def tilted():
    """Geometry of an oblique volume: 25 degrees about x, then 10 about z."""
    x, z = np.deg2rad(25), np.deg2rad(10)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return geometry_matrix(np.array([1.5, 1.25, 4.0]), about_z @ about_x, np.array([-40.0, -31.0, 55.0]))


@pytest.fixture
def pair(tilted):
    """A small CT with a block of tissue and a PET with one hot spot, on grids of their own."""
    k, j, i = np.mgrid[:8, :40, :48]
    anatomy = np.where((abs(j - 20) < 15) & (abs(i - 24) < 18), 40, -1000).astype(np.int16) + (k * 10).astype(np.int16)
    k, j, i = np.mgrid[:8, :20, :24]
    function = 9 * np.exp(-((k - 4) ** 2 + (j - 10) ** 2 + (i - 12) ** 2) / 6).astype(np.float32)
    return (
        Volume(anatomy, tilted, Modality.CT, Unit.HU, "CT", "1.2.3"),
        Volume(function, tilted @ np.diag([2, 2, 1, 1]), Modality.PET, Unit.SUVBW, "PET", "1.2.3"),
    )


def read_nrrd(path, modality, unit):
    image = sitk.ReadImage(str(path))
    matrix = geometry_matrix(image.GetSpacing(), np.reshape(image.GetDirection(), (3, 3)), image.GetOrigin())
    return Volume(sitk.GetArrayFromImage(image), matrix, modality, unit, path.stem)


@pytest.fixture(scope="session")
def sarcoma(shared_data):
    """CT and PET of a real patient with a hot sarcoma of the thigh."""
    folder = shared_data / "pet-ct-mr-sarcoma" / "STS_003"
    return read_nrrd(folder / "ct.nrrd", Modality.CT, Unit.HU), read_nrrd(folder / "pet.nrrd", Modality.PET, Unit.SUVBW)


@pytest.fixture(scope="session")
def fuse_plainly():
    """A stand-in for the network: a weighted sum, with the real colour, resampling and metrics around it."""
    from LCDFusionLib.fusion import FusionResult
    from LCDFusionLib.fusion.readouts import READOUTS, SOURCE_READOUTS
    from LCDFusionLib.images.color import fused_color
    from LCDFusionLib.images.resample import resample_onto
    from LCDFusionLib.images.window import Window

    def fuse(anatomy, function):
        a = Window(350, 40).apply(anatomy.array)
        f = Window.from_range(0, 10).apply(resample_onto(function, anatomy).volume.array)
        gray = np.clip(0.75 * a + 0.4 * f, 0, 1)
        keys = [readout.key for readout in READOUTS + SOURCE_READOUTS]
        rows = [{key: k + n / 100 for n, key in enumerate(keys)} for k in range(len(gray))]
        return FusionResult(
            gray=anatomy.with_array(gray, modality=Modality.OTHER, unit=Unit.RELATIVE),
            color=anatomy.with_array(fused_color(gray, f), modality=Modality.OTHER, unit=Unit.RELATIVE),
            metrics=rows,
            blend_metrics=[{key: value / 2 for key, value in row.items()} for row in rows],
            weights_name="ct-pet",
            weights_sha256="ab" * 32,
            device="CPU",
            seconds=1.0,
        )

    return fuse
