"""When whoever is asked is reminded: in their hours, oftener the nearer the day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.signoff_reminder import answer_due, due, every, next_day, warning

LONDON = WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25)}))
TOKYO = WorkCalendar(time_zone="Asia/Tokyo")
ASKED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday


def at(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(("left", "gap"), [(30, 5), (11, 5), (10, 3), (6, 3), (5, 1), (1, 1), (0, 1), (-3, 1)])
def test_they_grow_with_nearness(left: int, gap: int) -> None:
    assert every(left) == gap


@pytest.mark.parametrize(
    ("needed", "now", "key"),
    [
        pytest.param(date(2026, 12, 17), at(23, 15, month=11), None, id="on the day of the asking"),
        pytest.param(date(2026, 12, 17), at(24, 10, month=11), None, id="too far away for the next day"),
        pytest.param(date(2026, 12, 17), at(30, 10, month=11), "2026-11-30", id="after five business days"),
        pytest.param(date(2026, 12, 17), at(30, 8, month=11), None, id="before their hours"),
        pytest.param(date(2026, 12, 17), at(30, 18, month=11), None, id="after them"),
        pytest.param(date(2026, 12, 17), at(28, 10, month=11), None, id="on a Saturday"),
        pytest.param(date(2026, 12, 17), at(11, 10), "2026-12-11", id="daily in the last week"),
        pytest.param(date(2026, 12, 17), at(12, 10), None, id="but not at the weekend"),
        pytest.param(date(2026, 12, 17), at(16, 10), "2026-12-16", id="in the morning of the last days"),
        pytest.param(date(2026, 12, 17), at(16, 14), "2026-12-16-2", id="and in the afternoon"),
        pytest.param(date(2026, 12, 24), at(25, 10), None, id="not on a holiday"),
        pytest.param(date(2026, 12, 17), at(21, 14), "2026-12-21-2", id="past the day, on and on"),
    ],
)
def test_which_reminder_is_due(needed: date, now: datetime, key: str | None) -> None:
    found = due(ASKED, needed, LONDON, now)
    assert (found.key if found else None) == key
    if found:
        assert now < found.until
        assert LONDON.today(found.until) == LONDON.today(now)


def test_a_day_is_theirs() -> None:
    """In Tokyo it is Wednesday morning while London sleeps."""
    found = due(ASKED, date(2026, 12, 17), TOKYO, at(16, 1))
    assert found
    assert found.key == "2026-12-16"
    assert due(ASKED, date(2026, 12, 17), TOKYO, at(16, 10)) is None


def test_each_reminder_names_the_next() -> None:
    now, needed = at(30, 10, month=11), date(2026, 12, 17)
    for _ in range(12):
        following = next_day(ASKED, needed, LONDON, now)
        assert due(ASKED, needed, LONDON, following), following
        between = now
        while LONDON.today(between) < LONDON.today(following) - timedelta(days=1):
            between += timedelta(days=1)
            assert due(ASKED, needed, LONDON, between) is None
        now = following


def test_an_answer_is_warned_of_before_it_is_late() -> None:
    due_at = answer_due(ASKED, 3, LONDON)
    assert due_at == datetime(2026, 11, 26, 17, 30, tzinfo=UTC)
    assert warning(due_at, LONDON, at(24, 10, month=11)) is None
    assert warning(due_at, LONDON, at(25, 8, month=11)) is None
    assert warning(due_at, LONDON, at(25, 10, month=11)) == due_at
    late = at(30, 10, month=11)  # Interlock stood still: whoever was not warned has a day from the warning on
    assert warning(due_at, LONDON, late) == datetime(2026, 12, 1, 17, 30, tzinfo=UTC)
