"""Backups: one file that says what it is, made and read whatever the engine.

It is a zip archive of two members: `manifest.json`, and the database as the engine's own tool writes it. It stands
under its name only once it is whole: until then it is `NAME.partial`.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

from sqlalchemy import MetaData, func, inspect, select, text
from sqlmodel import Session

from interlock.domain import backup
from interlock.domain.backup import BackupError, Manifest
from interlock.store import backup_postgresql, backup_sqlite
from interlock.store.audit import AuditHeadRow
from interlock.store.backup_parts import CHUNK, Facts, private, settle_on_disk, writing_into
from interlock.store.engine import Store

MANIFEST: Final = "manifest.json"
CONTENTS: Final = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
LONGEST_MANIFEST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A backup whose contents were compared with what its manifest says of them."""

    path: Path
    manifest: Manifest

    def copy_to(self, target: IO[bytes]) -> None:
        with zipfile.ZipFile(self.path) as archive, archive.open(CONTENTS[self.manifest.engine]) as contents:
            shutil.copyfileobj(contents, target, CHUNK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`sha256` is the whole file's; the manifest has that of its contents."""

    manifest: Manifest
    sha256: str


def write(store: Store, path: Path, now: datetime) -> Written:
    """Back up into a new file while everything runs. Raises BackupError."""
    if path.exists():
        raise BackupError(f"{path} is there already. Name another file: a backup replaces none.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}. Make it, or name another.")
    partial, copy = path.with_name(f"{path.name}.partial"), path.with_name(f"{path.name}.contents.partial")
    make: Callable[[Store, Path, Callable[[Session], Facts]], Facts] = (
        backup_sqlite.copy if store.is_sqlite else backup_postgresql.dump
    )
    try:
        with writing_into(path.parent, "there is no backup"):
            facts = make(store, copy, _facts)
            manifest = _manifest(store, facts, copy, now)
            with private(partial) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, backup.to_json(manifest))
                # pg_dump compresses by itself.
                packed = zipfile.ZIP_DEFLATED if store.is_sqlite else zipfile.ZIP_STORED
                archive.write(copy, CONTENTS[manifest.engine], packed)
            settle_on_disk(partial)
            with partial.open("rb") as file:
                sha256 = _sha256(file)
            partial.rename(path)
            settle_on_disk(path.parent)
    finally:
        copy.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return Written(manifest=manifest, sha256=sha256)


def open_file(path: Path) -> Opened:
    """Raises BackupError where it is no backup, or not as it was written."""
    if path.exists() and not path.is_file():  # a pipe nobody writes into would be waited for
        raise BackupError(f"{path} is no file. Name what `interlock db backup` wrote.")
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
                raise BackupError(f"{path} is no backup of Interlock: its manifest is too long.")
            manifest = backup.from_json(archive.read(MANIFEST).decode())
            if manifest.engine not in CONTENTS:
                raise BackupError(f"{path} was made of {manifest.engine}, which this Interlock does not know.")
            with archive.open(CONTENTS[manifest.engine]) as contents:
                found = _sha256(contents)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, EOFError) as error:
        raise BackupError(f"{path} is no backup of Interlock, or damaged. Take another.") from error
    if found != manifest.sha256:
        raise BackupError(f"{path} is damaged: its contents are not those that were written. Take another.")
    return Opened(path=path, manifest=manifest)


def holds(store: Store) -> str | None:
    """What a restore would replace, in words; None where the database is empty."""
    with store.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
        if not tables:
            return None
        if not {"audit_head", "release"} <= tables:
            return f"{len(tables)} tables"
        seq = session.execute(select(func.coalesce(func.max(AuditHeadRow.seq), 0))).scalar_one()
        releases = session.execute(text("SELECT COUNT(*) FROM release")).scalar_one()
        return f"{releases} releases and {seq} recorded events"


def _facts(session: Session) -> Facts:
    """Read in the very snapshot that is backed up."""
    found = MetaData()
    found.reflect(session.connection(), resolve_fks=False)
    if "alembic_version" not in found.tables or "audit_head" not in found.tables:
        raise BackupError("The database holds nothing of Interlock. Check DATABASE_URL.")
    seq, hash_ = session.execute(text("SELECT seq, hash FROM audit_head")).one()
    return Facts(
        schema=session.execute(text("SELECT version_num FROM alembic_version")).scalar_one(),
        audit_seq=seq,
        audit_hash=hash_,
        counts={
            name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in sorted(found.tables.items())
        },
    )


def _manifest(store: Store, facts: Facts, copy: Path, at: datetime) -> Manifest:
    with copy.open("rb") as contents:
        sha256 = _sha256(contents)
    return Manifest(
        engine="sqlite" if store.is_sqlite else "postgresql",
        schema=facts.schema,
        interlock=version("interlock"),
        at=at,
        audit_seq=facts.audit_seq,
        audit_hash=facts.audit_hash,
        counts=facts.counts,
        sha256=sha256,
        size=copy.stat().st_size,
    )


def _sha256(contents: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := contents.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
