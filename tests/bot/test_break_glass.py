"""Breaking glass in words, by card and on the command line: what is shown, what is pressed, what is told."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlmodel import select

from bot.app import build_app
from bot.door import Answered
from bot.drawers import break_glass as drawer
from bot.drawers import release as release_drawer
from bot.drawers import stage as stage_drawer
from bot.drawing import Drawn
from bot.payload import Payload
from bot.services import Services
from bot.views import digest as digest_view
from bot.views import readiness as readiness_view
from bot.views import release as release_view
from bot.views import signoff as signoff_view
from bot.views.blocks import Message
from interlock.domain.outbox import Deferred, DeliveryError, Dropped
from interlock.domain.visibility import MEMBER
from interlock.store import release as releases
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.usecases import break_glass_end, calendar_view, card, digest, readiness, scope, status
from tests.bot.conftest import Slack
from tests.bot.test_typed_forms import Terminal
from tests.builders import CHANNEL, NOW, actor, message, ticket
from tests.glasses import GLASS, broken, confirm, newest, ready, shown
from tests.signoffs import drawn as drawn_card
from tests.signoffs import fresh, say
from tests.usecases.test_break_glass import go

ASK = "breakglass 2026.12 because payments fail since 02:10"


@pytest.fixture
def world(services: Services) -> Services:
    ready(services.store)
    return replace(services, policy=GLASS)


def text_of(told: Message) -> str:
    return json.dumps(told.blocks, ensure_ascii=False)


def press(services: Services, who: str, action_id: str, value: str, trigger: str = "t1") -> None:
    body: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": f"U0{who}", "team_id": "T0PRACTICE"},
        "trigger_id": trigger,
        "container": {"type": "message", "message_ts": "1.2", "channel_id": CHANNEL, "is_ephemeral": False},
        "channel": {"id": CHANNEL, "name": "governance"},
        "response_url": f"{services.settings.slack_api_url}answer",
        "actions": [{"block_id": "b", "type": "button", "action_id": action_id, "value": value}],
    }
    build_app(services).dispatch(BoltRequest(body=body, mode="socket_mode"))


def posted(services: Services) -> Message:
    drawn = drawer.post(services, message("break_glass.card", break_glass_id=1))
    assert isinstance(drawn, Drawn)
    return drawn.message


def pressed(terminal: Terminal, action_id: str, value: str) -> Answered:
    kind, _, ident = value.partition(":")
    terminal.requests += 1
    return terminal.door.press(terminal.bearer, action_id, Payload(kind=kind, id=ident), str(terminal.requests))


def test_it_is_asked_confirmed_and_reviewed_on_the_command_line(world: Services) -> None:
    rita, tom, noor = Terminal(world), Terminal(world, "TOM"), Terminal(world, "NOOR")
    assert rita.type("release", "breakglass").text.startswith("Nobody has broken glass for 2026.12.")
    assert rita.type("release", "breakglass 2026.12 QA").refused
    assert "/release breakglass 2026.12 because payments" in rita.type("release", "breakglass 2026.12 because").text
    told = rita.type("release", ASK)
    assert not told.refused
    assert "3 people may confirm it, by direct message or in #governance" in told.text
    assert [each.label for each in told.next] == ["Withdraw"], "who asked is shown no button that would refuse them"
    seen = tom.type("release", "breakglass 2026.12")
    (confirm,) = seen.next  # and not the asker's to withdraw
    assert confirm.label == "Confirm: break glass"
    _, _, action_id, value = confirm.command.split()
    assert pressed(rita, action_id, value).refused
    done = pressed(tom, action_id, value)
    assert done.text.startswith(
        "Recorded: you confirmed break glass 1. 2026.12 passes without QA and Data Governance until"
    )
    assert noor.type("release", "breakglass review 1").refused
    assert noor.type("release", "breakglass review one").refused
    assert noor.type("release", "breakglass review 1 The logs bear it out").text.startswith("Recorded: you reviewed")
    assert tom.type("release", "breakglass withdraw 1 it was the network").text.startswith("Recorded: you took back")
    assert newest(world.store).end_reason == "it was the network"
    assert tom.type("release", "breakglass withdraw 7").refused


def test_the_card_says_exactly_what_would_be_let_pass(world: Services) -> None:
    Terminal(world).type("release", "breakglass 2026.12 QA because <!channel> payments fail")
    told = posted(world)
    assert told.text.startswith("Break glass for 2026.12: waits to be confirmed until")
    said = text_of(told)
    for part in (
        "*QA* 0 of 1 signed · not signed by Ines Calder, Noor Salter or Tom Arkwright",
        "*Scope* 0 of 2 tickets done · as of fingerprint `",
        "*Why* &lt;!channel&gt; payments fail",
        "Asked by Rita Sandoval-Kerr",
        "One other person confirms it, and then it holds for 24 hours.",
        "Not let pass, and missing too: Data Governance.",
        "It overrides no rejection, gate, freeze or stale Jira",
    ):
        assert part in said, part
    assert newest(world.store).fingerprint[:12] in said


def test_the_button_carries_what_was_shown(world: Services, slack: Slack) -> None:
    Terminal(world).type("release", ASK)
    (row,) = [
        each
        for block in posted(world).blocks
        for each in block.get("elements", ())
        if each.get("action_id") == "break_glass.confirm"
    ]
    assert row["value"] == f"1:revision:{shown(world.store)}"
    press(world, "RITA", "break_glass.confirm", row["value"], "t1")
    assert newest(world.store).confirmed_by is None
    press(world, "INES", "break_glass.confirm", row["value"], "t2")
    glass = newest(world.store)
    assert glass.confirmed_by is not None
    assert glass.confirmed_by.slack_id == "U0INES"
    assert "break_glass.confirm" not in text_of(posted(world))
    press(world, "NOOR", "break_glass.review", "1:break_glass:1", "t3")
    (opened,) = slack.called("views.open")
    form = opened["view"] if isinstance(opened["view"], dict) else json.loads(opened["view"])
    assert form["callback_id"] == "break_glass.review"


@pytest.mark.parametrize(
    ("where", "waiting", "held"),
    [
        (CHANNEL, ["confirm", "take_back"], ["take_back", "review"]),
        ("@U0INES", ["confirm"], []),
        ("@U0TOM", ["confirm"], ["take_back"]),
        ("@U0RITA", ["take_back"], ["take_back"]),
    ],
)
def test_no_card_for_one_reader_has_a_button_that_refuses_them(
    world: Services, where: str, waiting: list[str], held: list[str]
) -> None:
    def buttons() -> list[str]:
        drawn = drawer.post(world, message("break_glass.card", channel=where, break_glass_id=1))
        assert isinstance(drawn, Drawn)
        blocks = drawn.message.blocks
        return [
            row["action_id"].removeprefix("break_glass.")
            for each in blocks
            for row in each.get("elements", ())
            if "action_id" in row
        ]

    Terminal(world).type("release", ASK)
    assert buttons() == waiting
    confirm(world.store, "TOM", shown(world.store))
    assert buttons() == held


def test_a_card_that_is_sent_to_somebody_says_why_they_get_it(world: Services) -> None:
    Terminal(world).type("release", ASK)
    for where, says in (("@U0INES", True), (CHANNEL, False)):
        drawn = drawer.post(world, message("break_glass.card", channel=where, break_glass_id=1))
        assert isinstance(drawn, Drawn)
        assert ("You get this because you may confirm it." in text_of(drawn.message)) is says
    assert "You get this" not in Terminal(world, "INES").type("release", "breakglass 2026.12").text


def test_what_changed_is_told_and_a_restricted_ticket_is_not_named(world: Services) -> None:
    Terminal(world).type("release", ASK)
    revision = shown(world.store)
    with world.store.write() as session:
        ticket(session, "DATA-666", security_level="10000")
        scope.refresh(session, None, NOW)
    done = pressed(Terminal(world, "TOM"), "break_glass.confirm", f"revision:{revision}")
    assert done.refused
    assert "a restricted ticket added" in done.text
    assert "DATA-666" not in done.text
    assert "DATA-666" not in text_of(posted(world))


def test_what_overtook_it_is_told_by_name_to_the_two_alone(world: Services) -> None:
    broken(world.store)
    with world.store.write() as session:
        ticket(session, "DATA-666", security_level="10000")
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    break_glass_end.revalidate(world.store, NOW)

    def told(where: str) -> str:
        row = message("break_glass.news", channel=where, break_glass_id=1, what="overtaken")
        drawn = drawer.news(world, row)
        assert isinstance(drawn, Drawn)
        return text_of(drawn.message)

    assert "so it counts no more: a restricted ticket added and DATA-9 added." in told("@U0TOM")
    assert "so it counts no more: a ticket added and a ticket added." in told(CHANNEL)


def test_a_refresh_changes_each_card_that_stands(world: Services) -> None:
    Terminal(world).type("release", ASK)
    key = ""
    with world.store.write() as session:
        for row in session.exec(select(OutboxRow).where(OutboxRow.kind == "break_glass.card")):
            assert row.ids["post_key"] == row.key
            if row.channel == "@U0TOM":
                row.state, row.message_channel, row.message_ts = "sent", "D0TOM", "1.5"
                key = row.key
    drawn = drawer.refresh(world, message("break_glass.refresh", break_glass_id=1, post_key=key))
    assert isinstance(drawn, Drawn)
    assert (drawn.update_ts, drawn.channel) == ("1.5", "D0TOM")
    with pytest.raises(DeliveryError):
        drawer.refresh(world, message("break_glass.refresh", break_glass_id=1, post_key="another"))
    assert isinstance(drawer.post(world, message("break_glass.card", break_glass_id=9)), Dropped)


def test_every_report_says_it(world: Services) -> None:
    broken(world.store)
    assert go(world.store).after
    news = drawer.news(world, message("break_glass.news", break_glass_id=1, what="confirmed"))
    assert isinstance(news, Drawn)
    assert "*glass is broken*" in text_of(news.message)
    assert "on the word of Rita Sandoval-Kerr and Tom Arkwright" in text_of(news.message)
    flag = "*Break glass used* Mon 23 Nov for QA and Data Governance by Rita Sandoval-Kerr and Tom Arkwright"
    with world.store.read() as session:
        one = releases.load(session, 1)
        stands = status.read(session, GLASS, one, NOW)
        prepared = readiness.read(session, GLASS, one, NOW)
        signoffs = card.picture(session, one, None, now=NOW)
        weeks = calendar_view.load(session, GLASS, NOW, 8)
    morning = digest.drawn(world.store, GLASS, 1, CHANNEL, "slot", NOW)
    moved = stage_drawer.moved(
        world, message("release.moved", release_id=1, slack_id="U0RITA", before="ready", after="go", why="")
    )
    assert isinstance(moved, Drawn)
    ahead = Terminal(world).type("release", "advance").text
    assert "*Not signed, let pass* QA: 0 of 1 signed; break glass 1 by Rita Sandoval-Kerr and Tom Arkwright" in ahead
    for told in (
        release_view.status(stands, NOW, str),
        readiness_view.readiness(prepared, NOW),
        digest_view.morning(morning, str, NOW),
        moved.message,
    ):
        assert flag in text_of(told)
        assert "*not reviewed*" in text_of(told)
    assert "break glass used" in text_of(release_view.listing([stands], 0))
    said = text_of(signoff_view.card(signoffs, NOW, MEMBER))
    assert "Let pass by break glass 1, Rita Sandoval-Kerr and Tom Arkwright, until" in said
    assert "0 of 2 given, 2 let pass by break glass" in said
    assert flag in said
    assert flag in text_of(signoff_view.overview(signoffs, NOW))
    assert any(due.broken for week in weeks.weeks for due in week.targets)


def test_the_news_of_the_close_says_it(world: Services) -> None:
    broken(world.store)
    break_glass_end.review(world.store, GLASS, actor("NOOR"), 1, "The logs bear it out", NOW)
    assert not Terminal(world).type("release", "close 2026.12 Shipped --yes").refused
    told = release_drawer.closed(world, message("release.closed", release_id=1))
    assert isinstance(told, Drawn)
    assert "*Break glass used* Mon 23 Nov" in text_of(told.message)
    assert "reviewed by Noor Salter" in text_of(told.message)


@pytest.mark.parametrize("stage", ["in_progress", "released"])
def test_the_sign_off_card_says_it_once_it_holds_no_more(world: Services, stage: str) -> None:
    broken(world.store)
    with world.store.write() as session:
        session.get_one(ReleaseRow, 1).stage = stage
    late = fresh(world.store, NOW + timedelta(hours=25))
    break_glass_end.revalidate(world.store, late)
    with world.store.read() as session:
        picture = card.picture(session, releases.load(session, 1), None, now=late)
    for told in (signoff_view.card(picture, late, MEMBER), signoff_view.overview(picture, late)):
        assert "*Break glass used* Mon 23 Nov" in text_of(told)
        assert "*not reviewed*" in text_of(told)


def test_news_of_what_was_over_before_it_went_is_not_posted(world: Services) -> None:
    broken(world.store)
    Terminal(world, "TOM").type("release", "breakglass withdraw 1")
    assert isinstance(drawer.news(world, message("break_glass.news", break_glass_id=1, what="confirmed")), Dropped)
    told = drawer.news(world, message("break_glass.news", channel="@U0RITA", break_glass_id=1, what="revoked"))
    assert isinstance(told, Drawn)
    assert "It was taken back. By Tom Arkwright." in text_of(told.message)
    assert "one of the two who answer for break glass 1" in text_of(told.message)


def test_whose_sign_off_is_passed_over_hears_it_in_their_hours(world: Services) -> None:
    broken(world.store)  # by Rita and Tom
    with world.store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "break_glass.passed_over")).all()
        assert sorted(row.channel for row in rows) == ["@U0INES", "@U0MARIA", "@U0NOOR"]
    row = message("break_glass.passed_over", channel="@U0MARIA", break_glass_id=1, slack_id="U0MARIA")
    drawn = drawer.passed_over(world, row)
    assert isinstance(drawn, Drawn)
    assert drawn.message.text == "2026.12 passes without your sign-off for Data Governance."
    whole = text_of(drawn.message)
    assert "on the word of Rita Sandoval-Kerr and Tom Arkwright" in whole
    assert "You get this because you may sign for Data Governance. Signing still counts, and settles this: " in whole
    assert f"the card is in <#{CHANNEL}>." in whole
    night = replace(world, clock=lambda: NOW.replace(hour=22))
    asleep = drawer.passed_over(night, row)
    assert isinstance(asleep, Deferred)
    assert asleep.until == NOW.replace(day=24)
    say(world.store, "MARIA", drawn_card(world.store))
    assert isinstance(drawer.passed_over(world, row), Dropped)


def test_nobody_is_passed_over_by_what_has_ended(world: Services) -> None:
    broken(world.store)
    row = message("break_glass.passed_over", channel="@U0MARIA", break_glass_id=1, slack_id="U0MARIA")
    break_glass_end.take_back(world.store, GLASS, actor("RITA"), 1, "It can wait", NOW)
    assert isinstance(drawer.passed_over(world, row), Dropped)
