"""`interlock …`, in this process: what each command prints, and its exit code."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot import cli
from interlock.domain.actor import SYSTEM
from interlock.domain.audit import AuditEvent
from interlock.domain.slot import Missed
from interlock.store import audit
from interlock.store import slot as slots
from interlock.store.engine import Store

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Interlock = Callable[..., tuple[int, str, str]]


@pytest.fixture
def interlock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, sqlite_url: str, slack: Any
) -> Interlock:
    """Runs one command; returns its exit code, standard output and standard error."""
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-practice-bot",
        "SLACK_API_URL": slack.url,
        "JIRA_URL": "http://127.0.0.1:1",
        "JIRA_TOKEN": "practice-jira-token",
        "DATABASE_URL": sqlite_url,
        "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml"),
        "COLUMNS": "200",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*args: str, **env: str) -> tuple[int, str, str]:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["interlock", *args])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_version(interlock: Interlock) -> None:
    assert interlock("version") == (0, "interlock 0.2.0\n", "")


@pytest.mark.parametrize(
    "args", [("frobnicate",), ("run", "--mode", "pigeon"), ("job", "run"), ("demo", "--port", "x")]
)
def test_wrong_usage_is_2(interlock: Interlock, args: tuple[str, ...]) -> None:
    assert interlock(*args)[0] == 2


def test_the_database_is_brought_up_to_date_once(interlock: Interlock) -> None:
    url = "sqlite:///new.db"
    assert "now; it was empty" in interlock("db", "upgrade", DATABASE_URL=url)[1]
    assert "already" in interlock("db", "upgrade", DATABASE_URL=url)[1]


def test_a_database_of_somebody_elses_is_refused(interlock: Interlock, tmp_path: Path) -> None:
    theirs = Store(f"sqlite:///{tmp_path}/theirs.db")
    with theirs.write() as session:
        session.execute(text("CREATE TABLE person (x)"))
    code, out, err = interlock("db", "upgrade", DATABASE_URL=f"sqlite:///{tmp_path}/theirs.db")
    assert (code, out) == (1, "")
    assert err == (
        "interlock: The database holds tables that are not Interlock's (person). Name an empty one in DATABASE_URL.\n"
    )
    with theirs.read() as session:
        assert session.execute(text("SELECT name FROM sqlite_master")).scalars().all() == ["person"]
    theirs.close()


def test_a_database_that_cannot_be_reached_is_one_line(interlock: Interlock) -> None:
    code, out, err = interlock("db", "upgrade", DATABASE_URL="postgresql://u:hush@127.0.0.1:1/x")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("interlock: The database ")
    assert "hush" not in err


def test_the_policy_that_ships_is_fine(interlock: Interlock) -> None:
    code, out, _ = interlock("config", "check")
    assert code == 0
    assert "is fine" in out


def test_each_mistake_in_the_policy_is_a_line(interlock: Interlock, tmp_path: Path) -> None:
    (tmp_path / "interlock.yaml").write_text("time_zone: Mars/Olympus\ncolour: red\n")
    code, out, err = interlock("config", "check", str(tmp_path / "interlock.yaml"))
    assert (code, out) == (2, "")
    assert "interlock.yaml:1 time_zone" in err
    assert "interlock.yaml:2 colour" in err
    assert err.splitlines()[-1].endswith("mistakes in the policy.")


def test_schemas_are_printed_or_written(interlock: Interlock, tmp_path: Path) -> None:
    assert '"properties"' in interlock("config", "schema", "environments")[1]
    assert interlock("config", "schema", "--write", "schemas")[0] == 0
    assert (tmp_path / "schemas/interlock.schema.json").is_file()
    code, _, err = interlock("config", "schema", "nonsense")
    assert (code, err.startswith("interlock: There is no schema nonsense.")) == (2, True)


def events(store: Store, count: int) -> None:
    for number in range(count):
        with store.write() as session:
            audit.append(session, AuditEvent(kind="test.done", actor=SYSTEM, facts={"number": number}), NOW)


def test_a_whole_chain_holds(interlock: Interlock, sqlite_store: Store) -> None:
    events(sqlite_store, 3)
    assert interlock("audit", "verify") == (0, "The audit chain holds: 3 events.\n", "")


def test_the_first_broken_link_is_named(interlock: Interlock, sqlite_store: Store, sqlite_url: str) -> None:
    events(sqlite_store, 3)
    with create_engine(sqlite_url).begin() as connection:
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for trigger in triggers:
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text("UPDATE audit_event SET body = replace(body, '1', '7') WHERE seq = 2"))
    code, out, err = interlock("audit", "verify")
    assert (code, out) == (1, "")
    assert err == "interlock: the audit chain breaks at event 2: its text is not what was recorded.\n"


def test_jobs_are_listed_with_when_they_are_due(interlock: Interlock) -> None:
    code, out, _ = interlock("job", "list")
    assert code == 0
    for name in ("sync", "sweep", "groups", "blocker-escalation", "readiness-summary", "booking-reminders", "relay"):
        assert name in out
    assert "never" in out


def test_jobs_are_listed_in_a_pipe_a_line_each_and_whole(interlock: Interlock, sqlite_store: Store) -> None:
    told = "Jira limits how much it is asked; " * 8 + "[it] goes on in 4 minutes."
    with sqlite_store.write() as session:
        slot = slots.claim(session, "sync", NOW, "us", NOW, timedelta(minutes=1))
        assert slot
        slots.finish(session, slot, "us", NOW, "failed", told)
        slots.record_missed(session, "sweep", Missed(first=NOW, last=NOW, count=0), NOW)
    _, out, _ = interlock("job", "list")
    (line,) = [line for line in out.splitlines() if line.startswith("sync:")]
    assert line.startswith("sync: failed, ")
    assert line.endswith(f". {told}")
    (sweep,) = [line for line in out.splitlines() if line.startswith("sweep:")]
    assert sweep.startswith("sweep: never; ")
    assert sweep.endswith(". Begins with its next time.")
    listed = json.loads(interlock("job", "list", "--json")[1])
    assert [each["job"] for each in listed] == [line.partition(": ")[0] for line in out.splitlines()]
    (sync,) = [each for each in listed if each["job"] == "sync"]
    assert (sync["state"], sync["detail"], sync["last_due_at"]) == ("failed", told, NOW.isoformat())


def test_jobs_are_listed_without_a_token(interlock: Interlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "emptied").write_text("")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "JIRA_TOKEN", "JIRA_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JIRA_TOKEN_FILE", str(tmp_path / "emptied"))
    code, out, err = interlock("job", "list")
    assert (code, err) == (0, "")
    assert "sync" in out


def test_a_refusal_names_the_file_that_the_setting_comes_from(
    interlock: Interlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "database-url"
    file.write_text("postgresql://u@127.0.0.1:1/x")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    code, _, err = interlock("audit", "verify")
    assert (code, err.endswith(f"Check the text in {file} (DATABASE_URL_FILE).\n")) == (1, True), err


def test_a_job_that_does_not_exist_is_one_line(interlock: Interlock) -> None:
    code, _, err = interlock("job", "run", "coffee", "--dry-run")
    assert code == 1
    assert "interlock: There is no job coffee. There are: " in err


def test_a_dry_run_is_drawn_and_changes_nothing(interlock: Interlock, sqlite_store: Store, slack: Any) -> None:
    code, out, _ = interlock("job", "run", "blocker-escalation", "--dry-run", "--at", "2026-12-01T09:00")
    assert code == 0
    assert "blocker-escalation" in out
    assert slack.calls == []
    with sqlite_store.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM slot")).scalar() == 0


@pytest.mark.parametrize("at", ["tomorrow", "2026-13-01T09:00", "9:00"])
def test_a_time_that_is_none_is_wrong_usage(interlock: Interlock, at: str) -> None:
    assert interlock("job", "run", "relay", "--dry-run", "--at", at)[0] == 2


def test_a_port_that_is_taken_is_a_sentence(interlock: Interlock) -> None:

    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = interlock("sandbox", "--port", str(port), "--manifest", str(ROOT / "config/slack-manifest.yaml"))
    assert code == 1
    assert err == (
        f"interlock: Port {port} is taken by another program. Stop it, or choose another: --port, or make demo PORT=…\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("absent.jsonl", None, "can't be read"),
        ("broken.jsonl", "{", "line 1: not JSON"),
        ("other.jsonl", "{}", "line 1: not a REST issue"),
    ],
)
def test_tickets_that_cannot_be_served_are_a_sentence(
    interlock: Interlock, tmp_path: Path, name: str, content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    manifest = str(ROOT / "config/slack-manifest.yaml")
    code, _, err = interlock("sandbox", "--port", "0", "--tickets-from", name, "--manifest", manifest)
    assert (code, len(err.splitlines())) == (1, 1)
    assert sentence in err


def test_a_command_outside_the_checkout_says_where_to_be(interlock: Interlock) -> None:
    code, _, err = interlock("demo")
    assert code == 1
    assert "run this in Interlock's own folder" in err


def test_help_is_quick_to_load() -> None:
    """The command line's module itself pulls in none of the slow ones."""

    code = "import sys, bot.cli; print(*[name for name in ('slack_bolt', 'sqlalchemy', 'jira') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
