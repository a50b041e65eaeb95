"""Environments and their bookings."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime

ALL_SEATS = 1_000_000
"""An exclusive booking takes seats 0 to this: more than any capacity, so it meets every other booking."""


class EnvironmentRow(SQLModel, table=True):
    """`key` is configuration's. An environment that configuration no longer names stays, retired, with its bookings."""

    __tablename__ = "environment"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    tier: str
    capacity: int
    lifecycle: str


class BookingRow(SQLModel, table=True):
    """`state`: active, waiting (in the waitlist), returned or cancelled. Seats [`seat_from`, `seat_to`) of the
    environment during [`starts`, `ends`) are taken by an active booking; the database refuses that two take the same
    seat at the same time (an exclusion constraint on PostgreSQL, triggers on SQLite: see the migration).
    """

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("starts < ends", name="span"),
        CheckConstraint("seat_from < seat_to", name="seats"),
        Index("ix_booking_environment", "environment_id", "state", "ends"),
    )

    id: int | None = Field(default=None, primary_key=True)
    environment_id: int = Field(foreign_key="environment.id")
    slack_id: str = Field(index=True)
    release_id: int | None = Field(default=None, foreign_key="release.id")
    purpose: str = ""
    exclusive: bool = True
    seat_from: int = 0
    seat_to: int = ALL_SEATS
    starts: datetime = Field(sa_type=UtcDateTime)
    ends: datetime = Field(sa_type=UtcDateTime)
    state: str = "active"
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
