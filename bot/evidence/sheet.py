"""The report as a PDF: A4, wide, in a font that has Latin, Greek and Cyrillic letters."""

import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from bot.evidence.report import Report, Table
from bot.views.text import clean

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle

FONT: Final = "DejaVuSans"
WIDTHS: Final = {"Facts": 3.2, "Which": 8.0, "Reason": 1.6, "Now": 1.6, "By": 1.5, "At": 1.1}
"""How wide a column is, against the others' 1."""
LONGEST_CELL: Final = 4000
"""A cell has to fit on a page: what is longer stands whole on the page and in the JSON."""


def pdf(report: Report) -> bytes:
    from reportlab.lib import pagesizes  # noqa: PLC0415 it takes a third of a second to import, and few ask for it
    from reportlab.lib.units import mm  # noqa: PLC0415 as above
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer  # noqa: PLC0415 as above

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
        story += [Spacer(1, 5 * mm), Paragraph(_safe(table.title), styles["head"])]
        story.append(
            _grid(table, document.width, styles) if table.rows else Paragraph(_safe(table.none), styles["text"])
        )
    document.build(story)
    return out.getvalue()


def _grid(table: Table, width: float, styles: "dict[str, ParagraphStyle]") -> Any:
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 as above
    from reportlab.platypus import LongTable, Paragraph, TableStyle  # noqa: PLC0415 as above

    shares = [WIDTHS.get(name, 1.0) for name in table.head]
    rows = [[Paragraph(_safe(cell), styles["cell"]) for cell in row] for row in (table.head, *table.rows)]
    look = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#eef1f5")),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d5dbe3")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    widths = [width * share / sum(shares) for share in shares]
    return LongTable(rows, colWidths=widths, repeatRows=1, style=look, splitInRow=1)


@lru_cache(maxsize=1)
def _styles() -> "dict[str, ParagraphStyle]":
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 as above

    _font()
    plain = ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12)
    return {
        "text": plain,
        "title": ParagraphStyle("title", parent=plain, fontSize=16, leading=22),
        "head": ParagraphStyle("head", parent=plain, fontSize=11, leading=16),
        # Hashes and addresses have no blanks to break at: so wherever a line ends.
        "cell": ParagraphStyle("cell", parent=plain, fontSize=6.8, leading=8.6, wordWrap="CJK"),
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
