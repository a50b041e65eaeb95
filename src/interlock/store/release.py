"""Releases, their milestones and their scope."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime


class ReleaseRow(SQLModel, table=True):
    """`policy` is the template's copy, `policy_version` its hash. `folded` is the name case-folded: names differ by
    more than case. `scope_rule` is {"versions": [ids], "labels": [...], "epics": [keys]}. `number` grows with each
    change, and the row is locked by whoever decides about the release.
    """

    __tablename__ = "release"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    folded: str = Field(unique=True)
    template: str
    policy: dict[str, Any] = Field(sa_type=JSON)
    policy_version: str
    stage: str
    target: date
    channel_id: str = Field(index=True)
    scope_rule: dict[str, Any] = Field(sa_type=JSON)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    scope_opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = None
    close_reason: str | None = None
    number: int = 0


class MilestoneRow(SQLModel, table=True):
    __tablename__ = "milestone"

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    position: int = Field(primary_key=True)
    name: str
    due: date
    reached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScopeRow(SQLModel, table=True):
    """A ticket's stay in a release's scope; it may leave and come back."""

    __tablename__ = "scope"
    __table_args__ = (
        Index(
            "uq_scope_current",
            "release_id",
            "ticket_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_scope_ticket", "ticket_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    ticket_id: str = Field(foreign_key="ticket.id")
    added_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
