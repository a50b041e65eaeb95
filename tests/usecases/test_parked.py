"""What becomes of messages that the relay gave up on: who hears of them, and what they can do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.outbox import DeliveryError, Message, Outgoing, Sent
from interlock.domain.pacing import UNLIMITED
from interlock.domain.permission import Permission
from interlock.domain.policy import RELEASE_MANAGER, Role
from interlock.jobs.delivery import PARKED_KIND
from interlock.jobs.relay import Relay
from interlock.store import audit
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue
from interlock.usecases import parked
from interlock.usecases.parked import Settled
from tests import builders
from tests.builders import NOW, actor

POLICY = replace(
    builders.POLICY,
    roles={
        RELEASE_MANAGER: Role(groups=("release-managers",), people=("ana@practice.example", "left@practice.example"))
    },
    permissions=builders.POLICY.permissions | {Permission.JOB_RUN: (RELEASE_MANAGER,)},
)
POST = Outgoing(key="", kind="digest", ids={}, channel="C0GONE", not_after=NOW + timedelta(hours=3))


class Slack:
    """Refuses everything with `error`, or takes it."""

    def __init__(self) -> None:
        self.error: DeliveryError | None = DeliveryError("The channel is archived. Unarchive it.", permanent=True)

    def send(self, message: Message) -> Sent:
        if self.error is not None:
            raise self.error
        return Sent(channel=message.channel, ts=f"{message.id}.0")

    def find(self, _message: Message) -> Sent | None:
        return None


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
def relay(store: Store, slack: Slack) -> Relay:
    with store.write() as session:
        builders.people(session)
    return Relay(
        store,
        slack,
        clock=lambda: NOW,
        owner="r",
        rates=UNLIMITED,
        on_parked=lambda session, message, reason: parked.tell(session, POLICY, message, reason, NOW),
    )


def park(store: Store, relay: Relay, *channels: str) -> list[int]:
    """Posts to these channels that are given up on; their numbers."""
    with store.write() as session:
        for channel in channels:
            enqueue(session, replace(POST, key=f"p:{channel}", channel=channel), NOW)
    while relay.run_once():
        pass
    with store.read() as session:
        return [row.id or 0 for row in session.exec(select(OutboxRow).where(OutboxRow.state == "parked"))]


def notes(store: Store) -> list[OutboxRow]:
    with store.read() as session:
        return list(session.exec(select(OutboxRow).where(OutboxRow.kind == parked.KIND).order_by(OutboxRow.channel)))


def test_the_relay_knows_the_kind_of_which_nobody_is_told() -> None:
    assert parked.KIND == PARKED_KIND


def test_each_release_manager_who_can_act_hears_of_a_cause_once(store: Store, relay: Relay) -> None:
    park(store, relay, "C0GONE", "C0TWO", "@U0RAVI")
    assert [(note.channel, note.state) for note in notes(store)] == [("@U0ANA", "pending"), ("@U0RITA", "pending")]
    assert {note.not_before for note in notes(store)} == {NOW + parked.GATHERED}


def test_another_cause_is_told_too(store: Store, relay: Relay, slack: Slack) -> None:
    park(store, relay, "C0GONE")
    slack.error = DeliveryError("The bot token was revoked.", permanent=True)
    park(store, relay, "C0TWO")
    assert len(notes(store)) == 4


def test_what_is_told_is_all_that_waits_for_the_same_mend(store: Store, relay: Relay) -> None:
    first, *_ = park(store, relay, "C0GONE", "@U0RAVI")
    found = parked.trouble(store, first)
    assert found is not None
    assert found.reason == "The channel is archived. Unarchive it."
    assert [(each.channel, each.person) for each in found.messages] == [("C0GONE", None), (None, "Ravi Menon-Hale")]


def test_once_it_is_mended_all_of_it_is_sent_again(store: Store, relay: Relay, slack: Slack) -> None:
    first, *_ = park(store, relay, "C0GONE", "C0TWO")
    slack.error = None
    assert parked.send_again(store, POLICY, actor("RITA"), first, NOW) == Settled(count=2)
    while relay.run_once():
        pass
    with store.read() as session:
        states = session.exec(select(OutboxRow.state).where(OutboxRow.kind == "digest")).all()
        assert audit.verify(session) == (1, None)
    assert list(states) == ["sent", "sent"]
    assert parked.trouble(store, first) is None


def test_what_is_let_go_is_never_sent(store: Store, relay: Relay) -> None:
    first, *_ = park(store, relay, "C0GONE")
    assert parked.let_go(store, POLICY, actor("ANA"), first, NOW) == Settled(count=1)
    with store.read() as session:
        row = session.get_one(OutboxRow, first)
    assert (row.state, row.reason) == ("dropped", "Let go by Ana Whitlock.")


@pytest.mark.parametrize("act", [parked.send_again, parked.let_go])
def test_a_second_click_finds_it_seen_to(store: Store, relay: Relay, act: Callable[..., Settled | Refused]) -> None:
    first, *_ = park(store, relay, "C0GONE")
    act(store, POLICY, actor("RITA"), first, NOW)
    assert act(store, POLICY, actor("RITA"), first, NOW) == Settled(count=0)


@pytest.mark.parametrize("act", [parked.send_again, parked.let_go])
@pytest.mark.parametrize("who", ["RAVI", "GUEST", "VENDOR", "LEFT", "STRANGER"])
def test_nobody_else_may(store: Store, relay: Relay, act: Callable[..., Settled | Refused], who: str) -> None:
    first, *_ = park(store, relay, "C0GONE")
    assert isinstance(act(store, POLICY, actor(who), first, NOW), Refused)
    assert parked.trouble(store, first) is not None
