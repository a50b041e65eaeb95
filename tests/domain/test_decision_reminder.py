"""When whoever may decide is told that a decision waits: at once in their hours, then oftener the nearer the day."""

from datetime import UTC, date, datetime

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.decision_reminder import Matter, Wanted, due, following

LONDON = WorkCalendar(time_zone="Europe/London")
TARGET = date(2026, 12, 17)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def wanted(asked_at: datetime) -> Wanted:
    return Wanted(matter=Matter.WAIVER, id=1, told=(), asked_at=asked_at, needed=TARGET)


@pytest.mark.parametrize(
    ("asked_at", "now", "key"),
    [
        pytest.param(at(23, 10), at(23, 10), "2026-11-23", id="at once"),
        pytest.param(at(23, 10), at(23, 16), "2026-11-23", id="once a day"),
        pytest.param(at(23, 10), at(24, 10), None, id="not daily while there is time"),
        pytest.param(at(23, 10), at(30, 10), "2026-11-30", id="after five business days"),
        pytest.param(at(23, 10), at(14, 10, month=12), "2026-12-14", id="daily in the last week"),
        pytest.param(at(23, 10), at(16, 14, month=12), "2026-12-16", id="and no oftener"),
        pytest.param(at(20, 20), at(20, 20), None, id="not at night"),
        pytest.param(at(20, 20), at(23, 10), "2026-11-23", id="of what was asked on Friday night, on Monday"),
        pytest.param(at(21, 12), at(23, 10), "2026-11-23", id="of what was asked on a Saturday, too"),
        pytest.param(at(20, 17, 45), at(20, 17, 45), None, id="not when they are about to go home"),
        pytest.param(at(20, 17, 45), at(23, 9, 0), "2026-11-23", id="but when they are back"),
        pytest.param(at(23, 10), at(20, 10), None, id="nothing before it was asked for"),
    ],
)
def test_what_belongs_to_a_moment(asked_at: datetime, now: datetime, key: str | None) -> None:
    found = due(wanted(asked_at), LONDON, now)
    assert (found.key if found else None) == key
    if found:
        assert now < found.until
        assert LONDON.today(found.until) == LONDON.today(now), "what was not sent by the evening is not sent at night"


def test_each_names_the_next() -> None:
    asked = wanted(at(23, 10))
    now, days = at(23, 10), []
    for _ in range(8):
        now = following(asked, LONDON, now)
        assert due(asked, LONDON, now), "what is announced comes"
        days.append(f"{now:%d}")
    assert days == ["30", "04", "09", "10", "11", "14", "15", "16"]
