"""Where tokens and answers go: to the addresses in the settings, and nowhere that an answer or a payload names."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot import slack as slack_module
from bot.answers import Answers
from bot.services import Services
from bot.slack import Client, Slack, SlackError, is_slacks
from bot.socket import SlackSocket
from bot.views import blocks
from interlock.domain.policy import Tickets
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from tests.bot.conftest import Slack as Recorder

REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class Elsewhere:
    """Two servers: `url` redirects everything with `status` to the other, which keeps what it is sent."""

    url: str
    status: int = 302
    reached: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    class Trap(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            trapped.reached.append(dict(self.headers))
            body = json.dumps({"ok": True, "issues": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    class Redirect(Trap):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(trapped.status)
            self.send_header("Location", f"http://localhost:{trap.server_port}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815 as above

    trap, redirect = ThreadingHTTPServer(("127.0.0.1", 0), Trap), ThreadingHTTPServer(("127.0.0.1", 0), Redirect)
    trapped = Elsewhere(url=f"http://127.0.0.1:{redirect.server_port}")
    threads = [threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01}) for each in (trap, redirect)]
    for thread in threads:
        thread.start()
    yield trapped
    for server, thread in zip((trap, redirect), threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


def test_slacks_token_follows_no_redirect(elsewhere: Elsewhere) -> None:
    slack = Slack("xoxb-practice-bot", f"{elsewhere.url}/api/")
    for elsewhere.status in REDIRECTS:
        with pytest.raises(SlackError):
            slack.write("chat.postMessage", channel="C1")
        with pytest.raises(SlackError):
            slack.read("users.list")
    assert elsewhere.reached == []


def test_nor_does_the_app_level_token(elsewhere: Elsewhere, services: Services) -> None:
    from bot.app import build_app  # noqa: PLC0415 slow, and for this test alone

    socket = SlackSocket(build_app(services), "xapp-practice-app", f"{elsewhere.url}/api/")
    socket.start()
    socket.stop()
    assert elsewhere.reached == []


def test_nor_does_jiras(elsewhere: Elsewhere) -> None:
    jira = JiraTracker(elsewhere.url, None, "practice-jira-token", Tickets(projects=("DATA",)), sleep=lambda _: None)
    for elsewhere.status in REDIRECTS:
        with pytest.raises(TrackerError, match="redirects to localhost"):
            jira.greet()
        with pytest.raises(TrackerError):
            list(jira.pages(("DATA",)))
    jira.close()
    assert elsewhere.reached == []


def test_an_answer_of_slacks_has_a_limit(slack: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_module, "LARGEST_ANSWER", 1000)
    slack.answer("users.list", {"ok": True, "members": ["x" * 1000]})
    with pytest.raises(SlackError, match="got lost"):
        Slack("xoxb-practice-bot", slack.url).read("users.list")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_slacks_address_is_one_of_the_webs(url: str) -> None:
    with pytest.raises(SlackError):
        Slack("xoxb-practice-bot", url).read("auth.test")


def test_slacks_certificate_is_checked() -> None:
    """None lets the standard library's own context decide, which verifies; ours is never another."""
    assert Client(token="x").ssl is None
    context = ssl.create_default_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


API = "https://slack.com/api/"
NOT_SLACKS = [
    "https://evil.example/x",
    "http://hooks.slack.com/x",
    "https://hooks.slack.com.evil.example/x",
    "https://hooks.slack.com@evil.example/x",
    "https://evil.example/hooks.slack.com",
    "https://evil.example#.slack.com",
    "https://evilslack.com/x",
    "https://[::1]/x",
    "http://169.254.169.254/latest/meta-data",
    "https://127.0.0.1/x",
    "file:///etc/passwd",
    "ftp://hooks.slack.com/x",
    "//hooks.slack.com/x",
    "https://[",
    "",
]


@pytest.mark.parametrize("url", NOT_SLACKS)
def test_an_answer_goes_to_slack_alone(url: str) -> None:
    answers = Answers(API)
    assert answers.send(url, blocks.sentence("DATA-214 is blocked")).result() is False
    answers.close()


def test_where_slack_is_reached_in_another_way_its_answers_are_too(slack: Recorder) -> None:
    answers = Answers(slack.url)
    assert answers.send(f"{slack.url}answer", blocks.sentence("Approved.")).result() is True
    answers.close()
    assert len(slack.called("answer")) == 1


@pytest.mark.parametrize("url", ["https://hooks.slack.com/actions/T1/1/x", "https://hooks.slack-gov.com/commands/x"])
def test_slacks_own_addresses_are_known(url: str) -> None:
    assert is_slacks(url, API)
