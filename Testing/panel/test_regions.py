"""The table of regions: whose they are, what they hold by others' statistics, and that they come back."""

import csv
import io

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from scipy import ndimage  # noqa: E402

from LCDFusionLib.dicom import read_folder  # noqa: E402
from LCDFusionLib.images.volume import Modality  # noqa: E402
from LCDFusionLib.mrml.application import Application  # noqa: E402
from LCDFusionLib.mrml.dicom_nodes import node_from_series  # noqa: E402
from LCDFusionLib.mrml.regions import regions_of  # noqa: E402
from LCDFusionLib.panel.export import ExportKind  # noqa: E402
from LCDFusionLib.panel.measured import COLUMNS  # noqa: E402
from Testing.cli.small_study import body, write_series  # noqa: E402
from Testing.dicom.telling_patient import tell, told  # noqa: E402
from Testing.hosts.saved_scene import save  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402
from Testing.panel.test_on_show import HOT, HOT_RAS, register  # noqa: E402


@pytest.fixture
def pair(host, load):
    """Both volumes, on show with the crosshair on the hot spot; and their nodes."""
    ct, pet = volumes(HOT)
    nodes = load((ct, pet))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.views.plane.jump(HOT_RAS)
    return ct, pet, nodes


def values(row):
    return dict(zip(COLUMNS, row.values, strict=True))


def centres(volume):
    """LPS mm of every voxel."""
    k, j, i = np.mgrid[: volume.shape[0], : volume.shape[1], : volume.shape[2]]
    return (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ volume.ijk_to_lps.T)[..., :3]


def test_a_region_holds_what_scipy_measures_there(host, pair):
    ct, pet, _ = pair
    host.set(isocontour=50.0, region_threshold=2.0)
    regions = host.panel.regions
    for measure, level in ((regions.isocontour, 0.5 * pet.array.max()), (regions.threshold, 2.0)):
        measure()
        labels, _count = ndimage.label(pet.array >= level)
        label = labels[np.unravel_index(pet.array.argmax(), pet.shape)]
        inside, image = labels == label, pet.array.astype(float)
        shown = values(regions.state.rows[-1])
        ml = inside.sum() * abs(np.linalg.det(pet.ijk_to_lps[:3, :3])) / 1000
        assert float(shown["max"]) == pytest.approx(ndimage.maximum(image, labels, label), abs=0.005)
        assert float(shown["mean"]) == pytest.approx(ndimage.mean(image, labels, label), abs=0.005)
        assert float(shown["ml"]) == pytest.approx(ml, abs=0.005)
        assert float(shown["TLG"]) == pytest.approx(ml * image[inside].mean(), rel=5e-3)
        # The CT's voxels whose centre lies in a voxel of the region.
        nearest = np.floor((centres(ct) - pet.origin) / pet.spacing + 0.5).astype(int)[..., ::-1]
        there = ((nearest >= 0) & (nearest < pet.shape)).all(axis=-1)
        chosen = np.zeros(ct.shape, bool)
        chosen[there] = inside[tuple(nearest[there].T)]
        assert float(shown["HU"]) == pytest.approx(ct.array[chosen].mean(), abs=0.5)
        assert shown["Slice"] == "5"


def test_lesions_get_names_of_their_own_and_one_place_has_one_lesion(host, pair):
    regions, plane = host.panel.regions, host.panel.views.plane
    regions.isocontour()
    host.set(region_radius=12.0)
    regions.sphere()  # tried otherwise, at the same place
    assert [row.name for row in regions.state.rows] == ["Lesion 1"]
    assert "Sphere of 12 mm" in regions.state.text
    plane.jump((10.0, 0.0, 30.0))
    regions.sphere()
    regions.rename(regions.state.rows[0].key, "  Left   hilum ")
    assert [row.name for row in regions.state.rows] == ["Left hilum", "Lesion 2"]
    plane.jump((10.0, 5.0, 30.0))
    regions.sphere()
    regions.remove(regions.state.rows[1].key)
    assert [row.name for row in regions.state.rows] == ["Left hilum", "Lesion 1"]
    regions.rename(regions.state.rows[1].key, " ")
    assert regions.state.rows[1].name == "Lesion 1"


def test_a_click_on_a_region_goes_there_and_selects_it(host, pair):
    regions, views = host.panel.regions, host.panel.views
    regions.isocontour()
    first = regions.state.text
    views.plane.jump((10.0, 0.0, 50.0))
    regions.sphere()
    assert views.slice == 6
    assert regions.state.text != first
    regions.go_to(regions.state.rows[0].key)
    assert views.slice == 4
    assert views.plane.crosshair == pytest.approx(HOT_RAS)
    assert [row.is_selected for row in regions.state.rows] == [True, False]
    assert regions.state.text == first


def test_what_cannot_be_measured_is_said_and_makes_no_row(host, pair):
    host.set(region_threshold=50.0)
    host.panel.regions.threshold()
    assert "reaches 50" in host.panel.regions.state.text
    assert host.panel.regions.state.rows == ()
    host.set(region_threshold=2.0)
    host.panel.regions.threshold()
    assert "SUVmax" in host.panel.regions.state.text


def test_references_mark_lesions_and_give_the_score(host, pair):
    _, pet, _ = pair
    regions, plane = host.panel.regions, host.panel.views.plane
    regions.isocontour()
    assert values(regions.state.rows[0])["Deauville"] == values(regions.state.rows[0])["PERCIST"] == ""
    plane.jump((30.0, -20.0, 30.0))
    regions.liver()
    liver = pet.array[np.linalg.norm(centres(pet) - (-30, 20, 30), axis=-1) <= 15].astype(float)
    threshold = 1.5 * liver.mean() + 2 * liver.std(ddof=1)
    assert f"SUVpeak {threshold:.2f}, 1.5 x liver mean + 2 SD" in regions.state.references
    assert regions.state.rows[0].is_marked
    assert "set both references" in regions.state.references
    plane.jump((-30.0, 30.0, 30.0))
    regions.blood()
    assert values(regions.state.rows[0])["Deauville"] == "5"
    assert [row.kind for row in regions.state.rows] == ["lesion", "liver", "blood pool"]
    plane.jump((30.0, -24.0, 30.0))
    regions.liver()  # another one takes its place
    assert [row.name for row in regions.state.rows] == ["Lesion 1", "Liver", "Blood pool"]
    regions.remove(regions.state.rows[1].key)
    assert "2 x blood pool mean" in regions.state.references


def test_regions_belong_to_their_pair_and_to_where_it_lies(host, load, pair):
    _, _, nodes = pair
    regions = host.panel.regions
    regions.isocontour()
    before = regions.state
    register(nodes[1], (-20.0, 8.0, 8.0))
    host.settle()
    assert regions.state.rows == ()
    assert regions.state.text == ""
    assert "1 region was drawn where the two lay otherwise" in regions.state.note
    host.panel.registration.undo()
    host.settle()
    assert regions.state == before
    others = load(volumes((-20.0, -10.0, 14.0), name=" 2"))
    host.set(anatomy=others[0], function=others[1])
    assert regions.state.rows == ()
    assert regions.state.note == ""
    assert not host.panel.export.state.can_export_regions
    host.set(anatomy=nodes[0], function=nodes[1])
    assert [row.values for row in regions.state.rows] == [row.values for row in before.rows]


def test_a_painted_voxel_is_measured_in_the_same_region(host, pair):
    from LCDFusionLib.mrml.nodes import voxels, voxels_modified

    nodes = pair[2]
    host.panel.regions.isocontour()
    ml = values(host.panel.regions.state.rows[0])["ml"]
    voxels(nodes[1])[:] = 3.0
    voxels_modified(nodes[1])
    host.settle()
    shown = values(host.panel.regions.state.rows[0])
    assert (shown["max"], shown["mean"], shown["ml"]) == ("3.00", "3.00", ml)


def test_a_saved_scene_brings_the_segments_back(host, pair, tmp_path):
    _, pet, nodes = pair
    regions, scene = host.panel.regions, host.panel.scene
    regions.isocontour()
    regions.rename(regions.state.rows[0].key, "Hilum, left")
    host.panel.views.plane.jump((30.0, -20.0, 30.0))
    regions.liver()
    segmentation = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert [segmentation.GetSegmentation().GetNthSegment(n).GetName() for n in range(2)] == ["Hilum, left", "Liver"]
    there = regions_of(*nodes, pet)
    save(scene, tmp_path)
    later = Application.create()
    later.scene.SetURL(str(tmp_path / "scene.mrml"))
    assert later.scene.Import()
    anatomy, function = (later.scene.GetNodeByID(node.GetID()) for node in nodes)
    back = regions_of(anatomy, function, pet)
    assert [(each.key, each.name, each.kind, each.how) for each in back] == [(each.key, each.name, each.kind, each.how) for each in there]
    for new, old in zip(back, there, strict=True):
        assert new.place == pytest.approx(old.place)
        assert (new.voxels == old.voxels).all()


def test_the_table_as_a_file(host, pair, tmp_path):
    regions, export = host.panel.regions, host.panel.export
    assert not export.state.can_export_regions
    regions.isocontour()
    regions.rename(regions.state.rows[0].key, "Zaphod, left")
    host.settle()
    assert export.state.can_export_regions
    assert not export.state.can_export, "regions need no fusion"
    for deidentify in (False, True):
        host.set(deidentify=deidentify)
        (written,) = [path for step in export.steps(ExportKind.REGIONS, tmp_path) for path in step()]
        (row,) = csv.DictReader(io.StringIO(written.read_text()))
        assert row["name"] == ("Region 1" if deidentify else "Zaphod, left")
        shown = values(regions.state.rows[0])
        for name, column in (("maximum", "max"), ("mean", "mean"), ("peak", "peak"), ("volume_ml", "ml")):
            assert float(row[name]) == pytest.approx(float(shown[column]), abs=0.005)
        assert (row["slice"], row["unit"], row["kind"], row["how"]) == ("5", "SUVbw", "lesion", "Isocontour of 41 %")
        assert float(row["right_mm"]) == HOT_RAS[0]
        assert row["sul_mean"] == row["deauville"] == "", "what is not known stays empty"


def test_deidentified_no_byte_of_a_table_or_an_object_tells_the_patient(host, application, tmp_path):
    pytest.importorskip("highdicom")
    folders = [write_series(tmp_path / "Zaphod" / kind.value, body(kind)) for kind in (Modality.CT, Modality.PET)]
    secrets = tell(tmp_path / "Zaphod")
    read = [read_folder(folder) for folder in folders]
    files = {str(h.SOPInstanceUID): str(f) for _, source in read for h, f in zip(source.headers, source.files, strict=True)}
    host.find_file = lambda uid: files.get(uid, "")
    anatomy, function = (node_from_series(application.scene, *each) for each in read)
    host.set(anatomy=anatomy, function=function)
    host.settle()
    host.panel.views.plane.jump((30.0, 0.0, -290.0))
    host.panel.regions.liver()
    host.panel.regions.rename(host.panel.regions.state.rows[0].key, "Zaphod, left")
    host.settle()
    for deidentify in (False, True):
        host.set(deidentify=deidentify)
        folder = tmp_path / str(deidentify)
        folder.mkdir()
        for kind in (ExportKind.REGIONS, ExportKind.REGION_OBJECTS):
            for step in host.panel.export.steps(kind, folder):
                step()
        exported = [file for file in folder.rglob("*") if file.is_file()]
        assert len(exported) == 3
        found = told(exported, secrets)
        telling = set() if deidentify else {file.name for file in exported}  # so the walk can find something
        assert set(found) == telling, found


def test_dicom_objects_bring_the_regions_back_with_the_study(host, application, tmp_path):
    """Written in one session, opened with the series in the next; also where the PET's slices lie the other way round in the scene."""
    pytest.importorskip("highdicom")
    folders = [write_series(tmp_path / kind.value, body(kind)) for kind in (Modality.CT, Modality.PET)]
    (ct, of_ct), (pet, of_pet) = map(read_folder, folders)
    files = {str(h.SOPInstanceUID): str(f) for source in (of_ct, of_pet) for h, f in zip(source.headers, source.files, strict=True)}
    host.find_file = lambda uid: files.get(uid, "")
    turned = pet.with_array(
        pet.array[::-1], ijk_to_lps=pet.ijk_to_lps @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, len(pet.array) - 1], [0, 0, 0, 1]]
    )
    regions, shown = host.panel.regions, []
    for function in (turned, pet):
        nodes = node_from_series(application.scene, ct, of_ct), node_from_series(application.scene, function, of_pet)
        host.set(anatomy=nodes[0], function=nodes[1])
        host.settle()
        if not shown:
            assert regions.state.rows == ()
            host.panel.views.plane.jump((-25.0, 10.0, -290.0))
            regions.isocontour()
            regions.rename(regions.state.rows[0].key, "Left lung")
            host.panel.views.plane.jump((30.0, 0.0, -290.0))
            regions.liver()
            host.settle()
            (written,) = [path for step in host.panel.export.steps(ExportKind.REGION_OBJECTS, tmp_path) for path in step()]
            host.segmentations = tuple(sorted(written.iterdir()))
        shown.append([(row.kind, *row.values) for row in regions.state.rows])
    assert shown[0][0][1] == "Left lung"
    assert shown[1] == shown[0], "with the same numbers"
    regions.remove(regions.state.rows[1].key)
    host.settle()
    assert len(regions.state.rows) == 1, "what was taken away does not come back"
