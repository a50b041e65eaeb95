"""The schema's version: where it is, where it should be, and the way there."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from interlock.domain.words import join
from interlock.store import (
    answer_due,
    audit,
    blocker,
    booking,
    break_glass,
    card,
    collision,
    condition,
    criterion,
    delegation,
    digest,
    environment,
    erasure,
    feed,
    freeze_exception,
    gonogo,
    link,
    mirror,
    outage,
    outbox,
    pacing,
    person,
    policy_change,
    raid,
    readiness,
    release,
    reporter,
    revalidation,
    runbook,
    schema_floor,
    seen,
    shortfall,
    signoff,
    slot,
    ticket,
    token,
    vendor,
    waiver,
)
from interlock.store.engine import Store, StoreError

TABLES = (
    answer_due,
    audit,
    blocker,
    booking,
    break_glass,
    card,
    collision,
    condition,
    criterion,
    delegation,
    digest,
    environment,
    erasure,
    feed,
    freeze_exception,
    gonogo,
    link,
    mirror,
    outage,
    outbox,
    pacing,
    person,
    policy_change,
    raid,
    readiness,
    release,
    reporter,
    revalidation,
    runbook,
    schema_floor,
    seen,
    shortfall,
    signoff,
    slot,
    ticket,
    token,
    vendor,
    waiver,
)
"""The modules that declare tables: imported so that a migration sees them all."""

RESTORING = "restoring"
"""Stands for the revision while a restored database is not fit to run yet."""
UNFINISHED = "A restore of this database did not end. Run it again: interlock db restore FILE --replace"

MIGRATIONS = Path(__file__).with_name("migrations")
ONE_UPGRADE = 0x1D7E510C
"""PostgreSQL's advisory lock of whoever upgrades."""
LOCK_SECONDS = 3
"""How long a migration waits for a table, and so makes everybody who comes after it wait."""
ATTEMPTS = 10


def upgrade(store: Store, to: str = "head") -> None:
    """Bring the database to this program's schema (or only to the revision `to`), while replicas may be at work on it.

    Does nothing where it is there already; several at once are one. Raises StoreError where the database is too busy:
    what was done until then holds, and another try goes on from there; and where the database is somebody else's.
    """
    have = current(store)
    if have == RESTORING:
        raise StoreError(UNFINISHED)
    if have is None:
        _refuse_others(store)
    for _ in range(1 if store.is_sqlite else ATTEMPTS):
        try:
            _migrate(store, to)
        except OperationalError as error:
            if not _is_busy(error):
                raise
        else:
            return
    raise StoreError(
        "The database is too busy: a transaction of long standing holds what the upgrade must change. "
        "Run it again: interlock db upgrade"
    )


def upgrade_on(connection: Connection, to: str = "head") -> None:
    """In the connection's own transaction, where it has begun one."""
    # Alembic takes a second to import, and only this command and the tests need it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _refuse_others(store: Store) -> None:
    with store.read() as session:
        found = sorted(inspect(session.connection()).get_table_names())
    if found and "alembic_version" not in found:
        raise StoreError(
            f"The database holds tables that are not Interlock's ({join(found[:3])}). "
            "Name an empty one in DATABASE_URL."
        )


def _migrate(store: Store, to: str) -> None:
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.detach()  # closed at the end: no later user inherits what is set here
            # Whoever waits for a table keeps everybody behind it waiting.
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_UPGRADE})
            connection.commit()
        upgrade_on(connection, to)


def _is_busy(error: OperationalError) -> bool:
    """PostgreSQL's lock_not_available, SQLite's "database is locked"."""
    return getattr(error.orig, "sqlstate", None) == "55P03" or "locked" in str(error.orig)


def head() -> str:
    """The newest revision that this program knows: the last file of migrations/versions, which are numbered."""
    return max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(store: Store) -> str | None:
    """The database's revision; None where there is no schema yet. Raises StoreError where it cannot be reached."""
    return _look(store)[0]


def tolerates(store: Store) -> str | None:
    """The oldest schema whose programs work on the database as it is; None where only its own does."""
    return _look(store)[1]


def require_usable(store: Store) -> None:
    """Raise StoreError, with what mends it, unless this program can work on the database: its schema is this program's
    or, amid a rolling upgrade, a newer one that this program does not disturb.
    """
    have, oldest = (None, None) if _is_void(store) else _look(store)
    want = head()
    if have == RESTORING:
        raise StoreError(UNFINISHED)
    if have is None or have < want:
        raise StoreError(
            f"The database's schema is {have or 'absent'}; this program needs {want}. Run: interlock db upgrade"
        )
    if have > want and (oldest is None or oldest > want):
        raise StoreError(
            f"The database is at schema {have}, too new for this program's {want}. Run the newer Interlock on it."
        )


def _is_void(store: Store) -> bool:
    """Whether the file is not there yet, or empty: to look into it would make it a database."""
    file = Path(store.url.database or "")
    return store.is_sqlite and (file.is_file() and not file.stat().st_size if file.exists() else file.parent.is_dir())


def _look(store: Store) -> tuple[str | None, str | None]:
    """The database's revision, and the oldest that it tolerates."""
    try:
        with store.read() as session:  # a health check must not wait for a writer
            connection = session.connection()
            have = _revision(connection)
            told = have not in {None, RESTORING} and have >= schema_floor.FIRST
            return have, schema_floor.oldest(connection) if told else None
    except DBAPIError as error:
        raise unreachable(store, error) from error


def unreachable(store: Store, error: DBAPIError) -> StoreError:
    """What to say of a database that does not answer, or refuses its work."""
    where = store.url.render_as_string(hide_password=True)
    reason = str(error.orig).strip().splitlines()[0]
    return StoreError(f"The database {where} cannot be reached ({reason}). Check DATABASE_URL.")


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision
