"""Taking one's sign-offs back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.card import Card
from interlock.domain.outbox import Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.store import card, release, signoff
from interlock.store.engine import Store
from interlock.usecases import ask, authority
from interlock.usecases.card import enqueue, refresh
from interlock.usecases.home import refresh as home_refresh
from interlock.usecases.record import record
from interlock.usecases.signoff import UNKNOWN_CARD
from interlock.usecases.stage import fall_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """The requirements from which the person's sign-off was taken back; none where there was none."""

    release: Release
    requirements: tuple[Requirement, ...]


def revoke(store: Store, policy: Policy, actor: Actor, revision_id: str, now: datetime) -> Revoked | Refused:
    """Take back whatever the actor signed on the release, or had signed in their name, until it is released. A go
    that rests on it is taken back with it.
    """
    with store.write() as session:
        revision = card.revision(session, ask.named(revision_id)[0])
        if revision is None:
            return UNKNOWN_CARD
        one = release.load(session, revision.card.release_id, lock=True)
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        seen = ask.seen_facts(revision)
        if isinstance(allowed, Refused):
            ask.record_refusal(session, actor, one, seen | {"decision": "revoked"}, allowed, now)
            return allowed
        if one.settled:
            refused = Refused(
                reason="release_ended",
                sentence=f"{one.name} is {one.stage.value}, so its sign-offs stand as they are.",
            )
            ask.record_refusal(session, actor, one, seen | {"decision": "revoked"}, refused, now)
            return refused
        mine = tuple(
            (requirement, given)
            for requirement in signoff.requirements(session, one)
            for given in requirement.signoffs
            if actor.slack_id in {given.person.slack_id, given.speaks_for.slack_id}
        )
        for requirement, given in mine:
            signoff.revoke(session, given, now)
            facts = seen | {"requirement": requirement.key, "decision": given.decision.value}
            also = {"signer": given.person} if given.person.slack_id != actor.slack_id else None
            record(session, "signoff.revoked", actor, allowed.person, one, facts, now, also=also)
        fall_back(session, one, "a sign-off was revoked", now)
        if one.stage is Stage.DEPLOYING:
            _tell_revoked(session, revision.card, mine, actor, now)
        refresh(session, revision.card, now)
        home_refresh(session, actor.slack_id, now)
        return Revoked(release=one, requirements=tuple(requirement for requirement, _ in mine))


def _tell_revoked(
    session: Session, asked: Card, mine: Sequence[tuple[Requirement, Signoff]], actor: Actor, now: datetime
) -> None:
    """While it is being deployed nothing falls back by itself: somebody has to decide."""
    for requirement, given in mine:
        if given.decision is Decision.APPROVED:
            ids = {"requirement_id": requirement.id, "slack_id": actor.slack_id}
            enqueue(session, asked, "signoff.revoked", f"signoff.revoked:{given.id}", now, Urgency.PROMPT, ids=ids)
