"""Upgrades while others work: migrations that only add, short locks, and a word on which programs may stay."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, text

from interlock.store import schema
from interlock.store.engine import Store, StoreError
from tests.e2e.running import until

RELEASED = "0002"
"""The schema of 0.1.0, whose migrations nobody can change any more."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without a schema."""
    sqlite = request.param == "sqlite"
    store = Store(f"sqlite:///{tmp_path}/empty.db" if sqlite else request.getfixturevalue("empty_postgres_url"))
    yield store
    store.close()


@dataclass(frozen=True)
class Table:
    """What programs count on. `columns`: name to type and whether it may be left out of an INSERT."""

    columns: dict[str, tuple[str, bool]]
    demands: dict[str, frozenset[str]]
    """Constraints that a row must meet, each with the columns that have to be given for it to say anything."""


def tables(connection: Connection) -> dict[str, Table]:
    looked = inspect(connection)
    return {
        name: Table(
            columns={
                column["name"]: (str(column["type"]), _may_be_left_out(column)) for column in looked.get_columns(name)
            },
            demands={
                f"{kind} {each['name']}": _columns(kind, each)
                for kind, found in (
                    ("unique", looked.get_unique_constraints(name)),
                    ("unique", [index for index in looked.get_indexes(name) if index["unique"]]),
                    ("check", looked.get_check_constraints(name)),
                    ("foreign key", looked.get_foreign_keys(name)),
                )
                for each in found
            },
        )
        for name in looked.get_table_names()
    }


def _columns(kind: str, constraint: Any) -> frozenset[str]:
    return frozenset(constraint["column_names"]) if kind == "unique" else frozenset()


def _may_be_left_out(column: Any) -> bool:
    return bool(column["nullable"] or column["default"] is not None or column.get("autoincrement") is True)


def contractions(before: dict[str, Table], after: dict[str, Table]) -> list[str]:
    """Where a program of before would stumble."""
    found = [f"{name} is gone" for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        found += [f"{name}.{column} is gone" for column in old.columns.keys() - new.columns.keys()]
        # A program of before leaves a new column out, and what is not there is unlike everything.
        unseen = {column for column, (_, left_out) in new.columns.items() if left_out and column not in old.columns}
        found += [
            f"{name} demands {each}"
            for each in new.demands.keys() - old.demands.keys()
            if not new.demands[each] & unseen
        ]
        found += [
            f"{name}.{column} must be given"
            for column, (_, left_out) in new.columns.items()
            if not left_out and (column not in old.columns or old.columns[column][1])
        ]
        found += [
            f"{name}.{column} is another type"
            for column in old.columns.keys() & new.columns.keys()
            if old.columns[column][0] != new.columns[column][0]
        ]
    return sorted(found)


def later_migrations() -> list[Script]:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config).walk_revisions(base=RELEASED)
    return [script for script in reversed(list(scripts)) if script.revision > RELEASED]


def test_each_migration_only_adds_or_says_whom_it_excludes(empty: Store) -> None:
    schema.upgrade(empty, RELEASED)
    floor = RELEASED
    for script in later_migrations():
        with empty.engine.connect() as connection:
            before = tables(connection)
        schema.upgrade(empty, script.revision)
        with empty.engine.connect() as connection:
            taken_away = contractions(before, tables(connection))
        oldest = script.module.oldest
        if taken_away:
            # The program before must have stopped using it: a release earlier it only added.
            assert floor < oldest <= str(script.down_revision), (script.revision, taken_away)
        else:
            assert oldest == floor, f"{script.revision} only adds: what ran before runs on"
        assert schema.tolerates(empty) == oldest
        floor = oldest
    schema.require_usable(empty)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DROP TABLE seen", ["seen is gone"]),
        ("ALTER TABLE seen DROP COLUMN who", ["seen.who is gone"]),
        ("ALTER TABLE seen RENAME COLUMN who TO whom", ["seen.who is gone"]),
        ("CREATE UNIQUE INDEX one_who ON seen (who)", ["seen demands unique one_who"]),
        ("ALTER TABLE seen ADD COLUMN why TEXT NOT NULL DEFAULT ''", []),
        ("ALTER TABLE seen ADD COLUMN why TEXT", []),
        ("CREATE INDEX some_who ON seen (who)", []),
        ("CREATE TABLE why (what TEXT NOT NULL)", []),
        ("ALTER TABLE seen ALTER COLUMN who SET NOT NULL", ["seen.who must be given"]),
        ("ALTER TABLE seen ADD COLUMN why TEXT NOT NULL", ["seen.why must be given"]),
        ("ALTER TABLE seen ALTER COLUMN who TYPE INTEGER USING 0", ["seen.who is another type"]),
        ("ALTER TABLE seen ADD CONSTRAINT short CHECK (length(who) < 9)", ["seen demands check short"]),
    ],
)
def test_what_counts_as_taking_away(store: Store, change: str, found: list[str]) -> None:
    if store.is_sqlite and any(words in change for words in ("ALTER COLUMN", "TEXT NOT NULL", "CONSTRAINT")):
        pytest.skip("SQLite knows no such change")
    with store.engine.connect() as connection:
        connection.execute(text("ALTER TABLE seen ADD COLUMN who TEXT"))
        before = tables(connection)
        connection.execute(text(change))
        assert contractions(before, tables(connection)) == found
        connection.rollback()


@pytest.mark.parametrize("oldest", ["0001", "HEAD"])
def test_a_newer_schema_that_tolerates_this_program_is_worked_on(store: Store, oldest: str) -> None:
    _as_if_newer(store, oldest.replace("HEAD", schema.head()))
    schema.require_usable(store)


def test_a_newer_schema_that_excludes_this_program_is_refused(store: Store) -> None:
    _as_if_newer(store, "9998")
    with pytest.raises(StoreError, match=f"at schema 9999, too new for this program's {schema.head()}"):
        schema.require_usable(store)


def _as_if_newer(store: Store, oldest: str) -> None:
    with store.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
        session.connection().execute(text("UPDATE schema_floor SET oldest = :oldest"), {"oldest": oldest})


def test_an_older_schema_is_refused_with_the_command_that_mends_it(empty: Store) -> None:
    for have, revision in (("absent", None), (RELEASED, RELEASED)):
        if revision is not None:
            schema.upgrade(empty, revision)
        with pytest.raises(StoreError, match=f"schema is {have}; .* Run: interlock db upgrade"):
            schema.require_usable(empty)


@pytest.mark.postgres
@pytest.mark.parametrize("empty", ["postgres"], indirect=True)
def test_several_upgrades_at_once_are_one(empty: Store) -> None:
    """As two people, or two init containers, start them: the second finds its work done."""
    schema.upgrade(empty, RELEASED)
    env = os.environ | {"DATABASE_URL": empty.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "bot", "db", "upgrade"]
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with empty.engine.connect() as replica:
        replica.execute(text("LOCK TABLE alembic_version IN SHARE MODE"))
        running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        until("both to be held up", lambda: replica.execute(waiting).scalar_one() == len(running))
        replica.rollback()
    said = sorted(process.communicate()[0] for process in running)
    assert [process.returncode for process in running] == [0, 0], said
    schema.require_usable(empty)


@pytest.mark.postgres
@pytest.mark.parametrize("empty", ["postgres"], indirect=True)
def test_an_upgrade_waits_for_no_table_longer_than_a_moment(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(schema, "ATTEMPTS", 2)
    schema.upgrade(empty, RELEASED)
    with empty.engine.connect() as replica:
        replica.execute(text("LOCK TABLE alembic_version IN SHARE MODE"))  # stands for any table that a migration needs
        with pytest.raises(StoreError, match=r"too busy.* Run it again: interlock db upgrade"):
            schema.upgrade(empty)
        assert schema.current(empty) == RELEASED
        replica.rollback()
    schema.upgrade(empty)
    schema.require_usable(empty)
