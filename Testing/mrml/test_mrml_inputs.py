"""Which pair is chosen, what is refused, and the line that says what will happen."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, read_folder, write_original_series  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.fusion import FusionSettings, Machine  # noqa: E402
from LCDFusionLib.images.volume import Modality, Unit  # noqa: E402
from LCDFusionLib.images.window import Window  # noqa: E402
from LCDFusionLib.mrml.dicom_nodes import node_from_series  # noqa: E402
from LCDFusionLib.mrml.dicom_source import forget_sources  # noqa: E402
from LCDFusionLib.mrml.inputs import check_pair, choose_pair, read_anatomy, read_function  # noqa: E402
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice, WeightsChoice, fusion_settings  # noqa: E402
from LCDFusionLib.panel.plan import machine_line, make_plan  # noqa: E402
from LCDFusionLib.views.choices import Choice  # noqa: E402


@pytest.fixture
def hierarchy(application):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)


def in_study(hierarchy, node, study):
    hierarchy.SetItemParent(hierarchy_item(node), study)
    return node


def new_study(hierarchy, patient=None):
    patient = patient or hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient")
    return patient, hierarchy.CreateStudyItem(patient, "study")


def test_the_pair_of_one_study_goes_before_that_of_one_patient(application, pair, hierarchy):
    ct, pet = pair
    scene = application.scene
    patient, first = new_study(hierarchy)
    _, second = new_study(hierarchy, patient)
    in_study(hierarchy, node_from_volume(scene, ct), first)
    wanted = in_study(hierarchy, node_from_volume(scene, ct), second), in_study(hierarchy, node_from_volume(scene, pet), second)
    in_study(hierarchy, node_from_volume(scene, replace(pet, frame_of_reference="9")), first)
    in_study(hierarchy, node_from_volume(scene, replace(ct, array=ct.array[:3])), second)  # a scout view
    assert choose_pair(scene) == wanted


def test_two_patients_are_never_a_pair(application, pair, hierarchy):
    for volume in pair:
        in_study(hierarchy, node_from_volume(application.scene, volume), new_study(hierarchy)[1])
    assert choose_pair(application.scene) is None


def test_without_any_study_the_only_pair_is_taken_and_without_modality_none(application, pair):
    assert choose_pair(application.scene) is None
    nodes = tuple(node_from_volume(application.scene, volume) for volume in pair)
    assert choose_pair(application.scene) == nodes
    nodes[1].GetScene().RemoveNode(nodes[1])
    node_from_volume(application.scene, replace(pair[1], modality=Modality.OTHER))
    assert choose_pair(application.scene) is None


def test_what_cannot_be_fused_is_said(application, pair):
    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    check_pair(anatomy, function)
    for nodes, message in (
        ((None, function), "Choose a CT or MR as anatomy"),
        ((anatomy, None), "Choose a PET or SPECT as function"),
        ((anatomy, anatomy), "chosen as anatomy and as function"),
        ((function, anatomy), "are the two exchanged"),
    ):
        with pytest.raises(InputError, match=message):
            check_pair(*nodes)


def test_unknown_inputs_are_taken_for_what_they_look_like_and_that_is_said(application, pair):
    unknown = [node_from_volume(application.scene, replace(volume, modality=Modality.OTHER, unit=Unit.RELATIVE)) for volume in pair]
    ct, notes = read_anatomy(unknown[0])
    assert (ct.modality, ct.unit) == (Modality.CT, Unit.HU)
    assert "was taken for a CT" in notes[0]
    pet, notes = read_function(unknown[1])
    assert (pet.modality, pet.unit) == (Modality.PET, Unit.RELATIVE)
    assert "not known to be SUV" in notes[0]
    pet, notes = read_function(unknown[1], unit=Unit.SUVBW)
    assert (pet.unit, notes) == (Unit.SUVBW, [])
    with pytest.raises(InputError, match="values that uptake cannot have"):
        read_function(unknown[0])


def test_the_line_says_what_will_happen(pair):
    ct, pet = pair
    plan = make_plan(ct, pet, FusionSettings(window="lung", function_upper=6.0), [])
    assert plan.line == "CT lung window 1400/-700, PET SUV 0-6, 8 slices of 48x40, PET covers 100 %"
    assert (plan.warnings, plan.needs_registration) == ((), False)
    plan = make_plan(ct, replace(pet, frame_of_reference="9"), FusionSettings(), ["a note"])
    assert plan.warnings[0] == "a note"
    assert "different frames of reference" in plan.warnings[1]
    assert plan.needs_registration
    with pytest.raises(InputError, match="made for CT"):
        make_plan(replace(ct, modality=Modality.MR, unit=Unit.RELATIVE), pet, FusionSettings(window="lung"), [])


def test_the_machine_in_one_line():
    assert machine_line(None, "auto") == "PyTorch is being loaded"
    assert machine_line(Machine("2.13", "CPU (2 threads)", None), "auto") == "CPU (2 threads)"
    assert "install it under Advanced" in machine_line(Machine(None, None, "PyTorch cannot be loaded (x)"), "auto")


def test_every_choice_has_words():
    choices = [each for kind in Choice.__subclasses__() for each in kind]
    assert len(choices) > 30
    assert all(choice.label() for choice in choices)


def test_choices_become_settings():
    options = {"function_upper": None, "table": ColorTableChoice.EMBER, "weights": WeightsChoice.AUTO}
    shown = Window(500, 20)
    assert fusion_settings(window=AnatomyWindow.DEFAULT, displayed=shown, **options).window is None
    assert fusion_settings(window=AnatomyWindow.ON_DISPLAY, displayed=shown, **options).window == shown
    assert fusion_settings(window=AnatomyWindow.LUNG, displayed=shown, **options).window == "lung"
    settings = fusion_settings(window=AnatomyWindow.AUTO, displayed=None, **(options | {"function_upper": 7.5}))
    assert settings.function_upper == 7.5
    assert settings.batch_size is None, "as many as fit"


class TestFromDicom:
    """What a search in DICOM knows of SUV is what the line and its notes say."""

    @pytest.fixture
    def loaded(self, application, pair, tmp_path):
        """loaded(function of a data set and its index): a PET series on disk, as a host reads it itself, and its `find_file`."""

        def load(change):
            folder = write_original_series(
                pair[1],
                tmp_path / "pet",
                patient=Patient(name="Doe^Jane", id="P-1", weight_kg=70.0, size_m=1.7),
                study=Study(uid=generate_uid(), started=datetime(2025, 3, 14, 10)),
                series_number=3,
                radiopharmaceutical=Radiopharmaceutical(datetime(2025, 3, 14, 9), 300e6, 6586.2),
            )
            for index, path in enumerate(sorted(folder.iterdir())):
                dataset = pydicom.dcmread(path)
                change(dataset, index)
                dataset.save_as(path)
            volume, source = read_folder(folder, relative=True)
            files = {str(header.SOPInstanceUID): str(file) for header, file in zip(source.headers, source.files, strict=True)}
            return volume, source, lambda uid: files.get(uid, "")

        return load

    def test_what_the_host_read(self, application, loaded):
        """The browser's way: the values are SUV already."""
        volume, source, find_file = loaded(lambda dataset, index: setattr(dataset, "SeriesTime", "104500"))
        pet, notes = read_function(node_from_series(application.scene, volume, source), find_file=find_file)
        assert pet.unit is Unit.SUVBW
        assert notes == list(source.suv.notes)
        assert "Series Time (0008,0031)" in notes[0]

    def test_what_slicer_read(self, application, loaded):
        """Slicer's way: values after Rescale Slope, which the files say how to turn into SUV."""

        def change(dataset, index):
            dataset.SeriesTime = "104500"

        volume, source, find_file = loaded(change)
        activity = volume.with_array(volume.array / np.float32(source.suv.factor), unit=Unit.BQML)
        node = node_from_series(application.scene, activity, source)
        pet, notes = read_function(node, find_file=find_file)
        assert pet.unit is Unit.SUVBW
        np.testing.assert_allclose(pet.array, volume.array, rtol=1e-5)
        assert notes == list(source.suv.notes)

    @pytest.mark.parametrize("unit", [Unit.RELATIVE, Unit.BQML], ids=["no unit", "the unit of before"])
    def test_what_a_person_multiplied_is_not_converted_again(self, application, loaded, unit):
        volume, source, find_file = loaded(lambda dataset, index: None)
        hottest = 8.5
        made = volume.with_array(volume.array * np.float32(hottest / volume.array.max()), unit=unit)
        node = node_from_series(application.scene, made, source)
        forget_sources()
        pet, notes = read_function(node, find_file=find_file)
        assert (pet.unit, float(pet.array.max())) == (unit, pytest.approx(hottest))
        assert "are not those of its DICOM files" in notes[0]
        told, _ = read_function(node, unit=Unit.SUVBW, find_file=find_file)
        assert (told.unit, float(told.array.max())) == (Unit.SUVBW, pytest.approx(hottest))

    def test_without_a_decoder_a_factor_shows_too(self, application, loaded, monkeypatch):
        """A JPEG-lossless PET that Slicer has read, where nothing else here can."""
        from LCDFusionLib.dicom import pixels

        volume, source, find_file = loaded(lambda dataset, index: None)
        activity = volume.with_array(volume.array / np.float32(source.suv.factor), unit=Unit.RELATIVE)
        as_read, by_hand = (node_from_series(application.scene, each, source) for each in (activity, replace(volume, unit=Unit.RELATIVE)))
        monkeypatch.setattr("LCDFusionLib.dicom.reader.is_decodable", lambda path: False)
        assert pixels.is_decodable(source.files[0])
        assert read_function(as_read, find_file=find_file)[0].unit is Unit.SUVBW
        assert read_function(by_hand, find_file=find_file)[0].unit is Unit.RELATIVE

    @pytest.mark.parametrize("change", ["painted", "whole numbers", "the other way round"])
    def test_what_is_still_of_the_files_is_converted(self, application, loaded, change):
        volume, source, find_file = loaded(lambda dataset, index: None)
        activity = (volume.array / np.float32(source.suv.factor)).astype(np.float32)
        if change == "painted":
            activity[:, :, 14:] = 0
        elif change == "whole numbers":
            activity = np.rint(activity).astype(np.int32)
        else:
            activity = activity[::-1]
        pet, _ = read_function(
            node_from_series(application.scene, volume.with_array(activity, unit=Unit.RELATIVE), source), find_file=find_file
        )
        assert pet.unit is Unit.SUVBW
        np.testing.assert_allclose(pet.array, activity * source.suv.factor, rtol=1e-5)

    def test_lean_body_mass_is_called_so(self, application, loaded):
        volume, source, find_file = loaded(lambda dataset, index: (setattr(dataset, "Units", "GML"), setattr(dataset, "SUVType", "LBM")))
        node = node_from_series(application.scene, volume.with_array(volume.array, unit=Unit.RELATIVE), source)
        assert read_function(node, find_file=find_file)[0].unit is Unit.SUVLBM

    @pytest.mark.parametrize("is_reversed", [False, True])
    def test_a_factor_of_its_own_for_each_slice(self, application, loaded, is_reversed):
        """Not corrected for decay; a node may hold the slices the other way round."""

        def change(dataset, index):
            dataset.CorrectedImage, dataset.DecayCorrection = ["ATTN", "SCAT"], "NONE"
            dataset.AcquisitionTime = f"10{5 * index:02d}00"
            del dataset.DecayFactor

        volume, source, find_file = loaded(change)
        assert volume.unit is Unit.SUVBW
        activity = volume.with_array((volume.array / source.suv.of_slices(len(volume.array))).astype(np.float32), unit=Unit.BQML)
        expected = volume.array
        if is_reversed:
            flip = np.diag([1.0, 1, -1, 1])
            flip[2, 3] = len(expected) - 1
            activity = replace(activity, array=activity.array[::-1], ijk_to_lps=activity.ijk_to_lps @ flip)
            expected = expected[::-1]
        pet, _ = read_function(node_from_series(application.scene, activity, source), find_file=find_file)
        assert pet.unit is Unit.SUVBW
        np.testing.assert_allclose(pet.array, expected, rtol=1e-5)

    def test_negative_noise_is_a_pet(self, application, pair):
        """Filtered back projection; DICOM says that it is a PET."""
        noisy = pair[1].with_array(pair[1].array - pair[1].array.max() / 2)
        pet, _ = read_function(node_from_volume(application.scene, noisy))
        assert pet.array.min() < -pet.array.max() / 4
