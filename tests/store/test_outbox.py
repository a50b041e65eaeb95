"""The outbox's rows: one per key, one waiting per card."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from interlock.domain.outbox import Outgoing, Urgency
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue

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
