"""How Alembic runs here: on the connection that `store.schema` hands it."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlmodel import SQLModel

from interlock.store import schema, schema_floor

assert schema.TABLES  # the import declares every table


def keep_floor(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[Any],  # noqa: ARG001 Alembic names all four
    run_args: Mapping[str, Any],  # noqa: ARG001 as above
) -> None:
    """Records, with the migration, which older programs work on its schema. One that does not say so fails here."""
    script = step.up_revision
    assert isinstance(script, Script)
    assert ctx.connection is not None
    if script.revision >= schema_floor.FIRST:
        schema_floor.raise_to(ctx.connection, script.module.oldest)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    # SQLite has no schema types to compare beyond the name; constraints carry the meaning on both engines.
    compare_type=True,
    # Each lets go of its locks before the next: replicas work on meanwhile.
    transaction_per_migration=True,
    on_version_apply=keep_floor,
)
with context.begin_transaction():
    context.run_migrations()
