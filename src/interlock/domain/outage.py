"""Times in which nothing could be posted: how they are noticed, how their end is, and what readers are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

TRIPS_AFTER = 3
"""So many attempts in a row, of whatever messages, without an answer of Slack's: from then on it is only felt for."""

NOTABLE = timedelta(minutes=5)
"""A shorter outage is nobody's news, and a message held up for less is not late."""

FIRST_PROBE = timedelta(seconds=2)
LONGEST_PROBE = timedelta(seconds=30)
FARTHEST_PROBE = 2 * LONGEST_PROBE
"""A probe that is due later than so was put off by a clock that has been put back since, and is due now."""

TOLD_AFTER = timedelta(minutes=1)
"""After Interlock itself was away: so long its jobs have to find out what they missed."""


class Cause(StrEnum):
    SLACK = "slack"
    """Slack took nothing."""
    INTERLOCK = "interlock"
    """No relay ran: every replica was down, or the database was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`ended_at` None: it goes on. While it does, one attempt may be made at `probe_at`, to see if it is over."""

    id: int
    cause: Cause
    began_at: datetime
    ended_at: datetime | None
    failures: int
    probe_at: datetime

    @property
    def is_down(self) -> bool:
        """Whether it is more than a hiccup, and goes on."""
        return self.ended_at is None and self.failures >= TRIPS_AFTER

    def probe_is_due(self, now: datetime) -> bool:
        return not now < self.probe_at <= now + FARTHEST_PROBE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is known of Slack when an attempt has failed. `back_at`: when the last outage ended; patience counts from
    then.
    """

    is_down: bool = False
    failures: int = 0
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """A post that came too late to be of use. `release` is the name of the one it was about, if it was about one."""

    kind: str
    due_at: datetime
    release: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What one channel, or one person, missed. `late` counts the posts that come after all; `not_sent` those that do
    not, the most urgent first.
    """

    cause: Cause
    began_at: datetime
    ended_at: datetime
    late: int
    not_sent: tuple[NotSent, ...]


def probe_pause(failures: int) -> timedelta:
    """How long after so many failed attempts in a row the next one is made: it doubles, up to a bound."""
    doublings = min(max(failures - TRIPS_AFTER, 0), 20)  # beyond, the bound holds anyway
    return min(FIRST_PROBE * (1 << doublings), LONGEST_PROBE)


def is_notable(began_at: datetime, ended_at: datetime) -> bool:
    return ended_at - began_at >= NOTABLE


def is_another(failed_at: datetime, now: datetime) -> bool:
    """Whether the last failure is so long ago that nobody knows what was in between: nothing was to be sent. What comes
    now belongs to another outage, or none, and no more is claimed of the first than was seen.
    """
    return now - failed_at > 2 * NOTABLE
