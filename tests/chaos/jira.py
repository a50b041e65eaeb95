"""What happens to tickets while the storm blows: people work on them in the practice Jira."""

from collections.abc import Callable
from random import Random

from sandbox.jira.model import Ticket
from sandbox.jira.store import Store
from tests.chaos.bank import IN_TICKETS
from tests.chaos.plan import Change

BY = "rita"


def change(tickets: Store, wanted: Change) -> str:
    """The key of the ticket that changed."""
    rng = Random(wanted.choice)  # noqa: S311 a seed wants a seeded generator
    with tickets.lock:
        inside = sorted((each for each in tickets.tickets.values() if each.fix_versions), key=lambda each: each.id)
        outside = sorted((each for each in tickets.tickets.values() if not each.fix_versions), key=lambda each: each.id)
        ticket = rng.choice((outside or inside) if wanted.kind == "into scope" else inside)
        CHANGES[wanted.kind](tickets, ticket, rng)
        return ticket.key


def _into_scope(tickets: Store, ticket: Ticket, rng: Random) -> None:
    versions = [each.name for each in ticket.project.versions if not each.released]
    tickets.set_fix_versions(ticket.key, [rng.choice(versions)] if versions else [], BY)


def _create(tickets: Store, ticket: Ticket, _rng: Random) -> None:
    tickets.create(ticket.project.key, f"New {IN_TICKETS}", BY, fix_versions=ticket.fix_versions)


def _priority(tickets: Store, ticket: Ticket, rng: Random) -> None:
    tickets.edit(ticket.key, BY, priority=rng.choice(tickets.site.priorities))


def _assign(tickets: Store, ticket: Ticket, rng: Random) -> None:
    tickets.assign(ticket.key, rng.choice(("ravi", "pete", "jon")), BY)


CHANGES: dict[str, Callable[[Store, Ticket, Random], object]] = {
    "done": lambda tickets, ticket, _: tickets.transition(ticket.key, "Done", BY),
    "reopen": lambda tickets, ticket, _: tickets.transition(ticket.key, "In Progress", BY),
    "flag": lambda tickets, ticket, _: tickets.flag(ticket.key, BY),
    "unflag": lambda tickets, ticket, _: tickets.unflag(ticket.key, BY),
    "into scope": _into_scope,
    "out of scope": lambda tickets, ticket, _: tickets.set_fix_versions(ticket.key, [], BY),
    "priority": _priority,
    "assign": _assign,
    "create": _create,
    "summary": lambda tickets, ticket, rng: tickets.edit(
        ticket.key, BY, summary=f"Reworded {rng.randrange(100)} {IN_TICKETS}"
    ),
}
