"""The ladder: in business hours, one step after another, silent while somebody has it in hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.escalation import Episode, is_due, next_step
from interlock.domain.policy import LadderStep

LONDON = WorkCalendar(time_zone="Europe/London")  # 9:00 to 17:30: 8.5 hours a day
LADDER = (
    LadderStep(after_business_hours=0, to="owner"),
    LadderStep(after_business_hours=8, to="release_channel"),
    LadderStep(after_business_hours=16, to="release_manager"),
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026: the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


NEW = Episode(id=1, ticket_id="214", since=at(23, 10), seen_at=at(23, 10))


@pytest.mark.parametrize(
    ("episode", "number", "due"),
    [
        pytest.param(NEW, 0, at(23, 10), id="the owner at once"),
        pytest.param(replace(NEW, since=at(21, 12)), 0, at(23, 9), id="blocked on a Saturday: Monday morning"),
        pytest.param(replace(NEW, since=None, seen_at=at(23, 11)), 0, at(23, 11), id="since unknown: since seen"),
        pytest.param(replace(NEW, told={0: at(23, 10)}), 1, at(24, 9, 30), id="8 business hours later, the next day"),
        pytest.param(
            replace(NEW, since=at(2, 9), told={0: at(23, 10)}), 1, at(24, 9, 30), id="an old one keeps the distance"
        ),
        pytest.param(
            replace(NEW, told={0: at(23, 10)}, taken_until=at(26, 12)), 1, at(26, 12), id="silent while it is taken"
        ),
        pytest.param(
            replace(NEW, told={0: at(23, 10)}, snoozed_until=at(28, 12)),
            1,
            at(30, 9),
            id="silence until a Saturday",
        ),
    ],
)
def test_when_the_next_step_is_due(episode: Episode, number: int, due: datetime) -> None:
    found = next_step(episode, LADDER, LONDON)
    assert found is not None
    assert (found.number, found.at) == (number, due)


def test_the_ladder_ends() -> None:
    assert next_step(replace(NEW, told={0: at(23, 10), 1: at(24, 10), 2: at(25, 10)}), LADDER, LONDON) is None


@pytest.mark.parametrize(
    ("now", "due"),
    [(at(23, 9, 59), False), (at(23, 10), True), (at(23, 17, 29), True), (at(23, 17, 30), False), (at(28, 12), False)],
)
def test_nobody_is_told_outside_business_hours(now: datetime, *, due: bool) -> None:
    assert is_due(next_step(NEW, LADDER, LONDON), LONDON, now) is due


def test_taking_it_is_quiet_until_its_date() -> None:
    taken = replace(NEW, taken_until=at(24, 12))
    assert taken.is_quiet(at(24, 11))
    assert not taken.is_quiet(at(24, 12) + timedelta(seconds=1))
