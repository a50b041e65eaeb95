"""The scope fingerprint: what was in scope when somebody signed, and what has changed since that matters."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from interlock.domain.audit import canonical

PRIORITY_RANK = ("blocker", "highest", "critical", "high", "major", "medium", "minor", "low", "lowest", "trivial")
"""Jira's own names, old and new, gravest first. A name that is not here ranks below them all."""
USUAL_RANKS: Final = MappingProxyType({name: number for number, name in enumerate(PRIORITY_RANK)})


class TicketSeen(NamedTuple):
    """As much of a ticket as a sign-off is bound to. A tuple: each click makes and compares thousands of them."""

    id: str
    key: str
    done: bool
    priority: str | None


POLICY_CHANGED: Final = "policy changed"
"""What of a change that is none of the scope's: what is asked for is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialChange:
    """Why a sign-off does not hold any more. `what`: added, removed, reopened or priority raised, of a ticket; or
    criterion turned red or evidence changed, and then `about` names which.
    """

    what: str
    ticket: TicketSeen | None = None
    about: str = ""

    @property
    def subject(self) -> str:
        """What it is called: a ticket's key, a criterion's name."""
        return self.ticket.key if self.ticket else self.about


def fingerprint(tickets: tuple[TicketSeen, ...]) -> str:
    """A hash over the tickets in scope, independent of their order. Keys are left out: a moved ticket stays itself."""
    facts = sorted([ticket.id, ticket.done, ticket.priority or ""] for ticket in tickets)
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def material_changes(
    seen: tuple[TicketSeen, ...], current: tuple[TicketSeen, ...], priorities: tuple[str, ...] = PRIORITY_RANK
) -> tuple[MaterialChange, ...]:
    """What changed between the scope that was seen and today's, by gravity, then key. A ticket that got done is no
    change: the signer asked for nothing else. `priorities`: their names, gravest first.
    """
    if seen == current:
        return ()
    before = {ticket.id: ticket for ticket in seen}
    after = {ticket.id: ticket for ticket in current}
    changes = [
        *(MaterialChange(what="added", ticket=ticket) for id_, ticket in after.items() if id_ not in before),
        *(MaterialChange(what="removed", ticket=ticket) for id_, ticket in before.items() if id_ not in after),
    ]
    ranks = ranked(priorities)
    for id_, old in before.items():
        new = after.get(id_)
        if new is None:
            continue
        if old.done and not new.done:
            changes.append(MaterialChange(what="reopened", ticket=new))
        raised = new.priority != old.priority and rank(new.priority, ranks) < rank(old.priority, ranks)
        if not new.done and raised:
            changes.append(MaterialChange(what="priority raised", ticket=new))
    order = ("added", "reopened", "priority raised", "removed")
    return tuple(sorted(changes, key=lambda change: (order.index(change.what), change.subject)))


def only_got_done(seen: tuple[TicketSeen, ...], current: tuple[TicketSeen, ...]) -> bool:
    """Whether no more happened to a scope than that tickets got done: then no policy calls anything of it material."""
    before = {ticket.id: ticket for ticket in seen}
    return len(before) == len(current) and all(
        (old := before.get(new.id)) is not None and new.priority == old.priority and new.done >= old.done
        for new in current
    )


def ranked(priorities: tuple[str, ...]) -> dict[str, int]:
    """For `rank`, of names that come gravest first."""
    return {name.casefold(): number for number, name in enumerate(priorities)}


def rank(priority: str | None, ranks: Mapping[str, int] = USUAL_RANKS) -> int:
    """The lower, the graver. `ranks` are by name in lower case; a name that is not there ranks below them all."""
    return ranks.get((priority or "").casefold(), len(ranks))
