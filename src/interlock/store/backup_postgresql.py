"""PostgreSQL's half of backup and restore: pg_dump, and pg_restore through psql, so that all is one transaction."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlmodel import Session

from interlock.domain.backup import BackupError
from interlock.store.backup_parts import CHUNK, Facts, private
from interlock.store.engine import Store
from interlock.store.schema import RESTORING

OTHERS: Final = (
    "SELECT COUNT(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)

EMPTY: Final = r"""
BEGIN;
SET LOCAL lock_timeout = '15s';
SET LOCAL client_min_messages = warning;
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.name);
  END LOOP;
  FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
      WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'interlock\_%' LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.name);
  END LOOP;
END $$;
"""
"""Everything of Interlock's, of an older or a newer schema."""

KEEP: Final = f"RESET search_path; UPDATE alembic_version SET version_num = '{RESTORING}'; COMMIT;\n"  # noqa: S608 a constant
"""Nothing is kept before this: a script that ends early, since one of us was killed, is rolled back."""


def dump(store: Store, target: Path, facts: Callable[[Session], Facts]) -> Facts:
    """Dump the database into the file, in pg_dump's custom format, and read the facts in the same snapshot."""
    with store.read() as session:
        pg_dump = _program(session, "pg_dump")
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        found = facts(session)
        with private(target) as file:
            _run(
                [pg_dump, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", _where(store)],
                _environment(store),
                output=file,
            )
            os.fsync(file.fileno())
        return found


def others(store: Store) -> int:
    """How many other sessions the database has."""
    with store.read() as session:
        return int(session.execute(text(OTHERS)).scalar_one())


def load(store: Store, dumped: IO[bytes]) -> None:
    """Have the database be the dump's, whole or not at all. It is marked as being restored until `settle` is done."""
    with store.read() as session:
        pg_restore, psql = _program(session, "pg_restore"), _program(session, "psql")
    store.close()
    script = [pg_restore, "--no-owner", "--no-privileges", "--file=-"]
    keeper = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", _where(store)]
    # What they say goes into a file: a full pipe would stop them.
    with TemporaryFile() as said:
        reading = subprocess.Popen(script, stdin=dumped, stdout=subprocess.PIPE, stderr=said)  # noqa: S603 our own arguments
        keeping = subprocess.Popen(keeper, stdin=subprocess.PIPE, stderr=said, env=_environment(store))  # noqa: S603 our own arguments
        with reading, keeping:
            assert reading.stdout
            assert keeping.stdin
            with suppress(BrokenPipeError):  # psql gave up, and says why
                keeping.stdin.write(EMPTY.encode())
                shutil.copyfileobj(reading.stdout, keeping.stdin, CHUNK)
                if reading.wait() == 0:
                    keeping.stdin.write(KEEP.encode())
                keeping.stdin.flush()
        if keeping.returncode or reading.returncode:
            said.seek(0)
            raise BackupError(f"PostgreSQL refused the backup, and nothing was changed: {_last_line(said.read())}")


def _program(session: Session, name: str) -> str:
    """On PATH, and no older than the server, which it would not understand."""
    server = int(session.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    path = shutil.which(name)
    mend = f"Install PostgreSQL's client programs, version {server} or newer (Debian: postgresql-client-{server})."
    if path is None:
        raise BackupError(f"{name} is not on PATH. {mend}")
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 a program of the machine's own PATH, by name
    found = re.search(r"(\d+)(?:\.\d+)?", told.partition("PostgreSQL)")[2])
    if found is None or int(found[1]) < server:
        raise BackupError(f"{path} is version {found[1] if found else 'unknown'}, older than the server. {mend}")
    return path


def _where(store: Store) -> str:
    """For the command line, which everybody on the machine can read: without the password."""
    return f"--dbname={make_conninfo(**{name: value for name, value in _options(store).items() if name != 'password'})}"


def _environment(store: Store) -> Mapping[str, str]:
    password = _options(store).get("password")
    return os.environ | ({"PGPASSWORD": password} if password else {})


def _options(store: Store) -> dict[str, str]:
    _, given = store.engine.dialect.create_connect_args(store.url)
    return {name: str(value) for name, value in given.items() if name not in {"context", "cursor_factory"}}


def _run(command: list[str], environment: Mapping[str, str], output: IO[bytes]) -> None:
    done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, check=False)  # noqa: S603 our own arguments
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name} failed: {_last_line(done.stderr)}")


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason."
