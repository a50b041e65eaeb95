"""Some tickets, and all that they name, as one lot to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.domain.ticket import Account, Project, Ticket, Version
from interlock.trackers.mapping import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some tickets, and all that they name. `reached` is the latest change among them, where the next run may begin
    once they are kept; None on an empty page. `read` counts the tickets up to here, `total` all of them where Jira
    says (Data Center)."""

    tickets: tuple[Ticket, ...]
    projects: tuple[Project, ...]
    versions: tuple[Version, ...]
    accounts: tuple[Account, ...]
    reached: datetime | None
    read: int
    total: int | None


def of(readings: Sequence[Reading], *, read: int = 1, left: int | None = None) -> Page:
    """The page that these readings make; each name they share is told once."""

    def unique(values: Any) -> tuple[Any, ...]:
        return tuple({each.id: each for each in values}.values())

    return Page(
        tickets=tuple(reading.ticket for reading in readings),
        projects=unique(reading.project for reading in readings),
        versions=unique(each for reading in readings for each in reading.versions),
        accounts=unique(each for reading in readings for each in reading.accounts),
        reached=max((reading.ticket.updated for reading in readings), default=None),
        read=read,
        total=None if left is None else read + left,
    )
