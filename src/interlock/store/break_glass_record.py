"""Broken glass, held against the record of decisions."""

import json
from collections.abc import Iterable
from typing import Final

from sqlmodel import Session, col, select

from interlock.domain.break_glass import Outcome
from interlock.store import held
from interlock.store.audit import AuditRow
from interlock.store.break_glass import BreakGlassRow
from interlock.store.held import Mark, words

STEPS: Final = ("asked", "confirmed", *(each.value for each in Outcome), "reviewed")
KINDS: Final = tuple(f"break_glass.{step}" for step in STEPS)


def first_difference(session: Session) -> str | None:
    """The first step whose table and record disagree, as a sentence; None when all agree."""
    rows = session.exec(select(BreakGlassRow).order_by(col(BreakGlassRow.id)))
    return held.first_difference(session, KINDS, _recorded, (mark for row in rows for mark in _marks(row)))


def _marks(row: BreakGlassRow) -> Iterable[Mark]:
    what = f"broken glass {row.id}"
    yield Mark(what, "asked", row.asked_at, words(row.reason, row.requirements, row.fingerprint), row.asked_by)
    if row.confirmed_at and row.until:
        told = words(row.covers, row.until.isoformat())
        yield Mark(what, "confirmed", row.confirmed_at, told, row.confirmed_by or "")
    if row.ended_at and row.outcome:
        changes = [[what_, ticket or about] for what_, ticket, about in row.end_change or ()]
        yield Mark(what, row.outcome, row.ended_at, words(row.end_reason, changes or None), row.ended_by or "")
    if row.reviewed_at:
        yield Mark(what, "reviewed", row.reviewed_at, words(row.review), row.reviewed_by or "")


def _recorded(row: AuditRow, by: str | None) -> Mark:
    facts = json.loads(row.body)["facts"]
    step = row.kind.removeprefix("break_glass.")
    told = {
        "asked": ("reason", "requirements", "asked_fingerprint"),
        "confirmed": ("covers", "until"),
        "reviewed": ("words",),
    }.get(step, ("reason", "changes"))
    return Mark(f"broken glass {facts['break_glass']}", step, row.at, words(*(facts.get(name) for name in told)), by)
