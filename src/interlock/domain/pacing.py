"""How fast Slack may be called. A bucket is a method, or a method in a channel; each knows when it is next free."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """What the relay does next with a message."""

    POST = "post"
    UPDATE = "update"
    LOOK_UP = "look up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`every` apart on average, and up to `burst` at once after a pause."""

    name: str
    every: timedelta
    burst: int = 1

    @property
    def leeway(self) -> timedelta:
        return self.every * (self.burst - 1)

    def free_at(self, next_at: datetime) -> datetime:
        """When the bucket may be used, of which `next_at` is kept."""
        return next_at - self.leeway

    def used(self, next_at: datetime, now: datetime) -> datetime:
        """What to keep once it is used `now` (the virtual scheduling form of GCRA, ITU-T I.371)."""
        return max(next_at, now) + self.every

    def held(self, until: datetime) -> datetime:
        """What to keep so that nobody uses it before `until`."""
        return until + self.leeway


SLACK = {
    # About one post a second in a channel, and "several hundred a minute" in the workspace.
    Step.POST: (
        Bucket(name="chat.postMessage", every=timedelta(seconds=0.2), burst=20),
        Bucket(name="chat.postMessage:{channel}", every=timedelta(seconds=1.05)),
    ),
    # Tier 3: "50+ per minute", sporadic bursts are welcome.
    Step.UPDATE: (Bucket(name="chat.update", every=timedelta(seconds=1.2), burst=5),),
    Step.LOOK_UP: (Bucket(name="conversations.history", every=timedelta(seconds=1.2), burst=5),),
}
"""Slack's limits, widest bucket first. Source: https://docs.slack.dev/apis/web-api/rate-limits"""

UNLIMITED: Mapping[Step, tuple[Bucket, ...]] = dict.fromkeys(Step, ())


def buckets(rates: Mapping[Step, tuple[Bucket, ...]], step: Step, channel: str) -> tuple[Bucket, ...]:
    """The buckets that a step in a channel uses, the narrowest last: the one that a vendor's "slow down" closes."""
    return tuple(
        Bucket(name=rate.name.replace("{channel}", channel), every=rate.every, burst=rate.burst) for rate in rates[step]
    )
