"""How a long listing is read to its end while people keep changing it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from interlock.trackers import jql, plain
from interlock.trackers.errors import TrackerError

MOST_PAGES = 100_000
"""No listing is this long: a server that keeps sending is broken."""

Ask = Callable[[Mapping[str, Any]], Any]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is listed: `fields` of all tickets of `projects` since a moment, along `clock`, `page_size` at a time."""

    projects: Sequence[str]
    clock: jql.Clock
    since: datetime | None
    fields: Sequence[str]
    page_size: int
    history: bool = False

    def query(self, floor: int | None) -> dict[str, Any]:
        return {
            "jql": jql.listing(self.projects, self.clock, floor),
            "fields": list(self.fields),
            "maxResults": self.page_size,
        }

    @property
    def floor(self) -> int | None:
        return None if self.since is None else jql.whole_second(self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """Issues as Jira tells them; `left` is how many follow, where Jira says."""

    issues: list[dict[str, Any]]
    left: int | None


def cloud(ask: Ask, listing: Listing) -> Iterator[RawPage]:
    """Follows `nextPageToken`, which continues after the last ticket's place in the order: a ticket that changes
    meanwhile moves to the end and is read again there."""
    query = listing.query(listing.floor)
    if listing.history:
        query["expand"] = "changelog"
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        answer = _answer(ask(query))
        token = answer.get("nextPageToken")
        yield RawPage(issues=answer["issues"], left=0 if not token else None)
        if answer.get("isLast") is True or (not token and answer.get("isLast") is not False):
            return
        if not isinstance(token, str) or token in seen:
            break
        seen.add(token)
        query["nextPageToken"] = token
    raise TrackerError(
        "Jira's search says that there is more but leads back to pages already read. The next run goes on after the "
        "last page that was kept.",
        permanent=False,
    )


def data_center(ask: Ask, listing: Listing) -> Iterator[RawPage]:
    """Moves the query's own lower bound forward, page by page; `startAt` only counts within one second.

    With `startAt` alone, a ticket of a page already read that changes (and so moves to the end) or is deleted shifts
    all that follow by one, and one of them is never read. A bound on the order's own time cannot shift. Only where more
    tickets than a page share one second (an import, a bulk edit) does `startAt` go on, from the last ticket read, and
    from the second's beginning if that ticket is no longer where it was. What was read twice is told once.
    """
    floor, start, anchor = listing.floor, 0, None
    told: set[tuple[Any, Any]] = set()
    for _ in range(MOST_PAGES):
        query = listing.query(floor) | {"startAt": start}
        if listing.history:
            query["expand"] = ["changelog"]
        answer = _answer(ask(query))
        issues: list[dict[str, Any]] = answer["issues"]
        if anchor is not None and (not issues or issues[0].get("id") != anchor):
            _log.info("jira.page_shifted", floor=floor, start=start)
            start, anchor = 0, None
            continue
        left = _left(answer, start + len(issues)) if issues else 0
        fresh = [each for each in issues if _stamp(each, listing.clock) not in told]
        yield RawPage(issues=fresh, left=left)
        if not left:
            return
        last = plain.moment(_stamp(issues[-1], listing.clock)[1])
        reached = jql.whole_second(last) if last is not None else None
        if reached is not None and (floor is None or reached > floor):
            floor, start, anchor = reached, 0, None
            told = set()
        elif len(issues) > 1:
            start, anchor = start + len(issues) - 1, issues[-1].get("id")
        else:
            start, anchor = start + 1, None
        told.update(_stamp(each, listing.clock) for each in issues)
    raise TrackerError(
        "Jira keeps sending pages without end. Ask a Jira administrator to rebuild its index.", permanent=True
    )


def ahead(pages: Iterator[RawPage]) -> Iterator[RawPage]:
    """The same pages, the next one asked for while the caller is busy with the last: a sync then takes as long as the
    slower of Jira and the database, not as both.
    """

    def following() -> RawPage | None:
        return next(pages, None)

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as asking:
        coming = asking.submit(copy_context().run, following)
        while (page := coming.result()) is not None:
            coming = asking.submit(copy_context().run, following)
            yield page


def _answer(answer: Any) -> dict[str, Any]:
    found = plain.record(answer)
    if not isinstance(found.get("issues"), list) or not all(isinstance(each, dict) for each in found["issues"]):
        raise TrackerError(
            "Jira answered a search without a list of issues. Check that JIRA_URL names Jira itself.", permanent=False
        )
    return found


def _left(answer: dict[str, Any], read: int) -> int:
    total = answer.get("total")
    if not isinstance(total, int):
        raise TrackerError(
            "Jira answered a search without saying how many tickets there are. If it is Jira Cloud, set JIRA_EMAIL.",
            permanent=True,
        )
    return max(total - read, 0)


def _stamp(issue: dict[str, Any], clock: jql.Clock) -> tuple[Any, Any]:
    return issue.get("id"), plain.record(issue.get("fields")).get(clock)
