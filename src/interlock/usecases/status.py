"""Looking at releases: where one stands, which there are. Each answer is one short read; nobody asks the tracker."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import status as rules
from interlock.domain.actor import SOMEBODY, Actor
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Stage, Unclear, choose
from interlock.domain.stage import GONE
from interlock.domain.status import ReleaseStatus, State
from interlock.store import booked, break_glass, mirror, person, release, runbook, scope, signoff
from interlock.store.engine import Store
from interlock.usecases import audience, authority, blocker_view, obstacle

LISTED = 10
"""How many releases `/release list` shows."""
DEPLOYED = GONE | {Stage.CLOSED}
"""The stages in which a runbook may have run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The releases under way, the next target first, and how many more there are."""

    releases: tuple[ReleaseStatus, ...]
    more: int


def status(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> ReleaseStatus | Unclear | Refused:
    """`/release status [release]`, asked in a channel, for the asker's eyes."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        return read(session, policy, release.load(session, meant.id), now)


def status_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> ReleaseStatus | Refused:
    """As `status`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return read(session, policy, release.load(session, release_id), now)


def listing(store: Store, policy: Policy, actor: Actor, now: datetime) -> Listing | Refused:
    """`/release list`."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        under_way = release.active(session)
        shown = tuple(read(session, policy, one, now) for one in under_way[:LISTED])
        return Listing(releases=shown, more=len(under_way) - len(shown))


def read(session: Session, policy: Policy, one: Release, now: datetime, since: datetime | None = None) -> ReleaseStatus:
    """Where the release stands, in the caller's transaction, compared with `since` (default: the last business day)."""
    return rules.summarise(state(session, policy, one, now, since), policy, now)


def state(session: Session, policy: Policy, one: Release, now: datetime, since: datetime | None = None) -> State:
    """All that a status is worked out from."""
    since = since or rules.last_business_day(policy, one, now)
    counts = scope.counts(session, one.id, since)
    return State(
        release=one,
        since=since,
        counts=counts,
        moves=scope.moves(session, one.id, since, {each.status_id: each.category for each in counts}),
        stays=scope.stays(session, one.id, since),
        requirements=signoff.requirements(session, one, now=now),
        blockers=blocker_view.of_release(session, policy, one),
        mirror_as_of=mirror.as_of(session, "tickets"),
        booked=_booked(session, policy, one, now),
        excepted=obstacle.excepted(session, policy, one, now),
        glasses=break_glass.confirmed(session, [one.id]).get(one.id, ()),
        collides_with=tuple(each.other for each in obstacle.of_release(session, one) if not each.acknowledged),
        runbook=runbook.progress(session, one.id) if one.stage in DEPLOYED else None,
        ended_by=_ended_by(session, one),
    )


def _ended_by(session: Session, one: Release) -> str:
    if not one.ended:
        return ""
    who = one.closed_by or ""
    known = person.people(session, [who]).get(who)
    return known.name if known else SOMEBODY


def for_channel(
    session: Session, policy: Policy, one: Release, channel_id: str, now: datetime, since: datetime | None = None
) -> ReleaseStatus:
    """As `read`, with nothing in it that the channel's readers may not see."""
    return rules.shown_to(audience.of_channel(session, policy, channel_id), read(session, policy, one, now, since))


def _booked(session: Session, policy: Policy, one: Release, now: datetime) -> frozenset[str]:
    """As far as a freeze may ask for it."""
    if not any(each.environments or each.tiers for each in policy.freezes):
        return frozenset()
    return booked.environments(session, [one.id], now)[one.id]
