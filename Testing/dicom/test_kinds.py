"""The best pair first: original slices before all that scanners and workstations make of them."""

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from LCDFusionLib.cli.studies import fuse_command
from LCDFusionLib.dicom import propose_pairs, scan_folder
from LCDFusionLib.dicom.kinds import denies_attenuation_correction, kind_of
from LCDFusionLib.images.volume import Modality
from Testing.dicom.conftest import FRAME_OF_REFERENCE, SAGITTAL
from Testing.dicom.test_proposals import SCANNER


def header(modality, description="", **attributes):
    dataset = Dataset()
    dataset.Modality, dataset.SeriesDescription = modality, description
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


# Image Type as GE, Siemens and Philips scanners write it, and descriptions from protocols in use.
ORIGINALS = [
    header("CT", "CT AC 3.0 B30f", ImageType=["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]),
    header("CT", "WB CTAC", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
    header("CT", "Thorax axial proj. corrected recon".replace("proj. ", ""), ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
    header("MR", "t1_mprage_sag_p2_iso", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]),
    header("MR", "T1 FAT SAT axial", ImageType=["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"]),
    header("MR", "t2_tse_fs_tra", ImageType=["ORIGINAL", "PRIMARY", "M", "DIS2D"]),
    header("PT", "PET WB", ImageType=["ORIGINAL", "PRIMARY"], SeriesType=["WHOLE BODY", "IMAGE"], Units="BQML"),
    header("PT", "WB_3D_AC", ImageType=["ORIGINAL", "PRIMARY"], SeriesType=["STATIC", "IMAGE"]),
    header("NM", "SPECT IRAC", ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]),
]
NOT_ORIGINALS = {
    "localizer": [
        header("CT", "Topogram 0.6 T20f", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER", "CT_SOM5 TOP"]),
        header("MR", "3-plane loc", ImageType=["ORIGINAL", "PRIMARY", "OTHER"]),
        header("CT", "Scout", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]),
    ],
    "screen save": [
        header("CT", "Dose Report", ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]),
        header("PT", "Screen Save", ImageType=["DERIVED", "SECONDARY"]),
        header("CT", "Fused PET CT", ImageType=["DERIVED", "SECONDARY"]),
        header("CT", "VRT", ImageType=["DERIVED", "SECONDARY"]),
    ],
    "reprojection": [
        header("PT", "PET", SeriesType=["WHOLE BODY", "REPROJECTION"], ImageType=["DERIVED", "SECONDARY"]),
        header("PT", "Rotating MIP", ImageType=["DERIVED", "SECONDARY"]),
    ],
    "mu-map": [
        header("PT", "umap", Units="1CM"),
        header("PT", "WB_MU_MAP", ImageType=["DERIVED", "PRIMARY"]),
        header("NM", "SPECT", ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]),
        header("CT", "CTAC mu-map", ImageType=["DERIVED", "PRIMARY", "AXIAL"]),
    ],
    "MIP": [
        header("CT", "Lung MIP", ImageType=["DERIVED", "SECONDARY", "AXIAL"]),
        header("MR", "TOF", ImageType=["DERIVED", "SECONDARY", "PROJECTION IMAGE"]),
        header("CT", "body", ImageType=["DERIVED", "SECONDARY", "MIP", "CSA MIP"]),
        header("CT", "vessels", ImageType=["DERIVED", "PRIMARY", "VOLUME"], VolumeBasedCalculationTechnique="MAX_IP"),
    ],
    "MPR": [
        header("CT", "coronal", ImageType=["DERIVED", "SECONDARY", "MPR", "CSA MPR"]),
        header("CT", "Thorax 1 mm", ImageType=["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"]),
        header("CT", "Thorax cor", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
        header("PT", "PET cor", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1]),
    ],
    "ADC": [
        header("MR", "ep2d_diff_ADC", ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND"]),
        header("MR", "Apparent Diffusion Coefficient (mm2/s)", ImageType=["DERIVED", "PRIMARY"]),
    ],
}


@pytest.mark.parametrize("one", ORIGINALS, ids=lambda one: one.SeriesDescription)
def test_originals(one):
    assert kind_of(one).is_original


@pytest.mark.parametrize(("name", "one"), [(name, one) for name, each in NOT_ORIGINALS.items() for one in each])
def test_what_was_made_of_them(name, one):
    kind = kind_of(one)
    assert not kind.is_original
    assert name in kind.name
    assert kind.is_fusable is (name not in ("localizer", "screen save", "reprojection"))


@pytest.mark.parametrize(
    ("modality", "types", "name"),
    [
        ("MR", ["ORIGINAL", "PRIMARY", "DIXON", "F"], "fat image of a Dixon series"),
        ("MR", ["ORIGINAL", "PRIMARY", "DIXON", "WATER"], "part of a Dixon series"),
        ("MR", ["DERIVED", "PRIMARY", "M", "DIS2D"], "derived image"),
        ("CT", ["DERIVED", "PRIMARY", "AXIAL"], "derived image"),
        ("CT", ["ORIGINAL", "PRIMARY", "AXIAL", "F"], ""),
        ("PT", ["DERIVED", "PRIMARY", "PARAMETRIC"], "map computed from other images (ADC or the like)"),
    ],
)
def test_image_type_tells_what_a_description_does_not(modality, types, name):
    assert kind_of(header(modality, "abdomen", ImageType=types)).name == name


@pytest.mark.parametrize(
    ("description", "attributes", "denies"),
    [
        ("PET NAC", {}, True),
        ("WB_uncorrected", {}, True),
        ("PET no AC", {}, True),
        ("PET Non-AC", {}, True),
        ("PET ohne Schwächungskorrektur", {}, True),
        ("TEP sans correction d'atténuation", {}, True),
        ("PET AC", {"AttenuationCorrectionMethod": "NONE"}, True),
        ("PET AC", {"AttenuationCorrectionMethod": "CT-derived mu-map"}, False),
        ("PET AC", {"AttenuationCorrected": "NO"}, True),
        ("PET corrected", {}, False),
        ("nacl PET", {}, False),
    ],
)
def test_attenuation_correction_is_believed_where_nothing_says_the_opposite(description, attributes, denies):
    assert bool(denies_attenuation_correction(header("PT", description, **attributes))) is denies


@pytest.fixture
def put(tmp_path, make, write_series):
    numbers = iter(range(1, 99))

    def write(modality, name, *, apart=3.0, slices=6, **options):
        attributes = {**SCANNER, **options.pop("attributes", {})}
        volume = replace(make(modality, shape=(slices, 16, 16), spacing=(2.0, 2.0, apart), **options), name=name)
        volume = replace(volume, frame_of_reference=FRAME_OF_REFERENCE)
        return write_series(volume, f"study/{name}", series_number=next(numbers), attributes=attributes)

    return write


def names(folder):
    return [f"{pair.anatomy.description} + {pair.function.description}" for pair in propose_pairs(scan_folder(folder).series)]


def test_a_pet_ct_as_it_really_comes(put, tmp_path):
    """The study of a workstation: the thin coronal MPR and the rotating reprojection go before nothing."""
    put(Modality.CT, "coronal", direction=SAGITTAL, apart=0.7, slices=20, attributes={"ImageType": ["DERIVED", "SECONDARY", "MPR"]})
    put(Modality.CT, "CT MIP", apart=1.0, attributes={"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]})
    put(Modality.PET, "rotating", attributes={"SeriesType": ["WHOLE BODY", "REPROJECTION"], "ImageType": ["DERIVED", "SECONDARY"]})
    put(Modality.PET, "mu-map", attributes={"Units": "1CM"})
    put(Modality.PET, "PET NAC")  # Corrected Image says ATTN all the same
    put(Modality.PET, "PET")
    put(Modality.CT, "CT AC", apart=5.0)
    assert names(tmp_path / "study")[:2] == ["CT AC + PET", "CT AC + PET NAC"]
    assert {name.split(" + ")[1] for name in names(tmp_path / "study")} == {"PET", "PET NAC"}
    pairs = propose_pairs(scan_folder(tmp_path / "study").series)
    assert any("says Series Description 'PET NAC'" in caution for caution in pairs[1].cautions)
    cautions = [caution for pair in pairs[2:] for caution in pair.cautions]
    assert "'coronal' is a reformatted series (MPR), not an original series." in cautions


def test_a_pet_mr_as_it_really_comes(put, tmp_path):
    for name in ("MRAC_TRA", "t1_vibe_dixon_FAT", "t1_vibe_dixon_WATER", "MIP", "ADC", "T1 axial"):
        put(Modality.MR, name, apart=1.0 if name != "T1 axial" else 4.0)
    put(Modality.PET, "PET")
    found = names(tmp_path / "study")
    assert found[0] == "T1 axial + PET"
    assert found[1:4] == ["t1_vibe_dixon_WATER + PET", "t1_vibe_dixon_FAT + PET", "MRAC_TRA + PET"]
    assert set(found[4:]) == {"MIP + PET", "ADC + PET"}


def test_a_confirmation_is_never_given_unasked(put, tmp_path):
    """The command of a pair that differs asks for it; it does not bring it along."""
    put(Modality.CT, "CT", attributes={"AcquisitionDate": "20240101", "StudyDate": "20240101"})
    put(Modality.PET, "PET")
    contents = scan_folder(tmp_path / "study")
    (pair,) = propose_pairs(contents.series)
    assert pair.mismatches == ("study-date",)
    assert "--confirm-mismatch" not in fuse_command(tmp_path / "study", contents, pair)
