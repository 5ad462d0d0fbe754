"""DWV, a viewer of DICOM files in the browser, reads both fused series: their place, spacing and values."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pydicom
import pytest

from Testing.clients.conftest import client

_SHIMS = {"konva": "Konva", "jszip": "JSZip", "magic-wand-tool": "MagicWand"}
_FILES = {"konva": "konva.min.js", "jszip": "dist/jszip.min.js", "magic-wand-tool": "dist/magic-wand.min.js"}


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # noqa: RUF012

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def dwv_page(tmp_path_factory, study, drawing_chromium):
    """A page that holds DWV, beside the files of the result."""
    folder = tmp_path_factory.mktemp("dwv")
    (folder / "dwv").symlink_to(client("dwv") / "dist")
    (folder / "result").symlink_to(study / "RESULT")
    for name, glob in _SHIMS.items():
        (folder / f"{name}.min.js").symlink_to(client(name) / _FILES[name])
        (folder / f"{name}.js").write_text(f"export default window.{glob};")
    scripts = "".join(f'<script src="/{name}.min.js"></script>' for name in _SHIMS)
    imports = json.dumps({"imports": {"dwv": "/dwv/dwv.min.js", **{name: f"/{name}.js" for name in _SHIMS}}})
    (folder / "index.html").write_text(
        f'<!doctype html><div id="view" style="width:400px;height:400px"></div>{scripts}<script type="importmap">{imports}</script>'
        '<script type="module">import * as dwv from "dwv"; window.dwv = dwv;</script>'
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = drawing_chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    page.wait_for_function("window.dwv")
    yield page
    page.close()
    server.shutdown()


_LOAD = """files => new Promise((done, failed) => {
  const {App, AppOptions, ViewConfig} = window.dwv;
  const app = new App();
  app.init(new AppOptions({"*": [new ViewConfig("view")]}));
  app.addEventListener("error", event => failed(event.error ?? new Error("DWV could not load")));
  app.addEventListener("load", () => {
    const image = app.getData(app.getDataIds()[0]).image, geometry = image.getGeometry();
    const place = one => [one.getX(), one.getY(), one.getZ()];
    done({
      origins: geometry.getOrigins().map(place),
      spacing: geometry.getSpacing().getValues(),
      size: geometry.getSize().getValues(),
      photometric: image.getPhotometricInterpretation(),
      values: Array.from(image.getBuffer()),
    });
  });
  app.loadURLs(files);
})"""


@pytest.mark.parametrize("kind", ["color", "gray"])
def test_dwv_shows_the_series_in_its_place(dwv_page, study, kind):
    files = sorted((study / "RESULT" / f"dicom_{kind}").glob("*.dcm"))
    read = dwv_page.evaluate(_LOAD, [f"/result/dicom_{kind}/{file.name}" for file in files])
    headers = sorted(map(pydicom.dcmread, files), key=lambda header: header.ImagePositionPatient[2])
    np.testing.assert_allclose(read["origins"], [header.ImagePositionPatient for header in headers])
    np.testing.assert_allclose(read["spacing"], [3, 3, 4])
    assert read["size"] == [64, 64, 12]
    assert read["photometric"] == ("RGB" if kind == "color" else "MONOCHROME2")
    np.testing.assert_array_equal(np.ravel(read["values"]), np.ravel([header.pixel_array for header in headers]))
