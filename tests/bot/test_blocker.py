"""Blockers as people read them: the list, the ping, the forms."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.drawers import blocker as drawers
from bot.drawing import Drawn
from bot.listeners import blocker
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import blocker as view
from bot.views.blocks import Message, plain
from interlock.domain import outbox
from interlock.domain.outbox import Deferred, Dropped, Sent
from interlock.domain.policy import ChannelRule, Ladder, LadderStep, Policy
from interlock.store import outbox_relay
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import ChannelRow, PersonRow
from interlock.store.ticket import AccountRow, TicketChangeRow, TicketLinkRow, TicketRow
from interlock.usecases import escalation, scope
from tests.bot.conftest import Slack
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, message, people, release, ticket
from tests.builders import POLICY as PLAIN

LADDER = Ladder(
    name="Usual",
    steps=(
        LadderStep(after_business_hours=0, to="owner"),
        LadderStep(after_business_hours=8, to="release_channel"),
    ),
)


@pytest.fixture
def policy() -> Policy:
    vendor = ChannelRule(company="meridian")
    return replace(PLAIN, ladders={"usual": LADDER}, channels=PLAIN.channels | {"meridian-shared": vendor})


@pytest.fixture
def world(services: Services) -> int:
    """DATA-214, flagged for two business days and Ravi's, holds DATA-1 and ML-2 of 2026.12."""
    with services.store.write() as session:
        people(session)
        session.add(ChannelRow(id="C0SHARED", name="meridian-shared", shared=True, member=True))
        session.add(AccountRow(id="acc-ravi", name="Ravi in Jira"))
        ticket(session, "DATA-214", flagged=True, assignee_id="acc-ravi", summary="Schema registry <upgrade>")
        flagged = NOW - timedelta(days=4)
        session.add(TicketChangeRow(ticket_id="id-DATA-214", id="1", at=flagged, field="flagged", after="Impediment"))
        number = release(session, tickets=["DATA-1", "ML-2"], template=replace(TEMPLATE, ladder="usual"))
        for waiting in ("DATA-1", "ML-2"):
            session.add(
                TicketLinkRow(
                    ticket_id=f"id-{waiting}",
                    other_id="id-DATA-214",
                    phrase="is blocked by",
                    relation="blocked_by",
                    other_key="DATA-214",
                    other_category="new",
                )
            )
        return number


def command(text: str = "", *, who: str = "ANA") -> Command:
    return Command(
        actor=actor(who),
        name="/blockers",
        verb="list",
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )


def click(kind: str, number: int | str, *, who: str = "ANA") -> Click:
    payload = Payload(kind=kind, id=str(number))
    return Click(actor=actor(who), action_id="x", now=NOW, trigger_id="t1", payload=payload, channel_id=CHANNEL)


def submission(values: dict[str, Any], *, who: str = "RAVI") -> Submission:
    return Submission(
        actor=actor(who),
        callback_id="x",
        values=values,
        private={"ticket": "id-DATA-214"},
        view_id="V1",
        request_id="r1",
        now=NOW,
    )


def said(message: Message | None) -> str:
    assert message is not None
    return plain(message).text


def shown(drawn: object) -> str:
    assert isinstance(drawn, Drawn)
    return said(drawn.message)


def test_the_list_names_roots_with_what_they_hold(services: Services, world: int) -> None:
    assert said(blocker.list_(command(), services)).splitlines() == [
        "*2026.12* · 3 tickets can't move, behind 1 root",
        "*<https://jira.practice.example/browse/DATA-214|DATA-214> Schema registry &lt;upgrade&gt;*",
        "holds 2, frees 2 · for 4 days · Data Engineering, Ravi in Jira",
        "Jira as of just now",
    ]


@pytest.mark.parametrize("typed", ["ml", "ML platform", "2026.12"])
def test_a_team_or_a_release_may_be_asked_for(services: Services, world: int, typed: str) -> None:
    assert "DATA-214" in said(blocker.list_(command(typed), services))


def test_a_beginning_of_a_team_and_of_a_release_is_asked_about(services: Services, world: int) -> None:
    with services.store.write() as session:
        release(session, name="Data migration")
    asked = blocker.list_(command("dat"), services)
    assert said(asked).splitlines()[0] == "Do you mean the team Data Engineering or the release Data migration?"
    assert asked.refused
    assert "DATA-214" in said(blocker.list_(command("data"), services)), "the team's own key"
    assert said(blocker.list_(command("data migration"), services)).startswith("*Data migration*")


def test_nothing_blocked_is_said_in_a_line(services: Services) -> None:
    with services.store.write() as session:
        people(session)
        release(session, tickets=["DATA-1"])
    assert said(blocker.list_(command(), services)).splitlines()[0] == "*2026.12* · nothing is blocked"


def test_what_is_shared_shows_only_what_the_channel_may_see(services: Services, world: int) -> None:
    blocker.share(click("release", world), services)
    ids: dict[str, Any] = {"release_id": world, "shared_by": "U0ANA"}
    assert "DATA-214" in shown(drawers.shared(services, message("blocker.list", **ids)))
    outside = shown(drawers.shared(services, message("blocker.list", channel="C0SHARED", **ids)))
    assert "DATA" not in outside
    assert "Ravi" not in outside
    assert "A restricted ticket" in outside


def test_a_restricted_ticket_is_named_to_nobody(services: Services, world: int) -> None:
    with services.store.write() as session:
        session.get_one(TicketRow, "id-DATA-214").security_level = "Risk committee"
    text = said(blocker.list_(command(), services))
    assert "DATA-214" not in text
    assert "Schema" not in text
    assert "A restricted ticket\nholds 2, frees 2" in text


def pinged(services: Services, policy: Policy) -> outbox.Message:
    step = escalation.run(services.store, policy, NOW).steps[0]
    return message("blocker.ping", channel=step.channel, **step.ids)


def test_the_owner_is_told_why_until_when_and_what_comes_next(services: Services, policy: Policy, world: int) -> None:
    text = shown(drawers.ping(services, pinged(services, policy)))
    assert text.splitlines()[0] == (
        "*<https://jira.practice.example/browse/DATA-214|DATA-214> Schema registry &lt;upgrade&gt;* has been blocked "
        "for 2 business days and holds 2 tickets in 2 teams (2026.12)."
    )
    assert text.splitlines()[1].startswith(
        "You get this because you own it. It stops when the ticket moves or somebody presses On it. Next: <#C0REL"
    )


def test_where_the_owner_can_not_be_told_the_channel_is_and_told_so(
    services: Services, policy: Policy, world: int
) -> None:
    with services.store.write() as session:
        session.get_one(PersonRow, "U0RAVI").kind = "external"
    waiting = pinged(services, policy)
    assert waiting.channel == CHANNEL
    assert "Ravi in Jira owns it and can't be told here. It stops" in shown(drawers.ping(services, waiting))


def test_nobody_silences_a_blocker_for_years(services: Services, world: int) -> None:
    far = blocker.taken(submission({view.UNTIL: "2099-01-01"}), services)
    assert far == Errors(by_block={view.UNTIL: "Give a date within the next 31 days; it can be put off again then."})


def test_a_ping_for_a_blocker_in_hand_is_dropped(services: Services, policy: Policy, world: int) -> None:
    waiting = pinged(services, policy)
    done = blocker.taken(submission({view.UNTIL: "2026-11-26"}), services)
    assert isinstance(done, Shown)
    assert isinstance(drawers.ping(services, waiting), Dropped)
    assert "Ravi Menon-Hale is on it until Thu 26 Nov" in said(blocker.list_(command(), services))


def test_a_ping_that_was_held_up_past_closing_time_waits_for_the_morning(
    services: Services, policy: Policy, world: int
) -> None:
    waiting = pinged(services, policy)
    evening = replace(services, clock=lambda: NOW.replace(hour=21))
    drawn = drawers.ping(evening, waiting)
    assert isinstance(drawn, Deferred)
    assert (drawn.until.date(), drawn.until.hour) == (NOW.date() + timedelta(days=1), 9)


def test_the_forms_say_what_is_missing(services: Services, world: int, slack: Slack) -> None:
    blocker.take(click("ticket", "id-DATA-214"), services)
    assert slack.called("views.open")
    assert isinstance(blocker.taken(submission({view.UNTIL: None}), services), Errors)
    past = blocker.taken(submission({view.UNTIL: "2026-11-20"}), services)
    assert past == Errors(by_block={view.UNTIL: "Give a date from today on: by when will it be out of the way?"})
    wordless = blocker.snoozed(submission({view.UNTIL: "2026-11-26", view.WHY: ""}), services)
    assert wordless == Errors(by_block={view.WHY: "Say why it may wait."})
    done = blocker.snoozed(submission({view.UNTIL: "2026-11-26", view.WHY: "Vendor's turn"}), services)
    assert isinstance(done, Shown)


def test_a_guest_gets_a_sentence(services: Services, world: int) -> None:
    assert said(blocker.list_(command(who="GUEST"), services)).startswith("Interlock answers full members")


def test_a_ping_that_was_sent_says_what_became_of_it(services: Services, policy: Policy, world: int) -> None:
    step = escalation.run(services.store, policy, NOW).steps[0]
    with services.store.write() as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.kind == "blocker.ping")).one()
        outbox_relay.settle_sent(session, message_of(row), Sent(channel="D0RAVI", ts="1.1"), NOW)
    blocker.taken(submission({view.UNTIL: "2026-11-26"}), services)
    told = settled(services)
    assert (told.update_ts, told.channel) == ("1.1", "D0RAVI")
    assert said(told.message).endswith("Ravi Menon-Hale is on it until Thu 26 Nov. Nobody is pinged before.")
    assert not any(block["type"] == "actions" for block in told.message.blocks)
    with services.store.write() as session:
        for key in ("DATA-214", "DATA-1", "ML-2"):
            session.get_one(TicketRow, f"id-{key}").category = "done"
    assert escalation.run(services.store, policy, NOW + timedelta(days=4)).cleared == ("id-DATA-214",)
    assert said(settled(services, NOW + timedelta(days=4)).message).endswith("out of the way.")
    assert step.channel == "@U0RAVI"


def settled(services: Services, now: datetime = NOW) -> Drawn:
    with services.store.read() as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.kind == "blocker.settled")).one()
    drawn = drawers.settled(replace(services, clock=lambda: now), message_of(row))
    assert isinstance(drawn, Drawn)
    return drawn


def test_a_list_that_was_cut_can_be_shown_whole(services: Services, world: int) -> None:
    with services.store.write() as session:
        for number in range(10, 20):
            ticket(session, f"DATA-{number}", flagged=True)
        scope.refresh(session, None, NOW)
    cut = blocker.list_(command(), services)
    assert "and 6 more" in said(cut)
    buttons = [
        each["text"]["text"] for block in cut.blocks for each in block.get("elements", ()) if "action_id" in each
    ]
    assert buttons == ["Show all 11", "Share in channel"]
    whole = blocker.show_all(click("release", world), services)
    assert all(f"DATA-{number}" in said(whole) for number in range(10, 20))
    assert "DATA-19" in said(blocker.show_all(click("team", "data"), services))


def test_a_list_is_not_shared_into_a_direct_message(services: Services, world: int) -> None:
    answer = blocker.share(replace(click("release", world), channel_id="D0ANA"), services)
    assert said(answer).startswith("That can't be shared here: this is a direct message.")
