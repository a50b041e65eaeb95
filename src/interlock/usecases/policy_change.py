"""Changing the policy of a release that is under way: what it would change, and proposing it. Deciding on it:
`policy_change_word`; its end: `policy_change_end`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from interlock.config.template import policy_version
from interlock.domain import milestone, names
from interlock.domain import policy_change as rules
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.card import POLICY_CHANGE
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy, Template
from interlock.domain.policy_change import PolicyChange, PolicyChangeCard, PolicyState
from interlock.domain.policy_difference import difference
from interlock.domain.release import LONGEST_REASON, Release, Unclear, choose, leading
from interlock.domain.template import essence
from interlock.store import card, policy_change, release
from interlock.store.engine import Store
from interlock.usecases import authority, policy_change_end
from interlock.usecases.policy_change_card import board, post, revise
from interlock.usecases.policy_change_end import facts
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid

REFUSED = "policy_change.refused"
CHANGE = "change"
BECAUSE: Final = re.compile(r"^because:?\s+", re.IGNORECASE)
WHY = "Say why the policy of a release that is under way has to change."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    release: Release
    change: PolicyChange


def ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> PolicyState | Proposed | Unclear | Invalid | Refused:
    """`/release policy [RELEASE]`: under which policy it runs, how its template differs now, and what is proposed;
    `… change because …` proposes it.
    """
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        typed, reason = _taken_apart(session, text)
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(allowed, Refused):
            if reason is None:
                return allowed
            one = None if isinstance(meant, Unclear) else release.load(session, meant.id)
            return record_refusal(session, REFUSED, actor, one, {"wanted": "proposed"}, allowed, now)
        if isinstance(meant, Unclear):
            return meant
        if reason is None:
            return _state(session, policy, release.load(session, meant.id, lock=True), now)
    return propose(store, policy, actor, meant.id, reason, now)


def propose(
    store: Store, policy: Policy, actor: Actor, release_id: int, reason: str, now: datetime
) -> Proposed | Invalid | Refused:
    """Have the template as it is configured now replace the release's copy, once those have agreed who have to."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.POLICY_CHANGE, actor, now)
        one = release.load(session, release_id, lock=True)
        if isinstance(allowed, Refused):
            record_refusal(session, REFUSED, actor, one, {"wanted": "proposed"}, allowed, now)
            return allowed
        return _propose(session, policy, actor, allowed, one, reason, now)


def may_propose(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> PolicyState | Refused:
    """What would be proposed, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.POLICY_CHANGE, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        one = release.load(session, release_id)
        found = _template(session, policy, one, now)
        if isinstance(found, Refused):
            return found
        version = policy_version(found)
        return PolicyState(release=one, new_version=version, differs=difference(one.policy, found))


def _propose(
    session: Session,
    policy: Policy,
    actor: Actor,
    standing: Standing,
    one: Release,
    reason: str,
    now: datetime,
) -> Proposed | Invalid | Refused:
    new = _template(session, policy, one, now)
    if isinstance(new, Refused):
        record_refusal(session, REFUSED, actor, one, {"wanted": "proposed"}, new, now)
        return new
    why = names.tidy(reason)
    if problem := names.unsaid(why, WHY, LONGEST_REASON):
        return Invalid(problems={"reason": problem})
    if late := policy_change.open_one(session, one.id):
        policy_change_end.time_out(session, one, late, now)
    number = policy_change.next_number(session, one.id)
    asked = card.create(session, one.id, f"{POLICY_CHANGE}:{number}", one.channel_id, actor.slack_id, now)
    calendar = milestone.calendar_of(policy, one.policy)
    closes = rules.closes_at(now, one.target, calendar, policy.governance.policy_change_business_days)
    change = policy_change.propose(session, one, asked.id, number, new, policy_version(new), why, actor, now, closes)
    told = facts(change) | {
        "card": asked.id,
        "reason": why,
        "before": essence(one.policy),
        "after": essence(new),
        "difference": list(change.difference),
        "closes_at": closes.isoformat(),
        "requirements": [each.key for each in one.policy.requirements],
    }
    record(session, "policy_change.proposed", actor, standing.person, one, told, now)
    post(session, change, now)
    return Proposed(release=one, change=change)


def _taken_apart(session: Session, text: str) -> tuple[str, str | None]:
    """`2026.12 change because …`: the release as typed, and the reason; None where no change is wanted."""
    words = names.tidy(text)
    first, _, after = words.partition(" ")
    if first.casefold() == CHANGE:
        return "", BECAUSE.sub("", after, count=1)
    typed, rest = leading(words, release.all_names(session))
    word, _, reason = rest.partition(" ")
    return (typed, BECAUSE.sub("", reason, count=1)) if word.casefold() == CHANGE else (words, None)


def _state(session: Session, policy: Policy, one: Release, now: datetime) -> PolicyState:
    change = policy_change.open_one(session, one.id)
    shown: PolicyChangeCard | None = None
    if change is not None and rules.over(change, now) is None:
        shown = board(session, one, change, now, revise(session, one, change, now))
    now_configured = policy.templates.get(one.template)
    found = _template(session, policy, one, now)
    return PolicyState(
        release=one,
        new_version=policy_version(now_configured) if now_configured else None,
        differs=difference(one.policy, now_configured) if now_configured else (),
        change=shown,
        refused=found if isinstance(found, Refused) else None,
    )


def _template(session: Session, policy: Policy, one: Release, now: datetime) -> Template | Refused:
    """What the release's policy would become, or why it does not."""
    new = policy.templates.get(one.template)
    if new is None:
        return Refused(
            reason="no_template",
            sentence=f"The policy has no template {one.template} any more, so {one.name} keeps the copy that it has.",
        )
    if refused := rules.unfit(one, new):
        return refused
    if not difference(one.policy, new):
        return Refused(
            reason="no_change",
            sentence=f"{one.name} runs under its template as it is configured now: there is nothing to change.",
        )
    before = policy_change.open_one(session, one.id)
    if before is not None and now < before.closes_at:
        return Refused(
            reason="open_already",
            sentence=f"{before.proposed_by.name} proposed a change of {one.name}'s policy already, and one is decided "
            f"at a time: /release policy {one.name}.",
        )
    return new
