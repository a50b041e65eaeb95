"""`/link token`: what is said, and that the token stands in one direct message and nowhere else."""

import io
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from sqlmodel import select

from bot.app import COMMANDS
from bot.commands import Meant, find
from bot.requests import Command
from bot.services import Services
from bot.slack import Slack as SlackApi
from bot.views.blocks import Message, plain
from bot.wiring import relay_of
from interlock.domain.token import Bearer
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.usecases.token import authenticate
from tests.bot.conftest import Slack
from tests.builders import NOW, POLICY, actor, people

TOKEN = re.compile(r"interlock_[\w-]{43}")
POSTED = {"ok": True, "channel": "D0TOM", "ts": "1.1"}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(services: Services, slack: Slack, clock: Clock) -> Services:
    with services.store.write() as session:
        people(session)
    slack.answer("conversations.open", {"ok": True, "channel": {"id": "D0TOM"}})
    return replace(services, policy=POLICY, clock=clock)


@pytest.fixture
def send(office: Services, slack: Slack, clock: Clock) -> Callable[[], list[str]]:
    """Has the relay work for a minute; gives the tokens that Slack was sent so far."""
    relay = relay_of(office, SlackApi("xoxb-practice-bot", slack.url, 1), "test")

    def send() -> list[str]:
        for _ in range(12):
            relay.run_once()
            clock.now += timedelta(seconds=5)
        return [TOKEN.findall(str(call["blocks"]) + call["text"])[0] for call in slack.called("chat.postMessage")]

    return send


def type_(office: Services, text: str = "token", who: str = "TOM", trigger: str = "t1") -> str:
    meant = find(COMMANDS["/link"], text)
    assert isinstance(meant, Meant)
    request = Command(
        actor=actor(who),
        name="/link",
        verb=meant.verb or "",
        args=meant.args,
        channel_id="C0GENERAL",
        channel_name="general",
        trigger_id=trigger,
        now=office.clock(),
    )
    said = COMMANDS["/link"].verbs[meant.verb or ""].handler(request, office)
    assert isinstance(said, Message)
    return plain(said).text


def works(office: Services, text: str) -> bool:
    return isinstance(authenticate(office.store, office.policy, text, office.clock()), Bearer)


def drop(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_a_token_comes_by_direct_message_and_says_what_it_is(
    office: Services, slack: Slack, send: Callable[[], list[str]]
) -> None:
    assert type_(office).startswith(
        "A token for the command line is on its way to you as a direct message, good for 12"
    )
    slack.answer("chat.postMessage", POSTED)
    [text] = send()
    [call] = slack.called("chat.postMessage")
    assert call["channel"] == "D0TOM"
    assert slack.called("conversations.open") == [{"users": "U0TOM"}]
    assert call["text"] == "Your token for Interlock's command line is here."
    assert "good for 12 hours, until <!date^" in str(call["blocks"])
    assert works(office, text)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://interlock.example.com", "Run `interlock login --server https://interlock.example.com` and paste the"),
        (
            None,
            "Ask Interlock's operator for its address, run `interlock login --server ADDRESS` and paste the",
        ),
    ],
)
def test_it_says_the_whole_command_that_logs_in(
    office: Services, slack: Slack, clock: Clock, address: str | None, told: str
) -> None:
    there = replace(office, settings=office.settings.model_copy(update={"interlock_url": address}))
    type_(there)
    slack.answer("chat.postMessage", POSTED)
    relay_of(there, SlackApi("xoxb-practice-bot", slack.url, 1), "test").run_once()
    clock.now += timedelta(seconds=5)
    [call] = slack.called("chat.postMessage")
    assert told in str(call["blocks"])


def test_a_workspace_that_refuses_blocks_gets_the_same_token_in_words(
    office: Services, slack: Slack, send: Callable[[], list[str]]
) -> None:
    type_(office)
    slack.answer("chat.postMessage", {"ok": False, "error": "invalid_blocks"}, POSTED)
    first, second = send()
    assert first == second
    assert works(office, second)


def test_an_answer_that_got_lost_leaves_the_token_that_stands_in_slack(
    office: Services, slack: Slack, send: Callable[[], list[str]]
) -> None:
    type_(office)
    slack.answer("chat.postMessage", drop)
    with office.store.read() as session:
        mark = session.exec(select(OutboxRow.token)).one()
    metadata = {"event_type": "interlock", "event_payload": {"token": mark}}
    slack.answer("conversations.history", {"ok": True, "messages": [{"ts": "1.1", "metadata": metadata}]})
    [text] = send()
    assert works(office, text)


def test_a_message_that_is_not_there_is_drawn_again_and_only_the_new_token_works(
    office: Services, slack: Slack, send: Callable[[], list[str]]
) -> None:
    type_(office)
    slack.answer("chat.postMessage", drop, {"_status": 429, "ok": False, "_headers": {"Retry-After": "1"}}, POSTED)
    slack.answer("conversations.history", {"ok": True, "messages": []})
    *lost, text = send()
    assert len(lost) == 2
    assert [works(office, each) for each in lost] == [False, False]
    assert works(office, text)
    assert "Any token that you were sent before this one no longer works" in str(slack.called("chat.postMessage")[-1])


def test_a_token_revoked_while_it_waited_is_never_made(
    office: Services, slack: Slack, send: Callable[[], list[str]]
) -> None:
    type_(office)
    assert type_(office, "token revoke") == "No token of yours works, and none is on its way."
    assert send() == []
    with office.store.read() as session:
        row = session.exec(select(OutboxRow)).one()
        assert (row.state, row.reason) == ("dropped", "asked for anew, or revoked")


def test_nobody_who_left_meanwhile_is_sent_one(office: Services, send: Callable[[], list[str]]) -> None:
    type_(office)
    with office.store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    assert send() == []


def test_revoking_ends_it(office: Services, slack: Slack, send: Callable[[], list[str]]) -> None:
    type_(office)
    slack.answer("chat.postMessage", POSTED)
    [text] = send()
    assert type_(office, "token revoke") == "Revoked: your token for the command line no longer works."
    assert not works(office, text)


@pytest.mark.parametrize("slip", ["token revok", "token stop", "token revoke2 now"])
def test_a_slip_sends_no_token(office: Services, slip: str) -> None:
    assert type_(office, slip).startswith("Nothing was done.")
    with office.store.read() as session:
        assert session.exec(select(OutboxRow)).all() == []


def test_a_guest_is_told_why_not(office: Services) -> None:
    assert type_(office, who="GUEST").startswith("Interlock answers full members of this workspace only, not guests.")


def test_the_log_shows_no_token_whatever_goes_wrong(
    office: Services, slack: Slack, send: Callable[[], list[str]], logged: io.StringIO
) -> None:
    type_(office)
    refused: dict[str, Any] = {"ok": False, "error": "invalid_blocks"}
    slack.answer("chat.postMessage", drop, refused, {"_status": 500, "_raw": "no"}, POSTED)
    slack.answer("conversations.history", *[{"ok": True, "messages": []}] * 3)
    sent = send()
    assert len(sent) > 2
    assert "outbox.settled" in logged.getvalue()
    for text in sent:
        assert text not in logged.getvalue()
