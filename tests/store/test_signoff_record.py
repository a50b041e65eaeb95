"""The table of sign-offs, held against the record: what is slipped in or taken out past the program shows."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from interlock.domain.signoff import Decision
from interlock.store import signoff_record
from interlock.store.engine import Store
from interlock.usecases import card, revalidation, scope
from interlock.usecases.erasure import erase
from interlock.usecases.signoff import Decided, Requested, decide, request
from interlock.usecases.signoff_revoke import revoke
from tests.builders import NOW, POLICY, actor, people, release, ticket

INSERT = (
    "INSERT INTO signoff "
    "(release_id, requirement_id, revision_id, slack_id, decision, reason, fingerprint, auth, at) "
    "SELECT release_id, requirement_id, revision_id, 'U0MARIA', 'approved', NULL, fingerprint, auth, at "
    "FROM signoff WHERE id = 1"
)


@pytest.fixture
def signed(store: Store) -> Store:
    """Tom approved, Ines rejected, Noor approved and revoked; then the scope grew and Tom's is void."""
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=("DATA-1", "ML-3"))
    asked = request(store, POLICY, actor("RITA"), release_id, NOW)
    assert isinstance(asked, Requested)
    picture = card.draw(store, asked.card.id, NOW)
    assert picture is not None
    revision = str(picture.revision_id)
    for who, decision in (("TOM", Decision.APPROVED), ("INES", Decision.REJECTED), ("NOOR", Decision.APPROVED)):
        assert isinstance(decide(store, POLICY, actor(who), revision, decision, "Because", NOW), Decided)
    revoke(store, POLICY, actor("NOOR"), revision, NOW + timedelta(minutes=1))
    with store.write() as session:
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, NOW + timedelta(minutes=2)) == 1
    return store


def difference(store: Store) -> str | None:
    with store.read() as session:
        return signoff_record.first_difference(session)


def tamper(store: Store, statement: str) -> None:
    """Past the triggers."""
    with store.engine.begin() as connection:
        if store.is_sqlite:
            triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'signoff'")
            for name in connection.execute(triggers).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE signoff DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def test_what_the_program_wrote_agrees(signed: Store) -> None:
    assert difference(signed) is None


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            INSERT,
            ("sign-off 4", "approved", "09:00", "database"),
        ),
        (
            "UPDATE signoff SET slack_id = 'U0MARIA' WHERE id = 2",
            ("sign-off 2", "rejected", "09:00", "database"),
        ),
        (
            "UPDATE signoff SET decision = 'approved' WHERE id = 2",
            ("sign-off 2", "approved", "09:00", "database"),
        ),
        (
            "UPDATE signoff SET principal = 'U0MARIA' WHERE id = 2",
            ("sign-off 2", "rejected", "09:00", "database"),
        ),
        (
            "INSERT INTO signoff_condition (release_id, signoff_id, text) VALUES (1, 1, 'Nothing')",
            ("sign-off 1", "approved", "09:00", "database"),
        ),
        (
            "UPDATE signoff SET void_at = NULL WHERE id = 1",
            ("a sign-off", "voided", "09:02", "record"),
        ),
        (
            "UPDATE signoff SET revoked_at = NULL WHERE id = 3",
            ("a sign-off", "revoked", "09:01", "record"),
        ),
        (
            "DELETE FROM signoff WHERE id = 2",
            ("a sign-off", "rejected", "09:00", "record"),
        ),
    ],
)
def test_what_was_changed_past_the_program_shows(
    signed: Store, statement: str, told: tuple[str, str, str, str]
) -> None:
    tamper(signed, statement)
    which, what, at, where = told
    absent = {"database": "record", "record": "database"}[where]
    assert difference(signed) == (
        f"{which} ({what} for qa on 2026-11-23 {at} UTC, release 1) stands in the {where} and not in the {absent}"
    )


def test_an_erased_signer_is_no_difference(signed: Store) -> None:
    assert erase(signed, "U0TOM", {"user": "root"}, NOW, reason="asked for it")
    assert difference(signed) is None
