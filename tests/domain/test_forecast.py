"""When a release is likely to be ready, and when nobody can say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.calendar import WorkCalendar
from interlock.domain.forecast import (
    Forecast,
    Happening,
    NoForecast,
    Question,
    forecast,
    shown_to,
)
from interlock.domain.forecast_words import assumptions, evidence, finding
from interlock.domain.policy import Freeze, Policy, Team, Template, Tickets
from interlock.domain.release import Release, ScopeRule, Stage
from interlock.domain.simulation import HORIZON, Outcome, TeamWork, seed_of, simulate
from interlock.domain.visibility import MEMBER, Audience

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
LONDON = WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
TOKYO = WorkCalendar(time_zone="Asia/Tokyo")
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": LONDON, "tokyo": TOKYO},
    tickets=Tickets(projects=("DATA", "ML")),
    teams={
        "data": Team(name="Data Engineering"),
        "ml": Team(name="ML Platform"),
        "infra": Team(name="Infrastructure", calendar="tokyo"),
    },
)
RELEASE = Release(
    id=7,
    name="2026.12",
    template="platform",
    policy=Template(name="Data Platform"),
    policy_version="v",
    stage=Stage.IN_PROGRESS,
    target=date(2026, 12, 17),
    channel_id="C0REL",
    scope_rule=ScopeRule(version_ids=("v1",)),
    milestones=(),
    created_by="U0RITA",
    created_at=datetime(2026, 9, 1, tzinfo=UTC),
    scope_opened_at=datetime(2026, 9, 1, tzinfo=UTC),
)


def each_business_day(team: str, number: int, days: int = 60) -> list[Happening]:
    """So many tickets on each of the last business days, yesterday's included, at noon in UTC."""
    there = [LONDON.add_business_days(TODAY, -back) for back in range(1, days + 1)]
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in there]
    return [Happening(team=team, at=noon) for noon in noons for _ in range(number)]


def question(
    left: dict[str | None, int], finished: list[Happening], joined: tuple[Happening, ...] = (), **more: Any
) -> Question:
    values: dict[str, Any] = {"release": RELEASE, "tickets": 58, "mirror_as_of": NOW - timedelta(minutes=2)}
    return Question(open=tuple(left.items()), finished=tuple(finished), joined=joined, **(values | more))


def drawn(asked: Question, policy: Policy = POLICY, now: datetime = NOW) -> Forecast:
    found = forecast(asked, policy, now)
    assert isinstance(found, Forecast), found
    return found


def none(asked: Question, now: datetime = NOW) -> NoForecast:
    found = forecast(asked, POLICY, now)
    assert isinstance(found, NoForecast), found
    return found


@pytest.mark.parametrize(
    ("left", "ready"),
    [
        pytest.param({"data": 2}, date(2026, 11, 24), id="work goes on tomorrow, not today"),
        pytest.param({"data": 3}, date(2026, 11, 25), id="half a day's work takes a day"),
        pytest.param({"data": 8}, date(2026, 11, 27), id="four days at two a day"),
        pytest.param({"data": 10}, date(2026, 11, 30), id="a weekend is nobody's working day"),
        pytest.param({"data": 48}, date(2026, 12, 29), id="holidays are passed over"),
        pytest.param({"data": 8, "ml": 4}, date(2026, 11, 27), id="the last team decides"),
        pytest.param({"data": 2, "infra": 48}, date(2026, 12, 25), id="each team has its own holidays"),
    ],
)
def test_a_steady_pace_leaves_nothing_to_chance(left: dict[str | None, int], ready: date) -> None:
    history = [*each_business_day("data", 2), *each_business_day("ml", 2), *each_business_day("infra", 2)]
    found = drawn(question(left, history))
    assert (found.likely, found.safe) == (ready, ready)


def test_growth_goes_on_as_in_the_last_four_weeks() -> None:
    pace = each_business_day("data", 2)
    grown = drawn(question({"data": 8}, pace, tuple(each_business_day("data", 1, 20))))
    assert (grown.likely, grown.growth) == (date(2026, 12, 3), 20)
    long_ago = tuple(each_business_day("data", 1, 40)[20:])
    assert drawn(question({"data": 8}, pace, long_ago)).likely == date(2026, 11, 27)


def test_a_scope_that_grows_as_fast_as_it_is_done_is_never_ready() -> None:
    found = drawn(question({"data": 8}, each_business_day("data", 2), tuple(each_business_day("data", 2, 20))))
    assert (found.likely, found.safe, found.met, found.colour) == (None, None, 0, "red")
    assert finding(found) == "Not ready within a year at 50 %"
    assert evidence(found)["forecast"] == {"50": None, "85": None}


@pytest.mark.parametrize(
    ("asked", "reason", "says"),
    [
        pytest.param(
            question({"data": 5, "ml": 1}, [*each_business_day("data", 2), *each_business_day("ml", 2, 12)]),
            "thin",
            "Too little history of ML Platform (24 done in 2 weeks) to draw from",
            id="less than four weeks",
        ),
        pytest.param(
            question({"data": 5, "ml": 1}, [*each_business_day("data", 2), *each_business_day("ml", 1, 60)[::7]]),
            "thin",
            "ML Platform (9 done in",
            id="fewer than ten done",
        ),
        pytest.param(
            question({"data": 5, "ml": 1}, each_business_day("ml", 2)),
            "thin",
            "Data Engineering (nothing done)",
            id="none at all",
        ),
        pytest.param(
            question({"data": 5, None: 2}, each_business_day("data", 2)),
            "no_team",
            "2 open tickets belong to no team, so nobody's pace tells.",
            id="nobody's tickets",
        ),
        pytest.param(question({}, []), "done", "All 58 tickets are done.", id="nothing left"),
        pytest.param(question({}, [], tickets=1), "done", "The one ticket is done.", id="the only one done"),
        pytest.param(question({}, [], tickets=0), "no_scope", "No ticket is in scope yet.", id="nothing there"),
        pytest.param(
            question({"data": 5}, each_business_day("data", 2), mirror_as_of=NOW - timedelta(hours=3)),
            "stale",
            "Jira was last read 3 hours ago, which is too old",
            id="stale",
        ),
        pytest.param(
            question({"data": 5}, each_business_day("data", 2), mirror_as_of=None), "stale", "not read yet", id="unread"
        ),
        pytest.param(
            question({"data": 5}, [], release=replace(RELEASE, stage=Stage.CLOSED)),
            "ended",
            "2026.12 is closed",
            id="over",
        ),
        pytest.param(
            question({"data": 5}, [], release=replace(RELEASE, stage=Stage.RELEASED)),
            "ended",
            "2026.12 is released",
            id="out",
        ),
    ],
)
def test_why_there_is_none(asked: Question, reason: str, says: str) -> None:
    found = none(asked)
    assert found.reason == reason
    assert says in found.sentence
    assert evidence(found)["why"] == found.sentence


def test_a_team_without_open_tickets_needs_no_history() -> None:
    assert drawn(question({"data": 2}, each_business_day("data", 2))).teams[0].team == "Data Engineering"


def test_what_is_done_on_a_day_off_counts_for_the_business_day_before() -> None:
    saturdays = [
        Happening(team="data", at=datetime(2026, 11, 21, 12, tzinfo=UTC) - timedelta(weeks=back))
        for back in range(12)
        for _ in range(5)
    ]
    found = drawn(question({"data": 40}, saturdays))
    assert (found.teams[0].done, found.teams[0].weeks) == (60, 12)


def test_todays_work_is_no_part_of_the_pace() -> None:
    today = [Happening(team="data", at=NOW - timedelta(minutes=number)) for number in range(50)]
    assert drawn(question({"data": 8}, [*each_business_day("data", 2), *today])).likely == date(2026, 11, 27)


def uneven(team: str, weeks: int = 12) -> list[Happening]:
    return [each for place, each in enumerate(each_business_day(team, 3, 5 * weeks)) if place % 7 in {0, 1, 5}]


def test_the_sentences() -> None:
    history = [*uneven("data"), *uneven("ml", 9), *uneven("infra")]
    found = drawn(question({"data": 20, "ml": 3, "infra": 1}, history, tuple(each_business_day("data", 1, 3))))
    assert finding(found).startswith("Ready on ")
    assert assumptions(found) == (
        "From 9 weeks of Data Engineering's and 2 more teams' own pace, as if all of it went into this release; "
        "scope growth of the last 4 weeks goes on (3 tickets); holidays counted."
    )
    assert found.teams[0].last >= found.teams[1].last
    assert found.seed == seed_of(7, TODAY)
    told = evidence(found)
    assert (told["seed"], told["runs"], told["teams"][0]["team"]) == (found.seed, 10_000, "Data Engineering")


def test_no_team_is_named_to_another_company() -> None:
    found = drawn(question({"data": 20, "ml": 3}, [*uneven("data"), *uneven("ml")]))
    assert shown_to(MEMBER, found) == found
    abroad = shown_to(Audience(company="vendor"), found)
    assert isinstance(abroad, Forecast)
    assert "of 2 teams' own pace" in assumptions(abroad)
    assert "Data Engineering" not in str(evidence(abroad))
    thin = none(question({"data": 5}, []))
    assert shown_to(MEMBER, thin) == thin
    assert "Data Engineering" not in str(evidence(shown_to(Audience(company="vendor"), thin)))


def test_the_colour_is_held_against_the_target() -> None:
    asked = question({"data": 20}, uneven("data"))
    found = drawn(asked)
    assert found.likely is not None
    assert found.safe is not None
    assert found.likely < found.safe

    def colour(target: date) -> str:
        return drawn(replace(asked, release=replace(RELEASE, target=target))).colour

    assert colour(found.safe) == "green"
    assert colour(found.safe - timedelta(days=1)) == "amber"
    assert colour(found.likely - timedelta(days=1)) == "red"


def test_a_freeze_on_the_safe_day_is_told() -> None:
    frozen = replace(POLICY, freezes=(Freeze(name="Year end", start=date(2026, 12, 19), end=date(2027, 1, 4)),))
    assert drawn(question({"data": 48}, each_business_day("data", 2)), frozen).freeze is not None
    assert drawn(question({"data": 4}, each_business_day("data", 2)), frozen).freeze is None


@pytest.mark.parametrize("hours", [-9, 7, 14.9])
def test_the_hour_changes_nothing(hours: float) -> None:
    """Not even where it is another day already."""
    asked, then = question({"data": 20, "infra": 20}, [*uneven("data"), *uneven("infra")]), NOW + timedelta(hours=hours)
    assert drawn(replace(asked, mirror_as_of=then), now=then) == replace(drawn(asked), mirror_as_of=then)


def test_the_day_and_the_release_change_the_seed() -> None:
    assert len({seed_of(7, TODAY), seed_of(7, TODAY + timedelta(days=1)), seed_of(8, TODAY)}) == 3


works = st.builds(
    TeamWork,
    team=st.sampled_from(["data", "ml", "infra", "pay"]),
    calendar=st.sampled_from([LONDON, TOKYO]),
    open=st.integers(0, 60),
    done=st.lists(st.integers(0, 5), min_size=1, max_size=30).map(tuple),
    added=st.lists(st.integers(0, 2), max_size=10).map(tuple),
)
teams = st.lists(works, min_size=1, max_size=4, unique_by=lambda each: each.team)
FEW = 200


def run(those: list[TeamWork], seed: int = 1) -> Outcome:
    return simulate.__wrapped__(frozenset(those), TODAY, seed, FEW)


def never(day: date | None) -> date:
    return day or date.max


@settings(max_examples=60)
@given(teams, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_more_open_tickets_never_bring_the_day_nearer(those: list[TeamWork], more: int, seed: int) -> None:
    before = run(those, seed)
    after = run([replace(those[0], open=those[0].open + more), *those[1:]], seed)
    for percent in (1, 50, 85, 100):
        assert never(before.quantile(percent)) <= never(after.quantile(percent))


@settings(max_examples=40)
@given(teams)
def test_less_done_or_more_joining_never_brings_it_nearer(those: list[TeamWork]) -> None:
    first = those[0]
    slower = replace(first, done=tuple(max(each - 1, 0) for each in first.done))
    grown = replace(first, added=tuple(each + 1 for each in first.added))
    for worse in (slower, grown):
        for percent in (50, 85):
            assert never(run(those).quantile(percent)) <= never(run([worse, *those[1:]]).quantile(percent))


@settings(max_examples=40)
@given(teams, st.randoms(use_true_random=False))
def test_the_same_question_has_one_answer_whatever_the_order(those: list[TeamWork], random: Any) -> None:
    shuffled = list(those)
    random.shuffle(shuffled)
    assert run(those) == run(shuffled)


@settings(max_examples=40)
@given(teams)
def test_the_days_add_up_and_the_safe_day_is_not_before_the_likely_one(those: list[TeamWork]) -> None:
    found = run(those)
    assert sum(runs for _, runs in found.days) == FEW
    days = [never(day) for day, _ in found.days]
    assert days == sorted(set(days))
    assert TODAY <= never(found.quantile(50)) <= never(found.quantile(85))
    assert found.by(date.max) == 100 * sum(runs for day, runs in found.days if day) // FEW
    assert max(number for _, number in found.last) > 0


@settings(max_examples=40)
@given(works)
def test_a_run_ends_on_a_business_day_of_the_teams_and_within_the_horizon(work: TeamWork) -> None:
    furthest = work.calendar.add_business_days(TODAY, HORIZON)
    for day, _ in run([work]).days:
        assert day is None or (work.open == 0 and day == TODAY) or work.calendar.is_business_day(day)
        assert day is None or day <= furthest


@settings(max_examples=30)
@given(works, works.filter(lambda each: each.team != "data"))
def test_another_team_never_brings_the_day_nearer_nor_changes_a_draw(work: TeamWork, other: TeamWork) -> None:
    mine = replace(work, team="data")
    assert never(run([mine]).quantile(50)) <= never(run([mine, other]).quantile(50))
    assert run([mine, replace(other, open=0)]).days == run([mine]).days


def test_many_runs_come_near_what_can_be_worked_out() -> None:
    """One ticket, done on a day with probability 1/4: through by day n with probability 1 - (3/4)^n."""
    work = TeamWork(team="data", calendar=TOKYO, open=1, done=(0, 0, 0, 1))
    found = simulate(frozenset({work}), TODAY, 1)
    assert [found.by(TOKYO.add_business_days(TODAY, number)) for number in (1, 2, 3)] == pytest.approx(
        [25, 43.75, 57.8], abs=2
    )
