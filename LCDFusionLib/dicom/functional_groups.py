"""Enhanced multi-frame objects (PS3.3 C.7.6.16): what one frame is, in the attributes of a single-frame image."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
# UCUM codes of Measurement Units Code Sequence (0040,08EA), CID 84 and 85: Units (0054,1001) and SUV Type (0054,1006).
_PET_UNITS = {
    "Bq/ml": ("BQML", None),
    "{counts}": ("CNTS", None),
    "{propcounts}": ("PROPCNTS", None),
    "{SUVbw}g/ml": ("GML", "BW"),
    "g/ml{SUVbw}": ("GML", "BW"),
    "{SUVlbm}g/ml": ("GML", "LBM"),
    "g/ml{SUVlbm}": ("GML", "LBM"),
    "{SUVibw}g/ml": ("GML", "IBW"),
    "{SUVbsa}cm2/ml": ("CM2ML", "BSA"),
    "cm2/ml{SUVbsa}": ("CM2ML", "BSA"),
}
_PET_CORRECTIONS = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY", "ScatterCorrected": "SCAT", "RandomsCorrected": "RAN"}


def frame_planes(header: Dataset) -> list[Dataset]:
    """For each frame its functional groups' attributes in one flat data set, a frame's own before the shared ones.

    Image Position and Orientation (Patient), Pixel Spacing, Slice Thickness, Rescale Slope and Intercept and the like then stand where a
    single-frame image has them. Empty where the object has no Per-frame Functional Groups Sequence (5200,9230).
    """
    shared = Dataset()
    for item in header.get(_GROUPS[0]) or []:
        for group in _groups(item):
            shared.update(group)
    planes = []
    for item in header.get(_GROUPS[1]) or []:
        plane = Dataset()
        plane.update(shared)
        for group in _groups(item):
            plane.update(group)
        planes.append(plane)
    return planes


def single_frames(header: Dataset) -> list[Dataset]:
    """The headers of single-frame images that say the same as one multi-frame header; empty where its frames are not described.

    A PET gets Units, SUV Type, Corrected Image and Decay Correction, which the enhanced object says in other words. Decay is corrected to
    Decay Correction DateTime (0018,9701), so that takes the place of series and acquisition times.
    """
    common = Dataset()
    common.update({element.tag: element for element in header if element.keyword not in (*_GROUPS, "NumberOfFrames")})
    if header.get("SOPClassUID") == EnhancedPETImageStorage:
        _say_as_single_pet(common)
    frames = []
    for plane in frame_planes(header):
        frame = Dataset()
        frame.update(common)
        # Its identity is the object's, whatever instances the groups refer to.
        frame.update({element.tag: element for element in plane if element.keyword not in ("SOPInstanceUID", "SOPClassUID")})
        if frame.get("SOPClassUID") == EnhancedPETImageStorage:
            _set_pet_units(frame)
        frames.append(frame)
    return frames


def _groups(item: Dataset) -> Iterator[Dataset]:
    """The macros of one functional groups item; each is a sequence of one item."""
    for element in item:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _say_as_single_pet(header: Dataset) -> None:
    header.CorrectedImage = [code for keyword, code in _PET_CORRECTIONS.items() if header.get(keyword) == "YES"]
    moment = str(header.get("DecayCorrectionDateTime") or "")
    if header.get("DecayCorrected") == "YES" and moment:
        header.DecayCorrection = "START"
        header.AcquisitionDate, header.AcquisitionTime = moment[:8], moment[8:].split("+")[0].split("-")[0]
        for keyword in ("SeriesDate", "SeriesTime"):
            header.pop(keyword, None)


def _set_pet_units(frame: Dataset) -> None:
    """Units from Real World Value Mapping: that maps stored values, so its slope and intercept are the ones that give these units."""
    code = (frame.get("MeasurementUnitsCodeSequence") or [Dataset()])[0]
    units, suv_type = _PET_UNITS.get(str(code.get("CodeValue") or ""), (None, None))
    if units is None:
        return
    frame.Units = units
    if suv_type:
        frame.SUVType = suv_type
    if frame.get("RealWorldValueSlope") is not None and frame.get("RealWorldValueIntercept") is not None:
        frame.RescaleSlope, frame.RescaleIntercept = frame.RealWorldValueSlope, frame.RealWorldValueIntercept
