"""The outbox: every outbound message is a row first."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain.outbox import Outgoing
from interlock.store.base import UtcDateTime

PENDING = text("state = 'pending'")


class OutboxRow(SQLModel, table=True):
    """`kind` and `ids` say what to draw; the text is made when it is sent, from the state of that moment.

    `key` is what makes a post one post (slot, channel and subject); `coalesce` lets at most one pending row per card
    wait. `state`: pending, sending (an attempt is under way or its outcome unknown), sent, dropped (with `reason`),
    parked (a person must act; `reason` says how). `token` is the opaque key put into the message's metadata, by which
    an attempt of unknown outcome is looked up. `urgency`: 0 a person waits, 1 a person must act, 2 routine.
    `lane` is what keeps its order: a channel's posts, a card's refreshes; one row of a lane is under way at a time.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_key", "key", unique=True),
        Index("uq_outbox_coalesce", "coalesce", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_outbox_due", "state", "urgency", "not_before"),
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


class PacingRow(SQLModel, table=True):
    """When a bucket (a method, or a method in a channel) may next be used; shared by every replica."""

    __tablename__ = "pacing"

    bucket: str = Field(primary_key=True)
    next_at: datetime = Field(sa_type=UtcDateTime)


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
    }
    if outgoing.coalesce is None:
        added = session.connection().execute(
            _insert(session).on_conflict_do_nothing().returning(col(OutboxRow.id)), values
        )
        return added.first() is not None
    # The key of a refresh that was sent must not swallow the next one.
    values |= {"key": f"{outgoing.key}#{values['token']}", "lane": f"refresh:{outgoing.coalesce}"}
    return _join_or_insert(session, values)


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
        },
    ).returning(col(OutboxRow.token))
    return bool(session.connection().execute(statement, values).scalar_one() == values["token"])


def _insert(session: Session) -> sqlite.Insert | postgresql.Insert:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(OutboxRow) if on_sqlite else postgresql.insert(OutboxRow)
