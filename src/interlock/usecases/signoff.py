"""Asking for sign-offs, giving them and taking them back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlmodel import Session

from interlock.domain import condition as condition_rules
from interlock.domain import signing as rules
from interlock.domain.actor import SYSTEM, Actor
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF, Card, CardRevision
from interlock.domain.outbox import Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.signing import Accepted, AlreadySigned, Ask, Signature, SignatureWanted, Verdict
from interlock.domain.signoff import Decision, Requirement
from interlock.store import card, condition, person, release, signoff
from interlock.store.engine import Store
from interlock.usecases import ask, authority
from interlock.usecases.card import enqueue, refresh
from interlock.usecases.home import refresh as home_refresh
from interlock.usecases.race import after_the_winner
from interlock.usecases.record import record
from interlock.usecases.stage import begin, fall_back

UNKNOWN_CARD = Refused(
    reason="unknown_card",
    sentence="No card has that id: it may be a release's name, or of before a backup was restored. "
    "Type /release signoffs for the one that stands.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """`new` is False where the release had its card already."""

    card: Card
    release: Release
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class With:
    """What comes with an approval: what its signer typed, and on what it hangs, as typed, a line each."""

    signature: Signature | None = None
    conditions: tuple[str, ...] = ()


NOTHING: Final = With()
Hanging = tuple[str, str | None]
"""A condition's text, and the id of the ticket that it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a click came to, with what its answer needs. `hidden`: ids of the restricted tickets among the changes;
    `further`: requirements that the same person may fill by another click, on what `revision_id` showed; `conditions`:
    how many the approval hangs on.
    """

    release: Release
    verdict: Verdict
    hidden: frozenset[str] = frozenset()
    further: tuple[Requirement, ...] = ()
    conditions: int = 0
    revision_id: str = ""


def request(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Requested | Refused:
    """Post the card that asks for the release's sign-offs. Asking again changes nothing."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_REQUEST, actor, now)
        one = release.load(session, release_id, lock=True)
        if isinstance(allowed, Refused):
            ask.record_refusal(session, actor, one, {"decision": "requested"}, allowed, now)
            return allowed
        if refused := _nothing_to_sign(one):
            ask.record_refusal(session, actor, one, {"decision": "requested"}, refused, now)
            return refused
        existing = card.of_release(session, one.id, SIGNOFF)
        if existing:
            return Requested(card=existing, release=one, new=False)
        asked = card.create(session, one.id, SIGNOFF, one.channel_id, actor.slack_id, now)
        record(session, "signoff.requested", actor, allowed.person, one, {"card": asked.id}, now)
        begin(session, one, asked.id, actor, allowed.person, now)
        enqueue(session, asked, "signoff.card", asked.post_key, now, Urgency.PROMPT)
        return Requested(card=asked, release=one, new=True)


def _nothing_to_sign(one: Release) -> Refused | None:
    if one.settled:
        return Refused(reason="release_ended", sentence=f"{one.name} is {one.stage.value}: nothing is left to sign.")
    if not one.policy.requirements:
        return Refused(
            reason="no_requirements",
            sentence=f"{one.name} needs no sign-offs: its template, {one.policy.name}, names none.",
        )
    return None


def decide(
    store: Store,
    policy: Policy,
    actor: Actor,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    now: datetime,
    more: With = NOTHING,
) -> Decided | Refused:
    """A click on Approve, or a reason for Reject; authority, stage, scope and mirror are those of this moment.

    `revision_id` may name one requirement too, as `shown_for` writes it.
    """
    return after_the_winner(lambda: _decide(store, policy, actor, revision_id, decision, reason, now, more))


def foresee(
    store: Store, policy: Policy, actor: Actor, revision_id: str, decision: Decision, now: datetime
) -> Decided | Refused:
    """What deciding would come to, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        shown, wanted = ask.named(revision_id)
        revision = card.revision(session, shown)
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        if isinstance(allowed, Refused):
            return _named(session, actor, one, revision, allowed, now)
        asked, hidden = ask.load(session, one, revision, allowed, now, wanted=wanted)
        return Decided(release=one, verdict=rules.decide(asked, decision, policy, now), hidden=hidden)


def _decide(
    store: Store,
    policy: Policy,
    actor: Actor,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    now: datetime,
    more: With,
) -> Decided | Refused:
    with store.write() as session:
        shown, wanted = ask.named(revision_id)
        revision = card.revision(session, shown)
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id, lock=True)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        seen = ask.seen_facts(revision)
        if isinstance(allowed, Refused):
            ask.record_refusal(session, actor, one, seen | {"decision": decision.value}, allowed, now)
            return _named(session, actor, one, revision, allowed, now)
        asked, hidden = ask.load(session, one, revision, allowed, now, wanted=wanted, signature=more.signature)
        verdict: Verdict = rules.decide(asked, decision, policy, now)
        kept: Sequence[Hanging] | Refused = ()
        if isinstance(verdict, Accepted):
            kept = _hanging(session, actor, verdict, more)
            verdict = kept if isinstance(kept, Refused) else verdict
        elif isinstance(verdict, AlreadySigned):
            said = condition_rules.read(more.conditions)
            again = (
                said
                if isinstance(said, Refused)
                else condition_rules.too_late(said, verdict.signoff, one, verdict.requirement)
            )
            verdict = again or verdict
        if isinstance(verdict, Accepted) and not isinstance(kept, Refused):
            facts = seen | _given(session, revision, asked, verdict, actor, reason, more, kept, now)
            also = {"principal": verdict.principal} if verdict.principal else None
            record(session, f"signoff.{decision.value}", actor, allowed.person, one, facts, now, also=also)
            _announce(session, revision.card, verdict, actor, now)
            _lift(session, one, verdict, actor, now)
            if kept or decision is Decision.REJECTED:
                why = "an approval hangs on conditions" if kept else "a sign-off was rejected"
                fall_back(session, one, why, now)
            home_refresh(session, actor.slack_id, now)
        elif isinstance(verdict, Refused):
            ask.record_refusal(session, actor, one, seen | {"decision": decision.value}, verdict, now)
        if not isinstance(verdict, Refused | SignatureWanted):
            refresh(session, revision.card, now)
        further = rules.further(asked, verdict.requirement) if isinstance(verdict, Accepted | AlreadySigned) else ()
        conditions = () if isinstance(kept, Refused) else kept
        return Decided(
            release=one, verdict=verdict, hidden=hidden, further=further, conditions=len(conditions), revision_id=shown
        )


def _hanging(session: Session, actor: Actor, verdict: Accepted, more: With) -> Sequence[Hanging] | Refused:
    """What the approval hangs on: what was said with it, and what hung on the one that became void and is met not yet.
    Whoever affirms anew, with one click, takes nothing back by it.
    """
    if verdict.decision is not Decision.APPROVED:
        return ()
    said = condition_rules.read(more.conditions)
    if isinstance(said, Refused):
        return said
    keys = [each for each in said if condition_rules.is_ticket(each)]
    known = condition.ticket_ids(session, keys) if keys else {}
    unknown = next((each for each in keys if each not in known), None)
    if unknown:
        return condition_rules.unknown_ticket(unknown)
    found: list[Hanging] = [(each, known.get(each)) for each in said]
    if verdict.requirement.lapsed:
        stays = signoff.lapsed_conditions(session, verdict.requirement.id, actor.slack_id)
        found += [(each.text, each.ticket_id) for each in stays if (each.text, each.ticket_id) not in found]
    return found


def _given(
    session: Session,
    revision: CardRevision,
    asked: Ask,
    verdict: Accepted,
    actor: Actor,
    reason: str | None,
    more: With,
    hanging: Sequence[Hanging],
    now: datetime,
) -> dict[str, object]:
    """Store it; gives what the record says of it."""
    principal = verdict.principal.slack_id if verdict.principal else None
    meaning = more.signature.meaning if more.signature else None
    signoff.give(
        session,
        verdict.requirement,
        revision,
        actor,
        verdict.decision,
        reason,
        now,
        principal=principal,
        meaning=meaning,
        conditions=hanging,
    )
    facts: dict[str, object] = {"requirement": verdict.requirement.key, "reason": reason}
    if principal:
        facts["for"] = principal
    if meaning:
        facts["meaning"] = meaning
    if hanging:
        facts["conditions"] = [list(each) for each in hanging]
    if actor.slack_id == asked.requested_by:
        facts["own_request"] = True  # policy lets them; whoever reads the record should not have to find out
    return facts


def _named(
    session: Session, actor: Actor, one: Release, revision: CardRevision, refused: Refused, now: datetime
) -> Refused:
    """For somebody without the permission: who can is what they want to know, not which role they lack."""
    standing = person.standing(session, actor.slack_id)
    if standing is None or refused.reason != "not_permitted":
        return refused
    asked, _ = ask.load(session, one, revision, standing, now)
    return replace(rules.not_eligible(asked), reason=refused.reason)


def _announce(session: Session, asked: Card, verdict: Accepted, actor: Actor, now: datetime) -> None:
    """A rejection is news for whoever asked; an approval shows on the card itself, quietly."""
    if verdict.decision is Decision.REJECTED:
        ids = {"requirement_id": verdict.requirement.id, "slack_id": actor.slack_id}
        key = f"signoff.rejected:{asked.id}:{verdict.requirement.id}:{actor.slack_id}:{now.isoformat()}"
        enqueue(session, asked, "signoff.rejected", key, now, Urgency.PROMPT, ids=ids)
    if verdict.principal:
        ids = {"requirement_id": verdict.requirement.id, "slack_id": actor.slack_id}
        key = f"signoff.for_you:{asked.id}:{verdict.requirement.id}:{verdict.principal.slack_id}:{now.isoformat()}"
        told = f"@{verdict.principal.slack_id}"
        enqueue(session, asked, "signoff.for_you", key, now, Urgency.ROUTINE, ids=ids, channel=told)


def _lift(session: Session, one: Release, verdict: Accepted, actor: Actor, now: datetime) -> None:
    """Whoever approves what somebody rejected who has left since, decides it anew: the requester asked, and two people
    who are still there answer for it."""
    if verdict.decision is not Decision.APPROVED:
        return
    for rejection in verdict.requirement.left_behind:
        signoff.lift(session, rejection, actor.slack_id, now)
        facts = {
            "requirement": verdict.requirement.key,
            "signoff": rejection.id,
            "why": "giver_left",
            "approved_by": actor.slack_id,
        }
        record(session, "signoff.voided", SYSTEM, rejection.person, one, facts, now, role="signer")
