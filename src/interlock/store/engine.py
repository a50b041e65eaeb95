"""Connections, and the two kinds of transaction: a read that never waits, a write that never loses."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from interlock import trace
from interlock.domain.errors import InterlockError

BUSY_TIMEOUT_SECONDS = 15
SQLITE_CACHE_KIB = 16 * 1024
"""Of each reading connection: what a status reads of a large mirror fits; SQLite's own 2 MiB have it read anew."""
SQLITE_WRITER_CACHE_KIB = 4 * 1024
"""Of the writing one, which a first sync fills to the last: more makes neither pages nor clicks faster."""


class StoreError(InterlockError):
    """The database cannot serve: unreachable, of an older schema, of a dialect that Interlock does not know."""


class Store:
    """One database, SQLite or PostgreSQL.

    `read()` gives one consistent snapshot and refuses writes; on SQLite it answers while a writer is at work.
    `write()` begins at once as the writer (SQLite: BEGIN IMMEDIATE, which loses no update and meets no late
    "database is locked"), commits at the end of the block and rolls back if it raises. Never open a second
    transaction inside a write: on SQLite it would wait for the first.
    """

    def __init__(self, url: str) -> None:
        self.url = _normalise(url)
        self._first: Callable[[Session], None] | None = None
        if self.url.get_backend_name() == "sqlite":
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1, query_only=False)
            self._reader = _sqlite_engine(self.url, begin="BEGIN", pool_size=12, query_only=True)
        else:
            self._writer = create_engine(self.url, pool_pre_ping=True, pool_size=12, hide_parameters=True)
            self._reader = create_engine(
                self.url,
                pool_pre_ping=True,
                pool_size=12,
                hide_parameters=True,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            )

        self._signs_in = _sign_in(self.url)
        if not self.is_sqlite:
            for engine in (self._writer, self._reader):
                event.listen(engine, "connect", _expect_memory)
                event.listen(engine, "do_connect", self._sign_in)

    def use(self, url: str) -> None:
        """Connections that are made from now on sign in as this address says; those that stand go on. Raises StoreError
        where more of it is another than the user and the password: nothing of that is used, since they belong together.
        """
        new = _normalise(url)
        if new.set(username=self.url.username, password=self.url.password) != self.url:
            raise StoreError(
                "DATABASE_URL names another host, database or option than the one in use: that takes a restart."
            )
        self._signs_in = _sign_in(new)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and bulk loads."""
        return self._writer

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        with trace.step("database read"), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with (
            trace.step("database write"),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            if self._first is not None:
                self._first(session)
            yield session

    def beginning_with(self, step: Callable[[Session], None]) -> "Store":
        """The same database, in which each write begins with `step`; what that raises, the write raises."""
        other = copy(self)
        other._first = step  # noqa: SLF001 another of our own
        return other

    def _sign_in(self, _dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
        named.update(self._signs_in)

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def _sign_in(url: URL) -> dict[str, str]:
    told = {"user": url.username, "password": url.password}
    return {name: str(value) for name, value in told.items() if value is not None}


def _expect_memory(connection: Any, _record: ConnectionPoolEntry) -> None:
    """What a status reads is a few thousand rows by their keys, of tables that memory holds. PostgreSQL takes it for a
    slow disk and would rather read a large mirror from end to end.
    """
    autocommit, connection.autocommit = connection.autocommit, True
    connection.execute("SET random_page_cost = 1.1")
    connection.autocommit = autocommit


def _normalise(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(
            f"DATABASE_URL names {parsed.get_backend_name()}; Interlock keeps its data in SQLite (sqlite:///file.db) "
            "or PostgreSQL (postgresql://user@host/name)."
        )
    return parsed


def make_private(file: Path) -> None:
    """Where there is no database yet, one that its owner alone may read: it holds what few may see. SQLite gives what
    stands beside it the same mode, and says why where this fails.
    """
    if file.name.startswith((":", "file:")):  # SQLite's own words: no file
        return
    # Never one that is there: to close it would end the locks that SQLite has on it.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _expect_a_disk_that_can_be_written(file: Path) -> None:
    """While it is read-only nothing is opened, to read neither: all connections of a process share the index of the
    log as the first of them could open it, so that none could write again as long as any of them stands.
    """
    if not file.is_file() or not os.statvfs(file).f_flag & os.ST_RDONLY:
        return
    error = sqlite3.OperationalError("the disk of the database is read-only")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    raise error


def _open_anew(context: ExceptionContext) -> None:
    """A connection that was opened while the file could not be written reads for ever after, and never writes: SQLite
    falls back once and does not look again. The next transaction gets a new one.
    """
    error = context.original_exception
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect = True


def _sqlite_engine(url: URL, *, begin: str, pool_size: int, query_only: bool) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # what people wrote stays out of errors, and so out of logs
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        pool_use_lifo=True,  # the connection that was used last has the warmest cache
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    def connected(connection: Any, _record: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN is deferred and late; with None we say BEGIN ourselves, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an accepted approval survives power loss
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA recursive_triggers=ON")  # REPLACE then fires DELETE triggers as well
        cursor.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB if query_only else SQLITE_WRITER_CACHE_KIB}")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    if not query_only:
        event.listen(engine, "handle_error", _open_anew)
    event.listen(engine, "do_connect", lambda *_: _expect_a_disk_that_can_be_written(Path(url.database or "")))
    event.listen(engine, "do_connect", lambda *_: make_private(Path(url.database or "")))
    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine
