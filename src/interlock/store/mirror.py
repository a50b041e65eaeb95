"""How fresh each mirror is, and where its next run continues."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

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


def all_as_of(session: Session, *names: str) -> dict[str, datetime | None]:
    """As `as_of`, for several at once."""
    rows = session.exec(select(MirrorRow.name, MirrorRow.as_of).where(col(MirrorRow.name).in_(names)))
    return dict.fromkeys(names) | dict(rows.all())
