"""NiiVue, a viewer of NIfTI and NRRD in the browser, shows exported volumes as what they are: colour in colour, in the patient's place."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import nibabel
import numpy as np
import pytest

from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from Testing.clients.conftest import client

RGB24 = 128  # datatype of nifti1.h


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def volumes():
    """Gray and colour, every voxel another one, oblique."""
    rng = np.random.default_rng(5)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    matrix = geometry_matrix(np.array([1.5, 2.0, 3.0]), turn, np.array([-20.0, 31.0, 7.0]))
    common = {"ijk_to_lps": matrix, "modality": Modality.OTHER, "unit": Unit.RELATIVE, "is_fused": True}
    gray = Volume(rng.random((5, 7, 9), dtype=np.float32), name="gray", **common)
    color = Volume(rng.integers(0, 256, (5, 7, 9, 3), dtype=np.uint8), name="color", **common)
    return {"gray": gray, "color": color}


@pytest.fixture(scope="module")
def niivue(tmp_path_factory, volumes, drawing_chromium):
    """load(file name) in a page with NiiVue, beside the exported files."""
    folder = tmp_path_factory.mktemp("niivue")
    (folder / "niivue.js").symlink_to(client("@niivue/niivue") / "dist" / "niivue.umd.js")
    (folder / "index.html").write_text('<!doctype html><canvas id="view"></canvas><script src="/niivue.js"></script>')
    for name, volume in volumes.items():
        for suffix in (".nii.gz", ".nrrd"):
            write_volume(volume, folder / f"{name}{suffix}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = drawing_chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    page.wait_for_function("Boolean(window.niivue?.Niivue)")

    def load(name):
        return page.evaluate(
            """async name => {
              const shown = new window.niivue.Niivue();
              await shown.attachTo("view");
              await shown.loadVolumes([{url: name}]);
              const {hdr, img} = shown.volumes[0];
              return {type: hdr.datatypeCode, dims: [...hdr.dims], affine: hdr.affine, values: [...img]};
            }""",
            name,
        )

    yield load, folder
    page.close()
    server.shutdown()


def test_colour_nifti_is_colour_in_its_place(niivue, volumes):
    load, folder = niivue
    shown = load("color.nii.gz")
    assert shown["type"] == RGB24
    assert shown["dims"][:4] == [3, 9, 7, 5]
    np.testing.assert_allclose(shown["affine"], volumes["color"].ijk_to_ras, atol=1e-4)
    np.testing.assert_array_equal(shown["values"], volumes["color"].array.ravel())
    np.testing.assert_allclose(nibabel.load(folder / "color.nii.gz").affine, volumes["color"].ijk_to_ras, atol=1e-4)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_gray_has_its_values_and_place(niivue, volumes, suffix):
    shown = niivue[0](f"gray{suffix}")
    assert shown["dims"][:4] == [3, 9, 7, 5]
    np.testing.assert_allclose(shown["affine"], volumes["gray"].ijk_to_ras, atol=1e-4)
    np.testing.assert_allclose(shown["values"], volumes["gray"].array.ravel(), atol=1e-6)
