"""Outbox, relay, sender and the practice Slack together: whatever goes wrong on the way, a post stands exactly once."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest
from sqlmodel import select

from bot.drawing import Drawn
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import Slack
from bot.views import blocks
from bot.wiring import now
from interlock.domain.delivery import Rules
from interlock.domain.outbox import Outgoing
from interlock.domain.pacing import UNLIMITED
from interlock.jobs.relay import Relay
from interlock.store.outbox import OutboxRow, enqueue
from sandbox.faults import Fault, FaultKind
from sandbox.slack.server import Running
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace
from sandbox.world.people import CHANNELS, GROUPS, PEOPLE

PATIENCE = 60.0
CHANNEL = "C0RELDATAPLATFORM"
QUICK = Rules(grace=timedelta(seconds=0.2), first_pause=timedelta(seconds=0.05))
DRAWN = Drawn(message=blocks.message("Tuesday", blocks.section("*Tuesday* nothing changed")))


@pytest.fixture
def practice() -> Iterator[Running]:
    running = Running(
        Workspace(people=PEOPLE, channels=CHANNELS, groups=GROUPS, commands=[]), settings=Settings(rate_scale=0)
    )
    yield running
    running.stop()


@pytest.fixture
def relay(practice: Running, services: Services) -> Iterator[Relay]:
    slack = Slack("xoxb-practice-bot", f"{practice.url}/api/", timeout=1)
    sender = SlackSender(services, slack, {"digest": lambda *_: DRAWN})
    relay = Relay(services.store, sender, clock=now, owner="r", rules=QUICK, rates=UNLIMITED)
    relay.start()
    yield relay
    relay.stop()


def post(services: Services, relay: Relay, *, channel: str = CHANNEL, thread_ts: str | None = None) -> None:
    message = Outgoing(
        key="p", kind="digest", ids={}, channel=channel, thread_ts=thread_ts, not_after=now() + timedelta(hours=1)
    )
    with services.store.write() as session:
        assert enqueue(session, message, now())
    relay.wakeup.ring()


def settled(services: Services) -> OutboxRow:
    deadline = time.monotonic() + PATIENCE
    while True:
        with services.store.read() as session:
            row = session.exec(select(OutboxRow)).one()
        if row.state in {"sent", "dropped", "parked"}:
            return row
        assert time.monotonic() < deadline, row
        time.sleep(0.02)


def standing(practice: Running, channel: str) -> list[Any]:
    """What the bot has posted there, replies too."""
    return [message for message in practice.slack.workspace.everything(channel) if message.text == "Tuesday"]


@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_a_post_stands_once_whatever_becomes_of_the_first_attempt(
    practice: Running, relay: Relay, services: Services, kind: FaultKind
) -> None:
    practice.slack.faults.plan(Fault(service="slack", method="chat.postMessage", fault=kind))
    post(services, relay)
    row = settled(services)
    [message] = standing(practice, CHANNEL)
    assert (row.state, row.message_channel, row.message_ts) == ("sent", CHANNEL, message.ts)


def test_a_reply_stands_once_when_its_answer_got_lost(practice: Running, relay: Relay, services: Services) -> None:
    parent = practice.acts.say("U0RITA", CHANNEL, "How is it going?")
    practice.slack.faults.plan(Fault(service="slack", method="chat.postMessage", fault="drop_after"))
    post(services, relay, thread_ts=parent.ts)
    row = settled(services)
    assert row.state == "sent"
    assert len(standing(practice, CHANNEL)) == 1


def test_a_direct_message_is_found_again_in_its_conversation(
    practice: Running, relay: Relay, services: Services
) -> None:
    practice.slack.faults.plan(Fault(service="slack", method="chat.postMessage", fault="drop_after"))
    post(services, relay, channel="@U0RAVI")
    row = settled(services)
    assert row.state == "sent"
    assert row.message_channel is not None
    assert row.message_channel.startswith("D")
    assert len(standing(practice, row.message_channel)) == 1


def test_a_conversation_that_cannot_be_read_meanwhile_is_read_later(
    practice: Running, relay: Relay, services: Services
) -> None:
    practice.slack.faults.plan(Fault(service="slack", method="chat.postMessage", fault="drop_after"))
    practice.slack.faults.plan(Fault(service="slack", method="conversations.history", fault="500", count=2))
    post(services, relay)
    assert settled(services).state == "sent"
    assert len(standing(practice, CHANNEL)) == 1


def test_a_channel_that_does_not_exist_is_parked_with_its_mend(
    practice: Running, relay: Relay, services: Services
) -> None:
    post(services, relay, channel="C0NOWHERE")
    row = settled(services)
    assert row.state == "parked"
    assert "Invite Interlock there" in (row.reason or "")
