"""How Alembic runs here: on the connection that `store.schema` hands it."""

from alembic import context
from sqlmodel import SQLModel

from interlock.store import schema  # the import declares every table

assert schema.TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    # SQLite has no schema types to compare beyond the name; constraints carry the meaning on both engines.
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
