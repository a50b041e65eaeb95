"""What keeps a release from moving on: a hold, until it is resumed; a cancellation, for good."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import names
from interlock.domain import stage as rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Held, Release, Stage, Unclear, choose, leading
from interlock.domain.stage import Moved
from interlock.domain.words import full_stop
from interlock.store import release
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import REFUSED, Invalid
from interlock.usecases.stage_news import announce, redraw

CANCEL_REFUSED = REFUSED[Permission.RELEASE_CANCEL]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSet:
    """A release whose `held` is None goes on. `again`: it was so already, and nothing was done."""

    release: Release
    again: bool = False


def hold(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime, *, on: bool
) -> HoldSet | Unclear | Invalid | Refused:
    """`/release hold RELEASE why`: nothing moves it forward until `/release resume RELEASE`."""
    kind = "release.held" if on else "release.resumed"
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.RELEASE_ADVANCE, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, f"{kind}_refused", actor, None, {}, allowed, now)
        known = release.all_names(session)
        typed, reason = leading(text, known)
        meant = choose(typed, channel_id, known)
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id, lock=True)
        if over := rules.over(one):
            return record_refusal(session, f"{kind}_refused", actor, one, {}, over, now)
        why = names.tidy(reason)
        if on and (problem := names.unsaid(why, "Say why it is held.", LONGEST_REASON)):
            return Invalid(problems={"reason": problem})
        if one.held is None and not on:
            return HoldSet(release=one, again=True)
        if one.held is not None and on:
            if (one.held.by, one.held.reason) == (actor.slack_id, why):
                return HoldSet(release=one, again=True)
            sentence = f"{one.name} is on hold already, so nothing was changed: {full_stop(one.held.reason)}"
            standing = Refused(reason="no_change", sentence=sentence)
            return record_refusal(session, f"{kind}_refused", actor, one, {}, standing, now)
        held = Held(by=actor.slack_id, at=now, reason=why) if on else None
        release.hold(session, one.id, held)
        record(session, kind, actor, allowed.person, one, {"why": why, "stage": one.stage.value}, now)
        changed = release.load(session, one.id)
        announce(session, changed, kind, actor.slack_id, {"why": why}, now)
        return HoldSet(release=changed)


def cancel(
    store: Store, policy: Policy, actor: Actor, release_id: int, reason: str, now: datetime
) -> Moved | Invalid | Refused:
    """End a release that will not be released, for good."""
    with store.write() as session:
        return _cancel(session, policy, actor, release_id, reason, now)


def cancel_typed(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Moved | Unclear | Invalid | Refused:
    """`interlock release cancel RELEASE why --yes`: as `cancel`, of the release that was typed."""
    with store.write() as session:
        known = release.all_names(session)
        typed, reason = leading(text, known)
        meant = choose(typed, channel_id, known)
        if not isinstance(meant, Unclear):
            return _cancel(session, policy, actor, meant.id, reason, now)
        allowed = authority.to_decide(session, policy, Permission.RELEASE_CANCEL, actor, now)
        if not isinstance(allowed, Refused):
            return meant
        return record_refusal(session, CANCEL_REFUSED, actor, None, {}, allowed, now)


def _cancel(
    session: Session, policy: Policy, actor: Actor, release_id: int, reason: str, now: datetime
) -> Moved | Invalid | Refused:
    one = release.load(session, release_id, lock=True)
    allowed = authority.to_decide(session, policy, Permission.RELEASE_CANCEL, actor, now)
    if isinstance(allowed, Refused):
        return record_refusal(session, CANCEL_REFUSED, actor, one, {}, allowed, now)
    if one.stage is Stage.CANCELLED and one.closed_by == actor.slack_id:
        return Moved(release=one, before=one.stage, after=one.stage, again=True)
    if refused := rules.over(one) or rules.too_late_to_cancel(one):
        return record_refusal(session, CANCEL_REFUSED, actor, one, {}, refused, now)
    why = names.tidy(reason)
    if problem := names.unsaid(why, "Say why it is cancelled.", LONGEST_REASON):
        return Invalid(problems={"reason": problem})
    release.end(session, one.id, Stage.CANCELLED, actor, why, now)
    record(session, "release.cancelled", actor, allowed.person, one, {"why": why, "stage": one.stage.value}, now)
    announce(session, one, "release.cancelled", actor.slack_id, {"why": why}, now)
    redraw(session, one, now)
    return Moved(release=release.load(session, one.id), before=one.stage, after=Stage.CANCELLED)
