"""How images come: compressed, multi-frame, big endian, tilted, twice, in several acquisitions. Each is read truly, or not at all."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import (
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    EnhancedPETImageStorage,
    generate_uid,
)

from LCDFusionLib.dicom import Derivation, find_series, read_folder, scan_folder, write_fused_color, write_fused_gray
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit


def program(*names):
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not installed (Debian package dcmtk)")


def by_dcmtk(*command):
    def compress(path):
        subprocess.run([program(command[0]), *command[1:], str(path), str(path)], check=True, timeout=60, capture_output=True)

    return compress


def by_gdcm(syntax):
    def compress(path):
        gdcm = pytest.importorskip("gdcm", reason="python-gdcm is not installed")
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()

    return compress


COMPRESSIONS = {
    "JPEG lossless (1.2.840.10008.1.2.4.70)": by_dcmtk("dcmcjpeg", "+e1"),
    "JPEG lossless, any predictor (.57)": by_dcmtk("dcmcjpeg", "+el"),
    "JPEG-LS lossless (.80)": by_dcmtk("dcmcjpls", "+el"),
    "JPEG 2000 lossless (.90)": by_gdcm("JPEG2000Lossless"),
    "RLE (1.2.840.10008.1.2.5)": by_dcmtk("dcmcrle"),
    "deflated (1.2.840.10008.1.2.1.99)": by_dcmtk("dcmconv", "+td"),
    "implicit VR (1.2.840.10008.1.2)": by_dcmtk("dcmconv", "+ti"),
    "explicit VR, big endian (1.2.840.10008.1.2.2)": by_dcmtk("dcmconv", "+tb"),
}


@pytest.mark.parametrize("modality", [Modality.CT, Modality.PET])
@pytest.mark.parametrize("syntax", COMPRESSIONS)
def test_transfer_syntaxes_that_lose_nothing(write_series, syntax, modality):
    """Unsigned CT and signed PET, voxel for voxel; the syntax is really the one."""
    folder = write_series(modality)
    before, _ = read_folder(folder)
    plain = pydicom.dcmread(folder / "0001.dcm").file_meta.TransferSyntaxUID
    for path in folder.iterdir():
        COMPRESSIONS[syntax](path)
    assert pydicom.dcmread(folder / "0001.dcm").file_meta.TransferSyntaxUID != plain
    after, _ = read_folder(folder)
    np.testing.assert_array_equal(after.array, before.array)
    np.testing.assert_array_equal(after.ijk_to_lps, before.ijk_to_lps)


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def enhanced(folder, sop_class, *, order=None, mapping=False):
    """The series of a folder as one enhanced multi-frame object, as newer scanners send it; it replaces the files."""
    slices = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    slices = [slices[n] for n in order or range(len(slices))]
    dataset = pydicom.dcmread(sorted(folder.iterdir())[0])
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.NumberOfFrames = len(slices)
    dataset.PixelData = b"".join(s.PixelData for s in slices)
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=slices[0].PixelSpacing, SliceThickness=slices[0].SliceThickness)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=slices[0].ImageOrientationPatient)],
    )
    frames = []
    for number, one in enumerate(slices, start=1):
        frame = item(
            PlanePositionSequence=[item(ImagePositionPatient=one.ImagePositionPatient)],
            FrameContentSequence=[item(InStackPositionNumber=number, StackID="1", DimensionIndexValues=[1, number])],
        )
        if "RescaleSlope" in one and mapping:
            units = item(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Becquerels/milliliter")
            frame.RealWorldValueMappingSequence = [
                item(
                    RealWorldValueSlope=float(one.RescaleSlope),
                    RealWorldValueIntercept=float(one.RescaleIntercept),
                    MeasurementUnitsCodeSequence=[units],
                )
            ]
        elif "RescaleSlope" in one:
            transformation = item(RescaleSlope=one.RescaleSlope, RescaleIntercept=one.RescaleIntercept, RescaleType="HU")
            frame.PixelValueTransformationSequence = [transformation]
        frames.append(frame)
    for keyword in (
        *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
        *("RescaleSlope", "RescaleIntercept", "RescaleType", "WindowCenter", "WindowWidth"),
    ):
        dataset.pop(keyword, None)
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], frames
    shutil.rmtree(folder)
    folder.mkdir()
    dataset.save_as(folder / "enhanced")
    return dataset


@pytest.mark.parametrize(("modality", "sop_class"), [(Modality.CT, EnhancedCTImageStorage), (Modality.MR, EnhancedMRImageStorage)])
def test_enhanced_multi_frame(make, write_series, modality, sop_class, direction, tmp_path):
    """Frames in any order; an export names the frames that it came from."""
    written = make(modality, direction=direction)
    folder = write_series(written)
    enhanced(folder, sop_class, order=[3, 0, 5, 1, 4, 2])
    (series,) = find_series(folder)
    assert series.slice_spacing == pytest.approx(2.7, abs=1e-3)
    volume, source = read_folder(folder)
    np.testing.assert_allclose(volume.ijk_to_lps, written.ijk_to_lps, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(volume.array, written.array)
    assert (volume.unit, volume.modality) == (written.unit, modality)
    assert source.frames == (2, 4, 6, 1, 5, 3)

    given = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    gray = volume.with_array(np.zeros(volume.shape, np.float32))
    out = write_fused_gray(gray, tmp_path / "out", anatomy=source, function=None, derivation=Derivation(**given))
    fused = [pydicom.dcmread(path) for path in sorted(out.iterdir())]
    assert [image.SourceImageSequence[0].ReferencedFrameNumber for image in fused] == [2, 4, 6, 1, 5, 3]
    assert {image.SourceImageSequence[0].ReferencedSOPInstanceUID for image in fused} == {source.headers[0].SOPInstanceUID}


def test_enhanced_pet_gives_the_same_suv(write_series):
    """What the classic object says by Units, Corrected Image and Decay Correction, the enhanced one says by other attributes."""
    folder = write_series(Modality.PET)
    before, _ = read_folder(folder)
    dataset = enhanced(folder, EnhancedPETImageStorage, mapping=True)
    for keyword in ("Units", "CorrectedImage", "DecayCorrection", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime"):
        del dataset[keyword]
    dataset.AttenuationCorrected = dataset.DecayCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20250314100000.00"
    dataset.save_as(folder / "enhanced")
    after, source = read_folder(folder)
    assert after.unit is Unit.SUVBW
    np.testing.assert_allclose(after.array, before.array, rtol=1e-6)
    assert source.suv.decay_seconds == 3600


def test_frames_without_a_place_are_refused(write_series):
    folder = write_series(Modality.CT)
    dataset = enhanced(folder, EnhancedCTImageStorage)
    del dataset.PerFrameFunctionalGroupsSequence
    dataset.save_as(folder / "enhanced")
    with pytest.raises(InputError, match=r"no DICOM images that form a volume .*do not say where each frame lies"):
        read_folder(folder)


@pytest.fixture
def tilted(make, write_series, edit):
    """A CT whose gantry was tilted by 12 degrees: each slice lies a little higher than the one before."""

    def tilt(dataset, index):
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y + index * 2.7 * float(np.tan(np.radians(12))), z]

    volume = make(Modality.CT)
    folder = write_series(volume)
    edit(folder, tilt)
    return volume, folder


def test_a_tilted_gantry_keeps_its_place(tilted, tmp_path, dicom_errors):
    """Every voxel where the scanner measured it, slice by slice, and the fused slices in the very same places."""
    written, folder = tilted
    volume, source = read_folder(folder)
    assert source.tilt_degrees == 12.0
    assert source.facts["gantry_tilt_degrees"] == 12.0
    for k, header in enumerate(source.headers):
        for i, j in ((0, 0), (23, 19)):
            along = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
            place = np.array(header.ImagePositionPatient, float)
            place += along[0] * i * header.PixelSpacing[1] + along[1] * j * header.PixelSpacing[0]
            np.testing.assert_allclose((volume.ijk_to_lps @ [i, j, k, 1])[:3], place, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(volume.array, written.array)

    given = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    options = {"anatomy": source, "function": None, "derivation": Derivation(**given)}
    gray = volume.with_array(np.zeros(volume.shape, np.float32))
    color = volume.with_array(np.zeros((*volume.shape, 3), np.uint8))
    for out in (write_fused_gray(gray, tmp_path / "g", **options), write_fused_color(color, tmp_path / "c", **options)):
        assert dicom_errors(out) == []
        for path, header in zip(sorted(out.iterdir()), source.headers, strict=True):
            np.testing.assert_allclose(pydicom.dcmread(path).ImagePositionPatient, header.ImagePositionPatient, rtol=0, atol=1e-5)


def test_a_tilted_gantry_is_resampled_truly(tilted, make):
    """A function that is the patient's height itself has the right height in each pixel of each tilted slice."""
    from LCDFusionLib.images.resample import resample_onto

    anatomy, _ = read_folder(tilted[1])
    pet = make(Modality.PET, shape=(12, 30, 30), spacing=(2.0, 2.0, 4.0), origin=(-110, -10, -860))
    _, j, _ = np.mgrid[:12, :30, :30]
    heights = pet.with_array((j * 2.0 - 10).astype(np.float32))
    onto = resample_onto(heights, anatomy)
    k, j, i = np.mgrid[: anatomy.shape[0], : anatomy.shape[1], : anatomy.shape[2]]
    expected = np.einsum("c,ckji->kji", anatomy.ijk_to_lps[1], np.stack([i, j, k, np.ones_like(i)]))
    inside = onto.covered & (expected > -10) & (expected < 48)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(onto.volume.array[inside], expected[inside], atol=1e-3)


def test_a_coronal_stack_with_an_uneven_last_gap_keeps_every_place(make, write_series, edit, tmp_path):
    """Scanners round positions: the last slice lies 0.1 mm beside its even place. Both fused series lie where their sources do."""
    folder = write_series(make(Modality.CT, direction=np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])))

    def nudge(dataset, index):
        if index == 5:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [x, float(y) + 0.1, z]

    edit(folder, nudge)
    volume, source = read_folder(folder)
    given = {"weights": "ct-pet", "weights_sha256": "0" * 64, "anatomy_window": "350/40 HU", "function_range": "0 to 10 SUVbw"}
    options = {"anatomy": source, "function": None, "derivation": Derivation(**given)}
    gray = volume.with_array(np.zeros(volume.shape, np.float32))
    color = volume.with_array(np.zeros((*volume.shape, 3), np.uint8))
    for out in (write_fused_gray(gray, tmp_path / "g", **options), write_fused_color(color, tmp_path / "c", **options)):
        for path, header in zip(sorted(out.iterdir()), source.headers, strict=True):
            fused = pydicom.dcmread(path)
            np.testing.assert_allclose(fused.ImagePositionPatient, header.ImagePositionPatient, rtol=0, atol=1e-5)
            np.testing.assert_allclose(fused.ImageOrientationPatient, header.ImageOrientationPatient, rtol=0, atol=1e-9)
            assert fused.PixelSpacing == header.PixelSpacing


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImagePositionPatient", ["0", "0", "0"]),
        ("ImageOrientationPatient", ["0", "1", "0", "1", "0", "0"]),
        ("FrameOfReferenceUID", "1.2.3"),
        ("RescaleSlope", "2"),
        ("Rows", 24),
        ("PatientName", "Else^Somebody"),
        ("PatientBirthDate", "20000101"),
        ("StudyInstanceUID", "1.2.3"),
    ],
)
def test_a_file_of_one_name_with_another_place_scale_or_patient_is_no_copy(write_series, keyword, value):
    """Left aside as a copy, it would never be missed."""
    folder = write_series(Modality.CT)
    other = pydicom.dcmread(folder / "0003.dcm")
    setattr(other, keyword, value)
    other.save_as(folder / "again.dcm")
    assert scan_folder(folder).copies == 0
    with pytest.raises(InputError, match="hold two images with one SOP Instance UID"):
        read_folder(folder)


def test_copies_count_once(write_series, tmp_path):
    folder = write_series(Modality.CT)
    before, _ = read_folder(folder)
    for path in sorted(folder.iterdir()):
        shutil.copy(path, folder / f"copy of {path.name}")
    after, _ = read_folder(folder)
    np.testing.assert_array_equal(after.array, before.array)


def test_a_compressed_copy_counts_once(write_series):
    """As an archive adds it beside the file that was sent: the same pixels in another transfer syntax."""
    folder = write_series(Modality.CT)
    packed = pydicom.dcmread(folder / "0003.dcm")
    packed.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    packed.save_as(folder / "packed.dcm")
    assert scan_folder(folder).copies == 1
    assert read_folder(folder)[0].shape[0] == 6


@pytest.mark.parametrize("keyword", ["AcquisitionNumber", "EchoNumbers", "TemporalPositionIdentifier"])
def test_several_acquisitions_in_one_series(make, write_series, edit, keyword):
    """Two images of each place: none is taken silently; the part is chosen by its number."""
    first, second = make(Modality.MR), make(Modality.MR)
    second = second.with_array(second.array[:, ::-1])
    folder, other = write_series(first), write_series(second, "second")
    uid = pydicom.dcmread(folder / "0001.dcm").SeriesInstanceUID

    edit(folder, lambda dataset, _: setattr(dataset, keyword, 1))

    def join(dataset, _):
        setattr(dataset, keyword, 2)
        dataset.SeriesInstanceUID = uid

    edit(other, join)
    for path in other.iterdir():
        shutil.move(path, folder / f"2-{path.name}")
    with pytest.raises(InputError, match=rf"2 series \(number 3, {keyword} 1 \(3/1\).*number 3, {keyword} 2 \(3/2\)"):
        read_folder(folder)
    np.testing.assert_array_equal(read_folder(folder, series="3/1")[0].array, first.array)
    np.testing.assert_array_equal(read_folder(folder, series="3/2")[0].array, second.array)
    with pytest.raises(InputError, match="'3' names 2 series"):
        read_folder(folder, series="3")


def test_missing_optional_attributes_do_not_matter(write_series, edit):
    """What the standard lets empty or absent is not needed: no descriptions, numbers, thickness, windows, body part, patient."""
    folder = write_series(Modality.CT)
    before, _ = read_folder(folder)
    keywords = (
        *("SeriesDescription", "SeriesNumber", "StudyDescription", "StudyID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("InstanceNumber", "AcquisitionNumber", "SliceThickness", "SpacingBetweenSlices", "WindowCenter", "WindowWidth", "RescaleType"),
        *("BodyPartExamined", "PatientPosition", "PositionReferenceIndicator", "FrameOfReferenceUID", "StudyDate", "SeriesDate"),
        *("AcquisitionDate", "AcquisitionTime", "SeriesTime", "StudyTime", "Manufacturer", "ImageType", "SpecificCharacterSet"),
    )
    edit(folder, lambda dataset, _: [dataset.pop(keyword, None) for keyword in keywords])
    after, _ = read_folder(folder)
    np.testing.assert_array_equal(after.array, before.array)
    assert after.unit is Unit.HU


def test_real_series_compressed_as_an_archive_does(shared_data, tmp_path):
    """Ten slices of a real CT, JPEG lossless: as SimpleITK reads the originals."""
    originals = sorted((shared_data / "dicom" / "STS_037" / "CT").iterdir())
    originals.sort(key=lambda path: float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2]))
    for path in originals[:10]:
        subprocess.run([program("dcmcjpeg"), "+e1", str(path), str(tmp_path / path.name)], check=True, timeout=60, capture_output=True)
    volume, _ = read_folder(tmp_path)
    expected = sitk.GetArrayFromImage(sitk.ReadImage([str(path) for path in originals[:10]]))
    np.testing.assert_array_equal(volume.array, expected)
