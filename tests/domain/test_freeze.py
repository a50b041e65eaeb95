"""Which freeze holds when, for which release."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain import freeze as rules
from interlock.domain.calendar import WorkCalendar
from interlock.domain.freeze import Reach, binds, holding, meeting, reach, span, until
from interlock.domain.policy import CriterionRule, EnvironmentRule, Freeze, Policy, Template, Tickets
from interlock.domain.recurrence import MOST, RecurrenceError

LONDON = WorkCalendar(time_zone="Europe/London")
TOKYO = WorkCalendar(time_zone="Asia/Tokyo")
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": LONDON},
    tickets=Tickets(projects=("DATA",)),
    environments={
        "staging": EnvironmentRule(name="Staging", tier="staging"),
        "prod-eu": EnvironmentRule(name="Production EU", tier="production"),
        "prod-us": EnvironmentRule(name="Production US", tier="production"),
    },
)
YEAR_END = Freeze(name="Year-end", start=date(2024, 12, 20), end=date(2025, 1, 4), yearly=True)
ONE_YEAR = Freeze(name="Year-end", start=date(2024, 12, 20), end=date(2024, 1, 4), yearly=True)
AUDIT = Freeze(name="Audit", start=date(2026, 11, 30), end=date(2026, 12, 4))
PAYMENTS = Freeze(name="Black Friday", start=date(2026, 11, 26), end=date(2026, 11, 30), teams=("payments",))
LEAP = Freeze(name="Leap", start=date(2024, 2, 29), end=date(2024, 2, 29), yearly=True)
WEEKEND = Freeze(
    name="Weekend",
    start=date(2026, 11, 27),
    start_time=time(16),
    hours=62,
    rrule="FREQ=WEEKLY;BYDAY=FR;UNTIL=20271231",
)
EVERYBODY = Reach()


def policy(*freezes: Freeze) -> Policy:
    return replace(POLICY, freezes=freezes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("freeze", "day", "window"),
    [
        (AUDIT, date(2026, 11, 29), None),
        (AUDIT, date(2026, 11, 30), (date(2026, 11, 30), date(2026, 12, 4))),
        (AUDIT, date(2026, 12, 4), (date(2026, 11, 30), date(2026, 12, 4))),
        (AUDIT, date(2027, 12, 1), None),
        (YEAR_END, date(2026, 12, 19), None),
        (YEAR_END, date(2026, 12, 31), (date(2026, 12, 20), date(2027, 1, 4))),
        (YEAR_END, date(2027, 1, 4), (date(2026, 12, 20), date(2027, 1, 4))),
        (YEAR_END, date(2027, 1, 5), None),
        (ONE_YEAR, date(2027, 1, 2), (date(2026, 12, 20), date(2027, 1, 4))),
        (LEAP, date(2027, 2, 28), (date(2027, 2, 28), date(2027, 2, 28))),
        (LEAP, date(2028, 2, 29), (date(2028, 2, 29), date(2028, 2, 29))),
        (WEEKEND, date(2026, 12, 3), None),
        (WEEKEND, date(2026, 12, 5), (date(2026, 12, 4), date(2026, 12, 7))),
        (WEEKEND, date(2026, 12, 7), (date(2026, 12, 4), date(2026, 12, 7))),
        (WEEKEND, date(2026, 12, 8), None),
        (WEEKEND, date(2028, 1, 8), None),
    ],
)
def test_a_freeze_holds_from_its_first_to_its_last_day(
    freeze: Freeze, day: date, window: tuple[date, date] | None
) -> None:
    met = meeting(policy(freeze), EVERYBODY, day, LONDON)
    assert (met and (met.name, met.start, met.end)) == (window and (freeze.name, *window))


@pytest.mark.parametrize(
    ("freeze", "moment", "holds"),
    [
        (AUDIT, "2026-11-29 23:59:59", False),
        (AUDIT, "2026-11-30 00:00", True),
        (AUDIT, "2026-12-04 23:59:59", True),
        (AUDIT, "2026-12-05 00:00", False),
        (WEEKEND, "2026-12-04 15:59", False),
        (WEEKEND, "2026-12-04 16:00", True),
        (WEEKEND, "2026-12-07 05:59", True),
        (WEEKEND, "2026-12-07 06:00", False),
        # In summer London is an hour ahead of UTC, and the freeze with it.
        (WEEKEND, "2027-06-04 14:59", False),
        (WEEKEND, "2027-06-04 15:00", True),
        (replace(AUDIT, time_zone="Asia/Tokyo"), "2026-11-29 15:00", True),
        (replace(AUDIT, time_zone="Asia/Tokyo"), "2026-12-04 15:00", False),
        (replace(AUDIT, end_time=time(12)), "2026-12-04 12:00", False),
        # Over the night in which clocks go forward: by the clock where `end` says so, by the hour where `hours` does.
        (Freeze(name="F", start=date(2027, 3, 27), end=date(2027, 3, 28)), "2027-03-28 22:59", True),
        (Freeze(name="F", start=date(2027, 3, 27), end=date(2027, 3, 28)), "2027-03-28 23:00", False),
        (Freeze(name="F", start=date(2027, 3, 27), hours=48), "2027-03-28 23:59", True),
        # 01:30 comes twice when they go back: from the first one on, until the second one.
        (
            Freeze(name="F", start=date(2026, 10, 25), start_time=time(1, 30), end=date(2026, 10, 26)),
            "2026-10-25 00:30",
            True,
        ),
        (
            Freeze(name="F", start=date(2026, 10, 24), end=date(2026, 10, 25), end_time=time(1, 30)),
            "2026-10-25 01:29",
            True,
        ),
    ],
)
def test_a_freeze_holds_by_the_clock_of_its_zone(freeze: Freeze, moment: str, *, holds: bool) -> None:
    assert bool(holding(policy(freeze), EVERYBODY, at(moment))) is holds


def test_a_day_that_is_frozen_in_part_says_so() -> None:
    friday = meeting(policy(WEEKEND), EVERYBODY, date(2026, 12, 4), LONDON)
    assert friday is not None
    assert not friday.whole
    assert span(friday) == "Fri 4 Dec 16:00 to Mon 7 Dec 06:00, Europe/London"
    saturday = meeting(policy(WEEKEND), EVERYBODY, date(2026, 12, 5), LONDON)
    assert saturday is not None
    assert saturday.whole
    monday = meeting(policy(WEEKEND), EVERYBODY, date(2026, 12, 7), TOKYO)
    assert monday is not None
    assert not monday.whole  # Tokyo's Monday is half over when London's freeze ends
    audit = meeting(policy(AUDIT), EVERYBODY, date(2026, 12, 4), LONDON)
    assert audit is not None
    assert until(audit) == "Fri 4 Dec 24:00, Europe/London"


@pytest.mark.parametrize(
    ("scope", "whom", "bound"),
    [
        ({}, {}, True),
        ({"teams": ("payments",)}, {"teams": {"data"}}, False),
        ({"teams": ("payments",)}, {"teams": {"data", "payments"}}, True),
        ({"environments": ("prod-eu",)}, {"environments": {"prod-us"}}, False),
        ({"environments": ("prod-eu",)}, {"environments": {"prod-us", "prod-eu"}}, True),
        ({"tiers": ("production",)}, {"tiers": {"staging"}}, False),
        ({"tiers": ("production",)}, {"tiers": {"staging", "production"}}, True),
        ({"environments": ("staging",), "tiers": ("production",)}, {"tiers": {"production"}}, True),
        ({"teams": ("data",), "tiers": ("production",)}, {"teams": {"data"}, "tiers": {"staging"}}, False),
        ({"teams": ("data",), "tiers": ("production",)}, {"teams": {"ml"}, "tiers": {"production"}}, False),
        ({"teams": ("data",), "tiers": ("production",)}, {"teams": {"data"}, "tiers": {"production"}}, True),
    ],
)
def test_a_freeze_binds_whom_its_scope_names(scope: dict[str, Any], whom: dict[str, set[str]], *, bound: bool) -> None:
    reached = Reach(**{name: frozenset(keys) for name, keys in whom.items()})
    assert binds(replace(AUDIT, **scope), reached) is bound


def test_a_template_that_is_silent_on_where_it_deploys_is_bound_by_all_of_production() -> None:
    silent = Template(
        name="T", criteria=(CriterionRule(kind="environment_booked", name="Booked", environment="staging"),)
    )
    assert reach(POLICY, silent, {"data"}) == Reach(
        teams=frozenset({"data"}),
        environments=frozenset({"staging", "prod-eu", "prod-us"}),
        tiers=frozenset({"staging", "production"}),
    )
    told = replace(silent, deploys_to=("prod-us",))
    assert reach(POLICY, told, ()).environments == {"staging", "prod-us"}
    assert reach(POLICY, replace(told, deploys_to=("staging",)), (), {"prod-eu"}).tiers == {"staging", "production"}


def test_of_two_freezes_the_one_that_ends_last_is_named() -> None:
    met = meeting(policy(PAYMENTS, AUDIT), Reach(teams=frozenset({"payments"})), date(2026, 11, 30), LONDON)
    assert met is not None
    assert met.name == "Audit"


def test_a_release_is_bound_by_no_freeze_of_another_team() -> None:
    day = date(2026, 11, 27)
    assert meeting(policy(PAYMENTS), Reach(teams=frozenset({"data"})), day, LONDON) is None


RULES = st.builds(
    lambda freq, interval, days, count: f"FREQ={freq};INTERVAL={interval}{days};COUNT={count}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 4),
    st.sampled_from(["", ";BYDAY=MO,FR", ";BYMONTH=2", ";BYMONTH=3,10;BYDAY=SU"]),
    st.integers(1, 60),
)


@settings(max_examples=40)
@given(RULES, st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 100), st.sampled_from([LONDON, TOKYO]))
def test_every_window_of_a_rule_is_found_by_its_moments(
    rule: str, start: date, hours: int, calendar: WorkCalendar
) -> None:
    freeze = Freeze(name="F", start=start, start_time=time(18), hours=hours, rrule=rule)
    try:
        found = rules.recurring(freeze, calendar.time_zone)
    except RecurrenceError:
        return
    assert 0 < len(found) <= MOST
    frozen = replace(POLICY, time_zone=calendar.time_zone, freezes=(freeze,))
    for window in found[:3]:
        assert window.ends - window.starts == timedelta(hours=hours)
        assert window in holding(frozen, EVERYBODY, window.starts)
        assert window in holding(frozen, EVERYBODY, window.ends - timedelta(seconds=1))
        assert window not in holding(frozen, EVERYBODY, window.ends)
