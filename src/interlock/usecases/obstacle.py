"""What the calendar puts in the way of a release: read from the store, said by the domain. Whoever decides on go asks
`go_obstacles`, in the transaction that decides.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlmodel import Session

from interlock.domain import collision as collisions
from interlock.domain import freeze, freeze_exception, milestone
from interlock.domain.calendar import ONE_DAY
from interlock.domain.collision import Collision, Side
from interlock.domain.freeze import Excepted, Window
from interlock.domain.freeze_exception import Decision, FreezeException
from interlock.domain.obstacle import Obstacle
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import booked, collision, release, scope
from interlock.store import freeze_exception as exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A time of a freeze that a release meets, and what was asked about it; None where nothing was."""

    window: Window
    asked: FreezeException | None

    def is_open(self, now: datetime) -> bool:
        """Whether it stands in the way: no approved exception counts."""
        return self.asked is None or not self.asked.excepts(self.window, now)


def go_obstacles(session: Session, policy: Policy, one: Release, now: datetime) -> tuple[Obstacle, ...]:
    """Each freeze that holds now, or leaves nothing of the target day that is to come, without an approved exception;
    and each collision that nobody acknowledged for this release. Nothing is in the way where it is empty.
    """
    return obstacles(one, met(session, policy, one, now), of_release(session, one), now)


def obstacles(
    one: Release, frozen: Iterable[Met], colliding: Iterable[Collision], now: datetime
) -> tuple[Obstacle, ...]:
    """Those of what a release meets that stand in its way."""
    freezes = (
        Obstacle(
            kind="freeze",
            about=each.window.name,
            sentence=freeze_exception.obstacle(one.name, each.window, each.asked, now),
        )
        for each in frozen
        if each.is_open(now) and (each.window.whole or each.window.holds(now))
    )
    unacknowledged = (
        Obstacle(kind="collision", about=each.other, sentence=collisions.obstacle(each))
        for each in colliding
        if each.acknowledged is None
    )
    return (*freezes, *unacknowledged)


def met(session: Session, policy: Policy, one: Release, now: datetime) -> list[Met]:
    """The times of freezes that hold for the release now, then those of its target day where that is still to come."""
    return met_by(session, policy, [one], now)[one.id]


def freeze_of_target(session: Session, policy: Policy, one: Release, now: datetime) -> Window | None:
    """The gravest freeze that its target day meets and that no approved exception lifts."""
    open_ = (each.window for each in met(session, policy, one, now) if each.is_open(now))
    return freeze.gravest(each for each in open_ if each.start <= one.target <= each.end)


def excepted(session: Session, policy: Policy, one: Release, now: datetime) -> tuple[Excepted, ...]:
    """From which occurrences of freezes the release is excepted, by an approval that still holds."""
    if not policy.freezes:
        return ()
    given = exceptions.of_release(session, one.id)
    return tuple(
        (each.freeze, each.starts, each.ends)
        for each in given
        if each.decision is Decision.APPROVED and now < each.ends
    )


def met_by(session: Session, policy: Policy, releases: Sequence[Release], now: datetime) -> dict[int, list[Met]]:
    """As `met`, for several releases, by id."""
    ids = [each.id for each in releases]
    if not policy.freezes:
        return {release_id: [] for release_id in ids}
    teams, places = scope.team_keys(session, ids), booked.environments(session, ids, now)
    found = {}
    for one in releases:
        whom = freeze.reach(policy, one.policy, teams[one.id], places[one.id])
        calendar = milestone.calendar_of(policy, one.policy)
        windows = [] if one.settled else freeze.met(policy, whom, one.target, calendar, now)
        asked = exceptions.of_release(session, one.id) if windows else []
        found[one.id] = [
            Met(window=each, asked=next((said for said in asked if said.is_of(each)), None)) for each in windows
        ]
    return found


def of_release(session: Session, one: Release) -> tuple[Collision, ...]:
    """The release's collisions with others that have not ended, acknowledged or not."""
    if one.settled or release.is_alone(session, one.id, one.target):
        return ()  # nearly always
    return of_releases(session, release.on_target(session, one.target)).get(one.id, ())


def of_releases(session: Session, releases: Sequence[Release]) -> dict[int, tuple[Collision, ...]]:
    """By release, its collisions among these."""
    going = [each for each in releases if not each.settled]
    days = Counter(each.target for each in going)
    meeting = [each for each in going if days[each.target] > 1]
    if not meeting:
        return {}
    ids = [each.id for each in meeting]
    parts = collision.components(session, ids)
    sides = [
        Side(
            release_id=each.id,
            name=each.name,
            target=each.target,
            components=parts[each.id],
            environments=freeze.named_environments(each.policy) | _booked_on_target(session, each),
        )
        for each in meeting
    ]
    given = collision.acknowledgements(session, ids)
    return {side.release_id: collisions.collisions(side, sides, given) for side in sides}


def _booked_on_target(session: Session, one: Release) -> frozenset[str]:
    """By UTC's day, and the same for both sides of a collision, whatever calendars they go by."""
    begins = datetime.combine(one.target, time(), UTC)
    return booked.environments(session, [one.id], begins, begins + ONE_DAY)[one.id]
