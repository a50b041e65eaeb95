"""Blocker episodes: from when a ticket could not move until it could, and who took it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime

OPEN = text("cleared_at IS NULL")


class BlockerRow(SQLModel, table=True):
    """`since` is from the ticket's history, or None when it tells nothing; `seen_at` is when Interlock first saw it."""

    __tablename__ = "blocker"
    __table_args__ = (Index("uq_blocker_open", "ticket_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),)

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
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
    """One step of the ladder, told once per episode and release."""

    __tablename__ = "escalation"

    blocker_id: int = Field(primary_key=True, foreign_key="blocker.id")
    release_id: int = Field(primary_key=True, foreign_key="release.id")
    step: int = Field(primary_key=True)
    told_at: datetime = Field(sa_type=UtcDateTime)
