"""The schema: migrations make exactly the declared tables, and the database keeps its own rules."""

import pkgutil
from importlib import import_module

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import TextClause
from sqlmodel import SQLModel

from interlock import store as package
from interlock.store import schema
from interlock.store.engine import Store


def test_migrations_make_the_declared_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_newest_file_is_the_version_that_an_upgrade_reaches(store: Store) -> None:
    assert schema.current(store) == schema.head()
    schema.require_usable(store)


def test_a_condition_that_is_a_text_stands_in_brackets_where_it_has_an_or() -> None:
    """SQLAlchemy puts none around a text: among other conditions it would take them all apart."""
    texts = {
        f"{module.name}.{name}": value.text
        for module in pkgutil.iter_modules(package.__path__)
        for name, value in vars(import_module(f"interlock.store.{module.name}")).items()
        if isinstance(value, TextClause) and "SELECT" not in value.text
    }
    assert "freeze_exception.LIVE" in texts
    loose = [name for name, text in texts.items() if " OR " in text.upper() and not text.startswith("(")]
    assert loose == []
