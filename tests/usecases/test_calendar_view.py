"""The calendar's weeks: what stands in each, in what is in the way, and as which lines."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.views import calendar_view as view
from interlock.domain.authority import Refused
from interlock.domain.calendar import WorkCalendar
from interlock.domain.calendar_view import CalendarView
from interlock.domain.freeze_exception import Decision
from interlock.domain.release import ScopeRule
from interlock.store.engine import Store
from interlock.store.release import MilestoneRow
from interlock.usecases import scope
from interlock.usecases.calendar_view import read
from interlock.usecases.freeze_exception import Asked, ask, decide
from sandbox.slack.blocks import message_blocks
from tests.builders import NOW, actor, release
from tests.calendars import POLICY, REASONS, TARGET, WEEKEND, component, world

BANK = replace(
    POLICY,
    calendars={
        "gb": WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}))
    },
)


def calendar(store: Store, policy: Any = BANK, weeks: int = 8) -> CalendarView:
    found = read(store, policy, actor("RAVI"), NOW, weeks)
    assert isinstance(found, CalendarView), found
    return found


def lines(picture: CalendarView, *, whole: bool = False) -> list[str]:
    told = view.calendar(picture, whole=whole)
    return [line for block in told.blocks if block["type"] == "section" for line in block["text"]["text"].splitlines()]


def busy(store: Store) -> None:
    """2026.12 and Payments 7 collide on Thu 17 Dec, in the year-end freeze; 2027.01 is due later."""
    world(store)
    with store.write() as session:
        session.add(MilestoneRow(release_id=1, position=0, name="Code freeze", due=date(2026, 12, 4)))
        component(session, "DATA-2", "Streaming")
        component(session, "DATA-3", "Streaming", versions=("v2",))
        release(session, name="Payments 7", rule=ScopeRule(version_ids=("v2",)), target=TARGET)
        release(session, name="2027.01", rule=ScopeRule(version_ids=("v3",)), target=date(2027, 1, 14))
        scope.refresh(session, None, NOW)


def test_each_week_tells_what_is_due_frozen_colliding_and_closed(store: Store) -> None:
    busy(store)
    picture = calendar(store)
    assert [each.monday for each in picture.weeks if not each.quiet] == [
        date(2026, 11, 30), date(2026, 12, 14), date(2026, 12, 21), date(2026, 12, 28), date(2027, 1, 11)
    ]  # fmt: skip
    year_end = "Year-end Mon 14 Dec to Sat 2 Jan"
    both = "target *2026.12* Thu 17 · target *Payments 7* Thu 17 · *2026.12* collides with *Payments 7* (in Streaming)"
    assert lines(picture)[:5] == [
        "*The next 8 weeks: 3 targets, 1 freeze and 1 collision; 4 things are in the way*",
        "*30 Nov* Code freeze (2026.12) Fri 4",
        f"*14 Dec* {year_end} · {both}",
        f"*21 Dec* {year_end} · holiday Fri 25",
        f"*28 Dec* {year_end}",
    ]
    assert len(lines(picture)) <= 8
    assert "*11 Jan* target *2027.01* Thu 14" in lines(picture, whole=True)


def test_what_is_in_the_way_goes_once_it_is_settled(store: Store) -> None:
    busy(store)
    ways = [(each.release, each.obstacle.kind) for each in calendar(store).in_the_way]
    assert ways == [
        ("2026.12", "freeze"),
        ("2026.12", "collision"),
        ("Payments 7", "freeze"),
        ("Payments 7", "collision"),
    ]
    asked = ask(store, BANK, actor("RITA"), 1, "", REASONS, NOW)
    assert isinstance(asked, Asked)
    decide(store, BANK, actor("INES"), asked.exception.id, Decision.APPROVED, None, NOW)
    assert ("2026.12", "freeze") not in [(each.release, each.obstacle.kind) for each in calendar(store).in_the_way]


def test_its_buttons_ask_for_the_exception_and_acknowledge_the_collision(sqlite_store: Store) -> None:
    busy(sqlite_store)
    told = view.calendar(calendar(sqlite_store))
    beside = [block["accessory"] for block in told.blocks if "accessory" in block]
    (row,) = [block for block in told.blocks if block["type"] == "actions"]
    assert [(each["text"]["text"], each["value"]) for each in (*beside, *row["elements"])] == [
        ("Ask for 2026.12's exception…", "1:release:1"),
        ("Acknowledge for 2026.12", "1:collision:1-2"),
        ("All 8 weeks", "1:weeks:8"),
        ("As a picture", "1:weeks:8"),
    ]


def test_all_of_it_is_within_what_slack_takes(sqlite_store: Store) -> None:
    busy(sqlite_store)
    told = view.calendar(calendar(sqlite_store), whole=True)
    assert message_blocks(list(told.blocks), str)


def test_a_freeze_of_every_week_stands_in_every_week(sqlite_store: Store) -> None:
    world(sqlite_store)
    picture = calendar(sqlite_store, replace(BANK, freezes=(WEEKEND,)), 26)
    assert all([each.name for each in week.freezes] for week in picture.weeks)
    assert len(picture.weeks) == 26
    assert len(lines(picture)) <= 7


def test_an_empty_calendar_is_a_sentence(sqlite_store: Store) -> None:
    world(sqlite_store)
    picture = calendar(sqlite_store, replace(POLICY, freezes=()), 1)
    assert lines(picture) == ["*This week: nothing is due*"]


@pytest.mark.parametrize("weeks", [0, -1, 27, 10**9])
def test_how_many_weeks(sqlite_store: Store, weeks: int) -> None:
    world(sqlite_store)
    done = read(sqlite_store, POLICY, actor("RAVI"), NOW, weeks)
    assert isinstance(done, Refused)
    assert done.sentence == "Give a number of weeks from 1 to 26, such as /release calendar 12."
