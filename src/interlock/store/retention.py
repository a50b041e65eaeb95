"""What is old enough to go: found by a reader, whom no writer waits for, and deleted in short transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, CursorResult, and_, delete, func, or_, tuple_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from interlock.domain.card import Card
from interlock.domain.policy import Retention
from interlock.domain.retention import CLAIMS_KEPT, PACING_KEPT, TOKENS_KEPT
from interlock.store.blocker import BlockerRow, EscalationRow
from interlock.store.card import CardRow, card_of
from interlock.store.digest import DigestRow
from interlock.store.feed import FeedLinkRow
from interlock.store.link import LinkRequestRow
from interlock.store.outage import OutageRow
from interlock.store.outbox import OutboxRow
from interlock.store.pacing import PacingRow
from interlock.store.release import ReleaseRow
from interlock.store.secret import SecretRow
from interlock.store.seen import SeenRow
from interlock.store.slot import SlotRow
from interlock.store.token import AccessTokenRow

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """The rows of a table that may go. `name` is the column by which a row may be needed all the same."""

    table: type[SQLModel]
    where: ColumnElement[bool]
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Some rows' keys in their order, and each row's name where its table has one."""

    keys: Sequence[Key]
    names: Sequence[str]


TABLES: Final[Mapping[str, type[SQLModel]]] = {
    str(table.__tablename__): table
    for table in (
        OutboxRow,
        OutageRow,
        SlotRow,
        SeenRow,
        DigestRow,
        LinkRequestRow,
        AccessTokenRow,
        FeedLinkRow,
        PacingRow,
    )
}


def old(name: str, keep: Retention, now: datetime) -> Old:
    """What of the table (one of TABLES) may go by its age alone."""
    return {
        "outbox": lambda: _messages(now - timedelta(days=keep.messages_days)),
        "outage": lambda: Old(table=OutageRow, where=col(OutageRow.told_at) < now - timedelta(days=keep.messages_days)),
        "slot": lambda: _runs(now - timedelta(days=keep.runs_days)),
        "seen": lambda: Old(table=SeenRow, where=col(SeenRow.at) < now - timedelta(days=keep.requests_days)),
        "digest": lambda: _digests(now - timedelta(days=keep.digests_days)),
        "link_request": lambda: Old(table=LinkRequestRow, where=col(LinkRequestRow.expires_at) < now - CLAIMS_KEPT),
        "access_token": lambda: _tokens(AccessTokenRow, now - TOKENS_KEPT),
        "feed_link": lambda: _tokens(FeedLinkRow, now - TOKENS_KEPT),
        "pacing": lambda: Old(table=PacingRow, where=col(PacingRow.next_at) < now - PACING_KEPT),
    }[name]()


def find(session: Session, rows: Old, after: Key | None, limit: int) -> Found:
    """At most so many, in the order of their keys, beginning after that one."""
    key = _key(rows.table)
    name = [] if rows.name is None else [rows.table.__table__.c[rows.name]]  # type: ignore[attr-defined]  # a mapped class has it
    statement = select_columns(*key, *name).where(rows.where).order_by(*key).limit(limit)
    if after is not None:
        statement = statement.where(_past(key, after))
    found = session.connection().execute(statement).all()
    width = len(key)
    return Found(keys=[tuple(row[:width]) for row in found], names=[row[width] for row in found] if name else [])


def drop(session: Session, rows: Old, keys: Sequence[Key]) -> int:
    """Delete those that still may go; returns how many."""
    key = _key(rows.table)
    these = tuple_(*key).in_(keys) if len(key) > 1 else key[0].in_([each[0] for each in keys])
    done = session.connection().execute(delete(rows.table).where(these, rows.where))
    assert isinstance(done, CursorResult)
    return done.rowcount


def live_cards(session: Session, since: datetime) -> list[Card]:
    """Those whose message may be drawn again: their release is under way, or was until lately."""
    ours = or_(col(ReleaseRow.closed_at).is_(None), col(ReleaseRow.closed_at) > since)
    statement = select(CardRow).join(ReleaseRow, col(ReleaseRow.id) == col(CardRow.release_id)).where(ours)
    return [card_of(row) for row in session.exec(statement)]


def live_pings(session: Session, since: datetime) -> list[tuple[int, int]]:
    """Episodes and steps whose message may be changed again: the blocker stands, or did until lately."""
    ours = or_(col(BlockerRow.cleared_at).is_(None), col(BlockerRow.cleared_at) > since)
    statement = (
        select(EscalationRow.blocker_id, EscalationRow.step)
        .join(BlockerRow, col(BlockerRow.id) == col(EscalationRow.blocker_id))
        .where(ours)
    )
    return list(session.exec(statement))


def _messages(before: datetime) -> Old:
    """Never one that waits or is parked. Nor one whose own time is not over: until then its key keeps it from being
    posted again. The newest stays, so that no number is given twice.
    """
    over = col(OutboxRow.state).in_(["sent", "dropped"])
    aged = and_(col(OutboxRow.created_at) < before, col(OutboxRow.not_after) < before)
    newest = select_columns(func.max(OutboxRow.id)).scalar_subquery()
    late = or_(col(OutboxRow.sent_at).is_(None), col(OutboxRow.sent_at) < before)
    return Old(table=OutboxRow, where=and_(over, aged, late, col(OutboxRow.id) < newest), name="key")


def _runs(before: datetime) -> Old:
    """The newest of a job says what is due next."""
    other = aliased(SlotRow)
    newest = (
        select_columns(func.max(other.due_at))
        .where(col(other.job) == col(SlotRow.job))
        .correlate(SlotRow)
        .scalar_subquery()
    )
    ended = and_(col(SlotRow.outcome).is_not(None), col(SlotRow.done_at) < before, col(SlotRow.due_at) < before)
    return Old(table=SlotRow, where=and_(ended, col(SlotRow.due_at) < newest))


def _digests(before: datetime) -> Old:
    """What a digest says has changed, it says against the one before."""
    closed = select_columns(col(ReleaseRow.id)).where(col(ReleaseRow.closed_at) < before)
    return Old(table=DigestRow, where=and_(col(DigestRow.at) < before, col(DigestRow.release_id).in_(closed)))


def _tokens(table: type[SecretRow], before: datetime) -> Old:
    until = func.coalesce(table.expires_at, table.asked_at)
    return Old(table=table, where=and_(until < before, col(table.asked_at) < before))


def _key(table: type[SQLModel]) -> list[ColumnElement[Any]]:
    return list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]  # a mapped class has it


def _past(key: Sequence[ColumnElement[Any]], after: Key) -> ColumnElement[bool]:
    """Later in the key's order, a column at a time, each compared as its own type."""
    first, value = key[0], after[0]
    later: ColumnElement[bool] = first > value
    if len(key) == 1:
        return later
    return or_(later, and_(first == value, _past(key[1:], after[1:])))
