"""Slots: one holder at a time, and what its death leaves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from interlock.domain.slot import Missed, Slot
from interlock.store import slot as slots
from interlock.store.engine import Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DUE = NOW
LEASE = timedelta(seconds=90)
JOB = "daily-digest:C0GENERAL"


def claim(store: Store, owner: str, now: datetime = NOW) -> Slot | None:
    with store.write() as session:
        return slots.claim(session, JOB, DUE, owner, now, LEASE)


def at_once(count: int, work: Callable[[int], Slot | None]) -> list[Slot | None]:
    """Each in a thread of its own, begun together."""
    barrier = Barrier(count)

    def begin(number: int) -> Slot | None:
        barrier.wait(20)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_a_slot_has_one_holder(store: Store) -> None:
    assert claim(store, "one") == Slot(job=JOB, due_at=DUE)
    assert claim(store, "two") is None


def test_a_dead_holders_slot_is_taken_over(store: Store) -> None:
    claim(store, "one")
    assert claim(store, "two", NOW + LEASE) == Slot(job=JOB, due_at=DUE, attempt=2)


def test_a_living_holder_keeps_it(store: Store) -> None:
    slot = claim(store, "one")
    assert slot is not None
    with store.write() as session:
        assert slots.extend(session, slot, "one", NOW + 2 * LEASE)
    assert claim(store, "two", NOW + LEASE) is None


def test_who_lost_a_slot_can_neither_keep_nor_finish_it(store: Store) -> None:
    slot = claim(store, "one")
    assert slot is not None
    claim(store, "two", NOW + LEASE)
    with store.write() as session:
        assert not slots.extend(session, slot, "one", NOW + 3 * LEASE)
        assert not slots.finish(session, slot, "one", NOW + LEASE, "done", "")


def test_a_finished_slot_is_never_taken_again(store: Store) -> None:
    slot = claim(store, "one")
    assert slot is not None
    with store.write() as session:
        assert slots.finish(session, slot, "one", NOW, "done", "12 posts")
    assert claim(store, "two", NOW + timedelta(days=1)) is None
    with store.read() as session:
        firing = slots.newest(session, JOB)
    assert firing is not None
    assert (firing.outcome, firing.detail, firing.done_at) == ("done", "12 posts", NOW)


def test_a_slot_given_back_is_free_at_once_and_costs_no_attempt(store: Store) -> None:
    slot = claim(store, "one")
    assert slot is not None
    with store.write() as session:
        assert slots.give_back(session, slot, "one", NOW)
    assert claim(store, "two") == slot


def test_a_slot_put_off_waits(store: Store) -> None:
    slot = claim(store, "one")
    assert slot is not None
    with store.write() as session:
        assert slots.put_off(session, slot, "one", NOW + timedelta(minutes=5), "Jira is away.")
    assert claim(store, "two", NOW + timedelta(minutes=4)) is None
    assert claim(store, "two", NOW + timedelta(minutes=5)) == Slot(job=JOB, due_at=DUE, attempt=2)


def test_what_was_given_up_says_why(store: Store) -> None:
    claim(store, "one")
    with store.write() as session:
        assert not slots.give_up(session, JOB, DUE, NOW)  # it is held still
        assert [firing.outcome for firing in slots.recent(session, JOB, 1)] == [None]
        assert slots.give_up(session, JOB, DUE, NOW + LEASE)
        firing = slots.newest(session, JOB)
    assert firing is not None
    assert (firing.outcome, firing.detail) == ("failed", "Its process died.")


def test_missed_slots_are_one_row(store: Store) -> None:
    missed = Missed(first=DUE - timedelta(days=2), last=DUE, count=3)
    with store.write() as session:
        slots.record_missed(session, JOB, missed, NOW)
        slots.record_missed(session, JOB, missed, NOW)
        [firing] = slots.recent(session, JOB, 10)
    assert (firing.outcome, firing.detail) == ("skipped", "Missed, as the 2 before since 2026-11-21 09:00Z.")


def test_what_stands_for_a_job_that_begins_was_missed_by_nobody(store: Store) -> None:
    with store.write() as session:
        for job, count in (("digest:C1", 0), ("digest:C2", 1)):
            slots.record_missed(session, job, Missed(first=DUE, last=DUE, count=count), NOW)
        said = slots.newest(session, "digest:C1")
        skipped = slots.skipped(session, "digest", DUE - timedelta(days=1), DUE)
    assert said is not None
    assert said.detail == "Begins with its next time."
    assert [each.job for each in skipped] == ["digest:C2"]


@pytest.mark.parametrize("round_", range(5))
def test_of_four_who_claim_at_once_one_wins(store: Store, round_: int) -> None:
    claimed = at_once(4, lambda number: claim(store, f"owner{number}"))
    assert len([slot for slot in claimed if slot is not None]) == 1


def test_of_four_who_retake_at_once_one_wins(store: Store) -> None:
    claim(store, "dead")
    claimed = at_once(4, lambda number: claim(store, f"owner{number}", NOW + LEASE))
    assert [slot for slot in claimed if slot is not None] == [Slot(job=JOB, due_at=DUE, attempt=2)]


def test_without_its_unique_row_a_slot_would_have_many_holders(store: Store) -> None:
    """The constraint decides, not the code's good manners."""
    _drop_primary_key(store)
    claimed = at_once(4, lambda number: claim(store, f"owner{number}"))
    assert len([slot for slot in claimed if slot is not None]) == 4


def _drop_primary_key(store: Store) -> None:
    if store.is_sqlite:
        statements = ["CREATE TABLE loose AS SELECT * FROM slot", "DROP TABLE slot", "ALTER TABLE loose RENAME TO slot"]
    else:
        statements = ["ALTER TABLE slot DROP CONSTRAINT pk_slot"]
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
