"""Conditions of approvals: which are open, and ticking one off."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain import stage
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF
from interlock.domain.condition import Conditions, Hanging, Ticked
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose
from interlock.domain.signoff import Condition
from interlock.domain.words import join
from interlock.store import card, condition, release, signoff
from interlock.store.engine import Store
from interlock.usecases import ask, authority
from interlock.usecases.card import refresh
from interlock.usecases.record import record

UNKNOWN = Refused(
    reason="unknown_condition",
    sentence="That condition is not known here, perhaps since a backup was restored. Type /release conditions.",
)


def listing(store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str) -> Conditions | Unclear | Refused:
    """`/release conditions [release]`"""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        return meant if isinstance(meant, Unclear) else _conditions(session, meant.id)


def listing_of(store: Store, policy: Policy, actor: Actor, release_id: int) -> Conditions | Refused:
    """As `listing`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        return allowed if isinstance(allowed, Refused) else _conditions(session, release_id)


def tick(store: Store, policy: Policy, actor: Actor, condition_id: int, now: datetime) -> Ticked | Refused:
    """Say that a checklist item is done: whoever set it, or another who may sign the requirement off."""
    with store.write() as session:
        found = condition.load(session, condition_id)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        wants: dict[str, object] = {"decision": "condition_met", "condition": condition_id}
        if found is None:
            if isinstance(allowed, Refused):
                ask.record_refusal(session, actor, None, wants, allowed, now)
            return allowed if isinstance(allowed, Refused) else UNKNOWN
        one = release.load(session, found[0], lock=True)
        refused = allowed if isinstance(allowed, Refused) else None
        hanging = _hanging_on(session, one, condition_id)
        wanted = (
            next((each for each in hanging.signoff.conditions if each.id == condition_id), None) if hanging else None
        )
        refused = refused or _refuse(one, hanging, wanted, actor)
        if refused or isinstance(allowed, Refused) or hanging is None or wanted is None:
            told = refused or UNKNOWN
            ask.record_refusal(session, actor, one, wants, told, now)
            return told
        if not wanted.done:
            condition.tick(session, condition_id, actor.slack_id, now)
            facts = {"requirement": hanging.requirement.key, "signoff": hanging.signoff.id, "condition": condition_id}
            record(session, "signoff.condition_met", actor, allowed.person, one, facts, now)
            asked = card.of_release(session, one.id, SIGNOFF)
            if asked:
                refresh(session, asked, now)
        left = len(signoff.open_conditions(session, one.id))
        return Ticked(release=one, condition=wanted, left=left, new=not wanted.done)


def _conditions(session: Session, release_id: int) -> Conditions:
    one = release.load(session, release_id)
    hanging = tuple(
        Hanging(requirement=each, signoff=given)
        for each in signoff.requirements(session, one)
        for given in each.approvals
        if given.conditions
    )
    return Conditions(release=one, hanging=hanging)


def _hanging_on(session: Session, one: Release, condition_id: int) -> Hanging | None:
    """The live approval that this condition is of; None once that was taken back or became void."""
    asked = card.of_release(session, one.id, SIGNOFF)
    for requirement in signoff.requirements(session, one, asked.requested_by if asked else None):
        for given in requirement.approvals:
            if any(each.id == condition_id for each in given.conditions):
                return Hanging(requirement=requirement, signoff=given)
    return None


def _refuse(one: Release, hanging: Hanging | None, wanted: Condition | None, actor: Actor) -> Refused | None:
    if settled := stage.settled(one):
        return settled
    if hanging is None or wanted is None:
        return Refused(
            reason="condition_lapsed",
            sentence="The approval that this was a condition of no longer counts, and neither does the condition.",
        )
    if wanted.ticket_id is not None:
        return Refused(
            reason="ticket_condition", sentence="Nobody ticks that off: it is met once its ticket is done in Jira."
        )
    setters = {hanging.signoff.person.slack_id, hanging.signoff.speaks_for.slack_id}
    able = {each.slack_id: each.name for each in hanging.requirement.eligible}
    if actor.slack_id in setters | able.keys():
        return None
    names = dict.fromkeys([hanging.signoff.person.name, *able.values()])
    return Refused(
        reason="not_eligible",
        sentence=f"You can't tick that off: {join(list(names), 'or')} can, who set it or may sign "
        f"{hanging.requirement.name}.",
    )
