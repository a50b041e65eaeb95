"""The RAID log of a release as a file: JSON for programs, CSV for spreadsheets."""

import csv
import io
import json
from typing import Any, Final

from bot.audit_export import FORMULA
from interlock.domain.raid import Entry, Log
from interlock.domain.visibility import RESTRICTED

COLUMNS: Final = (
    "key",
    "kind",
    "release",
    "state",
    "title",
    "owner",
    "probability",
    "impact",
    "score",
    "high",
    "review_on",
    "ticket",
    "details",
    "approver",
    "contributors",
    "informed",
    "outcome",
    "created_at",
    "closed_at",
    "closed_by",
)
FORMS: Final = ("csv", "json")


def text(log: Log, form: str) -> str:
    high = set(log.high)
    rows = [_told(each, high=each in high) for each in log.entries]
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return out.getvalue()


def _told(each: Entry, *, high: bool) -> dict[str, Any]:
    ticket = each.ticket
    return {
        "key": each.key,
        "kind": each.kind.value,
        "release": each.release.name,
        "state": each.state.value,
        "title": each.title,
        "owner": each.owner.name,
        "probability": each.probability,
        "impact": each.impact,
        "score": each.score,
        "high": high,
        "review_on": each.review_on.isoformat(),
        "ticket": (ticket.key if ticket.shown else RESTRICTED) if ticket else None,
        "details": each.details,
        "approver": each.approver.name if each.approver else None,
        "contributors": [one.name for one in each.contributors],
        "informed": [one.name for one in each.informed],
        "outcome": each.outcome,
        "created_at": each.created_at.isoformat(),
        "closed_at": each.closed_at.isoformat() if each.closed_at else None,
        "closed_by": each.closed_by.name if each.closed_by else None,
    }


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula, however it begins."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
