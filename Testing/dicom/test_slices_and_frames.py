"""How uneven slices may lie, and which of a frame's attributes count."""

import pytest
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.functional_groups import frame_planes, single_frames
from LCDFusionLib.dicom.stack import sort_stack
from LCDFusionLib.errors import InputError


def slices(heights):
    for height in heights:
        header = Dataset()
        header.ImagePositionPatient, header.ImageOrientationPatient = [0, 0, height], [1, 0, 0, 0, 1, 0]
        header.PixelSpacing, header.Rows, header.Columns = [1, 1], 32, 32
        yield header


@pytest.mark.parametrize("part", [0.04, -0.04])
def test_a_slice_may_lie_a_twentieth_beside_its_place(part):
    order, matrix = sort_stack(list(slices([0, 3, 6 + 3 * part, 9, 12])), name="CT")
    assert list(order) == [0, 1, 2, 3, 4]
    assert matrix[2, 2] == pytest.approx(3)


@pytest.mark.parametrize("part", [0.06, -0.06])
def test_more_is_refused(part):
    with pytest.raises(InputError, match="uneven distances"):
        sort_stack(list(slices([0, 3, 6 + 3 * part, 9, 12])), name="CT")


def test_gaps_that_grow_are_refused_though_each_is_near_the_next():
    heights = [0.0]
    for n in range(12):
        heights.append(heights[-1] + 3 * (1 + 0.007 * n))
    with pytest.raises(InputError, match="uneven distances"):
        sort_stack(list(slices(heights)), name="CT")


def test_slices_that_lie_beside_their_places_by_turns_are_refused():
    """Each by 4 % of the spacing to the other side, so that the gaps are 8 % off."""
    aside = [0, 0.04, -0.04, 0.04, -0.04, 0]
    with pytest.raises(InputError, match="uneven distances"):
        sort_stack(list(slices([3 * (n + part) for n, part in enumerate(aside)])), name="CT")


@pytest.mark.parametrize(
    ("attributes", "thickness"),
    [
        ({"SliceThickness": "3", "SpacingBetweenSlices": "5"}, 3),
        ({"SpacingBetweenSlices": "5"}, 5),
        ({"SliceThickness": "0", "SpacingBetweenSlices": "-5"}, 5),
        ({}, 1),
    ],
)
def test_a_single_slice_is_as_thick_as_it_says(attributes, thickness):
    """Slice Thickness (0018,0050) is the slice's own, Spacing Between Slices (0018,0088) that of slices that are not there."""
    (header,) = slices([7])
    for keyword, value in attributes.items():
        setattr(header, keyword, value)
    _, matrix = sort_stack([header], name="CT")
    assert (matrix[2, 2], matrix[2, 3]) == (thickness, 7)


def sequence(**attributes):
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return [item]


def test_a_frames_own_group_counts_before_the_shared_one():
    """PS3.3 C.7.6.16: what is said of one frame holds for it; the rest is said once, for all."""
    header = Dataset()
    header.SharedFunctionalGroupsSequence = sequence(
        PixelMeasuresSequence=sequence(PixelSpacing=[2, 2], SliceThickness=5),
        PixelValueTransformationSequence=sequence(RescaleSlope=1, RescaleIntercept=-1024),
    )
    header.PerFrameFunctionalGroupsSequence = [
        *sequence(PixelValueTransformationSequence=sequence(RescaleSlope=3, RescaleIntercept=7)),
        *sequence(PlanePositionSequence=sequence(ImagePositionPatient=[0, 0, 5])),
    ]
    first, second = frame_planes(header)
    assert (first.RescaleSlope, first.RescaleIntercept, list(first.PixelSpacing)) == (3, 7, [2, 2])
    assert (second.RescaleSlope, second.RescaleIntercept, second.SliceThickness) == (1, -1024, 5)
    assert list(second.ImagePositionPatient) == [0, 0, 5]
    assert "ImagePositionPatient" not in first


def test_a_frame_is_of_its_object_whatever_instance_a_group_names():
    """Converted objects name the image that a frame was (PS3.3 C.7.6.16.2.12)."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.3"
    header.PerFrameFunctionalGroupsSequence = sequence(
        UnassignedPerFrameConvertedAttributesSequence=sequence(
            SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID="1.2.3.4", KVP="120"
        ),
    )
    (frame,) = single_frames(header)
    assert (frame.SOPClassUID, frame.SOPInstanceUID, frame.KVP) == ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.3", 120)
