"""The report as one HTML page that loads nothing and runs nothing."""

import re
from html import escape
from typing import Final

from bot.evidence.report import Report
from bot.evidence.table import Table
from bot.views.text import clean

STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1d2733; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1, h2, p { overflow-wrap: anywhere } h1 { font-size: 1.6rem; margin: 0 0 .3rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .2rem }
p { margin: .2rem 0 .8rem; color: #475467 } dl { display: grid; grid-template-columns: 7rem 1fr; gap: .25rem 1rem }
dt { color: #475467 } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-size: .87em }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid #d5dbe3 }
th { background: #eef1f5 } .long { overflow-wrap: anywhere; min-width: 9em } td span { white-space: nowrap }
.wide { overflow-x: auto }
@media (max-width: 80rem) { table { font-size: .8em } th, td { padding: .3rem .35rem } }
@media print { body { margin: 0; max-width: none; font-size: 11px } table { font-size: .87em }
.wide { overflow: visible } .long { min-width: 0 } tr { break-inside: avoid } h2, h2 + p { break-after: avoid } }
@page { size: A4 landscape; margin: 12mm }
"""

LONG: Final = re.compile(r"\S{25}")
"""What is broken wherever a line ends."""
HYPHENED: Final = re.compile(r"(?<!\S)(?=\S{1,24}(?!\S))\S*-\S*")
"""What is not, though it has hyphens: days, tickets' keys, no-go."""


def html(report: Report) -> str:
    facts = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in report.facts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width">\n<title>{_safe(report.title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{_safe(report.title)}</h1>\n<p>{_safe(report.lead)}</p>\n"
        f"<dl>{facts}</dl>\n{''.join(map(_table, report.tables))}</body>\n</html>\n"
    )


def _table(table: Table) -> str:
    title = f"<h2>{_safe(table.title)}</h2>\n"
    head = "".join(f'<th scope="col">{_safe(cell)}</th>' for cell in table.head)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in table.rows)
    about = f"<p>{_safe(table.about)}</p>\n" if table.about else ""
    whole = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
    return f'{title}{about}<div class="wide">{whole}</div>\n'


def _cell(text: str) -> str:
    mark = ' class="long"' if LONG.search(text) else ""
    told = HYPHENED.sub(lambda found: f"<span>{found[0]}</span>", _safe(text))
    return f"<td{mark}>{told}</td>"


def _safe(text: str) -> str:
    return escape(clean(text))
