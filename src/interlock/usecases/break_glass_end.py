"""The end of broken glass: taken back, over by itself, or overtaken; and the review that follows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from interlock.domain import break_glass_rules as rules
from interlock.domain import names
from interlock.domain.actor import SYSTEM, Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.break_glass import BreakGlass, GlassCard, Outcome
from interlock.domain.criterion import evidence_changes
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release
from interlock.store import break_glass, criterion, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases import break_glass_card as cards
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid
from interlock.usecases.stage import fall_back

INTERLOCK: Final = Person(slack_id="", name="Interlock")
WHY_FALLEN: Final = {
    Outcome.REVOKED: "broken glass was taken back",
    Outcome.LAPSED: "the time of broken glass is over",
    Outcome.OVERTAKEN: "what broken glass was for changed",
    Outcome.LEFT: "one of the two who broke glass is not here any more",
}
WORDS = "Say what you looked at, and what came of it."
UNKNOWN = Refused(
    reason="unknown_break_glass",
    sentence="There is no such broken glass. /release breakglass and the release's name shows its number.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The card as it is after it."""

    picture: GlassCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """`again`: the same person had said the same already."""

    picture: GlassCard
    again: bool = False


def take_back(
    store: Store, policy: Policy, actor: Actor, break_glass_id: int, reason: str, now: datetime
) -> Ended | Invalid | Refused:
    """Whoever asked withdraws it; once it is confirmed, either of the two takes it back, and a go with it."""
    with store.write() as session:
        one, glass = _locked(session, break_glass_id)
        mine = glass is not None and glass.confirmed_by is not None and glass.confirmed_by.slack_id == actor.slack_id
        permission = Permission.BREAK_GLASS_CONFIRM if mine else Permission.BREAK_GLASS_ASK
        allowed = authority.to_decide(session, policy, permission, actor, now)
        facts: dict[str, object] = {"wanted": "take_back", "break_glass": break_glass_id}
        if isinstance(allowed, Refused) or glass is None or one is None:
            refused = allowed if isinstance(allowed, Refused) else UNKNOWN
            record_refusal(session, "break_glass.refused", actor, one, facts, refused, now)
            return refused
        why = names.tidy(reason)
        if problem := names.too_long(why, LONGEST_REASON):
            return Invalid(problems={"reason": problem})
        if glass.ended_by and glass.ended_by.slack_id == actor.slack_id:  # the same click again
            return Ended(picture=cards.picture(session, one, glass, now))
        outcome = rules.take_back(glass, one, allowed.person, now)
        if isinstance(outcome, Refused):
            record_refusal(session, "break_glass.refused", actor, one, facts, outcome, now)
            return outcome
        ended = _end(session, one, glass, outcome, now, actor=actor, who=allowed.person, reason=why)
        return Ended(picture=cards.picture(session, one, ended, now))


def review(
    store: Store, policy: Policy, actor: Actor, break_glass_id: int, reason: str, now: datetime
) -> Reviewed | Invalid | Refused:
    """Somebody other than the two looks at it afterwards and says what they found, in `reason`."""
    with store.write() as session:
        one, glass = _locked(session, break_glass_id)
        allowed = authority.to_decide(session, policy, Permission.BREAK_GLASS_REVIEW, actor, now)
        facts: dict[str, object] = {"wanted": "review", "break_glass": break_glass_id}
        if isinstance(allowed, Refused) or glass is None or one is None:
            refused = allowed if isinstance(allowed, Refused) else UNKNOWN
            record_refusal(session, "break_glass.refused", actor, one, facts, refused, now)
            return refused
        words = names.tidy(reason)
        if problem := names.unsaid(words, WORDS, LONGEST_REASON):
            return Invalid(problems={"words": problem})
        found = rules.review(glass, allowed.person, words)
        if isinstance(found, Refused):
            record_refusal(session, "break_glass.refused", actor, one, facts, found, now)
            return found
        if found is None:
            done = break_glass.review(session, glass, words, actor, now)
            assert done, "the release's lock keeps others from reviewing at once"
            told = {"break_glass": glass.id, "words": words}
            record(session, "break_glass.reviewed", actor, allowed.person, one, told, now)
            glass = break_glass.load(session, glass.id) or glass
            cards.tell(session, one, glass, cards.REVIEWED, now, by=actor.slack_id)
            cards.refresh(session, one, glass, now)
        return Reviewed(picture=cards.picture(session, one, glass, now), again=found is not None)


def may_review(store: Store, policy: Policy, actor: Actor, break_glass_id: int, now: datetime) -> GlassCard | Refused:
    """What would be reviewed, so that nobody writes in vain. Nothing is recorded."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.BREAK_GLASS_REVIEW, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        glass = break_glass.load(session, break_glass_id)
        if glass is None:
            return UNKNOWN
        found = rules.review(glass, allowed.person, "")
        if isinstance(found, Refused):
            return found
        return cards.picture(session, release.load(session, glass.release_id), glass, now)


def revalidate(store: Store, now: datetime) -> int:
    """End what has come to its end: its time is over, the scope changed, somebody left; how many. It counts for nothing
    from that moment on, whenever this runs.
    """
    with store.read() as session:
        live = break_glass.all_live(session)
    ended = 0
    for each in live:
        with store.write() as session:
            ended += settle_live(session, release.load(session, each.release_id, lock=True), now)
    return ended


def settle_live(session: Session, one: Release, now: datetime) -> bool:
    """As `revalidate`, of one release, for somebody who holds its lock; whether one has ended."""
    if one.policy.break_glass is None:  # it was never asked for, nearly always
        return False
    glass = break_glass.live(session, one.id)
    return glass is not None and settle(session, one, glass, now)


def settle(session: Session, one: Release, glass: BreakGlass, now: datetime) -> bool:
    """As `settle_live`, for the one; whether it has ended."""
    if glass.outcome is not None:
        return True
    changes = _changes(session, one, glass)
    outcome = rules.over(glass, changed=bool(changes), now=now)
    if outcome is None:
        return False
    _end(session, one, glass, outcome, now, changes=changes if outcome is Outcome.OVERTAKEN else ())
    return True


def _locked(session: Session, break_glass_id: int) -> tuple[Release | None, BreakGlass | None]:
    """It and its release, as they are now that nobody else decides on them; who may is read after that."""
    known = break_glass.load(session, break_glass_id)
    if known is None:
        return None, None
    return release.load(session, known.release_id, lock=True), break_glass.load(session, break_glass_id)


def _changes(session: Session, one: Release, glass: BreakGlass) -> tuple[MaterialChange, ...]:
    """Any material change of the scope, and what of the evidence would void an approval that was given then; none once
    it is out.
    """
    if one.settled:
        return ()
    current, _ = signoff.seen_scope(session, one.id)
    changes = break_glass.changes_since(session, one, glass, current)
    told = criterion.newest(session, one.id)
    if all(each.at <= glass.asked_at for each in told.values()):
        return changes  # nearly always
    before = criterion.newest(session, one.id, glass.asked_at)
    heeding = [each for each in signoff.requirements(session, one) if each.key in (glass.covers or glass.requirements)]
    return changes + tuple(
        each
        for each in evidence_changes(one.policy.criteria, before, told)
        if any(requirement.touched_by(each, None) for requirement in heeding)
    )


def _end(
    session: Session,
    one: Release,
    glass: BreakGlass,
    outcome: Outcome,
    now: datetime,
    *,
    actor: Actor = SYSTEM,
    who: Person = INTERLOCK,
    reason: str = "",
    changes: tuple[MaterialChange, ...] = (),
) -> BreakGlass:
    done = break_glass.end(session, glass, outcome, now, actor=actor, reason=reason or None, changes=changes)
    assert done, "the release's lock keeps others from ending it at once"
    facts: dict[str, object] = {"break_glass": glass.id, "reason": reason or None}
    if changes:
        facts["changes"] = [[each.what, each.ticket.id if each.ticket else each.about] for each in changes]
    role = "actor" if actor is not SYSTEM else "system"
    record(session, f"break_glass.{outcome.value}", actor, who, one, facts, now, role=role)
    ended = break_glass.load(session, glass.id)
    assert ended is not None
    if glass.confirmed_by:
        fall_back(session, one, WHY_FALLEN[outcome], now)
    if not one.settled:
        cards.tell(session, one, ended, outcome.value, now, by=actor.slack_id)
    cards.refresh(session, one, ended, now)
    return ended
