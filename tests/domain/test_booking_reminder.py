"""When the holder of a booking is told what. NOW is a Monday, 09:00 in London."""

from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.actor import Person
from interlock.domain.booking import ALL_SEATS, Booking, BookingState, Span
from interlock.domain.booking_reminder import About, due
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import BookingReminders

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = BookingReminders(before_start_minutes=60, before_end_minutes=30, overdue_every_minutes=120)
LONDON = WorkCalendar(time_zone="Europe/London")


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def booking(starts: float, ends: float, made: float) -> Booking:
    return Booking(
        id=7,
        environment_id=1,
        holder=Person(slack_id="U0ANA", name="Ana Whitlock"),
        span=Span(starts=at(starts), ends=at(ends)),
        exclusive=True,
        seat_from=0,
        seat_to=ALL_SEATS,
        purpose="Tests",
        state=BookingState.ACTIVE,
        created_at=at(made),
    )


@pytest.mark.parametrize(
    ("one", "now", "expected"),
    [
        pytest.param(booking(4, 8, 0), at(2.9), None, id="more than an hour before it begins"),
        pytest.param(booking(4, 8, 0), at(3), About.START, id="an hour before it begins"),
        pytest.param(booking(4, 8, 0), at(3.99), About.START, id="late, yet before it begins"),
        pytest.param(booking(4, 8, 3.5), at(3.6), None, id="booked within the hour: they know"),
        pytest.param(booking(4, 8, 0), at(4), None, id="it has begun"),
        pytest.param(booking(4, 8, 0), at(7.5), About.END, id="half an hour before it ends"),
        pytest.param(booking(4, 4.4, 0), at(4.1), None, id="shorter than the warning"),
        pytest.param(booking(-3, 0, -9), NOW, About.OVERDUE, id="at its end"),
        pytest.param(booking(-3, 0, -9), at(8.6), None, id="overdue, after working hours"),
        pytest.param(booking(-3, 0, -9), at(24), About.OVERDUE, id="overdue, the next morning"),
        pytest.param(booking(-10, -9, -20), at(-9 + 0.5), None, id="overdue at midnight"),
        pytest.param(booking(13, 17, 0), at(12), About.START, id="a start is told in the evening too"),
    ],
)
def test_what_is_due(one: Booking, now: datetime, expected: About | None) -> None:
    found = due(one, RULES, LONDON, now)
    assert (found.about if found else None) is expected


def test_each_meaning_has_one_key() -> None:
    one = booking(-3, 0, -9)
    keys = [found.key for hours in (0, 1, 1.99, 2, 5) if (found := due(one, RULES, LONDON, at(hours)))]
    assert [key.rpartition(":")[2] for key in keys] == ["0", "0", "0", "1", "2"]


def test_an_end_that_moved_is_another_reminder() -> None:
    first = due(booking(0, 4, -1), RULES, LONDON, at(3.6))
    moved = due(booking(0, 6, -1), RULES, LONDON, at(5.6))
    assert first is not None
    assert moved is not None
    assert first.key != moved.key


def test_working_hours_are_the_holders_own() -> None:
    tokyo = WorkCalendar(time_zone="Asia/Tokyo")
    assert due(booking(-3, 0, -9), RULES, tokyo, NOW) is None
