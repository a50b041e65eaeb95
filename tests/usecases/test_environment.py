"""Environments follow configuration, and their owners' word."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from interlock.domain.authority import Refused
from interlock.domain.booking import BookingState
from interlock.domain.environment import Lifecycle
from interlock.domain.policy import EnvironmentRule
from interlock.store import booking
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.usecases.booking_return import give_back
from interlock.usecases.environment import LifecycleSet, Reconciled, listing, reconcile, set_lifecycle
from interlock.usecases.retirement import WouldEnd
from interlock.usecases.state_news import SETTLED_AFTER, read
from tests.bookings import DEV, POLICY, UAT, at, booked, draft, fresh, queued, stands, told, world
from tests.builders import NOW, actor, people


def test_configuration_is_brought_in_once(store: Store) -> None:
    assert reconcile(store, POLICY, NOW) == Reconciled(added=("uat-2", "dev-1", "dr-1"), changed=(), retired=())
    assert reconcile(store, POLICY, NOW) == Reconciled(added=(), changed=(), retired=())


def test_replicas_that_start_together_bring_each_in_once(store: Store) -> None:
    done: list[Reconciled] = []
    threads = [threading.Thread(target=lambda: done.append(reconcile(store, POLICY, NOW))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(len(each.added) for each in done) == [0, 0, 0, 0, 0, 3]


def test_changed_facts_are_taken_over_and_a_changed_state_stays(store: Store) -> None:
    world(store)
    set_lifecycle(store, POLICY, actor("RITA"), "uat-2", "degraded", "Slow disks", NOW)
    larger = replace(POLICY, environments=POLICY.environments | {"uat-2": replace(UAT, capacity=5, name="UAT two")})
    assert reconcile(store, larger, NOW).changed == ("uat-2",)
    one = stands(store).environment
    assert (one.name, one.capacity, one.lifecycle, one.reason) == ("UAT two", 5, Lifecycle.DEGRADED, "Slow disks")


def test_what_vanishes_is_retired_with_its_bookings_and_may_come_back(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    without = replace(POLICY, environments={"dev-1": DEV})
    assert reconcile(store, without, NOW).retired == ("uat-2", "dr-1")
    shown = listing(store, without, actor("ANA"), "", NOW)
    assert not isinstance(shown, Refused)
    assert [each.environment.key for each in shown.held] == ["dev-1"]
    assert [(each.environment.key, each.environment.lifecycle) for each in shown.mine] == [("uat-2", Lifecycle.RETIRED)]
    assert reconcile(store, POLICY, NOW).changed == ("uat-2", "dr-1")
    assert stands(store).environment.lifecycle is Lifecycle.READY
    assert len(stands(store).active) == 1


def test_the_list_says_who_has_what(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(1, 5))
    shown = listing(store, POLICY, actor("ANA"), "", NOW)
    assert not isinstance(shown, Refused)
    assert [(each.environment.key, len(each.active), len(each.waiting)) for each in shown.held] == [
        ("dev-1", 0, 0),
        ("dr-1", 0, 0),
        ("uat-2", 1, 1),
    ]
    one = listing(store, POLICY, actor("ANA"), "acceptance", NOW)
    assert not isinstance(one, Refused)
    assert [each.name for each in one.owners] == ["Noor Salter"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [("d", "dev-1"), ("uta-2", "Did you mean uat-2?"), ("@" * 10_000, "/env list shows all there are.")],
)
def test_a_name_that_fits_none_or_several(sqlite_store: Store, typed: str, words: str) -> None:
    world(sqlite_store)
    refused = listing(sqlite_store, POLICY, actor("ANA"), typed, NOW)
    assert isinstance(refused, Refused)
    assert words in refused.sentence
    assert len(refused.sentence) < 300


def test_guests_see_nothing(store: Store) -> None:
    world(store)
    assert isinstance(listing(store, POLICY, actor("GUEST"), "", NOW), Refused)


def test_whoever_has_a_booking_hears_of_a_changed_state(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    booked(store, "ANA", draft(5, 6))
    done = set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "degraded", "Slow disks", NOW)
    assert isinstance(done, LifecycleSet)
    assert done.told == 1
    assert told(store) == [("booking.environment", "@U0ANA")]


@pytest.mark.parametrize(
    ("who", "typed", "word", "reason", "why"),
    [
        ("ANA", "uat-2", "degraded", "Slow", "not_owner"),
        ("NOOR", "dr-1", "ready", "", "not_owner"),
        ("NOOR", "uat-2", "broken", "Slow", "unknown_lifecycle"),
        ("NOOR", "uat-2", "degraded", "", "no_reason"),
        ("NOOR", "uat-9", "degraded", "Slow", "unknown_environment"),
        ("GUEST", "uat-2", "degraded", "Slow", "guest"),
    ],
)
def test_who_may_not_say_what_state_it_is_in(
    sqlite_store: Store, who: str, typed: str, word: str, reason: str, why: str
) -> None:
    world(sqlite_store)
    refused = set_lifecycle(sqlite_store, POLICY, actor(who), typed, word, reason, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == why


def test_members_of_the_owning_group_own_it(store: Store) -> None:
    world(store)
    assert isinstance(set_lifecycle(store, POLICY, actor("TOM"), "dev-1", "retiring", "Replaced", NOW), LifecycleSet)


def test_without_environments_there_is_nothing_to_bring_in(store: Store) -> None:
    with store.write() as session:
        people(session)
    none = replace(POLICY, environments=dict[str, EnvironmentRule]())
    assert reconcile(store, none, NOW) == Reconciled(added=(), changed=(), retired=())


def test_changing_it_to_and_fro_is_told_once_and_says_what_it_came_to(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    for word, reason in (("degraded", "Slow disks"), ("maintenance", "New disks"), ("degraded", "Half of them")):
        set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", word, reason, NOW)
    assert told(store) == [("booking.environment", "@U0ANA")]
    with store.read() as session:
        row = session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == "booking.environment")).one()
        assert row.not_before == NOW + SETTLED_AFTER
    news = read(store, stands(store).environment.id, "U0ANA", row.ids["was"], row.ids["was_because"])
    assert news is not None
    assert (news.environment.lifecycle, news.environment.reason) == (Lifecycle.DEGRADED, "Half of them")
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "ready", "", NOW)
    assert read(store, stands(store).environment.id, "U0ANA", row.ids["was"], row.ids["was_because"]) is None


def test_once_it_was_told_a_later_change_is_told_anew(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "degraded", "Slow disks", NOW)
    with store.write() as session:
        session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == "booking.environment")).one().state = "sending"
    set_lifecycle(store, fresh(store, at(1)), actor("NOOR"), "uat-2", "ready", "", at(1))
    assert told(store) == [("booking.environment", "@U0ANA")] * 2


def test_retiring_asks_before_it_ends_anything(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    newest = queued(store, "RAVI", draft(1, 5))
    asked = set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "retired", "Gone", NOW)
    assert isinstance(asked, WouldEnd)
    assert (asked.environment.key, len(asked.bookings), asked.newest) == ("uat-2", 2, newest)
    assert stands(store).environment.lifecycle is Lifecycle.READY
    assert len(stands(store).active) == 1
    booked(store, "TOM", draft(5, 6))
    again = set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "retired", "Gone", NOW, agreed=newest)
    assert isinstance(again, WouldEnd)
    assert len(again.bookings) == 3


def test_retired_it_ends_what_is_booked_and_waited_for_and_tells_each_once(store: Store) -> None:
    world(store)
    one = booked(store, "ANA", draft(0, 4))
    booked(store, "ANA", draft(5, 6))
    queued(store, "ANA", draft(1, 3))
    queued(store, "RAVI", draft(1, 5))
    newest = booked(store, "NOOR", draft(8, 9))
    done = set_lifecycle(store, fresh(store, at(1)), actor("NOOR"), "uat-2", "retired", "Gone", at(1), agreed=newest)
    assert isinstance(done, LifecycleSet)
    assert (done.environment.lifecycle, done.told, done.ended) == (Lifecycle.RETIRED, 2, 5)
    assert (stands(store).active, stands(store).waiting) == ((), ())
    assert told(store) == [("booking.retired", "@U0ANA"), ("booking.retired", "@U0RAVI")]
    with store.read() as session:
        kinds = Counter(session.scalars(select(col(AuditRow.kind))))
        first = booking.load(session, one)
    assert (kinds["environment.set"], kinds["booking.returned"], kinds["booking.cancelled"]) == (1, 1, 4)
    assert first is not None
    assert (first.state, first.ended_by, first.reason) == (BookingState.RETURNED, "U0NOOR", "Gone")


def test_nothing_is_asked_where_nothing_is_booked(store: Store) -> None:
    world(store)
    done = set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "retired", "Gone", NOW)
    assert isinstance(done, LifecycleSet)
    assert done.environment.lifecycle is Lifecycle.RETIRED


def test_whoever_is_given_it_as_it_becomes_ready_hears_that_alone(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(0, 8))
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "maintenance", "Disks", NOW)
    give_back(store, POLICY, actor("ANA"), ana, NOW)
    set_lifecycle(store, POLICY, actor("NOOR"), "uat-2", "ready", "", NOW)
    assert told(store) == [("booking.environment", "@U0ANA"), ("booking.granted", "@U0RAVI")]
