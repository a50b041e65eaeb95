"""SQLite's half of backup and restore: its online backup, which copies one state of the database while others write."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from interlock.domain.backup import BackupError
from interlock.store.backup_parts import Facts, private
from interlock.store.engine import Store, make_private

IN_USE = (
    "Something has the database {path} open: Interlock, or another of its commands. Stop it (all of it), and restore "
    "then."
)


def file_of(store: Store) -> Path:
    if not store.url.database or store.url.database == ":memory:":
        raise BackupError("DATABASE_URL names no file.")
    return Path(store.url.database)


def copy(store: Store, target: Path, facts: Callable[[Session], Facts]) -> Facts:
    """Copy the database into the file, and read the facts off the copy."""
    source = file_of(store)
    if not source.exists():
        raise BackupError(f"There is no database {source}. Check DATABASE_URL.")
    with private(target):
        pass
    try:
        return _copy(source, target, facts)
    except (sqlite3.Error, DBAPIError) as error:
        raise_if_full(error)
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise BackupError(f"The database {source} cannot be copied: {reason}.") from error
    finally:
        drop_logs(target)


def _copy(source: Path, target: Path, facts: Callable[[Session], Facts]) -> Facts:
    with _opened(source) as found, _opened(target) as made:
        found.backup(made)
        made.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
        problem = made.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise BackupError(f"The database {source} is damaged ({problem}). Keep it, and restore your last backup.")
    copied = Store(f"sqlite:///{target}")
    try:
        with copied.write() as session:  # as the writer's connection, it leaves no log behind
            return facts(session)
    finally:
        copied.close()
        _fold(target)


@contextmanager
def alone_with(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, made where there is none. Nobody else has it open or can open it meanwhile. Raises BackupError."""
    make_private(path)
    try:
        with _opened(path) as database:
            # A write-ahead log is given up only by the last connection, and in this mode its lock is kept to the end.
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            mode = database.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            database.execute("BEGIN EXCLUSIVE")
            database.execute("ROLLBACK")
            if mode != "delete":
                raise BackupError(IN_USE.format(path=path))
            yield database
    except sqlite3.OperationalError as error:
        raise_if_full(error)
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BackupError(IN_USE.format(path=path)) from error
        raise BackupError(f"The database {path} cannot be replaced: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise BackupError(
            f"{path} is damaged, or no database ({error}). Move it away, with {path.name}-wal and {path.name}-shm "
            "beside it, and restore again."
        ) from error


def replace(database: sqlite3.Connection, prepared: Path) -> None:
    """Have the database be the prepared file's, in one transaction: a process that is killed leaves what was."""
    with _opened(prepared) as source:
        source.backup(database)


def raise_if_full(error: Exception) -> None:
    """As any other file's: OSError. What it was about is where the caller writes, since nothing else is written."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(reason, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_WRITE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def drop_logs(path: Path) -> None:
    """What stands beside a database that nobody has open and nobody needs."""
    for end in ("-journal", "-wal", "-shm"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _fold(path: Path) -> None:
    """Into one file, whose log nobody needs."""
    with _opened(path) as database:
        database.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        yield connection
    finally:
        with suppress(sqlite3.Error):
            connection.close()
