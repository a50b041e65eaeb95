"""When whoever has a booking is reminded of it: before it begins, before it ends, and while it is overdue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from interlock.domain.booking import Booking
from interlock.domain.calendar import WorkCalendar
from interlock.domain.environment import Environment
from interlock.domain.policy import BookingReminders


class About(StrEnum):
    START = "start"
    END = "end"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A reminder that is due. `key` names what it means (the booking, its start or end, and which of the overdue ones),
    so that each is told once; `until` is when it means nothing any more.
    """

    booking: Booking
    about: About
    key: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What a reminder says when it is sent. `has_it`: somebody else who has the environment now, or is overdue with it;
    `follows`: whose booking begins next.
    """

    about: About
    environment: Environment
    booking: Booking
    has_it: Booking | None
    follows: Booking | None
    waiting: int


def due(one: Booking, rules: BookingReminders, hours: WorkCalendar, now: datetime) -> Due | None:
    """What the holder of an active booking should be told now.

    Before a start or an end, whatever the hour: that is when it helps. Not if the booking was made, or began, later
    than the reminder would have come: whoever did that knows. Overdue only in the holder's working `hours`.
    """
    starts, ends = one.span.starts, one.span.ends
    before_start = starts - timedelta(minutes=rules.before_start_minutes)
    before_end = ends - timedelta(minutes=rules.before_end_minutes)
    if one.created_at <= before_start <= now < starts:
        return Due(booking=one, about=About.START, key=_key(one, About.START, starts), until=starts)
    if starts <= before_end <= now < ends:
        return Due(booking=one, about=About.END, key=_key(one, About.END, ends), until=ends)
    if ends <= now and hours.is_open(now):
        every = timedelta(minutes=rules.overdue_every_minutes)
        number = (now - ends) // every
        key = f"{_key(one, About.OVERDUE, ends)}:{number}"
        return Due(booking=one, about=About.OVERDUE, key=key, until=ends + every * (number + 1))
    return None


def _key(one: Booking, about: About, when: datetime) -> str:
    return f"booking.reminder:{one.id}:{about.value}:{when.isoformat()}"
