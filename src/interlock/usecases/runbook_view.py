"""Looking at a runbook: its card, and what doing something to it would come to. In words: `runbook_words`."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import runbook_rules as rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose
from interlock.domain.runbook import Already, Deed, Picture, Run, Step
from interlock.store import card, person, release, runbook
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.runbook import UNKNOWN_STEP, frozen, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedStep:
    """The step that was meant, and what was typed behind it."""

    release: Release
    step: Step
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedStep:
    release: Release
    run: Run
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRun:
    release: Release
    run: Run
    rest: str


def show(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> Picture | Unclear | Refused:
    """`/release runbook [release]`"""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        return _picture(session, release.load(session, meant.id), now)


def show_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Picture | Refused:
    """As `show`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        return allowed if isinstance(allowed, Refused) else _picture(session, release.load(session, release_id), now)


def draw(store: Store, card_id: int, now: datetime) -> Picture | None:
    """The card as it is now, of its own run; None for a card that does not exist."""
    with store.read() as session:
        shown = card.load(session, card_id)
        run = runbook.of_card(session, card_id)
        if shown is None or run is None:
            return None
        return _of_run(session, release.load(session, shown.release_id), run, now)


def may_fail(store: Store, policy: Policy, actor: Actor, step_id: int, now: datetime) -> NamedStep | Already | Refused:
    """Whether the actor could say that the step failed, so that nobody writes a reason in vain. Nothing is recorded."""
    with store.read() as session:
        return _foresee(session, policy, actor, Permission.RUNBOOK_TICK, step_id, Deed.FAILED, now)


def may_skip(store: Store, policy: Policy, actor: Actor, step_id: int, now: datetime) -> NamedStep | Already | Refused:
    """As `may_fail`, for skipping it."""
    with store.read() as session:
        return _foresee(session, policy, actor, Permission.RUNBOOK_RUN, step_id, Deed.SKIPPED, now)


def may_abort(store: Store, policy: Policy, actor: Actor, run_id: int, now: datetime) -> NamedRun | Refused:
    """As `may_fail`, for aborting the run."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RUNBOOK_RUN, actor, now)
        release_id = runbook.release_of(session, run_id)
        if isinstance(allowed, Refused) or release_id is None:
            return allowed if isinstance(allowed, Refused) else UNKNOWN_STEP
        one, run = release.load(session, release_id), runbook.load(session, run_id)
        if run.end:
            return Refused(reason="run_ended", sentence=f"Run {run.number} {rules.ENDED[run.end.outcome]} already.")
        return frozen(one) or NamedRun(release=one, run=run, rest="")


def failed(store: Store, step_id: int) -> FailedStep | None:
    """What the release manager is told of it; None once it is mended or skipped, or the run is over."""
    with store.read() as session:
        place = runbook.place_of_step(session, step_id)
        if place is None or place[0] not in runbook.ongoing(session):
            return None
        run = runbook.load(session, place[0])
        step = next(each for each in run.steps if each.id == step_id)
        return None if step.settled else FailedStep(release=release.load(session, place[1]), run=run, step=step)


def _foresee(
    session: Session, policy: Policy, actor: Actor, permission: Permission, step_id: int, deed: Deed, now: datetime
) -> NamedStep | Already | Refused:
    place = runbook.place_of_step(session, step_id)
    if place is None:
        allowed = authority.to_decide(session, policy, permission, actor, now)
        return allowed if isinstance(allowed, Refused) else UNKNOWN_STEP
    run, one = runbook.load(session, place[0]), release.load(session, place[1])
    step = next(each for each in run.steps if each.id == step_id)
    _, verdict = judge(session, policy, actor, permission, run, step, deed, one, now)
    return verdict if isinstance(verdict, Already | Refused) else NamedStep(release=one, step=step, rest="")


def _picture(session: Session, one: Release, now: datetime) -> Picture:
    run = runbook.latest(session, one.id)
    if run:
        return _of_run(session, one, run, now)
    plan = rules.planned(one.policy.runbook, runbook.usual_minutes(session, one))
    return Picture(release=one, owners=_owners(session, plan), plan=plan)


def _of_run(session: Session, one: Release, run: Run, now: datetime) -> Picture:
    """Of a release that has ended as it stood then."""
    seen = (one.closed_at or now) if one.ended else now
    return Picture(
        release=one, owners=_owners(session, run.steps), plan=run.steps, run=run, board=rules.board(run, seen)
    )


def _owners(session: Session, steps: tuple[Step, ...]) -> dict[str, str]:
    """People by their names; roles and groups as they are called."""
    named = {step.rule.owner for step in steps}
    people = person.by_email(session, {owner for owner in named if "@" in owner})
    return {owner: found.name if (found := people.get(owner.casefold())) else owner for owner in named}
