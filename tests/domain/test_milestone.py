"""Milestones are counted back from the target in business days."""

from datetime import UTC, date, datetime

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.milestone import calendar_of, plan, upcoming
from interlock.domain.policy import MilestoneRule, Policy, Template, Tickets
from interlock.domain.release import Milestone

LONDON = WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
TOKYO = WorkCalendar(time_zone="Asia/Tokyo")
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": LONDON, "tokyo": TOKYO},
    tickets=Tickets(projects=("DATA",)),
)


def test_milestones_skip_weekends_and_holidays_and_come_in_order() -> None:
    template = Template(
        name="Data Platform",
        milestones=(
            MilestoneRule(name="Go/no-go", business_days_before=1),
            MilestoneRule(name="Code freeze", business_days_before=3),
            MilestoneRule(name="Deploy", business_days_before=0),
        ),
    )
    assert [(each.name, each.due) for each in plan(template, date(2026, 12, 30), LONDON)] == [
        ("Code freeze", date(2026, 12, 23)),
        ("Go/no-go", date(2026, 12, 29)),
        ("Deploy", date(2026, 12, 30)),
    ]


@pytest.mark.parametrize(
    ("today", "name"),
    [
        (date(2026, 12, 3), "Code freeze"),
        (date(2026, 12, 4), "Code freeze"),
        (date(2026, 12, 5), "Go/no-go"),
        (date(2026, 12, 18), None),
    ],
)
def test_the_next_milestone_is_the_first_that_is_neither_reached_nor_past(today: date, name: str | None) -> None:
    milestones = (
        Milestone(name="Kick-off", due=date(2026, 12, 10), reached_at=datetime(2026, 12, 1, tzinfo=UTC)),
        Milestone(name="Code freeze", due=date(2026, 12, 4)),
        Milestone(name="Go/no-go", due=date(2026, 12, 16)),
    )
    found = upcoming(milestones, today)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(("key", "calendar"), [("tokyo", TOKYO), (None, LONDON), ("gone", LONDON)])
def test_a_template_counts_by_its_own_calendar_else_by_the_policys(key: str | None, calendar: WorkCalendar) -> None:
    assert calendar_of(POLICY, Template(name="T", calendar=key)) == calendar
