"""Dates of the story, all counted in business days from one `today`: Monday to Friday, holidays left aside. Releases
alone heed them, for whoever plans one on a day off is asked for another.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import holidays

FRIDAY = 4
DAYS_OFF = holidays.country_holidays("GB", subdiv="ENG") + holidays.country_holidays("IE")
"""Where the people work who plan releases: London and Dublin."""


def business_day(today: date, distance: int) -> date:
    """The day that lies `distance` business days after (or, negative, before) `today`. Zero is today, be it Sunday."""
    day, step = today, timedelta(days=1 if distance > 0 else -1)
    for _ in range(abs(distance)):
        day += step
        while day.weekday() > FRIDAY:
            day += step
    return day


def weekday_before(day: date) -> date:
    """`day`, or the Friday before it at a weekend."""
    return day - timedelta(days=max(0, day.weekday() - FRIDAY))


def open_day(day: date) -> date:
    """`day`, or the next that is neither a weekend's nor a public holiday."""
    while day.weekday() > FRIDAY or day in DAYS_OFF:
        day += timedelta(days=1)
    return day


def moment(day: date, minutes: int) -> int:
    """Epoch milliseconds, `minutes` after midnight UTC on `day`."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + minutes * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A release as the story plans it: its fix versions' name and its target date."""

    name: str
    target: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    platform: Plan
    payments: Plan
    models: Plan


def releases(today: date) -> Releases:
    """The three releases under way: quarterly platform, weekly payments, models."""
    platform, payments, models = (open_day(business_day(today, distance)) for distance in (17, 4, 45))
    return Releases(
        platform=Plan(name=f"{platform:%Y.%m}", target=platform),
        payments=Plan(name=f"pay-{payments:%V}", target=payments),
        models=Plan(name=f"models-{models:%Y.%m}", target=models),
    )
