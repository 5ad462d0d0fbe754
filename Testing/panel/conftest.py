"""The panel with a host of plain objects: what is true here is true of every host that draws it."""

import time
from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.images.volume import Modality, Unit, Volume
from Testing.mrml.pairs import application

__all__ = ["application", "host", "load", "volumes", "worker"]


class PlainHost:
    """A host without widgets, with real views drawn offscreen."""

    def __init__(self, application, worker):
        from LCDFusionLib.mrml.fusing import SceneFusion
        from LCDFusionLib.mrml.prior import ScenePriors
        from LCDFusionLib.panel.choices import Choices
        from LCDFusionLib.panel.host import AtOnce
        from LCDFusionLib.panel.panel import Panel
        from LCDFusionLib.views import layouts
        from LCDFusionLib.views.offscreen import SliceView

        self.chosen, self.executor, self.woken, self.problems = Choices(), AtOnce(), 0, []
        self.segmentations, self.scene_priors = (), ScenePriors()
        self.slice_views = {name: SliceView(application, name, size=(320, 300)) for name in layouts.SLICE_VIEWS}
        self.panel = Panel(self, application, session=SceneFusion(worker))
        self.panel.review.arranged({name: view.renderer for name, view in self.slice_views.items()})

    def choices(self):
        return self.chosen

    def choose(self, **changes):
        self.chosen = replace(self.chosen, **changes)

    def choose_inputs(self, *wanted):
        found = [identity.find(self.panel.scene) for identity in wanted]
        if all(found):
            self.choose(anatomy=found[0], function=found[1])
        return ""

    def find_file(self, uid):
        return ""

    def find_regions(self):
        return self.segmentations

    def priors(self):
        return self.scene_priors.offers(self.chosen.pair)

    def choose_prior(self, key):
        self.choose(prior_key=key, prior=self.scene_priors.pair(key))

    def may_compute(self):
        return True

    def torch_problem(self):
        return ""

    def open_views(self):
        pass

    def views_are_shown(self):
        return True

    def draw_views(self):
        pass

    def show(self):
        pass

    def wake(self):
        self.woken += 1

    def report(self, error):
        self.problems.append(error)

    # What a test does as a person.

    def set(self, **changes):
        """Chooses, and sees what follows."""
        self.choose(**changes)
        self.panel.update()

    def settle(self):
        """Lets the panel do what it was asked to do soon."""
        for _ in range(3):
            self.panel.tick()
        assert self.problems == []

    def until(self, condition):
        """Ticks until something is so; the worker decides how long that takes."""
        while not condition():
            time.sleep(0.005)
            self.panel.tick()

    def fuse(self):
        """To the end."""
        self.panel.fusion.fuse()
        self.until(lambda: not self.panel.fusion.is_busy)
        self.settle()

    def title(self, name):
        """What stands at the top left of a view."""
        return self.panel.views._annotations[name].title_text

    def picture(self, name):
        """What is seen in a view, RGB."""
        return self.slice_views[name].render().astype(int)

    def background(self, name):
        """The volume in a view."""
        return self.slice_views[name].logic.GetSliceCompositeNode().GetBackgroundVolumeID()


@pytest.fixture(scope="session")
def worker():
    """The real process; it loads PyTorch once for all tests."""
    from LCDFusionLib.fusion import FusionWorker

    with FusionWorker() as worker:
        yield worker


@pytest.fixture
def host(application, worker):
    """A panel in an empty scene."""
    pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")
    host = PlainHost(application, worker)
    yield host
    host.panel.forget()
    for view in host.slice_views.values():
        view.close()
    assert host.problems == []


def volumes(hot=(12.0, 4.0, 30.0), *, suv=8.0, name="", frame="1.2.3"):
    """A CT of 8 slices of 32 x 32 with a body, and a PET on a grid of its own with one hot spot at an LPS place, in mm."""
    ct_matrix = np.array([[4.0, 0, 0, -62], [0, 4.0, 0, -62], [0, 0, 8.0, 0], [0, 0, 0, 1]])
    pet_matrix = np.array([[5.0, 0, 0, -62], [0, 5.0, 0, -62], [0, 0, 4.0, -2], [0, 0, 0, 1]])
    k, j, i = np.mgrid[:8, :32, :32]
    ct = np.where(np.hypot(j - 15.5, i - 15.5) < 13, 40 + 5 * k, -1000).astype(np.int16)
    k, j, i = np.mgrid[:16, :26, :26]
    places = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ pet_matrix.T
    distance = np.linalg.norm(places[..., :3] - hot, axis=-1)
    pet = (0.4 + suv * np.exp(-((distance / 9) ** 2))).astype(np.float32)
    return (
        Volume(ct, ct_matrix, Modality.CT, Unit.HU, f"CT{name}", frame),
        Volume(pet, pet_matrix, Modality.PET, Unit.SUVBW, f"PET{name}", frame),
    )


@pytest.fixture
def load(application):
    """Puts volumes into the scene, under a patient where one is named; gives the nodes."""
    import slicer

    from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume

    def put(pair, patient=""):
        nodes = [node_from_volume(application.scene, volume) for volume in pair]
        if patient:
            names = slicer.vtkMRMLSubjectHierarchyConstants
            hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)
            subject = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), patient)
            hierarchy.SetItemAttribute(subject, names.GetDICOMPatientNameAttributeName(), patient)
            hierarchy.SetItemAttribute(subject, names.GetDICOMPatientIDAttributeName(), patient)
            study = hierarchy.CreateStudyItem(subject, "study")
            for node in nodes:
                hierarchy.SetItemParent(hierarchy_item(node), study)
        return nodes

    return put
