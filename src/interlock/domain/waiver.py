"""Waivers: a criterion that is let pass for a time, by somebody else than who asked for it."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from interlock.domain import when
from interlock.domain.names import unsaid

UNTIL: Final = re.compile(r"\buntil\b", re.IGNORECASE)
LONGEST: Final = timedelta(days=92)
"""A waiver is a debt: it is asked for anew at the end of a quarter."""


class WaiverState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`until` is the last local day on which it holds and `expires_at` the end of that day. `asked_by_id` is a Slack
    id; `asked_by` and `decided_by` are names, the latter "" before somebody decided.
    """

    id: int
    release_id: int
    criterion: str
    reason: str
    until: date
    expires_at: datetime
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    state: WaiverState = WaiverState.ASKED
    decided_by: str = ""
    decided_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.state is WaiverState.GRANTED and now < self.expires_at

    @property
    def open(self) -> bool:
        """Somebody may still decide it."""
        return self.state is WaiverState.ASKED


def read(text: str, today: date) -> tuple[str, date | None, str]:
    """`Staging is booked until 2026-12-18 because …` taken apart: the criterion as typed, the day, why."""
    found = UNTIL.search(text)
    if found is None:
        return text.strip(), None, ""
    typed, _, why = text[found.end() :].strip().partition(" ")
    return text[: found.start()].strip(), when.day(typed.strip(":,"), today), why.strip()


def problem_with(until: date | None, today: date, reason: str, longest_reason: int) -> dict[str, str]:
    """What is wrong with what was asked for, by field."""
    wrong = {}
    if until is None:
        wrong["until"] = "Say until which day, such as: until 2026-12-18."
    elif until < today:
        wrong["until"] = f"{until.isoformat()} is past. Say a day from today on."
    elif until - today > LONGEST:
        wrong["until"] = f"A waiver lasts {LONGEST.days} days at most: until {(today + LONGEST).isoformat()}."
    if problem := unsaid(reason, "Say why it may pass, and what makes that safe.", longest_reason):
        wrong["reason"] = problem
    return wrong
