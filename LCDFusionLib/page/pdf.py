"""A page as PDF, with ReportLab: text is text, in fonts that lie in the file, and every sheet says whose it is.

A sheet is as wide as A4 and as high as Letter, so that it is printed on either without being scaled or cut.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError, one_line

from .content import Figure, Page

FONTS = Path(__file__).parent / "fonts"
_LETTERS, _OTHER = "LCDFusion-DejaVuSans", "LCDFusion-DroidSansFallback"
_FILES = {_LETTERS: "DejaVuSans.ttf", _OTHER: "DroidSansFallback.ttf"}
WIDTH, HEIGHT = 210 / 25.4 * 72, 11 * 72
"""Of a sheet, in points."""
_MARGIN, _FOOT, _GAP = 40.0, 46.0, 4.0
_WARN, _LINE, _HEAD = "#b00020", "#9aa0a6", "#e8eaed"


def page_pdf(page: Page) -> bytes:
    """The PDF, of an even number of bytes, as DICOM stores it.

    Raises:
        InputError: ReportLab is not installed.
    """
    try:
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
    except ImportError as error:
        raise InputError("A page as PDF needs the package reportlab, which is not installed: pip install reportlab.") from error
    _register_fonts()
    head = _paragraph(page.patient or "Patient not known", size=10)
    width = WIDTH - 2 * _MARGIN
    _, high = head.wrap(width, HEIGHT)

    def draw_head(canvas: Any, _document: Any) -> None:
        head.drawOn(canvas, _MARGIN, HEIGHT - 28 - high)
        canvas.setStrokeColor(_LINE)
        canvas.line(_MARGIN, HEIGHT - 32 - high, WIDTH - _MARGIN, HEIGHT - 32 - high)

    target = io.BytesIO()
    document = BaseDocTemplate(
        target,
        pagesize=(WIDTH, HEIGHT),
        title=f"LCDFusion - {'de-identified' if not page.written else page.patient}",
        author="",
        creator=f"LCDFusion {__version__}",
        subject=DISCLAIMER,
        invariant=not page.written,  # then the file holds no date either
        lang="en",
    )
    frame = Frame(_MARGIN, _FOOT, width, HEIGHT - _FOOT - 38 - high, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates(PageTemplate("sheet", [frame], onPage=draw_head))
    document.build(_story(page, width, frame.height), canvasmaker=_numbered(page.written))
    pdf = target.getvalue()
    return pdf + b"\n" * (len(pdf) % 2)


def _story(page: Page, width: float, height: float) -> list[Any]:
    from reportlab.platypus import Spacer

    story: list[Any] = [_paragraph(DISCLAIMER, color=_WARN)]
    if page.study:
        story.append(_paragraph(page.study))
    story += [_paragraph(f"⚠ {warning}", color=_WARN) for warning in page.warnings]
    for figure in page.figures:
        story += [Spacer(1, 8), _figure(figure, width, height / 2)]
    if page.rows:
        story += [Spacer(1, 10), _paragraph("Regions", size=11), _table(page.columns, page.rows, width)]
    story += [_paragraph(remark) for remark in page.remarks]
    if page.settings:
        story += [Spacer(1, 10), _paragraph("Settings", size=11), _settings(page.settings, width)]
    return story


def _figure(figure: Figure, width: float, most: float) -> Any:
    """Pictures beside each other, each under its title, with the caption above; they are not torn apart."""
    from reportlab.platypus import KeepTogether, Table

    each = (figure.part * width - _GAP * (len(figure.pictures) - 1)) / len(figure.pictures)
    images = [_image(picture, each, most) for _, picture in figure.pictures]
    titles = [_paragraph(title, size=8) for title, _ in figure.pictures]
    pictures = Table(
        [titles, images], colWidths=[each + _GAP] * len(images), hAlign="LEFT", style=[*_TIGHT, ("VALIGN", (0, 0), (-1, -1), "TOP")]
    )
    return KeepTogether([_paragraph(figure.caption), pictures])


def _image(picture: np.ndarray, width: float, most: float) -> Any:
    from PIL import Image as Pixels
    from reportlab.platypus import Image

    data = io.BytesIO()
    Pixels.fromarray(np.ascontiguousarray(picture)).save(data, "PNG", compress_level=1)  # the PDF packs it anew
    data.seek(0)
    scale = min(width / picture.shape[1], most / picture.shape[0])
    return Image(data, picture.shape[1] * scale, picture.shape[0] * scale)


_TIGHT = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), _GAP),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
]


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], width: float) -> Any:
    """The name takes what the numbers leave; the head stands on every sheet."""
    from reportlab.platypus import Table

    number = width * 0.76 / max(len(columns) - 1, 1)
    cells = [[_paragraph(text, size=7.5) for text in row] for row in (columns, *rows)]
    style = [
        *_TIGHT,
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(cells, colWidths=[width * 0.24, *[number] * (len(columns) - 1)], repeatRows=1, hAlign="LEFT", style=style)


def _settings(settings: tuple[tuple[str, str], ...], width: float) -> Any:
    from reportlab.platypus import Table

    cells = [[_paragraph(name), _paragraph(text)] for name, text in settings]
    return Table(cells, colWidths=[width * 0.2, width * 0.8], hAlign="LEFT", style=[*_TIGHT, ("VALIGN", (0, 0), (-1, -1), "TOP")])


def _paragraph(text: str, *, size: float = 8.5, color: str = "black") -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle("text", fontName=_LETTERS, fontSize=size, leading=1.3 * size, textColor=color)
    return Paragraph(_in_fonts(text).replace("\n", "<br/>"), style)


def _in_fonts(text: str) -> str:
    """ReportLab's markup: each letter in a font that has it; one that none has is named by its number, for a box could be any letter.

    So is one beyond U+FFFF: ReportLab 5.1 says another letter of it to those who search the text.
    """
    from reportlab.pdfbase import pdfmetrics

    known = [(name, pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES]
    runs: list[tuple[str, str]] = []
    for letter in one_line(text, kept="\n"):
        font = next((name for name, glyphs in known if (ord(letter) in glyphs and letter <= "\uffff") or letter == "\n"), "")
        shown, font = (letter, font) if font else (f"[U+{ord(letter):04X}]", _LETTERS)
        if runs and runs[-1][0] == font:
            runs[-1] = font, runs[-1][1] + shown
        else:
            runs.append((font, shown))
    return "".join(escape(run) if font == _LETTERS else f'<font name="{font}">{escape(run)}</font>' for font, run in runs)


def _register_fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in _FILES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))


def _numbered(written: str) -> type:
    """ReportLab's canvas, which writes at the foot of every sheet how many there are: known when the last one is full."""
    from reportlab.pdfgen.canvas import Canvas

    class NumberedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._sheets: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self._sheets.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, sheet in enumerate(self._sheets, start=1):
                self.__dict__.update(sheet)
                self.setFont(_LETTERS, 7.5)
                self.setFillColor(_WARN)
                self.drawString(_MARGIN, 26, "Not for diagnostic use")
                self.setFillColor("black")
                self.drawCentredString(WIDTH / 2, 26, f"LCDFusion {__version__}" + (f", written {written}" if written else ""))
                self.drawRightString(WIDTH - _MARGIN, 26, f"page {number} of {len(self._sheets)}")
                Canvas.showPage(self)
            super().save()

    return NumberedCanvas
