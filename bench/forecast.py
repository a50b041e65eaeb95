"""A forecast over the same draws in bare NumPy: what is paid for walking to the end of each run, and for the days."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from bench.measure import Row, alternate, compare
from interlock.domain.calendar import WorkCalendar
from interlock.domain.forecast import Forecast, Happening, Question, forecast, works_of
from interlock.domain.policy import Policy, Team, Template, Tickets
from interlock.domain.release import NOTHING, Release, Stage
from interlock.domain.simulation import BLOCK, RUNS, TeamWork, simulate

GOAL: Final = 5.0
TIMES: Final = 40
NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEAMS, OPEN, DONE, JOINED = 10, 60, 240, 12
"""Of each team: what it has open, got done in twelve weeks, and had join in four."""


def measure() -> Row:
    calendar = WorkCalendar(time_zone="Europe/London")
    keys = [f"team-{number}" for number in range(TEAMS)]
    policy = Policy(
        time_zone="Europe/London",
        calendar="london",
        calendars={"london": calendar},
        tickets=Tickets(projects=("DATA",)),
        teams={key: Team(name=key) for key in keys},
    )
    asked = _question(keys)

    def ours() -> Forecast:
        simulate.cache_clear()
        found = forecast(asked, policy, NOW)
        assert isinstance(found, Forecast), found
        return found

    drawn, bare = alternate([ours, _bare(works_of(asked, policy, NOW.date()), ours())], TIMES)
    name = f"A forecast of {TEAMS} teams, {RUNS:,} runs, over the same draws in bare NumPy"
    return compare(name, GOAL, drawn, bare)


def _bare(works: list[TeamWork], found: Forecast) -> Callable[[], object]:
    """As many draws out of histories as long, and nothing else: of what was done and what joined, for each team as many
    days as it takes until its last run is through, in whole blocks.
    """
    generator = np.random.Generator(np.random.PCG64(1))
    histories = []
    for each in works:
        last = simulate(frozenset({each}), found.today, found.seed).days[-1][0]
        assert last is not None
        days = BLOCK * math.ceil(each.calendar.business_days_between(found.today, last) / BLOCK)
        histories += [(np.array(those, dtype=np.int32), days) for those in (each.done, each.added)]

    def draw() -> None:
        for those, days in histories:
            those[generator.integers(0, len(those), (days, RUNS))]

    return draw


def _question(keys: list[str]) -> Question:
    release = Release(
        id=1,
        name="2026.12",
        template="bench",
        policy=Template(name="Bench"),
        policy_version="v",
        stage=Stage.IN_PROGRESS,
        target=NOW.date() + timedelta(days=24),
        channel_id="C0BENCH",
        scope_rule=NOTHING,
        milestones=(),
        created_by="U0BENCH",
        created_at=NOW - timedelta(weeks=12),
        scope_opened_at=NOW - timedelta(weeks=12),
    )
    return Question(
        release=release,
        tickets=2000,
        open=tuple((key, OPEN) for key in keys),
        finished=tuple(each for key in keys for each in _finished(key)),
        joined=tuple(each for key in keys for each in _joined(key)),
        mirror_as_of=NOW,
    )


def _finished(team: str) -> list[Happening]:
    """Unevenly over the business days of twelve weeks."""
    return _spread(team, DONE, 12 * 7)


def _joined(team: str) -> list[Happening]:
    return _spread(team, JOINED, 4 * 7)


def _spread(team: str, number: int, days: int) -> list[Happening]:
    moments = (NOW - timedelta(days=1 + (37 * place + place * place) % days, hours=-3) for place in range(4 * number))
    weekdays = [at for at in moments if at.weekday() < 5]  # noqa: PLR2004 Monday to Friday
    return [Happening(team=team, at=at) for at in weekdays[:number]]
