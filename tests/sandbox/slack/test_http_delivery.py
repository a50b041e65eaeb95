"""Slack over HTTP: what arrives at the app's own address, and how its answers are taken."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Serve = Callable[..., Running]
Connect = Callable[..., WebClient]
GENERAL = "C0GENERAL"
ANA = "U0ANA"


class Inbox:
    """A web server that keeps what is posted to it and answers as `answer` says."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], str]] = []
        self.answer: Callable[[dict[str, str], str], tuple[int, str]] = lambda _headers, _body: (200, "")
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {key.lower(): value for key, value in self.headers.items()}
                inbox.got.append((self.path, headers, body))
                status, text = inbox.answer(headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the caller has lost its patience
                    self.wfile.write(text.encode())

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()


@pytest.fixture
def slack(serve: Serve, inbox: Inbox) -> Running:
    return serve(http_url=inbox.url, retry_delays=(0.0, 0.0, 0.0))


def test_a_command_is_a_signed_form(slack: Running, inbox: Inbox, clock: Any) -> None:
    slack.acts.command(ANA, GENERAL, "/release note fix the payload parser").result(5)
    ((path, headers, body),) = inbox.got
    assert path == "/slack/events"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    form = {key: value[0] for key, value in parse_qs(body).items()}
    assert (form["command"], form["text"], form["user_id"]) == ("/release", "note fix the payload parser", ANA)
    verifier = SignatureVerifier("practice-signing-secret", clock=Now(clock()))
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + "x", headers)


class Now(Clock):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> float:
        return self._seconds


@pytest.mark.parametrize("answer", ["41 of 58 done", '{"text": "41 of 58 done"}'])
def test_a_command_is_answered_by_text_or_json(slack: Running, inbox: Inbox, workspace: Workspace, answer: str) -> None:
    inbox.answer = lambda _headers, _body: (200, answer)
    slack.acts.command(ANA, GENERAL, "/release status").result(5)
    (told,) = workspace.messages(GENERAL, viewer=ANA)
    assert (told.text, told.ephemeral_to) == ("41 of 58 done", ANA)


def test_an_empty_answer_says_nothing(slack: Running, inbox: Inbox, workspace: Workspace) -> None:
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).acked
    assert workspace.messages(GENERAL, viewer=ANA) == []


def test_an_http_error_reaches_the_person_and_is_not_tried_again(
    slack: Running, inbox: Inbox, workspace: Workspace
) -> None:
    inbox.answer = lambda _headers, _body: (500, "oh")
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "dispatch_failed"
    (told,) = workspace.messages(GENERAL, viewer=ANA)
    assert told.text == '/release failed with the error "dispatch_failed"'
    assert len(inbox.got) == 1


def test_nobody_listens(serve: Serve, workspace: Workspace) -> None:
    slack = serve(http_url="http://127.0.0.1:9")
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "dispatch_failed"


def test_a_slow_app(serve: Serve, inbox: Inbox) -> None:
    slack, late = serve(http_url=inbox.url, ack_seconds=0.05), threading.Event()
    inbox.answer = lambda _headers, _body: (200, str(late.wait(10)))
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "operation_timeout"
    late.set()


def test_stopping_fails_what_is_under_way(slack: Running, inbox: Inbox, until: Callable[..., Any]) -> None:
    late = threading.Event()
    inbox.answer = lambda _headers, _body: (200, str(late.wait(10)))
    pending = slack.acts.command(ANA, GENERAL, "/release status")
    until(lambda: inbox.got)
    stopping = threading.Thread(target=slack.stop)
    stopping.start()
    assert pending.result(5).error == "dispatch_failed"
    late.set()
    stopping.join(10)
    assert not stopping.is_alive()


def test_an_event_is_json_and_tried_three_times_more(slack: Running, inbox: Inbox) -> None:
    inbox.answer = lambda _headers, _body: (500, "")
    assert not slack.admin.change_person(ANA, tz="Asia/Tokyo").result(5).acked
    assert [headers.get("x-slack-retry-num") for _, headers, _ in inbox.got] == [None, "1", "2", "3"]
    assert {headers.get("x-slack-retry-reason") for _, headers, _ in inbox.got[1:]} == {"http_error"}
    bodies = [json.loads(body) for _, _, body in inbox.got]
    assert {body["type"] for body in bodies} == {"event_callback"}
    assert len({body["event_id"] for body in bodies}) == 1


def test_a_real_bolt_app_takes_it(slack: Running, inbox: Inbox, connect: Connect, workspace: Workspace) -> None:
    app = App(
        client=connect(slack),
        signing_secret="practice-signing-secret",
        process_before_response=True,
        request_verification_enabled=False,  # the workspace's clock stands still; the signature is checked above
    )

    @app.command("/release")
    def release(ack: Any, command: dict[str, Any]) -> None:
        ack(text=f"you said {command['text']}")

    @app.action("go")
    def go(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        respond(text=f"{body['user']['name']} clicked", replace_original=False)

    def dispatch(headers: dict[str, str], body: str) -> tuple[int, str]:
        answer = app.dispatch(BoltRequest(body=body, headers={key: [value] for key, value in headers.items()}))
        return answer.status, answer.body

    inbox.answer = dispatch
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).body["text"] == "you said status"
    element = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    posted = connect(slack).chat_postMessage(
        channel=GENERAL, text="card", blocks=[{"type": "actions", "block_id": "b", "elements": [element]}]
    )
    assert slack.acts.click(ANA, GENERAL, posted["ts"], block_id="b", action_id="go").result(5).acked
    assert [m.text for m in workspace.messages(GENERAL, viewer=ANA)][-1] == "ana clicked"


def test_delivery_can_be_turned_to_http_while_it_runs(serve: Serve, inbox: Inbox) -> None:
    slack = serve()
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).error == "dispatch_failed"
    requests.post(f"{slack.url}/control/http", json={"url": inbox.url}, timeout=5)
    assert slack.acts.command(ANA, GENERAL, "/release status").result(5).acked
