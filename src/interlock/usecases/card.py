"""The sign-off card: drawing it, and having it drawn again."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.actor import Person
from interlock.domain.break_glass import flags
from interlock.domain.card import Card, CardRevision
from interlock.domain.fingerprint import fingerprint
from interlock.domain.outbox import Outgoing, Sent, Urgency
from interlock.domain.release import Release
from interlock.domain.signoff import Progress, Requirement, SignoffCard
from interlock.store import answer_due, break_glass, card, delegation, mirror, outbox, person, release, signoff
from interlock.store.engine import Store

POST_GOOD_FOR = timedelta(days=7)
REFRESH_GOOD_FOR = timedelta(days=1)


def draw(store: Store, card_id: int, now: datetime) -> SignoffCard | None:
    """The card as it is now, with the revision that its buttons shall carry; None for a card that does not exist."""
    with store.write() as session:
        one_card = card.load(session, card_id)
        if one_card is None:
            return None
        one = release.load(session, one_card.release_id, lock=True)
        return picture(session, one, one_card, revise(session, one, one_card, now), now=now)


def revise(session: Session, one: Release, asked: Card, now: datetime) -> CardRevision:
    """The card's revision for what is so now."""
    seen, _ = signoff.seen_scope(session, one.id)
    return card.draw(session, asked, seen, one.policy_version, _shown(picture(session, one, asked, now=now)), now)


def revise_elsewhere(session: Session, one: Release, asked: Card, now: datetime) -> CardRevision:
    """As `revise`, for a drawing that is not the card in Slack. Where the scope is another than that one shows, it is
    drawn anew as well: by this revision it would pass for drawn already.
    """
    in_slack = card.drawn_fingerprint(session, asked)
    revision = revise(session, one, asked, now)
    if in_slack not in {None, revision.fingerprint}:
        refresh(session, asked, now)
    return revision


def posted(store: Store, card_id: int) -> Sent | None:
    """Where the card's message stands; None until Slack has told."""
    with store.read() as session:
        one_card = card.load(session, card_id)
        return outbox.sent(session, one_card.post_key) if one_card else None


def sent(store: Store, post_key: str) -> Sent | None:
    """As `posted`, for a card that is known by its post's key alone."""
    with store.read() as session:
        return outbox.sent(session, post_key)


def refresh(session: Session, asked: Card, now: datetime, urgency: Urgency = Urgency.URGENT) -> None:
    """Have the card re-drawn from the state of the moment at which it is sent; a clicked card overtakes others."""
    enqueue(session, asked, "signoff.refresh", f"refresh:{asked.post_key}", now, urgency, coalesce=asked.post_key)


def refresh_changed(session: Session, one: Release, asked: Card, now: datetime) -> None:
    """Have it re-drawn where something changed that nobody clicked: a condition's ticket got done, somebody is back."""
    newest = card.newest_shown(session, asked)
    if newest is not None and newest != _shown(picture(session, one, asked, now=now)):
        refresh(session, asked, now, Urgency.ROUTINE)


def enqueue(
    session: Session,
    asked: Card,
    kind: str,
    key: str,
    now: datetime,
    urgency: Urgency,
    *,
    coalesce: str | None = None,
    ids: dict[str, object] | None = None,
    channel: str | None = None,
) -> None:
    """Add a message about the card to its channel, or to another."""
    message = Outgoing(
        key=key,
        kind=kind,
        ids={"card_id": asked.id} | (ids or {}),
        channel=channel or asked.channel_id,
        urgency=urgency,
        not_after=now + (REFRESH_GOOD_FOR if coalesce else POST_GOOD_FOR),
        coalesce=coalesce,
    )
    outbox.enqueue(session, message, now)


def picture(
    session: Session,
    one: Release,
    asked: Card | None,
    revision: CardRevision | None = None,
    *,
    now: datetime | None = None,
) -> SignoffCard:
    """The card's read model; without a revision it has nothing to click, and without `now` nobody is away."""
    seen, restricted = signoff.seen_scope(session, one.id)
    requirements = signoff.requirements(session, one, asked.requested_by if asked else None, now=now)
    missing = {each.slack_id for requirement in requirements if requirement.wants_more for each in requirement.left}
    away = delegation.absences(session, missing, now) if missing and now else {}
    requester = person.people(session, [asked.requested_by]).get(asked.requested_by) if asked else None
    broken = break_glass.confirmed(session, [one.id]).get(one.id, ())
    return SignoffCard(
        release=one,
        requirements=requirements,
        requested_by=requester,
        requested_at=asked.requested_at if asked else None,
        tickets=len(seen),
        done=sum(1 for ticket in seen if ticket.done),
        restricted=restricted,
        mirror_as_of=mirror.as_of(session, "tickets"),
        revision_id=revision.id if revision and not one.settled else None,
        fingerprint=fingerprint(seen),
        absences=tuple(away.values()),
        unanswered=_unanswered(session, requirements),
        break_glass=flags(broken, requirements, now) if now else (),
    )


def _unanswered(session: Session, requirements: tuple[Requirement, ...]) -> tuple[tuple[int, Person], ...]:
    """Whose answer did not come in time, and did not since."""
    timed = {each.id: each for each in requirements if each.rule.answer_within_business_days and each.wants_more}
    if not timed:
        return ()
    missed = {(each.requirement_id, each.slack_id) for each in answer_due.of(session, timed).values() if each.missed_at}
    return tuple((id_, who) for id_, each in timed.items() for who in each.left if (id_, who.slack_id) in missed)


def _shown(picture: SignoffCard) -> dict[str, object]:
    """What of the card, beside its scope, makes another revision when it changes."""
    return {
        "stage": picture.release.stage.value,
        "target": picture.release.target.isoformat(),
        "requirements": [
            {"key": requirement.key, "signoffs": [signoff.id for signoff in requirement.signoffs]}
            | _open(requirement)
            | _waiting(requirement)
            for requirement in picture.requirements
        ],
    } | ({"away": sorted(each.person.slack_id for each in picture.absences)} if picture.absences else {})


def _open(requirement: Requirement) -> dict[str, object]:
    """What an approval hangs on still, and what lets it pass unsigned."""
    conditions = [each.id for each in requirement.open_conditions]
    emergency = requirement.emergency if requirement.progress is Progress.EMERGENCY else None
    passed: dict[str, object] = {"break_glass": emergency.id} if emergency else {}
    return ({"open_conditions": conditions} if conditions else {}) | passed


def _waiting(requirement: Requirement) -> dict[str, object]:
    """Who may still sign: fewer, once one of them works on the scope; or more, once somebody joins the group."""
    if requirement.progress not in {Progress.OPEN, Progress.EMERGENCY}:
        return {}
    return {"waiting": sorted(each.slack_id for each in (*requirement.left, *requirement.unverified))}
