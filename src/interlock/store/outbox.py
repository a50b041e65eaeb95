"""The outbox: every outbound message is a row first."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, case, func, or_, text
from sqlalchemy import select as select_columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from interlock import trace
from interlock.domain.backup import is_restored
from interlock.domain.outbox import Backlog, Message, Outgoing, Parked, Sent, Urgency
from interlock.store.base import UtcDateTime

PENDING = text("state = 'pending'")
HELD_UP = text("outage_id IS NOT NULL")
OPEN = text("state IN ('pending', 'sending')")
PARKED = text("state = 'parked'")
RELEASED_FOR = timedelta(hours=1)
"""A parked message whose time is over is released for so long: whoever releases it wants it sent."""


class OutboxRow(SQLModel, table=True):
    """`kind` and `ids` say what to draw; the text is made when it is sent, from the state of that moment.

    `key` is what makes a post one post (slot, channel and subject); `coalesce` lets at most one pending row per card
    wait. `state`: pending, sending (an attempt is under way or its outcome unknown), sent, dropped (with `reason`),
    parked (a person must act; `reason` says how). `token` is the opaque key put into the message's metadata, by which
    an attempt of unknown outcome is looked up. `urgency`: 0 a person waits, 1 a person must act, 2 routine.
    `outage_id` is the outage that has held it up.
    `lane` is what keeps its order: a channel's posts, a card's refreshes; one row of a lane is under way at a time.
    `traceparent` names the trace that asked for it (W3C Trace Context), which its sending goes on with.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_key", "key", unique=True),
        Index("uq_outbox_coalesce", "coalesce", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_outbox_outage", "outage_id", sqlite_where=HELD_UP, postgresql_where=HELD_UP),
        # The few rows that are not history, so that the relay's look costs the same after a year.
        Index("ix_outbox_open", "lane", "urgency", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        # What a person must see to, counted at each scrape of /metrics.
        Index("ix_outbox_parked", "id", sqlite_where=PARKED, postgresql_where=PARKED),
        CheckConstraint("state IN ('pending', 'sending', 'sent', 'dropped', 'parked')", name="state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    coalesce: str | None = None
    lane: str
    kind: str
    ids: dict[str, Any] = Field(sa_type=JSON)
    channel: str
    thread_ts: str | None = None
    urgency: int = 2
    state: str = "pending"
    token: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    not_before: datetime = Field(sa_type=UtcDateTime)
    not_after: datetime = Field(sa_type=UtcDateTime)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    attempted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message_ts: str | None = None
    message_channel: str | None = None
    reason: str | None = None
    traceparent: str | None = None
    outage_id: int | None = None


def enqueue(session: Session, outgoing: Outgoing, now: datetime) -> bool:
    """Add a message with the caller's transaction; False if it adds none: its key is known, or a refresh of the same
    card waits already (which then goes as early, as urgently and as long as either asked).
    """
    values = {
        "key": outgoing.key,
        "coalesce": outgoing.coalesce,
        "lane": f"post:{outgoing.channel}",
        "kind": outgoing.kind,
        "ids": dict(outgoing.ids),
        "channel": outgoing.channel,
        "thread_ts": outgoing.thread_ts,
        "urgency": int(outgoing.urgency),
        "state": "pending",
        "token": secrets.token_urlsafe(24),
        "created_at": now,
        "not_before": outgoing.not_before or now,
        "not_after": outgoing.not_after,
        "attempts": 0,
        "traceparent": trace.parent(),
    }
    if outgoing.coalesce is None:
        added = session.connection().execute(
            _insert(session).on_conflict_do_nothing().returning(col(OutboxRow.id)), values
        )
        return added.first() is not None
    # The key of a refresh that was sent must not swallow the next one.
    values |= {"key": f"{outgoing.key}#{values['token']}", "lane": f"refresh:{outgoing.coalesce}"}
    return _join_or_insert(session, values)


def message_of(row: OutboxRow) -> Message:
    assert row.id is not None
    return Message(
        id=row.id,
        key=row.key,
        kind=row.kind,
        ids=row.ids,
        channel=row.channel,
        thread_ts=row.thread_ts,
        urgency=Urgency(row.urgency),
        token=row.token,
        coalesce=row.coalesce,
        created_at=row.created_at,
        not_after=row.not_after,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        not_before=row.not_before,
        traceparent=row.traceparent,
    )


def by_id(session: Session, message_id: int) -> Message:
    return message_of(session.get_one(OutboxRow, message_id))


def known(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of the keys that a post already has, sent or not."""
    return set(session.exec(select(OutboxRow.key).where(col(OutboxRow.key).in_(list(keys)))))


def waiting(session: Session, channel: str, beginning: str) -> bool:
    """Whether a post to that channel waits whose key begins so and whose drawing has not begun, nor can before the
    caller's transaction ends: what the caller changes, it will say.
    """
    ours = (OutboxRow.lane == f"post:{channel}", col(OutboxRow.key).startswith(beginning, autoescape=True))
    statement = select(OutboxRow.id).where(OPEN, OutboxRow.state == "pending", *ours).with_for_update()
    return session.exec(statement).first() is not None


def sent(session: Session, key: str) -> Sent | None:
    """Where the post of that key stands; None until it was sent."""
    row = session.exec(select(OutboxRow).where(OutboxRow.key == key, OutboxRow.state == "sent")).first()
    if row is None or row.message_channel is None or row.message_ts is None:
        return None
    return Sent(channel=row.message_channel, ts=row.message_ts)


def backlog(session: Session, now: datetime) -> tuple[Backlog, ...]:
    """What is due and not sent yet, the urgent first, then the fullest channel; where nothing waits is left out. What
    was tried has been due since it was enqueued, however long it pauses now.
    """
    tried = col(OutboxRow.attempts) > 0
    since = case((tried, col(OutboxRow.created_at)), else_=col(OutboxRow.not_before))
    channel = case((col(OutboxRow.channel).startswith("@"), ""), else_=col(OutboxRow.channel))
    depth = func.count()
    waiting = session.execute(
        select_columns(col(OutboxRow.urgency), channel, depth, func.min(since))
        .where(OPEN, or_(tried, col(OutboxRow.not_before) <= now))
        .group_by(col(OutboxRow.urgency), channel)
        .order_by(col(OutboxRow.urgency), depth.desc(), channel)
    )
    return tuple(
        Backlog(urgency=Urgency(urgency), channel=channel, depth=depth, oldest=oldest)
        for urgency, channel, depth, oldest in waiting
    )


def parked_for(session: Session) -> dict[str, int]:
    """How many are parked, by the sentence that says why."""
    counted = session.exec(
        select(OutboxRow.reason, func.count()).where(OutboxRow.state == "parked").group_by(col(OutboxRow.reason))
    )
    return {reason or "": count for reason, count in counted}


def parked(session: Session) -> tuple[Parked, ...]:
    """What a person must see to, the oldest first."""
    rows = session.exec(select(OutboxRow).where(OutboxRow.state == "parked").order_by(col(OutboxRow.id)))
    return tuple(Parked(message=message_of(row), reason=row.reason or "") for row in rows)


def release_parked(session: Session, message_id: int, now: datetime) -> bool:
    """Send it after all, as a new message, within the hour if its own time is over. False if it is not parked.

    Whoever releases a post that may have been sent has looked: it is not looked for again. What came back with a backup
    nobody can have looked for, one by one: the relay does, by the token that Slack knows if it was sent.
    """
    row = _parked(session, message_id)
    if row is None:
        return False
    not_after = max(row.not_after, now + RELEASED_FOR)
    if row.coalesce is None:
        row.state, row.attempts, row.not_before, row.not_after = "pending", 0, now, not_after
        if is_restored(row.reason or ""):
            row.state, row.attempts, row.attempted_at = "sending", 1, row.attempted_at or row.created_at
        return True
    # A newer refresh may wait already, and only one may: this one joins it, or becomes it.
    row.state, row.reason = "dropped", "Released: a new refresh takes its place."
    session.flush()
    again = Outgoing(
        key=row.key.partition("#")[0],
        kind=row.kind,
        ids=row.ids,
        channel=row.channel,
        thread_ts=row.thread_ts,
        urgency=Urgency(row.urgency),
        not_after=not_after,
        coalesce=row.coalesce,
    )
    enqueue(session, again, now)
    return True


def drop_parked(session: Session, message_id: int, why: str) -> bool:
    """Let it go; `why` is kept as the reason. False if it is not parked."""
    row = _parked(session, message_id)
    if row is None:
        return False
    row.state, row.reason = "dropped", why
    return True


def _parked(session: Session, message_id: int) -> OutboxRow | None:
    statement = select(OutboxRow).where(OutboxRow.id == message_id, OutboxRow.state == "parked").with_for_update()
    return session.exec(statement).first()


def _join_or_insert(session: Session, values: dict[str, Any]) -> bool:
    """One statement, so that a waiting row is locked while it is joined: the relay cannot begin to draw it before the
    caller's change commits, and so cannot draw the state of before.
    """
    insert = _insert(session)
    least, greatest = (func.min, func.max) if isinstance(insert, sqlite.Insert) else (func.least, func.greatest)
    have, new = OutboxRow, insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[col(OutboxRow.coalesce)],
        index_where=PENDING,
        set_={
            "ids": new.ids,
            "urgency": least(have.urgency, new.urgency),
            "not_before": least(have.not_before, new.not_before),
            "not_after": greatest(have.not_after, new.not_after),
            "traceparent": new.traceparent,
        },
    ).returning(col(OutboxRow.token))
    return bool(session.connection().execute(statement, values).scalar_one() == values["token"])


def _insert(session: Session) -> sqlite.Insert | postgresql.Insert:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(OutboxRow) if on_sqlite else postgresql.insert(OutboxRow)
