"""Finding tickets by JQL, and paging through what was found as each flavour does it.

Data Center pages by offset over a list that is made anew for each page, so a write between two pages shifts it: that is
real, and a sync must cope. Cloud's token names a list that was made once.
"""

import base64
import binascii
import zlib
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any

from sandbox.jira.fields import ALIASES, Scope
from sandbox.jira.jql import JqlError, Query, parse
from sandbox.jira.model import Account, Ticket
from sandbox.jira.query import Compiler
from sandbox.jira.state import State

KEPT = 32
"""How many lists are remembered. A token that outlives its list gets a new one."""
LAST = "\uffff"


class BadTokenError(Exception):
    """A nextPageToken that we did not give, or gave for another query."""


class Finder:
    def __init__(self, state: State) -> None:
        self._state = state
        self._found: OrderedDict[object, list[int]] = OrderedDict()
        self._serial = count(1)

    def find(self, jql: str, caller: Account, *, strict: bool = True) -> list[int]:
        """The ids of all tickets that match, in order. Raises JqlError."""
        with self._state.lock:
            query = parse(jql)
            key = (jql, caller.name, strict, self._state.version)
            if self._state.settled and (known := self._found.get(key)) is not None:
                return known
            scope = Scope(self._state, caller, self._state.now(), strict)
            plan = Compiler(scope).compile(query)
            if plan.ids is not None and self._state.settled:
                candidates = (self._state.tickets.get(ticket_id) for ticket_id in plan.ids)
                matching = [ticket for ticket in candidates if ticket is not None and plan.test(ticket)]
            else:
                test = plan.test
                matching = [ticket for ticket, known in self._state.indexed() if test(known)]
            ids = [ticket.id for ticket in _sorted(matching, query, Compiler(scope))]
            if not plan.timely and self._state.settled:
                self._keep(key, ids)
            return ids

    def bounded(self, jql: str) -> bool:
        """Whether the query restricts anything, as Cloud demands. Raises JqlError."""
        return parse(jql).where is not None

    def _keep(self, key: object, ids: list[int]) -> None:
        self._found[key] = ids
        while len(self._found) > KEPT:
            self._found.popitem(last=False)

    # --- Cloud's tokens ----------------------------------------------------------------------------------------

    def token_page(self, jql: str, caller: Account, token: str | None, size: int) -> tuple[list[int], str | None]:
        """A page of ids and the token of the next one, None on the last. Raises BadTokenError and JqlError."""
        number, start = _read_token(token, jql) if token else (next(self._serial), 0)
        with self._state.lock:
            ids = self._found.get((number, jql))
            if ids is None:
                ids = self.find(jql, caller)
                self._keep((number, jql), ids)
            page, end = ids[start : start + size], start + size
            return page, _write_token(number, end, jql) if end < len(ids) else None


def _write_token(number: int, start: int, jql: str) -> str:
    return base64.urlsafe_b64encode(f"{number}:{start}:{zlib.crc32(jql.encode())}".encode()).decode()


def _read_token(token: str, jql: str) -> tuple[int, int]:
    try:
        number, start, check = (int(part) for part in base64.urlsafe_b64decode(token).decode().split(":"))
    except (ValueError, binascii.Error) as error:
        raise BadTokenError(token) from error
    if check != zlib.crc32(jql.encode()):
        raise BadTokenError(token)
    return number, start


SORTS: dict[str, Callable[[Ticket], Any]] = {
    "id": lambda t: (t.project.key, t.number),
    "created": lambda t: t.created // 1000,
    "updated": lambda t: t.updated // 1000,
    "resolved": lambda t: (t.resolved or 0) // 1000,
    "due": lambda t: t.due or LAST,
    "priority": lambda t: int(t.priority.id) if t.priority and t.priority.id.isdecimal() else 99,
    "status": lambda t: int(t.status.id) if t.status.id.isdecimal() else 0,
    "assignee": lambda t: t.assignee.display if t.assignee else LAST,
    "project": lambda t: t.project.key,
    "summary": lambda t: (t.summary or "").lower(),
    "issuetype": lambda t: t.type.name,
    "rank": lambda t: t.id,
}


def _sorted(tickets: list[Ticket], query: Query, compiler: Compiler) -> list[Ticket]:
    if not query.order:
        return sorted(tickets, key=lambda ticket: ticket.id, reverse=True)
    for name, descending in reversed(query.order):
        wanted = ALIASES.get(name.lower(), name.lower())
        if wanted not in SORTS:
            compiler.kind(name)  # says so if the field does not exist at all
            raise JqlError(f"Field '{name}' is not sortable.")
        tickets = sorted(tickets, key=SORTS[wanted], reverse=descending)
    return tickets
