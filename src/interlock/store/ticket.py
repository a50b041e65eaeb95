"""The mirror of the tracker: tickets with their history, versions, projects, accounts."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime


class ProjectRow(SQLModel, table=True):
    __tablename__ = "project"

    id: str = Field(primary_key=True)
    key: str = Field(index=True)
    name: str


class VersionRow(SQLModel, table=True):
    """A fix version, by id: it keeps its releases when it is renamed."""

    __tablename__ = "version"

    id: str = Field(primary_key=True)
    project_id: str = Field(index=True)
    name: str = Field(index=True)
    released: bool = False
    archived: bool = False
    release_date: date | None = None


class AccountRow(SQLModel, table=True):
    """Somebody in the tracker."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    name: str
    email: str | None = Field(default=None, index=True)
    active: bool = True


class StatusRow(SQLModel, table=True):
    """A status that some ticket was ever seen in: histories name statuses that no ticket has any more."""

    __tablename__ = "status"

    id: str = Field(primary_key=True)
    name: str
    category: str


class TicketRow(SQLModel, table=True):
    """`deleted_at` marks a ticket that the tracker no longer shows; its last known state stays."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_team_open", "team_key", "category"),
        Index("ix_ticket_assignee", "assignee_id", sqlite_where=text("category != 'done'")),
        Index("ix_ticket_epic", "epic_key"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(index=True)
    project_id: str
    project_key: str = Field(index=True)
    team_key: str | None = None
    summary: str
    type: str
    status_id: str
    status: str
    category: str
    priority: str | None = None
    assignee_id: str | None = None
    reporter_id: str | None = None
    due: date | None = None
    created: datetime = Field(sa_type=UtcDateTime)
    updated: datetime = Field(sa_type=UtcDateTime, index=True)
    resolved: datetime | None = Field(default=None, sa_type=UtcDateTime)
    flagged: bool = False
    security_level: str | None = None
    story_points: float | None = None
    epic_key: str | None = None
    team_field: str | None = None
    changes_complete: bool = False
    seen_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TicketVersionRow(SQLModel, table=True):
    __tablename__ = "ticket_version"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    version_id: str = Field(primary_key=True, index=True)


class TicketLabelRow(SQLModel, table=True):
    __tablename__ = "ticket_label"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    label: str = Field(primary_key=True, index=True)


class TicketComponentRow(SQLModel, table=True):
    __tablename__ = "ticket_component"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    component: str = Field(primary_key=True)


class TicketLinkRow(SQLModel, table=True):
    """One side of a link as its ticket told it; the other side may tell it too, or may not be mirrored."""

    __tablename__ = "ticket_link"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    other_id: str = Field(primary_key=True, index=True)
    phrase: str = Field(primary_key=True)
    relation: str
    other_key: str
    other_category: str


class TicketChangeRow(SQLModel, table=True):
    """One change of one field. `observed` ones were seen by comparing, because the tracker told no history."""

    __tablename__ = "ticket_change"
    __table_args__ = (Index("ix_ticket_change_history", "ticket_id", "field", "at"),)

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    field: str
    before: str | None = None
    after: str | None = None
    before_text: str | None = None
    after_text: str | None = None
    author_id: str | None = None
    observed: bool = False
