"""A Slack that records what it is told, over real HTTP, and services that reach it."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
import structlog

from bot import logs
from bot.modals import Modals
from bot.services import Services
from bot.slack import Slack as SlackApi
from interlock.config.settings import Settings, load_settings
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import Policy, Tickets
from interlock.store.engine import Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Answer = dict[str, Any] | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Slack:
    """`calls` is what was asked, as (method, arguments); a method answers `{"ok": true}`, or what `script` holds next
    for it: a body, a status with headers and a raw body under `_status`, `_headers` and `_raw`, or a function that does
    with the connection what it likes."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    script: dict[str, list[Answer]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def called(self, method: str) -> list[dict[str, Any]]:
        with self.lock:
            return [arguments for name, arguments in self.calls if name == method]

    def answer(self, method: str, *answers: Answer) -> None:
        self.script.setdefault(method, []).extend(answers)

    def take(self, method: str, arguments: dict[str, Any]) -> Answer:
        with self.lock:
            self.calls.append((method, arguments))
            waiting = self.script.get(method)
            return waiting.pop(0) if waiting else {"ok": True}


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """What the bot logs, as in life."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logs.configure(stream)
    root.handlers[:0] = handlers  # pytest's own go on listening
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def slack() -> Iterator[Slack]:
    recorder = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
            json_body = "json" in self.headers.get("Content-Type", "")
            arguments = json.loads(raw or "{}") if json_body else dict(parse_qsl(raw))
            answer = recorder.take(self.path.rpartition("/")[2], arguments)
            if callable(answer):
                answer(self)
                return
            answer = dict(answer)
            raw_answer = answer.pop("_raw", None)
            self.send_response(answer.pop("_status", 200))
            for name, value in answer.pop("_headers", {}).items():
                self.send_header(name, value)
            body = (json.dumps(answer) if raw_answer is None else raw_answer).encode()
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A script that drops its connection is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    recorder.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield recorder
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(slack: Slack) -> Settings:
    return load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-practice-bot",
            "SLACK_SIGNING_SECRET": "practice-signing-secret",
            "SLACK_API_URL": slack.url,
            "JIRA_URL": "https://jira.practice.example",
            "JIRA_TOKEN": "practice-jira-token",
        }
    )


@pytest.fixture
def policy() -> Policy:
    """The least that a policy can be; tests replace what they are about."""
    return Policy(
        time_zone="Europe/London",
        calendar="london",
        calendars={"london": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
    )


@pytest.fixture
def services(sqlite_store: Store, policy: Policy, settings: Settings, slack: Slack) -> Services:
    client = SlackApi("xoxb-practice-bot", slack.url)
    return Services(store=sqlite_store, policy=policy, settings=settings, clock=lambda: NOW, views=Modals(client))
