"""The end of a proposal to change a release's policy: carried out, rejected, withdrawn, or its time over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import gonogo as roll_calls
from interlock.domain import milestone, names
from interlock.domain import policy_change as rules
from interlock.domain.actor import SYSTEM, Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF
from interlock.domain.fingerprint import POLICY_CHANGED, MaterialChange
from interlock.domain.outbox import Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.policy_change import Outcome, PolicyChange
from interlock.domain.release import LONGEST_REASON, Release
from interlock.domain.template import essence
from interlock.store import break_glass, card, gonogo, policy_change, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority, break_glass_end, gonogo_card, revalidation, stage
from interlock.usecases import card as cards
from interlock.usecases.policy_change_card import refresh, tell
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid

UNKNOWN: Final = Refused(
    reason="unknown_proposal",
    sentence="That proposal is not known here, perhaps since a backup was restored. Type /release policy.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """`again`: they had withdrawn it already."""

    release: Release
    again: bool = False


def withdraw(
    store: Store, policy: Policy, actor: Actor, change_id: int, reason: str, now: datetime
) -> Withdrawn | Invalid | Refused:
    """Whoever proposed it takes it back, while it is open. Nobody else does: they reject it."""
    with store.write() as session:
        known = policy_change.load(session, change_id)
        one = release.load(session, known.release_id, lock=True) if known else None
        allowed = authority.to_decide(session, policy, Permission.POLICY_CHANGE, actor, now)
        wanted = {"change": change_id}
        if isinstance(allowed, Refused):
            record_refusal(session, "policy_change.withdraw_refused", actor, one, wanted, allowed, now)
            return allowed
        if known is None or one is None:
            return UNKNOWN
        change = policy_change.load(session, change_id) or known
        mine = change.proposed_by.slack_id == actor.slack_id
        if mine and change.outcome is Outcome.WITHDRAWN:
            return Withdrawn(release=one, again=True)
        refused = rules.over(change, now) if mine else _not_yours(change)
        if refused:
            record_refusal(session, "policy_change.withdraw_refused", actor, one, wanted, refused, now)
            return refused
        why = names.tidy(reason)
        if problem := names.too_long(why, LONGEST_REASON):
            return Invalid(problems={"reason": problem})
        record(session, "policy_change.withdrawn", actor, allowed.person, one, facts(change) | {"why": why}, now)
        end(session, change, Outcome.WITHDRAWN, actor.slack_id, why, now)
        return Withdrawn(release=one)


def late(store: Store, now: datetime) -> int:
    """How many proposals `expire` would end."""
    with store.read() as session:
        return len(policy_change.due(session, now))


def expire(store: Store, now: datetime) -> int:
    """End the proposals whose time is over, which denies nothing; how many."""
    with store.read() as session:
        due = policy_change.due(session, now)
    ended = 0
    for change_id, release_id in due:
        with store.write() as session:
            one = release.load(session, release_id, lock=True)
            change = policy_change.load(session, change_id)
            if change is None or change.outcome is not None:
                continue
            time_out(session, one, change, now)
            ended += 1
    return ended


def time_out(session: Session, one: Release, change: PolicyChange, now: datetime) -> None:
    """For somebody who holds the release's lock."""
    told = facts(change) | {"closes_at": change.closes_at.isoformat()}
    record(session, "policy_change.timed_out", SYSTEM, change.proposed_by, one, told, now, role="proposer")
    end(session, change, Outcome.TIMED_OUT, None, "", now)


def end(session: Session, change: PolicyChange, outcome: Outcome, by: str | None, reason: str, now: datetime) -> None:
    """And have its card drawn anew, and its proposer told."""
    policy_change.end(session, change.id, outcome, by, reason, now)
    ended = policy_change.load(session, change.id)
    assert ended is not None
    refresh(session, ended, now)
    tell(session, ended, now)


def apply(
    session: Session, policy: Policy, one: Release, change: PolicyChange, actor: Actor, who: Person, now: datetime
) -> Release:
    """Replace the release's policy by the one that was shown, in the transaction of the last approval and under the
    release's lock: what was signed for what is not asked so any more is void, and a release whose stage rests on what
    holds no longer goes back. `actor` gave the last approval.
    """
    assert one.policy_version == change.old_version, "one proposal is open at a time, and nothing else changes a policy"
    new = change.new
    given = signoff.requirements(session, one)
    lost = rules.fate(one.policy, new, given)
    for each in lost:
        revalidation.void(
            session, one, each.key, each.given, (MaterialChange(what=POLICY_CHANGED, about=each.why),), now
        )
    dated = rules.milestones(one.policy, new, one, milestone.calendar_of(policy, new))
    whole = facts(change) | {
        "reason": change.reason,
        "proposed_by": change.proposed_by.slack_id,
        "before": essence(one.policy),
        "after": essence(new),
        "difference": list(change.difference),
        "void": [each.given.id for each in lost],
        "milestones": [[each.name, each.due.isoformat()] for each in dated],
    }
    record(session, "policy_change.applied", actor, who, one, whole, now)
    end(session, change, Outcome.APPLIED, actor.slack_id, "", now)
    release.set_policy(session, one.id, new, change.new_version, dated)
    signoff.add_requirements(session, one.id, new.requirements)
    _end_roll_call(session, one, change, actor, who, now)
    result = release.load(session, one.id)
    if glass := break_glass.live(session, one.id):
        break_glass_end.settle(session, result, glass, now)
    confirmed = new.gonogo is None or new.gonogo == one.policy.gonogo
    result = stage.reconsider(session, policy, result, "the policy was changed", now, confirmed=confirmed)
    if asked := card.of_release(session, one.id, SIGNOFF):
        cards.refresh(session, asked, now, Urgency.PROMPT)
    return result


def facts(change: PolicyChange) -> dict[str, Any]:
    """What names a proposal in the record."""
    return {"change": change.id, "from": change.old_version, "to": change.new_version}


def _end_roll_call(
    session: Session, one: Release, change: PolicyChange, actor: Actor, who: Person, now: datetime
) -> None:
    """A roll-call under way is of the rule that it was opened by; where that is another now it comes to nothing."""
    roll_call = gonogo.open_one(session, one.id)
    rule = change.new.gonogo
    if roll_call is None or rule == roll_call.rule:
        return
    asked = card.load(session, roll_call.card_id)
    assert asked is not None, "a roll-call's card cannot be deleted"
    why = "the release's policy was changed"
    outcome = roll_calls.Outcome.WITHDRAWN
    told = gonogo_card.facts(session, one, roll_call, gonogo_card.judged(roll_call, now))
    record(session, "gonogo.withdrawn", actor, who, one, told | {"outcome": outcome.value, "why": why}, now)
    seen = gonogo_card.revise(session, one, asked, roll_call, now)
    gonogo.end(session, roll_call.id, outcome, actor.slack_id, why, seen, now)
    gonogo_card.refresh(session, asked, now)


def _not_yours(change: PolicyChange) -> Refused:
    name = change.proposed_by.name
    return Refused(
        reason="not_yours",
        sentence=f"{name} proposed this change, so they alone withdraw it. Whoever may sign can reject it.",
    )
