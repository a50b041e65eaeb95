"""Freezes: when no release deploys."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from interlock.domain.policy import Freeze

FEBRUARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One time that a freeze holds, from the morning of `start` to the evening of `end`."""

    name: str
    start: date
    end: date


def meeting(freezes: Iterable[Freeze], day: date, teams: Collection[str]) -> Window | None:
    """The freeze that holds on `day` for any of these teams (or for all); of several, the one that ends last.

    A freeze for some teams binds a release as soon as one of its tickets is theirs.
    """
    met = [
        window
        for freeze in freezes
        if not freeze.teams or not set(freeze.teams).isdisjoint(teams)
        for window in _windows(freeze, day)
        if window.start <= day <= window.end
    ]
    return max(met, key=lambda window: (window.end, window.name), default=None)


def _windows(freeze: Freeze, day: date) -> Iterable[Window]:
    """The times that it holds about `day`: of a yearly one, those that begin in this year or the year before."""
    if not freeze.yearly:
        yield Window(name=freeze.name, start=freeze.start, end=freeze.end)
        return
    length = freeze.end - freeze.start
    if length < timedelta():  # 20 December to 4 January, both given in one year
        length = _in_year(freeze.end, freeze.end.year + 1) - freeze.start
    for year in (day.year - 1, day.year):
        start = _in_year(freeze.start, year)
        yield Window(name=freeze.name, start=start, end=start + length)


def _in_year(day: date, year: int) -> date:
    if (day.month, day.day) == (FEBRUARY, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return day.replace(year=year)
