"""What people are told of sign-offs by messages of their own, as it is when they are told."""

from collections.abc import Callable
from dataclasses import dataclass

from interlock.domain.actor import Person, departed
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Decision, Progress, Requirement, Signoff
from interlock.store import card, person, release, signoff
from interlock.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A live sign-off that somebody is told of, and who asked for it."""

    release: Release
    requirement: Requirement
    signoff: Signoff
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """An approval that somebody revoked, and who asked for the sign-offs."""

    release: Release
    requirement: Requirement
    by: Person
    requested_by: str


def rejected(store: Store, card_id: int, requirement_id: int, slack_id: str) -> Given | None:
    """What the channel is told of a rejection; None once it no longer stands."""
    return _given(store, card_id, requirement_id, slack_id, lambda given: given.decision is Decision.REJECTED)


def in_your_place(store: Store, card_id: int, requirement_id: int, slack_id: str) -> Given | None:
    """What somebody is told of what was signed in their name; None once it no longer stands."""
    return _given(store, card_id, requirement_id, slack_id, lambda given: given.principal is not None)


def revoked(store: Store, card_id: int, requirement_id: int, slack_id: str) -> TakenBack | None:
    """What the channel is told of an approval that was taken back amid the deployment; None once that is over, or the
    sign-off given again.
    """
    with store.read() as session:
        asked = card.load(session, card_id)
        one = release.load(session, asked.release_id) if asked else None
        if asked is None or one is None or one.stage is not Stage.DEPLOYING:
            return None
        found = (each for each in signoff.requirements(session, one) if each.id == requirement_id)
        requirement = next(found, None)
        if requirement is None or requirement.progress is Progress.MET:
            return None
        by = person.people(session, [slack_id]).get(slack_id) or departed(slack_id)
        return TakenBack(release=one, requirement=requirement, by=by, requested_by=asked.requested_by)


def _given(
    store: Store, card_id: int, requirement_id: int, slack_id: str, is_it: Callable[[Signoff], bool]
) -> Given | None:
    with store.read() as session:
        asked = card.load(session, card_id)
        if asked is None:
            return None
        one = release.load(session, asked.release_id)
        for requirement in signoff.requirements(session, one):
            given = requirement.signed_by(slack_id)
            if requirement.id == requirement_id and given and is_it(given):
                return Given(release=one, requirement=requirement, signoff=given, requested_by=asked.requested_by)
        return None
