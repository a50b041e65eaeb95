"""Slack over Socket Mode, against the practice Slack: answers, repeats, reconnection, and an end that loses nothing."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.app import build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.requests import Command, Event
from bot.services import Services
from bot.socket import SlackSocket
from bot.views import blocks
from bot.views.blocks import Message
from interlock.config.errors import SettingsError
from sandbox.serving import bind
from sandbox.slack.server import Running
from sandbox.slack.settings import Settings
from sandbox.slack.values import Command as SlackCommand
from sandbox.slack.workspace import Workspace
from sandbox.world.people import CHANNELS, GROUPS, PEOPLE

PATIENCE = 30.0
APP_TOKEN = "xapp-practice-app"


def until(what: str, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


@dataclass
class Bot:
    """Handlers that remember, and one that waits at a gate."""

    services: Services
    commands: list[Command] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    failures: int = 0
    inside: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def say(self, request: Command, _services: Services) -> Message:
        self.commands.append(request)
        return blocks.sentence(f"heard {blocks.escape(request.args)}")

    def wait(self, request: Command, services: Services) -> Message:
        self.inside.set()
        self.gate.wait(PATIENCE)
        return self.say(request, services)

    def hear(self, event: Event, _services: Services) -> None:
        self.events.append(event)
        if len(self.events) <= self.failures:
            raise RuntimeError("broke")

    def connect(self, url: str, app_token: str = APP_TOKEN) -> SlackSocket:
        verbs = {"note": Verb(handler=self.say, about="hears"), "wait": Verb(handler=self.wait, about="waits")}
        tables = Tables(
            commands={"/release": SlashCommand(about="Releases.", verbs=verbs)}, events={"app_home_opened": self.hear}
        )
        app = build_app(self.services, tables=tables)
        return SlackSocket(app, app_token, f"{url}/api/")


@pytest.fixture
def bot(services: Services) -> Bot:
    return Bot(services=services)


def workspace() -> Workspace:
    commands = [SlackCommand(command="/release", should_escape=True)]
    return Workspace(people=PEOPLE, channels=CHANNELS, groups=GROUPS, commands=commands)


def serve(port: int = 0) -> Running:
    return Running(workspace(), settings=Settings(rate_scale=0, retry_delays=(0.0, 0.05, 0.05)), port=port)


@pytest.fixture
def practice() -> Iterator[Running]:
    running = serve()
    yield running
    running.stop()


@pytest.fixture
def socket(bot: Bot, practice: Running) -> Iterator[SlackSocket]:
    socket = bot.connect(practice.url)
    socket.start()
    until("the connection", lambda: socket.is_connected)
    yield socket
    bot.gate.set()
    socket.stop()


def test_a_commands_answer_rides_in_its_ack(bot: Bot, practice: Running, socket: SlackSocket) -> None:
    outcome = practice.acts.command("U0ANA", "C0GENERAL", "/release note <payload> & more").result(PATIENCE)
    assert (outcome.acked, outcome.error) == (True, None)
    assert outcome.body["text"] == "heard &lt;payload&gt; &amp; more"


def test_an_envelope_that_comes_twice_is_handled_once(bot: Bot, practice: Running, socket: SlackSocket) -> None:
    practice.slack.context.delivery.deliver_twice(1)
    assert practice.acts.command("U0ANA", "C0GENERAL", "/release note once").result(PATIENCE).acked
    assert practice.acts.command("U0ANA", "C0GENERAL", "/release note more").result(PATIENCE).acked
    assert [request.args for request in bot.commands] == ["once", "more"]


def test_an_event_that_failed_comes_again(bot: Bot, practice: Running, socket: SlackSocket) -> None:
    bot.failures = 1
    practice.acts.open_home("U0ANA")
    until("the repeat", lambda: len(bot.events) == 2)
    first, second = bot.events
    assert first.event_id == second.event_id


@pytest.mark.parametrize("abrupt", [False, True])
def test_it_comes_back_when_slack_hangs_up(
    bot: Bot,
    practice: Running,
    socket: SlackSocket,
    abrupt: bool,  # noqa: FBT001 a column
) -> None:
    connection = http.client.HTTPConnection(practice.url.removeprefix("http://"))
    connection.request("POST", "/control/disconnect", json.dumps({"abrupt": abrupt}))
    assert json.load(connection.getresponse()) == {"disconnected": 1}
    connection.close()

    def answered() -> bool:
        return practice.acts.command("U0ANA", "C0GENERAL", "/release note back").result(PATIENCE).acked

    until("an answer", answered)


def test_a_slack_that_is_not_there_yet_is_tried_again(bot: Bot) -> None:
    probe = bind(0)
    port = probe.getsockname()[1]
    probe.close()
    socket = bot.connect(f"http://127.0.0.1:{port}")
    socket.start()
    assert not socket.is_connected
    practice = serve(port)
    until("the connection", lambda: socket.is_connected)
    socket.stop()
    practice.stop()


def test_an_app_token_that_slack_does_not_know_is_named(bot: Bot, practice: Running) -> None:
    socket = bot.connect(practice.url, "xapp-of-somebody-else")
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN is not accepted"):
        socket.start()


def test_what_is_being_handled_is_finished_and_answered(bot: Bot, practice: Running) -> None:
    socket = bot.connect(practice.url)
    socket.start()
    pending = practice.acts.command("U0ANA", "C0GENERAL", "/release wait for it")
    assert bot.inside.wait(PATIENCE)
    ending = threading.Thread(target=socket.stop)
    ending.start()
    bot.gate.set()
    assert pending.result(PATIENCE).body["text"] == "heard for it"
    ending.join(PATIENCE)
    assert not socket.is_connected


def test_a_receiver_that_was_told_to_end_does_not_begin_anew(bot: Bot, practice: Running) -> None:
    socket = bot.connect(practice.url)
    socket.start()
    client = socket._client
    until("a session", lambda: client.current_session is not None)
    session, receiver = client.current_session, client.current_session_runner
    assert session is not None
    with session.sock_send_lock:  # closing is kept waiting, as on a machine with much else to do
        ending = threading.Thread(target=socket.stop)
        ending.start()
        until("it to be told", lambda: client.current_session_state.terminated)
        until("its end", lambda: not receiver.is_alive() or not client.current_session_state.terminated)
    ending.join(PATIENCE)
    assert not receiver.is_alive()
    assert not socket.is_connected


def test_a_stop_before_any_connection_is_quick(bot: Bot) -> None:
    socket = bot.connect("http://127.0.0.1:1")
    socket.start()
    socket.stop()
    assert not socket.is_connected


def test_a_stop_waits_for_nobody_for_ever(bot: Bot, practice: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would: for a listener that does not return, for a thread of its own that reads and hears nothing."""
    monkeypatch.setattr("bot.socket.DRAIN_SECONDS", 0.1)
    monkeypatch.setattr("bot.socket.CLOSE_SECONDS", 0.1)
    socket = bot.connect(practice.url)
    socket.start()
    practice.acts.command("U0ANA", "C0GENERAL", "/release wait for it")
    assert bot.inside.wait(PATIENCE)
    ending = threading.Thread(target=socket.stop)
    ending.start()
    ending.join(PATIENCE / 2)
    stopped = not ending.is_alive()
    bot.gate.set()
    assert stopped
