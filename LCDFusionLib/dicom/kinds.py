"""What kind of image a series is: original slices, or something made of them that one seldom means to fuse.

Scanners say it in Image Type (0008,0008) and its likes, often only in Series Description (0008,103E), and never all in one way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from . import elements

KIND_KEYWORDS = ("ImageType", "FrameType", "SeriesType", "VolumeBasedCalculationTechnique", "Units", "SeriesDescription", "ConversionType")


@dataclass(frozen=True)
class Kind:
    """A kind of image.

    Attributes:
        name: what a radiologist calls it; "" for original slices.
        is_original: nothing made of other images; these are proposed before all that is not.
        rank: among those that are equal in that, small is good.
        is_fusable: a person may mean to fuse it; localizers, screen saves and projections are no volumes of anything.
    """

    name: str = ""
    is_original: bool = True
    rank: int = 0
    is_fusable: bool = True


ORIGINAL = Kind()
DERIVED = Kind("derived image", rank=1)  # by a filter, a correction of distortion, a converter: often all that there is
_DIXON = Kind("part of a Dixon series", rank=2)
_FAT = Kind("fat image of a Dixon series", rank=3)
_FOR_CORRECTION = Kind("MR for attenuation correction", rank=4)
_REFORMATTED = Kind("reformatted series (MPR)", is_original=False)
_MIP = Kind("maximum or minimum intensity projection (MIP)", is_original=False, rank=1)
_MAP = Kind("map computed from other images (ADC or the like)", is_original=False, rank=2)
MU_MAP = Kind("map of attenuation (mu-map)", is_original=False, rank=3)
_PROJECTION = Kind("reprojection", is_original=False, rank=4, is_fusable=False)
_LOCALIZER = Kind("localizer", is_original=False, rank=5, is_fusable=False)
_SCREEN = Kind("screen save", is_original=False, rank=6, is_fusable=False)

# Words of Image Type and the like, and words of a description, each with spaces around; the first that fits counts.
_BY_TYPE = (
    (_LOCALIZER, r" (LOCALIZER|LOCALISER|SCOUT|TOPOGRAM|SURVIEW) "),
    (_SCREEN, r" (SCREEN ?(SAVE|SHOT|CAPTURE)|SCREENSAVE|DOSE INFO|DOSE REPORT|VOLUME RENDER(ING)?|VRT|SSD) "),
    (_PROJECTION, r" (REPROJECTION|REPROJECTED|ROTATING) "),
    (MU_MAP, r" (MU ?MAP|UMAP|ATTENUATION MAP|TRANSMISSION|1CM) "),
    (_MIP, r" (MIP|MINIP|MAX IP|MIN IP|PROJECTION IMAGE|MAXIMUM INTENSITY|MINIMUM INTENSITY) "),
    (_REFORMATTED, r" (MPR|MPVR|REFORMATTED|REFORMAT|CURVED|CPR) "),
    (_MAP, r" (ADC|EADC|FA|TTP|MTT|CBF|CBV|RCBF|RCBV|KTRANS|T1 ?MAP|T2 ?MAP|R2 ?STAR ?MAP|FIELD ?MAP|PHASE MAP|SUBTRACTION|PARAMETRIC) "),
    (_FAT, r" (FAT|F) "),
    (_DIXON, r" (WATER|W|IN PHASE|OUT PHASE|OPP PHASE|IP|OP|DIXON) "),
)
_BY_DESCRIPTION = (
    (_LOCALIZER, r" (localizer|localiser|loc|scout|topogram|surview|3 ?plane) "),
    (
        _SCREEN,
        r" (screen ?(saves?|shots?|captures?)|screensaves?|snapshots?|dose (report|info|page)|patient protocol|"
        r"secondary capture|vrt|volume render(ing|ed)?|fused) ",
    ),
    (_PROJECTION, r" (reprojections?|reprojected|rotating|rotation|projections?|cine mip) "),
    (MU_MAP, r" (mu ?maps?|µ ?maps?|μ ?maps?|u ?maps?|attenuation maps?|ac ?maps?|att ?maps?) "),
    (_MIP, r" (mips?|minips?|max(imum)? intensity|min(imum)? intensity|slab) "),
    (_REFORMATTED, r" (mprs?|mpvr|reformat(ted|s)?|reformation|curved|cpr) "),
    (_MAP, r" (adc|eadc|apparent diffusion|fa map|ttp|mtt|cbf|cbv|rcbf|rcbv|ktrans|t1 ?map|t2 ?map|field ?map|sub(traction)?) "),
)
_BY_MR_DESCRIPTION = (
    (_FOR_CORRECTION, r" (mrac|pet ?ac|ac images?|attenuation correction|atten ?corr) "),
    (_FAT, r" (fat|f)( (images?|only))? $"),
    (_DIXON, r" (water|w|in|opp|out|ip|op|in ?phase|opp(osed)? ?phase|out ?phase)( (images?|only))? $| (lava flex|dixon) "),
)
_NOT_CORRECTED = (
    r" (nac|noac|nonac|no ac|non ac|wo ac|w o ac|uncorr|uncorrected|un corrected|non ?(attenuation )?correct\w*|"
    r"not (attenuation )?corrected|without (attenuation|ac)|no atten\w*|"
    r"ohne (ac|schw\w*)|nicht (schw\w*|korrigiert)|unkorrigiert|sans (ac|correction|att\w*)|non corrig\w*|sin (ac|correcci\w*)) "
)
_LYING = 0.5  # CT and PET are scanned across the body, even with a tilted gantry; what lies less across was reformatted


def kind_of(header: Dataset) -> Kind:
    """The kind of the series that a header is of; `KIND_KEYWORDS` and Modality, Image Orientation (Patient) are looked at."""
    types = [elements.terms(header, keyword) for keyword in KIND_KEYWORDS if keyword != "SeriesDescription"]
    said = " ".join(f" {_words(term).upper()} " for terms in types for term in terms)
    description = f" {_words(elements.text(header, 'SeriesDescription')).casefold()} "
    modality = elements.text(header, "Modality")
    for patterns, words in (
        (_BY_TYPE[:-2] if modality != "MR" else _BY_TYPE, said),
        (_BY_DESCRIPTION, description),
        (_BY_MR_DESCRIPTION if modality == "MR" else (), description),
    ):
        for kind, pattern in patterns:
            if re.search(pattern, words):
                return kind
    if modality in ("CT", "PT") and _is_lying(header):
        return _REFORMATTED
    return DERIVED if elements.terms(header, "ImageType")[:1] == ("DERIVED",) else ORIGINAL


def denies_attenuation_correction(header: Dataset) -> str:
    """What in a header says that the image was not corrected for attenuation, whatever else does; "" where nothing says so."""
    description = elements.text(header, "SeriesDescription")
    if re.search(_NOT_CORRECTED, f" {_words(description).casefold()} "):
        return f"Series Description '{description}'"
    method = elements.text(header, "AttenuationCorrectionMethod")
    if method and re.fullmatch(r"(none|no|off|n a)", _words(method).casefold()):
        return f"{elements.attribute('AttenuationCorrectionMethod')} '{method}'"
    if elements.text(header, "AttenuationCorrected").upper() == "NO":
        return f"{elements.attribute('AttenuationCorrected')} NO"
    return ""


def _is_lying(header: Dataset) -> bool:
    orientation = elements.numbers(header, "ImageOrientationPatient", 6)
    return orientation is not None and abs(float(np.cross(orientation[:3], orientation[3:])[2])) < _LYING


def _words(text: str) -> str:
    """Letters and digits in words, with one space between: "PET_WB-NAC" is "PET WB NAC"."""
    return " ".join(re.findall(r"[^\W_]+", text))
