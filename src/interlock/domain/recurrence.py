"""Rules of recurrence (RFC 5545, RRULE): days, weeks, months and years, with an end.

A rule is worked out in full, once, so nothing that is written in one may cost much or go on for ever: what is finer
than a day, has no end, or comes too often is no rule here, and its error says what would be right. dateutil's own
reading looks for what never comes (the 30th of February) until the year 9999, for half a minute; this one looks at each
day up to the horizon at most, and a test holds it against dateutil's.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

MOST: Final = 1000
"""Occurrences of one rule: daily for two years, with some to spare."""
HORIZON: Final = timedelta(days=30 * 365)
"""From its start, how far a rule is worked out."""
FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
FINER: Final = ("SECONDLY", "MINUTELY", "HOURLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
NUMBER: Final = re.compile(r"[+-]?\d{1,4}", re.ASCII)
MOMENT: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
NUMBERS: Final = {
    # part: from, to, whether it also counts from the end
    "INTERVAL": (1, 1000, False),
    "COUNT": (1, MOST, False),
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYSETPOS": (1, 366, True),
}
ONE: Final = frozenset({"INTERVAL", "COUNT"})
NTH_WEEK: Final = 53
FITTING: Final = {
    "BYYEARDAY": frozenset({"YEARLY"}),
    "BYMONTHDAY": frozenset({"DAILY", "MONTHLY", "YEARLY"}),
    "BYSETPOS": frozenset({"WEEKLY", "MONTHLY", "YEARLY"}),
}
"""Which parts are for which frequencies alone."""


class RecurrenceError(ValueError):
    """Its text goes on from the rule: "has no end: …"."""


def occurrences(rule: str, start: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When it begins, each time, on the clock of `zone` and, as `start` is, without it. Raises RecurrenceError."""
    parts = _parts(rule)
    until = _until(parts.pop("UNTIL"), zone) if "UNTIL" in parts else None
    count = int(parts.pop("COUNT")) if "COUNT" in parts else None
    if until is None and count is None:
        year = start.year + 2
        raise RecurrenceError(f"never ends: add ;UNTIL={year}1231 or ;COUNT=…, so that somebody looks at it again then")
    if until is not None and until > start + HORIZON:
        raise RecurrenceError(f"goes on for more than 30 years: end it before {start.year + 30}")
    last = until or start + HORIZON
    days = _days(_rule(parts, start.date()), start.date(), last.date())
    moments = (datetime.combine(day, start.time()) for day in days)
    found = tuple(islice((each for each in moments if each <= last), count or MOST + 1))
    if not found:
        raise RecurrenceError("has no occurrence: look at its days and its end")
    if len(found) > MOST:
        raise RecurrenceError(f"has more than {MOST} occurrences: end it earlier")
    if count is not None and len(found) < count:
        raise RecurrenceError(f"has only {len(found)} occurrences in 30 years: lower COUNT to that")
    return found


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.upper().removeprefix("RRULE:").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise RecurrenceError(f'has a part "{part[:40]}": each is a name, = and a value, such as FREQ=WEEKLY')
        if key in parts:
            raise RecurrenceError(f"has {key} twice: keep one")
        _check(key, value)
        parts[key] = value
    if "FREQ" not in parts:
        raise RecurrenceError("has no FREQ: begin it with one of FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RecurrenceError("has both COUNT and UNTIL: keep one")
    _check_together(parts)
    return parts


def _check(key: str, value: str) -> None:
    match key:
        case "FREQ" if value in FINER:
            raise RecurrenceError(f"recurs {value}: write DAILY, WEEKLY, MONTHLY or YEARLY")
        case "FREQ" if value in FREQUENCIES:
            return
        case "UNTIL" if MOMENT.fullmatch(value):
            return
        case "WKST" if value in WEEKDAYS:
            return
        case "BYDAY" if all(_is_day(day) for day in value.split(",")):
            return
        case _ if key in NUMBERS:
            texts = [value] if key in ONE else value.split(",")
            if all(_is_number(key, text) for text in texts):
                return
        case "FREQ" | "UNTIL" | "WKST" | "BYDAY":
            pass
        case _:
            known = ", ".join(["FREQ", "UNTIL", "BYDAY", *NUMBERS, "WKST"])
            raise RecurrenceError(f"has a part {key[:40]}, which is not read here: write of {known}")
    raise RecurrenceError(f"has {key}={value[:40]}, which is not right: see RFC 5545, 3.3.10")


def _check_together(parts: dict[str, str]) -> None:
    frequency = parts["FREQ"]
    if frequency in {"DAILY", "WEEKLY"} and re.search(r"\d", parts.get("BYDAY", "")):
        raise RecurrenceError(f"has BYDAY={parts['BYDAY'][:40]}: numbered days are for MONTHLY and YEARLY")
    for key, fitting in FITTING.items():
        if key in parts and frequency not in fitting:
            raise RecurrenceError(f"has {key}, which is not for {frequency}")
    if "BYSETPOS" in parts and not any(key.startswith("BY") and key != "BYSETPOS" for key in parts):
        raise RecurrenceError("has BYSETPOS with nothing to choose among: add BYDAY, say")


def _is_day(text: str) -> bool:
    found = DAY.fullmatch(text)
    return bool(found and (found[1] is None or 1 <= abs(int(found[1])) <= NTH_WEEK))


def _is_number(key: str, text: str) -> bool:
    low, high, from_end = NUMBERS[key]
    if not NUMBER.fullmatch(text):
        return False
    number = int(text)
    return low <= (abs(number) if from_end else number) <= high


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The last moment at which an occurrence may begin, on the clock of `zone`; a day means all of it."""
    found = MOMENT.fullmatch(text)
    assert found is not None, "looked at before"
    try:
        day = datetime.strptime(found[1], "%Y%m%d").date()  # noqa: DTZ007 a local day
        if found[2] is None:
            return datetime.combine(day, time(23, 59, 59))
        moment = datetime.combine(day, datetime.strptime(found[2], "%H%M%S").time())  # noqa: DTZ007 a local time
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if found[3] else moment
    except (ValueError, OverflowError) as error:
        raise RecurrenceError(f"has UNTIL={text}, which is no day: write one such as 20281231") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """`nth` are numbered weekdays (-1, 4: the last Friday), of the month where `in_month`, else of the year."""

    frequency: str
    interval: int
    week_begins: int
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weekdays: frozenset[int]
    nth: frozenset[tuple[int, int]]
    in_month: bool
    positions: tuple[int, ...]

    def fits(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or not self.month_days.isdisjoint(_both_ends(day.day, _month_length(day))))
            and (not self.year_days or not self.year_days.isdisjoint(_both_ends(_year_day(day), _year_length(day))))
            and (not (self.weekdays or self.nth) or day.weekday() in self.weekdays or self._is_nth(day))
        )

    def _is_nth(self, day: date) -> bool:
        if not self.nth:
            return False
        number, length = (day.day, _month_length(day)) if self.in_month else (_year_day(day), _year_length(day))
        places = ((number + 6) // 7, -((length - number) // 7 + 1))
        return any((place, day.weekday()) in self.nth for place in places)


def _rule(parts: Mapping[str, str], start: date) -> _Rule:
    """With what its start says where the rule is silent."""
    frequency = parts["FREQ"]
    named = [DAY.fullmatch(each) for each in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    days = [(int(each[1]) if each[1] else None, WEEKDAYS.index(each[2])) for each in named if each]
    months, month_days = _numbers(parts, "BYMONTH"), _numbers(parts, "BYMONTHDAY")
    weekdays = frozenset(day for place, day in days if place is None)
    if not (month_days or days or "BYYEARDAY" in parts):
        match frequency:
            case "YEARLY":
                months, month_days = months or frozenset({start.month}), frozenset({start.day})
            case "MONTHLY":
                month_days = frozenset({start.day})
            case "WEEKLY":
                weekdays = frozenset({start.weekday()})
    return _Rule(
        frequency=frequency,
        interval=int(parts.get("INTERVAL", "1")),
        week_begins=WEEKDAYS.index(parts.get("WKST", "MO")),
        months=months,
        month_days=month_days,
        year_days=_numbers(parts, "BYYEARDAY"),
        weekdays=weekdays,
        nth=frozenset((place, day) for place, day in days if place is not None),
        in_month=frequency == "MONTHLY" or "BYMONTH" in parts,
        positions=tuple(sorted(_numbers(parts, "BYSETPOS"))),
    )


def _numbers(parts: Mapping[str, str], key: str) -> frozenset[int]:
    return frozenset(int(each) for each in parts[key].split(",")) if key in parts else frozenset()


def _days(rule: _Rule, start: date, last: date) -> Iterator[date]:
    for begins, length in _periods(rule, start, last):
        found = [day for number in range(length) if rule.fits(day := begins + timedelta(days=number))]
        if rule.positions:
            places = {each - 1 if each > 0 else len(found) + each for each in rule.positions}
            found = [day for place, day in enumerate(found) if place in places]
        yield from (day for day in found if start <= day <= last)


def _periods(rule: _Rule, start: date, last: date) -> Iterator[tuple[date, int]]:
    """The first day of each period, and how many days it has."""
    match rule.frequency:
        case "DAILY":
            begins, step, length = start, rule.interval, 1
        case "WEEKLY":
            begins = start - timedelta(days=(start.weekday() - rule.week_begins) % 7)
            step, length = 7 * rule.interval, 7
        case _:
            yield from _months_or_years(rule, start, last)
            return
    while begins <= last:
        yield begins, length
        begins += timedelta(days=step)


def _months_or_years(rule: _Rule, start: date, last: date) -> Iterator[tuple[date, int]]:
    yearly = rule.frequency == "YEARLY"
    month = start.year * 12 + (0 if yearly else start.month - 1)
    while month <= last.year * 12 + last.month - 1:
        begins = date(month // 12, month % 12 + 1, 1)
        yield begins, _year_length(begins) if yearly else _month_length(begins)
        month += rule.interval * (12 if yearly else 1)


def _both_ends(number: int, length: int) -> tuple[int, int]:
    """Counted from the beginning, and from the end."""
    return number, number - length - 1


def _month_length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _year_length(day: date) -> int:
    return date(day.year, 12, 31).timetuple().tm_yday


def _year_day(day: date) -> int:
    return day.timetuple().tm_yday
