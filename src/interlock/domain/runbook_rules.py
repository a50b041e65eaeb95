"""Which steps of a runbook may begin, what is late, when it will be over, and what may be done to a step."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Final

from interlock.domain import names
from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused, roles_of
from interlock.domain.policy import Policy, StepRule
from interlock.domain.runbook import (
    BEGIN_WITHIN,
    LATEST_RUNS,
    LEAST_RUNS,
    LONGEST_NOTE,
    Accepted,
    Already,
    Board,
    Deed,
    Line,
    Outcome,
    Run,
    Step,
    StepState,
)
from interlock.domain.words import join

NAMED: Final = 3
"""How many owners a refusal names."""
DOING: Final = {
    Deed.STARTED: "start",
    Deed.DONE: "tick",
    Deed.FAILED: "say that it failed,",
    Deed.SKIPPED: "skip",
}
ENDED: Final = {Outcome.DONE: "is done", Outcome.ABORTED: "was aborted"}


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
    return sum((_longest(leg) for leg in legs(steps)), timedelta())


def _longest(leg: Iterable[Step]) -> timedelta:
    return max((step.estimate for step in leg), default=timedelta())


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
    spared = timedelta()
    known = True
    for leg in legs(run.steps):
        lines += [_line(step, open_before, free_since, now) for step in leg]
        known = known and not any(step.mark(Deed.FAILED) and not step.settled for step in leg)
        spared += _longest(leg) - _longest(step for step in leg if not step.mark(Deed.SKIPPED))
        ends = max(ends, *(_ends(step, ends, now) for step in leg))
        unsettled = tuple(step for step in leg if not step.settled)
        open_before += unsettled
        if not open_before:
            free_since = max(free_since, *(mark.at for step in leg if (mark := step.settled)))
    return Board(
        lines=tuple(lines),
        planned_end=run.started_at + length(run.steps),
        spared=spared,
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


def not_owner(able: Sequence[Person], step: Step, deed: Deed, release: str) -> Refused:
    """Why that is not theirs to do to the step; `able` are those whose it is."""
    known = [each.name for each in able]
    shown = known[:NAMED] + ([f"{len(known) - NAMED} more"] if len(known) > NAMED else [])
    who = f"{join(shown, 'or')} can." if shown else "Nobody who is still here can: have a release manager skip it."
    return Refused(
        reason="not_owner",
        sentence=f"You can't {DOING[deed]} step {step.number} of {release} ({step.rule.name}): "
        f"it belongs to {step.rule.owner}. {who}",
    )


def note_problem(deed: Deed, said: str) -> Refused | None:
    """What is wrong with what was said with the deed."""
    if deed in {Deed.FAILED, Deed.SKIPPED}:
        what = "what went wrong" if deed is Deed.FAILED else "why it is skipped"
        return unsaid(said, f"Say {what}: it stands on the card and in the record.")
    return _too_long(said)


def unsaid(said: str, ask: str) -> Refused | None:
    return _too_long(said) if names.says_something(said) else Refused(reason="no_reason", sentence=ask)


def _too_long(said: str) -> Refused | None:
    sentence = names.too_long(said, LONGEST_NOTE)
    return Refused(reason="too_long", sentence=sentence) if sentence else None
