"""The whole workflow by clicking: from an open study to files on the reader's disk."""

import csv
import zipfile

import numpy as np
import pydicom
import pypdf
import pytest
import SimpleITK as sitk
from PIL import Image
from playwright.sync_api import expect

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.fusion import FusionSettings, prepare
from Testing.web.app.conftest import PICTURES
from Testing.web.app.reader import Reader


@pytest.fixture(scope="module")
def fused(reader):
    """The reader, with all slices fused."""
    reader.fuse()
    return reader


def test_the_best_pair_is_chosen_and_the_plan_said(reader):
    assert "CT CT body" in reader.text(".anatomy-select")
    assert "PET" in reader.text(".function-select")
    assert "CT mediastinum window 350/40, PET SUV 0-10, 6 slices of 48x48" in reader.text(".plan")
    assert "Anna Müller" in reader.text(".patient").replace("Müller Anna", "Anna Müller")
    assert "not a medical device" in reader.text(".panel-foot .disclaimer")


def test_other_pairs_of_the_study_can_be_chosen(reader):
    reader.choose(".pair-select", "MR body")
    reader.wait_for(".plan", "MR automatic window")
    assert "MR MR body" in reader.text(".anatomy-select")
    reader.choose(".pair-select", "CT body")
    reader.wait_for(".plan", "CT mediastinum window")


def test_preview_shows_one_slice(reader):
    blend = reader.view("LCDFused")[60:-60, 40:-40].astype(int)
    assert blend.mean() > 10, "never black"
    assert reader.text(".slice-title") == "Not fused yet"
    reader.page.click(".preview-button")
    reader.wait_for(".status", "Preview in")
    reader.wait_for(".slice-title", "Slice 4, preview")
    reader.until(lambda: np.abs(reader.view("LCDFused")[60:-60, 40:-40] - blend).mean() > 3)


def test_fusion_fills_metrics_and_plot(fused):
    assert "6 slices fused" in fused.text(".status")
    assert fused.text(".slice-title") == "Slice 4/6"
    rows = fused.page.locator("table.metrics tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["QAB/F", "VIF", "SCD", "IE", "AG", "SD", "SF", "EI"]
    assert float(rows[0].split("\t")[1]) > float(rows[0].split("\t")[2]) > 0  # fused keeps more edges than the blend
    assert fused.page.locator(".large-plot polyline").count() == 2
    fused.picture("reading")


def test_metrics_follow_the_scroll_and_the_plot_goes_to_a_slice(fused):
    before = fused.page.locator("table.metrics tbody tr").all_inner_texts()
    fused.page.locator(".lcd-view").first.hover()
    fused.page.mouse.wheel(0, -120)
    expect(fused.page.locator(".slice-title")).not_to_have_text("Slice 4/6")
    assert fused.page.locator("table.metrics tbody tr").all_inner_texts() != before
    plot = fused.page.locator(".plot:visible")
    box = plot.bounding_box()
    plot.click(position={"x": 0.25 * box["width"], "y": 20})
    fused.wait_for(".slice-title", "Slice 2/6")
    fused.page.locator(".plot:visible").click(position={"x": 0.6 * box["width"], "y": 20})
    fused.wait_for(".slice-title", "Slice 4/6")


def test_what_is_fused_is_what_the_library_fuses(fused, small_study, tmp_path):
    """Volumes as NRRD: the same grid as the CT's, and the mean of what the network gives for these windows."""
    with zipfile.ZipFile(_save(fused, ".nrrd-button", tmp_path)) as packed:
        packed.extractall(tmp_path)
    gray, color = (sitk.ReadImage(str(tmp_path / f"fused_{name}.nrrd")) for name in ("gray", "color"))
    ct, _ = read_folder(small_study / "CT")
    pair = prepare(ct, read_folder(small_study / "PT")[0], FusionSettings())
    assert gray.GetSize() == color.GetSize() == ct.shape[::-1]
    np.testing.assert_allclose(gray.GetOrigin(), ct.origin, atol=1e-4)
    array = sitk.GetArrayFromImage(gray)
    assert array.min() >= 0
    assert array.max() <= 1
    assert np.corrcoef(array.ravel(), pair.anatomy01.ravel())[0, 1] > 0.9


def test_nifti_csv_and_pictures(fused, tmp_path):
    with zipfile.ZipFile(_save(fused, ".nifti-button", tmp_path)) as packed:
        assert sorted(packed.namelist()) == ["fused_color.nii.gz", "fused_gray.nii.gz"]
    rows = list(csv.DictReader(_save(fused, ".csv-button", tmp_path).open()))
    assert len(rows) == 6 + 2  # slices, mean, standard deviation
    picture = _save(fused, ".png-button", tmp_path)
    assert picture.name == "fused_slice_0004.png"
    assert np.asarray(Image.open(picture)).std() > 20


def test_dicom_download_is_the_patients_or_deidentified(fused, small_study, tmp_path):
    original = pydicom.dcmread(next((small_study / "CT").iterdir()))
    fused.unfold("Export")
    assert fused.page.locator(".archive-button").count() == 0, "this site has no archive"
    fused.page.click(".key-button")
    fused.wait_for(".key-button", "Unmark")
    for deidentified in (False, True):
        if deidentified:
            fused.page.locator(".deidentify input").check()
        with zipfile.ZipFile(_save(fused, ".dicom-button", tmp_path)) as packed:
            packed.extractall(tmp_path / str(deidentified))
        folder = tmp_path / str(deidentified)
        assert {path.name for path in folder.iterdir()} == {"dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics"}
        datasets = [pydicom.dcmread(path) for path in sorted((folder / "dicom_color").iterdir())]
        assert len(datasets) == 6
        assert datasets[0].PhotometricInterpretation == "RGB"
        assert [float(v) for v in datasets[0].ImageOrientationPatient] == [float(v) for v in original.ImageOrientationPatient]
        assert sorted(float(dataset.ImagePositionPatient[2]) for dataset in datasets) == pytest.approx([-300 + 4 * k for k in range(6)])
        assert (str(datasets[0].PatientID) == str(original.PatientID)) is not deidentified
        assert ("Müller" in str(datasets[0].PatientName)) is not deidentified
    fused.page.locator(".deidentify input").uncheck()


def test_a_page_to_keep_is_saved_and_goes_with_the_dicom(fused, tmp_path):
    fused.unfold("Export")
    (page,) = pypdf.PdfReader(_save(fused, ".page-button", tmp_path)).pages
    assert "Müller Anna" in page.extract_text()
    assert len(page.images) == 4
    fused.page.locator(".page-in-dicom input").check()
    with zipfile.ZipFile(_save(fused, ".dicom-button", tmp_path)) as packed:
        packed.extractall(tmp_path)
    fused.page.locator(".page-in-dicom input").uncheck()
    kept = pydicom.dcmread(tmp_path / "dicom_page" / "0001.dcm")
    assert (kept.SOPClassUID, str(kept.PatientName)) == ("1.2.840.10008.5.1.4.1.1.104.1", "Müller^Anna")


def test_a_session_is_saved_and_opened(fused, tmp_path):
    fused.unfold("Export")
    before = fused.text(".slice-title")
    session = _save(fused, ".save-session-button", tmp_path)
    fused.page.locator(".lcd-view").first.hover()
    fused.page.mouse.wheel(0, -120)
    expect(fused.page.locator(".slice-title")).not_to_have_text(before)
    other = tmp_path / "other.json"
    other.write_text("{}")
    for file, words in ((other, "'other.json' is no session file"), (session, "The session is back")):
        _open_session(fused, file)
        expect(fused.page.locator(".export-note")).to_contain_text(words)
    fused.wait_for(".slice-title", before)


@pytest.mark.parametrize("deidentify", [False, True])
def test_a_session_brings_its_pair_itself_and_reads_it(chromium, viewer, reader, tmp_path, deidentify):
    reader.choose(".pair-select", "MR body")
    reader.wait_for(".plan", "MR automatic window")
    reader.unfold("Export")
    reader.page.locator(".deidentify input").set_checked(deidentify)
    session = _save(reader, ".save-session-button", tmp_path)
    reader.page.locator(".deidentify input").uncheck()
    assert ("Müller" in session.read_text(encoding="utf-8")) is not deidentify
    reader.choose(".pair-select", "CT body")
    reader.wait_for(".plan", "CT mediastinum window")
    with Reader(chromium, viewer, PICTURES) as other:
        other.wait_until_read()
        assert "CT CT body" in other.text(".anatomy-select")
        other.unfold("Export")
        _open_session(other, session)
        other.wait_for(".export-note", "The session is back")
        other.wait_for(".plan", "MR automatic window")


def test_arrangements_looks_and_regions(fused):
    for name, views in (("Side by side", 3), ("Four-up", 4), ("One view", 1), ("Reading", 4)):
        fused.page.locator(".arrangements button", has_text=name).click()
        expect(fused.page.locator(".lcd-view:visible")).to_have_count(views)
        fused.picture(name.replace(" ", "-").lower())
    fused.choose(".plane-select", "Coronal")
    fused.wait_for(".slice-title", "Mean over slices")
    fused.choose(".plane-select", "Axial")
    fused.wait_for(".slice-title", "Slice")
    color = fused.view("LCDFused")
    fused.choose(".comparison-select", "Split")
    fused.until(lambda: np.abs(fused.view("LCDFused").astype(int) - color).max() > 100)  # the line, and the blend left of it
    fused.choose(".comparison-select", "Off")


def test_a_region_is_measured_at_the_crosshair(fused):
    fused.page.locator(".arrangements button", has_text="Reading").click()
    fused.page.locator(".plot:visible").click(position={"x": 0.6 * fused.page.locator(".plot:visible").bounding_box()["width"], "y": 20})
    fused.wait_for(".slice-title", "Slice 4/6")
    function = fused.page.locator(".lcd-view[data-view=LCDFunction]")
    dark = [np.empty((2, 0))]

    def found_again():
        """Inverse gray: the tumour is the dark spot."""
        dark.append(np.argwhere(fused.view("LCDFunction")[90:-90, 60:-60].max(axis=2) < 90))
        return len(dark[-1]) and np.array_equal(dark[-1], dark[-2])

    fused.until(found_again)
    row, column = dark[-1].mean(axis=0).astype(int).tolist()
    before = fused.view("LCDFunction")
    function.click(position={"x": column + 60, "y": row + 90})
    fused.until(lambda: (fused.view("LCDFunction") != before).any())  # the crosshair is there
    fused.page.click(".sphere-button")
    fused.wait_for(".region-text", "SUVmax")
    assert float(fused.text(".region-text").split()[1]) > 5  # the tumour has SUV 8
    fused.page.click(".isocontour-button")
    fused.wait_for(".region-text", "Isocontour of 41 %")
    assert fused.page.locator(".region").count() == 1, "tried otherwise at the same place"
    assert " HU" in fused.text(".region-text")


def test_regions_are_listed_named_found_again_saved_and_taken_away(fused, tmp_path):
    fused.page.fill(".region-rename", "Left lung")
    fused.page.press(".region-rename", "Enter")
    fused.wait_for(".region-name", "Left lung")
    box = fused.page.locator(".lcd-view[data-view=LCDAnatomy]").bounding_box()
    for x, y, button in ((0.35, 0.45, ".liver-button"), (0.5, 0.6, ".blood-button")):
        before = fused.view("LCDFunction")
        fused.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        fused.until(lambda before=before: (fused.view("LCDFunction") != before).any())  # the crosshair is there
        fused.page.click(button)
        fused.wait_for(".region.selected .region-name", "Liver" if "liver" in button else "Blood pool")
    fused.wait_for(".references", "PERCIST threshold: SUVpeak")
    assert "(Janmahasatian)" in fused.text(".references")
    assert "D 5" in fused.page.locator(".region-line").first.inner_text()
    fused.page.keyboard.press("Home")
    fused.wait_for(".slice-title", "Slice 1/6")
    fused.page.locator(".region-line").first.click()
    expect(fused.page.locator(".slice-title")).not_to_contain_text("Slice 1/6")
    fused.wait_for(".region.selected .region-name", "Left lung")
    fused.picture("regions")
    fused.unfold("Export")
    rows = list(csv.DictReader(_save(fused, ".regions-csv-button", tmp_path).open()))
    assert [row["name"] for row in rows] == ["Left lung", "Liver", "Blood pool"]
    assert float(rows[0]["maximum"]) > 5
    assert float(rows[0]["sul_maximum"]) / float(rows[0]["maximum"]) == pytest.approx(0.631, abs=0.001)  # a woman of 70 kg and 1.7 m
    for left in (2, 1, 0):
        fused.page.locator(".region-line").first.click()
        fused.page.locator(".region.selected .region-remove").first.click()
        expect(fused.page.locator(".region")).to_have_count(left)


def test_a_reloaded_page_is_as_it_was(fused):
    title, status = fused.text(".slice-title"), fused.text(".status")
    fused.page.reload()
    fused.wait_for(".slice-title", title)
    assert fused.text(".status") == status
    fused.until(lambda: fused.view("LCDAnatomy").max() > 150)


def test_large_and_small_screens(chromium, viewer):
    """Nothing is cut off, and Fuse is in sight."""
    with Reader(chromium, viewer, PICTURES, size=(2560, 1440)) as reader:
        reader.wait_until_read()
        for width, height in ((2560, 1440), (1366, 768), (1024, 700)):
            reader.page.set_viewport_size({"width": width, "height": height})
            reader.page.wait_for_function(
                """height => innerHeight === height && document.documentElement.scrollWidth <= innerWidth
                    && document.querySelector(".fuse-button").getBoundingClientRect().bottom < height""",
                arg=height,
            )
            assert reader.badly_laid_out() == []
            reader.picture(f"screen-{width}")


def _open_session(reader, file):
    with reader.page.expect_file_chooser() as chooser:
        reader.page.click(".open-session-button")
    chooser.value.set_files(str(file))


def _save(reader, button, folder):
    reader.unfold("Export")
    return reader.save(button, folder)
