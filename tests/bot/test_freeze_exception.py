"""An exception by form, by card and in words: in Slack's payloads, and where no form opens."""

import json
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlmodel import select

from bot import exception_line
from bot.app import build_app
from bot.drawers import feed as feed_drawer
from bot.drawers import freeze_exception as drawer
from bot.drawing import Drawn
from bot.services import Services
from bot.views.blocks import Message
from interlock.config.settings import load_settings
from interlock.domain.freeze_exception import Reasons
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.store.engine import Store
from interlock.store.freeze_exception import FreezeExceptionRow
from interlock.store.outbox import OutboxRow
from tests.bot.conftest import Slack
from tests.bot.test_typed_forms import Terminal
from tests.builders import CHANNEL, message
from tests.calendars import POLICY, REASONS, world

WORDS = f"why: {REASONS.why} in: {REASONS.risk_in} out: {REASONS.risk_out}"


@pytest.fixture
def ready(services: Services) -> Services:
    world(services.store)
    return replace(services, policy=POLICY)


def rows(store: Store) -> list[tuple[str | None, str | None]]:
    with store.read() as session:
        return [(row.decision, row.decided_by) for row in session.exec(select(FreezeExceptionRow)).all()]


def card(services: Services) -> Message:
    drawn = drawer.post(services, message("exception.card", exception_id=1))
    assert isinstance(drawn, Drawn)
    return drawn.message


def shown(told: Message) -> str:
    return json.dumps(told.blocks, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "head", "reasons"),
    [
        ("2026.12", "2026.12", None),
        ("", "", None),
        ("2026.12 Year-end why: a in: b out: c", "2026.12 Year-end", Reasons(why="a", risk_in="b", risk_out="c")),
        ('2026.12 WHY:"a b" out:c in:d', "2026.12", Reasons(why="a b", risk_in="d", risk_out="c")),
        ("r why: we check in: later in: b", "r", Reasons(why="we check", risk_in="later in: b", risk_out="")),
        ("r why: the login: broke", "r", Reasons(why="the login: broke", risk_in="", risk_out="")),
    ],
)
def test_three_reasons_are_read_from_a_line(text: str, head: str, reasons: Reasons | None) -> None:
    assert exception_line.read(text) == (head, reasons)


def test_it_is_asked_for_and_decided_in_words(ready: Services) -> None:
    rita, ines, tom = Terminal(ready), Terminal(ready, "INES"), Terminal(ready, "TOM")
    told = rita.type("release", "exception 2026.12")
    assert told.refused
    assert told.text.startswith("That opens a form, which the command line has not.")
    assert rita.type("release", "exception 2026.12 Easter " + WORDS).refused
    assert rita.type("release", "exception 2026.12 why: x").text.startswith("Say what may go wrong if it goes out")
    done = rita.type("release", f"exception 2026.12 {WORDS}")
    assert not done.refused
    assert done.text.startswith("Asked: exception 1 from Year-end for *2026.12* is on its way to #governance.")
    assert rita.type("release", "exception approve 1").text.startswith("You asked for this exception")
    assert ines.type("release", "exception refuse 1").refused
    assert ines.type("release", "exception approve 99").refused
    assert ines.type("release", "exception approve one").refused
    assert not ines.type("release", "exception approve 1").refused
    assert tom.type("release", "exception refuse 1 too late").text == "Ines Calder approved it already: it stays so."
    assert rows(ready.store) == [("approved", "U0INES")]


def press(services: Services, who: str, action_id: str, trigger: str, value: str = "1:freeze_exception:1") -> None:
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


def submit(
    services: Services, who: str, callback: str, values: dict[str, str], private: dict[str, Any], view_hash: str = "h1"
) -> Any:
    state = {block: {block: {"type": "plain_text_input", "value": value}} for block, value in values.items()}
    body = {
        "type": "view_submission",
        "user": {"id": f"U0{who}", "team_id": "T0PRACTICE"},
        "view": {
            "id": "V1",
            "hash": "h1",
            "type": "modal",
            "callback_id": callback,
            "private_metadata": json.dumps(private),
            "state": {"values": state},
            "blocks": [{"type": "input", "block_id": block} for block in values],
        },
    }
    return json.loads(build_app(services).dispatch(BoltRequest(body=body, mode="socket_mode")).body or "{}")


def test_it_is_asked_for_by_form_and_refused_by_card(ready: Services, slack: Slack) -> None:
    press(ready, "RITA", "exception.new", "t1", "1:release:1")
    (opened,) = slack.called("views.open")
    form = opened["view"] if isinstance(opened["view"], dict) else json.loads(opened["view"])
    assert [block.get("block_id") for block in form["blocks"]][1:] == ["why", "risk_in", "risk_out"]
    private = json.loads(form["private_metadata"])
    empty = submit(ready, "RITA", "exception.new", {"why": " ", "risk_in": "x", "risk_out": "y"}, private)
    assert empty["errors"] == {"why": "Say why it cannot wait."}
    whole = {"why": REASONS.why, "risk_in": REASONS.risk_in, "risk_out": REASONS.risk_out}
    again = submit(ready, "RITA", "exception.new", whole, private)
    assert again["response_action"] == "update"
    assert rows(ready.store) == [(None, None)]
    told = card(ready)
    assert told.text == "Exception from Year-end for 2026.12: waits for a decision."
    for text in (
        REASONS.why,
        REASONS.risk_in,
        REASONS.risk_out,
        "Asked for by Rita Sandoval-Kerr",
        "Approve exception",
    ):
        assert text in shown(told)
    press(ready, "TOM", "exception.refuse", "t2")
    assert len(slack.called("views.open")) == 2
    done = submit(ready, "TOM", "exception.refuse", {"reason": "Not in December"}, {"exception": 1})
    assert done["response_action"] == "update"
    assert rows(ready.store) == [("refused", "U0TOM")]
    assert "*Refused* by Tom Arkwright" in shown(card(ready))
    assert "exception.approve" not in shown(card(ready))
    word = drawer.told(ready, message("exception.told", channel="@U0RITA", exception_id=1))
    assert isinstance(word, Drawn)
    assert word.message.text == "Your exception from Year-end for 2026.12 was refused."


def test_the_same_click_twice_decides_once(ready: Services, slack: Slack) -> None:
    Terminal(ready).type("release", f"exception 2026.12 {WORDS}")
    for trigger in ("t1", "t1", "t2"):
        press(ready, "INES", "exception.approve", trigger)
    assert rows(ready.store) == [("approved", "U0INES")]
    with ready.store.read() as session:
        kinds = [row.kind for row in session.exec(select(OutboxRow)).all()]
    assert kinds.count("exception.told") == 1
    assert slack.called("views.open") == []


def test_a_refresh_waits_for_its_card_and_changes_it(ready: Services) -> None:
    Terminal(ready).type("release", f"exception 2026.12 {WORDS}")
    refresh = message("exception.refresh", exception_id=1)
    with pytest.raises(DeliveryError):
        drawer.refresh(ready, refresh)
    with ready.store.write() as session:
        (row,) = session.exec(select(OutboxRow).where(OutboxRow.kind == "exception.card")).all()
        row.state, row.message_channel, row.message_ts = "sent", row.channel, "1.5"
    drawn = drawer.refresh(ready, refresh)
    assert isinstance(drawn, Drawn)
    assert (drawn.update_ts, drawn.channel) == ("1.5", "C0GOVERNANCE")
    assert isinstance(drawer.post(ready, message("exception.card", exception_id=9)), Dropped)


def test_hostile_reasons_ping_nobody_and_fit(ready: Services) -> None:
    hostile = "<!channel> <@U0ANA> & " + "x" * 380
    Terminal(ready).type("release", f"exception 2026.12 why: {hostile} in: {hostile} out: {hostile}")
    told = shown(card(ready))
    assert "<!channel>" not in told
    assert "&lt;!channel&gt;" in told
    assert told.count("x" * 380) == 3


def test_the_calendar_and_the_collision_in_words(ready: Services) -> None:
    rita = Terminal(ready)
    told = rita.type("release", "calendar")
    assert not told.refused
    assert "target *2026.12* Thu 17" in told.text
    assert "/release exception 2026.12" in told.text  # a form asks in Slack; here it is typed
    assert rita.type("release", "calendar 99").refused
    assert rita.type("release", "calendar soon").refused
    assert rita.type("release", "acknowledge 2026.12 nothing").text.startswith("2026.12 collides with no release")


def test_a_link_comes_by_direct_message_and_is_shown_nowhere_else(ready: Services) -> None:
    ravi = Terminal(ready, "RAVI")
    assert ravi.type("release", "calendar link").text.startswith("No feed can be linked yet")
    known = ready.settings.model_dump() | {"interlock_url": "https://interlock.example.com"}
    settings = load_settings({"INTERLOCK_URL": "https://interlock.example.com"}).model_copy(update=known)
    linked = replace(ready, settings=settings)
    ravi = Terminal(linked, "RAVI")
    assert ravi.type("release", "calendar link now").refused
    assert ravi.type("release", "calendar link").text.startswith("A link to the release calendar is on its way")
    with ready.store.read() as session:
        (row,) = session.exec(select(OutboxRow)).all()
        asked = message("feed", channel=row.channel, **row.ids)
    drawn = feed_drawer.issue(linked, asked)
    assert isinstance(drawn, Drawn)
    assert "https://interlock.example.com/calendar/" not in drawn.message.text
    assert "https://interlock.example.com/calendar/" in shown(drawn.message)
    assert ravi.type("release", "calendar revoke").text == "Revoked: your link to the release calendar no longer works."
    assert isinstance(feed_drawer.issue(linked, asked), Dropped)
