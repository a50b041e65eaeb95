"""Business days and business hours, in a calendar's own time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """When a team works. `weekdays` are 0 (Monday) to 6; `holidays` are local dates on which nobody is expected."""

    time_zone: str
    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    opens: time = time(9, 0)
    closes: time = time(17, 30)
    holidays: frozenset[date] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def add_business_days(self, day: date, count: int) -> date:
        """The day `count` business days later (earlier when negative). 0 gives the day itself, business day or not."""
        step = ONE_DAY if count > 0 else -ONE_DAY
        remaining = abs(count)
        while remaining:
            day += step
            if self.is_business_day(day):
                remaining -= 1
        return day

    def business_days_between(self, start: date, end: date) -> int:
        """Business days after `start` up to and with `end`; negative when `end` is the earlier."""
        if end < start:
            return -self.business_days_between(end, start)
        return sum(1 for day in _days(start + ONE_DAY, end) if self.is_business_day(day))

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return self.is_business_day(local.date()) and self.opens <= local.time() < self.closes

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` itself inside business hours, else the next time that they begin, in UTC."""
        if self.is_open(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.opens else local.date() + ONE_DAY
        while not self.is_business_day(day):
            day += ONE_DAY
        return self._hours(day)[0]

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The part of [start, end) that lies in business hours, as real time (so a DST change costs its hour)."""
        if end <= start:
            return timedelta()
        total = timedelta()
        for day in _days(start.astimezone(self.zone).date(), end.astimezone(self.zone).date()):
            if self.is_business_day(day):
                opens, closes = self._hours(day)
                total += max(min(end, closes) - max(start, opens), timedelta())
        return total

    def add_business_time(self, start: datetime, amount: timedelta) -> datetime:
        """The moment, in UTC, at which `amount` of business time has passed since `start`."""
        moment = self.next_opening(start)
        while True:
            closes = self._hours(moment.astimezone(self.zone).date())[1]
            if moment + amount <= closes:
                return moment + amount
            amount -= closes - moment
            moment = self.next_opening(closes)

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        return (
            datetime.combine(day, self.opens, self.zone).astimezone(UTC),
            datetime.combine(day, self.closes, self.zone).astimezone(UTC),
        )


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += ONE_DAY
