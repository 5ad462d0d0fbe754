"""Fused series: valid, in the anatomy's place for every reader, under the patient's own study, whole or not there."""

import resource
import shutil
import subprocess
from datetime import datetime, timezone
from functools import partial

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import SecondaryCaptureImageStorage

from LCDFusionLib import __version__
from LCDFusionLib.dicom import Derivation, read_folder, write_fused_color, write_fused_gray
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Volume, geometry_matrix
from Testing.dicom.conftest import AXIAL, DIRECTIONS, make_volume, write_volume

SHA256 = "0123456789abcdef" * 4


def derivation(**changes):
    return Derivation(
        **{"weights": "ct-pet", "weights_sha256": SHA256, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"} | changes
    )


def fused(volume):
    """A gray and a colour volume on the grid of `volume`, every slice another one."""
    noise = np.random.default_rng(2).random(volume.shape, dtype=np.float32)
    color = np.stack([noise, noise**2, 1 - noise], axis=-1)
    return volume.with_array(noise), volume.with_array(np.rint(color * 255).astype(np.uint8))


def write_both(folder, anatomy, function, volume=None, **changes):
    """Folders of the colour and the gray series; `anatomy` and `function` are (volume, source), or None."""
    gray, color = fused(anatomy[0] if volume is None else volume)
    given = {
        "anatomy": anatomy[1] if anatomy else None,
        "function": function[1] if function else None,
        "derivation": derivation(**changes),
    }
    return write_fused_color(color, folder / "color", **given), write_fused_gray(gray, folder / "gray", **given)


def headers(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def read_inputs(place, modality=Modality.CT, direction=AXIAL, slices=6, **options):
    """Anatomy and function as read from DICOM; PET on a coarser, larger, axial grid."""
    anatomy = make_volume(modality, shape=(slices, 20, 24), direction=direction)
    centre = (anatomy.ijk_to_lps @ [12, 10, slices / 2, 1])[:3]
    function = make_volume(Modality.PET, shape=(12, 12, 12), spacing=(4.0, 4.0, 5.0), origin=centre - [22.0, 22.0, 27.5])
    return read_folder(write_volume(place, anatomy, **options)), read_folder(write_volume(place, function, **options))


@pytest.fixture
def inputs(tmp_path):
    """`read_inputs` in the test's own folder."""
    return partial(read_inputs, tmp_path)


KINDS = [(modality, slices, name) for modality in (Modality.CT, Modality.MR) for slices in (6, 1) for name in DIRECTIONS]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: f"{kind[0].value}-{kind[1]}-{kind[2]}")
def exported(request, tmp_path_factory):
    """Anatomy and both fused series, CT and MR, axial, sagittal and oblique, stacks and single slices; not to be changed."""
    place, (modality, slices, name) = tmp_path_factory.mktemp("exported"), request.param
    anatomy, function = read_inputs(place, modality, DIRECTIONS[name], slices)
    return anatomy, function, *write_both(place / "out", anatomy, function)


def test_dciodvfy_finds_no_error(exported, dicom_errors):
    *_, color, gray = exported
    assert dicom_errors(color) == []
    assert dicom_errors(gray) == []


def test_the_place_is_the_anatomys_to_the_digit(exported):
    (_, source), _, color, gray = exported
    for folder in (color, gray):
        for header, original in zip(headers(folder), source.headers, strict=True):
            for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
                assert str(header[keyword].value) == str(original[keyword].value)
            assert header.FrameOfReferenceUID == original.FrameOfReferenceUID


def read_with_simpleitk(folder):
    return sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))


def test_simpleitk_reads_the_same_place_and_pixels(exported):
    (volume, source), _, color, gray = exported
    anatomy = read_with_simpleitk(source.files[0].parent)
    for folder, pixels in ((gray, np.rint(fused(volume)[0].array.astype(float) * 4095)), (color, fused(volume)[1].array)):
        image = read_with_simpleitk(folder)
        np.testing.assert_allclose(image.GetOrigin(), anatomy.GetOrigin(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(image.GetSpacing(), anatomy.GetSpacing(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(image.GetDirection(), anatomy.GetDirection(), rtol=0, atol=1e-7)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), pixels)


def read_with_slicer(files, node):
    """As Slicer's DICOM module does: the archetype reader with the list of files. Returns IJK to RAS, and the voxels."""
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    scene, storage, matrix = slicer.vtkMRMLScene(), slicer.vtkMRMLVolumeArchetypeStorageNode(), vtk.vtkMatrix4x4()
    node = scene.AddNewNodeByClass(node)
    storage.SetFileName(files[0])
    for file in files:
        storage.AddFileName(file)
    storage.SetSingleFile(False)
    storage.SetCenterImage(False)
    assert storage.ReadData(node) == 1
    node.GetIJKToRASMatrix(matrix)
    i, j, k = node.GetImageData().GetDimensions()
    voxels = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars())
    return np.array([[matrix.GetElement(a, b) for b in range(4)] for a in range(4)]), voxels.reshape(k, j, i, *voxels.shape[1:])


def test_slicer_reads_the_same_place_and_pixels(exported):
    (volume, source), _, color, gray = exported
    place, _ = read_with_slicer([str(file) for file in source.files], "vtkMRMLScalarVolumeNode")
    if volume.shape[0] > 1:  # from one slice Slicer cannot know the distance to the next
        np.testing.assert_allclose(place, volume.ijk_to_ras, rtol=0, atol=1e-5)
    fused_gray, fused_color = fused(volume)
    for folder, kind, pixels in (
        (gray, "vtkMRMLScalarVolumeNode", np.rint(fused_gray.array.astype(float) * 4095)),
        (color, "vtkMRMLVectorVolumeNode", fused_color.array),
    ):
        matrix, voxels = read_with_slicer([str(file) for file in sorted(folder.iterdir())], kind)
        np.testing.assert_allclose(matrix, place, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(voxels, pixels)


def test_we_read_our_own_gray_series(exported):
    (volume, _), _, _, gray = exported
    again, _ = read_folder(gray)
    assert again.is_fused
    assert not volume.is_fused
    np.testing.assert_allclose(again.ijk_to_lps, volume.ijk_to_lps, rtol=0, atol=1e-9)
    np.testing.assert_allclose(again.array / 4095, fused(volume)[0].array, atol=0.51 / 4095)


def test_a_viewer_shows_the_fused_picture(inputs, tmp_path):
    """DCMTK renders the gray series through its own window: black stays black, white white, and all between in its place."""
    program = shutil.which("dcm2img") or shutil.which("dcm2pnm")
    if program is None:
        pytest.skip("DCMTK is not installed (Debian package dcmtk)")
    for modality in (Modality.CT, Modality.MR):
        place = tmp_path / modality.value
        anatomy, function = inputs(modality)
        color, gray = write_both(place, anatomy, function)
        expected_gray, expected_color = fused(anatomy[0])
        for folder, options, expected in ((gray, ["+Wi", "1"], expected_gray.array * 255), (color, [], expected_color.array)):
            picture = place / f"{folder.name}.png"
            subprocess.run([program, "+on", *options, str(folder / "0004.dcm"), str(picture)], check=True, timeout=60)
            shown = sitk.GetArrayFromImage(sitk.ReadImage(str(picture)))
            assert np.abs(shown.astype(float) - expected[3]).max() <= 1.1  # DCMTK cuts decimals off
        shutil.rmtree(anatomy[1].files[0].parent)
        shutil.rmtree(function[1].files[0].parent)


def test_patient_and_study_are_carried_over(exported):
    (_, source), _, color, gray = exported
    for header in [*headers(color), *headers(gray)]:
        original = source.headers[0]
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientWeight", "PatientSize", "StudyInstanceUID"):
            assert header[keyword].value == original[keyword].value
        for keyword in ("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "SpecificCharacterSet"):
            assert header[keyword].value == original[keyword].value
        assert header.PatientName == "Müller^Anna"
        assert "RescaleSlope" not in header or header.RescaleSlope == 1


def test_what_the_series_says_of_itself(exported):
    (_, source), _, color, gray = exported
    for folder in (color, gray):
        slices = headers(folder)
        assert len({header.SOPInstanceUID for header in slices}) == len(slices)
        assert len({header.SeriesInstanceUID for header in slices}) == 1
        assert [header.InstanceNumber for header in slices] == list(range(1, len(slices) + 1))
        for header in slices:
            assert (header.SOPClassUID, header.Modality) == (SecondaryCaptureImageStorage, "OT")
            assert header.ImageType == ["DERIVED", "SECONDARY", "FUSED", "LCDFUSION"]
            assert header.BurnedInAnnotation == "NO"
            assert header.LossyImageCompression == "00"
            assert (header.Manufacturer, header.SoftwareVersions) == ("LCDFusion", __version__)
            assert "NOT FOR DIAGNOSTIC USE" in header.SeriesDescription
            assert len(header.SeriesDescription) <= 64
            for part in (__version__, "ct-pet", SHA256, "350/40 HU", "0 to 10 SUVbw", "not for diagnostic use"):
                assert part in header.DerivationDescription
            (reason,) = header.DerivationCodeSequence
            assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("113085", "DCM")
            assert header.SeriesInstanceUID != source.series.uid
    assert headers(gray)[0].RescaleType == "US"


@pytest.mark.parametrize("numbers", [[46, 45, 44, 43, 42, 41], [1, 1, 2, 2, 3, 3], [None] * 6], ids=["from the head", "twice", "none"])
def test_image_numbers_are_the_anatomys_where_it_has_them(inputs, tmp_path, edit, numbers):
    anatomy, function = inputs()
    edit(anatomy[1].files[0].parent, lambda dataset, index: setattr(dataset, "InstanceNumber", numbers[index]))
    anatomy = read_folder(anatomy[1].files[0].parent)
    expected = numbers if len(set(numbers)) == 6 else [1, 2, 3, 4, 5, 6]
    for folder in write_both(tmp_path / "out", anatomy, function):
        slices = headers(folder)
        assert [header.InstanceNumber for header in slices] == expected
        assert [header.ImagePositionPatient[2] for header in slices] == [h.ImagePositionPatient[2] for h in anatomy[1].headers]


CREATED = datetime(2025, 6, 1, 22, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(("offset", "moment"), [("+0530", ("20250602", "040000")), ("-0400", ("20250601", "183000"))])
def test_times_are_in_the_zone_that_the_series_says(inputs, tmp_path, offset, moment):
    anatomy, function = inputs(attributes={"TimezoneOffsetFromUTC": offset})
    for folder in write_both(tmp_path / "out", anatomy, function, created=CREATED):
        header = headers(folder)[0]
        assert header.TimezoneOffsetFromUTC == offset
        for event in ("Series", "Content", "InstanceCreation"):
            assert (header[f"{event}Date"].value, header[f"{event}Time"].value) == moment


@pytest.mark.parametrize("offset", [None, "1"])
def test_times_are_local_where_the_study_names_no_zone(inputs, tmp_path, offset):
    local = CREATED.astimezone()
    anatomy, function = inputs(attributes={"TimezoneOffsetFromUTC": offset})
    for folder in (
        *write_both(tmp_path / "a", anatomy, function, created=CREATED),
        *write_both(tmp_path / "b", None, None, anatomy[0], created=CREATED),
    ):
        header = headers(folder)[0]
        assert "TimezoneOffsetFromUTC" not in header
        assert (header.SeriesDate, header.SeriesTime) == (f"{local:%Y%m%d}", f"{local:%H%M%S}")


def test_source_images_are_the_slices_that_lie_there(exported):
    """The anatomy's own slice, and the PET slices that linear interpolation reads for at least one of its pixels."""
    (volume, source), (function, function_source), color, gray = exported
    to_function = np.linalg.inv(function.ijk_to_lps) @ volume.ijk_to_lps
    _, rows, columns = volume.shape
    j, i = np.mgrid[:rows, :columns]
    for folder in (color, gray):
        for k, header in enumerate(headers(folder)):
            anatomy, *used = header.SourceImageSequence
            assert anatomy.ReferencedSOPInstanceUID == source.headers[k].SOPInstanceUID
            height = (to_function @ np.stack([i, j, np.full_like(i, k), np.ones_like(i)]).reshape(4, -1))[2]
            needed = {*np.floor(height + 1e-6).astype(int), *np.ceil(height - 1e-6).astype(int)} & set(range(12))
            assert [item.ReferencedSOPInstanceUID for item in used] == [function_source.headers[n].SOPInstanceUID for n in sorted(needed)]
            for item in (anatomy, *used):
                assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"


def test_a_slice_outside_the_functions_field_of_view_names_the_anatomy_alone(make, write_series, tmp_path):
    anatomy = read_folder(write_series(make(Modality.CT, origin=(0, 0, 0))))
    function = read_folder(write_series(make(Modality.PET, origin=(0, 0, 6.75))))
    color, _ = write_both(tmp_path / "out", anatomy, function)
    assert [len(header.SourceImageSequence) for header in headers(color)] == [1, 1, 2, 3, 3, 3]


def test_a_deformed_function_names_the_slices_within_the_farthest_move(make, write_series, tmp_path):
    """Slices 2 mm apart in both; what was moved by 4.5 mm may come from three slices away (two and the next, which interpolation reads)."""
    anatomy, function = (read_folder(write_series(make(m, shape=(9, 16, 16), spacing=(1, 1, 2)))) for m in (Modality.CT, Modality.PET))
    color, _ = write_both(tmp_path / "out", anatomy, function, deformed_mm=4.5)
    number = {header.SOPInstanceUID: k for k, header in enumerate(function[1].headers)}
    used = [[number[item.ReferencedSOPInstanceUID] for item in header.SourceImageSequence[1:]] for header in headers(color)]
    assert used == [[n for n in range(9) if abs(n - k) <= 3] for k in range(9)]


def test_colour_and_gray_of_one_fusion_belong_together(inputs, tmp_path):
    """Also where the anatomy has no frame of reference: one is made for both."""
    anatomy, function = inputs(attributes={"FrameOfReferenceUID": None, "SeriesNumber": 9001})
    color, gray = (headers(folder)[0] for folder in write_both(tmp_path / "out", anatomy, function))
    assert color.FrameOfReferenceUID == gray.FrameOfReferenceUID
    assert color.SeriesInstanceUID != gray.SeriesInstanceUID
    assert len({color.SeriesNumber, gray.SeriesNumber, 9001}) == 3


@pytest.mark.parametrize("thickness", ["2.5", "1.70000000000001", "1.700000000000001", "1.7000000000000001"])
def test_decimals_are_no_longer_than_16_characters(inputs, tmp_path, thickness):
    """PS3.5, 6.2: what a DS may have. Some programs write longer ones, which are read."""
    anatomy, function = inputs()
    for header in anatomy[1].headers:
        header["SliceThickness"] = pydicom.DataElement("SliceThickness", "DS", thickness, validation_mode=pydicom.config.IGNORE)
    for folder in write_both(tmp_path / "out", anatomy, function):
        for header in headers(folder):
            assert len(str(header.SliceThickness)) <= 16
            assert float(header.SliceThickness) == pytest.approx(float(thickness), rel=1e-12)


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 100", "Müller^Bjørn"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        (None, "Plain^Name"),
    ],
)
def test_character_sets_are_kept(inputs, tmp_path, character_set, name, dicom_errors):
    anatomy, function = inputs(attributes={"SpecificCharacterSet": character_set, "PatientName": name})
    for folder in write_both(tmp_path / "out", anatomy, function, warnings=("μ ≥ 3 – relative",)):
        assert str(headers(folder)[0].PatientName) == name
        assert dicom_errors(folder) == []


def test_private_tags_are_not_copied_and_bad_values_not_passed_on(inputs, tmp_path, edit, dicom_errors):
    anatomy, function = inputs()

    def spoil(dataset, _):
        dataset.private_block(0x0011, "ACME", create=True).add_new(1, "LO", "secret")
        dataset.private_block(0x0013, "ACME", create=True).add_new(1, "LO", "secret")
        item = pydicom.Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "113100", "DCM", "Basic Application Confidentiality Profile"
        item.private_block(0x0013, "ACME", create=True).add_new(1, "LO", "secret")
        dataset.DeidentificationMethodCodeSequence = [item]
        dataset.OperatorsName = "Somebody^Else"
        with pydicom.config.disable_value_validation():
            dataset.StudyID, dataset.StudyTime, dataset.PatientSex = "a study identifier of 36 characters", "noon", "f"

    edit(anatomy[1].files[0].parent, spoil)
    anatomy = read_folder(anatomy[1].files[0].parent)
    for folder in write_both(tmp_path / "out", anatomy, function):
        assert dicom_errors(folder) == []
        header = headers(folder)[0]
        assert not any(element.tag.is_private for element in header.iterall())
        assert b"secret" not in (folder / "0001.dcm").read_bytes()
        assert (header.StudyID, header.StudyTime) == ("a study identifi", "")
        assert "OperatorsName" not in header


def test_input_that_was_not_dicom_gets_a_patient_of_its_own(make, direction, tmp_path, dicom_errors):
    """From NRRD or NIfTI, here left-handed: an unknown patient, another one each time, and the same place."""
    volume = make(Modality.CT, direction=direction @ np.diag([1, 1, -1]))
    folders = write_both(tmp_path / "first", None, None, volume)
    again = write_both(tmp_path / "second", None, None, volume)
    for folder in folders:
        assert dicom_errors(folder) == []
        header = headers(folder)[0]
        assert header.PatientName == "LCDFusion^Unknown"
        assert header.SOPClassUID == SecondaryCaptureImageStorage
        assert "patient unknown" in header.StudyDescription
        assert "anatomy did not come from DICOM" in header.DerivationDescription
        assert "SourceImageSequence" not in header
        assert header.FrameOfReferenceUID == volume.frame_of_reference
        for k, header in enumerate(headers(folder)):
            np.testing.assert_allclose(header.ImagePositionPatient, (volume.ijk_to_lps @ [0, 0, k, 1])[:3], rtol=0, atol=1e-9)
            np.testing.assert_allclose(header.ImageOrientationPatient, volume.direction[:, :2].T.ravel(), rtol=0, atol=1e-9)
            np.testing.assert_allclose(header.PixelSpacing, volume.spacing[1::-1], rtol=0, atol=1e-9)
    first, second = headers(folders[0])[0], headers(again[0])[0]
    assert first.StudyInstanceUID == headers(folders[1])[0].StudyInstanceUID != second.StudyInstanceUID
    assert first.PatientID == headers(folders[1])[0].PatientID != second.PatientID


def test_the_same_input_gives_the_same_output_but_for_uids_and_dates(inputs, tmp_path):
    anatomy, function = inputs()
    for first, second in zip(*(write_both(tmp_path / name, anatomy, function) for name in "ab"), strict=True):
        for one, other in zip(headers(first), headers(second), strict=True):
            changed = {element.keyword for element in one if element != other[element.tag]}
            assert changed <= {
                *("SOPInstanceUID", "SeriesInstanceUID", "InstanceCreationDate", "InstanceCreationTime"),
                *("ContentDate", "ContentTime", "SeriesDate", "SeriesTime"),
            }
            assert len(one) == len(other)


class TestNothingHalf:
    """A folder appears whole or not at all."""

    def test_disk_full(self, inputs, tmp_path):
        anatomy, function = inputs()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        (tmp_path / "out").mkdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limit[1]))
        try:
            with pytest.raises(InputError, match=r"color' cannot be written \(File too large\)"):
                write_both(tmp_path / "out", anatomy, function)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert list((tmp_path / "out").iterdir()) == []

    def test_no_place_to_write(self, inputs, tmp_path):
        anatomy, function = inputs()
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match=r"color' cannot be written \(Not a directory\)"):
            write_both(tmp_path / "file", anatomy, function)

    def test_occupied(self, inputs, tmp_path):
        anatomy, function = inputs()
        write_both(tmp_path / "out", anatomy, function)
        before = sorted((path, path.read_bytes()) for path in (tmp_path / "out").rglob("*.dcm"))
        with pytest.raises(InputError, match="is not empty"):
            write_both(tmp_path / "out", anatomy, function)
        assert sorted((path, path.read_bytes()) for path in (tmp_path / "out").rglob("*.dcm")) == before
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["color", "gray"]

    def test_a_sheared_volume(self, make, tmp_path):
        volume = make(Modality.CT)
        matrix = volume.ijk_to_lps.copy()
        matrix[0, 2] = 0.5
        with pytest.raises(InputError, match="is sheared"):
            write_both(tmp_path / "out", None, None, volume.with_array(volume.array, ijk_to_lps=matrix))
        assert list(tmp_path.iterdir()) == []


def test_volumes_that_do_not_belong(inputs, tmp_path):
    anatomy, _ = inputs()
    gray, color = fused(anatomy[0])
    given = {"anatomy": anatomy[1], "function": None, "derivation": derivation()}
    with pytest.raises(ValueError, match="colour volume is"):
        write_fused_color(gray, tmp_path / "x", **given)
    with pytest.raises(ValueError, match="gray volume is"):
        write_fused_gray(color, tmp_path / "x", **given)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        write_fused_gray(gray.with_array(gray.array * 2), tmp_path / "x", **given)
    elsewhere = Volume(gray.array, geometry_matrix([1, 1, 1], np.eye(3), [0, 0, 0]))
    with pytest.raises(ValueError, match="not on the grid of its anatomy series"):
        write_fused_gray(elsewhere, tmp_path / "x", **given)
    assert not (tmp_path / "x").exists()


REAL = [("STS_037/CT", "STS_037/PET"), ("STS_001/CT", "STS_001_raw/PET_BQML"), ("STS_001/MR_T1", "STS_001/PET")]


@pytest.mark.parametrize(("anatomy", "function"), REAL)
def test_real_series(anatomy, function, shared_data, tmp_path, dicom_errors):
    anatomy, function = (read_folder(shared_data / "dicom" / name) for name in (anatomy, function))
    place, _ = read_with_slicer([str(file) for file in anatomy[1].files], "vtkMRMLScalarVolumeNode")
    original = read_with_simpleitk(anatomy[1].files[0].parent)
    for folder, kind in zip(
        write_both(tmp_path / "out", anatomy, function), ("vtkMRMLVectorVolumeNode", "vtkMRMLScalarVolumeNode"), strict=True
    ):
        assert dicom_errors(folder, step=12) == []
        image = read_with_simpleitk(folder)
        np.testing.assert_allclose(image.GetOrigin(), original.GetOrigin(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(image.GetSpacing(), original.GetSpacing(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(image.GetDirection(), original.GetDirection(), rtol=0, atol=1e-7)
        matrix, _ = read_with_slicer([str(file) for file in sorted(folder.iterdir())], kind)
        np.testing.assert_allclose(matrix, place, rtol=0, atol=1e-5)
