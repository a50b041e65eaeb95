"""Planning a release, ending it, and sharing where it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.config.template import policy_version
from interlock.domain import draft as rules
from interlock.domain import milestone, names
from interlock.domain.actor import Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.break_glass_rules import not_reviewed
from interlock.domain.card import SIGNOFF
from interlock.domain.draft import Draft
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import (
    LONGEST_REASON,
    NEW,
    Release,
    ReleaseName,
    Stage,
    Unclear,
    choose,
    leading,
)
from interlock.domain.stage import preceding, too_late_to_cancel, words
from interlock.store import card, outbox, release, scope, seen, signoff
from interlock.store.engine import Store
from interlock.usecases import authority, break_glass_card
from interlock.usecases import card as cards
from interlock.usecases import draft as drafts
from interlock.usecases import runbook as runbooks
from interlock.usecases import scope as scopes
from interlock.usecases.record import record, record_refusal

NEWS_GOOD_FOR = timedelta(days=1)
REFUSED: Final = {
    Permission.RELEASE_CLOSE: "release.close_refused",
    Permission.RELEASE_CANCEL: "release.cancel_refused",
}
"""What ends a release, and the event of somebody who may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    release: Release
    tickets: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """What is wrong, as a sentence by field: name, template, target, channel, scope, epics, reason."""

    problems: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A release that somebody wants to close, and what it would leave unfinished. `reason` is as typed so far."""

    release: ReleaseName
    reason: str
    tickets: int
    unfinished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    release: Release


def create(
    store: Store, policy: Policy, actor: Actor, draft: Draft, request_id: str, now: datetime
) -> Created | Invalid | Refused:
    """Plan a release: its template is copied, its milestones dated, its scope filled, its channel told.

    The same request again creates nothing and gives the same answer.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.RELEASE_CREATE, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, "release.refused", actor, None, {}, allowed, now)
        scope.lock(session)  # also keeps two releases from taking one name at once
        request = f"release.new:{request_id}"
        if seen.known(session, request) and (existing := release.by_name(session, draft.name)):
            return Created(release=existing, tickets=len(scope.tickets(session, existing.id)))
        whole = drafts.resolved(session, draft)
        found = rules.examine(whole, drafts.findings(session, whole), policy, now)
        if found.problems:
            return Invalid(problems=found.problems)
        seen.first_time(session, request, now)
        one = release.add(session, _planned(whole, policy, actor, now))
        signoff.add_requirements(session, one.id, one.policy.requirements)
        scopes.refresh(session, None, now)
        one = release.load(session, one.id)
        _record_creation(session, actor, allowed.person, one, found.tickets, now)
        _announce(session, one, "release.created", now)
        return Created(release=one, tickets=found.tickets, warnings=found.warnings)


def read_release(session: Session, text: str, channel_id: str) -> tuple[ReleaseName | Unclear, str]:
    """The release that a typed text begins with, and the rest. In its own channel a release goes without saying."""
    known = release.all_names(session)
    typed, rest = leading(text, known)
    meant = choose(typed, channel_id, known)
    if not isinstance(meant, Unclear) and rest:
        return meant, rest
    here = choose("", channel_id, known)
    return (meant, rest) if isinstance(here, Unclear) else (here, names.tidy(text))


def ending(
    store: Store,
    policy: Policy,
    actor: Actor,
    text: str,
    channel_id: str,
    now: datetime,
    permission: Permission = Permission.RELEASE_CLOSE,
    *,
    asked: bool = True,
) -> Ending | Unclear | Refused:
    """What `/release close NAME reason` or `/release cancel NAME reason` would end, before it is asked whether to.

    Somebody who says why has `asked` for it, and is on record if they may not; without a reason they look, and so they
    do on a command line that does not agree yet.
    """
    with store.read() as session:
        allowed = authority.to_decide(session, policy, permission, actor, now)
        known = release.all_names(session)
        typed, reason = leading(text, known)
        meant = choose(typed, channel_id, known)
        if not isinstance(allowed, Refused):
            return meant if isinstance(meant, Unclear) else _ending(session, meant, reason, permission, now)
    if not (asked and reason):
        return allowed
    with store.write() as session:
        one = None if isinstance(meant, Unclear) else release.load(session, meant.id)
        return record_refusal(session, REFUSED[permission], actor, one, {}, allowed, now)


def close(
    store: Store, policy: Policy, actor: Actor, release_id: int, reason: str, now: datetime
) -> Closed | Invalid | Refused:
    """End a release for good: its scope stays as it is, its sign-offs can no longer change."""
    with store.write() as session:
        return _close(session, policy, actor, release_id, reason, now)


def close_typed(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Closed | Unclear | Invalid | Refused:
    """`interlock release close RELEASE why --yes`: as `close`, of the release that was typed."""
    with store.write() as session:
        known = release.all_names(session)
        typed, reason = leading(text, known)
        meant = choose(typed, channel_id, known)
        if not isinstance(meant, Unclear):
            return _close(session, policy, actor, meant.id, reason, now)
        allowed = authority.to_decide(session, policy, Permission.RELEASE_CLOSE, actor, now)
        if not isinstance(allowed, Refused):
            return meant
        return record_refusal(session, REFUSED[Permission.RELEASE_CLOSE], actor, None, {}, allowed, now)


def _ending(
    session: Session, meant: ReleaseName, reason: str, permission: Permission, now: datetime
) -> Ending | Refused:
    one = release.load(session, meant.id)
    cancels = permission is Permission.RELEASE_CANCEL
    if refused := (_not_cancelled(one) if cancels else _not_closed(session, one, now)):
        return refused
    scoped = scope.tickets(session, meant.id)
    unfinished = sum(1 for each in scoped if not each.ticket.done)
    return Ending(release=meant, reason=reason[:LONGEST_REASON], tickets=len(scoped), unfinished=unfinished)


def _close(
    session: Session, policy: Policy, actor: Actor, release_id: int, reason: str, now: datetime
) -> Closed | Invalid | Refused:
    kind = REFUSED[Permission.RELEASE_CLOSE]
    one = release.load(session, release_id, lock=True)
    allowed = authority.to_decide(session, policy, Permission.RELEASE_CLOSE, actor, now)
    if isinstance(allowed, Refused):
        return record_refusal(session, kind, actor, one, {}, allowed, now)
    if one.ended and one.closed_by == actor.slack_id:
        return Closed(release=one)  # the same click again
    if refused := _not_closed(session, one, now):
        return record_refusal(session, kind, actor, one, {}, refused, now)
    why = names.tidy(reason)
    if problem := names.unsaid(why, "Say why it is closed, such as: shipped on Thursday.", LONGEST_REASON):
        return Invalid(problems={"reason": problem})
    release.end(session, one.id, Stage.CLOSED, actor, why, now)
    record(session, "release.closed", actor, allowed.person, one, {"reason": why, "stage": one.stage.value}, now)
    _announce(session, one, "release.closed", now)
    if asked := card.of_release(session, one.id, SIGNOFF):
        cards.refresh(session, asked, now)
    runbooks.redraw_of(session, one.id, now)
    return Closed(release=one)


def _planned(draft: Draft, policy: Policy, actor: Actor, now: datetime) -> Release:
    assert draft.target is not None
    assert draft.channel_id is not None
    template = policy.templates[draft.template]
    return Release(
        id=NEW,
        name=names.tidy(draft.name),
        template=draft.template,
        policy=template,
        policy_version=policy_version(template),
        stage=Stage.PLANNED,
        target=draft.target,
        channel_id=draft.channel_id,
        scope_rule=draft.rule,
        milestones=milestone.plan(template, draft.target, milestone.calendar_of(policy, template)),
        created_by=actor.slack_id,
        created_at=now,
        scope_opened_at=now,
    )


def _record_creation(session: Session, actor: Actor, who: Person, one: Release, tickets: int, now: datetime) -> None:
    facts = {
        "template": one.template,
        "policy_version": one.policy_version,
        "target": one.target.isoformat(),
        "channel": one.channel_id,
        "scope": release.stored_scope_rule(one.scope_rule),
        "milestones": {each.name: each.due.isoformat() for each in one.milestones},
        "tickets": tickets,
    }
    record(session, "release.created", actor, who, one, facts, now)


def _announce(session: Session, one: Release, kind: str, now: datetime) -> None:
    message = Outgoing(
        key=f"{kind}:{one.id}",
        kind=kind,
        ids={"release_id": one.id},
        channel=one.channel_id,
        urgency=Urgency.PROMPT,
        not_after=now + NEWS_GOOD_FOR,
    )
    outbox.enqueue(session, message, now)


def _not_closed(session: Session, one: Release, now: datetime) -> Refused | None:
    """Why it cannot be closed; None where it can."""
    if one.ended:
        return _ended_already(one.name)
    if due := next((each for each in break_glass_card.flags_of(session, one, now) if each.due), None):
        return not_reviewed(one, due)
    if one.stage is not Stage.DEPLOYING:
        return None
    return Refused(
        reason="deploying",
        sentence=f"{one.name} is being deployed. Say how that ended first: /release advance {one.name} to released, or "
        f"to {words(preceding(one) or Stage.READY)} and why.",
    )


def _not_cancelled(one: Release) -> Refused | None:
    if one.ended:
        return _ended_already(one.name)
    return too_late_to_cancel(one)


def _ended_already(name: str) -> Refused:
    return Refused(reason="release_ended", sentence=f"{name} has ended already, so nothing was changed.")
