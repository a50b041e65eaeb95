"""Readiness: what stands between a release and go, in order of effort, and how that has moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from interlock.domain.criterion import BLOCKING, Criterion
from interlock.domain.forecast import Forecast, NoForecast
from interlock.domain.light import Light
from interlock.domain.signoff import Requirement
from interlock.domain.stage import Condition
from interlock.domain.status import ReleaseStatus

EFFORT: Final[Mapping[str, int]] = {
    "checklist": 1,
    "environment_booked": 2,
    "signoffs_given": 3,
    "report": 4,
    "environment_ready": 5,
    "no_high_risk": 6,
    "dependencies_delivered": 7,
    "no_open_blocker": 8,
    "scope_complete": 9,
    "milestone_reached": 10,
}
"""What one person does in a minute comes first; what only time brings comes last."""

LONGEST_GAP: Final = timedelta(days=4)
"""A day that was not recorded is made up for by one at most so much older: a long weekend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReadiness:
    """How it stood on a day."""

    day: date
    light: Light
    passed: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`yesterday` and `last_week` are None where nothing was recorded then, `forecast` where none was asked for.
    `others`: what go asks beside the gates, and has not.
    """

    status: ReleaseStatus
    criteria: tuple[Criterion, ...]
    requirements: tuple[Requirement, ...] = ()
    others: tuple[Condition, ...] = ()
    yesterday: PastReadiness | None = None
    last_week: PastReadiness | None = None
    forecast: Forecast | NoForecast | None = None

    @property
    def passed(self) -> int:
        """By themselves: what is waived is let pass, which is something else."""
        return sum(1 for each in self.criteria if each.state == "pass")

    @property
    def waived(self) -> tuple[Criterion, ...]:
        return tuple(each for each in self.criteria if each.state == "waived")

    @property
    def standing(self) -> tuple[Criterion, ...]:
        """What stands between the release and go, the least effort first."""
        blocking = [each for each in self.criteria if each.state in BLOCKING]
        return tuple(sorted(blocking, key=lambda each: EFFORT.get(each.kind, 0)))

    @property
    def light(self) -> Light:
        """The status' own, but never green while a gate fails or cannot be read."""
        doubtful = any(each.state in {"fail", "unavailable"} for each in self.criteria)
        return "amber" if doubtful and self.status.light == "green" else self.status.light


def of_day(past: Mapping[date, PastReadiness], wanted: date) -> PastReadiness | None:
    """The record of that day, or the newest of the few before it."""
    days = [day for day in past if wanted - LONGEST_GAP <= day <= wanted]
    return past[max(days)] if days else None
