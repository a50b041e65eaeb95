"""Slots: one firing of one scheduled job, held by a lease."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime


class SlotRow(SQLModel, table=True):
    """`outcome` is None while it is leased or was abandoned, then done, failed or skipped (with `detail`)."""

    __tablename__ = "slot"

    job: str = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    detail: str | None = None
