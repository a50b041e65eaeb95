"""When whoever is asked for a sign-off is reminded of it: oftener the nearer the day, and in their working hours."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.release import Release
from interlock.domain.signoff import Requirement

NEAR: Final = ((10, 5), (5, 3))
"""With more business days to go than the first, every second business days; else every business day."""
LAST_DAYS: Final = 1
"""With so many business days to go or fewer, again in the afternoon, and the release manager hears of it."""
NOON: Final = time(13, 0)
WARNING: Final = 1
"""Business days before an answer is due on which it is warned that it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`key` names the part of the day, so that each is told once; `until` is when it means nothing any more."""

    key: str
    until: datetime
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody's word that a release waits for, since `asked_at`. `away`: until when they are, without a stand-in."""

    requirement: Requirement
    person: Person
    asked_at: datetime
    hours: WorkCalendar
    told: Person | None
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What a reminder says when it is sent. `principal`: in whose place the reader signs; `due`: by when policy wants
    the answer, after which it is recorded that none came; `following`: when the next comes, at the earliest.
    """

    release: Release
    requirements: tuple[Requirement, ...]
    principal: Person | None
    needed: date
    days_to_go: int
    due: datetime | None
    following: datetime | None
    tickets: int
    revision_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chase:
    """What the release manager hears: whose word is missing, so shortly before it is needed."""

    release: Release
    waiting: tuple[tuple[Requirement, tuple[Person, ...]], ...]
    needed: date
    days_to_go: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Who did not answer in time, and for what."""

    release: Release
    requirement: Requirement
    person: Person
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A requirement that the people who are left cannot meet, or can again."""

    release: Release
    requirement: Requirement


def due(asked_at: datetime, needed: date, hours: WorkCalendar, now: datetime) -> Due | None:
    """The reminder that belongs to this moment. Not on the day of the asking: they were just asked."""
    if not hours.is_open(now):
        return None
    today = hours.today(now)
    waited = hours.business_days_between(hours.today(asked_at), today)
    left = hours.business_days_between(today, needed)
    if waited < 1 or waited % every(left):
        return None
    local = now.astimezone(hours.zone)
    last = left <= LAST_DAYS
    afternoon = last and local.time() >= NOON
    closes = datetime.combine(today, hours.closes, hours.zone)
    noon = datetime.combine(today, NOON, hours.zone)
    until = noon if last and not afternoon and noon < closes else closes
    return Due(key=f"{today}{'-2' if afternoon else ''}", until=until.astimezone(now.tzinfo), last=last)


def every(left: int) -> int:
    """Business days between two reminders, with so many to go."""
    return next((gap for more, gap in NEAR if left > more), 1)


def next_day(asked_at: datetime, needed: date, hours: WorkCalendar, now: datetime) -> datetime:
    """When the next reminder after today's comes."""
    day, asked = hours.today(now), hours.today(asked_at)
    while True:
        day = hours.add_business_days(day, 1)
        if not hours.business_days_between(asked, day) % every(hours.business_days_between(day, needed)):
            return datetime.combine(day, hours.opens, hours.zone).astimezone(now.tzinfo)


def answer_due(asked_at: datetime, within: int, hours: WorkCalendar) -> datetime:
    """By when it has to be answered: the end of that business day, where the person is."""
    day = hours.add_business_days(hours.today(asked_at), within)
    return datetime.combine(day, hours.closes, hours.zone).astimezone(asked_at.tzinfo)


def warning(due_at: datetime, hours: WorkCalendar, now: datetime) -> datetime | None:
    """Whether to warn now, and then when the answer is due: a business day after the warning at the earliest, so that
    nobody's time is up before they heard of it. None where it is not time yet, or nobody is at work.
    """
    warn_on = hours.add_business_days(hours.today(due_at), -WARNING)
    if hours.today(now) < warn_on or not hours.is_open(now):
        return None
    least = hours.add_business_days(hours.today(now), WARNING)
    return max(due_at, datetime.combine(least, hours.closes, hours.zone).astimezone(now.tzinfo))


def needed_by(release: Release, requirement: Requirement) -> date:
    """The day on which the sign-off is needed."""
    found = (each.due for each in release.milestones if each.name == requirement.rule.needed_by)
    return next(found, release.target)
