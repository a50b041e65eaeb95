"""The whole program as a process: how it starts, what it refuses in one line, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from sqlite3 import connect
from typing import Any

import pytest

from bot.practice import environment
from bot.wiring import now
from interlock.domain.vendor import Vendor
from interlock.store import vendor
from interlock.store.engine import Store
from sandbox.server import SandboxServer, practice
from sandbox.slack.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0

Start = Callable[..., subprocess.Popen[str]]


def until(what: str, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


@pytest.fixture
def workspace() -> Iterator[SandboxServer]:
    server = practice(
        manifest=ROOT / "config/slack-manifest.yaml", today=date(2026, 11, 23), settings=Settings(rate_scale=0)
    )
    yield server
    server.stop()


@pytest.fixture
def port() -> int:
    with create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
def env(workspace: SandboxServer, sqlite_url: str, port: int) -> dict[str, str]:
    return environment(workspace, "cloud") | {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": sqlite_url,
        "INTERLOCK_HTTP": f"127.0.0.1:{port}",
        "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml"),
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(env: dict[str, str], *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", *options],
            env=env,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ask(port: int, path: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()
    return answer.status, json.loads(body) if body.startswith("{") else body


def is_ready(port: int) -> bool:
    return ask(port, "/readyz")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_stop_and_then_ends_well(
    workspace: SandboxServer, env: dict[str, str], port: int, start: Start, number: signal.Signals
) -> None:
    process = start(env)
    until("the bot", lambda: is_ready(port))
    outcome = workspace.acts.command("U0ANA", "C0GENERAL", "/release help").result(PATIENCE)
    assert "What /release can do" in outcome.body["text"]
    assert ask(port, "/healthz") == (200, {"alive": True})
    assert "interlock_listener_seconds" in ask(port, "/metrics")[1]
    process.send_signal(number)
    _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    assert json.loads(log.splitlines()[-1])["event"] == "stopped"
    assert "Traceback" not in log
    assert "practice-bot" not in log  # no token


def test_over_http_the_same_listeners_answer(
    workspace: SandboxServer, env: dict[str, str], port: int, start: Start
) -> None:
    process = start({name: value for name, value in env.items() if name != "SLACK_APP_TOKEN"}, "--mode", "http")
    until("the bot", lambda: is_ready(port))
    code, line = refused(start(env | {"INTERLOCK_HTTP": "127.0.0.1:0"}))
    assert (code, "Another Interlock runs on" in line) == (1, True)
    workspace.slack.context.delivery.http_url = f"http://127.0.0.1:{port}"
    outcome = workspace.acts.command("U0ANA", "C0GENERAL", "/release help payload").result(PATIENCE)
    assert "What /release can do" in outcome.body["text"]
    assert 'interlock_slack_requests_total{receipt="taken"} 1.0' in ask(port, "/metrics")[1]
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_secrets_in_files_are_renewed_while_it_runs(
    env: dict[str, str], port: int, start: Start, tmp_path: Path
) -> None:
    secret = tmp_path / "jira"
    secret.write_text(env.pop("JIRA_TOKEN"))
    process = start(env | {"JIRA_TOKEN_FILE": str(secret)})
    until("the bot", lambda: is_ready(port))
    secret.write_text("revoked-token")
    process.send_signal(signal.SIGHUP)
    until("Jira to refuse it", lambda: "jira token" in ask(port, "/readyz")[1].get("notes", {}))
    assert f"{secret} (JIRA_TOKEN_FILE)" in ask(port, "/readyz")[1]["notes"]["jira token"]
    assert 'interlock_vendor_refuses{vendor="jira"} 1.0' in ask(port, "/metrics")[1]
    secret.write_text("practice-jira-token")
    until("Jira to accept it again", lambda: "notes" not in ask(port, "/readyz")[1])
    process.terminate()
    _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert log.count('"secret.changed"') == 2
    assert "revoked-token" not in log


def test_a_refusal_of_before_the_start_is_over_once_the_vendor_accepts_us(
    env: dict[str, str], port: int, start: Start
) -> None:
    with closing(Store(env["DATABASE_URL"])) as store, store.write() as session:
        for who in Vendor:
            vendor.refuse(session, who, "It was refused.", now())
            session.get_one(vendor.RefusalRow, who.value).probe_at = now() + timedelta(minutes=15)
    process = start(env)
    until("the bot", lambda: is_ready(port))
    until("both to accept us", lambda: "notes" not in ask(port, "/readyz")[1])
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_file_that_is_wrong_keeps_no_other_secret_from_being_renewed(
    env: dict[str, str], port: int, start: Start, tmp_path: Path
) -> None:
    files = {name: tmp_path / name for name in ("SLACK_BOT_TOKEN", "JIRA_WEBHOOK_SECRET", "DATABASE_URL")}
    for name, file in files.items():
        file.write_text(env.pop(name, "hush-hush"))
    process = start(env | {f"{name}_FILE": str(file) for name, file in files.items()})
    until("the bot", lambda: is_ready(port))
    assert ask(port, "/metrics")[1].count("interlock_secret_unused{") == len(files)
    files["JIRA_WEBHOOK_SECRET"].write_text("")
    files["DATABASE_URL"].write_text("sqlite:////srv/hush-hush/other.db")
    files["SLACK_BOT_TOKEN"].write_text("xoxb-revoked")
    until("Slack to refuse it", lambda: "slack token" in ask(port, "/readyz")[1].get("notes", {}))
    (told,) = {ask(port, "/readyz")[1]["notes"]["secret files"]}
    assert "which is empty" in told
    assert "takes a restart" in told
    unused = [line for line in ask(port, "/metrics")[1].splitlines() if line.startswith("interlock_secret_unused{")]
    assert {line.partition('"')[2].partition('"')[0] for line in unused if line.endswith(" 1.0")} == {
        "JIRA_WEBHOOK_SECRET",
        "DATABASE_URL",
    }
    process.terminate()
    _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    events = [(each["event"], each["variable"]) for each in map(json.loads, log.splitlines()) if "variable" in each]
    assert sorted(events) == [
        ("secret.changed", "SLACK_BOT_TOKEN"),
        ("secret.needs_restart", "DATABASE_URL"),
        ("secret.unreadable", "JIRA_WEBHOOK_SECRET"),
    ]
    assert "hush-hush" not in log


def test_readiness_tells_that_slack_is_gone(
    workspace: SandboxServer, env: dict[str, str], port: int, start: Start
) -> None:
    process = start(env)
    until("the bot", lambda: is_ready(port))
    workspace.stop()
    until("the loss to be noticed", lambda: "slack" in ask(port, "/readyz")[1]["reasons"])
    assert ask(port, "/healthz")[0] == 200
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def refused(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and the one line for a person; what else is on standard error is the log."""
    out, err = process.communicate(timeout=PATIENCE)
    assert out == ""
    lines = [line for line in err.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, err
    return process.returncode, lines[0]


def test_each_thing_that_is_missing_is_named(tmp_path: Path, start: Start) -> None:
    code, line = refused(start({"PATH": os.environ["PATH"]}))
    assert code == 2
    assert "SLACK_BOT_TOKEN is missing" in line
    assert "SLACK_APP_TOKEN is missing" in line


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"SLACK_BOT_TOKEN": "nonsense"}, 2, "SLACK_BOT_TOKEN is malformed"),
        ({"SLACK_BOT_TOKEN": "xoxb-of-somebody-else"}, 2, "SLACK_BOT_TOKEN is not accepted by Slack (invalid_auth)"),
        ({"SLACK_APP_TOKEN": "xapp-of-somebody-else"}, 2, "SLACK_APP_TOKEN is not accepted by Slack"),
        ({"INTERLOCK_CONFIG": "nowhere.yaml"}, 2, "nowhere.yaml"),
        ({"DATABASE_URL": "sqlite:///empty.db"}, 1, "Run: interlock db upgrade"),
        ({"DATABASE_URL": "sqlite:///no/such/folder/x.db"}, 1, "cannot be reached"),
        ({"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, 1, "cannot be reached"),
        ({"JIRA_TOKEN": ""}, 2, "JIRA_TOKEN is missing"),
        ({"INTERLOCK_HTTP": "127.0.0.1"}, 2, "INTERLOCK_HTTP is malformed"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line(
    env: dict[str, str], start: Start, change: dict[str, str], code: int, sentence: str
) -> None:
    got, line = refused(start(env | change))
    assert got == code
    assert line.startswith("interlock: ")
    assert sentence in line
    assert "hush" not in line


def test_a_port_that_is_taken_is_one_line(env: dict[str, str], port: int, start: Start) -> None:
    with create_server(("127.0.0.1", port)):
        code, line = refused(start(env))
    assert code == 1
    assert f"Port {port} on 127.0.0.1 is taken" in line


def test_a_slack_that_cannot_be_reached_is_waited_for(env: dict[str, str], port: int, start: Start) -> None:
    process = start(env | {"SLACK_API_URL": "http://127.0.0.1:1/api/"})
    until("health", lambda: ask(port, "/healthz")[0] == 200)
    assert "slack" in ask(port, "/readyz")[1]["reasons"]
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_database_that_went_away_since_its_schema_was_looked_at_is_one_line(
    env: dict[str, str], sqlite_url: str, start: Start
) -> None:
    with closing(connect(sqlite_url.removeprefix("sqlite:///"))) as database:
        database.execute("DROP TABLE environment")  # what is done first does not work, as on a disk that is full
    code, line = refused(start(env))
    assert code == 1
    assert "cannot be reached (no such table: environment)" in line
