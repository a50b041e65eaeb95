"""Who is told that their decision is wanted, of those that no sign-off card asks for: waivers, freeze exceptions and
changes of policy. At once in their working hours, and then oftener the nearer the day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.signoff_reminder import Due, every

LATE: Final = timedelta(minutes=30)
"""What is asked for so shortly before somebody goes home, they hear of on the next business day."""


class Matter(StrEnum):
    WAIVER = "waiver"
    EXCEPTION = "exception"
    POLICY_CHANGE = "policy_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A decision that somebody asked for and nobody has made: on what, by its number. `told` are those who may make it,
    or stand in for who may; `needed` is the day on which the release rests on it.
    """

    matter: Matter
    id: int
    told: tuple[Person, ...]
    asked_at: datetime
    needed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReminder:
    """What one of them reads. `following`: when the next comes, at the earliest."""

    matter: Matter
    following: datetime


def due(wanted: Wanted, hours: WorkCalendar, now: datetime) -> Due | None:
    """What belongs to this moment, in somebody's hours; None where nothing does."""
    today = hours.today(now)
    if not hours.is_open(now) or not _belongs(wanted, hours, today):
        return None
    closes = datetime.combine(today, hours.closes, hours.zone).astimezone(now.tzinfo)
    return Due(key=str(today), until=closes, last=False)


def following(wanted: Wanted, hours: WorkCalendar, now: datetime) -> datetime:
    """When the next comes after today's."""
    day = hours.add_business_days(hours.today(now), 1)
    while not _belongs(wanted, hours, day):
        day = hours.add_business_days(day, 1)
    return datetime.combine(day, hours.opens, hours.zone).astimezone(now.tzinfo)


def _belongs(wanted: Wanted, hours: WorkCalendar, day: date) -> bool:
    first = hours.today(hours.add_business_time(wanted.asked_at, LATE))
    waited = hours.business_days_between(first, day)
    return waited >= 0 and waited % every(hours.business_days_between(day, wanted.needed)) == 0
