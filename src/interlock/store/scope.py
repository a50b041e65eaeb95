"""Scope in the database: what is in it now, what it should hold, what came and went."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from interlock.domain.release import ENDED, ScopeRule
from interlock.domain.scope import Place, ScopeChanges, ScopedTicket, Traits
from interlock.store.mirror import MirrorRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.ticket import TicketLabelRow, TicketRow, TicketVersionRow
from interlock.store.ticket_read import COLUMNS, to_ticket
from interlock.store.upsert import insert_new

LOCK = "scope"
"""The row of `mirror` that whoever computes a scope holds, so that a page of tickets and a new release cannot pass each
other unseen."""


def tickets(session: Session, release_id: int) -> list[ScopedTicket]:
    """What is in the release's scope now, by key."""
    rows = session.execute(
        select(*COLUMNS, col(TicketRow.team_key), col(ScopeRow.added_at))
        .join_from(ScopeRow, TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .order_by(col(TicketRow.key))
    )
    return [ScopedTicket(ticket=to_ticket(row), team=row[-2], added_at=row[-1]) for row in rows]


def lock(session: Session) -> None:
    """Wait until nobody else computes a scope, and be the only one until the transaction ends."""
    insert_new(session, MirrorRow, [{"name": LOCK}])
    session.execute(select(col(MirrorRow.name)).where(col(MirrorRow.name) == LOCK).with_for_update())


def traits(session: Session, rule: ScopeRule, ticket_ids: Collection[str] | None = None) -> dict[str, Traits]:
    """What the rule looks at, of the tickets that it takes, by id: of all that the tracker still shows, or of these."""
    shown = [col(TicketRow.deleted_at).is_(None)]
    if ticket_ids is not None:
        shown.append(col(TicketRow.id).in_(ticket_ids))
    versions: defaultdict[str, set[str]] = defaultdict(set)
    labels: defaultdict[str, set[str]] = defaultdict(set)
    epics: dict[str, str] = {}
    if rule.version_ids:
        version = col(TicketVersionRow.version_id)
        those = select(col(TicketRow.id), version).join(
            TicketVersionRow, col(TicketVersionRow.ticket_id) == col(TicketRow.id)
        )
        for ticket_id, version_id in session.execute(those.where(version.in_(rule.version_ids), *shown)):
            versions[ticket_id].add(version_id)
    if rule.labels:
        label = col(TicketLabelRow.label)
        those = select(col(TicketRow.id), label).join(
            TicketLabelRow, col(TicketLabelRow.ticket_id) == col(TicketRow.id)
        )
        for ticket_id, text in session.execute(those.where(label.in_(rule.labels), *shown)):
            labels[ticket_id].add(text)
    if rule.epics:
        epic = col(TicketRow.epic_key)
        rows = session.execute(select(col(TicketRow.id), epic).where(epic.in_(rule.epics), *shown))
        epics = {ticket_id: key for ticket_id, key in rows if key is not None}
    return {
        ticket_id: Traits(
            version_ids=frozenset(versions[ticket_id]),
            labels=frozenset(labels[ticket_id]),
            epic_key=epics.get(ticket_id),
        )
        for ticket_id in {*versions, *labels, *epics}
    }


def current(session: Session, ticket_ids: Collection[str] | None = None) -> list[Place]:
    """Who is in the scope of which open release now: all, or of these tickets."""
    statement = (
        select(col(ScopeRow.release_id), col(ScopeRow.ticket_id))
        .join(ReleaseRow, col(ReleaseRow.id) == col(ScopeRow.release_id))
        .where(col(ScopeRow.removed_at).is_(None), col(ReleaseRow.stage).not_in(ENDED))
    )
    if ticket_ids is not None:
        statement = statement.where(col(ScopeRow.ticket_id).in_(ticket_ids))
    return [Place(release_id=release_id, ticket_id=ticket_id) for release_id, ticket_id in session.execute(statement)]


def apply(session: Session, changes: ScopeChanges, now: datetime) -> None:
    """Record the changes, and count each changed release's number up, which also waits for whoever decides on it."""
    for release_id in sorted(changes.releases):
        session.execute(
            update(ReleaseRow).where(col(ReleaseRow.id) == release_id).values(number=ReleaseRow.number + 1),
            execution_options={"synchronize_session": False},
        )
    if changes.removed:
        leave = (
            update(ScopeRow)
            .where(
                col(ScopeRow.release_id) == bindparam("release"),
                col(ScopeRow.ticket_id) == bindparam("ticket"),
                col(ScopeRow.removed_at).is_(None),
            )
            .values(removed_at=now)
        )
        rows = [{"release": place.release_id, "ticket": place.ticket_id} for place in changes.removed]
        session.connection().execute(leave, rows)
    insert_new(
        session,
        ScopeRow,
        [{"release_id": place.release_id, "ticket_id": place.ticket_id, "added_at": now} for place in changes.added],
    )
