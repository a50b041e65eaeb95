"""The schema: migrations make exactly the declared tables, and the database keeps its own rules."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from interlock.store import schema
from interlock.store.engine import Store


def test_migrations_make_the_declared_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_newest_file_is_the_version_that_an_upgrade_reaches(store: Store) -> None:
    assert schema.current(store) == schema.head()
    schema.require_usable(store)
