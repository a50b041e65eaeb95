"""Waivers: asked for, decided once, kept for ever."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import SOMEBODY, Person
from interlock.domain.waiver import Waiver, WaiverState
from interlock.store import person, policy_change
from interlock.store.base import UtcDateTime

ASKED = text("state = 'asked'")


class WaiverRow(SQLModel, table=True):
    """Rows refuse deletion, and change once they are decided."""

    __tablename__ = "waiver"
    __table_args__ = (
        Index("uq_waiver_asked", "release_id", "criterion", unique=True, sqlite_where=ASKED, postgresql_where=ASKED),
        CheckConstraint("state IN ('asked', 'granted', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'granted' OR decided_by <> asked_by", name="four_eyes"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", index=True)
    criterion: str
    reason: str
    until: date
    expires_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    state: str = WaiverState.ASKED.value
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def ask(session: Session, waiver: Waiver) -> Waiver:
    """The given value's id is not looked at. Raises IntegrityError where one for this criterion waits already."""
    row = WaiverRow(
        release_id=waiver.release_id,
        criterion=waiver.criterion,
        reason=waiver.reason,
        until=waiver.until,
        expires_at=waiver.expires_at,
        asked_by=waiver.asked_by_id,
        asked_at=waiver.asked_at,
    )
    session.add(row)
    session.flush()
    return _to_waivers(session, [row])[0]


def load(session: Session, waiver_id: int, *, lock: bool = False) -> Waiver | None:
    """With `lock`, nobody else decides it until the transaction ends."""
    statement = select(WaiverRow).where(WaiverRow.id == waiver_id).execution_options(populate_existing=True)
    row = session.exec(statement.with_for_update() if lock else statement).first()
    return _to_waivers(session, [row])[0] if row else None


def decide(session: Session, waiver_id: int, state: WaiverState, slack_id: str, now: datetime) -> None:
    row = session.get_one(WaiverRow, waiver_id)
    row.state, row.decided_by, row.decided_at = state.value, slack_id, now
    session.flush()


def of_release(session: Session, release_id: int) -> tuple[Waiver, ...]:
    """All that were ever asked for, in the order of their asking."""
    rows = session.exec(select(WaiverRow).where(WaiverRow.release_id == release_id).order_by(col(WaiverRow.id))).all()
    return _to_waivers(session, rows)


def in_force(session: Session, release_id: int, now: datetime) -> dict[str, Waiver]:
    """Those that hold now, by criterion; of several the one that lasts longest. What was asked for before a change of
    the release's policy made the gate another one lets that pass no more.
    """
    rows = session.exec(
        select(WaiverRow)
        .where(
            WaiverRow.release_id == release_id,
            WaiverRow.state == WaiverState.GRANTED.value,
            WaiverRow.expires_at > now,
        )
        .order_by(col(WaiverRow.expires_at), col(WaiverRow.id))
    ).all()
    since = policy_change.gates_since(session, release_id) if rows else {}
    return {
        each.criterion: each
        for each in _to_waivers(session, rows)
        if each.criterion not in since or each.asked_at >= since[each.criterion]
    }


def _to_waivers(session: Session, rows: Iterable[WaiverRow]) -> tuple[Waiver, ...]:
    listed = list(rows)
    people = person.people(session, {who for row in listed for who in (row.asked_by, row.decided_by) if who})
    return tuple(_to_waiver(row, people) for row in listed)


def _to_waiver(row: WaiverRow, people: dict[str, Person]) -> Waiver:
    assert row.id is not None
    asked, decided = people.get(row.asked_by), people.get(row.decided_by or "")
    return Waiver(
        id=row.id,
        release_id=row.release_id,
        criterion=row.criterion,
        reason=row.reason,
        until=row.until,
        expires_at=row.expires_at,
        asked_by=asked.name if asked else SOMEBODY,
        asked_by_id=row.asked_by,
        asked_at=row.asked_at,
        state=WaiverState(row.state),
        decided_by=(decided.name if decided else SOMEBODY) if row.decided_by else "",
        decided_at=row.decided_at,
    )
