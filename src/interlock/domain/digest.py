"""The morning digest and the readiness summary: what they say, and when."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from interlock.domain.calendar import WorkCalendar
from interlock.domain.light import Light
from interlock.domain.policy import ChannelRule, Digest, JobRule, Policy
from interlock.domain.release import Milestone
from interlock.domain.status import Move, ReleaseStatus
from interlock.domain.ticket import Category
from interlock.domain.waiver import Waiver

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SOON: Final = 5
"""A milestone that is so many business days away, or fewer, stands in the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the digest before this one said, and when: the light of then, and how many sign-offs and blockers."""

    light: Light
    at: datetime
    signoffs: int = 0
    blockers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MorningDigest:
    """One release's morning in one channel. `before` is what the last digest said, None for the first; `finished` and
    `reopened` are tickets since then; `soon` are milestones near enough to name, with business days to go; `waived` are
    the waivers in force, `overdue` the keys of RAID entries whose review is.
    """

    status: ReleaseStatus
    before: Past | None
    channel_id: str
    today: date
    finished: int
    reopened: int
    soon: tuple[tuple[Milestone, int], ...]
    waived: tuple[Waiver, ...] = ()
    overdue: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Nothing that a reader would call news: not the light, not the scope, not one ticket, sign-off or blocker."""
        now, past, change = self.status, self.before, self.status.change
        if any(each.due for each in now.break_glass):  # each digest says it, until somebody has seen to it
            return False
        if past is None or (past.light, past.signoffs, past.blockers) != (now.light, now.signoffs_given, now.blockers):
            return False
        return not (self.finished or self.reopened or change.added or change.removed)


def calendar_of(policy: Policy, digest: Digest) -> WorkCalendar:
    return policy.calendars[digest.calendar or policy.calendar]


def job_rule(policy: Policy, digest: Digest) -> JobRule:
    """When the channel's digest is due: its local time, on its calendar's weekdays; holidays are left out later."""
    calendar = calendar_of(policy, digest)
    days = tuple(name for number, name in enumerate(WEEKDAYS) if number in calendar.weekdays)
    return JobRule(at=digest.at, days=days, time_zone=digest.time_zone or calendar.time_zone)


def wants_today(policy: Policy, rule: ChannelRule | None, now: datetime) -> bool:
    """Whether the channel has a digest on this day, holidays considered."""
    if rule is None or rule.digest is None:
        return False
    calendar = calendar_of(policy, rule.digest)
    return calendar.is_business_day(calendar.today(now))


def moved(moves: tuple[Move, ...], born_done: int) -> tuple[int, int]:
    """How many tickets got done, and how many that were done are not any more."""
    known = [move for move in moves if move.before is not Category.UNKNOWN]
    finished = sum(1 for move in known if move.after is Category.DONE and move.before is not Category.DONE)
    reopened = sum(1 for move in known if move.before is Category.DONE and move.after is not Category.DONE)
    return finished + born_done, reopened
