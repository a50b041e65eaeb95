"""Environments follow configuration, and their owners' word."""

import threading
from dataclasses import replace

import pytest

from interlock.domain.authority import Refused
from interlock.domain.environment import Lifecycle
from interlock.domain.policy import EnvironmentRule
from interlock.store.engine import Store
from interlock.usecases.environment import LifecycleSet, Reconciled, listing, reconcile, set_lifecycle
from tests.bookings import DEV, POLICY, UAT, booked, draft, queued, stands, told, world
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
