"""Reading tickets: plain columns into frozen values, no row objects."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from interlock.domain.ticket import Category, Link, Relation, Ticket
from interlock.store.ticket import TicketLinkRow, TicketRow

COLUMNS: tuple[Mapped[Any], ...] = tuple(
    col(getattr(TicketRow, name))
    for name in (
        "id",
        "key",
        "project_id",
        "project_key",
        "summary",
        "type",
        "status_id",
        "status",
        "category",
        "created",
        "updated",
        "assignee_id",
        "reporter_id",
        "priority",
        "due",
        "resolved",
        "flagged",
        "security_level",
        "story_points",
        "epic_key",
        "team_field",
        "changes_complete",
    )
)
"""What `to_ticket` reads, in its order."""

BATCH = 5000
"""How many ids one statement names: below the databases' limits on parameters."""


def to_ticket(row: Row[*tuple[Any, ...]], links: tuple[Link, ...] = ()) -> Ticket:
    """A ticket from the first columns of a row that was selected with COLUMNS; labels, components and fix versions are
    left out.
    """
    return Ticket(
        id=row[0],
        key=row[1],
        project_id=row[2],
        project_key=row[3],
        summary=row[4],
        type=row[5],
        status_id=row[6],
        status=row[7],
        category=Category(row[8]),
        created=row[9],
        updated=row[10],
        assignee_id=row[11],
        reporter_id=row[12],
        priority=row[13],
        due=row[14],
        resolved=row[15],
        flagged=row[16],
        security_level=row[17],
        story_points=row[18],
        epic_key=row[19],
        team_field=row[20],
        changes_complete=row[21],
        links=links,
    )


def by_id(session: Session, ticket_id: str) -> Ticket | None:
    """The ticket as mirrored, without its links; None for one that is not, or that the tracker no longer shows."""
    row = session.execute(
        select(*COLUMNS).where(col(TicketRow.id) == ticket_id, col(TicketRow.deleted_at).is_(None))
    ).first()
    return to_ticket(row) if row else None


def by_key(session: Session, key: str) -> Ticket | None:
    """As `by_id`, for the key that the ticket has now."""
    row = session.execute(
        select(*COLUMNS).where(col(TicketRow.key) == key, col(TicketRow.deleted_at).is_(None))
    ).first()
    return to_ticket(row) if row else None


def any_by_id(session: Session, ticket_id: str) -> Ticket | None:
    """As `by_id`, and also one that the tracker no longer shows, as it was last."""
    row = session.execute(select(*COLUMNS).where(col(TicketRow.id) == ticket_id)).first()
    return to_ticket(row) if row else None


def team_of(session: Session, ticket_id: str) -> str | None:
    """The key of the ticket's team."""
    return session.execute(select(col(TicketRow.team_key)).where(col(TicketRow.id) == ticket_id)).scalar()


def links(session: Session, ticket_ids: Iterable[str]) -> dict[str, tuple[Link, ...]]:
    """The links that each of these tickets told, by ticket id; tickets without any are not named."""
    found: dict[str, list[Link]] = defaultdict(list)
    ids = sorted(set(ticket_ids))
    for start in range(0, len(ids), BATCH):
        rows = session.execute(
            select(
                col(TicketLinkRow.ticket_id),
                col(TicketLinkRow.relation),
                col(TicketLinkRow.phrase),
                col(TicketLinkRow.other_id),
                col(TicketLinkRow.other_key),
                col(TicketLinkRow.other_category),
            )
            .where(col(TicketLinkRow.ticket_id).in_(ids[start : start + BATCH]))
            .order_by(col(TicketLinkRow.ticket_id), col(TicketLinkRow.other_id), col(TicketLinkRow.phrase))
        )
        for ticket_id, relation, phrase, other_id, other_key, other_category in rows:
            found[ticket_id].append(
                Link(
                    relation=Relation(relation),
                    phrase=phrase,
                    other_id=other_id,
                    other_key=other_key,
                    other_category=Category(other_category),
                )
            )
    return {ticket_id: tuple(those) for ticket_id, those in found.items()}
