"""What a what-if question looks up beside the plan: tickets' due dates."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from interlock.store.ticket import TicketRow
from interlock.store.ticket_read import BATCH


def due(session: Session, ticket_ids: Iterable[str]) -> dict[str, date]:
    """Of those of the tickets that have one, by id."""
    ids, found = sorted(ticket_ids), dict[str, date]()
    for start in range(0, len(ids), BATCH):
        rows = session.execute(
            select(col(TicketRow.id), col(TicketRow.due)).where(
                col(TicketRow.id).in_(ids[start : start + BATCH]), col(TicketRow.due).is_not(None)
            )
        )
        found.update({id_: day for id_, day in rows if day is not None})
    return found
