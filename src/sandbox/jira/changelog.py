"""What Jira's changelog says of a change to one attribute of a Ticket."""

from collections.abc import Callable
from typing import Any, Protocol

from sandbox.jira.model import Account, Item, Ticket

IMPEDIMENT = ("[10019]", "Impediment")
NOTHING = (None, None)
Told = tuple[str | None, str | None]  # a value's id and its text


class Identified(Protocol):
    """A priority, a level, a version, a component: what has an id and a name."""

    id: str
    name: str


def items(attribute: str, old: Any, new: Any) -> list[Item]:
    """The entries for `attribute` going from `old` to `new`; versions and components get one each, as in Jira."""
    field, kind, tell = _TELLING.get(attribute, (attribute, "jira", _plain))
    if tell is _each:
        gone = [Item(field, thing.id, thing.name) for thing in old if thing not in new]
        return gone + [Item(field, None, None, thing.id, thing.name) for thing in new if thing not in old]
    return [item(field, tell(old), tell(new), kind)]


def item(field: str, old: Told, new: Told, kind: str = "jira") -> Item:
    return Item(field, old[0], old[1], new[0], new[1], kind)


def named(thing: Identified | None) -> Told:
    return (thing.id, thing.name) if thing is not None else NOTHING


def _person(person: Account | None) -> Told:
    return (person.name, person.display) if person is not None else NOTHING


def _plain(value: object) -> Told:
    return None, None if value is None else str(value)


def _date(value: str | None) -> Told:
    return value, value


def _ticket(ticket: Ticket | None) -> Told:
    return (str(ticket.id), ticket.key) if ticket is not None else NOTHING


def _sprints(sprints: Any) -> Told:
    return ", ".join(str(s.id) for s in sprints), ", ".join(s.name for s in sprints)


def _each(_: object) -> Told:
    return NOTHING  # never asked: `items` tells these one by one


_TELLING: dict[str, tuple[str, str, Callable[[Any], Told]]] = {
    "assignee": ("assignee", "jira", _person),
    "reporter": ("reporter", "jira", _person),
    "priority": ("priority", "jira", named),
    "security": ("security", "jira", named),
    "status": ("status", "jira", named),
    "resolution": ("resolution", "jira", named),
    "project": ("project", "jira", named),
    "type": ("issuetype", "jira", named),
    "fix_versions": ("Fix Version", "jira", _each),
    "components": ("Component", "jira", _each),
    "affects": ("Version", "jira", _each),
    "labels": ("labels", "jira", lambda labels: (None, " ".join(labels))),
    "due": ("duedate", "jira", _date),
    "flagged": ("Flagged", "custom", lambda on: IMPEDIMENT if on else NOTHING),
    "points": ("Story Points", "custom", _plain),
    "team": ("Team", "custom", _plain),
    "sprints": ("Sprint", "custom", _sprints),
    "epic": ("Epic Link", "custom", _ticket),
    "parent": ("Parent", "jira", _ticket),
}
"""Attribute -> the field's name in the log, its kind, and how a value is told."""
