"""Sign-offs from a click to what everybody reads: the card, the answers, the notes."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import select

from bot.drawers import signoff as drawers
from bot.drawing import Drawn
from bot.listeners import signoff
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission, UnreadableButtonError
from bot.services import Services
from bot.views import signoff as view
from bot.views.blocks import Message, plain
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped, Sent, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Stage
from interlock.domain.visibility import MEMBER
from interlock.store import outbox_relay
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.release import ReleaseRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, revalidation, scope
from tests.bot.conftest import Slack
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket

NUMBERS = count(1)
"""Every click is another one."""


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def asked(services: Services) -> str:
    """2026.12, whose sign-offs Rita asked for: the revision that its card carries."""
    with services.store.write() as session:
        people(session)
        number = release(session, tickets=["DATA-1", "DATA-2", "ML-3"])
    signoff.ask(click("release", number, who="RITA"), services)
    return redraw(services)


def redraw(services: Services) -> str:
    picture = card.draw(services.store, 1, NOW)
    assert picture is not None
    assert picture.revision_id is not None
    return picture.revision_id


def click(kind: str, number: int | str, *, who: str = "TOM") -> Click:
    payload = Payload(kind=kind, id=str(number))
    return Click(
        actor=actor(who), action_id="x", now=NOW, trigger_id=f"t{next(NUMBERS)}", payload=payload, channel_id=CHANNEL
    )


def command(text: str = "", *, who: str = "ANA") -> Command:
    return Command(
        actor=actor(who),
        name="/release",
        verb="signoffs",
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )


def rejected(revision: str, reason: str, *, who: str = "NOOR") -> Submission:
    private = {"revision": revision}
    return Submission(
        actor=actor(who),
        callback_id="x",
        values={view.REASON: reason},
        private=private,
        view_id="V1",
        request_id=f"r{next(NUMBERS)}",
        now=NOW,
    )


def said(message: Message | None) -> str:
    assert message is not None
    return plain(message).text


def buttons(message: Message) -> list[str]:
    return [
        element["text"]["text"]
        for block in message.blocks
        for element in block.get("elements", ())
        if element["type"] == "button"
    ]


def queued(services: Services, kind: str) -> outbox.Message:
    with services.store.read() as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.kind == kind)).one()
        return message_of(row)


def posted(services: Services) -> None:
    """As if the relay had sent the card."""
    with services.store.write() as session:
        outbox_relay.settle_sent(session, queued(services, "signoff.card"), Sent(channel=CHANNEL, ts="1.1"), NOW)


def shown(drawn: object) -> Message:
    assert isinstance(drawn, Drawn)
    return drawn.message


def test_the_card_says_what_is_asked_of_whom_and_on_what(services: Services, asked: str) -> None:
    card_ = shown(drawers.post(services, queued(services, "signoff.card")))
    text = said(card_)
    assert text.splitlines()[:2] == [
        "*Sign-offs for 2026.12* · 🟡 Amber · 0 of 2 given · target Thu 17 Dec",
        "*Scope* 0 of 3 tickets done",
    ]
    assert "*QA* · Open (0 of 2) · waiting for 2 of Ines Calder, Noor Salter and Tom Arkwright" in text
    assert "*Data Governance* · Open (0 of 1) · waiting for Maria Voss" in text
    assert "For QA and Data Governance, whoever is or was assigned" in text
    assert buttons(card_) == ["Approve 3 tickets", "Approve with conditions…", "Reject…", "Revoke mine"]
    assert card_.text == "Sign-offs for 2026.12: 🟡 Amber · 0 of 2 given. Scope: 0 of 3 tickets done."


def test_who_is_assigned_is_not_named_as_one_who_can(services: Services, asked: str) -> None:
    with services.store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").assignee_id = "acc-ines"
    text = said(shown(drawers.post(services, queued(services, "signoff.card"))))
    assert "waiting for Noor Salter and Tom Arkwright" in text


def test_an_approval_is_confirmed_and_stands_on_the_card(services: Services, asked: str) -> None:
    assert said(signoff.approve(click("revision", asked), services)) == (
        "Recorded: you approved 2026.12 for QA. Revoke takes it back."
    )
    assert "*QA* · Open (1 of 2): Tom Arkwright, <!date^" in said(
        shown(drawers.post(services, queued(services, "signoff.card")))
    )
    assert said(signoff.approve(click("revision", asked), services)).startswith("You approved 2026.12 for QA <!date^")


def test_a_refusal_is_a_sentence_with_a_way_on(services: Services, asked: str) -> None:
    assert said(signoff.approve(click("revision", asked, who="ANA"), services)) == (
        "You can't sign 2026.12: it asks for QA (Ines Calder, Noor Salter or Tom Arkwright) or Data Governance "
        "(Maria Voss), and you are none of them."
    )


@pytest.mark.parametrize("wrong", [("release", "1"), ("signoff", "1")])
def test_a_button_of_another_kind_decides_nothing(services: Services, asked: str, wrong: tuple[str, str]) -> None:
    with pytest.raises(UnreadableButtonError):
        signoff.approve(click(*wrong), services)


def test_an_old_card_says_what_changed_and_keeps_restricted_tickets_to_itself(services: Services, asked: str) -> None:
    with services.store.write() as session:
        ticket(session, "DATA-8")
        ticket(session, "DATA-9", security_level="Risk committee")
        scope.refresh(session, None, NOW)
    text = said(signoff.approve(click("revision", asked), services))
    assert "2 added (<https://jira.practice.example/browse/DATA-8|DATA-8> and a restricted ticket)." in text
    assert "DATA-9" not in text


def test_rejecting_asks_for_a_reason_and_tells_whoever_asked(services: Services, asked: str, slack: Slack) -> None:
    signoff.reject(click("revision", asked, who="NOOR"), services)
    assert slack.called("views.open")
    for nothing in ("  ", "\u200b", "\u2060\n"):
        assert isinstance(signoff.reject_with_reason(rejected(asked, nothing), services), Errors)
    done = signoff.reject_with_reason(rejected(asked, "<!channel> lineage is missing"), services)
    assert isinstance(done, Shown)
    note = shown(drawers.rejected(services, queued(services, "signoff.rejected")))
    assert "Noor Salter for *QA*" in said(note)
    assert "&lt;!channel&gt; lineage is missing" in said(note)
    assert "<@U0RITA>, you asked" in said(note)
    signoff.revoke(click("revision", asked, who="NOOR"), services)
    assert isinstance(drawers.rejected(services, queued(services, "signoff.rejected")), Dropped)


def test_an_approval_that_is_revoked_amid_the_deployment_is_told(services: Services, asked: str) -> None:
    signoff.approve(click("revision", asked, who="NOOR"), services)
    with services.store.write() as session:
        session.exec(select(ReleaseRow)).one().stage = Stage.DEPLOYING.value
    signoff.revoke(click("revision", asked, who="NOOR"), services)
    note = shown(drawers.revoked(services, queued(services, "signoff.revoked")))
    assert "2026.12* is being deployed, and Noor Salter revoked their approval for *QA*" in said(note)
    assert "<@U0RITA>, you asked" in said(note)
    with services.store.write() as session:
        session.exec(select(ReleaseRow)).one().stage = Stage.READY.value
    assert isinstance(drawers.revoked(services, queued(services, "signoff.revoked")), Dropped)


def test_nobody_writes_a_reason_in_vain(services: Services, asked: str, slack: Slack) -> None:
    assert said(signoff.reject(click("revision", asked, who="ANA"), services)).startswith("You can't sign 2026.12")
    signoff.approve(click("revision", asked), services)
    assert "Press Revoke first" in said(signoff.reject(click("revision", asked), services))
    assert slack.called("views.open") == []


def test_a_rejected_card_is_red_and_keeps_reasons_apart(services: Services, asked: str) -> None:
    for who in ("NOOR", "INES"):
        signoff.reject_with_reason(rejected(asked, f"{who} says no", who=who), services)
    text = said(shown(drawers.post(services, queued(services, "signoff.card"))))
    assert text.splitlines()[0].startswith("*Sign-offs for 2026.12* · 🔴 Red · 0 of 2 given, 1 rejected")
    assert "*QA* · Rejected: Noor Salter: NOOR says no; Ines Calder: INES says no" in text


def test_revoking_what_one_never_gave_says_so(services: Services, asked: str) -> None:
    assert said(signoff.revoke(click("revision", asked), services)).startswith("You have signed nothing on 2026.12")


def test_a_void_approval_is_told_with_the_difference_and_one_click_to_give_it_anew(
    services: Services, asked: str
) -> None:
    signoff.approve(click("revision", asked), services)
    with services.store.write() as session:
        ticket(session, "DATA-8")
        scope.refresh(session, None, NOW)
    revalidation.revalidate(services.store, NOW)
    note = shown(drawers.voided(services, queued(services, "signoff.void")))
    assert "You approved 3 tickets. Since then: 1 added (" in said(note)
    assert buttons(note) == ["Approve 4 tickets"]
    signoff.approve(click("revision", redraw(services)), services)
    assert isinstance(drawers.voided(services, queued(services, "signoff.void")), Dropped)


def test_a_redraw_waits_for_the_card_itself_and_then_changes_it(services: Services, asked: str) -> None:
    signoff.approve(click("revision", asked), services)
    refresh = queued(services, "signoff.refresh")
    with pytest.raises(DeliveryError, match="not posted yet"):
        drawers.refresh(services, refresh)
    posted(services)
    drawn = drawers.refresh(services, refresh)
    assert isinstance(drawn, Drawn)
    assert (drawn.update_ts, drawn.channel) == ("1.1", CHANNEL)
    assert refresh.urgency is Urgency.URGENT


def test_a_closed_release_has_nothing_to_click(services: Services, asked: str) -> None:
    with services.store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    assert buttons(shown(drawers.post(services, queued(services, "signoff.card")))) == []


def test_looking_before_anybody_asked_offers_to_ask(services: Services) -> None:
    with services.store.write() as session:
        people(session)
        release(session, tickets=["DATA-1"])
    answer = signoff.signoffs(command(), services)
    assert said(answer).startswith("*2026.12* · sign-offs not asked for yet")
    assert buttons(answer) == ["Ask for 2 sign-offs"]
    refused = said(signoff.ask(click("release", 1, who="TOM"), services))
    assert refused == "You can't ask for sign-offs: policy gives that to release_manager (@release-managers)."
    assert "is on its way to <#" in said(signoff.ask(click("release", 1, who="RITA"), services))
    assert "has its sign-off card already" in said(signoff.ask(click("release", 1, who="RITA"), services))
    assert buttons(signoff.signoffs(command(), services)) == []


def test_the_hostile_name_of_a_release_stays_harmless_everywhere(services: Services) -> None:
    hostile = "<!channel> & <@U0ANA>"
    with services.store.write() as session:
        people(session)
        number = release(session, name=hostile, tickets=["DATA-1"])
    signoff.ask(click("release", number, who="RITA"), services)
    revision = redraw(services)
    messages: list[Any] = [
        shown(drawers.post(services, queued(services, "signoff.card"))),
        signoff.approve(click("revision", revision), services),
        signoff.approve(click("revision", revision, who="ANA"), services),
        signoff.revoke(click("revision", revision), services),
        signoff.signoffs(command(), services),
    ]
    for message in messages:
        for text in (said(message), message.text):
            assert "<!channel>" not in text
            assert "<@U0ANA>" not in text
            assert "&lt;!channel&gt;" in text


def test_an_age_of_the_mirror_is_said(services: Services, asked: str) -> None:
    later = NOW + timedelta(minutes=2)
    picture = card.draw(services.store, 1, later)
    assert picture is not None
    assert "Jira as of 2 min ago." in said(view.card(picture, later, MEMBER))
