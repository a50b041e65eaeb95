"""The sign-offs that count, held against the record of decisions: what was put into the table past the program is not
in the record, and what was taken out of the table still is.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, func, select

from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.condition import ConditionRow
from interlock.store.signoff import RequirementRow, SignoffRow

GIVEN = ("signoff.approved", "signoff.rejected")
ENDED = ("signoff.revoked", "signoff.voided", "signoff.expired")


class _Mark(NamedTuple):
    """What names one change of one sign-off in both places."""

    kind: str
    release_id: int
    requirement: str
    at: datetime
    by: str | None
    """Whose sign-off it is; None where that was erased from the record."""
    principal: str | None = None
    """In whose place it was given."""
    conditions: int = 0
    """On how many it hangs."""


def first_difference(session: Session) -> str | None:
    """The first sign-off whose table and record disagree, as a sentence; None when all agree."""
    keys = dict(session.exec(select(RequirementRow.id, RequirementRow.key)).all())
    people = _people(session)
    recorded: defaultdict[tuple[Any, ...], list[_Mark]] = defaultdict(list)
    for row in session.exec(
        select(AuditRow)
        .where(col(AuditRow.kind).in_(GIVEN + ENDED), col(AuditRow.release_id).is_not(None))
        .order_by(col(AuditRow.seq))
    ):
        facts = json.loads(row.body)["facts"]
        by, on = people.get(row.seq), len(facts.get("conditions", ()))
        mark = _Mark(row.kind, row.release_id or 0, facts["requirement"], row.at, by, facts.get("for"), on)
        recorded[mark[:4]].append(mark)
    per = select(ConditionRow.signoff_id, func.count()).group_by(col(ConditionRow.signoff_id))
    hanging = dict(session.exec(per).all())
    for given in session.exec(select(SignoffRow).order_by(col(SignoffRow.id))):
        for mark in _marks(given, keys[given.requirement_id], hanging.get(given.id or 0, 0)):
            held = recorded[mark[:4]]
            found = next((one for one in held if one.by in {None, mark.by} and one[5:] == mark[5:]), None)
            if found is None:
                return f"sign-off {given.id} ({_told(mark)}) stands in the database and not in the record"
            held.remove(found)
    left = next((mark for marks in recorded.values() for mark in marks), None)
    return f"a sign-off ({_told(left)}) stands in the record and not in the database" if left else None


def _marks(row: SignoffRow, requirement: str, conditions: int) -> Iterable[_Mark]:
    principal = row.principal if row.principal != row.slack_id else None
    yield _Mark(f"signoff.{row.decision}", row.release_id, requirement, row.at, row.slack_id, principal, conditions)
    over = "signoff.expired" if (row.void_change or {}).get("expired") else "signoff.voided"
    for kind, at in (("signoff.revoked", row.revoked_at), (over, row.void_at)):
        if at is not None:
            yield _Mark(kind, row.release_id, requirement, at, row.slack_id)


def _people(session: Session) -> dict[int, str]:
    """By event, whose sign-off it tells of: its actor's, or its signer's where another ended it."""
    rows = session.exec(
        select(AuditPersonRow)
        .join(AuditRow, col(AuditRow.seq) == col(AuditPersonRow.seq))
        .where(col(AuditRow.kind).in_(GIVEN + ENDED), col(AuditPersonRow.role).in_(["actor", "signer"]))
    )
    found = sorted(rows, key=lambda row: row.role)  # the signer, where both stand there: somebody else ended it
    return {row.seq: row.data["slack_id"] for row in found}


def _told(mark: _Mark) -> str:
    what = mark.kind.removeprefix("signoff.")
    return f"{what} for {mark.requirement} on {mark.at:%Y-%m-%d %H:%M} UTC, release {mark.release_id}"
