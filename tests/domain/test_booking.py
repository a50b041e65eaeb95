"""What fits beside what, who gets what time leaves, and that no order of events ever gives a seat twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.actor import Person
from interlock.domain.booking import (
    ALL_SEATS,
    Booking,
    BookingState,
    Held,
    Span,
    in_order,
    in_the_way,
    seats,
    settle,
    taken,
)
from interlock.domain.environment import Environment, Lifecycle

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UAT = Environment(id=1, key="uat-2", name="Acceptance 2", tier="test", capacity=2, lifecycle=Lifecycle.READY)


def span(starts: float, ends: float) -> Span:
    return Span(starts=NOW + timedelta(hours=starts), ends=NOW + timedelta(hours=ends))


def booking(
    number: int, starts: float, ends: float, *, shared: bool = False, seat: int = 0, waits: bool = False
) -> Booking:
    return Booking(
        id=number,
        environment_id=1,
        holder=Person(slack_id=f"U{number}", name=f"Person {number}"),
        span=span(starts, ends),
        exclusive=not shared,
        seat_from=seat if shared else 0,
        seat_to=seat + 1 if shared else ALL_SEATS,
        purpose="Tests",
        state=BookingState.WAITING if waits else BookingState.ACTIVE,
        created_at=NOW,
    )


def held(*bookings: Booking, environment: Environment = UAT) -> Held:
    return Held(
        environment=environment,
        active=in_order(each for each in bookings if each.active),
        waiting=tuple(each for each in bookings if each.waiting),
    )


ALONE = booking(1, 2, 4)
FIRST, SECOND = booking(1, 0, 4, shared=True), booking(2, 3, 6, shared=True, seat=1)


@pytest.mark.parametrize(
    ("there", "wish", "exclusive", "expected"),
    [
        ((), span(0, 1), True, ()),
        ((ALONE,), span(0, 2), True, ()),
        ((ALONE,), span(4, 5), True, ()),
        ((ALONE,), span(3, 5), True, (1,)),
        ((ALONE,), span(0, 9), False, (1,)),
        ((FIRST,), span(0, 4), False, ()),
        ((FIRST,), span(3, 5), True, (1,)),
        ((FIRST, SECOND), span(0, 3), False, ()),
        ((FIRST, SECOND), span(4, 9), False, ()),
        ((FIRST, SECOND), span(2, 9), False, (1, 2)),
    ],
)
def test_what_is_in_the_way(there: tuple[Booking, ...], wish: Span, exclusive: bool, expected: tuple[int, ...]) -> None:  # noqa: FBT001 a column of the table
    assert tuple(each.id for each in in_the_way(held(*there), wish, exclusive=exclusive)) == expected


def test_it_is_free_next_where_the_whole_of_it_fits() -> None:
    there = held(booking(1, 0, 2), booking(2, 3, 5), booking(3, 6, 7))
    found = taken(there, span(1, 3), exclusive=True)
    assert found is not None
    assert found.free_from == NOW + timedelta(hours=7)
    found = taken(there, span(1, 2), exclusive=True)
    assert found is not None
    assert found.free_from == NOW + timedelta(hours=2)


def test_the_wish_of_whoever_has_it_is_not_in_its_own_way() -> None:
    assert taken(held(ALONE), span(2, 6), exclusive=True, apart_from=1) is None


@pytest.mark.parametrize(
    ("bookings", "granted", "lapsed", "overtaken"),
    [
        pytest.param([booking(1, -2, 1), booking(2, -1, 3, waits=True)], [], [], [], id="still somebody's"),
        pytest.param([booking(1, -2, 0), booking(2, -1, 3, waits=True)], [2], [], [1], id="free exactly at the end"),
        pytest.param([booking(1, -2, -1)], [], [], [], id="overdue while nobody follows"),
        pytest.param([booking(1, -2, -1), booking(2, 1, 3)], [], [], [], id="overdue until the next begins"),
        pytest.param([booking(1, -2, -1), booking(2, 0, 3)], [], [], [1], id="and not once it has begun"),
        pytest.param([booking(1, 1, 2), booking(2, -1, 0, waits=True)], [], [2], [], id="waited in vain"),
        pytest.param(
            [booking(1, 0, 1, waits=True), booking(2, 0, 1, waits=True)], [1], [], [], id="whoever waited first"
        ),
        pytest.param(
            [booking(1, 2, 3), booking(2, 0, 4, waits=True), booking(3, 0, 2, waits=True)],
            [3],
            [],
            [],
            id="whoever fits",
        ),
        pytest.param(
            [booking(1, -2, -1, shared=True), booking(2, -1, 1, shared=True)], [], [], [], id="room for one overdue"
        ),
        pytest.param(
            [
                booking(1, -3, -2, shared=True),
                booking(2, -3, -1, shared=True, seat=1),
                booking(3, -1, 1, shared=True),
            ],
            [],
            [],
            [1],
            id="the longest overdue makes room",
        ),
    ],
)
def test_what_time_decides(
    bookings: list[Booking], granted: list[int], lapsed: list[int], overtaken: list[int]
) -> None:
    done = settle(held(*bookings), NOW)
    assert [each.id for each, _ in done.granted] == granted
    assert [each.id for each in done.lapsed] == lapsed
    assert [each.id for each in done.overtaken] == overtaken


def test_who_waited_is_given_what_is_left() -> None:
    [(_, given)] = settle(held(booking(1, -2, 3, waits=True)), NOW).granted
    assert given == span(0, 3)


@pytest.mark.parametrize("lifecycle", [Lifecycle.MAINTENANCE, Lifecycle.RETIRED])
def test_what_cannot_be_booked_is_given_to_nobody(lifecycle: Lifecycle) -> None:
    there = held(booking(1, 0, 3, waits=True), environment=replace(UAT, lifecycle=lifecycle))
    assert settle(there, NOW).granted == ()


HOURS = st.integers(min_value=0, max_value=12)
EVENT = st.one_of(
    st.tuples(st.just("want"), HOURS, st.integers(1, 6), st.booleans(), st.booleans()),
    st.tuples(st.just("end"), HOURS),
    st.tuples(st.just("wait"), HOURS),
)


def take(there: Held, wish: Booking) -> Held:
    """What the use cases do with a booking that fits."""
    new = seats(there, wish)
    given = [replace(wish, state=BookingState.ACTIVE)] if wish.id not in {each.id for each in there.active} else []
    active = [
        replace(each, seat_from=new[each.id][0], seat_to=new[each.id][1]) if each.id in new else each
        for each in (*there.active, *given)
    ]
    waiting = tuple(each for each in there.waiting if each.id != wish.id)
    return replace(there, active=in_order(active), waiting=waiting)


def pass_time(there: Held, now: datetime) -> Held:
    done = settle(there, now)
    for each, left in done.granted:
        there = take(there, replace(each, span=left))
    gone = {each.id for each in (*done.lapsed, *done.overtaken)}
    return replace(
        there,
        active=tuple(each for each in there.active if each.id not in gone),
        waiting=tuple(each for each in there.waiting if each.id not in gone),
    )


def no_seat_is_taken_twice(there: Held) -> bool:
    return not any(
        one.span.meets(other.span) and one.seat_from < other.seat_to and other.seat_from < one.seat_to
        for one in there.active
        for other in there.active
        if one.id < other.id
    )


@given(st.integers(1, 3), st.lists(EVENT, max_size=30))
def test_no_order_of_events_gives_a_seat_twice(capacity: int, events: list[tuple[object, ...]]) -> None:
    there, now = held(environment=replace(UAT, capacity=capacity)), NOW
    for number, event in enumerate(events, start=1):
        match event:
            case ("want", int(starts), int(length), bool(shared), bool(waits)):
                first = (now - NOW) / timedelta(hours=1) + starts
                wish = booking(number, first, first + length, shared=shared, waits=True)
                if taken(there, wish.span, exclusive=wish.exclusive) is None:
                    there = take(there, wish)
                elif waits:
                    there = replace(there, waiting=(*there.waiting, wish))
            case ("end", int(which)) if there.active:
                ended = there.active[which % len(there.active)]
                there = replace(there, active=tuple(each for each in there.active if each.id != ended.id))
            case ("wait", int(hours)):
                now += timedelta(hours=hours)
        there = pass_time(there, now)
        assert no_seat_is_taken_twice(there)
        assert all(each.seat_to <= capacity for each in there.active if not each.exclusive)
        assert settle(there, now).granted == ()
