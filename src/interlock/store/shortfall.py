"""Sign-offs that cannot be given, for want of people: since when, and until when."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.store.base import UtcDateTime

ONGOING = text("ended_at IS NULL")


class ShortfallRow(SQLModel, table=True):
    __tablename__ = "shortfall"
    __table_args__ = (
        Index("uq_shortfall_ongoing", "requirement_id", unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING),
    )

    id: int | None = Field(default=None, primary_key=True)
    requirement_id: int = Field(foreign_key="requirement.id")
    began_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def ongoing(session: Session, requirement_ids: Iterable[int]) -> dict[int, int]:
    """The shortfalls' ids, by requirement."""
    rows = session.exec(
        select(ShortfallRow).where(
            col(ShortfallRow.requirement_id).in_(list(requirement_ids)), col(ShortfallRow.ended_at).is_(None)
        )
    )
    return {row.requirement_id: row.id for row in rows if row.id is not None}


def begin(session: Session, requirement_id: int, now: datetime) -> int:
    """Raises IntegrityError where it has begun already."""
    row = ShortfallRow(requirement_id=requirement_id, began_at=now)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def end(session: Session, shortfall_id: int, now: datetime) -> None:
    row = session.get_one(ShortfallRow, shortfall_id)
    row.ended_at = now
    session.add(row)
    session.flush()
