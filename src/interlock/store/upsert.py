"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps in two dialects.

Executed with a list of parameter sets, never as one statement with many VALUES: that is ten times slower.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

BATCH = 1000


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


def upsert(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]], key: Sequence[str]) -> None:
    """Insert, or overwrite every given column of the row with the same key. All rows give the same columns."""
    if not rows:
        return
    statement = _overwrite(session.get_bind().dialect.name, table, tuple(rows[0]), tuple(key))
    for start in range(0, len(rows), BATCH):
        session.connection().execute(statement, list(rows[start : start + BATCH]))


@cache
def _overwrite(
    dialect: str, table: type[SQLModel], columns: tuple[str, ...], key: tuple[str, ...]
) -> postgresql.Insert | sqlite.Insert:
    """Kept, for making it anew takes as long as writing a page's labels."""
    insert = _insert(dialect, table)
    changed = {name: insert.excluded[name] for name in columns if name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=changed)


def _insert(dialect: str, table: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
