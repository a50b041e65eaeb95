"""The outbox: every outbound message is a row first."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime

PENDING = text("state = 'pending'")


class OutboxRow(SQLModel, table=True):
    """`kind` and `ids` say what to draw; the text is made when it is sent, from the state of that moment.

    `key` is what makes a post one post (slot, channel and subject); `coalesce` lets at most one pending row per card
    wait. `state`: pending, sending (an attempt is under way or its outcome unknown), sent, dropped (with `reason`),
    parked (a person must act; `reason` says how). `token` is the opaque key put into the message's metadata, by which
    an attempt of unknown outcome is looked up. `urgency`: 0 a person waits, 1 a person must act, 2 routine.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_coalesce", "coalesce", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_outbox_due", "state", "urgency", "not_before"),
        CheckConstraint("state IN ('pending', 'sending', 'sent', 'dropped', 'parked')", name="state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    coalesce: str | None = None
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
