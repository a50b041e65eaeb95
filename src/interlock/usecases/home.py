"""The App Home tab: what waits for one person, and having it drawn again."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF
from interlock.domain.home import Home, OwnBlocker, WaitingSignoff
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import blocker, card, mirror, outbox, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority, blocker_view
from interlock.usecases.card import revise_elsewhere

GOOD_FOR = timedelta(minutes=10)


def read(store: Store, policy: Policy, actor: Actor, now: datetime) -> Home | Refused:
    """What waits for the actor. Each sign-off carries a revision of its card, so that it can be given here."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        under_way = release.active(session)
        asking = [one.id for one in under_way if _wanted(session, one, allowed)]
        blockers = _own_blockers(session, policy, under_way, allowed)
        as_of = mirror.as_of(session, "tickets")
    return Home(
        person=allowed.person,
        signoffs=tuple(found for id_ in asking if (found := _waiting(store, id_, allowed, now))),
        blockers=blockers,
        linked=allowed.person.verified_account is not None,
        mirror_as_of=as_of,
    )


def refresh(session: Session, slack_id: str, now: datetime) -> None:
    """Have somebody's Home tab drawn again, with the caller's transaction."""
    message = Outgoing(
        key=f"home:{slack_id}",
        kind="home",
        ids={"slack_id": slack_id},
        channel=f"@{slack_id}",
        urgency=Urgency.URGENT,
        not_after=now + GOOD_FOR,
        coalesce=f"home:{slack_id}",
    )
    outbox.enqueue(session, message, now)


def opened(store: Store, slack_id: str, now: datetime) -> None:
    """Somebody looks at the tab."""
    with store.write() as session:
        refresh(session, slack_id, now)


def _wanted(session: Session, one: Release, standing: Standing) -> tuple[str, ...]:
    """The names of the requirements that still want this person's word."""
    asked = card.of_release(session, one.id, SIGNOFF)
    me = standing.person.slack_id
    return tuple(
        requirement.name
        for requirement in (signoff.requirements(session, one, asked.requested_by) if asked else ())
        if requirement.wants_more and any(person.slack_id == me for person in requirement.left)
    )


def _waiting(store: Store, release_id: int, standing: Standing, now: datetime) -> WaitingSignoff | None:
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        names = _wanted(session, one, standing)
        if one.settled or asked is None or not names:
            return None
        revision = revise_elsewhere(session, one, asked, now)
        done = sum(1 for ticket in revision.seen if ticket.done)
        return WaitingSignoff(
            release=one, requirements=names, tickets=len(revision.seen), done=done, revision_id=revision.id
        )


def _own_blockers(
    session: Session, policy: Policy, under_way: list[Release], standing: Standing
) -> tuple[OwnBlocker, ...]:
    account = standing.person.verified_account
    if account is None:
        return ()
    episodes = blocker.episodes(session)
    found: dict[str, OwnBlocker] = {}
    for one in under_way:
        blockers = blocker_view.in_the_way(session, policy, one)
        for line in blocker_view.lines(session, blockers, episodes):
            if line.root.node.assignee_id == account:
                found.setdefault(line.root.node.id, OwnBlocker(release=one, line=line))
    return tuple(found.values())
