"""What a forecast draws from: a release's open tickets, what its teams got done, and what joined the release.

Each is one statement along an index: the release's own scope, and of each team its done tickets alone.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from interlock.domain.forecast import Happening
from interlock.domain.ticket import Category, Field
from interlock.store.release import ScopeRow
from interlock.store.ticket import StatusRow, TicketChangeRow, TicketRow

DONE = Category.DONE.value


def open_by_team(session: Session, release_id: int) -> dict[str | None, tuple[int, int]]:
    """By team, None for none: how many tickets are in scope, and how many of them are open. Restricted ones count."""
    rows = session.execute(
        select(col(TicketRow.team_key), func.count(), func.sum(case((col(TicketRow.category) == DONE, 0), else_=1)))
        .select_from(ScopeRow)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .group_by(col(TicketRow.team_key))
    )
    return {team: (tickets, left) for team, tickets, left in rows}


def finished(session: Session, teams: Collection[str], since: datetime) -> tuple[Happening, ...]:
    """When each ticket of these teams that is done now got done, of those that did since then. One that was done and
    opened again in between counts once: when it got done for good. Where no history tells, the tracker's own date does.
    """
    before, after = aliased(StatusRow), aliased(StatusRow)
    moved = (
        select(func.max(col(TicketChangeRow.at)))
        .join(after, col(after.id) == col(TicketChangeRow.after))
        .outerjoin(before, col(before.id) == col(TicketChangeRow.before))
        .where(
            col(TicketChangeRow.ticket_id) == col(TicketRow.id),
            col(TicketChangeRow.field) == Field.STATUS.value,
            col(TicketChangeRow.at) >= since,
            col(after.category) == DONE,
            or_(col(before.category).is_(None), col(before.category) != DONE),
        )
        .correlate(TicketRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(col(TicketRow.team_key), func.coalesce(moved, col(TicketRow.resolved))).where(
            col(TicketRow.team_key).in_(sorted(teams)),
            col(TicketRow.category) == DONE,
            col(TicketRow.updated) >= since,  # says nothing new, but spares looking for changes where none can be
            col(TicketRow.deleted_at).is_(None),
        )
    )
    return tuple(Happening(team=team, at=at) for team, at in rows if at is not None and at >= since)


def joined(session: Session, release_id: int, since: datetime, opened: datetime) -> tuple[Happening, ...]:
    """What joined the scope since then, and after it opened, to be done there: it is in scope still, and was open when
    it came.
    """
    rows = session.execute(
        select(col(TicketRow.team_key), col(ScopeRow.added_at))
        .select_from(ScopeRow)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(
            col(ScopeRow.release_id) == release_id,
            col(ScopeRow.removed_at).is_(None),
            col(ScopeRow.added_at) >= since,
            col(ScopeRow.added_at) > opened,
            or_(
                col(TicketRow.category) != DONE,
                col(TicketRow.resolved).is_(None),
                col(TicketRow.resolved) > col(ScopeRow.added_at),
            ),
        )
    )
    return tuple(Happening(team=team, at=at) for team, at in rows)
