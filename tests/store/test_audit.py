"""The audit chain: it holds, it refuses change, and a change made behind its back shows."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from interlock.domain.actor import Actor, Authentication
from interlock.domain.audit import AuditEvent
from interlock.store import audit
from interlock.store.engine import Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANA = Actor(slack_id="U0ANA", authentication=Authentication.SLACK)


def record(store: Store, count: int = 3) -> None:
    for number in range(count):
        with store.write() as session:
            event = AuditEvent(
                kind="signoff.approved",
                actor=ANA,
                facts={"requirement": "qa", "number": number},
                people={"actor": {"slack_id": "U0ANA", "name": "Ana Whitlock"}},
            )
            audit.append(session, event, NOW)


def tamper(store: Store, *statements: str, disarm: tuple[str, ...] = ()) -> None:
    """What somebody with the database could do: switch the triggers off, and change what they like."""
    with store.engine.begin() as connection:
        for table in disarm:
            if store.is_sqlite:
                names = connection.execute(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"), {"t": table}
                )
                for (name,) in names.all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_untouched_chain_holds(store: Store) -> None:
    record(store)
    with store.read() as session:
        assert audit.verify(session) == (3, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET body = '{}' WHERE seq = 2",
        "DELETE FROM audit_event WHERE seq = 3",
        "UPDATE audit_person SET data = '{}' WHERE seq = 2",
        "DELETE FROM audit_person WHERE seq = 2",
        "INSERT INTO erasure SELECT 2, 'actor', 3",
        "INSERT INTO audit_event SELECT 9, at, kind, release_id, body, previous, 'x' FROM audit_event WHERE seq = 1",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(store: Store, statement: str) -> None:
    record(store)
    with pytest.raises(DBAPIError, match="append-only"):
        tamper(store, statement)


def test_sqlite_refuses_replacement_too(sqlite_store: Store) -> None:
    record(sqlite_store)
    columns = "seq, at, 'x', release_id, body, previous, hash"
    statement = f"INSERT OR REPLACE INTO audit_event SELECT {columns} FROM audit_event WHERE seq = 2"  # noqa: S608 ours
    with pytest.raises(DBAPIError, match="append-only"):
        tamper(sqlite_store, statement)


@pytest.mark.parametrize(
    ("statements", "first", "why"),
    [
        (["UPDATE audit_event SET body = '{}' WHERE seq = 2"], 2, "not what was recorded"),
        (["DELETE FROM audit_person WHERE seq = 2", "DELETE FROM audit_event WHERE seq = 2"], 3, "event 2 is missing"),
        (
            ["DELETE FROM audit_person WHERE seq = 3", "DELETE FROM audit_event WHERE seq = 3"],
            3,
            "the recorded head, are missing",
        ),
        (["DELETE FROM audit_head"], 4, "the recorded head is missing"),
        (["UPDATE audit_event SET kind = 'signoff.rejected' WHERE seq = 2"], 2, "filed otherwise"),
        (["UPDATE audit_event SET at = '2026-11-22 09:00:00+00:00' WHERE seq = 2"], 2, "filed otherwise"),
        (["UPDATE audit_event SET release_id = 7 WHERE seq = 3"], 3, "filed otherwise"),
        (["DELETE FROM audit_person WHERE seq = 2"], 2, "is gone, and no erasure says so"),
        (['UPDATE audit_person SET data = \'{"name": "Tom"}\' WHERE seq = 1'], 1, "the actor recorded beside it"),
    ],
)
def test_what_an_administrator_changes_behind_the_triggers_shows(
    store: Store, statements: list[str], first: int, why: str
) -> None:
    record(store)
    tamper(store, *statements, disarm=("audit_event", "audit_person"))
    with store.read() as session:
        _, broken = audit.verify(session, batch=2)
    assert broken is not None
    assert broken.seq == first
    assert why in broken.why


def erase(store: Store, count: int) -> None:
    """What an erasure that says `count` takes out of the record."""
    with store.write() as session:
        event = AuditEvent(kind=audit.ERASED, actor=ANA, facts={"records": count})
        audit.erase(session, audit.people_of(session, "U0ANA"), audit.append(session, event, NOW))


def test_erasing_a_person_leaves_the_chain_whole(store: Store) -> None:
    record(store)
    erase(store, 3)
    with store.read() as session:
        assert audit.verify(session) == (4, None)
        assert audit.people_of(session, "U0ANA") == []


def test_an_erasure_that_took_more_than_it_says_shows(store: Store) -> None:
    record(store)
    erase(store, 2)
    with store.read() as session:
        _, broken = audit.verify(session)
    assert broken is not None
    assert (broken.seq, broken.why) == (4, "it does not say how much was erased")


def test_what_says_who_was_erased_cannot_be_changed(store: Store) -> None:
    record(store)
    erase(store, 3)
    for statement in ("UPDATE erasure SET role = 'x'", "DELETE FROM erasure"):
        with pytest.raises(DBAPIError, match="append-only"):
            tamper(store, statement)
