"""The escalation ladder: who hears of a blocker when, until somebody takes it, snoozes it, or it clears."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import LadderStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A ticket's stay as a root, from when Interlock saw it. `since` is from its history, None where that tells
    nothing. `told` is when each step of the ladder was told, by the step's number.
    """

    id: int
    ticket_id: str
    since: datetime | None
    seen_at: datetime
    taken_by: str | None = None
    taken_until: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_reason: str | None = None
    told: Mapping[int, datetime] = field(default_factory=dict)

    def is_quiet(self, now: datetime) -> bool:
        """Somebody has it in hand, or asked for silence, until a moment that has not come."""
        return any(until is not None and now < until for until in (self.taken_until, self.snoozed_until))


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    number: int
    step: LadderStep
    at: datetime
    """UTC; inside business hours."""


def next_step(episode: Episode, ladder: tuple[LadderStep, ...], calendar: WorkCalendar) -> NextStep | None:
    """The step that was not told yet, and when it is due, if nobody takes the blocker; None at the ladder's end.

    Steps are told one after another: for a blocker that was old when it was first seen, each later step keeps its
    distance from the one before, so that its owner hears of it first.
    """
    number = max(episode.told, default=-1) + 1
    if number >= len(ladder):
        return None
    step = ladder[number]
    begun = episode.since or episode.seen_at
    at = calendar.add_business_time(begun, timedelta(hours=step.after_business_hours))
    if number:
        gap = max(step.after_business_hours - ladder[number - 1].after_business_hours, 0)
        at = max(at, calendar.add_business_time(episode.told[number - 1], timedelta(hours=gap)))
    silent_until = [until for until in (episode.taken_until, episode.snoozed_until) if until is not None]
    return NextStep(number=number, step=step, at=calendar.next_opening(max([at, *silent_until])))


def is_due(due: NextStep | None, calendar: WorkCalendar, now: datetime) -> bool:
    """Whether to tell it now: nobody is told outside business hours."""
    return due is not None and due.at <= now and calendar.is_open(now)
