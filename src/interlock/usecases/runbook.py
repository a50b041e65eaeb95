"""Running a release's runbook: beginning it, what people do to its steps, and giving it up."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel import Session

from interlock.domain import card as cards
from interlock.domain import names
from interlock.domain import runbook_rules as rules
from interlock.domain import stage as stages
from interlock.domain.actor import Actor, Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear
from interlock.domain.runbook import Accepted, Already, Deed, Outcome, Run, Step
from interlock.domain.words import full_stop
from interlock.store import card, outbox, person, release, runbook
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.card import enqueue
from interlock.usecases.parked import managers
from interlock.usecases.record import record, record_refusal

UNKNOWN_STEP = Refused(
    reason="unknown_step",
    sentence="That step is not known here, perhaps since a backup was restored. Type /release runbook to see what is.",
)
REFUSED = "runbook.refused"
Said = TypeVar("Said", bound=Unclear | Refused)
FAILED_GOOD_FOR = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """`new` is False where that run was under way already."""

    release: Release
    run: Run
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a deed came to. `finished`: it was the last step."""

    release: Release
    verdict: Accepted | Already
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aborted:
    """`new` is False where that run had been aborted already."""

    release: Release
    run: Run
    new: bool


def start(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Begun | Refused:
    """Begin a run, and post its live card in the release's channel. Again while it runs changes nothing."""
    with store.write() as session:
        return start_in(session, policy, actor, release_id, now)


def start_in(session: Session, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Begun | Refused:
    """As `start`, in the caller's transaction."""
    allowed = authority.to_decide(session, policy, Permission.RUNBOOK_RUN, actor, now)
    one = release.load(session, release_id, lock=True)
    if isinstance(allowed, Refused):
        return record_refusal(session, REFUSED, actor, one, {"deed": "run"}, allowed, now)
    before = runbook.latest(session, one.id)
    if before and before.end is None and not one.ended:
        return Begun(release=one, run=before, new=False)
    if refused := _may_start(one, before):
        return record_refusal(session, REFUSED, actor, one, {"deed": "run"}, refused, now)
    number = before.number + 1 if before else 1
    steps = rules.planned(one.policy.runbook, runbook.usual_minutes(session, one))
    shown = card.create(session, one.id, cards.runbook(number), one.channel_id, actor.slack_id, now)
    run_id = runbook.start(session, one.id, number, shown.id, steps, actor, now)
    run = runbook.load(session, run_id)
    facts = {
        "run": number,
        "card": shown.id,
        "policy_version": one.policy_version,
        "steps": [step.rule.key for step in steps],
        "usual_minutes": {step.rule.key: step.usual_minutes for step in steps if step.usual_minutes},
    }
    record(session, "runbook.started", actor, allowed.person, one, facts, now)
    enqueue(session, shown, "runbook.card", shown.post_key, now, Urgency.URGENT)
    return Begun(release=one, run=run, new=True)


def mark(
    store: Store, policy: Policy, actor: Actor, step_id: int, deed: Deed, note: str, now: datetime
) -> Marked | Refused:
    """Start, tick or fail a step of one's own; what stands already is told quietly."""
    assert deed is not Deed.SKIPPED, "that takes a release manager: see skip"
    with store.write() as session:
        return mark_in(session, policy, actor, step_id, deed, note, now)


def skip(store: Store, policy: Policy, actor: Actor, step_id: int, note: str, now: datetime) -> Marked | Refused:
    """Pass over a step, whatever its state and whosever it is, with the reason."""
    with store.write() as session:
        return mark_in(session, policy, actor, step_id, Deed.SKIPPED, note, now)


def abort(store: Store, policy: Policy, actor: Actor, run_id: int, reason: str, now: datetime) -> Aborted | Refused:
    """End a run before its steps are done. What was done stands in the record; another run may be begun."""
    with store.write() as session:
        return abort_in(session, policy, actor, run_id, reason, now)


def abort_in(
    session: Session, policy: Policy, actor: Actor, run_id: int, reason: str, now: datetime
) -> Aborted | Refused:
    """As `abort`, in the caller's transaction."""
    allowed = authority.to_decide(session, policy, Permission.RUNBOOK_RUN, actor, now)
    release_id = runbook.release_of(session, run_id)
    if release_id is None:
        return unnamed(session, actor, allowed, None, {"deed": "abort"}, UNKNOWN_STEP, now)
    one = release.load(session, release_id, lock=True)
    run = runbook.load(session, run_id)
    facts = {"run": run.number, "card": run.card_id, "deed": "abort"}
    if isinstance(allowed, Refused):
        return record_refusal(session, REFUSED, actor, one, facts, allowed, now)
    if run.end and run.end.outcome is Outcome.ABORTED:
        return Aborted(release=one, run=run, new=False)
    why = names.tidy(reason)
    refused = frozen(one) or _over(run) or rules.unsaid(why, "Say why it is aborted, such as: rolled back, see INC-12.")
    if refused:
        return record_refusal(session, REFUSED, actor, one, facts, refused, now)
    runbook.end(session, run.id, Outcome.ABORTED, actor, why, now)
    settled = [step.rule.key for step in run.steps if step.settled]
    facts = {"run": run.number, "card": run.card_id, "reason": why, "settled": settled}
    record(session, "runbook.aborted", actor, allowed.person, one, facts, now)
    redraw(session, run, now)
    return Aborted(release=one, run=runbook.load(session, run.id), new=True)


def redraw(session: Session, run: Run, now: datetime) -> None:
    """Have the run's card drawn again; a clicked card overtakes others."""
    if shown := card.load(session, run.card_id):
        key = shown.post_key
        enqueue(session, shown, "runbook.refresh", f"refresh:{key}", now, Urgency.URGENT, coalesce=key)


def redraw_of(session: Session, release_id: int, now: datetime) -> None:
    """As `redraw`, for whoever moves the release: it says where that stands, or that it is over. A run that was aborted
    says neither.
    """
    run = runbook.latest(session, release_id)
    if run and (run.end is None or run.end.outcome is not Outcome.ABORTED):
        redraw(session, run, now)


def owners(session: Session, policy: Policy, owner: str) -> list[Person]:
    """Whom a step's rule names, of those who can act, by name."""
    if "@" in owner:
        found = [*person.by_email(session, [owner]).values()]
    elif role := policy.roles.get(owner):
        found = [each for members in person.members(session, role.groups).values() for each in members]
        found += person.by_email(session, role.people).values()
    else:
        found = person.members(session, [owner])[owner]
    return sorted({each.slack_id: each for each in found}.values(), key=lambda each: each.name)


def judge(
    session: Session,
    policy: Policy,
    actor: Actor,
    permission: Permission,
    run: Run,
    step: Step,
    deed: Deed,
    one: Release,
    now: datetime,
) -> tuple[Standing | None, Accepted | Already | Refused]:
    """Whether the actor may do that to the step as things are now; the standing where they are known to be allowed."""
    allowed = authority.to_decide(session, policy, permission, actor, now)
    if isinstance(allowed, Refused):
        return None, allowed
    if permission is Permission.RUNBOOK_TICK and not rules.owns(policy, step.rule.owner, allowed):
        return allowed, rules.not_owner(owners(session, policy, step.rule.owner), step, deed, one.name)
    return allowed, frozen(one) or rules.judge(run, step, deed, now)


def frozen(one: Release) -> Refused | None:
    if not one.ended:
        return None
    return Refused(reason="release_ended", sentence=f"{one.name} is {one.stage.value}, so its runbook stands as it is.")


def _may_start(one: Release, before: Run | None) -> Refused | None:
    """The one place that says when a deployment may begin: once the release has its go, as long as no earlier run was
    brought to its end.
    """
    if one.ended:
        return frozen(one)
    if not one.policy.runbook:
        return Refused(
            reason="no_runbook", sentence=f"{one.name} has no runbook: its template, {one.policy.name}, names no steps."
        )
    if one.held is not None:
        sentence = f"{one.name} is on hold: {full_stop(one.held.reason)} Type /release resume {one.name} first."
        return Refused(reason="on_hold", sentence=sentence)
    if before and (done := _over(before)):
        return done
    if not stages.deploys(one):
        return Refused(
            reason="no_go",
            sentence=f"{one.name} is {stages.words(one.stage)}, and its runbook starts once it has its go. "
            f"/release advance {one.name} says what that takes.",
        )
    return None


def _over(run: Run) -> Refused | None:
    if run.end is None or run.end.outcome is not Outcome.DONE:
        return None
    return Refused(reason="run_done", sentence=f"Run {run.number} is done: all its steps are done or skipped.")


def mark_in(
    session: Session, policy: Policy, actor: Actor, step_id: int, deed: Deed, note: str, now: datetime
) -> Marked | Refused:
    """As `mark` and `skip`, in the caller's transaction."""
    permission = takes(deed)
    place = runbook.place_of_step(session, step_id)
    if place is None:
        allowed = authority.to_decide(session, policy, permission, actor, now)
        return unnamed(session, actor, allowed, None, {"deed": deed.value}, UNKNOWN_STEP, now)
    run_id, release_id = place
    one = release.load(session, release_id, lock=True)
    run = runbook.load(session, run_id)
    step = next(each for each in run.steps if each.id == step_id)
    standing, verdict = judge(session, policy, actor, permission, run, step, deed, one, now)
    said = names.tidy(note)
    if isinstance(verdict, Accepted):
        verdict = rules.note_problem(deed, said) or verdict
    facts: dict[str, object] = {"run": run.number, "step": step.rule.key, "card": run.card_id}
    if isinstance(verdict, Refused) or standing is None:
        assert isinstance(verdict, Refused)
        return record_refusal(session, REFUSED, actor, one, facts | {"deed": deed.value}, verdict, now)
    if isinstance(verdict, Already):
        redraw(session, run, now)  # whoever clicked may have seen an old card
        return Marked(release=one, verdict=verdict)
    runbook.mark(session, step.id, deed, actor, said, now)
    facts |= {"policy_version": one.policy_version, "check": step.rule.check, "note": said}
    record(session, f"runbook.step_{deed.value}", actor, standing.person, one, facts, now)
    after = runbook.load(session, run.id)
    finished = all(each.settled for each in after.steps)
    if finished:
        runbook.end(session, run.id, Outcome.DONE, actor, "", now)
        record(session, "runbook.done", actor, standing.person, one, {"run": run.number, "card": run.card_id}, now)
    if deed is Deed.FAILED:
        _tell_of_failure(session, policy, run, step, actor, now)
    redraw(session, run, now)
    done = next(each for each in after.steps if each.id == step_id)
    return Marked(release=one, verdict=replace(verdict, step=done), finished=finished)


def takes(deed: Deed) -> Permission:
    """What somebody needs who does that to a step."""
    return Permission.RUNBOOK_RUN if deed is Deed.SKIPPED else Permission.RUNBOOK_TICK


def unnamed(
    session: Session,
    actor: Actor,
    allowed: Standing | Refused,
    one: Release | None,
    facts: dict[str, object],
    said: Said,
    now: datetime,
) -> Said | Refused:
    """`said` is why nothing is meant that there is, for somebody who may; whoever may not is on record."""
    if not isinstance(allowed, Refused):
        return said
    return record_refusal(session, REFUSED, actor, one, facts, allowed, now)


def _tell_of_failure(session: Session, policy: Policy, run: Run, step: Step, actor: Actor, now: datetime) -> None:
    """The release manager on duty decides what becomes of it."""
    for each in on_duty(session, policy, run):
        if each.slack_id == actor.slack_id:
            continue
        message = Outgoing(
            key=f"runbook.failed:{step.id}:{each.slack_id}",
            kind="runbook.failed",
            ids={"step_id": step.id},
            channel=f"@{each.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + FAILED_GOOD_FOR,
        )
        outbox.enqueue(session, message, now)


def on_duty(session: Session, policy: Policy, run: Run) -> list[Person]:
    """Whoever began the run; all release managers once they can act no more."""
    return [run.started_by] if run.started_by.is_member else managers(session, policy)
