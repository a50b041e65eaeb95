"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps in two dialects.

Executed with a list of parameter sets, never as one statement with many VALUES: that is ten times slower.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, CursorResult, Dialect, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import Session, SQLModel

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A statement in the driver's own spelling. `columns` in the order of its parameters, each with what makes of a
    value what the driver takes; `defaults` are those of columns that the rows leave out.
    """

    text: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    defaults: dict[str, Any]


def insert_new(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> int:
    """Insert what meets no constraint, skip the rest; returns how many were new (exact for a single row)."""
    if not rows:
        return 0
    insert = _insert(session.get_bind().dialect.name, table)
    statement = insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    done = 0
    for start in range(0, len(rows), BATCH):
        result = session.connection().execute(statement, list(rows[start : start + BATCH]))
        assert isinstance(result, CursorResult)
        done += result.rowcount
    return done


def insert_all(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that meet nothing. All give the same columns."""
    _write(session, table, rows, ())


def upsert_tuples(
    session: Session, table: type[SQLModel], names: Sequence[str], rows: Sequence[tuple[Any, ...]], key: Sequence[str]
) -> None:
    """`upsert` for very many rows: tuples in the order of `names`, which leave no column out."""
    connection = session.connection()
    statement = _prepared(connection.dialect, table, tuple(names), tuple(key))
    places = [(names.index(name), convert) for name, convert in statement.columns]
    for start in range(0, len(rows), BATCH):
        columns = list(zip(*rows[start : start + BATCH], strict=True))
        given = [columns[place] if convert is None else map(convert, columns[place]) for place, convert in places]
        connection.exec_driver_sql(statement.text, list(zip(*given, strict=True)))


def upsert(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: Sequence[str]) -> None:
    """Insert, or overwrite every given column of the row with the same key. All rows give the same columns."""
    _write(session, table, rows, tuple(key))


def _write(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: tuple[str, ...]) -> None:
    if not rows:
        return
    connection = session.connection()
    statement = _prepared(connection.dialect, table, tuple(rows[0]), key)
    if statement.defaults:
        rows = [statement.defaults | row for row in rows]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        columns = [
            [row[name] for row in batch] if convert is None else [convert(row[name]) for row in batch]
            for name, convert in statement.columns
        ]
        connection.exec_driver_sql(statement.text, list(zip(*columns, strict=True)))


@cache
def _prepared(dialect: Dialect, table: type[SQLModel], given: tuple[str, ...], key: tuple[str, ...]) -> _Prepared:
    """Kept, and executed by the driver at once: SQLAlchemy's care for each row takes longer than the database does."""
    insert = _insert(dialect.name, table)
    statement: Insert = insert
    if key:
        changed = {name: insert.excluded[name] for name in given if name not in key}
        statement = insert.on_conflict_do_update(index_elements=list(key), set_=changed)
    by_place: Dialect = sqlite.dialect()
    if dialect.name == "postgresql":
        by_place = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    compiled = statement.compile(dialect=by_place, column_keys=list(given))
    columns = table.metadata.tables[str(table.__tablename__)].columns
    names: list[str] = list(compiled.positiontup or ())
    return _Prepared(
        text=compiled.string,
        columns=tuple((name, columns[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names),
        defaults={name: _default(columns[name]) for name in names if name not in given},
    )


def _default(column: Column[Any]) -> Any:
    assert isinstance(column.default, ScalarElementColumnDefault), f"{column} has no default of one value"
    return column.default.arg


def _insert(dialect: str, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
