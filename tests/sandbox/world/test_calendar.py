"""When the story's releases are due."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from interlock.config.policy import load_policy
from sandbox.world import calendar

CONFIG = Path(__file__).parents[3] / "config"


@pytest.mark.parametrize(
    ("today", "platform"),
    [
        (date(2026, 11, 23), date(2026, 12, 16)),
        (date(2026, 12, 2), date(2026, 12, 29)),  # Christmas, a weekend, and the Monday that makes up for it
    ],
)
def test_the_platform_release_is_seventeen_business_days_away_on_a_day_that_people_work(
    today: date, platform: date
) -> None:
    plan = calendar.releases(today).platform
    assert (plan.target, plan.name) == (platform, f"{platform:%Y.%m}")


def test_on_no_day_is_a_release_planned_for_a_day_off() -> None:
    start = date(2026, 11, 23)
    calendars = load_policy(CONFIG / "interlock.yaml", start).calendars
    for offset in range(700):
        plans = calendar.releases(start + timedelta(days=offset))
        for plan, where in ((plans.platform, "london"), (plans.payments, "london"), (plans.models, "dublin")):
            assert calendars[where].is_business_day(plan.target), plan
