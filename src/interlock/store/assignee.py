"""Who is or was assigned to a ticket in a release's scope."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from interlock.domain.release import Release
from interlock.domain.ticket import Field
from interlock.store.release import ScopeRow
from interlock.store.ticket import TicketChangeRow, TicketRow


def assigned_ticket(session: Session, release_id: int, account_id: str, since: datetime) -> tuple[str, bool] | None:
    """A ticket in scope that the account is assigned to, or was at any time since `since`: its key and whether it is
    restricted. A change of assignee after `since` tells of both: who had it until then, and who from then on.
    """
    held = select(TicketChangeRow.ticket_id).where(
        TicketChangeRow.ticket_id == TicketRow.id,
        TicketChangeRow.field == Field.ASSIGNEE.value,
        TicketChangeRow.at >= since,
        or_(col(TicketChangeRow.before) == account_id, col(TicketChangeRow.after) == account_id),
    )
    row = session.execute(
        select(TicketRow.key, TicketRow.security_level)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(
            ScopeRow.release_id == release_id,
            col(ScopeRow.removed_at).is_(None),
            or_(col(TicketRow.assignee_id) == account_id, held.exists()),
        )
        .order_by(col(TicketRow.security_level).is_not(None), TicketRow.key)
        .limit(1)
    ).first()
    return (row[0], row[1] is not None) if row else None


def assigned(session: Session, release: Release, accounts: Collection[str]) -> set[str]:
    """Those of the accounts that `assigned_ticket` would find a ticket for."""
    if not accounts:
        return set()
    in_scope = (col(ScopeRow.release_id) == release.id, col(ScopeRow.removed_at).is_(None))
    now = session.exec(
        select(TicketRow.assignee_id)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(*in_scope, col(TicketRow.assignee_id).in_(accounts))
        .distinct()
    ).all()
    changes = session.exec(
        select(TicketChangeRow.before, TicketChangeRow.after)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketChangeRow.ticket_id))
        .where(
            *in_scope,
            TicketChangeRow.field == Field.ASSIGNEE.value,
            TicketChangeRow.at >= release.scope_opened_at,
            or_(col(TicketChangeRow.before).in_(accounts), col(TicketChangeRow.after).in_(accounts)),
        )
    ).all()
    return {account for account in (*now, *(side for change in changes for side in change)) if account in accounts}
