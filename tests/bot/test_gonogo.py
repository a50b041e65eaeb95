"""`/release gonogo` and `/release vote` from what somebody typed or pressed to what they are shown."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.app import TABLES
from bot.door import CLICKS, _tables
from bot.drawing import Drawn, DrawnPin
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission, UnreadableButtonError
from bot.sender import DRAWERS
from bot.services import Services
from bot.views.blocks import Message, plain
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.domain.policy import GonogoRule, Policy
from interlock.domain.release import Stage
from interlock.store import release as releases
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.usecases import gonogo_void, scope, stage
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, message, people, release, ticket
from tests.usecases.test_gonogo import POLICY as VOTING

RULE = GonogoRule(roles=("qa", "data", "ml"), answer_within_hours=8, at_least=60)
ASKED = replace(TEMPLATE, requirements=(), gonogo=RULE)


@pytest.fixture
def policy() -> Policy:
    return VOTING


@pytest.fixture
def world(sqlite_store: Store) -> int:
    with sqlite_store.write() as session:
        people(session)
        ticket(session, "DATA-1", category="done", security_level="10000")
        return release(session, template=ASKED, stage="ready")


def typed(services: Services, verb: str, text: str = "", who: str = "RITA", *, door: bool = False) -> Message:
    tables = _tables(None) if door else TABLES
    request = Command(
        actor=actor(who),
        name="/release",
        verb=verb,
        args=text,
        channel_id="" if door else CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )
    said = tables.commands["/release"].verbs[verb].handler(request, services)
    assert said is not None
    return said


def pressed(
    services: Services, button: str, value: str, who: str = "RITA", now: datetime = NOW, *, door: bool = False
) -> Message | None:
    kind, _, ident = value.partition(":")
    payload = Payload(kind=kind, id=ident)
    request = Click(actor=actor(who), action_id=button, now=now, trigger_id="t1", payload=payload, channel_id=CHANNEL)
    said = (CLICKS if door else TABLES.clicks)[button](request, services)
    assert said is None or isinstance(said, Message)
    return said


def submitted(services: Services, private: dict[str, Any], who: str, **values: str) -> Any:
    request = Submission(
        actor=actor(who),
        callback_id="gonogo.no_go",
        values=values,
        private=private,
        view_id="V1",
        request_id="r1",
        now=NOW,
    )
    return TABLES.submissions["gonogo.no_go"](request, services)


def words(said: Message | None) -> str:
    assert said is not None
    return plain(said).text


def buttons(said: Message) -> dict[str, str]:
    found = [each for block in said.blocks if block["type"] == "actions" for each in block["elements"]]
    return {each["action_id"]: each.get("value", "").partition(":")[2] for each in found}


def drawn(services: Services, kind: str, **ids: Any) -> Message:
    found = DRAWERS[kind](services, message(kind, **ids))
    assert isinstance(found, Drawn), found
    return found.message


def card(services: Services) -> Message:
    return drawn(services, "gonogo.card", card_id=1)


def test_the_card_says_who_is_asked_and_by_which_rule(services: Services, world: int) -> None:
    assert "is on its way to" in words(typed(services, "gonogo", "2026.12 for 4h"))
    shown = card(services)
    assert words(shown).splitlines()[:4] == [
        "*Go/no-go for 2026.12 Quarterly platform* · 🟡 Amber · 0 of 3 roles voted",
        "*qa* · waiting for Ines Calder, Nia Brook, Noor Salter or 1 more",
        "*data* · waiting for Ana Whitlock or Maria Voss",
        "*ml* · waiting for Ravi Menon-Hale",
    ]
    assert (
        "1 of 1 ticket done (1 restricted ticket among them) · Go takes 60 % of go and no-go, absent counts"
        in words(shown)
    )
    assert set(buttons(shown)) == {"gonogo.go", "gonogo.no_go", "gonogo.abstain"}
    assert "DATA-1" not in json.dumps(shown.blocks)


def test_a_roll_call_with_buttons_from_the_votes_to_the_record(services: Services, world: int) -> None:
    typed(services, "gonogo")
    button = buttons(card(services))
    assert "Recorded: go on 2026.12 for qa." in words(pressed(services, "gonogo.go", button["gonogo.go"], "TOM"))
    assert "already" in words(pressed(services, "gonogo.go", button["gonogo.go"], "TOM"))
    private = {"revision": button["gonogo.no_go"].partition(":")[2]}
    assert isinstance(submitted(services, private, "MARIA", reason=" "), Errors)
    assert isinstance(submitted(services, private, "MARIA", reason="the <!channel> leaks & *drips*"), Shown)
    pressed(services, "gonogo.go", button["gonogo.go"], "RAVI")
    shown = card(services)
    assert "*data* · *no-go* · Maria Voss: the &lt;!channel&gt; leaks &amp; *drips*" in words(shown)
    assert "go, to be confirmed" in words(shown)
    told = drawn(services, "gonogo.result", gonogo_id=1, outcome="go")
    assert "2 go, 1 no-go; go takes 60 %" in words(told)
    confirm = buttons(shown)["gonogo.confirm"]
    assert buttons(told)["gonogo.confirm"] == confirm == "gonogo:1.go"
    assert "Go is confirmed: 2026.12 is go." in words(pressed(services, "gonogo.confirm", confirm))
    assert "Go was confirmed" in words(pressed(services, "gonogo.confirm", confirm))
    kept = words(drawn(services, "gonogo.record", gonogo_id=1))
    assert "· 🟢 Green · *go*" in kept
    assert "*Dissent* data" in kept
    assert "*Confirmed* by Rita Sandoval-Kerr" in kept
    assert buttons(card(services)) == {}
    assert isinstance(DRAWERS["gonogo.result"](services, message("gonogo.result", gonogo_id=1, outcome="go")), Dropped)
    for said in (shown, drawn(services, "gonogo.record", gonogo_id=1)):
        assert "<!" not in json.dumps(said.blocks).replace("<!date", "")


def test_a_no_go_asks_why_unless_that_would_be_in_vain(services: Services, slack: Any, world: int) -> None:
    typed(services, "gonogo")
    button = buttons(card(services))
    assert pressed(services, "gonogo.no_go", button["gonogo.no_go"], "TOM") is None
    view = slack.called("views.open")[0]["view"]
    assert view["callback_id"] == "gonogo.no_go"
    assert "You vote for qa." in json.dumps(view)
    assert "you are none of them" in words(pressed(services, "gonogo.no_go", button["gonogo.no_go"], "RITA"))
    assert len(slack.called("views.open")) == 1


def test_on_the_command_line_all_of_it_can_be_typed(services: Services, world: int) -> None:
    typed(services, "gonogo", "2026.12 for 4h", door=True)
    shown = typed(services, "gonogo", "2026.12", "TOM", door=True)
    assert "*qa* · waiting for" in words(shown)
    assert "Recorded" in words(pressed(services, "gonogo.go", buttons(shown)["gonogo.go"], "TOM", door=True))
    refused = typed(services, "vote", "2026.12 no-go", "MARIA", door=True)
    assert refused.refused
    assert "Say why not" in words(refused)
    assert "Recorded: no-go" in words(typed(services, "vote", "2026.12 no-go the rollback leaks", "MARIA", door=True))
    assert "Recorded: that you abstain" in words(typed(services, "vote", "2026.12 abstain", "RAVI", door=True))
    confirm = buttons(typed(services, "gonogo", "2026.12", door=True))["gonogo.confirm"]
    assert "No-go is confirmed: 2026.12 is frozen." in words(pressed(services, "gonogo.confirm", confirm, door=True))
    with services.store.read() as session:
        assert releases.load(session, world).stage == "frozen"


def test_it_is_withdrawn_with_a_reason(services: Services, world: int) -> None:
    typed(services, "gonogo")
    assert "Say why it is withdrawn." in words(typed(services, "gonogo withdraw", "2026.12"))
    assert "is withdrawn" in words(typed(services, "gonogo withdraw", "2026.12 the vendor slipped"))
    assert "Withdrawn by Rita Sandoval-Kerr: the vendor slipped" in words(card(services))
    assert "has no roll-call open" in words(typed(services, "vote", "2026.12 go", "TOM"))


def test_a_go_without_its_conditions_lists_them_and_moves_nothing(services: Services, sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        release(session, template=ASKED, stage="ready")
    typed(services, "gonogo")
    shown = card(services)
    assert "gonogo.go" not in buttons(shown), "nobody can have looked at nothing"
    for who in ("TOM", "MARIA", "RAVI"):
        typed(services, "vote", "2026.12 go", who)
    said = pressed(services, "gonogo.confirm", "gonogo:1.go")
    assert said is not None
    assert said.refused
    assert "nothing moved" in words(said)
    assert "*Missing* Something is in scope" in words(said)


def test_a_no_go_on_what_went_back_meanwhile_says_that_it_stays_and_leaves_it(services: Services, world: int) -> None:
    typed(services, "gonogo")
    for who in ("TOM", "MARIA", "RAVI"):
        typed(services, "vote", "2026.12 no-go it leaks", who)
    assert "2026.12 goes back to frozen." in json.dumps(card(services).blocks)
    stage.move(services.store, services.policy, actor("RITA"), world, Stage.FROZEN, "it leaks", NOW)
    assert "2026.12 stays frozen." in json.dumps(card(services).blocks)
    said = pressed(services, "gonogo.confirm", buttons(card(services))["gonogo.confirm"])
    assert words(said) == "No-go is confirmed: 2026.12 is frozen."


@pytest.mark.parametrize(
    "value", ["gonogo:1.heaven", "gonogo:x.go", "gonogo:1", "gonogo:1.open", "gonogo:1.withdrawn", "release:1"]
)
def test_a_button_that_nobody_drew_decides_nothing(services: Services, world: int, value: str) -> None:
    typed(services, "gonogo")
    with pytest.raises(UnreadableButtonError):
        pressed(services, "gonogo.confirm", value)


def test_a_reminder_says_why_and_when_it_stops(services: Services, world: int) -> None:
    typed(services, "gonogo")
    said = drawn(services, "gonogo.chase", gonogo_id=1, slack_id="U0RAVI", step=0)
    assert "waits for a vote of *ml* on go or no-go" in words(said)
    assert "You get this because you are of ml, which has not voted. It stops when somebody of it votes" in words(said)
    assert set(buttons(said)) == {"gonogo.go", "gonogo.no_go", "gonogo.abstain"}
    assert "No reminder follows." in words(drawn(services, "gonogo.chase", gonogo_id=1, slack_id="U0RAVI", step=1))
    typed(services, "vote", "2026.12 go", "RAVI")
    gone = DRAWERS["gonogo.chase"](services, message("gonogo.chase", gonogo_id=1, slack_id="U0RAVI", step=0))
    assert isinstance(gone, Dropped)


def test_a_void_vote_is_told_without_the_tickets_that_changed(services: Services, world: int) -> None:
    typed(services, "gonogo")
    old = buttons(card(services))["gonogo.go"]
    typed(services, "vote", "2026.12 go", "TOM")
    with services.store.write() as session:
        scope.refresh(session, [ticket(session, "DATA-2", category="done")], NOW)
    said = words(pressed(services, "gonogo.go", old, "MARIA"))
    assert said.startswith("Not recorded: the scope of 2026.12 changed since you were shown it (1 added).")
    assert gonogo_void.revalidate(services.store, NOW) == 1
    told = drawn(services, "gonogo.void", vote_id=1)
    assert "Your go on *2026.12 Quarterly platform* for *qa* no longer counts" in words(told)
    assert "DATA-2" not in json.dumps(told.blocks)
    assert "Recorded: go" in words(pressed(services, "gonogo.go", buttons(told)["gonogo.go"], "TOM"))


def test_the_record_is_pinned_once_it_stands(services: Services, world: int) -> None:
    typed(services, "gonogo")
    pin = message("gonogo.pin", gonogo_id=1, post_key="gonogo.record:1")
    with pytest.raises(DeliveryError):
        DRAWERS["gonogo.pin"](services, pin)
    with services.store.write() as session:
        session.add(
            OutboxRow(
                key="gonogo.record:1",
                lane="post",
                kind="gonogo.record",
                ids={},
                channel=CHANNEL,
                state="sent",
                token="x",
                created_at=NOW,
                not_before=NOW,
                not_after=NOW + timedelta(days=1),
                message_ts="1.2",
                message_channel=CHANNEL,
            )
        )
    assert DRAWERS["gonogo.pin"](services, pin) == DrawnPin(channel=CHANNEL, ts="1.2")
