"""The release calendar: week by week what is due, frozen, in collision and closed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from interlock.domain.collision import Collision
from interlock.domain.freeze import Window
from interlock.domain.obstacle import Obstacle
from interlock.domain.release import Release

WEEKS: Final = 8
MOST_WEEKS: Final = 26
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A release's target, or where `milestone` names one, that. `broken`: glass was broken for the release."""

    release: str
    day: date
    milestone: str | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """From `monday` on. A pair of releases that collide stands in it once; `open`: a side has not acknowledged it."""

    monday: date
    targets: tuple[Due, ...]
    milestones: tuple[Due, ...]
    freezes: tuple[Window, ...]
    collisions: tuple["Pair", ...]
    holidays: tuple[date, ...]

    @property
    def quiet(self) -> bool:
        return not (self.targets or self.milestones or self.freezes or self.collisions or self.holidays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two releases that collide; `open` are the names of those for which nobody acknowledged it."""

    collision: Collision
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """What stands between a release and its go, as far as the calendar says."""

    release_id: int
    release: str
    obstacle: Obstacle
    other_id: int | None = None
    """Of a collision, the other release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """`releases` is how many have not ended; `today` is of the policy's calendar, whose zone is `time_zone`."""

    weeks: tuple[Week, ...]
    releases: int
    in_the_way: tuple[InTheWay, ...]
    today: date
    time_zone: str


def begins(today: date) -> date:
    """The Monday of the week."""
    return today - timedelta(days=today.weekday())


def weeks(
    releases: Sequence[Release],
    windows: Iterable[Window],
    collisions: Iterable[Collision],
    holidays: Iterable[date],
    *,
    first: date,
    count: int,
    broken: Collection[int] = (),
) -> tuple[Week, ...]:
    """`count` weeks from the Monday `first`. A freeze stands in each week on a day of which it holds. `broken`: the ids
    of the releases for which glass was broken.
    """
    frozen, days_off, pairs = list(windows), sorted(set(holidays)), _pairs(collisions)
    found = []
    for number in range(count):
        monday = first + number * WEEK
        after = monday + WEEK
        found.append(
            Week(
                monday=monday,
                targets=tuple(
                    Due(release=one.name, day=one.target, broken=one.id in broken)
                    for one in releases
                    if monday <= one.target < after
                ),
                milestones=_milestones(releases, monday, after),
                freezes=tuple(each for each in frozen if each.start < after and monday <= each.end),
                collisions=tuple(each for each in pairs if monday <= each.collision.target < after),
                holidays=tuple(each for each in days_off if monday <= each < after),
            )
        )
    return tuple(found)


def span(first: date, count: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, on the clock of the zone."""
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    last = first + count * WEEK
    return since, datetime(last.year, last.month, last.day, tzinfo=zone)


def _milestones(releases: Sequence[Release], monday: date, after: date) -> tuple[Due, ...]:
    """Those that are not reached yet; one on the target's own day goes without saying."""
    due = [
        Due(release=one.name, day=each.due, milestone=each.name)
        for one in releases
        for each in one.milestones
        if monday <= each.due < after and each.due != one.target and each.reached_at is None
    ]
    return tuple(sorted(due, key=lambda each: (each.day, each.release)))


def _pairs(collisions: Iterable[Collision]) -> list[Pair]:
    sides: dict[frozenset[int], list[Collision]] = {}
    for each in collisions:
        sides.setdefault(frozenset({each.release_id, each.other_id}), []).append(each)
    return [
        Pair(collision=both[0], open=tuple(sorted(each.name for each in both if each.acknowledged is None)))
        for both in sides.values()
    ]
