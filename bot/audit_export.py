"""The record of decisions as a file: JSON lines for programs, CSV for spreadsheets."""

import csv
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, TextIO

from interlock.domain.audit import Recorded, canonical

COLUMNS: Final = ("seq", "at", "kind", "release", "actor", "authentication", "facts", "people", "previous", "hash")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""A cell that begins with one of these is a formula to some spreadsheet; the last four are the wide forms of the first.
https://owasp.org/www-community/attacks/CSV_Injection"""


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


def write(events: Iterable[Recorded], form: Form, out: TextIO) -> int:
    """Returns how many were written. Every line of JSON holds the event's `body` as it was hashed, too."""
    written = 0
    table = csv.writer(out) if form is Form.CSV else None
    if table:
        table.writerow(COLUMNS)
    for event in events:
        told = _told(event)
        if table:
            table.writerow([_cell(told[name]) for name in COLUMNS])
        else:
            out.write(json.dumps({**told, "body": event.link.body}, ensure_ascii=False) + "\n")
        written += 1
    return written


def _told(event: Recorded) -> dict[str, Any]:
    body = json.loads(event.link.body)
    actor = event.people.get("actor", {})
    return {
        "seq": event.link.seq,
        "at": body["at"],
        "kind": body["kind"],
        "release": body["facts"].get("release"),
        "actor": actor.get("name"),
        "authentication": body["authentication"],
        "facts": body["facts"],
        "people": event.people,
        "previous": event.link.previous,
        "hash": event.link.hash,
    }


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = "" if value is None else value if isinstance(value, str) else canonical(value)
    return f"'{text}" if text.startswith(FORMULA) else text
