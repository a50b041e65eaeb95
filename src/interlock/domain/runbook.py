"""A deployment's runbook: which steps may begin, who was to do what until when, and when it will be over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median
from typing import Final

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused, roles_of
from interlock.domain.policy import Policy, StepRule
from interlock.domain.release import Release
from interlock.domain.words import join

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

    steps: int
    settled: int
    failed: int
    run: int | None
    """The newest run's number; None where none was begun."""
    end: Outcome | None

    @property
    def left(self) -> int:
        """The steps that are neither done nor skipped."""
        return self.steps - self.settled


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
    """A run as it stands now. `expected_end` is None while a failed step stands in the way of knowing."""

    lines: tuple[Line, ...]
    planned_end: datetime
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
        """By how much the expected end is later than planned (negative: earlier); None where that is not known."""
        return self.expected_end - self.planned_end if self.expected_end else None


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


def legs(steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
    """The steps in their order, those that run together as one."""
    for _, together in groupby(steps, key=lambda step: step.rule.parallel or step.number):
        yield tuple(together)


def planned(rules: Iterable[StepRule], usual: dict[str, int]) -> tuple[Step, ...]:
    """A plan's steps before anybody begins; `usual` is minutes by key."""
    return tuple(
        Step(id=0, number=number, rule=rule, usual_minutes=usual.get(rule.key))
        for number, rule in enumerate(rules, start=1)
    )


def length(steps: Iterable[Step]) -> timedelta:
    """How long all of it should take: of those that run together the longest counts."""
    return sum((max(step.estimate for step in leg) for leg in legs(steps)), timedelta())


def usual(minutes: Sequence[float]) -> int | None:
    """What a step usually takes, in whole minutes, by how long it took in earlier releases, the newest first."""
    if len(minutes) < LEAST_RUNS:
        return None
    return max(1, round(median(minutes[:LATEST_RUNS])))


def board(run: Run, now: datetime) -> Board:
    """The run as it stands; of one that has ended, as it stood then."""
    now = run.end.at if run.end else now
    lines: list[Line] = []
    open_before: tuple[Step, ...] = ()
    free_since = ends = run.started_at
    known = True
    for leg in legs(run.steps):
        lines += [_line(step, open_before, free_since, now) for step in leg]
        known = known and not any(step.mark(Deed.FAILED) and not step.settled for step in leg)
        ends = max(ends, *(_ends(step, ends, now) for step in leg))
        unsettled = tuple(step for step in leg if not step.settled)
        open_before += unsettled
        if not open_before:
            free_since = max(free_since, *(mark.at for step in leg if (mark := step.settled)))
    return Board(
        lines=tuple(lines),
        planned_end=run.started_at + length(run.steps),
        expected_end=ends if known else None,
    )


def _line(step: Step, open_before: tuple[Step, ...], free_since: datetime, now: datetime) -> Line:
    begun = step.mark(Deed.STARTED)
    if settled := step.settled:
        return Line(step=step, state=StepState(settled.deed.value), since=begun.at if begun else None)
    if failed := step.mark(Deed.FAILED):
        return Line(step=step, state=StepState.FAILED, since=failed.at)
    if begun:
        late = now - begun.at - step.limit
        return Line(step=step, state=StepState.RUNNING, since=begun.at, late=late if late > timedelta() else None)
    if open_before:
        return Line(step=step, state=StepState.WAITING, waits_for=tuple(each.number for each in open_before))
    late = now - free_since - BEGIN_WITHIN
    return Line(step=step, state=StepState.FREE, since=free_since, late=late if late > timedelta() else None)


def _ends(step: Step, may_begin: datetime, now: datetime) -> datetime:
    if settled := step.settled:
        return settled.at
    begun = step.mark(Deed.STARTED)
    return max(now, begun.at + step.estimate) if begun else max(now, may_begin) + step.estimate


def judge(run: Run, step: Step, deed: Deed, now: datetime) -> Accepted | Already | Refused:
    """Whether the deed may be done to the step now, whoever does it."""
    if run.end:
        return Refused(reason="run_ended", sentence=f"Run {run.number} {ENDED[run.end.outcome]}: nothing was changed.")
    if settled := step.settled:
        return Already(step=step, mark=settled)
    if same := step.mark(deed):
        return Already(step=step, mark=step.mark(Deed.FAILED) or same)
    if deed is Deed.SKIPPED:
        return Accepted(step=step, deed=deed)
    line = next(line for line in board(run, now).lines if line.step.id == step.id)
    if line.state is StepState.WAITING:
        before = join([str(number) for number in line.waits_for])
        return Refused(reason="waits", sentence=f"Step {step.number} waits for {before}: nothing was changed.")
    if line.state is StepState.FREE and deed is not Deed.STARTED:
        return Refused(
            reason="not_begun", sentence=f"Step {step.number} was not started. Start it first, so that its time counts."
        )
    return Accepted(step=step, deed=deed)


ENDED: Final = {Outcome.DONE: "is done", Outcome.ABORTED: "was aborted"}


def owns(policy: Policy, owner: str, standing: Standing) -> bool:
    """Whether the person is who a step's rule names: a role of today's policy, a user group, or an e-mail address."""
    if "@" in owner:
        return (standing.person.email or "").casefold() == owner.casefold()
    return owner in roles_of(policy, standing) if owner in policy.roles else owner in standing.groups


def find(steps: Sequence[Step], typed: str) -> Step | Refused:
    """The step that somebody names by its number, its key, or a beginning of the key that fits one alone."""
    wanted = typed.casefold().removeprefix("#")
    exact = [step for step in steps if wanted in {str(step.number), step.rule.key}]
    begun = exact or [step for step in steps if wanted and step.rule.key.startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        which = join([f"{step.number} {step.rule.key}" for step in begun[:5]], "or")
        return Refused(reason="unclear", sentence=f"More than one step begins with {typed[:40]}: {which}?")
    last = steps[-1]
    named = f"There is no step {typed[:40]}" if wanted else "Which step"
    return Refused(
        reason="unclear",
        sentence=f"{named}: name one by its number, 1 to {last.number}, or its key, such as {last.rule.key}.",
    )
