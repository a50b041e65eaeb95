"""Socket Mode: driven with the vendor's own client, and with a real Bolt app on top."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Until = Callable[[Callable[[], Any]], Any]
Serve = Callable[..., Running]
Connect = Callable[..., WebClient]
GENERAL = "C0GENERAL"
ANA = "U0ANA"


class Listener:
    """The vendor's client; keeps what it got, and acknowledges it while `acks` is set."""

    def __init__(self, web: WebClient) -> None:
        self.got: list[SocketModeRequest] = []
        self.acks = True
        self.body: dict[str, Any] | None = None
        self.client = SocketModeClient(app_token="xapp-practice-app", web_client=web, auto_reconnect_enabled=False)
        self.client.socket_mode_request_listeners.append(self._hear)
        self.client.connect()

    def _hear(self, client: Any, request: SocketModeRequest) -> None:
        self.got.append(request)
        if self.acks:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=self.body))

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.payload["event"] for request in self.got if request.type == "events_api"]


@pytest.fixture
def listen(connect: Connect, until: Until) -> Iterator[Callable[[Running], Listener]]:
    listeners: list[Listener] = []

    def start(slack: Running) -> Listener:
        before = len(slack.slack.context.delivery.links)
        listener = Listener(connect(slack))
        listeners.append(listener)
        until(lambda: len(slack.slack.context.delivery.links) > before)
        return listener

    yield start
    for listener in listeners:
        close(listener.client, until)


def close(client: SocketModeClient, until: Until) -> None:
    """Closes a client at once: on its own it waits 3 s for something to read."""
    client.default_auto_reconnect_enabled = client.auto_reconnect_enabled = False
    base_url = client.web_client.base_url.removesuffix("api/")
    with contextlib.suppress(requests.ConnectionError):  # the server is down already, and with it the connection
        requests.post(f"{base_url}control/disconnect", json={"abrupt": True}, timeout=5)
    until(lambda: not client.is_connected())  # the client's own close would race with the end that it reads
    client.close()


Listen = Callable[[Running], Listener]


def test_a_command_is_answered_in_its_ack(slack: Running, listen: Listen, workspace: Workspace) -> None:
    listener = listen(slack)
    listener.body = {"text": "41 of 58 done"}
    outcome = slack.acts.command(ANA, GENERAL, "/release status 2026.12").result(5)
    assert outcome.acked
    (answer,) = workspace.messages(GENERAL, viewer=ANA)
    assert (answer.text, answer.ephemeral_to, answer.user) == ("41 of 58 done", ANA, "U0INTERLOCK")
    (request,) = listener.got
    assert (request.type, request.accepts_response_payload) == ("slash_commands", True)
    assert request.payload["text"] == "status 2026.12"


def test_an_answer_in_the_channel_is_for_everybody(slack: Running, listen: Listen, workspace: Workspace) -> None:
    listen(slack).body = {"text": "for all", "response_type": "in_channel"}
    slack.acts.command(ANA, GENERAL, "/release status").result(5)
    assert [message.text for message in workspace.messages(GENERAL)] == ["for all"]


def test_an_answer_with_bad_blocks_is_an_error_for_the_person(
    slack: Running, listen: Listen, workspace: Workspace
) -> None:
    listen(slack).body = {"blocks": [{"type": "fireworks"}]}
    outcome = slack.acts.command(ANA, GENERAL, "/release status").result(5)
    assert outcome.error == "invalid_command_response"
    (told,) = workspace.messages(GENERAL, viewer=ANA)
    assert told.text == '/release failed with the error "invalid_command_response"'


def test_no_ack_in_time_is_an_error_for_the_person(serve: Serve, listen: Listen, workspace: Workspace) -> None:
    slack = serve(ack_seconds=0.3)
    listener = listen(slack)
    listener.acks = False
    outcome = slack.acts.command(ANA, GENERAL, "/release status").result(5)
    assert (outcome.acked, outcome.error) == (False, "operation_timeout")
    (told,) = workspace.messages(GENERAL, viewer=ANA)
    assert (told.text, told.user) == ('/release failed with the error "operation_timeout"', "USLACKBOT")
    assert len(listener.got) == 1  # a command is not sent again


def test_nobody_there(slack: Running, workspace: Workspace) -> None:
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "dispatch_failed"
    (told,) = workspace.messages(GENERAL, viewer=ANA)
    assert told.text == '/release failed with the error "dispatch_failed"'


def test_an_event_that_found_nobody_waits_for_the_next_connection(slack: Running, listen: Listen, until: Until) -> None:
    pending = slack.admin.change_person(ANA, tz="Asia/Tokyo")
    listener = listen(slack)
    assert pending.result(5).acked
    assert listener.events[0]["user"]["tz"] == "Asia/Tokyo"
    assert listener.got[0].retry_attempt


def test_an_event_without_an_ack_comes_again_with_the_same_id(serve: Serve, listen: Listen, until: Until) -> None:
    slack = serve(ack_seconds=0.3, retry_delays=(0.0, 0.0, 0.0))
    listener = listen(slack)
    listener.acks = False
    outcome = slack.admin.change_person(ANA, tz="Asia/Tokyo").result(5)
    assert not outcome.acked
    assert [request.retry_attempt for request in listener.got] == [0, 1, 2, 3]
    assert {request.retry_reason for request in listener.got[1:]} == {"timeout"}
    assert len({request.payload["event_id"] for request in listener.got}) == 1


def test_an_event_goes_to_the_next_connection_when_its_own_breaks(serve: Serve, listen: Listen, until: Until) -> None:
    slack = serve(ack_seconds=30)
    first = listen(slack)
    first.acks = False
    pending = slack.admin.change_person(ANA, tz="Asia/Tokyo")
    until(lambda: first.got)
    requests.post(f"{slack.url}/control/disconnect", json={"abrupt": True}, timeout=5)
    until(lambda: not slack.slack.context.delivery.links)
    second = listen(slack)
    assert pending.result(5).acked
    assert second.got[0].payload["event_id"] == first.got[0].payload["event_id"]


def test_connections_share_the_work(slack: Running, listen: Listen) -> None:
    listeners = [listen(slack) for _ in range(3)]
    for _ in range(30):
        slack.acts.command(ANA, GENERAL, "/release status").result(5)
    assert [len(listener.got) for listener in listeners] == [10, 10, 10]


def test_a_ticket_opens_one_connection(slack: Running, connect: Connect, listen: Listen) -> None:
    url = connect(slack, token="xapp-practice-app").api_call("apps.connections.open")["url"]
    assert url.startswith("ws://127.0.0.1:")
    http = url.replace("ws://", "http://")
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with requests.get(http, headers=upgrade, timeout=5, stream=True) as first:
        assert first.status_code == 101
    with requests.get(http, headers=upgrade, timeout=5, stream=True) as second:
        assert second.status_code == 403


def test_on_disconnect_the_client_comes_anew(slack: Running, bolt: "Bolt", until: Until) -> None:
    before = slack.slack.context.delivery.links
    assert requests.post(f"{slack.url}/control/disconnect", timeout=5).json() == {"disconnected": 1}
    until(lambda: slack.slack.context.delivery.links not in ([], before))
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).body == {"text": "you said status"}


def test_an_envelope_may_come_twice(slack: Running, listen: Listen, until: Until) -> None:
    listener = listen(slack)
    requests.post(f"{slack.url}/control/deliver-twice", json={"count": 1}, timeout=5)
    slack.admin.change_person(ANA, tz="Asia/Tokyo")
    until(lambda: len(listener.got) == 2)
    assert len({request.payload["event_id"] for request in listener.got}) == 1
    assert len({request.envelope_id for request in listener.got}) == 2
    slack.admin.change_person(ANA, tz="Europe/London").result(5)
    assert len(listener.got) == 3


class Bolt:
    """A real Bolt app over Socket Mode."""

    def __init__(self, web: WebClient) -> None:
        self.mentions: list[str] = []
        app = App(client=web, process_before_response=True)
        app.command("/release")(self.release)
        app.event("app_mention")(self.mentioned)
        app.event("message")(lambda: None)
        self.handler = SocketModeHandler(app, "xapp-practice-app", web_client=web)
        self.handler.client.connect()

    @staticmethod
    def release(ack: Any, command: dict[str, Any]) -> None:
        ack(text=f"you said {command['text']}")

    def mentioned(self, event: dict[str, Any], say: Any) -> None:
        self.mentions.append(event["text"])
        say(text="here", thread_ts=event["ts"])


@pytest.fixture
def bolt(slack: Running, connect: Connect, until: Until) -> Iterator[Bolt]:
    bolt = Bolt(connect(slack))
    until(lambda: slack.slack.context.delivery.links)
    yield bolt
    close(bolt.handler.client, until)


def test_a_bolt_app_answers_a_mention_in_its_thread(
    slack: Running, bolt: Bolt, workspace: Workspace, until: Until
) -> None:
    asked = slack.acts.say(ANA, GENERAL, "@interlock status")
    (reply,) = until(lambda: workspace.replies(GENERAL, asked.ts))
    assert (reply.text, bolt.mentions) == ("here", ["<@U0INTERLOCK> status"])


def test_many_people_at_once(slack: Running, bolt: Bolt) -> None:
    bodies: list[Any] = []

    def type_it(number: int) -> None:
        bodies.append(slack.acts.command(ANA, GENERAL, f"/release {number}").result(10).body)

    threads = [threading.Thread(target=type_it, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {body["text"] for body in bodies} == {f"you said {number}" for number in range(40)}


def test_stopping_fails_what_is_under_way(serve: Serve, listen: Listen, until: Until) -> None:
    slack = serve(ack_seconds=60)
    listener = listen(slack)
    listener.acks = False
    pending = slack.acts.command(ANA, GENERAL, "/release status")
    until(lambda: listener.got)
    slack.stop()
    assert pending.result(5).error == "dispatch_failed"
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "dispatch_failed"
