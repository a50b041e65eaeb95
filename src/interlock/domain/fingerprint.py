"""The scope fingerprint: what was in scope when somebody signed, and what has changed since that matters."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from interlock.domain.audit import canonical

PRIORITY_RANK = ("blocker", "highest", "critical", "high", "major", "medium", "minor", "low", "lowest", "trivial")
"""Jira's own names, old and new, gravest first. A name that is not here ranks below them all."""


class TicketSeen(NamedTuple):
    """As much of a ticket as a sign-off is bound to. A tuple: each click makes and compares thousands of them."""

    id: str
    key: str
    done: bool
    priority: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialChange:
    """Why a sign-off does not hold for another scope. `what`: added, removed, reopened or priority raised."""

    what: str
    ticket: TicketSeen


def fingerprint(tickets: tuple[TicketSeen, ...]) -> str:
    """A hash over the tickets in scope, independent of their order. Keys are left out: a moved ticket stays itself."""
    facts = sorted([ticket.id, ticket.done, ticket.priority or ""] for ticket in tickets)
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def material_changes(seen: tuple[TicketSeen, ...], current: tuple[TicketSeen, ...]) -> tuple[MaterialChange, ...]:
    """What changed between the scope that was seen and today's, by gravity, then key. A ticket that got done is no
    change: the signer asked for nothing else.
    """
    if seen == current:
        return ()
    before = {ticket.id: ticket for ticket in seen}
    after = {ticket.id: ticket for ticket in current}
    changes = [
        *(MaterialChange(what="added", ticket=ticket) for id_, ticket in after.items() if id_ not in before),
        *(MaterialChange(what="removed", ticket=ticket) for id_, ticket in before.items() if id_ not in after),
    ]
    for id_, old in before.items():
        new = after.get(id_)
        if new is None:
            continue
        if old.done and not new.done:
            changes.append(MaterialChange(what="reopened", ticket=new))
        if not new.done and rank(new.priority) < rank(old.priority):
            changes.append(MaterialChange(what="priority raised", ticket=new))
    order = ("added", "reopened", "priority raised", "removed")
    return tuple(sorted(changes, key=lambda change: (order.index(change.what), change.ticket.key)))


def rank(priority: str | None) -> int:
    """The lower, the graver."""
    name = (priority or "").casefold()
    return PRIORITY_RANK.index(name) if name in PRIORITY_RANK else len(PRIORITY_RANK)
