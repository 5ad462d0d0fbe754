"""A prior study by clicking: chosen, registered with bar, time left and Cancel, linked with the pair, measured in, and taken off again."""

import time
from datetime import datetime

import numpy as np
import pytest
from playwright.sync_api import expect

from LCDFusionLib.dicom import Radiopharmaceutical, Study
from Testing.cli.small_study import write_series
from Testing.panel.prior_studies import NODULE, motion, study
from Testing.panel.test_prior import colors_of_scale
from Testing.web.app.conftest import PICTURES, running_viewer
from Testing.web.app.reader import PATIENCE_MS, Reader

NOW = [(NODULE, 14.0, 4.0)]
BEFORE = [(NODULE, 18.0, 8.0)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Folder of two studies of one patient, 210 days apart."""
    folder = tmp_path_factory.mktemp("both")
    for day, pair in (
        (datetime(2025, 3, 14, 10), study(NOW, noise=1)),
        (datetime(2024, 8, 16, 10), study(BEFORE, to_now=motion(), frame="1.2.4", noise=2)),
    ):
        of_day = Study(uid=f"2.25.{day:%Y%m%d}", started=day, description="PET/CT")
        tracer = Radiopharmaceutical(injected=day.replace(hour=9), dose_bq=300e6)
        for volume in pair:
            write_series(folder / f"{day:%Y%m%d}" / volume.name, volume, study=of_day, radiopharmaceutical=tracer)
    return folder


@pytest.fixture(scope="module")
def reader(chromium, both, tmp_path_factory):
    with running_viewer(both, tmp_path_factory.mktemp("viewer")) as address, Reader(chromium, address, PICTURES) as reader:
        reader.wait_until_read()
        yield reader


def dark(reader, name):
    """Where the lesion is seen in a view: row and column of its middle, or None. SUV 4 and 8 of 10 in inverse gray, on black nothing."""
    picture = reader.view(name)[60:-40, 30:-30].max(axis=-1)
    spots = np.argwhere((picture < 170) & (picture > 20))
    return spots.mean(axis=0) if len(spots) > 100 else None


def until_it_is(reader, is_so):
    """What the page draws comes when it is drawn."""
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        assert time.monotonic() < give_up
        reader.page.wait_for_timeout(200)


def test_a_prior_is_registered_with_a_bar_and_the_time_left_and_cancelled(reader):
    assert "2025-03-14" in reader.text(".patient"), "the later study is the one on show"
    reader.choose(".prior-select", "2024-08-16")
    reader.wait_for(".register-prior-button", "Cancel")
    expect(reader.page.locator(".prior-progress")).to_be_visible()
    reader.wait_for(".prior-text", " s left")
    reader.page.click(".register-prior-button")
    reader.wait_for(".prior-text", "Cancelled")
    expect(reader.page.locator(".register-prior-button")).to_have_text("Register prior")
    expect(reader.page.locator(".prior-progress")).to_be_hidden()
    reader.page.click(".register-prior-button")
    reader.wait_for(".prior-text", "Registered rigidly")
    expect(reader.page.locator(".lcd-view:visible")).to_have_count(6)


def test_both_rows_show_one_place_whichever_is_scrolled(reader):
    for name, notches in (("LCDAnatomy", 4), ("LCDPriorFunction", 2)):
        before = {each: reader.view(each) for each in ("LCDFunction", "LCDPriorFunction")}
        reader.page.locator(f".lcd-view[data-view={name}]").hover()
        for _ in range(notches):
            reader.page.mouse.wheel(0, -120)
        until_it_is(reader, lambda before=before: all((reader.view(each) != old).any() for each, old in before.items()))
    until_it_is(reader, lambda: dark(reader, "LCDFunction") is not None and dark(reader, "LCDPriorFunction") is not None)
    reader.picture("prior-linked")
    assert colors_of_scale(reader.view("LCDPriorBlend")) > 200
    assert np.linalg.norm(dark(reader, "LCDFunction") - dark(reader, "LCDPriorFunction")) < 8, "the lesion lies where it lies now"


def test_a_region_is_measured_in_the_prior_too_and_the_change_said_in_per_cent(reader):
    row, column = dark(reader, "LCDFunction")
    reader.page.locator(".lcd-view[data-view=LCDFunction]").click(position={"x": column + 30, "y": row + 60})
    reader.page.wait_for_timeout(300)
    reader.page.click(".sphere-button")
    reader.wait_for(".changes-since", "2024-08-16  Müller Anna, 210 days before")
    maximum = reader.page.locator(".changes-table tbody td").nth(1)
    expect(maximum.locator(".was")).to_have_text("8.00")
    expect(maximum.locator(".change")).to_have_text("-50 %")
    reader.picture("prior-change")


def test_unregistered_nothing_is_measured_and_without_a_prior_all_is_as_it_was(reader):
    reader.page.click(".show-prior-button")
    reader.wait_for(".prior-text", "Shown unregistered")
    expect(reader.page.locator(".changes-table .change").first).to_have_text("-")
    reader.choose(".prior-select", "None")
    expect(reader.page.locator(".changes-table")).to_have_count(0)
    expect(reader.page.locator(".lcd-view:visible")).to_have_count(4)
    reader.page.click('.arrangements button:has-text("Compare")')
    expect(reader.page.locator(".lcd-view:visible")).to_have_count(6)
    until_it_is(reader, lambda: colors_of_scale(reader.view("LCDPriorBlend")) < 50)
    assert reader.page.locator(".region").count() == 1, "what was measured in the pair stays"
