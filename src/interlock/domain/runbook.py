"""A deployment's runbook: its steps, what was done to them, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from interlock.domain.actor import Person
from interlock.domain.policy import StepRule
from interlock.domain.release import Release
from interlock.domain.words import count

LEAST_RUNS: Final = 3
"""From so many earlier releases on, what a step usually takes counts."""
LATEST_RUNS: Final = 20
"""Of more than these the newest count, so that what has become faster shows."""
BEGIN_WITHIN: Final = timedelta(minutes=5)
"""How long a step that may begin may stand before it is late."""
NEXT_AFTER: Final = timedelta(minutes=15)
"""How long a step is late before the release manager hears of it too."""
BEHIND_FROM: Final = timedelta(minutes=5)
"""What a plan is off by less than this is not said."""
LONGEST_NOTE: Final = 500
MINUTE: Final = timedelta(minutes=1)


class Deed(StrEnum):
    """What somebody does to a step. Each is done to it once at most, and never taken back."""

    STARTED = "started"
    FAILED = "failed"
    DONE = "done"
    SKIPPED = "skipped"


SETTLING: Final = (Deed.DONE, Deed.SKIPPED)


class StepState(StrEnum):
    WAITING = "waiting"
    """For those before it."""
    FREE = "free"
    """It may begin."""
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"
    SKIPPED = "skipped"


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One deed, as it is kept. `note` is why, or what was seen; "" where nothing was said."""

    deed: Deed
    person: Person
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`number` counts from 1. `usual_minutes` is the median of earlier releases, as it was when the run began; None
    where there are too few. `id` is 0 in a plan that nobody has begun.
    """

    id: int
    number: int
    rule: StepRule
    usual_minutes: int | None = None
    marks: tuple[Mark, ...] = ()

    def mark(self, *deeds: Deed) -> Mark | None:
        return next((mark for mark in self.marks if mark.deed in deeds), None)

    @property
    def settled(self) -> Mark | None:
        """Its end: done or skipped."""
        return self.mark(*SETTLING)

    @property
    def estimate(self) -> timedelta:
        """How long it should take: as long as it usually does, else as the plan says."""
        return timedelta(minutes=self.usual_minutes or self.rule.expected_minutes)

    @property
    def limit(self) -> timedelta:
        """How long it may take before it is late: the plan's time or the usual one, whichever is more."""
        return timedelta(minutes=max(self.usual_minutes or 0, self.rule.expected_minutes))

    @property
    def took(self) -> timedelta | None:
        """From its start to its tick; None for what was skipped, or stands open."""
        begun, done = self.mark(Deed.STARTED), self.mark(Deed.DONE)
        return done.at - begun.at if begun and done else None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    outcome: Outcome
    person: Person
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One deployment by a release's runbook; `number` counts the release's runs from 1."""

    id: int
    release_id: int
    number: int
    card_id: int
    started_by: Person
    started_at: datetime
    steps: tuple[Step, ...]
    end: End | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a release's newest run is. Without a runbook there is nothing to do, and so nothing left."""

    steps: int = 0
    settled: int = 0
    skipped: int = 0
    failed: int = 0
    run: int | None = None
    """The newest run's number; None where none was begun."""
    end: Outcome | None = None

    @property
    def left(self) -> int:
        """The steps that are neither done nor skipped."""
        return self.steps - self.settled

    @property
    def words(self) -> str:
        """How far it is, for whoever goes by it: what was skipped is said."""
        told = [f"{count(self.left, 'step')} left"] if self.left else []
        told += [f"{self.skipped} of {count(self.steps, 'step')} skipped"] if self.skipped else []
        return ", ".join(told) or "nothing is left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A step as it stands now. `since`: when it began, or since when it may; `late`: by how much."""

    step: Step
    state: StepState
    since: datetime | None = None
    late: timedelta | None = None
    waits_for: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A run as it stands now. `expected_end` is None while a failed step stands in the way of knowing. `spared` is the
    time that the plan had for what was skipped.
    """

    lines: tuple[Line, ...]
    planned_end: datetime
    spared: timedelta
    expected_end: datetime | None

    def of(self, *states: StepState) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.state in states)

    @property
    def settled(self) -> int:
        return len(self.of(StepState.DONE, StepState.SKIPPED))

    @property
    def late(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.late is not None)

    @property
    def behind(self) -> timedelta | None:
        """By how much the expected end is later than planned (negative: earlier), where the plan has no time for what
        was skipped: to skip is not to be ahead. None where that is not known.
        """
        return self.expected_end - (self.planned_end - self.spared) if self.expected_end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A release's runbook for its readers: the newest run as it stands, or the plan where none was begun. `owners`: how
    people read what a step's rule names.
    """

    release: Release
    owners: Mapping[str, str]
    plan: tuple[Step, ...]
    run: Run | None = None
    board: Board | None = None

    @property
    def is_live(self) -> bool:
        """Somebody can still do something on it."""
        return self.run is not None and self.run.end is None and not self.release.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStep:
    """What whoever has to see to a late step is told. `next`: who hears of it when, where somebody else does."""

    release: Release
    run: Run
    line: Line
    manager: bool
    next: tuple[str, datetime] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    step: Step
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Already:
    """It stands so, or was settled otherwise: nothing was changed. `mark` is what stands."""

    step: Step
    mark: Mark
