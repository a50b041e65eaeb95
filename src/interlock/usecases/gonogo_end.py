"""The end of a roll-call: its result confirmed, which moves the release, or the roll-call withdrawn."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import gonogo as rules
from interlock.domain import names
from interlock.domain import stage as stages
from interlock.domain.actor import SOMEBODY, Actor
from interlock.domain.authority import Refused
from interlock.domain.gonogo import Outcome, RollCall
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release, Unclear
from interlock.domain.stage import Ahead, Moved
from interlock.store import card, gonogo, outbox, person, release
from interlock.store.engine import Store
from interlock.usecases import authority, stage
from interlock.usecases.gonogo import UNKNOWN
from interlock.usecases.gonogo_card import facts, judged, refresh, revise
from interlock.usecases.gonogo_void import void_overtaken
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid, read_release

RECORD_GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`release` is as it stands after it. `again`: the same person had ended it so already."""

    release: Release
    outcome: Outcome
    again: bool = False


def confirm(
    store: Store, policy: Policy, actor: Actor, gonogo_id: int, shown: Outcome, now: datetime
) -> Ended | Ahead | Invalid | Refused:
    """Confirm the result that somebody was shown. Go moves the release there, no-go to the stage before, in one
    transaction with the record; where a condition of go is missing, nothing moves and the roll-call stays (`Ahead`).
    """
    with store.write() as session:
        known = gonogo.load(session, gonogo_id)
        one = release.load(session, known.release_id, lock=True) if known else None
        allowed = authority.to_decide(session, policy, Permission.RELEASE_GO, actor, now)
        wanted = {"gonogo": gonogo_id, "wanted": shown.value}
        if isinstance(allowed, Refused):
            record_refusal(session, "gonogo.confirm_refused", actor, one, wanted, allowed, now)
            return allowed
        if known is None or one is None:
            return UNKNOWN
        roll_call = gonogo.load(session, gonogo_id) or known
        if (roll_call.outcome, roll_call.ended_by) == (shown, actor.slack_id):
            return Ended(release=one, outcome=shown, again=True)
        refused = _unfit(session, one, roll_call)
        if refused is None:
            void_overtaken(session, one, roll_call, now)
            roll_call = gonogo.load(session, gonogo_id) or roll_call
            refused = rules.ready(judged(roll_call, now), shown)
        if refused:
            record_refusal(session, "gonogo.confirm_refused", actor, one, wanted, refused, now)
            return refused
        found = judged(roll_call, now)
        after = rules.leads_to(one, found.outcome)
        if after is not None:
            why = rules.why_moved(found)[:LONGEST_REASON]
            moved = stage.carry_out(session, policy, actor, allowed.person, one, after, why, now, confirmed=True)
            if not isinstance(moved, Moved):
                return moved
        told = facts(session, one, roll_call, found) | {"moved_to": after.value if after else None}
        record(session, "gonogo.confirmed", actor, allowed.person, one, told, now)
        _end(session, one, roll_call, found.outcome, actor, "", now)
        _post_record(session, one, roll_call, now)
        return Ended(release=release.load(session, one.id), outcome=found.outcome)


def withdraw(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Ended | Unclear | Invalid | Refused:
    """`/release gonogo withdraw [RELEASE] why`, while it is open: after its close it can only be confirmed, unless the
    release has its go by now, or has ended.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.GONOGO_OPEN, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "gonogo.withdraw_refused", actor, None, {}, allowed, now)
            return allowed
        meant, why = read_release(session, text, channel_id)
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id, lock=True)
        roll_call = gonogo.open_one(session, one.id)
        if roll_call is None:
            return Refused(
                reason="none_open", sentence=f"{one.name} has no roll-call open, so there is none to withdraw."
            )
        if now >= roll_call.closes_at and not one.ended and one.stage not in stages.GONE:
            refused = Refused(
                reason="closed",
                sentence="The roll-call has closed, and its result is confirmed now, whichever it is: "
                f"/release gonogo {one.name}.",
            )
            record_refusal(session, "gonogo.withdraw_refused", actor, one, {"gonogo": roll_call.id}, refused, now)
            return refused
        # A name alone, in the release's own channel, is no reason.
        reason = "" if names.fold(why) == names.fold(one.name) else names.tidy(why)
        if problem := names.unsaid(reason, "Say why it is withdrawn.", LONGEST_REASON):
            return Invalid(problems={"reason": problem})
        found = judged(roll_call, now)
        told = facts(session, one, roll_call, found) | {"outcome": Outcome.WITHDRAWN.value, "why": reason}
        record(session, "gonogo.withdrawn", actor, allowed.person, one, told, now)
        _end(session, one, roll_call, Outcome.WITHDRAWN, actor, reason, now)
        return Ended(release=one, outcome=Outcome.WITHDRAWN)


def _unfit(session: Session, one: Release, roll_call: RollCall) -> Refused | None:
    if roll_call.ended:
        by = person.people(session, [roll_call.ended_by or ""]).get(roll_call.ended_by or "")
        how = rules.said(roll_call.outcome or Outcome.WITHDRAWN)
        return Refused(
            reason="ended_already",
            sentence=f"That roll-call has ended already: {how}, by {by.name if by else SOMEBODY}.",
        )
    if over := stages.over(one):
        return over
    if one.stage in stages.GONE:
        return Refused(
            reason="gone",
            sentence=f"{one.name} is {stages.words(one.stage)} already, without this roll-call. Withdraw it: "
            f"/release gonogo withdraw {one.name} and why.",
        )
    return None


def _end(
    session: Session, one: Release, roll_call: RollCall, outcome: Outcome, actor: Actor, reason: str, now: datetime
) -> None:
    asked = card.load(session, roll_call.card_id)
    assert asked is not None, "a roll-call's card cannot be deleted"
    seen = revise(session, one, asked, roll_call, now)
    gonogo.end(session, roll_call.id, outcome, actor.slack_id, reason, seen, now)
    refresh(session, asked, now)


def _post_record(session: Session, one: Release, roll_call: RollCall, now: datetime) -> None:
    key = f"gonogo.record:{roll_call.id}"
    outbox.enqueue(session, _message(one, roll_call, key, "gonogo.record", now), now)
    outbox.enqueue(session, _message(one, roll_call, key, "gonogo.pin", now), now)


def _message(one: Release, roll_call: RollCall, key: str, kind: str, now: datetime) -> Outgoing:
    """The record, and its pin: an update of it, which waits until it stands."""
    pin = kind == "gonogo.pin"
    return Outgoing(
        key=f"pin:{key}" if pin else key,
        kind=kind,
        ids={"gonogo_id": roll_call.id, "post_key": key},
        channel=one.channel_id,
        urgency=Urgency.ROUTINE if pin else Urgency.PROMPT,
        not_after=now + RECORD_GOOD_FOR,
        coalesce=f"pin:{key}" if pin else None,
    )
