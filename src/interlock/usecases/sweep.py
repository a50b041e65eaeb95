"""Comparing which tickets the mirror shows with which the tracker shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from interlock.domain.policy import Policy
from interlock.store import ticket_write
from interlock.store.engine import Store

FEW = 20
"""So many tickets may vanish at once, however small the mirror is."""
SHARE = 0.05
"""Of what the mirror shows, no larger part vanishes unless somebody says that it is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`shown`: how many tickets the mirror shows. `dropped`: ids of those in projects that policy no longer names;
    `vanished`: of the others that the tracker did not list; `unknown`: listed, but not shown here or under another key.
    """

    shown: int
    dropped: tuple[str, ...]
    vanished: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Whether so few vanished that an outage, or a permission taken away, is not the likelier reason."""
        return len(self.vanished) <= max(FEW, SHARE * self.shown)


def compare(store: Store, policy: Policy, listed: Mapping[str, str], began: datetime) -> Comparison:
    """`listed` gives each ticket's key by its id, as the tracker began to tell it at `began`: what the mirror took over
    since then may be missing from it."""
    shown, dropped, vanished, unknown = 0, [], [], dict(listed)
    with store.read() as session:
        for ticket in ticket_write.shown(session):
            shown += 1
            if listed.get(ticket.id) == ticket.key:
                del unknown[ticket.id]
            if ticket.id in listed:
                continue
            if ticket.project_key not in policy.tickets.projects:
                dropped.append(ticket.id)
            elif ticket.seen_at < began:
                vanished.append(ticket.id)
    return Comparison(shown=shown, dropped=tuple(dropped), vanished=tuple(vanished), unknown=tuple(unknown))
