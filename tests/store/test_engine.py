"""What a database's errors tell: the statement, and nothing of what people wrote."""

import os
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, where the machine lets a test mount one."""
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_bot_that_began_while_the_disk_was_read_only_writes_once_it_is_not(disk: Path) -> None:
    """One that was killed left its log behind, by which another could be opened to read, and then never write."""
    file = disk / "interlock.db"
    killed = (
        f"import os, sqlite3; it = sqlite3.connect({str(file)!r}); it.execute('PRAGMA journal_mode=WAL');"
        "it.execute('CREATE TABLE it (x)'); it.commit(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", killed], check=True)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    store = Store(f"sqlite:///{file}")
    with pytest.raises(DBAPIError, match="read-only"), store.read() as session:
        session.execute(text("SELECT x FROM it"))
    with pytest.raises(DBAPIError, match="read-only"), store.write() as session:
        session.execute(text("INSERT INTO it VALUES (1)"))
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    with store.write() as session:
        session.execute(text("INSERT INTO it VALUES (2)"))
    with store.read() as session:
        assert session.execute(text("SELECT x FROM it")).all() == [(2,)]
    store.close()
