"""A page with nothing but the slice views, for tests and measurements: `python Testing/web/views_page.py [--case FOLDER] ...`.

It prints its port. The trigger `scene` tells the page what the scene holds; `do` does what a panel, or other people's code, might do to it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from trame.app import get_server
from trame.widgets import html
from trame_server.utils.asynchronous import create_task
from trame_slicer.core import SlicerApp
from trame_vuetify.ui.vuetify3 import VAppLayout
from trame_vuetify.widgets.vuetify3 import VMain, VTextField

from LCDFusionLib.fusion.fused_volume import FusionResult
from LCDFusionLib.fusion.readouts import READOUTS, SOURCE_READOUTS
from LCDFusionLib.images.color import fused_color
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.result_nodes import create_result, remove_node
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Arrangement, FunctionLook, Orientation
from LCDFusionLib.views.fused_view import FusedImage
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.review import Review
from LCDFusionLib.web.views import LinkedViews

WINDOW, UPTAKE = Window(350, 40), Window.from_range(0, 10)


def read(path, modality, unit):
    image = sitk.ReadImage(str(path))
    matrix = geometry_matrix(image.GetSpacing(), np.reshape(image.GetDirection(), (3, 3)), image.GetOrigin())
    return Volume(sitk.GetArrayFromImage(image), matrix, modality, unit, path.stem)


def body(slices):
    """An oblique trunk with a spine and one hot spot, each slice unlike the next; CT 160 x 192 voxels, PET half as many."""
    turn = np.deg2rad(8)
    tilt = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    matrix = geometry_matrix(np.array([2.0, 2.0, 4.0]), tilt, np.array([-190.0, -160.0, -300.0]))
    k, j, i = np.mgrid[:slices, :160, :192]
    inside = ((j - 80) / 62) ** 2 + ((i - 96) / 85) ** 2 < 1
    ct = np.where(inside, 40 + 5 * (k % 9) + 600 * (np.hypot(j - 115, i - 96) < 9), -1000).astype(np.int16)
    k, j, i = np.mgrid[:slices, :80, :96]
    hot = np.hypot(np.hypot(j - 35, i - 32), 2 * (k - slices // 2))
    pet = (9 * np.exp(-((hot / 4) ** 2)) + 0.6 * (((j - 40) / 31) ** 2 + ((i - 48) / 42) ** 2 < 1)).astype(np.float32)
    return (
        Volume(ct, matrix, Modality.CT, Unit.HU, "CT"),
        Volume(pet, matrix @ np.diag([2, 2, 1, 1]), Modality.PET, Unit.SUVBW, "PET"),
    )


def fused(anatomy, function):
    """A stand-in for the network: a weighted sum, with the real colour around it."""
    a, f = WINDOW.apply(anatomy.array), UPTAKE.apply(resample_onto(function, anatomy).volume.array)
    gray = np.clip(0.75 * a + 0.4 * f, 0, 1)
    keys = [readout.key for readout in READOUTS + SOURCE_READOUTS]
    rows = [{key: k + n / 100 for n, key in enumerate(keys)} for k in range(len(gray))]
    relative = {"modality": Modality.OTHER, "unit": Unit.RELATIVE}
    return FusionResult(
        gray=anatomy.with_array(gray, **relative),
        color=anatomy.with_array(fused_color(gray, f), **relative),
        metrics=rows,
        blend_metrics=rows,
        weights_name="none",
        weights_sha256="0" * 64,
        device="CPU",
        seconds=1.0,
    )


class Page:
    def __init__(self, server, arrangement):
        self.app = SlicerApp()
        self.scene = self.app.scene
        self.review = Review(Application(self.scene, self.app.app_logic))
        self.views = LinkedViews(server, self.app, self.review)
        self.views.arrangement = arrangement
        self.said = []
        self.views.on_slice_changed = lambda index: self.said.append(["slice", index])
        self.views.on_window_changed = lambda window: self.said.append(["window", window.width, window.level])
        self.views.on_key = self.key
        self.nodes = []
        with VAppLayout(server) as ui:
            ui.root.theme = "dark"
            with VMain(style="height: 100vh"), html.Div(style="display: flex; width: 100vw; height: 100vh"):
                with html.Div(style="width: 200px"):
                    VTextField(v_model=("typed", "2"))
                with html.Div(style="flex: 1; min-width: 0; height: 100%"):
                    self.views.build(ui)
        self.review.annotate(self.views.renderers())
        server.controller.trigger("scene")(self.state)
        server.controller.trigger("do")(self.do)

    def key(self, key):
        """As the panel does it, which is not here."""
        self.said.append(["key", key])
        if key.startswith("Shift+") and key[-1] in "1234":
            self.views.arrange(list(Arrangement)[int(key[-1]) - 1])

    def show(self, anatomy, function):
        a, f = (node_from_volume(self.scene, volume) for volume in (anatomy, function))
        result = create_result(a, f, anatomy)
        result.fill(fused(anatomy, function))
        self.nodes = [a, f]
        self.review.show(a, f, function, [FusedImage(result)], Look(WINDOW, UPTAKE))
        self.views.draw()

    def do(self, what, *values):
        if what == "orientation":
            self.views.turn(Orientation(values[0]))
        elif what == "arrange":
            self.views.arrange(Arrangement(values[0]))
        elif what == "color":
            self.review.apply(Look(WINDOW, UPTAKE, function=FunctionLook.COLOR))
            self.views.draw()
        elif what == "delete":
            remove_node(self.nodes[values[0]])
        elif what == "close review":
            self.review.close()
        elif what == "show":
            self.show(*body(values[0]))
        elif what == "slice":
            self.review.slice = values[0]
        elif what == "align":
            self.views.reset()
        elif what == "end":
            create_task(self.views.close())

    def state(self):
        nodes = {name: layouts.slice_node(self.scene, name) for name in (*layouts.LINKED, layouts.PROJECTION)}
        display = self.nodes[0].GetDisplayNode() if self.nodes and self.nodes[0].GetScene() is not None else None
        return {
            "slice": self.review.slice,
            "offsets": {name: node.GetSliceOffset() for name, node in nodes.items()},
            "fields": {name: list(node.GetFieldOfView()) for name, node in nodes.items()},
            "sizes": {name: list(node.GetDimensions()) for name, node in nodes.items()},
            "pans": {name: list(node.GetXYZOrigin()) for name, node in nodes.items()},
            "normals": {name: [node.GetSliceToRAS().GetElement(row, 2) for row in range(3)] for name, node in nodes.items()},
            "crosshair": self.review.plane.crosshair,
            "orientation": self.review.plane.orientation and self.review.plane.orientation.value,
            "window": None if display is None else [display.GetWindow(), display.GetLevel()],
            "arrangement": self.views.arrangement.value,
            "step": self.views.stream.step,
            "is_idle": self.views.stream.is_idle,
            "said": self.said,
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, help="folder with ct.nrrd and pet.nrrd; without, a made-up body")
    parser.add_argument("--phantom", action="store_true", help="the thorax phantom")
    parser.add_argument("--slices", type=int, default=24, help="of the made-up body; 0 for no volume at all")
    parser.add_argument("--arrangement", default=Arrangement.FOUR_UP.value)
    options = parser.parse_args()
    server = get_server(client_type="vue3")
    page = Page(server, Arrangement(options.arrangement))
    if options.case:
        page.show(read(options.case / "ct.nrrd", Modality.CT, Unit.HU), read(options.case / "pet.nrrd", Modality.PET, Unit.SUVBW))
    elif options.phantom:
        from Testing.kept_phantoms import thorax

        phantom = thorax()
        page.show(phantom.anatomy, phantom.function)
    elif options.slices:
        page.show(*body(options.slices))
    server.controller.on_server_ready.add(lambda **_: print("port", server.port, flush=True))
    sys.argv = sys.argv[:1]  # trame reads them too
    server.start(port=0, host="127.0.0.1", timeout=0, open_browser=False, show_connection_info=False)


if __name__ == "__main__":
    main()
