"""A proposal's card: what it is drawn from, its revisions, and having it drawn again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from interlock.domain import policy_change as rules
from interlock.domain.card import Card, CardRevision
from interlock.domain.outbox import Urgency
from interlock.domain.policy_change import ANOTHER, PolicyChange, PolicyChangeCard
from interlock.domain.release import Release
from interlock.domain.signoff import Requirement
from interlock.store import card, policy_change, release, signoff
from interlock.store.engine import Store
from interlock.usecases.card import enqueue

CARD, REFRESH, TOLD = "policy_change.card", "policy_change.refresh", "policy_change.told"
TOLD_FOR = timedelta(days=7)


def draw(store: Store, change_id: int, now: datetime) -> PolicyChangeCard | None:
    """The card as it is now, with the revision that its buttons shall carry; None for a proposal that there is not."""
    return _draw(store, change_id, now, revise)


def draw_elsewhere(store: Store, change_id: int, now: datetime) -> PolicyChangeCard | None:
    """As `draw`, for a drawing that is not the card in its channel: see `revise_elsewhere`."""
    return _draw(store, change_id, now, revise_elsewhere)


def _draw(
    store: Store,
    change_id: int,
    now: datetime,
    revised: Callable[[Session, Release, PolicyChange, datetime], CardRevision],
) -> PolicyChangeCard | None:
    with store.write() as session:
        known = policy_change.load(session, change_id)
        if known is None:
            return None
        one = release.load(session, known.release_id, lock=True)
        change = policy_change.load(session, change_id) or known
        return board(session, one, change, now, revised(session, one, change, now))


def refresh_aged(store: Store, now: datetime) -> int:
    """Have the cards drawn anew on which an approval counts that has become too old since; how many."""
    with store.read() as session:
        aged = [each for each in policy_change.all_open(session) if _aged(session, each, now)]
    for change in aged:
        with store.write() as session:
            refresh(session, change, now, Urgency.ROUTINE)
    return len(aged)


def shown(store: Store, change_id: int, now: datetime) -> PolicyChangeCard | None:
    """As `draw`, for what has no buttons."""
    with store.read() as session:
        change = policy_change.load(session, change_id)
        return board(session, release.load(session, change.release_id), change, now) if change else None


def board(
    session: Session, one: Release, change: PolicyChange, now: datetime, revision: CardRevision | None = None
) -> PolicyChangeCard:
    over = rules.over(change, now) or rules.unfit(one, change.new)
    return PolicyChangeCard(
        release=one,
        change=change,
        requirements=requirements(session, one, change, now),
        revision_id=revision.id if revision and not over else None,
    )


def requirements(session: Session, one: Release, change: PolicyChange, now: datetime) -> tuple[Requirement, ...]:
    """What the old policy asks, of those whom it lets sign now, with what they said to the proposal. Whoever proposed
    it is never among them. An approval that is too old is none, so it may be given again; how it was when it ended
    stays so.
    """
    moment = change.ended_at or now
    asked = replace(one, policy=rules.asked(change.old))
    proposer = change.proposed_by.slack_id
    wanted = signoff.requirements(session, asked, proposer, now=now) if change.old.requirements else (ANOTHER,)
    said = policy_change.words(session, change, wanted)
    count = {key: tuple(each for each in words if not each.expired(moment)) for key, words in said.items()}
    return tuple(replace(each, signoffs=count.get(each.key, ()), lapsed=False, as_of=moment) for each in wanted)


def revise_elsewhere(session: Session, one: Release, change: PolicyChange, now: datetime) -> CardRevision:
    """As `revise`; where the card in the channel counts other words, it is drawn anew as well: by this revision it
    would pass for drawn already.
    """
    if _aged(session, change, now):
        refresh(session, change, now, Urgency.ROUTINE)
    return revise(session, one, change, now)


def revise(session: Session, one: Release, change: PolicyChange, now: datetime) -> CardRevision:
    """The card's revision for what is so now, for somebody who holds the release's lock. What was proposed is on every
    one of them, so that whoever clicked saw it.
    """
    seen, _ = signoff.seen_scope(session, one.id)
    drawn = {
        "change": change.id,
        "to": change.new_version,
        "difference": list(change.difference),
        "reason": change.reason,
        "closes_at": change.closes_at.isoformat(),
        "stage": one.stage.value,
        "words": _words(session, one, change, now),
        "outcome": change.outcome.value if change.outcome else None,
    }
    return card.draw(session, card_of(session, change), seen, change.old_version, drawn, now)


def _words(session: Session, one: Release, change: PolicyChange, now: datetime) -> list[list[Any]]:
    return [[each.key, [word.id for word in each.signoffs]] for each in requirements(session, one, change, now)]


def _aged(session: Session, change: PolicyChange, now: datetime) -> bool:
    drawn, one = card.newest_shown(session, card_of(session, change)), release.load(session, change.release_id)
    return drawn is not None and drawn["words"] != _words(session, one, change, now)


def card_of(session: Session, change: PolicyChange) -> Card:
    found = card.load(session, change.card_id)
    assert found is not None, "a proposal's card cannot be deleted"
    return found


def post(session: Session, change: PolicyChange, now: datetime) -> None:
    asked = card_of(session, change)
    enqueue(session, asked, CARD, asked.post_key, now, Urgency.PROMPT, ids={"change_id": change.id})


def refresh(session: Session, change: PolicyChange, now: datetime, urgency: Urgency = Urgency.URGENT) -> None:
    asked = card_of(session, change)
    key = f"refresh:{asked.post_key}"
    enqueue(session, asked, REFRESH, key, now, urgency, coalesce=asked.post_key, ids={"change_id": change.id})


def tell(session: Session, change: PolicyChange, now: datetime) -> None:
    """Whoever proposed it hears how it ended, where they did not end it themselves."""
    proposer = change.proposed_by
    if proposer.is_member and (change.ended_by is None or change.ended_by.slack_id != proposer.slack_id):
        asked, where = card_of(session, change), f"@{proposer.slack_id}"
        key = f"{TOLD}:{change.id}"
        enqueue(session, asked, TOLD, key, now, Urgency.PROMPT, ids={"change_id": change.id}, channel=where)
