"""Asking for sign-offs, giving them and taking them back."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from interlock.domain import signoff as rules
from interlock.domain.actor import SYSTEM, Actor, Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF, Card, CardRevision
from interlock.domain.fingerprint import material_changes
from interlock.domain.outbox import Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Stage, Unclear, choose
from interlock.domain.signoff import Accepted, Ask, Decision, Requirement, Signoff, SignoffCard, Verdict
from interlock.domain.stage import GONE
from interlock.domain.visibility import RESTRICTED
from interlock.store import card, mirror, person, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.card import enqueue, picture, refresh, revise_elsewhere
from interlock.usecases.home import refresh as home_refresh
from interlock.usecases.record import record
from interlock.usecases.stage import fall_back

UNKNOWN_CARD = Refused(
    reason="unknown_card",
    sentence="That card is not known here, perhaps since a backup was restored. "
    "Type /release signoffs for the one that stands.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """`new` is False where the release had its card already."""

    card: Card
    release: Release
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a click came to, with what its answer needs. `hidden`: ids of the restricted tickets among the changes."""

    release: Release
    verdict: Verdict
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """The requirements from which the person's sign-off was taken back; none where there was none."""

    release: Release
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A live rejection, and who asked for the sign-offs."""

    release: Release
    requirement: Requirement
    signoff: Signoff
    requested_by: str


def request(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Requested | Refused:
    """Post the card that asks for the release's sign-offs. Asking again changes nothing."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_REQUEST, actor, now)
        one = release.load(session, release_id, lock=True)
        if isinstance(allowed, Refused):
            _record_refusal(session, actor, one, {"decision": "requested"}, allowed, now)
            return allowed
        if one.ended:
            return Refused(
                reason="release_ended", sentence=f"{one.name} is {one.stage.value}: nothing is left to sign."
            )
        if not one.policy.requirements:
            return Refused(
                reason="no_requirements",
                sentence=f"{one.name} needs no sign-offs: its template, {one.policy.name}, names none.",
            )
        existing = card.of_release(session, one.id, SIGNOFF)
        if existing:
            return Requested(card=existing, release=one, new=False)
        asked = card.create(session, one.id, SIGNOFF, one.channel_id, actor.slack_id, now)
        if one.stage is Stage.PLANNED:
            release.set_stage(session, one.id, Stage.IN_PROGRESS)
        record(session, "signoff.requested", actor, allowed.person, one, {"card": asked.id}, now)
        enqueue(session, asked, "signoff.card", asked.post_key, now, Urgency.PROMPT)
        return Requested(card=asked, release=one, new=True)


def decide(
    store: Store, policy: Policy, actor: Actor, revision_id: str, decision: Decision, reason: str | None, now: datetime
) -> Decided | Refused:
    """A click on Approve, or a reason for Reject; authority, stage, scope and mirror are those of this moment."""
    try:
        return _decide(store, policy, actor, revision_id, decision, reason, now)
    except IntegrityError:
        # The same person's other click won the race to the database; it now reads as signed already.
        return _decide(store, policy, actor, revision_id, decision, reason, now)


def foresee(
    store: Store, policy: Policy, actor: Actor, revision_id: str, decision: Decision, now: datetime
) -> Decided | Refused:
    """What deciding would come to, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        revision = card.revision(session, revision_id)
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        if isinstance(allowed, Refused):
            return _named(session, actor, one, revision, allowed)
        ask, hidden = _ask(session, one, revision, allowed)
        return Decided(release=one, verdict=rules.decide(ask, decision, policy, now), hidden=hidden)


def _decide(
    store: Store, policy: Policy, actor: Actor, revision_id: str, decision: Decision, reason: str | None, now: datetime
) -> Decided | Refused:
    with store.write() as session:
        revision = card.revision(session, revision_id)
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id, lock=True)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        seen = _seen_facts(revision)
        if isinstance(allowed, Refused):
            _record_refusal(session, actor, one, seen | {"decision": decision.value}, allowed, now)
            return _named(session, actor, one, revision, allowed)
        ask, hidden = _ask(session, one, revision, allowed)
        verdict = rules.decide(ask, decision, policy, now)
        if isinstance(verdict, Accepted):
            signoff.give(session, verdict.requirement, revision, actor, decision, reason, now)
            facts = seen | {"requirement": verdict.requirement.key, "reason": reason}
            record(session, f"signoff.{decision.value}", actor, allowed.person, one, facts, now)
            _announce(session, revision.card, verdict, actor, now)
            _lift(session, one, verdict, actor, now)
            fall_back(session, one, "a sign-off was rejected", now)
            home_refresh(session, actor.slack_id, now)
        elif isinstance(verdict, Refused):
            _record_refusal(session, actor, one, seen | {"decision": decision.value}, verdict, now)
        if not isinstance(verdict, Refused):
            refresh(session, revision.card, now)
        return Decided(release=one, verdict=verdict, hidden=hidden)


def revoke(store: Store, policy: Policy, actor: Actor, revision_id: str, now: datetime) -> Revoked | Refused:
    """Take back whatever the actor signed on the release, until it has its go. Nobody else's sign-off is touched."""
    with store.write() as session:
        revision = card.revision(session, revision_id)
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id, lock=True)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        seen = _seen_facts(revision)
        if isinstance(allowed, Refused):
            _record_refusal(session, actor, one, seen | {"decision": "revoked"}, allowed, now)
            return allowed
        if one.ended:
            refused = Refused(
                reason="release_ended",
                sentence=f"{one.name} is {one.stage.value}, so its sign-offs stand as they are.",
            )
            _record_refusal(session, actor, one, seen | {"decision": "revoked"}, refused, now)
            return refused
        if one.stage in GONE:
            refused = Refused(
                reason="gone",
                sentence=f"{one.name} has its go, which rests on your sign-off. Ask a release manager to take it back "
                "first: /release advance. Or press Reject, which takes the go back at once.",
            )
            _record_refusal(session, actor, one, seen | {"decision": "revoked"}, refused, now)
            return refused
        mine = tuple(
            (requirement, given)
            for requirement in signoff.requirements(session, one)
            if (given := requirement.signed_by(actor.slack_id))
        )
        for requirement, given in mine:
            signoff.revoke(session, given, now)
            facts = seen | {"requirement": requirement.key, "decision": given.decision.value}
            record(session, "signoff.revoked", actor, allowed.person, one, facts, now)
        refresh(session, revision.card, now)
        home_refresh(session, actor.slack_id, now)
        return Revoked(release=one, requirements=tuple(requirement for requirement, _ in mine))


def overview(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str
) -> SignoffCard | Unclear | Refused:
    """`/release signoffs [release]`, for somebody who looks."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id)
        return picture(session, one, card.of_release(session, one.id, SIGNOFF))


def overview_of(store: Store, policy: Policy, actor: Actor, release_id: int) -> SignoffCard | Refused:
    """As `overview`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        one = release.load(session, release_id)
        return picture(session, one, card.of_release(session, one.id, SIGNOFF))


def to_sign(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> SignoffCard | Unclear | Refused:
    """As `overview`, for somebody who signs by what they read here and not on the card: it carries the revision that
    records it, once sign-offs were asked for.
    """
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        return meant if isinstance(meant, Unclear) else _to_sign(session, meant.id, now)


def to_sign_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> SignoffCard | Refused:
    """As `to_sign`, for the release that a button names."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        return allowed if isinstance(allowed, Refused) else _to_sign(session, release_id, now)


def _to_sign(session: Session, release_id: int, now: datetime) -> SignoffCard:
    one = release.load(session, release_id, lock=True)
    asked = card.of_release(session, one.id, SIGNOFF)
    if asked is None or one.ended:
        return picture(session, one, asked)
    revision = revise_elsewhere(session, one, asked, now)
    return picture(session, one, asked, revision)


def _named(session: Session, actor: Actor, one: Release, revision: CardRevision, refused: Refused) -> Refused:
    """For somebody without the permission: who can is what they want to know, not which role they lack."""
    standing = person.standing(session, actor.slack_id)
    if standing is None or refused.reason != "not_permitted":
        return refused
    return replace(rules.not_eligible(_ask(session, one, revision, standing)[0]), reason=refused.reason)


def _ask(session: Session, one: Release, revision: CardRevision, standing: Standing) -> tuple[Ask, frozenset[str]]:
    requirements = signoff.requirements(session, one, revision.card.requested_by)
    held = _held(session, one, requirements, standing.person)
    current, _ = signoff.seen_scope(session, one.id)
    changes = material_changes(revision.seen, current)
    ask = Ask(
        release=one,
        requirements=requirements,
        requested_by=revision.card.requested_by,
        standing=standing,
        assigned=(RESTRICTED if held[1] else held[0]) if held else None,
        changes=changes,
        mirror_as_of=mirror.as_of(session, "tickets"),
    )
    return ask, signoff.restricted(session, [change.ticket.id for change in changes])


def _held(
    session: Session, one: Release, requirements: tuple[Requirement, ...], who: Person
) -> tuple[str, bool] | None:
    """A ticket in scope that this person worked on. Whoever is named as able to judge others' work has none."""
    account = who.verified_account
    excluding = (each.eligible for each in requirements if each.rule.exclude_assignees)
    if account is None or any(who.slack_id == each.slack_id for able in excluding for each in able):
        return None
    return signoff.assigned_ticket(session, one.id, account, one.scope_opened_at)


def _announce(session: Session, asked: Card, verdict: Accepted, actor: Actor, now: datetime) -> None:
    """A rejection is news for whoever asked; an approval shows on the card itself, quietly."""
    if verdict.decision is Decision.REJECTED:
        ids = {"requirement_id": verdict.requirement.id, "slack_id": actor.slack_id}
        key = f"signoff.rejected:{asked.id}:{verdict.requirement.id}:{actor.slack_id}:{now.isoformat()}"
        enqueue(session, asked, "signoff.rejected", key, now, Urgency.PROMPT, ids=ids)


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


def _seen_facts(revision: CardRevision) -> dict[str, object]:
    return {
        "card": revision.card.id,
        "revision": revision.id,
        "fingerprint": revision.fingerprint,
        "policy_version": revision.policy_version,
        "tickets": len(revision.seen),
        "shown": revision.shown,
        "message": list(revision.message) if revision.message else None,
    }


def _record_refusal(
    session: Session, actor: Actor, one: Release, facts: dict[str, object], refused: Refused, now: datetime
) -> None:
    standing = person.standing(session, actor.slack_id)
    who = standing.person if standing else Person(slack_id=actor.slack_id, name="")
    record(session, "signoff.refused", actor, who, one, facts | {"why": refused.reason}, now)


def rejected(store: Store, card_id: int, requirement_id: int, slack_id: str) -> Rejection | None:
    """What the channel is told of a rejection; None once it no longer stands."""
    with store.read() as session:
        asked = card.load(session, card_id)
        if asked is None:
            return None
        one = release.load(session, asked.release_id)
        for requirement in signoff.requirements(session, one):
            given = requirement.signed_by(slack_id)
            if requirement.id == requirement_id and given and given.decision is Decision.REJECTED:
                return Rejection(release=one, requirement=requirement, signoff=given, requested_by=asked.requested_by)
        return None
