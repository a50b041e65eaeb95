"""How a ticket came to be what it is: a changelog that ends in the ticket's own state, on weekdays only."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sandbox.jira import changelog
from sandbox.jira.model import DONE, Account, Change, Item, Named, Status, Ticket, Version, pack
from sandbox.world.calendar import FRIDAY, moment
from sandbox.world.catalogue import BLOCKED, DOING, DROPPED, FINISHED, RESOLUTIONS, REVIEW, TO_DO

MORNING, EVENING = 8 * 60 + 30, 16 * 60 + 30
"""Minutes after midnight UTC between which people work on tickets."""


@dataclass(slots=True)
class History:
    """Collects a ticket's changes. Ids count up across all tickets: share one `ids` list of one number."""

    rng: Random
    ids: list[int]
    rows: list[tuple[int, str, tuple[Item, ...]]] = field(default_factory=list)

    def add(self, at: int, by: Account, *items: Item) -> None:
        self.rows.append((at, by.name, items))

    def close(self, ticket: Ticket) -> None:
        """Writes the changelog into the ticket, oldest first, and sets `updated` to the last change."""
        changes = []
        for at, author, items in sorted(self.rows, key=lambda row: row[0]):
            self.ids[0] += 1
            changes.append(Change(self.ids[0], at, author, items))
        ticket.log = pack(changes)
        ticket.updated = max([ticket.created, *(change.at for change in changes)])


def working_moment(rng: Random, day: date) -> int:
    """Some instant of a working day; for a Saturday or Sunday, of the Friday before."""
    day -= timedelta(days=max(0, day.weekday() - FRIDAY))
    return moment(day, rng.randint(MORNING, EVENING)) + rng.randint(0, 59_999)


def moments(rng: Random, begin: int, end: int, count: int) -> list[int]:
    """`count` working instants between two, the last of them `end` itself, in order."""
    if count <= 0:
        return []
    first, span = date.fromordinal(719163 + begin // 86_400_000), max(0, (end - begin) // 86_400_000)
    between = [working_moment(rng, first + timedelta(days=rng.randint(0, span))) for _ in range(count - 1)]
    return [*sorted(min(max(at, begin + 60_000), end) for at in between), end]


def path(rng: Random, last: Status, *, reopened: bool = False) -> list[Status]:
    """The statuses that a ticket went through, up to `last`. It began in To Do, which is not in the list."""
    if reopened:
        return [DOING, REVIEW, FINISHED, last]
    if last is TO_DO:
        return []
    if last is DOING:
        return [DOING]
    if last in {REVIEW, BLOCKED}:
        return [DOING, last]
    return [DOING, REVIEW, last] if rng.random() < 0.8 else [DOING, last]


def step(before: Status, after: Status) -> tuple[Item, ...]:
    """What the changelog says of one move: Jira sets or clears the resolution in the same entry."""
    items = changelog.items("status", before, after)
    was, becomes = before.category is DONE, after.category is DONE
    if was == becomes:
        return tuple(items)
    ends = (RESOLUTIONS["Done"], None) if was else (None, resolution(after))
    return (*changelog.items("resolution", *ends), *items)


def resolution(status: Status) -> Named | None:
    if status.category is not DONE:
        return None
    return RESOLUTIONS["Won't Do" if status is DROPPED else "Done"]


def version_added(version: Version) -> Item:
    return Item("Fix Version", None, None, version.id, version.name)
