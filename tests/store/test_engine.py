"""What a database's errors tell: the statement, and nothing of what people wrote."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from interlock.store.engine import Store

REASON = "lineage of the Falcon project"


def test_an_error_does_not_quote_the_values_that_it_met(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught, store.write() as session:
        session.execute(text("INSERT INTO nowhere (reason) VALUES (:reason)"), {"reason": REASON})
    assert "nowhere" in str(caught.value)
    assert "Falcon" not in str(caught.value)


def test_nor_does_a_readers(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught, store.read() as session:
        session.execute(text("SELECT 1 FROM nowhere WHERE reason = :reason"), {"reason": REASON})
    assert "Falcon" not in str(caught.value)


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds people's addresses and tickets that few may see; the log beside it does too."""
    store = Store(f"sqlite:///{tmp_path}/interlock.db")
    with store.write() as session:
        session.execute(text("CREATE TABLE it (x)"))
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    store.close()
    assert modes == {f"interlock.db{end}": 0o600 for end in ("", "-wal", "-shm")}


def test_what_could_only_read_for_a_while_writes_again(sqlite_store: Store) -> None:
    """As after a disk that was read-only when the connection was opened."""
    with sqlite_store.write() as session:
        session.execute(text("CREATE TABLE it (x)"))
        session.execute(text("PRAGMA query_only=ON"))
    with pytest.raises(DBAPIError, match="readonly"), sqlite_store.write() as session:
        session.execute(text("INSERT INTO it VALUES (1)"))
    with sqlite_store.write() as session:
        session.execute(text("INSERT INTO it VALUES (2)"))
    with sqlite_store.read() as session:
        assert session.execute(text("SELECT x FROM it")).all() == [(2,)]
