"""How fresh each mirror is, and where its next run continues."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, select

from interlock.store.base import UtcDateTime


class MirrorRow(SQLModel, table=True):
    """`as_of` is when what is mirrored was last known to be whole and true; `cursor` where an unfinished run goes on.

    Names: tickets, names (projects and versions), sweep, groups, people, channels.
    """

    __tablename__ = "mirror"

    name: str = Field(primary_key=True)
    as_of: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cursor: str | None = None
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    problem: str | None = None


def as_of(session: Session, name: str) -> datetime | None:
    """When the mirror of that name was last known to be whole and true; None if it never was."""
    return session.exec(select(MirrorRow.as_of).where(MirrorRow.name == name)).first()
