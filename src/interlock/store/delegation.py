"""Who is away until when, and who signs for them meanwhile."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, or_, text
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person
from interlock.domain.delegation import Delegation
from interlock.domain.signoff import Absence
from interlock.store import person
from interlock.store.base import UtcDateTime

ONGOING = text("ended_at IS NULL")


class DelegationRow(SQLModel, table=True):
    """Made or ended, never edited: `ended_at` and `ended_by` are set once. `auth`: how whoever made it was
    authenticated. One at most of a person's has not ended, though it may be over.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        Index("uq_delegation_ongoing", "slack_id", unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING),
        CheckConstraint("slack_id <> stand_in", name="another"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slack_id: str
    stand_in: str | None = Field(default=None, index=True)
    starts: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
    auth: str
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None


def make(session: Session, wanted: Delegation, actor: Actor, now: datetime) -> int:
    """Raises IntegrityError where the person has one that was not ended."""
    row = DelegationRow(
        slack_id=wanted.slack_id,
        stand_in=wanted.stand_in,
        starts=wanted.starts,
        until=wanted.until,
        made_at=now,
        auth=actor.authentication.value,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def end(session: Session, slack_id: str, by: str, now: datetime) -> tuple[int, Delegation] | None:
    """The person's own, and its id, if there is one that was not ended."""
    row = session.exec(
        select(DelegationRow).where(DelegationRow.slack_id == slack_id, col(DelegationRow.ended_at).is_(None))
    ).first()
    if row is None:
        return None
    row.ended_at, row.ended_by = now, by
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id, _delegation(row)


def ended(session: Session, delegation_id: int) -> Delegation | None:
    """One that somebody ended; None of any other."""
    row = session.get(DelegationRow, delegation_id)
    return _delegation(row) if row and row.ended_at is not None else None


def load(session: Session, delegation_id: int, now: datetime) -> Absence | None:
    """None once it is over."""
    row = session.get(DelegationRow, delegation_id)
    found = absences(session, [row.slack_id], now) if row and row.ended_at is None else {}
    return found.get(row.slack_id) if row else None


def concerning(session: Session, slack_ids: Iterable[str], now: datetime) -> list[Delegation]:
    """Those of or to any of these people that are not over."""
    wanted = list(slack_ids)
    rows = session.exec(
        select(DelegationRow).where(
            or_(col(DelegationRow.slack_id).in_(wanted), col(DelegationRow.stand_in).in_(wanted)),
            col(DelegationRow.ended_at).is_(None),
            col(DelegationRow.until) > now,
        )
    )
    return [_delegation(row) for row in rows]


def stood_for(session: Session, slack_id: str, now: datetime) -> tuple[Person, ...]:
    """The people in whose place this one signs now, by name."""
    rows = session.exec(
        select(DelegationRow.slack_id).where(
            DelegationRow.stand_in == slack_id,
            col(DelegationRow.ended_at).is_(None),
            col(DelegationRow.starts) <= now,
            col(DelegationRow.until) > now,
        )
    ).all()
    found = person.people(session, rows) if rows else {}
    return tuple(sorted((each for each in found.values() if each.is_member), key=lambda each: each.name))


def absences(session: Session, slack_ids: Iterable[str], now: datetime) -> dict[str, Absence]:
    """Those of the people who are away now, by their id; whoever cannot act any more stands in for nobody."""
    wanted = list(slack_ids)
    rows = session.exec(
        select(DelegationRow).where(
            col(DelegationRow.slack_id).in_(wanted),
            col(DelegationRow.ended_at).is_(None),
            col(DelegationRow.starts) <= now,
            col(DelegationRow.until) > now,
        )
    ).all()
    if not rows:
        return {}
    known = person.people(session, {each for row in rows for each in (row.slack_id, row.stand_in) if each})
    found = {}
    for row in rows:
        there = known.get(row.stand_in or "")
        if row.slack_id in known:
            found[row.slack_id] = Absence(
                person=known[row.slack_id], until=row.until, stand_in=there if there and there.is_member else None
            )
    return found


def _delegation(row: DelegationRow) -> Delegation:
    return Delegation(slack_id=row.slack_id, stand_in=row.stand_in, starts=row.starts, until=row.until)
