"""What a log line may say."""

import io
import json
import logging
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
import structlog
from slack_bolt import BoltRequest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot import logs
from bot.app import build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.drawing import Drawn
from bot.requests import Command
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import Slack as SlackApi
from bot.views import blocks
from bot.views.blocks import Message
from interlock.domain.outbox import Message as OutboxMessage
from interlock.domain.outbox import Outgoing
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import Policy
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.relay import Relay
from interlock.jobs.slots import JobRunner
from interlock.store.engine import Store
from interlock.store.outbox import enqueue
from tests.bot.conftest import NOW


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(logged: io.StringIO) -> None:
    structlog.get_logger("x").info("outbox.sent", id=7)
    [line] = read(logged)
    assert line | {"event": "outbox.sent", "id": 7, "level": "info"} == line
    assert line["timestamp"].endswith("Z")


def test_a_traceback_shows_no_variables(logged: io.StringIO) -> None:
    def fail(_typed: str) -> None:
        raise RuntimeError("broke")

    try:
        fail("what somebody typed")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    [line] = read(logged)
    assert "RuntimeError: broke" in line["exception"]
    assert "in fail" in line["exception"]
    assert "somebody typed" not in line["exception"].replace('fail("what somebody typed")', "")


SECRETS = [
    "xoxb-1-2-abc",
    "xapp-1-A-b",
    "Bearer abc.def",
    "Basic YTpi",
    "interlock_" + "a-_" * 15,
    "https://hooks.slack.com/actions/T0/B0/xyz",
    "wss://wss.slack.com/link/?ticket=1-2-3",
    "postgresql://interlock:hunter2@db/interlock",
    "ana@practice.example",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_left_out(logged: io.StringIO, secret: str) -> None:
    structlog.get_logger("x").warning(f"called with {secret}", header=secret, names=[{"at": secret}])
    logging.getLogger("urllib3").warning("called with %s", secret)
    assert secret not in logged.getvalue()
    assert len(read(logged)) == 2


TITLE = "Halibut ledger rounds the wrong way"


@pytest.fixture(params=[logging.DEBUG, logging.INFO], ids=["debug", "info"])
def at_level(request: pytest.FixtureRequest, logged: io.StringIO) -> io.StringIO:
    logs.configure(logged, request.param)
    return logged


def test_what_a_drawer_held_when_it_broke_is_left_out(at_level: io.StringIO, services: Services, slack: Any) -> None:
    def draw(_services: Services, message: OutboxMessage) -> Drawn:
        known: dict[str, Drawn] = {}
        return known[message.ids["title"]]

    later = NOW + timedelta(hours=1)
    with services.store.write() as session:
        told = Outgoing(key="k", kind="note", ids={"title": TITLE}, channel="C1", not_after=later)
        enqueue(session, told, NOW)
    sender = SlackSender(services, SlackApi("xoxb-practice-bot", slack.url), {"note": draw})
    Relay(services.store, sender, clock=lambda: NOW, owner="one", rates=UNLIMITED).run_once()
    [line] = [each for each in read(at_level) if each["event"] == "drawer failed"]
    assert "KeyError: …" in line["exception"]
    assert 'return known[message.ids["title"]]' in line["exception"]
    assert TITLE not in at_level.getvalue()


def test_what_somebody_typed_when_a_listener_broke_is_left_out(at_level: io.StringIO, services: Services) -> None:
    def status(request: Command, _services: Services) -> Message:
        return blocks.sentence(str(int(request.args)))

    verbs = {"status": Verb(handler=status, about="says")}
    tables = Tables(commands={"/release": SlashCommand(about="Releases.", verbs=verbs)})
    body = {"command": "/release", "text": f"status {TITLE}", "user_id": "U0ANA", "trigger_id": "t1"}
    build_app(services, tables=tables).dispatch(BoltRequest(body=body, mode="socket_mode"))
    assert {each["event"] for each in read(at_level)} == {"listener failed", "handled"}
    assert read(at_level)[0]["exception"].endswith("ValueError: invalid literal for int() with base 10: …")
    assert TITLE not in at_level.getvalue()


def test_what_broke_a_job_is_left_out(at_level: io.StringIO, sqlite_store: Store, policy: Policy) -> None:
    def work(_context: JobContext) -> JobReport:
        cause = KeyError(TITLE)
        raise ExceptionGroup("all of them", [ValueError(f"{TITLE!r} is no date\n{TITLE}"), cause]) from cause

    JobRunner(sqlite_store, policy, [Job(name="sync", run=work)], lambda: NOW, "one").run_now("sync", NOW)
    assert {"job.failed", "job.ended"} <= {each["event"] for each in read(at_level)}
    assert "The above exception was the direct cause" in at_level.getvalue()
    assert TITLE not in at_level.getvalue()


@pytest.mark.parametrize("name", ["slack_sdk.web", "slack_bolt.App", "urllib3.connectionpool", "uvicorn.access"])
def test_libraries_say_nothing_below_a_warning_and_that_as_json(
    logged: io.StringIO, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (name, name.partition(".")[0]):  # a server that ran here before may have silenced it
        monkeypatch.setattr(logging.getLogger(each), "propagate", True)
        monkeypatch.setattr(logging.getLogger(each), "handlers", [])
        monkeypatch.setattr(logging.getLogger(each), "level", logging.NOTSET)
    logging.getLogger(name).manager._clear_cache()  # type: ignore[attr-defined]  # as setLevel does
    logs.configure(logged, logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger(name).info("sent %s", TITLE)
    logging.getLogger(name).warning("slow")
    assert [(each["event"], each["logger"]) for each in read(logged)] == [("slow", name)]


def test_what_python_itself_would_write_is_json_too(logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, None)
    logs.catch_strays()
    logging.captureWarnings(capture=False)  # which would keep the tests' own warnings from being errors
    error = KeyError(TITLE)
    sys.excepthook(KeyError, error, None)
    threading.excepthook(threading.ExceptHookArgs((KeyError, error, None, None)))
    assert [each["event"] for each in read(logged)] == ["died", "thread.died"]
    assert TITLE not in logged.getvalue()


@pytest.mark.postgres
def test_what_postgresql_quotes_of_a_row_is_left_out(logged: io.StringIO, postgres_url: str) -> None:
    store = Store(postgres_url)
    broken, typed = text("INSERT INTO seen (key, at) VALUES (:key, NULL)"), "Falcon\n\nslips to March"
    try:
        with store.write() as session:
            session.execute(broken, {"key": typed})
    except IntegrityError:
        structlog.get_logger("x").exception("failed")
    store.close()
    [line] = read(logged)
    assert "NotNullViolation" in line["exception"]
    assert "[SQL: INSERT INTO seen" in line["exception"]
    assert typed.splitlines()[0] not in line["exception"]
    assert typed.splitlines()[-1] not in line["exception"]
