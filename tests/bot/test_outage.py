"""What is read after an outage, and one outage from end to end against the practice Slack."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot.drawing import Drawn
from bot.sender import DRAWERS, SlackSender
from bot.services import Services
from bot.slack import Slack
from bot.views import blocks
from bot.views import outage as view
from bot.wiring import now
from interlock.domain.outage import Cause, NotSent, Outage, Recovery
from interlock.domain.outbox import Outgoing
from interlock.domain.pacing import UNLIMITED
from interlock.jobs.relay import Relay
from interlock.store.outbox import enqueue
from interlock.usecases import outage
from sandbox.faults import Fault
from sandbox.slack.server import Running
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace
from sandbox.world.people import CHANNELS, GROUPS, PEOPLE

NINE = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
RECOVERY = Recovery(cause=Cause.SLACK, began_at=NINE, ended_at=NINE + timedelta(minutes=63), late=3, not_sent=())
DIGEST = NotSent(kind="digest", due_at=NINE, release="2026.12 <!here>")
TOLD = ("C0RELDATAPLATFORM", "C0GENERAL", "C0GOVERNANCE")


def test_it_says_from_when_to_when_what_is_late_and_what_does_not_come() -> None:
    told = view.told(replace(RECOVERY, not_sent=(DIGEST, NotSent(kind="booking.reminder", due_at=NINE))))
    assert told.text == (
        "Slack took no messages for 1 hour. 3 messages come late, 2 were not sent, because their time was over."
    )
    summary = "3 messages come late, 2 were not sent, because their time was over"
    first, *rest = told.blocks[0]["text"]["text"].splitlines()
    stamp = int(NINE.timestamp())
    assert first == (
        f"*Slack took no messages* from <!date^{stamp}^{{date_long_pretty}} {{time}}|Mon 23 Nov 09:02 UTC> to "
        f"<!date^{stamp + 3780}^{{time}}|10:05 UTC>. {summary}:"
    )
    due = f"due <!date^{stamp}^{{date_long_pretty}} {{time}}|Mon 23 Nov 09:02 UTC>"
    assert rest == [f"• morning digest of *2026.12 &lt;!here&gt;*, {due}", f"• booking reminder, {due}"]


@pytest.mark.parametrize(
    ("late", "gone", "summary"),
    [
        (1, 0, "1 message comes late."),
        (3, 0, "3 messages come late."),
        (1, 1, "1 message comes late, 1 was not sent, because its time was over."),
        (0, 1, "1 message was not sent, because its time was over."),
        (0, 2, "2 messages were not sent, because their time was over."),
    ],
)
def test_it_counts_in_words(late: int, gone: int, summary: str) -> None:
    told = view.told(replace(RECOVERY, cause=Cause.INTERLOCK, late=late, not_sent=(DIGEST,) * gone))
    assert told.text == f"Interlock could not work for 1 hour. {summary}"


def test_a_long_list_is_cut_and_an_end_days_later_has_its_day() -> None:
    told = view.told(replace(RECOVERY, ended_at=NINE + timedelta(days=2), not_sent=(DIGEST,) * 9))
    text = told.blocks[0]["text"]["text"]
    assert "|Wed 25 Nov 09:02 UTC>" in text
    assert text.splitlines()[-1] == "and 6 more"
    assert len(text.splitlines()) + 1 <= 7


@pytest.fixture
def practice() -> Iterator[Running]:
    running = Running(
        Workspace(people=PEOPLE, channels=CHANNELS, groups=GROUPS, commands=[]), settings=Settings(rate_scale=0)
    )
    yield running
    running.stop()


def test_slack_fails_for_an_hour_and_each_channel_is_told_once(practice: Running, services: Services) -> None:
    """The clock is moved, and so starts where the practice Slack's own will never be behind it."""
    clock = [now() - timedelta(minutes=75)]
    moving = replace(services, clock=lambda: clock[0])
    drawn = Drawn(message=blocks.message("Tuesday", blocks.section("*Tuesday* nothing changed")))
    api = Slack("xoxb-practice-bot", f"{practice.url}/api/", timeout=5)
    sender = SlackSender(moving, api, {"digest": lambda *_: drawn, "outage": DRAWERS["outage"]})

    def on_recovered(session: Session, ended: Outage) -> int:
        return outage.tell(session, services.policy, ended, clock[0])

    relays = [
        Relay(services.store, sender, clock=lambda: clock[0], owner=name, rates=UNLIMITED, on_recovered=on_recovered)
        for name in ("one", "two")
    ]

    def pass_time(minutes: int) -> None:
        for _ in range(minutes * 2):
            for relay in relays:
                while relay.run_once():
                    pass
            clock[0] += timedelta(seconds=30)

    practice.slack.faults.plan(Fault(service="slack", method="*", fault="500", count=1_000_000))
    with services.store.write() as session:
        for number, channel in enumerate(["C0RELDATAPLATFORM", "C0RELDATAPLATFORM", "C0GENERAL", "C0GOVERNANCE"]):
            good_for = timedelta(minutes=30 if number in {1, 3} else 180)
            post = Outgoing(key=f"p{number}", kind="digest", ids={}, channel=channel, not_after=clock[0] + good_for)
            enqueue(session, post, clock[0])
    pass_time(60)
    assert sum(len(practice.slack.workspace.everything(each)) for each in TOLD) == 0
    practice.slack.faults.clear()
    pass_time(10)
    assert {channel: said(practice, channel) for channel in TOLD} == {
        "C0RELDATAPLATFORM": [
            "Slack took no messages for 1 hour. 1 message comes late, 1 was not sent, because its time was over.",
            "Tuesday",
        ],
        "C0GENERAL": ["Slack took no messages for 1 hour. 1 message comes late.", "Tuesday"],
        "C0GOVERNANCE": ["Slack took no messages for 1 hour. 1 message was not sent, because its time was over."],
    }


def said(practice: Running, channel: str) -> list[str]:
    """What the bot said there, sorted: whichever message found Slack back came first."""
    return sorted(message.text for message in practice.slack.workspace.everything(channel))
