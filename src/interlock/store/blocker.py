"""Blocker episodes: from when a ticket could not move until it could, and who took it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Index, Update, select, text, update
from sqlmodel import Field, Session, SQLModel, col
from sqlmodel import select as sqlmodel_select

from interlock.domain.escalation import Episode
from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new

OPEN = text("cleared_at IS NULL")


class BlockerRow(SQLModel, table=True):
    """`since` is from the ticket's history, or None when it tells nothing; `seen_at` is when Interlock first saw it."""

    __tablename__ = "blocker"
    __table_args__ = (Index("uq_blocker_open", "ticket_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),)

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: str
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_by: str | None = None
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snoozed_by: str | None = None
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snooze_reason: str | None = None


class EscalationRow(SQLModel, table=True):
    """One step of the ladder, told once per episode."""

    __tablename__ = "escalation"

    blocker_id: int = Field(primary_key=True, foreign_key="blocker.id")
    step: int = Field(primary_key=True)
    told_at: datetime = Field(sa_type=UtcDateTime)


def episodes(session: Session) -> dict[str, Episode]:
    """The open episodes by ticket id, with what was told."""
    told: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    steps = session.execute(
        select(col(EscalationRow.blocker_id), col(EscalationRow.step), col(EscalationRow.told_at))
        .join(BlockerRow, col(BlockerRow.id) == col(EscalationRow.blocker_id))
        .where(col(BlockerRow.cleared_at).is_(None))
    )
    for blocker_id, step, at in steps:
        told[blocker_id][step] = at
    rows = session.exec(sqlmodel_select(BlockerRow).where(col(BlockerRow.cleared_at).is_(None))).all()
    return {row.ticket_id: _episode(row, told[row.id]) for row in rows if row.id is not None}


def open_episodes(session: Session, since: Mapping[str, datetime | None], now: datetime) -> None:
    """Begin an episode for each ticket that has none open."""
    rows = [{"ticket_id": ticket_id, "since": begun, "seen_at": now} for ticket_id, begun in since.items()]
    insert_new(session, BlockerRow, rows)


def clear(session: Session, ticket_ids: Iterable[str], now: datetime) -> None:
    for ticket_id in ticket_ids:
        session.execute(_open(ticket_id).values(cleared_at=now))


def take(session: Session, ticket_id: str, slack_id: str, until: datetime, now: datetime) -> None:
    """Whoever takes it ends a silence that somebody asked for."""
    session.execute(
        _open(ticket_id).values(
            taken_by=slack_id, taken_at=now, taken_until=until, snoozed_by=None, snoozed_until=None, snooze_reason=None
        )
    )


def let_go(session: Session, ticket_id: str) -> None:
    """Nobody has it in hand any more."""
    session.execute(_open(ticket_id).values(taken_by=None, taken_at=None, taken_until=None))


def snooze(session: Session, ticket_id: str, slack_id: str, until: datetime, reason: str) -> None:
    session.execute(_open(ticket_id).values(snoozed_by=slack_id, snoozed_until=until, snooze_reason=reason))


def tell(session: Session, blocker_id: int, step: int, now: datetime) -> bool:
    """Record that a step is told; False if it was already."""
    return insert_new(session, EscalationRow, [{"blocker_id": blocker_id, "step": step, "told_at": now}]) == 1


def _open(ticket_id: str) -> Update:
    return update(BlockerRow).where(col(BlockerRow.ticket_id) == ticket_id, col(BlockerRow.cleared_at).is_(None))


def _episode(row: BlockerRow, told: Mapping[int, datetime]) -> Episode:
    assert row.id is not None
    return Episode(
        id=row.id,
        ticket_id=row.ticket_id,
        since=row.since,
        seen_at=row.seen_at,
        taken_by=row.taken_by,
        taken_until=row.taken_until,
        snoozed_until=row.snoozed_until,
        snooze_reason=row.snooze_reason,
        told=told,
    )
