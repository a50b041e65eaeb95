"""The bot's whole HTTP face over a real socket, with a Slack that records what it is told."""

import hashlib
import hmac
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from bot.accepted import Accepted
from bot.answers import Answers
from bot.app import build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.door import Door
from bot.http import feed
from bot.http.api import Api, routes
from bot.http.app import build_http
from bot.http.health import Health
from bot.http.server import HttpServer
from bot.http.slack import SlackDoor
from bot.metrics import Metrics
from bot.requests import Command
from bot.services import Services
from bot.views import blocks
from bot.views.blocks import Message
from interlock.config.settings import HttpAddress
from interlock.jobs.webhook import Receipt
from interlock.trackers import webhook
from tests.bot.conftest import NOW, logged, policy, services, settings, slack

__all__ = ["logged", "policy", "services", "settings", "slack"]

SIGNING_SECRET = "practice-signing-secret"
WEBHOOK_SECRET = "practice-webhook-secret"


def command(text: str, trigger: str = "t1") -> bytes:
    return urlencode({"command": "/release", "text": text, "user_id": "U0ANA", "trigger_id": trigger}).encode()


def signed(body: bytes, seconds_ago: int = 0) -> dict[str, str]:
    """Slack's headers for a body."""
    stamp = str(int(NOW.timestamp()) - seconds_ago)
    made = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={made}",
    }


@dataclass
class House:
    """`heard` are the commands that were handled, `webhooks` the bodies that were taken for Jira's."""

    app: FastAPI
    door: SlackDoor
    port: int
    heard: list[Command]
    webhooks: list[bytes]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, *pieces: bytes) -> bytes:
        """What comes back until the server hangs up, which it is asked to do; "" where it hangs up at once."""
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has read enough
            return received(connection)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        lines = [f"{name}: {value}".encode() for name, value in headers.items()]
        return self.send(head("POST", path, *lines, b"Content-Length: %d" % len(body)) + body)


def head(method: str, path: str, *lines: bytes) -> bytes:
    first = f"{method} {path} HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: interlock", b"Connection: close", *lines, b"", b""])


def received(connection: socket.socket) -> bytes:
    got = b""
    try:
        while piece := connection.recv(65536):
            got += piece
    except ConnectionResetError:
        pass  # it did not want the rest of the body
    return got


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer.split(b" ", 2)[1])


@pytest.fixture
def house(services: Services) -> Iterator[House]:
    heard: list[Command] = []
    webhooks: list[bytes] = []

    def say(request: Command, _services: Services) -> Message:
        heard.append(request)
        return blocks.sentence("heard")

    def jira(body: bytes, signature: str | None, _identifier: str | None) -> Receipt:
        if not webhook.verify(body, signature, WEBHOOK_SECRET):
            return Receipt.FORGED
        webhooks.append(body)
        return Receipt.TAKEN

    verbs = {"note": Verb(handler=say, about="hears")}
    tables = Tables(commands={"/release": SlashCommand(about="Releases.", verbs=verbs)})
    door = SlackDoor(build_app(services, tables=tables), Accepted(SIGNING_SECRET, services.clock))
    app = build_http(health=Health(), registry=CollectorRegistry(), clock=services.clock, slack=door, jira=jira)
    answers = Answers(services.settings.slack_api_url)
    app.include_router(routes(Api(Door(services, answers, Metrics()), services.clock)))
    app.include_router(feed.routes(feed.Feeds(services.store, services.policy, services.clock)))
    server = HttpServer(app, HttpAddress("127.0.0.1", 0))
    server.start()
    yield House(app=app, door=door, port=server.port, heard=heard, webhooks=webhooks)
    server.stop()
    answers.close()
