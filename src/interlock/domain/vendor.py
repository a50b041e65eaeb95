"""Slack and Jira, as those who may stop knowing us: an app that was removed, a token that was revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=15)
FARTHEST_PROBE: Final = LONGEST_PAUSE + timedelta(minutes=5)
"""A probe that is due later than so was put off by a clock that has been put back since, and is due now."""


class Vendor(StrEnum):
    SLACK = "slack"
    JIRA = "jira"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The vendor does not accept our token, since then; `told` is a sentence with its mend. From `probe_at` on one job
    may try whether it does again.
    """

    vendor: Vendor
    since: datetime
    told: str
    refusals: int
    probe_at: datetime

    def probe_is_due(self, now: datetime) -> bool:
        return not now < self.probe_at <= now + FARTHEST_PROBE


def pause(refusals: int) -> timedelta:
    """Until it is tried again: who asks with a dead token again and again is locked out for good."""
    return min(FIRST_PAUSE * (1 << min(refusals - 1, 10)), LONGEST_PAUSE)
