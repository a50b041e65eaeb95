"""The HTTP face over a real socket: signatures, bad input, health, metrics, and the tracker's webhooks."""

import hashlib
import hmac
import http.client
import io
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client import CollectorRegistry

from bot.accepted import Accepted
from bot.app import build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.http.app import SLACK_BODY, build_http
from bot.http.gauges import StateCollector
from bot.http.health import REQUESTS, Health
from bot.http.server import HttpError, HttpServer
from bot.http.slack import SlackDoor
from bot.requests import Command
from bot.services import Services
from bot.views import blocks
from bot.views.blocks import Message
from interlock.config.settings import HttpAddress
from interlock.domain.errors import InterlockError
from interlock.jobs.webhook import Receipt

SECRET = "practice-signing-secret"


@dataclass
class House:
    """A running HTTP server. `inside` are the commands that were handled; `gate` holds the command `wait` back."""

    services: Services
    inside: list[Command] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)
    webhooks: list[tuple[bytes, str | None, str | None]] = field(default_factory=list)
    receipt: Receipt | Exception = Receipt.TAKEN
    alive: bool = True
    reason: str | InterlockError | None = None
    arrivals: list[str] = field(default_factory=list)
    late: timedelta = timedelta()
    port: int = 0

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path)
        connection.putheader("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def slack(self, body: bytes, content_type: str = "application/x-www-form-urlencoded", **changed: str) -> Any:
        stamp = str(int(self.services.clock().timestamp()))
        made = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={made}",
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return self.ask("POST", "/slack/events", body, {name: value for name, value in headers.items() if value})


@pytest.fixture
def house(services: Services) -> Iterator[House]:
    house = House(services=services)

    def say(request: Command, _services: Services) -> Message:
        house.inside.append(request)
        return blocks.sentence(f"heard {blocks.escape(request.args)}")

    def wait(request: Command, _services: Services) -> Message:
        house.waiting.set()
        house.gate.wait(20)
        return say(request, _services)

    def receive(*delivery: Any) -> Receipt:
        house.webhooks.append(delivery)
        if isinstance(house.receipt, Exception):
            raise house.receipt
        return house.receipt

    def check() -> str | None:
        if isinstance(house.reason, InterlockError):
            raise house.reason
        return house.reason

    verbs = {"note": Verb(handler=say, about="hears"), "wait": Verb(handler=wait, about="waits")}
    tables = Tables(commands={"/release": SlashCommand(about="Releases.", verbs=verbs)})
    door = SlackDoor(
        build_app(services, tables=tables),
        Accepted(SECRET, services.clock),
        on_arrival=house.arrivals.append,
        say=lambda told: told.replace("SLACK_SIGNING_SECRET", "the text in /s/signing"),
    )
    registry = CollectorRegistry()
    registry.register(StateCollector(services.store, services.clock, lambda: {"sent": 3}))
    app = build_http(
        health=Health(
            threads={"relay": lambda: house.alive},
            checks={"slack": check},
            notes={REQUESTS: lambda: door.complaint(services.clock() + house.late)},
        ),
        registry=registry,
        clock=services.clock,
        slack=door,
        jira=receive,
    )
    server = HttpServer(app, HttpAddress("127.0.0.1", 0))
    server.start()
    house.port = server.port
    yield house
    house.gate.set()
    server.stop()
    assert not server.is_alive


def command(text: str, trigger: str = "t1") -> bytes:
    fields = {"command": "/release", "text": text, "user_id": "U0ANA", "trigger_id": trigger}
    return urlencode(fields).encode()


def test_a_signed_command_is_answered(house: House) -> None:
    status, answer = house.slack(command("note hello"))
    assert (status, answer["text"], answer["response_type"]) == (200, "heard hello", "ephemeral")


@pytest.mark.parametrize(
    "text",
    ["fix the payload parser", "payload", "payload={}", 'a=1&payload={"type":"x"}', "ünïcode 🚂 שלום", "100%;--"],
)
def test_a_command_may_say_whatever_it_likes(house: House, text: str) -> None:
    status, answer = house.slack(command(f"note {text}"))
    assert (status, answer["text"]) == (200, f"heard {blocks.escape(text)}")
    assert house.inside[0].args == text


def test_a_payload_field_is_json(house: House) -> None:
    event = {"type": "view_closed", "view": {"callback_id": "x", "type": "modal"}, "user": {"id": "U0ANA"}}
    assert house.slack(urlencode({"payload": json.dumps(event)}).encode())[0] == 200


def test_slacks_handshake_is_answered_once_it_is_signed(house: House) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert house.slack(body, "application/json") == (200, {"challenge": "abc"})
    assert house.slack(body, "application/json", X_Slack_Signature="v0=0")[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Slack_Signature": "v0=" + "0" * 64},
        {"X_Slack_Signature": "v0=ÄÖÜ"},
        {"X_Slack_Signature": ""},
        {"X_Slack_Signature": "0" * 64},
        {"X_Slack_Request_Timestamp": ""},
        {"X_Slack_Request_Timestamp": "soon"},
        {"X_Slack_Request_Timestamp": "١٢٣"},
        {"X_Slack_Request_Timestamp": "-1"},
        {"X_Slack_Request_Timestamp": "9" * 400},
        {"X_Slack_Request_Timestamp": "1700000000"},
    ],
    ids=str,
)
def test_what_slack_did_not_sign_is_refused_and_not_logged(
    house: House, headers: dict[str, str], logged: io.StringIO
) -> None:
    status, answer = house.slack(command("note topsecret"), **headers)
    assert (status, answer) == (401, {"error": "This is not signed by Slack."})
    assert house.inside == []
    assert "slack request refused" in logged.getvalue()
    assert "topsecret" not in logged.getvalue()


def note(house: House) -> str:
    status, told = house.ask("GET", "/readyz")
    assert status == 200
    return str(told.get("notes", {}).get(REQUESTS, ""))


def test_a_wrong_signing_secret_is_told_of(house: House, logged: io.StringIO) -> None:
    """By /metrics, by /readyz and so by the doctor; the log says once what mends it."""
    assert note(house) == ""
    for _ in range(3):
        house.slack(command("note x"), X_Slack_Signature="v0=" + "0" * 64)
    assert house.arrivals == ["forged"] * 3
    assert "Compare SLACK_SIGNING_SECRET with the app's Signing Secret" in note(house)
    assert logged.getvalue().count("slack request refused") == 3
    assert logged.getvalue().count("Compare the text in /s/signing with the app's Signing Secret") == 1
    house.late = timedelta(minutes=16)
    assert note(house) == ""
    house.late = timedelta()
    house.slack(command("note mended"))
    assert (house.arrivals[-1], note(house)) == ("taken", "")
    house.slack(command("note x"), X_Slack_Signature="v0=" + "0" * 64)
    assert note(house) == "", "somebody else's beside Slack's own"


@pytest.mark.parametrize(
    ("headers", "arrival", "told"),
    [
        ({"X_Slack_Signature": ""}, "unsigned", ""),
        ({"X_Slack_Request_Timestamp": "soon"}, "unsigned", ""),
        ({"X_Slack_Request_Timestamp": "1700000000"}, "stale", "NTP"),
    ],
    ids=str,
)
def test_a_refused_request_is_counted_by_its_reason(
    house: House, headers: dict[str, str], arrival: str, told: str
) -> None:
    house.slack(command("note x"), **headers)
    assert house.arrivals == [arrival]
    assert told in note(house)
    assert bool(note(house)) == bool(told)


def test_a_signed_body_that_cannot_be_read_is_counted(house: House) -> None:
    house.slack(b"{", "application/json")
    assert house.arrivals == ["unreadable"]


def test_a_signature_of_long_ago_is_refused(house: House) -> None:
    body = command("note late")
    stamp = str(int((house.services.clock() - timedelta(minutes=6)).timestamp()))
    made = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    assert house.slack(body, X_Slack_Request_Timestamp=stamp, X_Slack_Signature=f"v0={made}")[0] == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json; charset=utf-8"),
        (b"payload={", "application/x-www-form-urlencoded"),
        (b"payload=[]", "application/x-www-form-urlencoded"),
        (b"text=\xff", "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(200)), "application/x-www-form-urlencoded"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_cannot_be_read_is_refused(
    house: House, body: bytes, content_type: str, logged: io.StringIO
) -> None:
    assert house.slack(body, content_type) == (400, {"error": "This body can't be read."})
    assert "Traceback" not in logged.getvalue()


def test_a_body_beyond_the_limit_is_refused(house: House) -> None:
    assert house.slack(b"x" * (SLACK_BODY + 1))[0] == 413


def test_headers_that_steer_bolt_do_not_reach_it(house: House) -> None:
    lazy = {"X_Slack_Bolt_Lazy_Only": "1", "X_Slack_Bolt_Lazy_Function_Name": "anything"}
    assert house.slack(command("note hello"), **lazy)[1]["text"] == "heard hello"


def test_health_answers_while_every_handler_is_busy(house: House) -> None:
    asking = [threading.Thread(target=house.slack, args=(command("wait", f"t{number}"),)) for number in range(12)]
    for thread in asking:
        thread.start()
    assert house.waiting.wait(20)
    assert house.ask("GET", "/healthz") == (200, {"alive": True})
    assert house.ask("GET", "/readyz")[0] == 200
    house.gate.set()
    for thread in asking:
        thread.join()
    assert len(house.inside) == 12


def test_a_dead_thread_shows(house: House) -> None:
    house.alive = False
    assert house.ask("GET", "/healthz") == (503, {"alive": False, "stopped": ["relay"]})
    assert house.ask("GET", "/readyz")[1]["reasons"] == {"relay": "it has stopped"}


@pytest.mark.parametrize("reason", ["Slack is not connected.", InterlockError("Slack is not connected.")])
def test_what_stands_in_the_way_is_said(house: House, reason: str | InterlockError) -> None:
    house.reason = reason
    assert house.ask("GET", "/readyz") == (503, {"ready": False, "reasons": {"slack": "Slack is not connected."}})
    assert house.ask("GET", "/healthz")[0] == 200


def test_metrics_are_served(house: House) -> None:
    text = house.ask("GET", "/metrics")[1]
    assert 'interlock_relay_total{outcome="sent"} 3.0' in text
    assert "interlock_database_up 1.0" in text


@pytest.mark.parametrize(
    ("receipt", "status"),
    [(Receipt.TAKEN, 200), (Receipt.FORGED, 401), (Receipt.UNREADABLE, 400), (Receipt.LATER, 503)],
)
def test_a_webhook_is_passed_on_and_its_receipt_answered(house: House, receipt: Receipt, status: int) -> None:
    house.receipt = receipt
    headers = {"X-Hub-Signature": "sha256=1", "X-Atlassian-Webhook-Identifier": "w1"}
    assert house.ask("POST", "/webhooks/jira", b"{}", headers)[0] == status
    assert house.webhooks == [(b"{}", "sha256=1", "w1")]


def test_a_webhook_that_breaks_is_answered_so_that_jira_sends_it_again(house: House, logged: io.StringIO) -> None:
    house.receipt = RuntimeError("x")
    assert house.ask("POST", "/webhooks/jira", b'{"summary": "topsecret"}') == (
        500,
        {"error": "Something broke on our side."},
    )
    assert "RuntimeError" in logged.getvalue()
    assert "topsecret" not in logged.getvalue()


def test_what_is_not_there_is_404(house: House) -> None:
    assert house.ask("GET", "/admin")[0] == 404
    assert house.ask("GET", "/slack/events")[0] == 405


def closed(address: HttpAddress, services: Services) -> HttpServer:
    """Neither Slack nor the tracker is reached over HTTP."""
    return HttpServer(build_http(health=Health(), registry=CollectorRegistry(), clock=services.clock), address)


def test_a_door_that_is_closed_says_so(services: Services) -> None:
    server = closed(HttpAddress("127.0.0.1", 0), services)
    server.start()
    house = House(services=services, port=server.port)
    assert "Socket Mode" in house.ask("POST", "/slack/events", b"{}")[1]["error"]
    assert "JIRA_WEBHOOK_SECRET" in house.ask("POST", "/webhooks/jira", b"{}")[1]["error"]
    server.stop()


def test_a_port_that_is_taken_is_a_sentence(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HttpError, match=f"Port {port} on 127.0.0.1 is taken"):
            closed(HttpAddress("127.0.0.1", port), services)
