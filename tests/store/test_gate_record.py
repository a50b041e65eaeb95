"""Waivers, exceptions, ticks, figures and where a release stands, held against the record: what is slipped into the
tables, or taken out, past the program shows.
"""

import pytest
from sqlalchemy import text

from interlock.store import gate_record, release_record
from interlock.store.engine import Store
from tests import eventful

TABLES = ("waiver", "freeze_exception", "criterion_evidence", "release")
COPY = {
    "waiver": "release_id, criterion, reason, until, expires_at, asked_by, asked_at, state, decided_by, decided_at",
    "freeze_exception": "release_id, freeze_name, starts, ends, why, risk_in, risk_out, channel_id, asked_by, "
    "asked_at, auth, decision, decided_by, decided_at, decided_auth, decision_reason",
    "criterion_evidence": "release_id, criterion, ticked, link, value, slack_id, reporter, at",
}


@pytest.fixture
def happened(store: Store) -> Store:
    eventful.eventful(store)
    return store


def difference(store: Store) -> str | None:
    with store.read() as session:
        return gate_record.first_difference(session) or release_record.first_difference(session)


def tamper(store: Store, statement: str) -> None:
    """Past the triggers."""
    with store.engine.begin() as connection:
        for table in TABLES:
            if store.is_sqlite:
                named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
                for name in connection.execute(named, {"table": table}).scalars().all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def again(table: str, **changed: str) -> str:
    """A row of the table once more, for the other release."""
    columns = COPY[table].split(", ")
    values = [changed.get(each, "2" if each == "release_id" else each) for each in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} ORDER BY id DESC LIMIT 1"  # noqa: S608 our own words
    )


def test_they_agree(happened: Store) -> None:
    assert difference(happened) is None


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (again("waiver"), "waiver"),
        ("UPDATE waiver SET expires_at = '2027-11-25 00:00:00' WHERE state = 'granted'", "the end of waiver"),
        ("UPDATE waiver SET until = '2026-11-25' WHERE state = 'granted'", "waiver"),
        ("UPDATE waiver SET decided_by = 'U0TOM' WHERE state = 'granted'", "granted"),
        ("UPDATE waiver SET criterion = 'Everything is done' WHERE state = 'granted'", "waiver"),
        ("DELETE FROM waiver", "stands in the record and not in the database"),
        (again("freeze_exception"), "freeze exception"),
        ("UPDATE freeze_exception SET decided_by = 'U0TOM'", "freeze exception 1 (approved"),
        ("UPDATE freeze_exception SET release_id = 2", "freeze exception 1 (asked"),
        ("UPDATE freeze_exception SET ends = '2027-02-03 00:00:00'", "freeze exception 1 (asked"),
        (again("criterion_evidence"), "stands in the database and not in the record"),
        ("UPDATE criterion_evidence SET ticked = NOT ticked WHERE value IS NULL", "an item ("),
        (
            "UPDATE criterion_evidence SET link = 'https://wiki.example/other' WHERE link IS NOT NULL",
            "not in the record",
        ),
        ("UPDATE criterion_evidence SET value = 97.5 WHERE value IS NOT NULL", "a figure (reported"),
        ("DELETE FROM criterion_evidence WHERE value IS NOT NULL", "a figure (reported"),
        ("UPDATE release SET stage = 'released' WHERE id = 1", "the stage of 2026.12"),
    ],
)
def test_what_was_done_past_the_program_shows(happened: Store, statement: str, says: str) -> None:
    tamper(happened, statement)
    assert says in (difference(happened) or "")
