"""By when somebody was told that their answer is wanted, and that it did not come: an outcome, and no denial."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Field, Session, SQLModel, col, select

from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new


class AnswerDueRow(SQLModel, table=True):
    """`asked_at` tells one asking from the next: what was void is asked for anew. `missed_at`: it was not answered."""

    __tablename__ = "answer_due"

    requirement_id: int = Field(primary_key=True, foreign_key="requirement.id")
    slack_id: str = Field(primary_key=True)
    asked_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    warned_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    missed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AnswerDue(NamedTuple):
    requirement_id: int
    slack_id: str
    asked_at: datetime
    due_at: datetime
    missed_at: datetime | None


def of(session: Session, requirement_ids: Iterable[int]) -> dict[tuple[int, str, datetime], AnswerDue]:
    """By requirement, person and asking."""
    rows = session.exec(select(AnswerDueRow).where(col(AnswerDueRow.requirement_id).in_(list(requirement_ids))))
    return {
        (row.requirement_id, row.slack_id, row.asked_at): AnswerDue(
            row.requirement_id, row.slack_id, row.asked_at, row.due_at, row.missed_at
        )
        for row in rows
    }


def warn(
    session: Session, requirement_id: int, slack_id: str, asked_at: datetime, due: datetime, now: datetime
) -> None:
    """Doing it again changes nothing."""
    row = {
        "requirement_id": requirement_id,
        "slack_id": slack_id,
        "asked_at": asked_at,
        "warned_at": now,
        "due_at": due,
    }
    insert_new(session, AnswerDueRow, [row])


def miss(session: Session, one: AnswerDue, now: datetime) -> bool:
    """False where that was recorded already."""
    row = session.get_one(AnswerDueRow, (one.requirement_id, one.slack_id, one.asked_at))
    if row.missed_at is not None:
        return False
    row.missed_at = now
    session.add(row)
    session.flush()
    return True
