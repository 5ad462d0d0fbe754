"""Regions as DICOM Segmentation and measurement report: valid, and what others read in them is what was measured."""

import math
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes as dictionary

from LCDFusionLib.dicom import read_folder, scan_folder
from LCDFusionLib.dicom.deidentify import deidentify_folder
from LCDFusionLib.dicom.region_objects import latest_regions, read_regions, write_regions
from LCDFusionLib.dicom.reported_region import ReportedRegion
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.uptake import measure
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series

highdicom = pytest.importorskip("highdicom")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The regions, their series, and the folder with both objects."""
    folder = tmp_path_factory.mktemp("regions")
    pet, source = read_folder(write_series(folder / "PT", body(Modality.PET)))
    lesion, liver = pet.array > 4, np.zeros(pet.shape, bool)
    liver[1:5, 8:14, 5:11] = True
    overlapping = pet.array > 6
    regions = [
        ReportedRegion("Lunge links", "lesion", "Isocontour of 41 %", lesion, measure(pet, lesion), 57.25, 0.631, "5"),
        ReportedRegion("Lesion 2", "lesion", "Above 6", overlapping, measure(pet, overlapping)),
        ReportedRegion("Liver", "liver", "Sphere of 15 mm", liver, measure(pet, liver), 41.5, 0.631),
    ]
    return regions, source, write_regions(regions, source, folder / "out")


def test_both_objects_are_valid(written):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (apt-get install dicom3tools) is not installed")
    for file in written[2].iterdir():
        told = subprocess.run([validator, str(file)], capture_output=True, text=True, check=False).stderr
        assert "Error" not in told, told


def test_highdicom_finds_the_voxels_of_each_image(written):
    regions, source, folder = written
    segmentation = highdicom.seg.segread(folder / "0001.dcm")
    uids = [str(header.SOPInstanceUID) for header in source.headers]
    pixels = segmentation.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
    assert pixels.shape[-1] == len(regions)
    for number, region in enumerate(regions):
        assert (pixels[..., number].astype(bool) == region.voxels).all(), region.name
        description = segmentation.get_segment_description(number + 1)
        assert description.segment_label == region.name
        assert description.segmented_property_type.meaning == {"lesion": "Lesion", "liver": "Liver"}[region.kind]


def test_pydicom_alone_finds_them_where_the_pet_lies(written):
    """Frame by frame, from Plane Position and Segment Identification."""
    regions, source, folder = written
    dataset = pydicom.dcmread(folder / "0001.dcm")
    assert dataset.FrameOfReferenceUID == source.headers[0].FrameOfReferenceUID
    assert dataset.StudyInstanceUID == source.headers[0].StudyInstanceUID
    assert "NOT FOR DIAGNOSTIC USE" in dataset.SeriesDescription
    heights = [float(header.ImagePositionPatient[2]) for header in source.headers]
    found = np.zeros((len(regions), *source.shape), bool)
    for frame, group in zip(dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        k = int(np.argmin(np.abs(np.subtract(heights, float(group.PlanePositionSequence[0].ImagePositionPatient[2])))))
        found[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1, k] = frame
    for region, voxels in zip(regions, found, strict=True):
        assert (voxels == region.voxels).all()


def test_the_report_holds_the_numbers_by_tid_1500(written):
    regions, _, folder = written
    report = highdicom.sr.srread(folder / "0002.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == [region.name for region in regions]
    for group, region in zip(groups, regions, strict=True):
        values = {(each.name.meaning, each.derivation.meaning if each.derivation else ""): each.value for each in group.get_measurements()}
        uptake = region.uptake
        expected = {
            ("SUVbw", "Maximum"): uptake.maximum,
            ("SUVbw", "Mean"): uptake.mean,
            ("SUVbw", "Standard Deviation"): uptake.sd,
            ("SUVbw", "Peak Value Within ROI"): uptake.peak,
            ("Attenuation Coefficient", "Mean"): region.hu,
            ("SUVlbm(Janma)", "Mean"): uptake.mean * (region.lean_part or math.nan),
            ("SUVlbm(Janma)", "Peak Value Within ROI"): uptake.peak * (region.lean_part or math.nan),
            ("Metabolic Volume" if region.kind == "lesion" else "Volume", ""): uptake.volume_ml,
            ("Total Lesion Glycolysis", ""): uptake.glycolysis if region.kind == "lesion" else math.nan,
        }
        for name, value in expected.items():
            assert values.get(name, math.nan) == pytest.approx(value, rel=1e-5, nan_ok=True), (region.name, name)
        # PS3.16 CID 7469, and the units of CID 85.
        codes = {each.name.meaning: (each.name.value, each.unit.value) for each in group.get_measurements()}
        assert codes["SUVbw"] == ("126401", "{SUVbw}g/ml")
        assert codes["Metabolic Volume" if region.kind == "lesion" else "Volume"] == (
            "126032" if region.kind == "lesion" else "118565006",
            "ml",
        )
        assert codes.get("SUVlbm(Janma)", ("126405", "{SUVlbm}g/ml")) == ("126405", "{SUVlbm}g/ml")
        assert codes.get("Total Lesion Glycolysis", ("126033", "g")) == ("126033", "g")
        assert codes.get("Attenuation Coefficient", ("112031", "[hnsf'U]")) == ("112031", "[hnsf'U]")
    procedure = next(item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "121058")
    said, known = procedure.ConceptCodeSequence[0], dictionary.cid100.PETUnspecifiedBodyRegion
    assert (said.CodeValue, said.CodingSchemeDesignator) == (known.value, known.scheme_designator)
    (score,) = groups[0].get_qualitative_evaluations()
    assert score.value.meaning == "Deauville 5"
    assert [group.referenced_segment.referenced_segment_numbers[0] for group in groups] == [1, 2, 3]


def test_the_segmentation_is_read_again(written):
    regions, source, folder = written
    assert latest_regions(sorted(folder.iterdir()), source.series.uid) == folder / "0001.dcm"
    assert latest_regions(sorted(folder.iterdir()), "1.2.3") is None
    back = read_regions(folder / "0001.dcm", source)
    assert [(each.name, each.kind, each.how) for each in back] == [(each.name, each.kind, each.how) for each in regions]
    assert all((new.voxels == old.voxels).all() for new, old in zip(back, regions, strict=True))


@pytest.mark.parametrize("later", [{"ContentTime": "235959.9"}, {"ContentDate": "20990101", "ContentTime": "000000"}])
def test_regions_that_were_drawn_later_are_shown(written, tmp_path, later):
    _, source, folder = written
    again = pydicom.dcmread(folder / "0001.dcm")
    for keyword, value in later.items():
        setattr(again, keyword, value)
    again.save_as(tmp_path / "0000.dcm")
    assert latest_regions([*folder.iterdir(), tmp_path / "0000.dcm"], source.series.uid) == tmp_path / "0000.dcm"


def test_one_region_alone_is_written_and_read_again(written, tmp_path):
    regions, source, _ = written
    folder = write_regions(regions[:1], source, tmp_path / "one")
    (back,) = read_regions(folder / "0001.dcm", source)
    assert (back.voxels == regions[0].voxels).all()
    (group,) = highdicom.sr.srread(folder / "0002.dcm").content.get_volumetric_roi_measurement_groups()
    assert group.tracking_identifier == "Lunge links"


def test_of_another_maker_nothing_is_shown(written, tmp_path):
    """What its segments mean is not known."""
    _, source, folder = written
    other = pydicom.dcmread(folder / "0001.dcm")
    other.Manufacturer = "ACME"
    other.save_as(tmp_path / "other.dcm")
    assert latest_regions([tmp_path / "other.dcm"], source.series.uid) is None


@pytest.mark.parametrize("slices", [slice(1), slice(2), slice(-1, None), slice(-2, None)])
def test_a_region_in_the_outermost_slices_is_read_again(written, tmp_path, slices):
    regions, source, _ = written
    voxels = np.zeros(source.shape, bool)
    voxels[slices, 5:9, 6:8] = True
    region = ReportedRegion("Two", "lesion", "Drawn", voxels, regions[0].uptake)
    (back,) = read_regions(write_regions([region], source, tmp_path / "two") / "0001.dcm", source)
    assert (back.voxels == voxels).all()


def test_a_region_beside_the_series_is_not_put_into_it(written):
    """Moved in the plane of the slices, and where the series ends below the region."""
    regions, source, folder = written
    matrix = source.ijk_to_lps.copy()
    matrix[0, 3] += 1.0
    top = max(int(np.flatnonzero(region.voxels.any(axis=(1, 2))).max()) for region in regions)
    for other in (replace(source, ijk_to_lps=matrix), source.cut(range(top))):
        with pytest.raises(InputError, match="another grid"):
            read_regions(folder / "0001.dcm", other)


def test_regions_of_another_grid_or_a_damaged_file_are_refused(written, tmp_path):
    _, _, folder = written
    _, other = read_folder(write_series(tmp_path / "PT", body(Modality.PET, slices=4, size=40)))
    with pytest.raises(InputError, match="another grid"):
        read_regions(folder / "0001.dcm", other)
    half = tmp_path / "half.dcm"
    half.write_bytes((folder / "0001.dcm").read_bytes()[:2000])
    with pytest.raises(InputError, match="damaged"):
        read_regions(half, other)


def test_deidentified_they_hold_together_and_tell_nothing(written, tmp_path):
    regions, source, _ = written
    nameless = [
        ReportedRegion(f"Region {n}", r.kind, r.how, r.voxels, r.uptake, r.hu, r.lean_part, r.deauville) for n, r in enumerate(regions)
    ]
    folder = write_regions(nameless, source, tmp_path / "out")
    deidentify_folder(folder)
    header = source.headers[0]
    telling = [str(header.PatientID), "Müller", str(header.StudyInstanceUID), str(header.SeriesInstanceUID), str(header.SOPInstanceUID)]
    for file in folder.iterdir():
        for secret in telling:
            assert secret.encode() not in file.read_bytes(), (file.name, secret)
    segmentation, report = (pydicom.dcmread(file) for file in sorted(folder.iterdir()))
    referenced = [each.ReferencedSOPInstanceUID for each in _walk(report, "ReferencedSOPSequence")]
    assert segmentation.SOPInstanceUID in referenced
    assert (segmentation.pixel_array.sum(axis=(1, 2)) > 0).all()


def _walk(dataset, keyword):
    for element in dataset.iterall():
        if element.keyword == keyword:
            yield from element.value


def test_a_study_with_its_regions_is_opened_with_them_and_they_are_no_damage(written, tmp_path):
    _, source, folder = written
    shutil.copytree(source.files[0].parent, tmp_path / "PT")
    shutil.copytree(folder, tmp_path / "dicom_regions")
    contents = scan_folder(tmp_path)
    assert [len(series.images) for series in contents.series] == [len(source.headers)]
    assert contents.segmentations == (tmp_path / "dicom_regions" / "0001.dcm",)
    assert contents.damaged == ()
    assert contents.other_files == 2
