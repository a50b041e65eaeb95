"""Giving back, leaving the waitlist, and ending what is somebody else's."""

import threading

import pytest

from interlock.domain.authority import Refused
from interlock.domain.booking import BookingState
from interlock.store import booking
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.usecases.booking_return import Choice, Returned, ending, give_back, give_back_named
from interlock.usecases.environment import set_lifecycle
from tests.bookings import POLICY, at, booked, draft, fresh, queued, stands, told, world
from tests.builders import NOW, actor


def state(store: Store, booking_id: int) -> BookingState:
    with store.read() as session:
        one = booking.load(session, booking_id)
        assert one is not None
        return one.state


def test_what_is_given_back_goes_to_whoever_waited_first(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(0, 24))
    tom = queued(store, "TOM", draft(1, 3))
    booked(store, "NOOR", draft(5, 6))
    result = give_back(store, fresh(store, at(1)), actor("ANA"), ana, at(1))
    assert isinstance(result, Returned)
    assert result.given_to is not None
    # Ravi's whole span is not free, for Noor has a part of it: so Tom.
    assert (result.given_to.id, result.given_to.holder.name) == (tom, "Tom Arkwright")
    assert told(store) == [("booking.granted", "@U0TOM")]
    assert len(stands(store).waiting) == 1


def test_giving_back_twice_is_harmless(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    results = [give_back(store, POLICY, actor("ANA"), ana, NOW) for _ in range(2)]
    assert [each.again for each in results if isinstance(each, Returned)] == [False, True]
    assert state(store, ana) is BookingState.RETURNED


@pytest.mark.parametrize(("starts", "expected"), [(0, BookingState.RETURNED), (1, BookingState.CANCELLED)])
def test_what_has_not_begun_is_cancelled(store: Store, starts: float, expected: BookingState) -> None:
    world(store)
    ana = booked(store, "ANA", draft(starts, 4))
    give_back(store, POLICY, actor("ANA"), ana, NOW)
    assert state(store, ana) is expected


def test_whoever_waits_may_stop_waiting(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    ravi = queued(store, "RAVI", draft(0, 8))
    give_back(store, POLICY, actor("RAVI"), ravi, NOW)
    assert state(store, ravi) is BookingState.CANCELLED
    assert stands(store).waiting == ()


def test_somebody_elses_is_not_given_back(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    refused = give_back(store, POLICY, actor("TOM"), ana, NOW, "I want it")
    assert isinstance(refused, Refused)
    assert refused.sentence == "You can't do that: uat-2 is not yours to manage. Noor Salter can."
    assert state(store, ana) is BookingState.ACTIVE


@pytest.mark.parametrize("who", ["RITA", "NOOR"])
def test_managers_and_owners_end_it_with_a_reason(store: Store, who: str) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    assert not isinstance(ending(store, POLICY, actor(who), ana, NOW), Refused)
    refused = give_back(store, POLICY, actor(who), ana, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "no_reason"
    assert isinstance(give_back(store, POLICY, actor(who), ana, NOW, "It is needed for the drill"), Returned)
    assert told(store) == [("booking.ended", "@U0ANA")]
    with store.read() as session:
        one = booking.load(session, ana)
    assert one is not None
    assert (one.state, one.ended_by, one.reason) == (
        BookingState.RETURNED,
        f"U0{who}",
        "It is needed for the drill",
    )


def test_an_unknown_booking_meets_a_sentence(store: Store) -> None:
    world(store)
    refused = give_back(store, POLICY, actor("ANA"), 99, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "unknown_booking"


def test_the_one_booking_under_way_is_meant(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    assert isinstance(give_back_named(store, POLICY, actor("ANA"), "", NOW), Returned)
    assert isinstance(give_back_named(store, POLICY, actor("ANA"), "", NOW), Choice)


def test_of_several_one_is_chosen(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    booked(store, "ANA", draft(0, 4, "dev-1", shared=True))
    choice = give_back_named(store, POLICY, actor("ANA"), "", NOW)
    assert isinstance(choice, Choice)
    assert [each.environment.key for each in choice.mine] == ["uat-2", "dev-1"]
    assert isinstance(give_back_named(store, POLICY, actor("ANA"), "dev", NOW), Returned)


@pytest.mark.parametrize("typed", ["", "uat-2"])
def test_the_only_booking_is_meant_before_it_begins_too(store: Store, typed: str) -> None:
    world(store)
    ana = booked(store, "ANA", draft(20, 24))
    ravi = queued(store, "RAVI", draft(21, 23))
    for who, one in (("RAVI", ravi), ("ANA", ana)):
        done = give_back_named(store, POLICY, actor(who), typed, NOW)
        assert isinstance(done, Returned)
        assert (done.booking.id, done.waited) == (one, who == "RAVI")
        assert state(store, one) is BookingState.CANCELLED


def test_an_owner_without_a_booking_is_shown_what_may_be_ended(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    choice = give_back_named(store, POLICY, actor("NOOR"), "uat-2", NOW)
    assert isinstance(choice, Choice)
    assert [each.booking.id for each in choice.others] == [ana]
    refused = give_back_named(store, POLICY, actor("TOM"), "uat-2", NOW)
    assert isinstance(refused, Refused)
    assert "Ana Whitlock has it" in refused.sentence


def test_whoever_left_is_passed_over_in_the_waitlist(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    ravi = queued(store, "RAVI", draft(0, 4))
    tom = queued(store, "TOM", draft(0, 4))
    with store.write() as session:
        session.get_one(PersonRow, "U0RAVI").active = False
    result = give_back(store, POLICY, actor("ANA"), ana, NOW)
    assert isinstance(result, Returned)
    assert result.given_to is not None
    assert result.given_to.id == tom
    assert state(store, ravi) is BookingState.LAPSED


def test_an_environment_in_maintenance_is_given_to_nobody_until_it_is_ready(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(0, 8))
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "maintenance", "Certificates", NOW)
    result = give_back(store, POLICY, actor("ANA"), ana, NOW)
    assert isinstance(result, Returned)
    assert result.given_to is None
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "ready", "", NOW)
    assert [each.holder.name for each in stands(store).active] == ["Ravi Menon-Hale"]
    assert told(store) == [("booking.environment", "@U0ANA"), ("booking.granted", "@U0RAVI"), *told(store)[2:]]


def test_one_that_comes_free_ten_times_at_once_is_given_once(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    for who in ("RAVI", "TOM", "INES"):
        queued(store, who, draft(0, 4))
    results: list[Returned | Refused] = []
    threads = [
        threading.Thread(target=lambda: results.append(give_back(store, POLICY, actor("ANA"), ana, NOW)))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(each.again for each in results if isinstance(each, Returned)) == [False] + [True] * 9
    assert [each.holder.name for each in stands(store).active] == ["Ravi Menon-Hale"]
    assert told(store) == [("booking.granted", "@U0RAVI")]
