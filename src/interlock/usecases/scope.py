"""Keeping scopes true: which tickets each open release takes, after the tickets or the releases changed."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from interlock.domain import scope
from interlock.store import mirror, revalidation
from interlock.store import release as release_store
from interlock.store import scope as scope_store

MANY = 5000
"""More tickets than this are not named one by one: everything is computed anew, which comes to the same."""


def refresh(session: Session, ticket_ids: Collection[str] | None, now: datetime) -> frozenset[int]:
    """Recompute the membership of these tickets (None: of all) in every open release, inside the caller's transaction,
    after it wrote the tickets. A ticket that the tracker no longer shows leaves.

    Returns the ids of the releases whose scope changed. Waits for others who compute scopes, so call it late.
    """
    if ticket_ids is not None and not ticket_ids:
        return frozenset()
    named = None if ticket_ids is None or len(ticket_ids) > MANY else ticket_ids
    session.flush()
    scope_store.lock(session)
    rules = release_store.scope_rules(session)
    if not rules:
        return frozenset()
    traits = scope_store.traits(session, scope.union(rules.values()), named)
    changes = scope.changes(rules, traits, scope_store.current(session, named))
    scope_store.apply(session, changes, now, beginning=mirror.as_of(session, "tickets") is None)
    revalidation.mark(session, changes.releases)
    return changes.releases
