"""A calendar as YAML writes it, and the days off that a country's law adds to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from typing import Final, Literal

from interlock.domain.calendar import WorkCalendar

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[Mapping[Weekday, int]] = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarForm:
    """When somebody works."""

    time_zone: str
    """An IANA name such as Europe/London."""
    country: str | None = None
    """Whose public holidays are days off, as two letters (ISO 3166-1); none where this is absent."""
    subdivision: str | None = None
    """The part of the country, such as ENG in GB, where public holidays differ."""
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: time = time(9, 0)
    closes: time = time(17, 30)
    extra_holidays: tuple[date, ...] = ()
    """Further days off."""


def work_calendar(form: CalendarForm, today: date) -> WorkCalendar:
    """Public holidays are known from the year before `today` to two years after it; releases lie within that."""
    public: frozenset[date] = frozenset()
    if form.country is not None:
        years = range(today.year - 1, today.year + 3)
        public = _public_holidays(form.country, form.subdivision, years)
    return WorkCalendar(
        time_zone=form.time_zone,
        weekdays=frozenset(WEEKDAYS[day] for day in form.weekdays),
        opens=form.opens,
        closes=form.closes,
        holidays=public | frozenset(form.extra_holidays),
    )


@cache
def countries() -> Mapping[str, frozenset[str]]:
    """The countries whose public holidays are known, each with its subdivisions."""
    import holidays  # noqa: PLC0415 a third of a second with a country's data: only a policy that names one pays

    return {
        code: frozenset(subdivisions)
        for code, subdivisions in holidays.list_supported_countries(include_aliases=False).items()
    }


@cache
def _public_holidays(country: str, subdivision: str | None, years: range) -> frozenset[date]:
    import holidays  # noqa: PLC0415 see `countries`

    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=years))
