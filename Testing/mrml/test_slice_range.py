"""The slices that a Markups ROI meets, against its corners; a part of the slices from fusion to DICOM."""

import numpy as np
import pytest

pytest.importorskip("slicer")

import slicer
import vtk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.slice_range import slices_of_roi


@pytest.fixture
def ct(application):
    """20 slices of 3 mm, the first at z = 30."""
    matrix = np.diag([-2.0, -2.0, 3.0, 1.0])
    matrix[2, 3] = 30
    return node_from_volume(application.scene, Volume(np.zeros((20, 8, 8), np.int16), matrix, Modality.CT, Unit.HU, "CT"))


@pytest.fixture
def roi(application):
    """Makes a box."""
    application.scene.RegisterNodeClass(slicer.vtkMRMLMarkupsROINode())

    def make(centre, size):
        node = application.scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
        node.SetXYZ(*centre)
        node.SetSize(*size)
        return node

    return make


@pytest.mark.parametrize(
    ("z", "height", "slices"),
    [
        (45, 12, range(3, 8)),  # planes at 39, 42, 45, 48 and 51, the first and the last just touched
        (45, 11.9, range(4, 7)),
        (46.4, 0.5, range(5, 6)),  # between two planes: the nearer one
        (0, 1000, range(20)),
        (28.8, 0.2, range(1)),  # in the lower half of the first slice
    ],
)
def test_planes_within_the_box(ct, roi, z, height, slices):
    assert slices_of_roi(roi((7, 7, z), (4, 4, height)), ct) == slices


def test_both_may_be_moved(ct, roi):
    box = roi((7, 7, 45), (4, 4, 6))
    shift = vtk.vtkMatrix4x4()
    shift.SetElement(2, 3, 9)
    for node, slices in ((box, range(7, 10)), (ct, range(4, 7))):
        transform = node.GetScene().AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(shift)
        node.SetAndObserveTransformNodeID(transform.GetID())
        assert slices_of_roi(box, ct) == slices


@pytest.mark.parametrize(("centre", "size"), [((7, 7, -50), (4, 4, 10)), ((700, 7, 45), (4, 4, 10))])
def test_a_box_beside_the_volume_is_refused(ct, roi, centre, size):
    with pytest.raises(InputError, match="The ROI 'R' meets no slice of 'CT'"):
        slices_of_roi(roi(centre, size), ct)
    with pytest.raises(InputError, match="has no size yet"):
        slices_of_roi(roi((7, 7, 45), (0, 4, 10)), ct)
