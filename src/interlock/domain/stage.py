"""The stages of a release: where it may go from where it stands, and on which conditions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.domain import names
from interlock.domain.authority import Refused
from interlock.domain.criterion import BLOCKING, Criterion
from interlock.domain.policy import STAGES, StageKey
from interlock.domain.release import Release, Stage
from interlock.domain.runbook import Progress as RunbookProgress
from interlock.domain.signoff import GIVEN, Progress, Requirement
from interlock.domain.words import count, day, join

WAY_BACK: Final = {
    Stage.IN_PROGRESS: Stage.PLANNED,
    Stage.FROZEN: Stage.IN_PROGRESS,
    Stage.READY: Stage.FROZEN,
    Stage.GO: Stage.READY,
    Stage.DEPLOYING: Stage.READY,
}
"""Where a release goes back to. What was deployed and taken back needs a new go; what is released stays released."""

GONE: Final = frozenset({Stage.GO, Stage.DEPLOYING, Stage.RELEASED})
"""The stages that rest on a go."""

CANCELLABLE: Final = frozenset({Stage.PLANNED, Stage.IN_PROGRESS, Stage.FROZEN, Stage.READY, Stage.GO})

NO_RUNBOOK: Final = RunbookProgress()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that a move asks for, whether it holds, and in words why. `unnamed` says that without somebody's name,
    where `why` has one: what is recorded outlives whom it names. `let_pass`: by broken glass alone.
    """

    name: str
    holds: bool
    why: str
    unnamed: str = ""
    let_pass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a move forward is judged by, all read in the transaction of the move. `criteria` are every gate's result;
    `obstacles` are sentences about freezes and collisions; `stale` says why the mirror cannot be relied on;
    `runbook` says how far the runbook is; `unanswered`: the template wants a
    roll-call, and this is not the move that confirms one.
    """

    tickets: int
    criteria: tuple[tuple[StageKey, Criterion], ...] = ()
    requirements: tuple[Requirement, ...] = ()
    obstacles: tuple[str, ...] = ()
    stale: str | None = None
    runbook: RunbookProgress = NO_RUNBOOK
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Where a release can go next, and what it takes. `back` is where it can go back to. `refused`: somebody wanted to
    move it, and it was not moved.
    """

    release: Release
    after: Stage | None
    conditions: tuple[Condition, ...]
    back: Stage | None
    refused: bool = False

    @property
    def missing(self) -> tuple[Condition, ...]:
        return tuple(each for each in self.conditions if not each.holds)

    @property
    def let_pass(self) -> tuple[Condition, ...]:
        return tuple(each for each in self.conditions if each.let_pass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`again`: it stood there already, and nothing was done."""

    release: Release
    before: Stage
    after: Stage
    again: bool = False


def over(one: Release) -> Refused | None:
    """Why nothing is decided on a release that has ended."""
    return _nothing_more(one) if one.ended else None


def settled(one: Release) -> Refused | None:
    """Why no sign-off is given on a release, nor a condition of one ticked off: what was released stays released."""
    return _nothing_more(one) if one.settled else None


def _nothing_more(one: Release) -> Refused:
    return Refused(
        reason="release_ended", sentence=f"{one.name} is {words(one.stage)}, so nothing more is decided on it."
    )


def too_late_to_cancel(one: Release) -> Refused | None:
    """Why it can only be ended in another way."""
    if one.stage in CANCELLABLE:
        return None
    done = "was released" if one.stage is Stage.RELEASED else "is being deployed. Take it back first"
    return Refused(reason="too_late", sentence=f"{one.name} can't be cancelled: it {done}.")


def words(stage: Stage) -> str:
    """`in progress`."""
    return stage.value.replace("_", " ")


def passed_through(release: Release) -> tuple[Stage, ...]:
    """The stages of this release, in order: planned, those that its template names, closed."""
    return (Stage.PLANNED, *(Stage(each) for each in release.policy.stages), Stage.CLOSED)


def following(release: Release) -> Stage | None:
    """The next stage; None where none follows but closing, or nothing does."""
    stages = passed_through(release)
    if release.stage not in stages:
        return None
    after = stages[stages.index(release.stage) + 1 :]
    return after[0] if after and after[0] is not Stage.CLOSED else None


def preceding(release: Release) -> Stage | None:
    """The stage to which it can safely go back, of those that it goes through; None where none is."""
    stages = passed_through(release)
    back = WAY_BACK.get(release.stage)
    while back is not None and back not in stages:
        back = WAY_BACK.get(back)
    return back


def deploys(release: Release) -> bool:
    """Whether it stands where a deployment may begin: at go or deploying, or anywhere if it goes through neither."""
    there = {Stage.GO, Stage.DEPLOYING}.intersection(passed_through(release))
    return not there or release.stage in there


def before_go(release: Release) -> bool:
    """Whether it has its go still before it."""
    stages = passed_through(release)
    return Stage.GO in stages and release.stage in stages[: stages.index(Stage.GO)]


def named(typed: str, release: Release) -> Stage | None:
    """The stage of this release that somebody means: its name, with or without its underscore, or a beginning."""
    by_words = {words(each): each for each in passed_through(release)}
    found = names.find(typed.replace("_", " "), list(by_words))
    return by_words[found.name] if isinstance(found, names.Found) else None


def conditions(after: Stage, grounds: Grounds) -> tuple[Condition, ...]:
    """What a move forward to `after` asks for, each with its result: the gates and sign-offs of that stage and of
    those before it, so that what turned red since is seen again.
    """
    asked = [_scope(grounds)]
    if after is Stage.RELEASED:  # what somebody rejected while it was deployed is not released over their head
        return (_runbook(grounds), *(_signoff(each) for each in grounds.requirements))
    asked += [_gate(each) for before, each in grounds.criteria if counts(before, after) and not _is_signoffs(each)]
    asked += [_signoff(each) for each in grounds.requirements if counts(needed_before(each), after)]
    if after is Stage.GO and grounds.unanswered:
        asked.append(Condition(name="Go/no-go", holds=False, why="a roll-call has to say go: type /release gonogo"))
    if after in {Stage.GO, Stage.DEPLOYING}:
        asked.append(Condition(name="Jira is read", holds=grounds.stale is None, why=grounds.stale or "just now"))
        asked += [Condition(name="Calendar", holds=False, why=each) for each in grounds.obstacles]
    return tuple(asked)


def needed_before(requirement: Requirement) -> StageKey:
    return requirement.rule.before_stage


def unmet(requirements: Iterable[Requirement], stage: Stage) -> list[Requirement]:
    """The sign-offs that a release in this stage needs and has not, or has no more."""
    return [each for each in requirements if counts(needed_before(each), stage) and each.progress not in GIVEN]


def needed_for(requirement: Requirement, stage: Stage) -> bool:
    """Whether a release needs this sign-off to come to a stage."""
    return counts(needed_before(requirement), stage)


def lacking(after: Stage, missing: Sequence[Condition]) -> str:
    """`2 conditions of ready do not hold: QA (0 of 2 signed), Everything in scope is done (41 of 58 done)`."""
    told = join([f"{each.name} ({each.why})" for each in missing])
    return (
        f"{count(len(missing), 'condition')} of {words(after)} {'does' if len(missing) == 1 else 'do'} not hold: {told}"
    )


def counts(before: StageKey, after: Stage) -> bool:
    """Whether what is needed before one stage is looked at on the way to another."""
    return after.value in STAGES and STAGES.index(before) <= STAGES.index(_key(after))


def _key(stage: Stage) -> StageKey:
    return next(each for each in STAGES if each == stage.value)


def _scope(grounds: Grounds) -> Condition:
    return Condition(
        name="Something is in scope", holds=grounds.tickets > 0, why=count(grounds.tickets, "ticket") + " in scope"
    )


def _gate(criterion: Criterion) -> Condition:
    return Condition(
        name=criterion.name, holds=criterion.state not in BLOCKING, why=criterion.why, unnamed=_unnamed(criterion)
    )


def _unnamed(criterion: Criterion) -> str:
    """Who ticked it, and who granted the waiver, have events of their own."""
    if criterion.waiver:
        return f"waived until {criterion.waiver.until.isoformat()}: {criterion.waiver.reason}"
    return "ticked" if criterion.kind == "checklist" and criterion.state == "pass" else ""


def _is_signoffs(criterion: Criterion) -> bool:
    """Each requirement is a condition of its own, which says more."""
    return criterion.kind == "signoffs_given"


def _signoff(requirement: Requirement) -> Condition:
    progress = requirement.progress
    if progress is Progress.REJECTED:
        by = join([each.person.name for each in requirement.rejections])
        return Condition(name=requirement.name, holds=False, why=f"rejected by {by}")
    given = f"{requirement.counted} of {requirement.quorum} signed"
    if progress is Progress.CONDITIONAL:
        given += f", {count(len(requirement.open_conditions), 'condition')} open"
    emergency = requirement.emergency if progress is Progress.EMERGENCY else None
    if emergency is None:
        return Condition(name=requirement.name, holds=progress in GIVEN, why=given)
    given += f"; break glass {emergency.id}"
    until = f"until {day(emergency.until)} {emergency.until:%H:%M} UTC"
    by = join([each.name for each in emergency.by])
    return Condition(
        name=requirement.name, holds=True, why=f"{given} by {by} {until}", unnamed=f"{given} {until}", let_pass=True
    )


def _runbook(grounds: Grounds) -> Condition:
    return Condition(name="The runbook is done", holds=not grounds.runbook.left, why=grounds.runbook.words)
