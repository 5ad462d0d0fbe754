"""Series that a host reads itself: several volumes of one DICOM object are several nodes, each with its own frames behind it."""

import numpy as np
import pytest

from LCDFusionLib.dicom import read_series, scan_folder
from LCDFusionLib.mrml.dicom_nodes import node_from_series
from LCDFusionLib.mrml.dicom_source import dicom_header, dicom_source, forget_sources, kept_source
from LCDFusionLib.mrml.inputs import choose_pair, read_function
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.web.app.study import open_study
from Testing.dicom.conftest import make_volume
from Testing.dicom.nuclear_objects import counts, nuclear_image, save


@pytest.fixture
def two_windows(tmp_path):
    """A SPECT of two energy windows in one object."""
    dataset = nuclear_image(np.concatenate([counts((4, 64, 64)), counts((4, 64, 64))[:, ::-1]]))
    dataset.SliceVector, dataset.EnergyWindowVector = [1, 2, 3, 4] * 2, [1] * 4 + [2] * 4
    save(nuclear_image(counts(), kind="TOMO"), tmp_path, "raw.dcm")
    return save(dataset, tmp_path)


def test_each_node_knows_its_own_frames(application, two_windows):
    def find_file(_uid):
        return str(two_windows / "spect.dcm")

    series = [one for one in scan_folder(two_windows).series if one.is_volume]
    nodes = [node_from_series(application.scene, *read_series(one)) for one in series]
    for remembered in (True, False):
        for one, node in zip(series, nodes, strict=True):
            source = dicom_source(node, find_file)
            assert source.series.part == one.part
            assert source.frames == tuple(frame for _, frame in one.images)
            assert (kept_source(node, find_file) is not None) is remembered
            volume, notes = read_function(node, find_file=find_file)
            assert (volume.unit.value, notes) == ("counts", [])
        forget_sources()
    assert dicom_header(nodes[1], find_file).Modality == "NM"


def test_the_browser_offers_the_volumes_alone(two_windows):
    study = open_study([two_windows], progress=lambda text: None)
    assert [offer.title for offer in study.offers] == [f"SPECT SPECT bone, EnergyWindow {n} (4 images, series 5)" for n in (1, 2)]
    assert {offer.patient for offer in study.offers} == {"Müller Anna"}
    assert [study.offer(f"{n}").read().source.frames[0] for n in (0, 1)] == [1, 5]


def test_slicer_takes_originals_first(application):
    """By the names that Slicer gives: a mu-map, a MIP and a localizer with most slices go before nothing."""
    from LCDFusionLib.images.volume import Modality

    nodes = {
        name: node_from_volume(
            application.scene,
            make_volume(modality, shape=(slices, 20, 24)).with_array(make_volume(modality, shape=(slices, 20, 24)).array, name=name),
        )
        for name, modality, slices in (
            ("4: PET", Modality.PET, 6),
            ("5: PET mu-map", Modality.PET, 9),
            ("2: CT AC", Modality.CT, 6),
            ("7: CT MIP", Modality.CT, 12),
            ("1: Topogram", Modality.CT, 30),
        )
    }
    assert choose_pair(application.scene) == (nodes["2: CT AC"], nodes["4: PET"])
