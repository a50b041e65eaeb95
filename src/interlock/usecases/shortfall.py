"""Sign-offs that the people who are left cannot give: the release manager is told once, and once more when they can."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from interlock.domain.card import SIGNOFF
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.signoff import Requirement
from interlock.domain.signoff_reminder import Shortfall
from interlock.store import card, outbox, release, shortfall, signoff
from interlock.store.engine import Store
from interlock.usecases.card import refresh
from interlock.usecases.signoff_reminder import managers

GOOD_FOR: Final = timedelta(days=3)


def watch(store: Store, policy: Policy, now: datetime) -> int:
    """Look at every release under way, after people or groups changed; returns how many changes there were. Doing it
    again tells nobody again."""
    with store.read() as session:
        changed = [one.id for one in release.active(session) if any(_changes(session, one))]
    return sum(_settle(store, policy, release_id, now) for release_id in changed)


def told(store: Store, release_id: int, requirement_id: int, *, short: bool) -> Shortfall | None:
    """What is told when the message goes; None where it is no longer so."""
    with store.read() as session:
        one = release.load(session, release_id)
        found = next((each for each in _requirements(session, one) if each.id == requirement_id), None)
        if one.settled or found is None or found.out_of_reach != short:
            return None
        return Shortfall(release=one, requirement=found)


def _requirements(session: Session, one: Release) -> tuple[Requirement, ...]:
    asked = card.of_release(session, one.id, SIGNOFF)
    return signoff.requirements(session, one, asked.requested_by if asked else None)


def _changes(session: Session, one: Release) -> Iterator[tuple[Requirement, int | None]]:
    """The requirements whose state is another than was told, each with the shortfall that is over."""
    requirements = _requirements(session, one)
    known = shortfall.ongoing(session, [each.id for each in requirements])
    for each in requirements:
        if each.out_of_reach != (each.id in known):
            yield each, known.get(each.id)


def _settle(store: Store, policy: Policy, release_id: int, now: datetime) -> int:
    try:
        with store.write() as session:
            one = release.load(session, release_id, lock=True)
            found = [] if one.settled else list(_changes(session, one))
            asked = card.of_release(session, one.id, SIGNOFF)
            for requirement, over in found:
                kind = "signoff.shortfall" if over is None else "signoff.within_reach"
                number = shortfall.begin(session, requirement.id, now) if over is None else over
                if over is not None:
                    shortfall.end(session, over, now)
                for channel in managers(session, policy, one, asked.requested_by if asked else one.created_by):
                    note = Outgoing(
                        key=f"{kind}:{number}:{channel}",
                        kind=kind,
                        ids={"release_id": one.id, "requirement_id": requirement.id},
                        channel=channel,
                        urgency=Urgency.PROMPT,
                        not_after=now + GOOD_FOR,
                    )
                    outbox.enqueue(session, note, now)
            if found and asked:
                refresh(session, asked, now, Urgency.ROUTINE)
            return len(found)
    except IntegrityError:  # another replica saw it too
        return 0
