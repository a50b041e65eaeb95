"""What the practice Jira knows now, and what its search index knows of it yet."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from sandbox.jira.model import Account, Change, Item, Project, Site, Status, Ticket, Version, pack


class NoSuchError(LookupError):
    """Something named does not exist: `args[0]` says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that webhooks tell. `event` is Jira's webhookEvent, `name` its issue_event_type_name.

    `more` holds what the event is about beside the ticket: a comment, a version or a link.
    """

    event: str
    at: int
    by: Account
    ticket: Ticket | None = None
    change: Change | None = None
    name: str | None = None
    more: Any = None


class State:
    """Every method may be called from any thread; `lock` is held while something is read as a whole or changed.

    `lag` is how many seconds search trails behind writes, as Cloud's does. `clock` gives seconds since the epoch.
    """

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.time, lag: float = 0) -> None:
        self.site, self.clock, self.lag = site, clock, lag
        self.lock = threading.RLock()
        self.tickets = {ticket.id: ticket for ticket in site.tickets}
        self.accounts = {account.name: account for account in (*site.accounts, site.bot)}
        self.projects = {project.key: project for project in site.projects}
        self.version = 0  # grows with every write
        self.renames = 0  # grows when a shared piece (a version, a project) changes
        self._ids = {ticket.key: ticket.id for ticket in site.tickets}
        self._last_id = max((*self.tickets, 10_000))
        self._numbers: dict[str, int] = {}
        for ticket in site.tickets:
            self._numbers[ticket.project.key] = max(self._numbers.get(ticket.project.key, 0), ticket.number)
        # The ledger outlives the site's own ids: links, comments, changelog entries and versions share one counter.
        self._serial = 10_000_000
        self._listeners: list[Callable[[Happening], None]] = []
        self._unindexed: dict[int, list[tuple[float, Ticket | None]]] = {}

    # --- look-ups ----------------------------------------------------------------------------------------------

    def find(self, id_or_key: str) -> Ticket | None:
        """By id, key (in any case) or a key that the ticket had before it moved."""
        if id_or_key.isdecimal():
            return self.tickets.get(int(id_or_key))
        key = id_or_key.upper()
        ticket_id = self._ids.get(key) or self.site.former_keys.get(key)
        return self.tickets.get(ticket_id) if ticket_id is not None else None

    def get(self, id_or_key: str) -> Ticket:
        ticket = self.find(id_or_key)
        if ticket is None:
            raise NoSuchError(f"There is no ticket {id_or_key!r}")
        return ticket

    def account(self, who: str) -> Account:
        """By name, account id or e-mail address."""
        for account in self.accounts.values():
            if who in {account.name, account.account_id, account.email}:
                return account
        raise NoSuchError(f"There is no user {who!r}")

    def project(self, id_or_key: str) -> Project:
        for project in self.projects.values():
            if id_or_key.upper() == project.key or id_or_key == project.id:
                return project
        raise NoSuchError(f"There is no project {id_or_key!r}")

    def status(self, name: str) -> Status:
        for status in self.site.statuses:
            if status.name.lower() == name.lower() or status.id == name:
                return status
        raise NoSuchError(f"There is no status {name!r}")

    def fix_version(self, project: Project, name: str) -> Version:
        for version in project.versions:
            if name in {version.name, version.id}:
                return version
        raise NoSuchError(f"Version name {name!r} is not valid")

    # --- the index ---------------------------------------------------------------------------------------------

    def indexed(self) -> Iterator[tuple[Ticket, Ticket]]:
        """Every ticket that search knows, as (what it is, what search knows of it)."""
        if not self._unindexed:
            return ((ticket, ticket) for ticket in self.tickets.values())
        return self._lagging()

    def _lagging(self) -> Iterator[tuple[Ticket, Ticket]]:
        known_until = self.clock() - self.lag
        for ticket_id, befores in list(self._unindexed.items()):
            befores[:] = [(at, before) for at, before in befores if at > known_until]
            if not befores:
                del self._unindexed[ticket_id]
        for ticket in self.tickets.values():
            befores = self._unindexed.get(ticket.id, [])
            known = befores[0][1] if befores else ticket
            if known is not None:
                yield ticket, known

    @property
    def settled(self) -> bool:
        """Whether search knows everything."""
        return not self._unindexed

    # --- changing ----------------------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[Happening], None]) -> None:
        """`listener` hears of each write at once, with the lock held: it must not wait for anything."""
        self._listeners.append(listener)

    def tell(self, happening: Happening) -> None:
        for listener in self._listeners:
            listener(happening)

    def now(self) -> int:
        return int(self.clock() * 1000)

    def new_number(self) -> int:
        self._serial += 1
        return self._serial

    @contextmanager
    def writing(self, ticket: Ticket, by: Account, *, name: str | None = "issue_updated") -> Iterator[list[Item]]:
        """One edit: the caller changes the ticket and appends what changed; the changelog and the webhooks follow.

        An edit that appends nothing leaves no trace. `name` None tells no webhook, as for links.
        """
        with self.lock:
            before, items = copy(ticket), list[Item]()
            yield items
            if not items:
                return
            change = self.log(ticket, by, items)
            self.stale(ticket.id, before)
            if name is not None:
                self.tell(
                    Happening(event="jira:issue_updated", at=change.at, by=by, ticket=ticket, change=change, name=name)
                )

    def log(self, ticket: Ticket, by: Account, items: list[Item]) -> Change:
        """Writes a changelog entry and moves `updated`."""
        change = Change(self.new_number(), self.now(), by.name, tuple(items))
        ticket.log = pack([*ticket.changes(), change])
        ticket.updated = change.at
        return change

    def stale(self, ticket_id: int, before: Ticket | None) -> None:
        """Remembers what search goes on to know for `lag` seconds; `before` None: nothing yet."""
        self.version += 1
        if self.lag > 0:
            self._unindexed.setdefault(ticket_id, []).append((self.clock(), before))

    def admit(self, ticket: Ticket) -> None:
        self.tickets[ticket.id] = ticket
        self._ids[ticket.key] = ticket.id

    def dismiss(self, ticket: Ticket) -> None:
        del self.tickets[ticket.id]
        del self._ids[ticket.key]

    def rekey(self, ticket: Ticket, project: Project) -> str:
        """Gives the ticket the next key of `project`; returns the old one, which goes on to find it."""
        old = ticket.key
        ticket.key, ticket.project = self.next_key(project), project
        self._ids[ticket.key] = ticket.id
        del self._ids[old]
        self.site.former_keys[old] = ticket.id
        return old

    def next_key(self, project: Project) -> str:
        self._numbers[project.key] = self._numbers.get(project.key, 0) + 1
        return f"{project.key}-{self._numbers[project.key]}"

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id
