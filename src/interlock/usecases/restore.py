"""Restoring a backup, and making what came back fit to run on: it is of the past, and lacks what was said since."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile, gettempdir

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from interlock.domain import backup as rules
from interlock.domain.actor import SYSTEM
from interlock.domain.audit import AuditEvent, Broken
from interlock.domain.backup import BackupError, Manifest
from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.store import audit, backup, backup_postgresql, backup_sqlite, outbox, restored, schema
from interlock.store.backup import Opened
from interlock.store.backup_parts import private, writing_into
from interlock.store.engine import Store
from interlock.usecases import parked

Clock = Callable[[], datetime]

KIND = "database.restored"
UNCHANGED = "nothing was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`events` of the chain, of which `broken` is the first that does not hold; what was done to the rest."""

    events: int
    broken: Broken | None
    parked: int
    late: int
    tokens: int


def restore(store: Store, policy: Policy, opened: Opened, clock: Clock, *, replace: bool) -> Restored:
    """Whole, or not at all. Raises BackupError where it cannot be, and then leaves the database as it was."""
    _refuse_unfit(store, opened.manifest)
    into = _into_sqlite if store.is_sqlite else _into_postgresql
    return into(store, policy, opened, clock, replace=replace)


def settle(session: Session, policy: Policy, manifest: Manifest, now: datetime) -> Restored:
    """In the transaction that ends the restore. Raises BackupError where the chain ends elsewhere than the backup says:
    then these are not the contents that it was written with.
    """
    events, broken = audit.verify(session)
    if broken is None and events != manifest.audit_seq:
        raise BackupError(
            f"The backup says that its record ends with event {manifest.audit_seq}, and it ends with {events}. "
            "Take another."
        )
    why = rules.reason(manifest.at)
    waiting, late = restored.park_unsent(session, why, now)
    restored.settle_slots(session, f"{rules.RESTORED}{manifest.at:%F %R}Z.", now)
    restored.forget_pacing(session)
    tokens = restored.end_tokens(session)
    first = restored.first_parked(session, why)
    if first is not None:
        parked.tell(session, policy, outbox.by_id(session, first), why, now)
    facts = {
        "backup_of": manifest.at.isoformat(),
        "backup_events": manifest.audit_seq,
        "backup_hash": manifest.audit_hash,
        "parked": waiting,
        "tokens_ended": tokens,
    }
    if broken is None:  # a chain that does not hold does not grow
        audit.append(session, AuditEvent(kind=KIND, actor=SYSTEM, facts=facts), now)
    return Restored(events=events, broken=broken, parked=waiting, late=late, tokens=tokens)


def _refuse_unfit(store: Store, manifest: Manifest) -> None:
    engine = "sqlite" if store.is_sqlite else "postgresql"
    if manifest.engine != engine:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise BackupError(
            f"The backup is of {names[manifest.engine]}, and DATABASE_URL names {names[engine]}. "
            "A backup goes back into the kind of database that it was made of."
        )
    if manifest.schema > schema.head():
        raise BackupError(
            f"The backup is at schema {manifest.schema}, newer than this program's {schema.head()}. "
            f"Restore it with Interlock {manifest.interlock}."
        )


def _refuse_loss(store: Store, *, replace: bool) -> None:
    held = None if replace else backup.holds(store)
    if held is not None:
        raise BackupError(
            f"The database is not empty: it holds {held}. Restore into an empty one, or throw that away with --replace."
        )


def _into_sqlite(store: Store, policy: Policy, opened: Opened, clock: Clock, *, replace: bool) -> Restored:
    """Everything is done on a copy, which takes the database's place in one transaction."""
    target = backup_sqlite.file_of(store)
    existed = target.exists()
    if existed and target.stat().st_size:
        _refuse_loss(store, replace=replace)
    store.close()
    prepared = target.with_name(f"{target.name}.restoring")
    try:
        with writing_into(target.parent, UNCHANGED), backup_sqlite.alone_with(target) as database:
            with private(prepared) as contents:
                opened.copy_to(contents)
            done = _prepare(prepared, policy, opened, clock)
            with suppress(PermissionError):  # somebody else's file
                target.chmod(0o600)
            backup_sqlite.replace(database, prepared)
    finally:
        if not existed and target.exists() and not target.stat().st_size:
            target.unlink()
        prepared.unlink(missing_ok=True)
        backup_sqlite.drop_logs(prepared)
    return done


def _prepare(copy: Path, policy: Policy, opened: Opened, clock: Clock) -> Restored:
    with closing(Store(f"sqlite:///{copy}")) as copied:
        try:
            schema.upgrade(copied)
            with copied.write() as session:
                return settle(session, policy, opened.manifest, clock())
        except DBAPIError as error:
            backup_sqlite.raise_if_full(error)
            raise


def _into_postgresql(store: Store, policy: Policy, opened: Opened, clock: Clock, *, replace: bool) -> Restored:
    """Loaded in one transaction, and made fit in another: in between nothing runs on it (see `schema.RESTORING`)."""
    schema.current(store)  # says in a sentence where it cannot be reached
    store.close()
    others = backup_postgresql.others(store)
    if others:
        raise BackupError(
            f"The database is in use: {count(others, 'other connection')}, of Interlock or another of its commands. "
            "Stop every replica and whatever else is connected, and restore then."
        )
    _refuse_loss(store, replace=replace)
    with writing_into(Path(gettempdir()), UNCHANGED), TemporaryFile() as dumped:
        opened.copy_to(dumped)
        dumped.seek(0)
        backup_postgresql.load(store, dumped)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": opened.manifest.schema})
        schema.upgrade_on(connection)
        with Session(connection) as session:
            done = settle(session, policy, opened.manifest, clock())
            session.commit()
    return done
