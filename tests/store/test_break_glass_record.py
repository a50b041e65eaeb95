"""The table of broken glass, held against the record: what is slipped in or taken out past the program shows."""

import pytest
from sqlalchemy import text

from interlock.store import break_glass_record
from interlock.store.engine import Store
from interlock.usecases import break_glass_end
from interlock.usecases.erasure import erase
from tests.builders import NOW, actor
from tests.glasses import GLASS, asked, broken, ready

CONFIRMED_ALONE = (
    "UPDATE break_glass SET confirmed_by = 'U0INES', confirmed_at = '2026-11-23 09:01:00.000000', "
    "covers = requirements, confirmed_revision_id = revision_id, until = '2026-11-24 09:00:00.000000' WHERE id = 2"
)


@pytest.fixture
def glass(store: Store) -> Store:
    """One that was confirmed, reviewed and taken back, and one that waits."""
    ready(store)
    broken(store)
    break_glass_end.review(store, GLASS, actor("NOOR"), 1, "The logs bear it out", NOW)
    break_glass_end.take_back(store, GLASS, actor("TOM"), 1, "It was the network", NOW)
    asked(store, text="2026.12 qa because it burns again")
    return store


def difference(store: Store) -> str | None:
    with store.read() as session:
        return break_glass_record.first_difference(session)


def tamper(store: Store, statement: str) -> None:
    """Past the triggers."""
    with store.engine.begin() as connection:
        if store.is_sqlite:
            triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'break_glass'")
            for name in connection.execute(triggers).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE break_glass DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def test_they_agree(glass: Store) -> None:
    assert difference(glass) is None


def test_they_agree_after_an_erasure(glass: Store) -> None:
    with glass.write() as session:
        session.connection().execute(text("UPDATE person SET active = false WHERE slack_id = 'U0TOM'"))
    erase(glass, "U0TOM", {"account": "root"}, NOW)
    assert difference(glass) is None


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE break_glass SET reason = 'another' WHERE id = 1", "1 (asked on 2026-11-23 09:00 UTC"),
        ("UPDATE break_glass SET asked_by = 'U0MARIA' WHERE id = 1", "1 (asked"),
        ("UPDATE break_glass SET until = '2027-11-24 09:00:00.000000' WHERE id = 1", "1 (confirmed"),
        ("UPDATE break_glass SET reviewed_by = 'U0MARIA' WHERE id = 1", "1 (reviewed"),
        (CONFIRMED_ALONE, "2 (confirmed"),
        (
            "UPDATE break_glass SET outcome = 'lapsed', ended_at = '2026-11-23 09:01:00.000000' WHERE id = 1",
            "1 (lapsed",
        ),
        ("""UPDATE break_glass SET end_change = '[["added", "", "QA"]]' WHERE id = 1""", "1 (revoked"),
        ("DELETE FROM break_glass WHERE id = 2", "2 (asked on 2026-11-23 09:00 UTC) stands in the record"),
    ],
)
def test_what_was_changed_past_the_program_shows(glass: Store, statement: str, says: str) -> None:
    tamper(glass, statement)
    assert says in (difference(glass) or "nothing")
