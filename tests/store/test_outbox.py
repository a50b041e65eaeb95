"""The outbox's rows: one per key, one waiting per card."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.pacing import UNLIMITED
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue
from interlock.store.outbox_relay import drop_late, take

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DIGEST = Outgoing(
    key="daily-digest@2026-11-23T08:00Z:C0GENERAL",
    kind="digest",
    ids={"channel": "C0GENERAL"},
    channel="C0GENERAL",
    not_after=NOW + timedelta(hours=3),
)
REFRESH = replace(DIGEST, key="card:7", kind="signoff.card", ids={"card": 7}, coalesce="card:7")


def rows(store: Store) -> list[OutboxRow]:
    with store.read() as session:
        return list(session.exec(select(OutboxRow).order_by("id")))


def add(store: Store, outgoing: Outgoing, now: datetime = NOW) -> bool:
    with store.write() as session:
        return enqueue(session, outgoing, now)


def test_a_new_key_adds_a_row_that_is_due_at_once(store: Store) -> None:
    assert add(store, DIGEST)
    [row] = rows(store)
    assert (row.state, row.urgency, row.not_before, row.ids) == ("pending", 2, NOW, {"channel": "C0GENERAL"})


def test_a_repeated_key_adds_nothing(store: Store) -> None:
    assert add(store, DIGEST)
    assert not add(store, replace(DIGEST, urgency=Urgency.URGENT), NOW + timedelta(minutes=1))
    [row] = rows(store)
    assert row.urgency == 2


def test_a_row_rolls_back_with_its_cause(store: Store) -> None:
    def fail() -> None:
        with store.write() as session:
            enqueue(session, DIGEST, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert rows(store) == []


def test_tokens_differ_and_are_not_guessable(store: Store) -> None:
    add(store, DIGEST)
    add(store, replace(DIGEST, key="another"))
    first, second = rows(store)
    assert first.token != second.token
    assert min(len(first.token), len(second.token)) >= 32


def test_a_refresh_joins_the_one_that_waits(store: Store) -> None:
    assert add(store, REFRESH)
    sooner = replace(
        REFRESH, urgency=Urgency.URGENT, not_before=NOW - timedelta(minutes=1), not_after=NOW + timedelta(days=1)
    )
    assert not add(store, sooner)
    [row] = rows(store)
    assert row.urgency == 0
    assert row.not_before == NOW - timedelta(minutes=1)
    assert row.not_after == NOW + timedelta(days=1)


def test_a_routine_refresh_does_not_slow_an_urgent_one(store: Store) -> None:
    assert add(store, replace(REFRESH, urgency=Urgency.URGENT))
    assert not add(store, replace(REFRESH, not_before=NOW + timedelta(hours=1), not_after=NOW))
    [row] = rows(store)
    assert (row.urgency, row.not_before, row.not_after) == (0, NOW, REFRESH.not_after)


@pytest.mark.parametrize("state", ["sending", "sent", "dropped", "parked"])
def test_a_refresh_is_new_once_the_last_one_no_longer_waits(store: Store, state: str) -> None:
    add(store, REFRESH)
    with store.write() as session:
        session.exec(select(OutboxRow)).one().state = state
    assert add(store, REFRESH)
    assert [row.state for row in rows(store)] == [state, "pending"]


def test_two_cards_do_not_join(store: Store) -> None:
    assert add(store, REFRESH)
    assert add(store, replace(REFRESH, coalesce="card:8"))
    assert len(rows(store)) == 2


def at_once(count: int, work: Callable[[int], bool]) -> list[bool]:
    """Each in a thread of its own, begun together."""
    barrier = Barrier(count)

    def begin(number: int) -> bool:
        barrier.wait(20)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def drop_index(store: Store, name: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(f"DROP INDEX {name}"))


def test_of_four_who_add_the_same_key_at_once_one_does(store: Store) -> None:
    assert sorted(at_once(4, lambda _: add(store, DIGEST))) == [False, False, False, True]
    assert len(rows(store)) == 1


def test_without_its_unique_key_a_digest_would_be_posted_four_times(store: Store) -> None:
    """The constraint decides, not the code's good manners."""
    drop_index(store, "uq_outbox_key")
    at_once(4, lambda _: add(store, DIGEST))
    assert len(rows(store)) == 4


def test_of_four_who_refresh_a_card_at_once_one_row_waits(store: Store) -> None:
    assert sorted(at_once(4, lambda _: add(store, REFRESH))) == [False, False, False, True]
    assert len(rows(store)) == 1


def test_without_its_index_refreshes_cannot_join(store: Store) -> None:
    """Both engines refuse to join rows by something that is not unique: the loss of the index could not go unseen."""
    drop_index(store, "uq_outbox_coalesce")
    with pytest.raises(DBAPIError, match="ON CONFLICT"):
        add(store, REFRESH)


def test_a_card_is_not_drawn_between_a_click_and_its_commit(store: Store) -> None:
    """A click that joins a waiting refresh holds it: the relay cannot take it and draw the state of before."""
    add(store, REFRESH)
    with ThreadPoolExecutor(1) as pool, store.write() as clicking:
        assert not enqueue(clicking, REFRESH, NOW)
        relay = pool.submit(take_one, store)
        if not store.is_sqlite:
            assert relay.result(20) == 0  # passed by; SQLite's relay simply waits for the writer
    assert relay.result(20) == (1 if store.is_sqlite else 0)
    assert store.is_sqlite or take_one(store) == 1


def take_one(store: Store) -> int:
    with store.write() as session:
        lanes = ["post:C0GENERAL", "refresh:card:7"]
        return len(take(session, lanes, "relay", NOW, lease=timedelta(seconds=30), rates=UNLIMITED))


def test_of_four_relays_that_take_at_once_one_gets_the_message(store: Store) -> None:
    add(store, DIGEST)
    assert sorted(at_once(4, lambda _: take_one(store) == 1)) == [False, False, False, True]


def test_dropping_what_is_late_waits_for_no_click(store: Store) -> None:
    """A use case may hold one late row and want another: waiting for the first while holding the second, the relay
    would make it the victim of a deadlock."""
    late = NOW + timedelta(days=1)
    add(store, REFRESH)
    add(store, DIGEST)
    with ThreadPoolExecutor(1) as pool, store.write() as clicking:
        enqueue(clicking, replace(REFRESH, not_after=late + timedelta(days=1)), late)
        relay = pool.submit(drop, store, late)
        if not store.is_sqlite:
            assert relay.result(20) == 1  # SQLite's relay simply waits for the writer
    assert relay.result(20) == 1
    assert [each.state for each in rows(store)] == ["pending", "dropped"]


def drop(store: Store, now: datetime) -> int:
    with store.write() as session:
        return drop_late(session, now)
