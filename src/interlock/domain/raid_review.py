"""When the owner of a RAID entry is asked to look at it again, and what they are asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.policy import RaidRules
from interlock.domain.raid import Entry, is_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """What one person is asked to look at again: `own` entries, and `orphans`, whose owners can't any more and which
    they see as a release manager. `next` is the day on which they are asked again; `opens_at` when their working hours
    begin, now where they have.
    """

    own: tuple[Entry, ...]
    orphans: tuple[Entry, ...]
    today: date
    next: date
    opens_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry that somebody else, `by` by name, made one the owner or the approver of: `part` says which. `opens_at`
    as in Reviews.
    """

    entry: Entry
    part: str
    by: str
    opens_at: datetime


def asks_on(entry: Entry, rules: RaidRules, calendar: WorkCalendar, today: date) -> bool:
    """Whether its owner is asked for the review on this day: on its business day, and every so many after that."""
    if not is_due(entry, today) or not calendar.is_business_day(today):
        return False
    return calendar.business_days_between(_first(entry, calendar), today) % rules.remind_every_business_days == 0


def next_ask(entries: Iterable[Entry], rules: RaidRules, calendar: WorkCalendar, today: date) -> date:
    """The next day after this one on which one of the entries, all due, is asked about if nothing happens."""
    day = today + ONE_DAY
    due = list(entries)
    while due and not any(asks_on(each, rules, calendar, day) for each in due):
        day += ONE_DAY
    return day


def _first(entry: Entry, calendar: WorkCalendar) -> date:
    """The business day of its review."""
    day = entry.review_on
    while not calendar.is_business_day(day):
        day += ONE_DAY
    return day
