"""What approvals hang on: tickets, and checklist items that somebody ticks."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.signoff import Condition
from interlock.domain.ticket import Category
from interlock.store.base import UtcDateTime
from interlock.store.ticket import TicketRow


class ConditionRow(SQLModel, table=True):
    """`ticket_id` of one that a ticket meets, and then nobody ticks it. What was ticked stays so."""

    __tablename__ = "signoff_condition"

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    signoff_id: int = Field(foreign_key="signoff.id", index=True)
    text: str
    ticket_id: str | None = Field(default=None, foreign_key="ticket.id")
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None


def add(session: Session, release_id: int, signoff_id: int, wanted: Iterable[tuple[str, str | None]]) -> None:
    """Each a text, and a ticket's id where it is one."""
    session.add_all(
        ConditionRow(release_id=release_id, signoff_id=signoff_id, text=text, ticket_id=ticket_id)
        for text, ticket_id in wanted
    )
    session.flush()


def of_signoffs(session: Session, signoff_ids: Iterable[int]) -> dict[int, tuple[Condition, ...]]:
    """By sign-off, in the order in which they were set. A ticket that was reopened is open again."""
    found: defaultdict[int, tuple[Condition, ...]] = defaultdict(tuple)
    rows = session.execute(
        columns(ConditionRow, TicketRow.key, TicketRow.category, TicketRow.security_level, TicketRow.team_key)  # type: ignore[call-overload]  # SQLModel's columns
        .outerjoin(TicketRow, col(TicketRow.id) == col(ConditionRow.ticket_id))
        .where(col(ConditionRow.signoff_id).in_(list(signoff_ids)))
        .order_by(col(ConditionRow.id))
    )
    for row, key, category, level, team in rows:
        found[row.signoff_id] += (_condition(row, key, category, level, team),)
    return found


def load(session: Session, condition_id: int) -> tuple[int, Condition] | None:
    """It, and its release's id."""
    row = session.get(ConditionRow, condition_id)
    if row is None:
        return None
    found = of_signoffs(session, [row.signoff_id])[row.signoff_id]
    return row.release_id, next(each for each in found if each.id == condition_id)


def tick(session: Session, condition_id: int, slack_id: str, now: datetime) -> None:
    row = session.get_one(ConditionRow, condition_id)
    row.done_at, row.done_by = now, slack_id
    session.add(row)
    session.flush()


def ticket_ids(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """The ids of those of the tickets that the mirror has, by key."""
    wanted = select(TicketRow.key, TicketRow.id).where(
        col(TicketRow.key).in_(list(keys)), col(TicketRow.deleted_at).is_(None)
    )
    return dict(session.exec(wanted).all())


def _condition(
    row: ConditionRow, key: str | None, category: str | None, level: str | None, team: str | None
) -> Condition:
    assert row.id is not None
    return Condition(
        id=row.id,
        signoff_id=row.signoff_id,
        text=key or row.text,
        ticket_id=row.ticket_id,
        team=team,
        restricted=level is not None,
        done=category == Category.DONE if row.ticket_id else row.done_at is not None,
    )
