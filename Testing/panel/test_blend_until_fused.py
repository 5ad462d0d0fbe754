"""The fused view before the network, and while it works: never black, and never a number of the network beside a blend."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.images.volume import Modality, Unit, Volume  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.choices import Comparison, Orientation  # noqa: E402
from LCDFusionLib.views.fused_view import NOT_FUSED  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402

MIDDLE = np.s_[140:-80, 100:-100]  # of a view, without what is written in it


def same(first, second):
    return bool(abs(first[MIDDLE] - second[MIDDLE]).max() <= 2)


def stands_as_blend(host):
    metrics = host.panel.metrics.state
    written = host.panel.views._annotations[layouts.FUSED].metrics_text
    assert same(host.picture(layouts.FUSED), host.picture(layouts.BLEND))
    assert host.title(layouts.FUSED).startswith(NOT_FUSED)
    assert (metrics.rows, written) == ((), "")
    assert "Fused" not in host.panel.views.probe((0.0, 0.0, 30.0))
    return True


def test_the_blend_stands_there_until_the_slice_is_fused(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1], function_upper=6.0)
    assert host.picture(layouts.FUSED)[MIDDLE].max() > 100
    assert stands_as_blend(host)
    assert host.panel.views._scales.text(layouts.FUSED) == "blaze, 0 to 6 SUVbw", "the blend's own colours"
    host.set(opacity=0.2)
    assert stands_as_blend(host)
    host.panel.views.slice = 5
    host.panel.fusion.preview()
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert "preview" in host.title(layouts.FUSED)
    assert not same(host.picture(layouts.FUSED), host.picture(layouts.BLEND))
    assert host.panel.metrics.state.rows
    host.panel.views.slice = 6
    assert stands_as_blend(host)
    host.panel.views.plane.orientation = Orientation.CORONAL
    host.panel.update()
    assert stands_as_blend(host)


def test_another_plane_shows_the_blend_until_all_slices_are_fused(host, load):
    nodes = load(large())
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.fusion.fuse()
    host.until(lambda: host.panel.fusion.state.done >= 1)
    host.panel.views.plane.orientation = Orientation.CORONAL
    host.panel.update()
    if host.panel.fusion.is_busy:
        assert stands_as_blend(host)
        assert "until all slices are fused" in host.panel.metrics.state.title
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert host.title(layouts.FUSED).startswith("Fused")
    assert host.panel.metrics.state.title == "Mean over slices"


def test_what_is_scrolled_to_is_fused_next(host, load):
    nodes = load(large())
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.fusion.fuse()
    host.until(lambda: host.panel.fusion.state.done >= 1)
    host.panel.views.slice = 0  # from the middle one outwards it would be the last but one
    host.until(lambda: host.title(layouts.FUSED).startswith("Fused"))
    assert host.panel.fusion.state.done < 7
    warm = host.panel.workflow.session.worker.pid
    host.panel.fusion.fuse()  # which is Cancel
    host.until(lambda: not host.panel.fusion.is_busy)
    host.panel.fusion.preview()
    host.until(lambda: not host.panel.fusion.is_busy)
    assert host.panel.workflow.session.worker.pid == warm


def test_no_number_of_the_network_stands_in_the_flickering_blend(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    host.fuse()
    host.set(comparison=Comparison.FLICKER)
    texts = host.panel.views._annotations[layouts.FUSED]
    seen = set()
    for _ in range(2):
        host.panel.views.flicker()
        is_blend = host.title(layouts.FUSED).startswith("Blend")
        assert (texts.metrics_text == "") is is_blend
        assert same(host.picture(layouts.FUSED), host.picture(layouts.BLEND)) is is_blend
        seen.add(is_blend)
    assert seen == {True, False}


def large():
    """Ten slices, which take a worker a while each."""
    matrix = np.diag([1.0, 1.0, 8.0, 1.0])
    k, j, i = np.mgrid[:10, :224, :224]
    body = np.hypot(j - 112, i - 112) < 90
    ct = np.where(body, 40 + 5 * k, -1000).astype(np.int16)
    pet = (body + 7 * np.exp(-((j - 100) ** 2 + (i - 130) ** 2) / 200)).astype(np.float32)
    return Volume(ct, matrix, Modality.CT, Unit.HU, "CT", "1.2"), Volume(pet, matrix, Modality.PET, Unit.SUVBW, "PET", "1.2")
