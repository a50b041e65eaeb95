"""Bookings: who has an environment from when until when, who waits for it, and what fits beside what.

An exclusive booking takes all of an environment; shared ones fit beside each other up to its capacity. A booking is
over exactly at its end: from then on it holds nobody up, and the environment can be booked. It is overdue until its
holder gives it back, an owner ends it, or somebody else's booking begins: nobody said that the environment is clean.

Somebody who waits wants a span of time. They are given what is left of it as soon as nobody else has any part of it,
in the order in which they began to wait; when the span is over, so is the waiting. Waiting blocks nobody: free time
goes to whoever books it, for an idle environment helps no one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from interlock.domain.actor import Person
from interlock.domain.environment import Environment

ALL_SEATS: Final = 1_000_000
"""An exclusive booking takes seats 0 to this: more than any capacity, so it meets every other booking."""
GRACE: Final = timedelta(minutes=15)
"""A beginning so short a time ago is now: filling in a form takes a while."""
AHEAD: Final = timedelta(days=366)
"""How far ahead a booking may begin."""
EXTENSION: Final = timedelta(hours=2)
LONGEST_PURPOSE: Final = 200
NEWS_GOOD_FOR: Final = timedelta(days=1)
"""For how long whoever has, had or wanted a booking is told what became of it."""


class BookingState(StrEnum):
    ACTIVE = "active"
    """It takes its seats from its start to its end, and is overdue after that."""
    WAITING = "waiting"
    """In the waitlist: it takes no seat."""
    RETURNED = "returned"
    """Given back by its holder, or ended by an owner."""
    CANCELLED = "cancelled"
    """Given up before it began, or its holder no longer waits."""
    LAPSED = "lapsed"
    """Its time passed: somebody else's booking began, or the span that was waited for ended."""


OPEN: Final = frozenset({BookingState.ACTIVE, BookingState.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """[starts, ends), in UTC."""

    starts: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        return self.ends - self.starts

    def meets(self, other: "Span") -> bool:
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """`seat_from` and `seat_to` are the seats [from, to) that it takes. `ended_by` is whoever ended it, None for
    Interlock itself, `reason` what an owner gave for doing so. `release` is that release's name.
    """

    id: int
    environment_id: int
    holder: Person
    span: Span
    exclusive: bool
    seat_from: int
    seat_to: int
    purpose: str
    state: BookingState
    created_at: datetime
    release: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    reason: str = ""

    @property
    def active(self) -> bool:
        return self.state is BookingState.ACTIVE

    @property
    def waiting(self) -> bool:
        return self.state is BookingState.WAITING

    def is_running(self, now: datetime) -> bool:
        return self.active and self.span.starts <= now < self.span.ends

    def is_overdue(self, now: datetime) -> bool:
        return self.active and self.span.ends <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """It does not fit: `holders` are the bookings in the way, the earliest first; `free_from` is the earliest moment,
    no earlier than wished, from which a span of that length is free.
    """

    environment: Environment
    span: Span
    holders: tuple[Booking, ...]
    free_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An environment as it stands: its bookings that are active, and those that wait, in the order of waiting."""

    environment: Environment
    active: tuple[Booking, ...]
    waiting: tuple[Booking, ...]

    def running(self, now: datetime) -> tuple[Booking, ...]:
        return tuple(each for each in self.active if each.is_running(now))

    def overdue(self, now: datetime) -> tuple[Booking, ...]:
        return tuple(each for each in self.active if each.is_overdue(now))

    def next(self, now: datetime) -> Booking | None:
        """The next that begins."""
        return next((each for each in self.active if each.span.starts > now), None)

    def is_free(self, now: datetime) -> bool:
        """Whether one more shared booking would fit at this moment. Overdue ones hold nobody up."""
        running = self.running(now)
        return not any(each.exclusive for each in running) and len(running) < self.environment.capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class MyBooking:
    """`place` is which in the waitlist it is, counted from 1; None unless it waits."""

    environment: Environment
    booking: Booking
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentList:
    """What `/env list` shows: all environments, or the `one` that was named, with its owners, and the reader's own
    bookings.
    """

    held: tuple[Held, ...]
    mine: tuple[MyBooking, ...]
    one: bool = False
    owners: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """`granted` are those who waited, each with the span that they are given; `overtaken` overdue bookings in whose
    place somebody else's has begun; `lapsed` those whose span ended while they waited.
    """

    lapsed: tuple[Booking, ...]
    granted: tuple[tuple[Booking, Span], ...]
    overtaken: tuple[Booking, ...]


def in_the_way(held: Held, span: Span, *, exclusive: bool, apart_from: int | None = None) -> tuple[Booking, ...]:
    """The active bookings because of which one more does not fit into the span; none when it does."""
    meeting = [each for each in held.active if each.id != apart_from and each.span.meets(span)]
    if exclusive:
        return tuple(meeting)
    alone = [each for each in meeting if each.exclusive]
    shared = [each for each in meeting if not each.exclusive]
    full = _most_at_once(shared, span) >= held.environment.capacity
    return tuple(meeting if full else alone)


def taken(held: Held, span: Span, *, exclusive: bool, apart_from: int | None = None) -> Taken | None:
    holders = in_the_way(held, span, exclusive=exclusive, apart_from=apart_from)
    if not holders:
        return None
    # It can fit at nothing but the wished moment and the ends of others.
    ends = sorted(each.span.ends for each in held.active if each.span.ends > span.starts)
    free_from = next(
        end
        for end in ends
        if not in_the_way(held, Span(starts=end, ends=end + span.length), exclusive=exclusive, apart_from=apart_from)
    )
    return Taken(environment=held.environment, span=span, holders=holders, free_from=free_from)


def seats(held: Held, wanted: Booking) -> dict[int, tuple[int, int]]:
    """Seats for a booking that fits, by booking id: its own, and new ones for whichever shared bookings have to move so
    that one seat is free for the whole span. Nobody sees a seat; the database tells overlaps by them.
    """
    if wanted.exclusive:
        return {wanted.id: (0, ALL_SEATS)}
    others = [each for each in held.active if not each.exclusive and each.id != wanted.id]
    busy = {each.seat_from for each in others if each.span.meets(wanted.span)}
    lowest = _lowest_apart_from(busy)
    if lowest < held.environment.capacity:
        return {wanted.id: (lowest, lowest + 1)}
    return _seated_afresh([*others, wanted])


def settle(held: Held, now: datetime) -> Settlement:
    """What time itself has decided by now. Settling what is settled comes to nothing."""
    lapsed = [each for each in held.waiting if each.span.ends <= now]
    granted: list[tuple[Booking, Span]] = []
    if held.environment.lifecycle.bookable:
        for each in held.waiting:
            span = Span(starts=max(each.span.starts, now), ends=each.span.ends)
            if each not in lapsed and not in_the_way(held, span, exclusive=each.exclusive):
                granted.append((each, span))
                given = replace(each, span=span, state=BookingState.ACTIVE)
                held = replace(held, active=in_order([*held.active, given]))
    return Settlement(lapsed=tuple(lapsed), granted=tuple(granted), overtaken=_overtaken(held, now))


def in_order(bookings: Iterable[Booking]) -> tuple[Booking, ...]:
    return tuple(sorted(bookings, key=lambda each: (each.span.starts, each.id)))


def _overtaken(held: Held, now: datetime) -> tuple[Booking, ...]:
    """The overdue bookings that what is running leaves no room for, the longest overdue first to go."""
    running = held.running(now)
    room = 0 if any(each.exclusive for each in running) else held.environment.capacity - len(running)
    gone = []
    for each in sorted(held.overdue(now), key=lambda one: one.span.ends, reverse=True):
        if room < 1 or (each.exclusive and running):
            gone.append(each)
        elif not each.exclusive:
            room -= 1
    return tuple(gone)


def _seated_afresh(shared: Sequence[Booking]) -> dict[int, tuple[int, int]]:
    """The lowest free seat for each in the order of their starts: never more seats than bookings at once."""
    seated: list[tuple[Booking, int]] = []
    for each in in_order(shared):
        seat = _lowest_apart_from({seat for other, seat in seated if other.span.meets(each.span)})
        seated.append((each, seat))
    return {each.id: (seat, seat + 1) for each, seat in seated}


def _lowest_apart_from(busy: set[int]) -> int:
    return next(seat for seat in range(len(busy) + 1) if seat not in busy)


def _most_at_once(bookings: Sequence[Booking], span: Span) -> int:
    """How many of them there are at the fullest moment of the span."""
    moments = {span.starts} | {each.span.starts for each in bookings}
    inside = [moment for moment in moments if span.starts <= moment < span.ends]
    return max(sum(1 for each in bookings if each.span.starts <= moment < each.span.ends) for moment in inside)
