"""The PDF of a page as others read it: Poppler and pypdf. Text is text, every sheet says whose it is, and a sheet fits A4 and Letter."""

import io
import re
import shutil
import subprocess

import numpy as np
import pypdf
import pytest

from LCDFusionLib.page.content import Figure, Page
from LCDFusionLib.page.pdf import page_pdf

NAMES = "Yamada Tarou=山田 太郎=やまだ たろう, 김철수, Müller-Lüdenscheidt Ößä, Ελένη Παπαδοπούλου, Чехов"
COLUMNS = ("Name", "Slice", *(f"n{n}." for n in range(9)))


def gradient():
    return np.repeat(np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None], 60, 0).repeat(3, 2)


def poppler(program, pdf, *options):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian package poppler-utils)")
    return subprocess.run([program, *options], input=pdf, capture_output=True, timeout=120, check=True).stdout


def text_of(pdf):
    return poppler("pdftotext", pdf, "-layout", "-", "-").decode()


@pytest.fixture(scope="module")
def long():
    """Seventy lesions and nine slices of a patient with names of every script."""
    figures = tuple(Figure(f"Slice {n} of 90", tuple((title, gradient()) for title in ("Anatomy", "Function", "Fused"))) for n in range(9))
    rows = tuple((f"Läsion {n} <α & β>", f"{n}", *["12.34"] * 9) for n in range(70))
    return page_pdf(
        Page(NAMES, "2026-03-04 05:06", "FDG, 296 MBq", ("Bq/ml < 3 & more",), figures, COLUMNS, rows, ("rule",), (("W/L", "1"),))
    )


def test_every_sheet_says_whose_it_is_when_and_which_of_how_many(long):
    sheets = text_of(long).split("\f")[:-1]
    assert len(sheets) > 3
    for number, sheet in enumerate(sheets, start=1):
        for word in ("Yamada Tarou=山田 太郎=やまだ たろう", "김철수", "Müller-Lüdenscheidt Ößä", "Ελένη Παπαδοπούλου", "Чехов"):
            assert word in " ".join(sheet.split()), (number, word)
        assert f"page {number} of {len(sheets)}" in sheet
        assert "Not for diagnostic use" in sheet
        assert "written 2026-03-04 05:06" in sheet


def test_all_that_it_holds_is_found_by_a_search(long):
    for text in (text_of(long), "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(long)).pages)):
        for n in range(70):
            assert f"Läsion {n} <α & β>" in text
        assert "Bq/ml < 3 & more" in text
        assert [int(n) for n in re.findall(r"Slice (\d) of 90", text)] == list(range(9))
        assert "n8." in text


def test_the_head_of_the_table_stands_on_each_sheet_that_it_goes_over(long):
    sheets = [sheet for sheet in text_of(long).split("\f") if "Läsion" in sheet]
    assert len(sheets) > 1
    assert all("Slice" in sheet and "n8." in sheet for sheet in sheets)


def test_a_sheet_is_no_wider_than_a4_and_no_higher_than_letter(long):
    for page in pypdf.PdfReader(io.BytesIO(long)).pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        assert width <= 210 / 25.4 * 72 + 0.1
        assert width <= 8.5 * 72
        assert height <= 11 * 72
        assert height <= 297 / 25.4 * 72


def test_fonts_lie_in_the_file(long):
    lines = poppler("pdffonts", long, "-").decode().splitlines()[2:]
    used = [line for line in lines if "DejaVu" in line or "Droid" in line]
    assert len(used) >= 2
    assert all(line.split()[-5:-3] == ["yes", "yes"] for line in used), "embedded, and a part of the font"
    assert not any("Droid" in line for line in poppler("pdffonts", page_pdf(Page("Anna Müller")), "-").decode().splitlines())


def test_pictures_are_those_that_were_given():
    picture = np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    (page,) = pypdf.PdfReader(io.BytesIO(page_pdf(Page("A", figures=(Figure("one", (("x", picture),)),))))).pages
    (image,) = page.images
    np.testing.assert_array_equal(np.asarray(image.image.convert("RGB")), picture)


def test_a_letter_that_no_font_has_is_named_not_drawn_as_a_box():
    text = text_of(page_pdf(Page("吉 𠮷田 \u0e01\u2067 x")))
    assert "吉 [U+20BB7]田" in text
    assert "[U+0E01]" in text
    assert "\u2067" not in text


def test_without_a_date_the_same_page_is_the_same_file_and_tells_no_day():
    one, other = page_pdf(Page("De-identified")), page_pdf(Page("De-identified"))
    assert one == other
    assert pypdf.PdfReader(io.BytesIO(one)).metadata.creation_date.year == 2000
    assert "written" not in text_of(one)


def test_the_file_has_an_even_number_of_bytes():
    assert {len(page_pdf(Page("x" * n))) % 2 for n in range(6)} == {0}
