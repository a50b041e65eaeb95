"""Broken glass, held against the record of decisions: what was put into the table past the program is not in the
record, and what was taken out of the table still is.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlmodel import Session, col, select

from interlock.domain.break_glass import Outcome
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.break_glass import BreakGlassRow

STEPS: Final = ("asked", "confirmed", *(each.value for each in Outcome), "reviewed")
KINDS: Final = tuple(f"break_glass.{step}" for step in STEPS)


class _Mark(NamedTuple):
    """One step of one of them, as both places have it; `told` is what it says, and `by` None where that was erased."""

    number: int
    step: str
    at: datetime
    told: str
    by: str | None


def first_difference(session: Session) -> str | None:
    """The first step whose table and record disagree, as a sentence; None when all agree."""
    people = _people(session)
    events = session.exec(select(AuditRow).where(col(AuditRow.kind).in_(KINDS)).order_by(col(AuditRow.seq)))
    left = [_recorded(row, people.get(row.seq)) for row in events]
    for row in session.exec(select(BreakGlassRow).order_by(col(BreakGlassRow.id))):
        for mark in _marks(row):
            found = next((each for each in left if each[:4] == mark[:4] and each.by in {None, mark.by}), None)
            if found is None:
                return f"broken glass ({_said(mark)}) stands in the database and not in the record"
            left.remove(found)
    return f"broken glass ({_said(left[0])}) stands in the record and not in the database" if left else None


def _marks(row: BreakGlassRow) -> Iterable[_Mark]:
    number = row.id or 0
    yield _Mark(number, "asked", row.asked_at, _words(row.reason, row.requirements, row.fingerprint), row.asked_by)
    if row.confirmed_at and row.until:
        told = _words(row.covers, row.until.isoformat())
        yield _Mark(number, "confirmed", row.confirmed_at, told, row.confirmed_by)
    if row.ended_at and row.outcome:
        changes = [[what, ticket or about] for what, ticket, about in row.end_change or ()]
        yield _Mark(number, row.outcome, row.ended_at, _words(row.end_reason, changes or None), row.ended_by or "")
    if row.reviewed_at:
        yield _Mark(number, "reviewed", row.reviewed_at, _words(row.review), row.reviewed_by)


def _recorded(row: AuditRow, by: str | None) -> _Mark:
    facts = json.loads(row.body)["facts"]
    step = row.kind.removeprefix("break_glass.")
    told = {
        "asked": ("reason", "requirements", "asked_fingerprint"),
        "confirmed": ("covers", "until"),
        "reviewed": ("words",),
    }.get(step, ("reason", "changes"))
    return _Mark(facts["break_glass"], step, row.at, _words(*(facts.get(name) for name in told)), by)


def _words(*values: Any) -> str:
    return json.dumps(values, ensure_ascii=False)


def _people(session: Session) -> dict[int, str]:
    """By event, who did it; "" for Interlock itself."""
    rows = session.exec(
        select(AuditPersonRow)
        .join(AuditRow, col(AuditRow.seq) == col(AuditPersonRow.seq))
        .where(col(AuditRow.kind).in_(KINDS), col(AuditPersonRow.role).in_(["actor", "system"]))
    )
    return {row.seq: row.data["slack_id"] for row in rows}


def _said(mark: _Mark) -> str:
    return f"{mark.number}, {mark.step} on {mark.at:%Y-%m-%d %H:%M} UTC"
