"""Triggers by which a table takes no second word, for migrations. What migrations made with this is made: whoever wants
it otherwise adds another function.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op


def append_only(table: str, *, free: Iterable[str] = (), over: str = "", same: str = "") -> None:
    """Rows are never deleted or replaced, and of their columns only those that are `free` ever change; not even they
    where `over` holds (SQL about OLD). `same` says, of a row `r`, that NEW would replace it beside one of its id:
    INSERT OR REPLACE walks past the other triggers where SQLite's recursive_triggers is off.
    """
    changes = set(free)
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    fixed = ", ".join(f'"{name}"' for name in columns if name not in changes)
    refuse(table, "no_update", f"UPDATE OF {fixed}" if changes else "UPDATE")
    refuse(table, "no_delete", "DELETE")
    if over:
        refuse(table, "no_return", "UPDATE", over)
    if _on_sqlite():
        twin = f"r.id = NEW.id OR ({same})" if same else "r.id = NEW.id"
        there = f"EXISTS (SELECT 1 FROM {table} r WHERE {twin})"  # noqa: S608 names that a migration wrote
        refuse(table, "no_replace", "INSERT", there)
    else:
        run = "FOR EACH STATEMENT EXECUTE FUNCTION interlock_append_only()"
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {run}")


def refuse(table: str, name: str, event: str, when: str = "") -> None:
    """A trigger that refuses an event (`DELETE`, `UPDATE OF a, b`), where `when` holds if it is given."""
    if _on_sqlite():
        then = f"{f'WHEN {when} ' if when else ''}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    else:
        then = f"FOR EACH ROW {f'WHEN ({when}) ' if when else ''}EXECUTE FUNCTION interlock_append_only()"
    op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} {then}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
