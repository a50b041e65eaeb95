"""A runbook in words: which release, run and step somebody means, and doing it in the same transaction, so that whoever
may not is on record whatever they named.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from interlock.domain import names
from interlock.domain import runbook_rules as rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import ReleaseName, Unclear, choose, leading
from interlock.domain.runbook import Deed, Run, Step
from interlock.store import release, runbook
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases import runbook as runbooks
from interlock.usecases.runbook import Aborted, Begun, Marked, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantStep:
    """The step that was meant, and what was typed behind it."""

    release: ReleaseName
    step: Step
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantRun:
    release: ReleaseName
    run: Run
    rest: str


def start(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> Begun | Unclear | Refused:
    """`/release runbook start [RELEASE]`"""
    with store.write() as session:
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return _unnamed(session, policy, Permission.RUNBOOK_RUN, actor, None, "run", meant, now)
        return runbooks.start_in(session, policy, actor, meant.id, now)


def mark(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, deed: Deed, now: datetime
) -> Marked | Unclear | Refused:
    """`/release runbook start-step | tick | fail [RELEASE] STEP …`"""
    assert deed is not Deed.SKIPPED, "that takes a release manager: see skip"
    with store.write() as session:
        return _mark(session, policy, actor, text, channel_id, deed, now)


def skip(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Marked | Unclear | Refused:
    """`/release runbook skip [RELEASE] STEP why`"""
    with store.write() as session:
        return _mark(session, policy, actor, text, channel_id, Deed.SKIPPED, now)


def abort(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Aborted | Unclear | Refused:
    """`/release runbook abort RELEASE why`"""
    with store.write() as session:
        meant, found = meant_run(session, text, channel_id)
        if isinstance(found, MeantRun):
            return runbooks.abort_in(session, policy, actor, found.run.id, found.rest, now)
        return _unnamed(session, policy, Permission.RUNBOOK_RUN, actor, meant, "abort", found, now)


def meant_step(
    session: Session, text: str, channel_id: str
) -> tuple[ReleaseName | None, MeantStep | Unclear | Refused]:
    """What `[RELEASE] STEP …` names, of the release's newest run, and of which release that is said. Without a release
    it is the channel's, or the only one under way.
    """
    known = release.all_names(session)
    typed, rest = leading(text, known)
    named = choose(typed, channel_id, known)
    usual = choose("", channel_id, known)
    if names.fold(typed) not in {names.fold(each.name) for each in known} and isinstance(usual, ReleaseName):
        found = _step(session, usual, text)
        if isinstance(found, MeantStep) or isinstance(named, Unclear):
            return usual, found
    return (None, named) if isinstance(named, Unclear) else (named, _step(session, named, rest))


def meant_run(session: Session, text: str, channel_id: str) -> tuple[ReleaseName | None, MeantRun | Unclear | Refused]:
    """What `RELEASE …` names: its newest run."""
    known = release.all_names(session)
    typed, rest = leading(text, known)
    meant = choose(typed, channel_id, known)
    if isinstance(meant, Unclear):
        return None, meant
    run = runbook.latest(session, meant.id)
    return meant, _not_begun(meant.name) if run is None else MeantRun(release=meant, run=run, rest=rest)


def _mark(
    session: Session, policy: Policy, actor: Actor, text: str, channel_id: str, deed: Deed, now: datetime
) -> Marked | Unclear | Refused:
    meant, found = meant_step(session, text, channel_id)
    if isinstance(found, MeantStep):
        return runbooks.mark_in(session, policy, actor, found.step.id, deed, found.rest, now)
    return _unnamed(session, policy, runbooks.takes(deed), actor, meant, deed.value, found, now)


def _unnamed(
    session: Session,
    policy: Policy,
    permission: Permission,
    actor: Actor,
    meant: ReleaseName | None,
    deed: str,
    said: Said,
    now: datetime,
) -> Said | Refused:
    allowed = authority.to_decide(session, policy, permission, actor, now)
    one = release.load(session, meant.id) if meant else None
    return runbooks.unnamed(session, actor, allowed, one, {"deed": deed}, said, now)


def _step(session: Session, meant: ReleaseName, text: str) -> MeantStep | Refused:
    run = runbook.latest(session, meant.id)
    if run is None:
        return _not_begun(meant.name)
    typed, _, rest = text.strip().partition(" ")
    step = rules.find(run.steps, typed)
    if isinstance(step, Refused):
        return replace(step, sentence=f"{meant.name}: {step.sentence}")
    return MeantStep(release=meant, step=step, rest=rest.strip())


def _not_begun(name: str) -> Refused:
    return Refused(
        reason="not_started",
        sentence=f"The runbook of {name} was not started. A release manager does so: /release runbook start {name}.",
    )
