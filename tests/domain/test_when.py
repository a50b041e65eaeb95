"""Days and times as people type them. It is Monday 23 November 2026, 09:00 UTC."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from interlock.domain import when

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
LONDON, TOKYO, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("today", TODAY),
        ("Tomorrow", date(2026, 11, 24)),
        ("fri", date(2026, 11, 27)),
        ("Thursday", date(2026, 11, 26)),
        ("mon", date(2026, 11, 30)),
        ("+3d", date(2026, 11, 26)),
        ("2026-12-17", date(2026, 12, 17)),
        ("fr", None),
        ("2026-13-01", None),
        ("+3w", None),
        ("-1d", None),
        ("", None),
        ("someday", None),
    ],
)
def test_a_day(typed: str, meant: date | None) -> None:
    assert when.day(typed, TODAY) == meant


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = LONDON, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("typed", "starts", "ends", "rest"),
    [
        ("now 4h smoke test", NOW, NOW + timedelta(hours=4), "smoke test"),
        ("now 90m", NOW, NOW + timedelta(minutes=90), ""),
        ("13:00-17:00 why", at(23, 13), at(23, 17), "why"),
        ("13:00 – 17:00", at(23, 13), at(23, 17), ""),
        ("tomorrow 13:00 to 17:30 why not", at(24, 13), at(24, 17, 30), "why not"),
        ("tomorrow 13:00 4h x", at(24, 13), at(24, 17), "x"),
        ("2026-12-01 09:00 to 2026-12-03 18:00 x", at(1, 9, month=12), at(3, 18, month=12), "x"),
        ("fri 22:00 until sat 02:00 x", at(27, 22), at(28, 2), "x"),
        ("now to tomorrow 18:00", NOW, at(24, 18), ""),
    ],
)
def test_a_span(typed: str, starts: datetime, ends: datetime, rest: str) -> None:
    found = when.span(typed.split(), NOW, LONDON)
    assert found is not None
    assert (found.span.starts, found.span.ends, " ".join(found.rest)) == (starts, ends, rest)


@pytest.mark.parametrize(
    "typed", ["", "why", "tomorrow", "13:00", "13:00 why", "13:00 to why", "25:00-26:00", "now", "4h"]
)
def test_what_is_no_span(typed: str) -> None:
    assert when.span(typed.split(), NOW, LONDON) is None


def test_a_clock_is_the_typists() -> None:
    found = when.span(["tomorrow", "13:00-17:00"], NOW, TOKYO)
    assert found is not None
    assert found.span.starts == datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def test_today_is_the_typists() -> None:
    """At 20:00 UTC it is tomorrow in Tokyo already."""
    late = NOW.replace(hour=20)
    found = when.span(["09:00-10:00"], late, TOKYO)
    assert found is not None
    assert found.span.starts == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_a_span_over_the_end_of_summer_time_lasts_an_hour_longer() -> None:
    before = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)
    found = when.span(["today", "22:00", "to", "tomorrow", "08:00"], before, NEW_YORK)
    assert found is not None
    assert found.span.length == timedelta(hours=11)
