"""Freezes: when no release deploys, and which releases each binds."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from interlock.domain import recurrence
from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.policy import Freeze, Policy, Template
from interlock.domain.words import day

FEBRUARY: Final = 2
PRODUCTION: Final = "production"
MIDNIGHT: Final = time()


Excepted = tuple[str, datetime, datetime]
"""The very occurrence of a freeze from which a release is excepted: its name, its start and its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One time that a freeze holds: from `starts` until `ends`, in UTC; `start` and `end` are its first and last day on
    the freeze's own clock. `whole`: it leaves no working hour of the day that was asked about.
    """

    name: str
    start: date
    end: date
    starts: datetime
    ends: datetime
    time_zone: str
    whole: bool = True

    def holds(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends

    def is_of(self, freeze: str, starts: datetime, ends: datetime) -> bool:
        """Whether it is the very occurrence that these name."""
        return (self.name, self.starts, self.ends) == (freeze, starts, ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What of a release freezes look at: the keys of its tickets' teams and of the environments that it goes to, and
    their tiers.
    """

    teams: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()


def reach(policy: Policy, template: Template | None, teams: Iterable[str], booked: Iterable[str] = ()) -> Reach:
    """Of a release of this template with tickets of these teams and these environments booked. Where the template does
    not say where its releases deploy, that is taken to be all of production: a freeze must not be slipped by silence.
    """
    named = {*named_environments(template), *booked}
    if template is None or not template.deploys_to:
        named |= {key for key, rule in policy.environments.items() if rule.tier == PRODUCTION}
    tiers = {rule.tier for key, rule in policy.environments.items() if key in named}
    if template is None or not template.deploys_to:
        tiers.add(PRODUCTION)
    return Reach(teams=frozenset(teams), environments=frozenset(named), tiers=frozenset(tiers))


def named_environments(template: Template | None) -> frozenset[str]:
    """Where the template's releases deploy, and what its criteria ask for."""
    if template is None:
        return frozenset()
    return frozenset({*template.deploys_to, *(rule.environment for rule in template.criteria if rule.environment)})


def binds(freeze: Freeze, whom: Reach) -> bool:
    """A freeze for some teams binds a release as soon as one of its tickets is theirs; one for environments or tiers as
    soon as it goes to one of them; one for both only where both meet.
    """
    if freeze.teams and whom.teams.isdisjoint(freeze.teams):
        return False
    if not freeze.environments and not freeze.tiers:
        return True
    return not (whom.environments.isdisjoint(freeze.environments) and whom.tiers.isdisjoint(freeze.tiers))


def between(policy: Policy, since: datetime, until: datetime, whom: Reach | None = None) -> list[Window]:
    """Every window that holds in [since, until) at some time, for all or for whom it binds; the earliest first."""
    found = [
        window
        for freeze in policy.freezes
        if whom is None or binds(freeze, whom)
        for window in windows(freeze, freeze.time_zone or policy.time_zone, since, until)
        if window.starts < until and since < window.ends
    ]
    return sorted(found, key=lambda window: (window.starts, window.ends, window.name))


def holding(policy: Policy, whom: Reach, moment: datetime) -> list[Window]:
    return between(policy, moment, moment + timedelta(microseconds=1), whom)


def meeting(policy: Policy, whom: Reach, target: date, calendar: WorkCalendar) -> Window | None:
    """The freeze that holds on some part of the calendar's day; of several, one that leaves no working hour of it,
    and of those the one that ends last.
    """
    return gravest(on_day(policy, whom, target, calendar))


def gravest(met: Iterable[Window]) -> Window | None:
    return max(met, key=lambda each: (each.whole, each.ends, each.name), default=None)


def but(met: Iterable[Window], excepted: Collection[Excepted]) -> list[Window]:
    """Those from which the release is not excepted."""
    return [each for each in met if not any(each.is_of(*known) for known in excepted)]


def on_day(policy: Policy, whom: Reach, target: date, calendar: WorkCalendar) -> list[Window]:
    begins = datetime.combine(target, MIDNIGHT, calendar.zone).astimezone(UTC)
    over = datetime.combine(target + ONE_DAY, MIDNIGHT, calendar.zone).astimezone(UTC)
    opens = datetime.combine(target, calendar.opens, calendar.zone).astimezone(UTC)
    closes = datetime.combine(target, calendar.closes, calendar.zone).astimezone(UTC)
    return [
        replace(window, whole=window.starts <= opens and closes <= window.ends)
        for window in between(policy, begins, over, whom)
    ]


def met(policy: Policy, whom: Reach, target: date, calendar: WorkCalendar, now: datetime) -> list[Window]:
    """The times that hold for a release now, then those of its target day where that is still to come."""
    found = {(each.name, each.starts, each.ends): each for each in holding(policy, whom, now)}
    if target >= calendar.today(now):
        for each in on_day(policy, whom, target, calendar):
            if each.ends > now:
                found.setdefault((each.name, each.starts, each.ends), each)
    return list(found.values())


def span(window: Window) -> str:
    """`Fri 4 Dec 16:00 to Mon 7 Dec 06:00, Europe/London`: on the freeze's own clock, which people set it by."""
    return spoken(window.starts, window.ends, window.time_zone)


def of_target(window: Window) -> str:
    """What it means for a release whose target day it meets."""
    if window.whole:
        days = f"{day(window.start)} to {day(window.end)}"
        return f"The target falls into {window.name} ({days}): no release deploys then."
    return f"The target day is partly in {window.name} ({span(window)}): no release deploys then."


def spoken(starts: datetime, ends: datetime, time_zone: str) -> str:
    begins = starts.astimezone(ZoneInfo(time_zone))
    return f"{day(begins.date())} {begins:%H:%M} to {_end(ends, time_zone)}, {time_zone}"


def whole_days(window: Window) -> bool:
    """Whether it begins and ends at midnight on its own clock."""
    zone = ZoneInfo(window.time_zone)
    return all(each.astimezone(zone).time() == MIDNIGHT for each in (window.starts, window.ends))


def until(window: Window) -> str:
    """`Mon 7 Dec 06:00, Europe/London`."""
    return f"{_end(window.ends, window.time_zone)}, {window.time_zone}"


def _end(ends: datetime, time_zone: str) -> str:
    """An end at midnight is said as the day's that it ends, 24:00."""
    local = ends.astimezone(ZoneInfo(time_zone))
    if local.time() == MIDNIGHT:
        return f"{day(local.date() - ONE_DAY)} 24:00"
    return f"{day(local.date())} {local:%H:%M}"


def windows(freeze: Freeze, time_zone: str, since: datetime, until: datetime) -> Iterable[Window]:
    """Its windows about [since, until): at least those that hold then. Raises RecurrenceError for a rule that
    `interlock config check` would have named.
    """
    if freeze.rrule is not None:
        return recurring(freeze, time_zone)
    if freeze.yearly:
        return _yearly(freeze, time_zone, since.year - 2, until.year + 1)
    return (_window(freeze, time_zone, freeze.start),)


@lru_cache(maxsize=500)
def recurring(freeze: Freeze, time_zone: str) -> tuple[Window, ...]:
    """Every window of a freeze with a rule."""
    assert freeze.rrule is not None
    first = datetime.combine(freeze.start, freeze.start_time)
    begun = recurrence.occurrences(freeze.rrule, first, ZoneInfo(time_zone))
    return tuple(_window(freeze, time_zone, each.date()) for each in begun)


def clock_gap(freeze: Freeze, time_zone: str) -> tuple[str, date] | None:
    """The first of its times that the zone's clock skips when it goes forward: the key that says it, and the day."""
    zone = ZoneInfo(time_zone)
    shown = recurring(freeze, time_zone) if freeze.rrule else (_window(freeze, time_zone, freeze.start),)
    length = _length(freeze)
    for window in shown:
        if not _exists(datetime.combine(window.start, freeze.start_time), zone):
            return "start_time", window.start
        if freeze.end_time is not None and not _exists(datetime.combine(window.start + length, freeze.end_time), zone):
            return "end_time", window.start + length
    return None


def _yearly(freeze: Freeze, time_zone: str, first: int, last: int) -> Iterator[Window]:
    for year in range(first, last + 1):
        yield _window(freeze, time_zone, _in_year(freeze.start, year))


def _window(freeze: Freeze, time_zone: str, start: date) -> Window:
    """On the clock of the zone, so that clocks that change between its days change nothing of them. A time that comes
    twice is the first one for the start and the second one for the end; one that the clock skips counts as RFC 5545,
    3.3.5 says: with the offset from before.
    """
    zone = ZoneInfo(time_zone)
    starts = datetime.combine(start, freeze.start_time, zone).astimezone(UTC)
    if freeze.hours is not None:
        ends = starts + timedelta(hours=freeze.hours)
    elif freeze.end_time is not None:
        ends = datetime.combine(start + _length(freeze), freeze.end_time, zone).replace(fold=1).astimezone(UTC)
    else:
        ends = datetime.combine(start + _length(freeze) + ONE_DAY, MIDNIGHT, zone).replace(fold=1).astimezone(UTC)
    last = (ends - timedelta(microseconds=1)).astimezone(zone).date()
    return Window(name=freeze.name, start=start, end=last, starts=starts, ends=ends, time_zone=time_zone)


def _length(freeze: Freeze) -> timedelta:
    """From its first day to its last, by their dates."""
    if freeze.end is None:
        return timedelta()
    length = freeze.end - freeze.start
    if freeze.yearly and length < timedelta():  # 20 December to 4 January, both given in one year
        return _in_year(freeze.end, freeze.end.year + 1) - freeze.start
    return length


def _exists(moment: datetime, zone: ZoneInfo) -> bool:
    local = moment.replace(tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment


def _in_year(when: date, year: int) -> date:
    if (when.month, when.day) == (FEBRUARY, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return when.replace(year=year)
