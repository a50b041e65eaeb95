"""Booking on a real store: who gets what, who is told, and what a race leaves."""

import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.booking import BookingState
from interlock.domain.booking_draft import BookingDraft
from interlock.store import audit, booking, environment
from interlock.store.audit import AuditRow
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.usecases.booking import UNKNOWN, Booked, Conflict, Extended, Invalid, Queued, book, extend, form, mine
from tests.bookings import POLICY, at, booked, draft, fresh, queued, stands, told, want, world
from tests.builders import NOW, actor, release


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        assert audit.verify(session)[1] is None
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column


def test_a_free_environment_is_booked_and_recorded(store: Store) -> None:
    world(store)
    result = want(store, "ANA", draft(0, 4))
    assert isinstance(result, Booked)
    assert (result.booking.span.starts, result.booking.span.ends) == (NOW, at(4))
    assert kinds(store) == ["environment.reconciled", "booking.made"]


def test_a_taken_one_says_who_has_it_and_when_it_is_free(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    booked(store, "TOM", draft(5, 6))
    result = want(store, "RAVI", draft(3, 5))
    assert isinstance(result, Conflict)
    assert [each.holder.name for each in result.taken.holders] == ["Ana Whitlock"]
    assert (result.taken.free_from, result.zone) == (at(6), "Europe/London")


def test_an_environment_is_free_exactly_at_the_end(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    booked(store, "RAVI", draft(4, 5))


def test_shared_bookings_fit_up_to_the_capacity(store: Store) -> None:
    world(store)
    for who in ("ANA", "RAVI"):
        booked(store, who, draft(0, 4, "dev-1", shared=True))
    assert isinstance(want(store, "TOM", draft(3, 5, "dev-1", shared=True)), Conflict)
    assert isinstance(want(store, "TOM", draft(0, 1, "dev-1")), Conflict)
    booked(store, "TOM", draft(4, 5, "dev-1"))


def test_two_seats_that_are_free_in_turn_make_room_for_one_more(store: Store) -> None:
    """Seats are the database's way to tell overlaps; nobody is refused because they lie awkwardly."""
    world(store)
    booked(store, "ANA", draft(0, 1, "dev-1", shared=True))
    second = booked(store, "RAVI", draft(0, 3, "dev-1", shared=True))
    booked(store, "TOM", draft(2, 4, "dev-1", shared=True))
    booked(store, "NOOR", draft(3, 5, "dev-1", shared=True))
    with store.write() as session:
        booking.end(session, second, BookingState.CANCELLED, NOW, by=None)
    booked(store, "MARIA", draft(1, 3, "dev-1", shared=True))
    booked(store, "RITA", draft(4, 6, "dev-1", shared=True))


def test_a_repeated_request_finds_what_it_made(store: Store) -> None:
    world(store)
    first = want(store, "ANA", draft(0, 4), request_id="trigger")
    again = want(store, "ANA", draft(0, 4), request_id="trigger")
    assert isinstance(first, Booked)
    assert first == again
    assert len(stands(store).active) == 1


@pytest.mark.parametrize(
    ("wish", "field", "words"),
    [
        (draft(4, 4), "ends", "after the start, Mon 23 Nov 13:00"),
        (draft(-1, 4), "starts", "past: it is Mon 23 Nov 09:00"),
        (draft(-0.2, -0.1), "ends", "past"),
        (draft(0, 25), "ends", "at most 24 hours: until Tue 24 Nov 09:00"),
        (draft(24 * 400, 24 * 400 + 1), "starts", "more than a year ahead"),
        (draft(0, 1, "dr-1"), "environment", "dr-1 can't be booked: it is in maintenance"),
        (draft(0, 1, "uat-9"), "environment", "Choose an environment"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(sqlite_store: Store, wish: BookingDraft, field: str, words: str) -> None:
    world(sqlite_store)
    result = want(sqlite_store, "ANA", wish)
    assert isinstance(result, Invalid)
    assert words in result.problems[field]


def test_a_start_just_past_is_now(sqlite_store: Store) -> None:
    world(sqlite_store)
    result = want(sqlite_store, "ANA", draft(-0.2, 1))
    assert isinstance(result, Booked)
    assert result.booking.span.starts == NOW


@pytest.mark.parametrize(
    ("who", "reason"),
    [("GUEST", "guest"), ("VENDOR", "external"), ("LEFT", "deactivated"), ("NOBODY", "unknown_person")],
)
def test_who_may_not_book(store: Store, who: str, reason: str) -> None:
    world(store)
    for result in (want(store, who, draft(0, 4)), form(store, POLICY, actor(who), "", NOW)):
        assert isinstance(result, Refused)
        assert result.reason == reason
    assert not stands(store).active


def test_who_waits_gets_what_is_left_when_the_booking_ends(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    ravi = queued(store, "RAVI", draft(1, 8))
    # Settling is part of each act on the environment: here, somebody else's in vain.
    assert isinstance(want(store, "TOM", draft(4.5, 5), now=at(4.1)), Conflict)
    held = stands(store)
    assert [(each.id, each.span.starts) for each in held.active] == [(ravi, at(4.1))]
    assert told(store) == [("booking.granted", "@U0RAVI"), ("booking.overtaken", "@U0ANA")]
    with store.read() as session:
        over = booking.load(session, ana)
    assert over is not None
    assert (over.state, over.ended_by) == (BookingState.LAPSED, None)


def test_waiting_ends_with_the_span_that_was_waited_for(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(1, 3))
    booked(store, "TOM", draft(5, 6), now=at(3))
    assert stands(store).waiting == ()
    assert told(store) == [("booking.lapsed", "@U0RAVI")]


def test_the_place_in_the_waitlist_is_told(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(0, 4))
    result = want(store, "TOM", draft(0, 4, wait=True))
    assert isinstance(result, Queued)
    assert result.place == 2
    with store.read() as session:
        assert [(each.environment.key, each.place) for each in mine(session, "U0TOM", NOW)] == [("uat-2", 2)]


def test_extending_is_refused_once_somebody_follows_or_waits(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    ravi = booked(store, "RAVI", draft(5, 6))
    assert isinstance(extend(store, POLICY, actor("ANA"), ana, at(4), NOW), Conflict)
    queued(store, "TOM", draft(5, 7))
    refused = extend(store, POLICY, actor("RAVI"), ravi, at(6), NOW)
    assert isinstance(refused, Refused)
    assert "Tom Arkwright waits" in refused.sentence


def test_somebody_elses_is_not_extended_and_that_is_on_record(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    refused = extend(store, POLICY, actor("RAVI"), ana, at(4), NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "not_yours"
    assert kinds(store)[-1] == "booking.extend_refused"
    assert extend(store, POLICY, actor("RAVI"), 99, at(4), NOW) == UNKNOWN
    assert kinds(store)[-2:] == ["booking.made", "booking.extend_refused"]


def test_extending_twice_by_one_button_adds_two_hours_once(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    results = [extend(store, POLICY, actor("ANA"), ana, at(4), NOW) for _ in range(2)]
    assert [(each.again, each.booking.span.ends) for each in results if isinstance(each, Extended)] == [
        (False, at(6)),
        (True, at(6)),
    ]


def test_extending_an_overdue_booking_counts_from_now(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    result = extend(store, fresh(store, at(5)), actor("ANA"), ana, at(4), at(5))
    assert isinstance(result, Extended)
    assert result.booking.span.ends == at(7)


def test_nobody_books_longer_than_policy_lets_by_extending(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 23))
    refused = extend(store, POLICY, actor("ANA"), ana, at(23), NOW)
    assert isinstance(refused, Refused)
    assert "at most 24 hours" in refused.sentence


def test_only_the_holder_extends(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    assert isinstance(extend(store, POLICY, actor("RITA"), ana, at(4), NOW), Refused)


def test_the_form_offers_what_can_be_booked_for_releases_under_way(store: Store) -> None:
    world(store)
    with store.write() as session:
        release(session)
    offered = form(store, POLICY, actor("ANA"), "UAT", NOW + timedelta(minutes=3))
    assert not isinstance(offered, Refused)
    assert [each.key for each in offered.environments] == ["dev-1", "uat-2"]
    assert offered.chosen is not None
    assert (offered.chosen.key, offered.span.starts) == ("uat-2", NOW + timedelta(minutes=5))
    assert [each.name for each in offered.releases] == ["2026.12"]
    assert isinstance(form(store, POLICY, actor("ANA"), "dr-1", NOW), Refused)


def test_a_release_that_ended_is_no_reason_to_book(store: Store) -> None:
    world(store)
    with store.write() as session:
        ended = release(session, stage="closed")
    result = book(store, POLICY, actor("ANA"), replace(draft(0, 4), release_id=ended), "r", NOW)
    assert isinstance(result, Invalid)
    assert "ended" in result.problems["release"]


def at_once(count: int, act: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_of_ten_who_want_it_at_once_one_gets_it(store: Store) -> None:
    world(store)
    people = ("ANA", "RAVI", "MARIA", "TOM", "INES", "NOOR", "RITA", "ANA", "RAVI", "TOM")
    results: list[object] = []
    at_once(10, lambda number: results.append(want(store, people[number], draft(0, 4), request_id=str(number))))
    assert sorted(type(each).__name__ for each in results) == ["Booked"] + ["Conflict"] * 9
    assert len(stands(store).active) == 1


def test_of_ten_who_share_at_once_as_many_get_in_as_fit(store: Store) -> None:
    world(store)
    people = ("ANA", "RAVI", "MARIA", "TOM", "INES", "NOOR", "RITA", "ANA", "RAVI", "TOM")
    wish = draft(0, 4, "dev-1", shared=True)
    results: list[object] = []
    at_once(10, lambda number: results.append(want(store, people[number], wish, request_id=str(number))))
    assert sorted(type(each).__name__ for each in results) == ["Booked"] * 2 + ["Conflict"] * 8


def test_one_request_that_comes_ten_times_at_once_books_once(store: Store) -> None:
    world(store)
    results: list[object] = []
    at_once(10, lambda _: results.append(want(store, "ANA", draft(0, 4), request_id="one")))
    assert [type(each) for each in results] == [Booked] * 10
    assert len(stands(store).active) == 1


def book_elsewhere(url: str, who: str, request_id: str) -> None:
    """In a process of its own."""
    store = Store(url)
    book(store, POLICY, actor(who), draft(0, 4), request_id, NOW)
    store.close()


def test_of_four_processes_one_gets_it(store: Store) -> None:
    world(store)
    url = store.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    people = ("ANA", "RAVI", "MARIA", "TOM")
    others = [spawn.Process(target=book_elsewhere, args=(url, who, who)) for who in people]
    for other in others:
        other.start()
    for other in others:
        other.join(120)
    assert [other.exitcode for other in others] == [0, 0, 0, 0]
    assert len(stands(store).active) == 1
    assert kinds(store).count("booking.made") == 1


def take_regardless(store: Store, ready: threading.Barrier, failed: list[str]) -> None:
    """Book as somebody would who looked before the other one's booking was there."""
    try:
        with store.write() as session:
            uat = environment.load_all(session)[-1]
            row = BookingRow(
                environment_id=uat.id, slack_id="U0ANA", starts=NOW, ends=at(1), created_at=NOW, state="active"
            )
            if not store.is_sqlite:  # whose writers follow each other anyhow
                ready.wait(30)
            booking.add(session, row)
    except (IntegrityError, OperationalError) as error:  # PostgreSQL may call two that wait for each other a deadlock
        failed.append(str(error))


def test_the_database_itself_refuses_a_second_booking(store: Store) -> None:
    world(store)
    failed: list[str] = []
    ready = threading.Barrier(2)
    at_once(2, lambda _: take_regardless(store, ready, failed))
    assert len(failed) == 1
    assert len(stands(store).active) == 1


def test_and_without_its_rule_it_would_not(store: Store) -> None:
    world(store)
    with store.write() as session:
        for statement in (
            ("DROP TRIGGER booking_no_overlap_insert", "DROP TRIGGER booking_no_overlap_update")
            if store.is_sqlite
            else ("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap",)
        ):
            session.execute(text(statement))
    failed: list[str] = []
    ready = threading.Barrier(2)
    at_once(2, lambda _: take_regardless(store, ready, failed))
    assert failed == []
    assert len(stands(store).active) == 2
