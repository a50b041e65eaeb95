"""The schema's version: where it is, where it should be, and the way there."""

from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from interlock.store import (
    audit,
    blocker,
    booking,
    card,
    digest,
    environment,
    link,
    mirror,
    outbox,
    pacing,
    person,
    release,
    seen,
    signoff,
    slot,
    ticket,
    token,
)
from interlock.store.engine import Store, StoreError

TABLES = (
    audit,
    blocker,
    booking,
    card,
    digest,
    environment,
    link,
    mirror,
    outbox,
    pacing,
    person,
    release,
    seen,
    signoff,
    slot,
    ticket,
    token,
)
"""The modules that declare tables: imported so that a migration sees them all."""

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(store: Store) -> None:
    """Bring the database to this program's schema; does nothing where it is there already."""
    # Alembic takes a second to import, and only this command and the tests need it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def head() -> str:
    """The newest revision that this program knows: the last file of migrations/versions, which are numbered."""
    return max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(store: Store) -> str | None:
    """The database's revision; None where there is no schema yet. Raises StoreError where it cannot be reached."""
    try:
        with store.read() as session:  # a health check must not wait for a writer
            return _revision(session.connection())
    except DBAPIError as error:
        where = store.url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"The database {where} cannot be reached ({reason}). Check DATABASE_URL.") from error


def require_current(store: Store) -> None:
    """Raise StoreError, with the command that mends it, unless the schema is this program's."""
    have, want = current(store), head()
    if have == want:
        return
    if have is not None and have > want:
        raise StoreError(
            f"The database is at schema {have}, newer than this program's {want}. Run the newer Interlock on it."
        )
    raise StoreError(
        f"The database's schema is {have or 'absent'}; this program needs {want}. Run: interlock db upgrade"
    )


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision
