"""What was signed, and what was seen by whoever signed it: the database itself refuses to change either."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from interlock.domain.signoff import Decision
from interlock.store.engine import Store
from interlock.store.signoff import SignoffRow
from interlock.usecases import card, revalidation, scope
from interlock.usecases.signoff import Requested, decide, request
from interlock.usecases.signoff_revoke import revoke
from tests.builders import NOW, POLICY, actor, people, release, ticket


@pytest.fixture
def signed(store: Store) -> Store:
    """Tom's approval was revoked, Noor's is void, Ines's counts."""
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=("DATA-1",))
    asked = request(store, POLICY, actor("RITA"), release_id, NOW)
    assert isinstance(asked, Requested)
    for who in ("TOM", "NOOR"):
        decide(store, POLICY, actor(who), drawn(store, asked.card.id), Decision.APPROVED, None, NOW)
    revoke(store, POLICY, actor("TOM"), drawn(store, asked.card.id), NOW)
    with store.write() as session:
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, NOW) == 1
    decide(store, POLICY, actor("INES"), drawn(store, asked.card.id), Decision.APPROVED, None, NOW)
    return store


def drawn(store: Store, card_id: int) -> str:
    picture = card.draw(store, card_id, NOW)
    assert picture is not None
    return str(picture.revision_id)


def tamper(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signoff SET decision = 'rejected', reason = 'x' WHERE slack_id = 'U0INES'",
        "UPDATE signoff SET slack_id = 'U0MARIA' WHERE slack_id = 'U0INES'",
        "DELETE FROM signoff WHERE slack_id = 'U0INES'",
        "UPDATE signoff SET revoked_at = NULL WHERE slack_id = 'U0TOM'",
        "UPDATE signoff SET void_at = NULL WHERE slack_id = 'U0NOOR'",
        "UPDATE signoff SET void_change = NULL WHERE slack_id = 'U0NOOR'",
        "UPDATE card_revision SET policy_version = 'x'",
        "DELETE FROM card_revision",
        "UPDATE scope_snapshot SET tickets = '[]'",
        "DELETE FROM scope_snapshot",
    ],
)
def test_the_database_refuses_to_change_what_was_signed_and_seen(signed: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        tamper(signed, statement)


@pytest.mark.parametrize("column", ["revoked_at", "void_at"])
def test_what_counts_can_end_once(signed: Store, column: str) -> None:
    tamper(signed, f"UPDATE signoff SET {column} = '2026-11-23 10:00:00' WHERE slack_id = 'U0INES'")  # noqa: S608 ours
    with signed.read() as session:
        row = session.exec(select(SignoffRow).where(SignoffRow.slack_id == "U0INES")).one()
    assert getattr(row, column) is not None


def test_sqlite_refuses_to_replace_what_was_seen(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        session.execute(text("INSERT INTO scope_snapshot VALUES ('mark', '[]')"))
    with pytest.raises(DBAPIError, match="append-only"):
        tamper(sqlite_store, "INSERT OR REPLACE INTO scope_snapshot VALUES ('mark', '[1]')")
