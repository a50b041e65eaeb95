"""Tables held against the record of decisions: what was put into a table past the program is not in the record, and
what was taken out of it still is.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from interlock.domain.audit import canonical
from interlock.store.audit import AuditPersonRow, AuditRow


class Mark(NamedTuple):
    """One step of one thing, as both places have it. `told` is what it says. `by`: in the table None where it has no
    such column, in the record None where that was erased; "" is Interlock itself.
    """

    subject: str
    step: str
    at: datetime
    told: str
    by: str | None


def first_difference(
    session: Session, kinds: Collection[str], recorded: Callable[[AuditRow, str | None], Mark], marks: Iterable[Mark]
) -> str | None:
    """The first step that the table (`marks`) and the record's events of these kinds disagree on, as a sentence; None
    when all agree.
    """
    people = _people(session, kinds)
    left: defaultdict[tuple[Any, ...], list[Mark]] = defaultdict(list)
    events = session.exec(select(AuditRow).where(col(AuditRow.kind).in_(kinds)).order_by(col(AuditRow.seq)))
    for row in events:
        mark = recorded(row, people.get(row.seq))
        left[mark[:4]].append(mark)
    for mark in marks:
        found = next((each for each in left[mark[:4]] if mark.by is None or each.by in {None, mark.by}), None)
        if found is None:
            return f"{_said(mark)} stands in the database and not in the record"
        left[mark[:4]].remove(found)
    lost = next((each for those in left.values() for each in those), None)
    return f"{_said(lost)} stands in the record and not in the database" if lost else None


def words(*values: Any) -> str:
    return canonical(values)


def _people(session: Session, kinds: Collection[str]) -> Mapping[int, str]:
    """By event, who did it; "" for Interlock itself."""
    rows = session.exec(
        select(AuditPersonRow)
        .join(AuditRow, col(AuditRow.seq) == col(AuditPersonRow.seq))
        .where(col(AuditRow.kind).in_(kinds), col(AuditPersonRow.role).in_(["actor", "system"]))
    )
    return {row.seq: row.data["slack_id"] for row in rows}


def _said(mark: Mark) -> str:
    return f"{mark.subject} ({mark.step} on {mark.at:%Y-%m-%d %H:%M} UTC)"
