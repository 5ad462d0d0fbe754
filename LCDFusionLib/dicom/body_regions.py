"""Body Part Examined (0018,0015): which regions a defined term means (PS3.16 annex L), and which parts are single."""

from __future__ import annotations

_HEAD, _NECK, _CHEST, _ABDOMEN, _PELVIS, _ARM, _LEG = "head", "neck", "chest", "abdomen", "pelvis", "arm", "leg"
_TRUNK = frozenset([_NECK, _CHEST, _ABDOMEN, _PELVIS])
_WHOLE = _TRUNK | {_HEAD, _ARM, _LEG}

# fmt: off
_TERMS_OF_REGION = {
    frozenset([_HEAD]): "HEAD BRAIN SKULL FACE JAW MOUTH NOSE TONGUE EYE EAR ORBIT SINUS MAXILLA MANDIBLE ZYGOMA CEREBELLUM IAC",
    frozenset([_NECK]): "NECK CSPINE LARYNX PHARYNX THYROID PAROTID CAROTID",
    frozenset([_HEAD, _NECK]): "HEADNECK",
    frozenset([_CHEST]): "CHEST THORAX LUNG HEART MEDIASTINUM STERNUM RIB BREAST TSPINE BRONCHUS ESOPHAGUS THYMUS CLAVICLE SCAPULA",
    frozenset([_NECK, _CHEST]): "NECKCHEST CTSPINE AXILLA",
    frozenset([_ABDOMEN]): "ABDOMEN LIVER SPLEEN PANCREAS KIDNEY STOMACH GALLBLADDER BILEDUCT ADRENAL LSPINE COLON DUODENUM",
    frozenset([_CHEST, _ABDOMEN]): "CHESTABDOMEN TLSPINE",
    frozenset([_PELVIS]): "PELVIS BLADDER PROSTATE UTERUS CERVIX OVARY RECTUM SSPINE COCCYX SIJOINT",
    frozenset([_ABDOMEN, _PELVIS]): "ABDOMENPELVIS LSSPINE",
    frozenset([_CHEST, _ABDOMEN, _PELVIS]): "CHESTABDPELVIS AORTA",
    frozenset([_NECK, _CHEST, _ABDOMEN]): "NECKCHESTABDOMEN",
    _TRUNK: "NECKCHESTABDPELV SPINE TRUNK",
    frozenset([_CHEST, _ARM]): "SHOULDER",
    frozenset([_ARM]): "ARM ELBOW FOREARM HAND WRIST FINGER THUMB HUMERUS RADIUS ULNA RADIUSULNA UPPEREXTREMITY",
    frozenset([_PELVIS, _LEG]): "HIP",
    frozenset([_LEG]): "LEG FEMUR KNEE ANKLE FOOT CALCANEUS TOE THIGH TIBIA FIBULA TIBIAFIBULA PATELLA LOWEREXTREMITY",
    frozenset([_ARM, _LEG]): "EXTREMITY",
    _WHOLE: "WHOLEBODY",
}
# Parts that are single: with these Laterality (0020,0060) has to be absent; else it is there, empty when unknown.
_UNPAIRED = frozenset([
    "ABDOMEN", "ABDOMENPELVIS", "AORTA", "BLADDER", "BRAIN", "CEREBELLUM", "CERVIX", "CHEST", "CHESTABDOMEN", "CHESTABDPELVIS",
    "COCCYX", "COLON", "CSPINE", "CTSPINE", "ESOPHAGUS", "FACE", "GALLBLADDER", "HEAD", "HEADNECK", "HEART", "JAW", "LIVER", "LSPINE",
    "LSSPINE", "MEDIASTINUM", "MOUTH", "NECK", "NECKCHEST", "NECKCHESTABDOMEN", "NECKCHESTABDPELV", "NOSE", "PANCREAS", "PELVIS",
    "PROSTATE", "RECTUM", "SKULL", "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "THYMUS", "THYROID", "TLSPINE", "TONGUE",
    "TSPINE", "UTERUS", "WHOLEBODY",
])
# fmt: on
_REGIONS = {term: regions for regions, terms in _TERMS_OF_REGION.items() for term in terms.split()}


def regions(body_part: str) -> frozenset[str]:
    """The regions of the body that a term means ("head", "chest" ...); empty for a term that is none of the standard's."""
    term = "".join(letter for letter in body_part.upper() if letter.isalpha())
    return _REGIONS.get(term, frozenset())


def is_unpaired(body_part: str) -> bool:
    """True for a part of which there is one alone, so that no side can be told."""
    return body_part in _UNPAIRED
