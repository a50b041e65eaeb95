"""Taking over what the tracker tells: a page of tickets in one short transaction, its cursor last."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from interlock.domain.observed import unexplained
from interlock.domain.policy import Policy
from interlock.domain.team import team_of
from interlock.domain.ticket import Change, Project, Ticket, Version
from interlock.store import mirror, revalidation, scope, ticket_write
from interlock.store.alone import alone
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.ticket_write import TICKETS, Stored
from interlock.store.upsert import upsert
from interlock.trackers.page import Page
from interlock.usecases.scope import refresh

NAMES = "names"
NAMES_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a run goes on: all that changed before `reached` was read under the policy that `basis` stands for."""

    reached: datetime
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`stale` tickets were known newer already and left alone. `releases` have a kept ticket in scope, or had."""

    tickets: int = 0
    stale: int = 0
    releases: frozenset[int] = frozenset()


def basis(policy: Policy, reading: Sequence[str]) -> str:
    """A short name for all that decides which tickets are read and what is made of them: another policy, or a tracker
    with other fields (`reading`), asks for every ticket anew."""
    teams = {key: asdict(team.match) for key, team in policy.teams.items()}
    facts = json.dumps([asdict(policy.tickets), teams, list(reading)], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def cursor(store: Store) -> Cursor | None:
    """Where the last run stopped; None before the first page was ever kept."""
    with store.read() as session:
        text = session.execute(select(col(MirrorRow.cursor)).where(col(MirrorRow.name) == TICKETS)).scalar()
    if not text:
        return None
    told = json.loads(text)
    return Cursor(reached=datetime.fromisoformat(told["reached"]), basis=told["basis"])


def begin(store: Store, now: datetime, *, mirror_name: str = TICKETS, anew: bool = False) -> None:
    """Note the attempt; `anew` forgets where the last run stopped."""
    with store.write() as session:
        row = {"name": mirror_name, "tried_at": now}
        upsert(session, MirrorRow, [row | {"cursor": None} if anew else row], ["name"])


def finish(store: Store, as_of: datetime, *, mirror_name: str = TICKETS) -> None:
    """The mirror is whole and true as of then: the moment when the run that now ended began to read."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": mirror_name, "as_of": as_of, "problem": None}], ["name"])


def fail(store: Store, problem: str, *, mirror_name: str = TICKETS) -> None:
    """The run stopped; the mirror stays as old as it was, and says why."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": mirror_name, "problem": problem}], ["name"])


def names_due(store: Store, now: datetime) -> bool:
    """Whether it is time to list projects and versions again. Tickets name theirs in every run; the lists add those
    without tickets, and cost two calls a project.
    """
    with store.read() as session:
        listed = mirror.as_of(session, NAMES)
    return listed is None or now - listed >= NAMES_EVERY


def keep_names(store: Store, projects: Sequence[Project], versions: Sequence[Version], as_of: datetime) -> None:
    """Projects and their versions as the tracker lists them, those without tickets too."""
    with store.write() as session:
        alone(session, TICKETS)  # pages and deliveries name the same rows in an order of their own
        ticket_write.write_names(session, projects=projects, versions=versions)
        upsert(session, MirrorRow, [{"name": NAMES, "as_of": as_of}], ["name"])


def keep_page(
    store: Store, policy: Policy, page: Page, read_at: datetime, now: datetime, *, cursor: Cursor | None = None
) -> Kept:
    """Take over a page that was asked for at `read_at`, in one transaction, and note last where to go on.

    A ticket that is known newer stays as it is, but its history is taken; one that was deleted after `read_at` stays
    deleted.
    """
    with store.write() as session:
        kept = keep(session, policy, page, read_at, now)
        if cursor is not None:
            _move_cursor(session, cursor)
        return kept


def keep(session: Session, policy: Policy, page: Page, read_at: datetime, now: datetime, *, hint: bool = False) -> Kept:
    """Within the caller's transaction. `hint`: the page is a delivery, which may be late: it neither brings back what
    is gone nor overwrites what is as new."""
    alone(session, TICKETS)
    known = ticket_write.stored(session, [ticket.id for ticket in page.tickets])
    fresh: dict[str, tuple[Ticket, str | None]] = {}
    observed: dict[str, tuple[Change, ...]] = {}
    for ticket in page.tickets:
        before = known.get(ticket.id)
        if not _is_news(ticket, before, read_at, hint=hint):
            continue
        seen = () if before is None or ticket.changes_complete else unexplained(before.ticket, ticket)
        whole = ticket.changes_complete or (hint and before is not None and before.ticket.changes_complete and not seen)
        observed[ticket.id] = seen
        kept = ticket if whole == ticket.changes_complete else replace(ticket, changes_complete=whole)
        fresh[ticket.id] = (kept, team_of(policy, ticket))
    ticket_write.write_names(session, projects=page.projects, versions=page.versions, accounts=page.accounts)
    ticket_write.write_tickets(session, fresh, read_at, known=known)
    # A ticket that is not in the mirror has no history there.
    told = {ticket.id: ticket.changes for ticket in page.tickets if ticket.id in fresh or ticket.id in known}
    complete = [ticket.id for ticket, _ in fresh.values() if ticket.changes_complete and ticket.id in known]
    ticket_write.forget_observed(session, complete)
    ticket_write.write_changes(session, told, observed)
    signed = [
        ticket.id for ticket, _ in fresh.values() if ticket.id in known and _matters(known[ticket.id].ticket, ticket)
    ]
    releases = _releases(session, fresh.keys(), now, signed)
    return Kept(tickets=len(fresh), stale=len(page.tickets) - len(fresh), releases=releases)


def mark_gone(store: Store, ticket_ids: Collection[str], now: datetime) -> Kept:
    """Mark tickets that the tracker no longer shows; their last state and history stay, and they leave every scope."""
    with store.write() as session:
        return gone(session, ticket_ids, now)


def gone(session: Session, ticket_ids: Collection[str], now: datetime) -> Kept:
    """The same within the caller's transaction."""
    alone(session, TICKETS)
    count = ticket_write.mark_gone(session, ticket_ids, now)
    return Kept(tickets=count, releases=_releases(session, ticket_ids, now))


def _releases(
    session: Session, ticket_ids: Collection[str], now: datetime, signed: Collection[str] = ()
) -> frozenset[int]:
    """The open releases that these tickets are in, or just came to or left. Asks for the scopes' lock: call it last.

    Where one of `signed` is in scope, the sign-offs are due to be looked at again: marked in this very transaction, so
    that they are by the next run if this one dies before.
    """
    if not ticket_ids:
        return frozenset()
    changed = refresh(session, list(ticket_ids), now)
    places = scope.current(session, list(ticket_ids))
    those = set(signed)
    revalidation.mark(session, {place.release_id for place in places if place.ticket_id in those})
    return changed | {place.release_id for place in places}


def _matters(before: Ticket, after: Ticket) -> bool:
    """Whether the scope's fingerprint is another for it."""
    return (before.done, before.priority) != (after.done, after.priority)


def _is_news(ticket: Ticket, before: Stored | None, read_at: datetime, *, hint: bool) -> bool:
    if before is None:
        return True
    if before.deleted_at is not None and (hint or before.deleted_at >= read_at):
        return False
    if ticket.updated != before.ticket.updated:
        return ticket.updated > before.ticket.updated
    # What the ticket names (the other side of a link) changes without its time moving, and two changes may share one.
    return not hint and read_at >= before.seen_at


def _move_cursor(session: Session, to: Cursor) -> None:
    text = json.dumps({"reached": to.reached.isoformat(), "basis": to.basis})
    upsert(session, MirrorRow, [{"name": TICKETS, "cursor": text}], ["name"])


def as_of(store: Store) -> datetime | None:
    """When the tickets' mirror was last known to be whole and true."""
    with store.read() as session:
        return mirror.as_of(session, TICKETS)
