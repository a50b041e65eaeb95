"""A calendar feed as iCalendar (RFC 5545). The library escapes, folds and ends the lines."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from interlock.domain.calendar import ONE_DAY
from interlock.domain.feed import Entry, Feed
from interlock.domain.names import tidy

if TYPE_CHECKING:
    from icalendar import Event

PRODUCT: Final = "-//Interlock//Release calendar//EN"
AGAIN: Final = "PT1H"
"""How often a program may look again."""


def calendar(feed: Feed) -> bytes:
    # A tenth of a second to import, and only a process that serves feeds needs it.
    from icalendar import Calendar  # noqa: PLC0415

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "Releases")
    made["X-PUBLISHED-TTL"] = AGAIN
    made["REFRESH-INTERVAL;VALUE=DURATION"] = AGAIN
    for each in feed.entries:
        made.add_component(_event(each, feed.now))
    text: bytes = made.to_ical()
    return text


def _event(entry: Entry, now: datetime) -> "Event":
    from icalendar import Event  # noqa: PLC0415 as above

    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("summary", tidy(entry.summary))
    if entry.description:
        event.add("description", tidy(entry.description))
    starts, ends = _span(entry)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _span(entry: Entry) -> tuple[date, date]:
    """Of whole days the end is the day after the last (RFC 5545, 3.6.1)."""
    if entry.first is not None and entry.last is not None:
        return entry.first, entry.last + ONE_DAY
    assert entry.starts is not None
    assert entry.ends is not None
    return entry.starts.astimezone(UTC), entry.ends.astimezone(UTC)
