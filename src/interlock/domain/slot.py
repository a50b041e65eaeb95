"""When a job is due, and what is done about the times it missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from interlock.domain.policy import JobRule

Outcome = Literal["done", "failed", "skipped"]

ON_TIME = timedelta(minutes=2)
"""A slot that is no older than this is not missed: the scheduler ticks, and a start takes a moment."""

FAR = timedelta(days=8)
"""How far slots are looked for: more than a week, so that a weekly one is found."""

PAUSES = (timedelta(minutes=1), timedelta(minutes=5))
"""Before the second and the third attempt of a slot that failed."""

LONGEST_LEASE = timedelta(minutes=15)
"""No slot is held, or put off, for so long. One that is was so by a clock that has been put back since, and is free."""

MOST_ATTEMPTS = 5
"""A slot whose process died so often is given up: it may be what kills it."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)

MANUAL = "manual/"
"""Begins the name of a run that a person asked for."""


def family(job: str) -> str:
    """The job's own name, without its subject and whoever asked for the run."""
    return job.removeprefix(MANUAL).partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One firing of one job. `job` is its name, or name:subject for one of a family, or manual/name for a run that a
    person asked for. Whatever the firing makes is keyed by `key`, so that a repeated firing adds nothing.
    """

    job: str
    due_at: datetime
    attempt: int = 1

    @property
    def key(self) -> str:
        return f"{self.job}@{self.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

    @property
    def subject(self) -> str | None:
        return self.job.partition(":")[2] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """What is recorded of a slot. Without an outcome it runs, waits for another attempt (`lease_until` is when), or was
    abandoned by a process that died.
    """

    slot: Slot
    outcome: Outcome | None = None
    detail: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    done_at: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        held_until = self.lease_until
        return self.outcome is None and held_until is not None and now < held_until <= now + LONGEST_LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Slots that nothing was done about: `count` of them, the first and the last. A `count` of 0 is the slot before a
    job began: it stands for the job in the record, and nobody missed it.
    """

    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job has to do now: run one slot at most (a new one, or the abandoned one again), record those that it
    never will, give up the one that was abandoned.
    """

    run: datetime | None = None
    missed: Missed | None = None
    give_up: datetime | None = None


def slots_between(rule: JobRule, after: datetime, until: datetime, default_zone: str) -> Iterator[datetime]:
    """The job's slots later than `after` up to and with `until`, in UTC, in order.

    Every so many minutes: counted from the UTC epoch, so that replicas and restarts agree. At a local time: a time
    that the clocks show twice counts once, the first time; one that they skip counts at the first instant after.
    """
    if rule.every_minutes is not None:
        yield from _every(timedelta(minutes=rule.every_minutes), after, until)
    elif rule.at is not None:
        yield from _daily(rule.at, rule.days, ZoneInfo(rule.time_zone or default_zone), after, until)


def next_slot(rule: JobRule, now: datetime, default_zone: str) -> datetime | None:
    """The first slot after `now`; None for a rule that never fires."""
    return next(slots_between(rule, now, now + FAR, default_zone), None)


def plan(rule: JobRule, last: Firing | None, now: datetime, default_zone: str) -> Plan:
    """What to do `now`, `last` being the newest firing that is recorded; None for a job never seen before.

    Only the newest due slot ever runs: yesterday's digest beside today's helps nobody. A job runs once at a time.
    A job never seen before runs at once if it is one of every so many minutes; one of a local time begins with its
    next slot, and the one before is recorded, so that from then on there is a `last`.
    """
    if last is not None and last.is_held(now):
        return Plan()
    after = max(last.slot.due_at, now - FAR) if last is not None else now - FAR
    due = list(slots_between(rule, after, now, default_zone))
    unfinished = last if last is not None and last.outcome is None else None
    if not due:
        return _resume(rule, unfinished, now) if unfinished is not None else Plan()
    newest = due[-1]
    runs = now - newest <= _patience(rule, now - newest, is_new=last is None)
    left = due[:-1] if runs else due
    if last is None:
        missed = None if runs else Missed(first=newest, last=newest, count=0)
    else:
        missed = Missed(first=left[0], last=left[-1], count=len(left)) if left else None
    return Plan(
        run=newest if runs else None,
        missed=missed,
        give_up=unfinished.slot.due_at if unfinished is not None else None,
    )


def pause_after_failure(rule: JobRule, attempt: int) -> timedelta | None:
    """When a failed slot is tried again; None: not. A job of every few minutes simply has its next slot."""
    if rule.every_minutes is not None or attempt > len(PAUSES):
        return None
    return PAUSES[attempt - 1]


def _resume(rule: JobRule, unfinished: Firing, now: datetime) -> Plan:
    """Its process died, or it waited for another attempt: once more, unless it is too late or kills each time."""
    due_at = unfinished.slot.due_at
    if unfinished.slot.attempt >= MOST_ATTEMPTS or now - due_at > max(timedelta(minutes=rule.within_minutes), ON_TIME):
        return Plan(give_up=due_at)
    return Plan(run=due_at)


def _patience(rule: JobRule, age: timedelta, *, is_new: bool) -> timedelta:
    if is_new:
        return age if rule.every_minutes is not None else ON_TIME
    return max(timedelta(minutes=rule.within_minutes), ON_TIME) if rule.missed == "catch_up" else ON_TIME


def _every(step: timedelta, after: datetime, until: datetime) -> Iterator[datetime]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    due = epoch + ((after - epoch) // step + 1) * step
    while due <= until:
        yield due
        due += step


def _daily(at: time, days: tuple[str, ...], zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    # A day more on both sides: the skipped times of one local day may come due in the next.
    day, last_day = after.astimezone(zone).date() - ONE_DAY, until.astimezone(zone).date()
    previous = after
    while day <= last_day:
        if WEEKDAYS[day.weekday()] in days:
            due = _instant(day, at, zone)
            if previous < due <= until:
                yield due
                previous = due
        day += ONE_DAY


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant at which the local clocks show this time or, where they skip it, a later one. UTC."""
    local = datetime.combine(day, at, zone)
    early, late = (local.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late:
        return late  # fold 0: the only one, or the first of two
    # In a gap, fold 1 reads the time with the offset of after and gives an instant before the change (PEP 495).
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).replace(tzinfo=None) < local.replace(tzinfo=None):
            early = middle
        else:
            late = middle
    return late
