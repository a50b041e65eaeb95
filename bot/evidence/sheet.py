"""The report as a PDF: A4, wide, in a font that has Latin, Greek and Cyrillic letters."""

import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from bot.evidence.report import Report
from bot.evidence.table import Table
from bot.views.text import clean

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle

FONT: Final = "DejaVuSans"
LETTER: Final = 4.4
PADDING: Final = 12.0
"""Points: how wide a letter in a cell is, about, and what stands empty beside a cell's text."""
LONGEST_WORD: Final = 24
WIDEST: Final = 100
"""Letters: longer words are broken, and longer texts make a column no wider."""
ROOM: Final = 40
"""Millimetres: a table begins on the next page where less is left."""
LONGEST_CELL: Final = 4000
"""A cell has to fit on a page: what is longer stands whole on the page and in the JSON."""


def pdf(report: Report) -> bytes:
    from reportlab.lib import pagesizes  # noqa: PLC0415 it takes a third of a second to import, and few ask for it
    from reportlab.lib.units import mm  # noqa: PLC0415 as above
    from reportlab.platypus import CondPageBreak, Paragraph, SimpleDocTemplate, Spacer  # noqa: PLC0415 as above

    styles, out = _styles(), io.BytesIO()
    page = pagesizes.landscape(pagesizes.A4)
    document = SimpleDocTemplate(
        out,
        pagesize=page,
        title=clean(report.title),
        author="Interlock",
        leftMargin=14 * mm,
        rightMargin=14 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
        invariant=1,
    )
    story: list[Any] = [
        Paragraph(_safe(report.title), styles["title"]),
        Paragraph(_safe(report.lead), styles["text"]),
        *(Paragraph(f"{_safe(name)}: {_safe(value)}", styles["text"]) for name, value in report.facts),
    ]
    for table in report.tables:
        story += [CondPageBreak(ROOM * mm), Spacer(1, 5 * mm), Paragraph(_safe(table.title), styles["head"])]
        story += [Paragraph(_safe(table.about), styles["text"])] if table.about else []
        story.append(_grid(table, document.width, styles))
    document.build(story)
    return out.getvalue()


def _grid(table: Table, width: float, styles: "dict[str, ParagraphStyle]") -> Any:
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 as above
    from reportlab.platypus import LongTable, Paragraph, TableStyle  # noqa: PLC0415 as above

    texts = (table.head, *table.rows)
    rows = [[Paragraph(_safe(cell), styles["cell"]) for cell in row] for row in texts]
    look = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#eef1f5")),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d5dbe3")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return LongTable(rows, colWidths=_widths(texts, width), repeatRows=1, style=look, splitInRow=1)


def _widths(texts: tuple[tuple[str, ...], ...], width: float) -> list[float]:
    """Each column has room for its longest word, where there is so much, and what is left by how long its texts are."""
    columns = list(zip(*texts, strict=True))
    words = [max(len(word) for text in column for word in (text.split() or [""])) for column in columns]
    needs = [min(word, LONGEST_WORD) * LETTER + PADDING for word in words]
    wants = [min(max(map(len, column)), WIDEST) * LETTER + PADDING for column in columns]
    left = width - sum(needs)
    if left < 0:
        return [width * need / sum(needs) for need in needs]
    more = [max(want - need, 1.0) for want, need in zip(wants, needs, strict=True)]
    return [need + left * each / sum(more) for need, each in zip(needs, more, strict=True)]


@lru_cache(maxsize=1)
def _styles() -> "dict[str, ParagraphStyle]":
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 as above

    _font()
    plain = ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12)
    return {
        "text": plain,
        "title": ParagraphStyle("title", parent=plain, fontSize=16, leading=22),
        "head": ParagraphStyle("head", parent=plain, fontSize=11, leading=16),
        "cell": ParagraphStyle("cell", parent=plain, fontSize=6.8, leading=8.6),
    }


@lru_cache(maxsize=1)
def _font() -> Any:
    """Found without importing what brings it along."""
    from reportlab.pdfbase import pdfmetrics, ttfonts  # noqa: PLC0415 as above

    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    font = ttfonts.TTFont(FONT, Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf")
    pdfmetrics.registerFont(font)
    return font


def _safe(text: str) -> str:
    """Letters that the font lacks stand as their numbers: the page and the JSON have them."""
    glyphs = _font().face.charToGlyph
    plain = clean(text)
    whole = plain if len(plain) <= LONGEST_CELL else f"{plain[:LONGEST_CELL]}… (goes on in report.html)"
    return escape("".join(each if ord(each) in glyphs or each.isspace() else f"[U+{ord(each):04X}]" for each in whole))
