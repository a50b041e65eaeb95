"""The fields that JQL knows: how each is read from a ticket, and what a literal means for it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira.jql import JqlError, Value
from sandbox.jira.model import CATEGORIES, UNDEFINED, Account, Ticket
from sandbox.jira.state import State

PERIOD = re.compile(r"^([+-]?)((?:\d+[wdhm]\s*)+)$")
UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000}
DATE_FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")


@dataclass(slots=True)
class Scope:
    """Who asks, and when: `now` is in epoch milliseconds, and dates are read in the caller's time zone.

    `strict` False is Data Center's validateQuery=false: what does not exist is passed over. `timely` becomes True
    when a literal depended on now.
    """

    state: State
    caller: Account
    now: int
    strict: bool = True
    timely: bool = field(default=False, init=False)

    def missing(self, sentence: str) -> tuple[()]:
        if self.strict:
            raise JqlError(sentence)
        return ()

    def instant(self, name: str, value: Value) -> int:
        """A date literal in the caller's zone, a period from now, epoch milliseconds, or a function; in ms."""
        zone = ZoneInfo(self.caller.time_zone)
        if value.call is not None:
            self.timely = True
            return self._moment(value, zone)
        text = value.text.strip()
        if text.isdecimal():
            return int(text)
        if match := PERIOD.match(text):
            self.timely = True
            parts = re.findall(r"(\d+)([wdhm])", match[2])
            length = sum(int(count) * UNITS[unit] for count, unit in parts)
            return self.now - length if match[1] == "-" else self.now + length
        for form in DATE_FORMATS:
            try:
                return round(datetime.strptime(text, form).replace(tzinfo=zone).timestamp() * 1000)
            except ValueError:
                continue
        raise JqlError(
            f"Date value '{value.text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def _moment(self, value: Value, zone: ZoneInfo) -> int:
        here = datetime.fromtimestamp(self.now / 1000, zone)
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = {
            "now": here,
            "startofday": midnight,
            "endofday": midnight + timedelta(days=1),
            "startofweek": midnight - timedelta(days=midnight.isoweekday() % 7),  # Jira's week begins on Sunday
            "startofmonth": midnight.replace(day=1),
        }
        if value.text.lower() not in starts:
            raise JqlError(f"Unable to find JQL function '{value.text}({', '.join(value.call or ())})'.")
        at = round(starts[value.text.lower()].timestamp() * 1000)
        for argument in value.call or ():
            match = PERIOD.match(argument)
            if match is None:
                raise JqlError(f"Duration for function '{value.text}' should have the format (+/-)n(yMwdhm).")
            sign = -1 if match[1] == "-" else 1
            at += sign * sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)([wdhm])", match[2]))
        return at


@dataclass(frozen=True, slots=True)
class Kind:
    """How a JQL field is compared. `read` gets the value, or a tuple of values where `many`."""

    read: Callable[[Ticket], Any]
    resolve: Callable[[Scope, str, Value], Iterable[Any]]
    many: bool = False
    ordered: bool = False
    fuzzy: bool = False


# --- what the values of each field are -----------------------------------------------------------------------------


def _projects(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    wanted = value.text.lower()
    found = [p for p in scope.state.projects.values() if wanted in {p.key.lower(), p.name.lower(), p.id}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _versions(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    every = [v for p in scope.state.projects.values() for v in p.versions]
    if value.call is not None:
        released = value.text.lower() == "releasedversions"
        return [v for v in every if v.released is released]
    found = [v for v in every if value.text.lower() in {v.name.lower(), v.id}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _components(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    every = [c for p in scope.state.projects.values() for c in p.components]
    found = [c for c in every if value.text.lower() in {c.name.lower(), c.id}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _tickets(scope: Scope, name: str, value: Value) -> Iterable[int]:
    ticket = scope.state.find(value.text)
    if ticket is not None:
        return [ticket.id]
    if value.text.isdecimal():
        return scope.missing(f"A value with ID '{value.text}' does not exist for the field '{name}'.")
    return scope.missing(f"An issue with key '{value.text}' does not exist for field '{name}'.")


def _people(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    if value.call is not None and value.text.lower() == "currentuser":
        return [scope.caller]
    found = [a for a in scope.state.accounts.values() if value.text in {a.name, a.account_id, a.email}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _listed(attribute: str, scope: Scope, name: str, value: Value) -> Iterable[Any]:
    """Statuses, types, priorities, levels and resolutions: by name or id."""
    wanted = value.text.lower()
    found = [thing for thing in getattr(scope.state.site, attribute) if wanted in {thing.name.lower(), thing.id}]
    if attribute == "resolutions" and wanted == "unresolved":
        return [None]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _categories(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    wanted = value.text.lower()
    found = [c for c in CATEGORIES if wanted in {c.key, c.name.lower(), str(c.id)}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _instants(scope: Scope, name: str, value: Value) -> Iterable[int]:
    return [scope.instant(name, value) // 1000]


def _days(scope: Scope, name: str, value: Value) -> Iterable[str]:
    zone = ZoneInfo(scope.caller.time_zone)
    return [datetime.fromtimestamp(scope.instant(name, value) / 1000, zone).date().isoformat()]


def _sprints(scope: Scope, name: str, value: Value) -> Iterable[Any]:
    every = {s for ticket in scope.state.tickets.values() for s in ticket.sprints}
    if value.call is not None:
        states = {"opensprints": "active", "closedsprints": "closed", "futuresprints": "future"}
        return [s for s in every if s.state == states.get(value.text.lower())]
    found = [s for s in every if value.text.lower() in {s.name.lower(), str(s.id)}]
    return found or scope.missing(f"The value '{value.text}' does not exist for the field '{name}'.")


def _numbers(scope: Scope, name: str, value: Value) -> Iterable[float]:
    try:
        return [float(value.text)]
    except ValueError:
        return scope.missing(f"The value '{value.text}' for field '{name}' is not a number.")


def _words(_: Scope, __: str, value: Value) -> Iterable[str]:
    return [value.text]


def _flags(_: Scope, __: str, value: Value) -> Iterable[Any]:
    return [value.text.lower() == "impediment"]


def _parent(ticket: Ticket) -> int | None:
    above = ticket.parent or ticket.epic
    return above.id if above else None


# Jira's index holds instants to the second: that is as fine as they are compared and sorted.
KINDS: dict[str, Kind] = {
    "project": Kind(lambda t: t.project, _projects),
    "fixversion": Kind(lambda t: t.fix_versions, _versions, many=True),
    "affectedversion": Kind(lambda t: t.affects, _versions, many=True),
    "component": Kind(lambda t: t.components, _components, many=True),
    "id": Kind(lambda t: t.id, _tickets),
    "labels": Kind(lambda t: t.labels, _words, many=True),
    "epic link": Kind(lambda t: t.epic.id if t.epic else None, _tickets),
    "parent": Kind(_parent, _tickets),
    "status": Kind(lambda t: t.status, partial(_listed, "statuses")),
    "statuscategory": Kind(lambda t: t.status.category or UNDEFINED, _categories),
    "issuetype": Kind(lambda t: t.type, partial(_listed, "types")),
    "priority": Kind(lambda t: t.priority, partial(_listed, "priorities")),
    "resolution": Kind(lambda t: t.resolution, partial(_listed, "resolutions")),
    "level": Kind(lambda t: t.security, partial(_listed, "levels")),
    "assignee": Kind(lambda t: t.assignee, _people),
    "reporter": Kind(lambda t: t.reporter, _people),
    "creator": Kind(lambda t: t.creator, _people),
    "created": Kind(lambda t: t.created // 1000, _instants, ordered=True),
    "updated": Kind(lambda t: t.updated // 1000, _instants, ordered=True),
    "resolved": Kind(lambda t: None if t.resolved is None else t.resolved // 1000, _instants, ordered=True),
    "due": Kind(lambda t: t.due, _days, ordered=True),
    "sprint": Kind(lambda t: t.sprints, _sprints, many=True),
    "flagged": Kind(lambda t: t.flagged or None, _flags),
    "story points": Kind(lambda t: t.points, _numbers, ordered=True),
    "team": Kind(lambda t: t.team, _words),
    "summary": Kind(lambda t: t.summary, _words, fuzzy=True),
    "description": Kind(lambda t: t.description, _words, fuzzy=True),
    "text": Kind(lambda t: f"{t.summary} {t.description}", _words, fuzzy=True),
}
ALIASES = {
    **dict.fromkeys(("key", "issue", "issuekey"), "id"),
    "type": "issuetype",
    "resolutiondate": "resolved",
    "duedate": "due",
    "createddate": "created",
    "updateddate": "updated",
    "label": "labels",
    **dict.fromkeys(("security", "securitylevel"), "level"),
    "fixversions": "fixversion",
}
