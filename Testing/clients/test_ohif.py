"""OHIF 3.13 opens every object of a result, hangs the originals, and measures right."""

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import TimeoutError
from reportlab.pdfgen.canvas import Canvas

from LCDFusionLib.dicom import Study, read_folder
from LCDFusionLib.dicom.encapsulated_pdf import write_encapsulated_pdf
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import STUDY, body, write_series
from Testing.clients.conftest import client, store
from Testing.clients.ohif_server import OhifServer, configuration

_SETS = "window.services.displaySetService.getActiveDisplaySets()"
_VIEWPORT = "window.services.cornerstoneViewportService.getCornerstoneViewport(window.services.viewportGridService.getActiveViewportId())"

# Until the camera has been the same for twenty frames: a new series is first shown as large as the one before.
_STILL = f"""async () => {{
  let last, same = 0;
  while (same < 20) {{
    await new Promise(requestAnimationFrame);
    const now = JSON.stringify({_VIEWPORT}.getCamera());
    same = now === last ? same + 1 : 0;
    last = now;
  }}
}}"""


class Viewer:
    """OHIF in a page, with one study open; its own services say what it shows."""

    def __init__(self, browser, address, mode, more=""):
        self.page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.page.set_default_timeout(120_000)
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.add_init_script("localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))")
        self.page.goto(f"{address}/{mode}?StudyInstanceUIDs={STUDY.uid}{more}")
        self.page.wait_for_function(f"window.services?.displaySetService && {_SETS}.length === 6")
        self.page.wait_for_function("Boolean(window.services.viewportGridService.serviceImplementation?._getState)")

    def series(self):
        """Display set's UID by Series Description."""
        return dict(self.page.evaluate(f"{_SETS}.map(set => [set.SeriesDescription, set.displaySetInstanceUID])"))

    def show(self, description):
        """Put a series into the viewport, as a double click on its thumbnail does, and wait for its picture."""
        (uid,) = (uid for name, uid in self.series().items() if description in name)
        self.page.evaluate(
            """uid => {
              const {viewportGridService: grid} = window.services;
              grid.setDisplaySetsForViewport({viewportId: grid.getActiveViewportId(), displaySetInstanceUIDs: [uid]});
            }""",
            uid,
        )
        return uid

    def image(self, description):
        """Show a series; returns place and spacing of the slice on show."""
        uid = self.show(description)
        self.page.wait_for_function(
            f"""uid => {{
              const set = window.services.displaySetService.getDisplaySetByUID(uid), viewport = {_VIEWPORT};
              const image = viewport?.getCurrentImageId?.();
              return image && set.instances.some(one => image.includes(one.SOPInstanceUID)) && viewport.getImageData();
            }}""",
            arg=uid,
        )
        return self.page.evaluate(
            f"(({{origin, spacing, direction}}) => ({{origin, spacing, direction: [...direction]}}))({_VIEWPORT}.getImageData())"
        )

    def drag(self, tool, start, end):
        """Draw with a tool from one place in the patient to another (LPS, mm) by mouse; returns what OHIF measured."""
        self.page.evaluate("tool => window.commandsManager.runCommand('setToolActiveToolbar', {toolName: tool})", tool)
        before = self.page.evaluate("window.services.measurementService.getMeasurements().length")
        self.page.evaluate(_STILL)
        box = self.page.locator(".cornerstone-canvas").first.bounding_box()
        places = [self.page.evaluate(f"point => {_VIEWPORT}.worldToCanvas(point)", point) for point in (start, end)]
        for step, (x, y) in enumerate(places):
            self.page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
            (self.page.mouse.up if step else self.page.mouse.down)()
        found = f"window.services.measurementService.getMeasurements().slice({before}).find(one => one.displayText?.primary?.length)"
        # OHIF takes the hand's moves one after another, and computes what it says of them later still.
        ready = f"""end => {{
          const one = {found}, apart = (a, b) => Math.hypot(...a.map((x, n) => x - b[n]));
          if (!one?.points.some(point => apart(point, end) < 2)) return false;
          const length = Object.values(one.data)[0]?.length;
          return length === undefined || Math.abs(length - apart(one.points[0], one.points[1])) < 1;
        }}"""
        self.page.wait_for_function(ready, arg=end)
        return self.page.evaluate(
            f"(({{data, displayText}}) => ({{data: Object.values(data)[0], text: displayText.primary.join(' ')}}))({found})"
        )


@pytest.fixture(scope="module")
def viewer(drawing_chromium, ohif_address):
    return Viewer(drawing_chromium, ohif_address, "viewer")


def slices(study, kind):
    headers = [pydicom.dcmread(file) for file in sorted((study / "RESULT" / kind).glob("*.dcm"))]
    return {tuple(map(float, header.ImagePositionPatient)): header for header in headers}


@pytest.mark.parametrize("kind", ["color", "gray"])
def test_a_fused_series_lies_where_the_anatomy_lies(viewer, study, kind):
    anatomy = viewer.image("Thorax 3.0 B30f")
    fused = viewer.image(f"LCDFusion {kind}")
    np.testing.assert_allclose(fused["spacing"][:2], anatomy["spacing"][:2])
    np.testing.assert_allclose(fused["direction"], anatomy["direction"])
    assert tuple(fused["origin"]) in slices(study, f"dicom_{kind}")
    assert fused["origin"][:2] == anatomy["origin"][:2]


@pytest.mark.parametrize("kind", ["color", "gray"])
def test_a_length_is_in_millimetres(viewer, kind):
    x, y, z = viewer.image(f"LCDFusion {kind}")["origin"]
    measured = viewer.drag("Length", [x + 60, y + 60, z], [x + 120, y + 60, z])
    assert measured["data"]["length"] == pytest.approx(60, abs=1)
    assert "mm" in measured["text"]


def test_gray_has_values_and_no_hounsfield_units(viewer, study):
    place = viewer.image("LCDFusion gray")["origin"]
    pixels = slices(study, "dicom_gray")[tuple(place)].pixel_array
    x, y, z = place
    measured = viewer.drag("RectangleROI", [x + 59, y + 59, z], [x + 121, y + 121, z])
    assert measured["data"]["mean"] == pytest.approx(pixels[20:41, 20:41].mean(), rel=0.03)
    assert "HU" not in measured["text"]
    assert "SUV" not in measured["text"]


def test_the_metrics_report_opens_and_the_viewer_goes_on(viewer):
    viewer.show("LCDFusion metrics")
    viewer.page.get_by_text("Metrics of image fusion").first.wait_for()
    viewer.image("LCDFusion color")
    assert viewer.errors == []


def test_pet_ct_mode_hangs_the_originals(drawing_chromium, ohif_address):
    viewer = Viewer(drawing_chromium, ohif_address, "tmtv")
    hung = """() => {
      const {viewportGridService: grid, displaySetService: sets} = window.services;
      const all = [...grid.getState().viewports.values()].map(view => view.displaySetInstanceUIDs ?? []);
      return all.length >= 7 && all.every(uids => uids.length)
        && all.map(uids => uids.map(uid => sets.getDisplaySetByUID(uid).SeriesDescription));
    }"""
    viewer.page.wait_for_function(hung)
    views = viewer.page.evaluate(hung)
    assert {name for view in views for name in view} == {"Thorax 3.0 B30f", "WB 3D"}
    assert ["Thorax 3.0 B30f", "WB 3D"] in views


def test_the_documented_protocol_hangs_anatomy_function_and_fused(drawing_chromium, archive):
    protocol = (Path(__file__).parents[2] / "docs" / "ohif" / "lcdfusion-protocol.json").read_text()
    extension = f"{{id: 'lcdfusion', getHangingProtocolModule: () => [{{name: 'lcdfusion', protocol: {protocol}}}]}}"
    server = OhifServer(client("@ohif/app") / "dist", archive.http_port, f"{configuration()} window.config.extensions = [{extension}];")
    viewer = Viewer(drawing_chromium, server.address, "viewer", "&hangingProtocolId=lcdfusion")
    hung = """() => {
      const {viewportGridService: grid, displaySetService: sets, cornerstoneViewportService: views} = window.services;
      return [...grid.getState().viewports.values()].map(view => [
        sets.getDisplaySetByUID(view.displaySetInstanceUIDs[0]).SeriesDescription,
        views.getCornerstoneViewport(view.viewportId)?.getImageData?.()?.origin[2],
      ]);
    }"""
    viewer.page.wait_for_function(f"() => {{ const views = ({hung})(); return views.length === 3 && views.every(view => view[1]); }}")
    before = viewer.page.evaluate(hung)
    assert [name for name, _ in before] == ["Thorax 3.0 B30f", "WB 3D", "(LCDFusion color) NOT FOR DIAGNOSTIC USE"]
    box = viewer.page.locator(".cornerstone-canvas").first.bounding_box()
    viewer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    together = "views.every((view, n) => view[1] !== before[n][1]) && views[0][1] === views[2][1]"
    # A notch that comes before OHIF has tied the views together moves one alone, or none: a reader turns the wheel again.
    for _ in range(10):
        viewer.page.mouse.wheel(0, 100)
        with suppress(TimeoutError):
            viewer.page.wait_for_function(f"before => {{ const views = ({hung})(); return {together}; }}", arg=before, timeout=10_000)
            break
    else:
        pytest.fail(f"the views were never scrolled together: {viewer.page.evaluate(hung)}, before {before}")
    server.stop()


def test_a_page_to_keep_opens_beside_the_images(drawing_chromium, ohif_address, archive, tmp_path):
    """In OHIF's own PDF viewer, to the byte."""
    study = Study(uid="2.25.17", started=STUDY.started, description="PET/CT")
    _, source = read_folder(write_series(tmp_path / "CT", body(Modality.CT), study=study))
    drawn = io.BytesIO()
    canvas = Canvas(drawn)
    canvas.drawString(72, 700, "Lesion 1")
    canvas.save()
    pdf = drawn.getvalue() + b"\n" * (len(drawn.getvalue()) % 2)
    write_encapsulated_pdf(pdf, [source], tmp_path / "page", title="Page to keep")
    store(archive, tmp_path)
    page = drawing_chromium.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{ohif_address}/viewer?StudyInstanceUIDs={study.uid}")
    page.wait_for_function(f"window.services?.displaySetService && {_SETS}.length === 2")
    page.wait_for_function("Boolean(window.services.viewportGridService.serviceImplementation?._getState)")
    page.evaluate(
        f"""() => {{
          const grid = window.services.viewportGridService, set = {_SETS}.find(one => one.Modality === "DOC");
          grid.setDisplaySetsForViewport({{viewportId: grid.getActiveViewportId(), displaySetInstanceUIDs: [set.displaySetInstanceUID]}});
        }}"""
    )
    page.wait_for_selector("object[type='application/pdf']", state="attached")
    shown = page.evaluate("async () => [...new Uint8Array(await (await fetch(document.querySelector('object').data)).arrayBuffer())]")
    page.close()
    assert bytes(shown) == pdf
