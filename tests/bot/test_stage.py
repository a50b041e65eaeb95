"""`/release advance`, `readiness`, `tick`, `waive` from what somebody typed or pressed to what they are shown."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.app import TABLES
from bot.door import _tables
from bot.drawing import Drawn
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission
from bot.sender import DRAWERS
from bot.services import Services
from bot.views.blocks import Message, plain
from interlock.domain.outbox import Dropped
from interlock.domain.policy import CriterionRule, Policy
from interlock.store import release as releases
from interlock.store.engine import Store
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, TEMPLATE, actor, message, people
from tests.builders import release as make

CARD = CriterionRule(kind="checklist", name="Model card is written", before="frozen", link_needed=True)
DONE = CriterionRule(kind="scope_complete", name="Everything is done")
GATED = replace(TEMPLATE, requirements=(GOVERNANCE,), criteria=(CARD, DONE))


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def world(sqlite_store: Store) -> int:
    with sqlite_store.write() as session:
        people(session)
        return make(session, template=GATED, tickets=["DATA-3"], stage="in_progress")


def typed(services: Services, verb: str, text: str = "", who: str = "RITA", *, door: bool = False) -> Message:
    tables = _tables(None) if door else TABLES
    request = Command(
        actor=actor(who),
        name="/release",
        verb=verb,
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )
    said = tables.commands["/release"].verbs[verb].handler(request, services)
    assert said is not None
    return said


def pressed(services: Services, button: str, value: str, who: str = "RITA") -> Message:
    kind, _, ident = value.partition(":")
    payload = Payload(kind=kind, id=ident)
    request = Click(actor=actor(who), action_id=button, now=NOW, trigger_id="t1", payload=payload, channel_id=CHANNEL)
    said = TABLES.clicks[button](request, services)
    assert isinstance(said, Message)
    return said


def submitted(services: Services, form: str, private: dict[str, Any], **values: str) -> Any:
    request = Submission(
        actor=actor("RITA"), callback_id=form, values=values, private=private, view_id="V1", request_id="r1", now=NOW
    )
    return TABLES.submissions[form](request, services)


def words(said: Message) -> str:
    return plain(said).text


def buttons(said: Message) -> dict[str, str]:
    found = [each for block in said.blocks if block["type"] == "actions" for each in block["elements"]]
    return {each["action_id"]: each.get("value", "").partition(":")[2] for each in found}


def tick(services: Services) -> None:
    typed(services, "tick", "2026.12 model card https://wiki.example/card", "ANA")


def test_what_is_missing_is_said_and_the_button_comes_when_nothing_is(services: Services, world: int) -> None:
    before = typed(services, "advance")
    assert "*Missing* Model card is written: not ticked yet" in words(before)
    assert "stage.move" not in buttons(before)
    tick(services)
    after = typed(services, "advance")
    assert "Nothing is missing: all its conditions hold." in words(after)
    assert buttons(after)["stage.move"] == f"stage:{world}.frozen"
    assert words(pressed(services, "stage.move", f"stage:{world}.frozen")).startswith("2026.12 is now frozen.")
    assert words(pressed(services, "stage.move", f"stage:{world}.frozen")).startswith("2026.12 is frozen.")


def test_a_refused_move_is_told_as_refused(services: Services, world: int) -> None:
    said = typed(services, "advance", "2026.12 to frozen")
    assert said.refused
    assert "not ticked yet" in words(said)


def test_going_back_asks_why(services: Services, world: int) -> None:
    private = {"stage": f"{world}.planned"}
    assert isinstance(submitted(services, "stage.back", private), Errors)
    assert isinstance(submitted(services, "stage.back", private, reason="too early"), Shown)
    assert "is planned" in words(typed(services, "advance"))


@pytest.mark.parametrize("value", ["stage:1.heaven", "stage:x.go", "stage:1", f"stage:{'9' * 30}.go", "release:1"])
def test_a_button_that_nobody_drew_decides_nothing(services: Services, world: int, value: str) -> None:
    from bot.requests import UnreadableButtonError  # noqa: PLC0415 only here

    with pytest.raises(UnreadableButtonError):
        pressed(services, "stage.move", value)


def test_the_announcement_is_of_the_stage_that_it_is_in(services: Services, world: int) -> None:
    tick(services)
    typed(services, "advance", "2026.12 to frozen because we can")
    ids: dict[str, Any] = {
        "release_id": world,
        "slack_id": "U0RITA",
        "before": "in_progress",
        "after": "frozen",
        "why": "because we can",
    }
    drawn = DRAWERS["release.moved"](services, message("release.moved", **ids))
    assert isinstance(drawn, Drawn)
    assert drawn.message.text == "2026.12 Quarterly platform is frozen, was in progress."
    assert "By Rita Sandoval-Kerr: because we can" in words(drawn.message)
    stale = DRAWERS["release.moved"](services, message("release.moved", **ids | {"after": "ready"}))
    assert isinstance(stale, Dropped)


def test_hold_and_resume(services: Services, world: int) -> None:
    assert "is on hold" in words(typed(services, "hold", "2026.12 the vendor slipped"))
    assert "is on hold already" in words(typed(services, "hold", "2026.12 the vendor slipped"))
    assert " · on hold\n" in words(typed(services, "status"))
    assert "*On hold* since Mon 23 Nov: the vendor slipped" in words(typed(services, "advance"))
    held = DRAWERS["release.held"](
        services, message("release.held", release_id=world, slack_id="U0RITA", why="the vendor slipped")
    )
    assert isinstance(held, Drawn)
    assert "goes on" in words(typed(services, "resume", "2026.12"))


def test_cancelling_asks_first_on_the_command_line(services: Services, world: int) -> None:
    asked = typed(services, "cancel", "2026.12 no budget", door=True)
    assert asked.refused
    assert "--yes" in words(asked)
    assert "is now cancelled" in words(typed(services, "cancel", "2026.12 no budget --yes", door=True))
    with services.store.read() as session:
        assert releases.load(session, world).close_reason == "no budget"


def test_readiness_says_what_stands_in_the_way_least_effort_first(services: Services, world: int) -> None:
    said = words(typed(services, "readiness"))
    assert said.splitlines()[0].endswith("0 of 2 gates passed")
    gates = [line for line in said.splitlines() if line.startswith("*Pending*")]
    assert gates == ["*Pending* Model card is written: not ticked yet", "*Pending* Everything is done: 0 of 1 done"]


def test_a_tick_takes_the_link_that_policy_wants(services: Services, world: int) -> None:
    assert "is ticked with a link" in words(typed(services, "tick", "2026.12 model card", "ANA"))
    tick(services)
    said = words(pressed(services, "release.readiness", f"release:{world}"))
    assert "*Pass* Model card is written: ticked by Ana Whitlock" in said
    assert "https://wiki.example/card" in said
    again = words(typed(services, "tick", "2026.12 model card https://wiki.example/card", "TOM"))
    assert again == "Model card is written is ticked for 2026.12."
    other = words(typed(services, "tick", "2026.12 model card http://wiki.example/v2", "MARIA"))
    assert other.endswith("is ticked for 2026.12. The link that Tom Arkwright put there stands no more.")
    assert "no longer ticked" in words(typed(services, "untick", "2026.12 model card", "TOM"))
    assert "no longer ticked, says Tom Arkwright" in words(typed(services, "readiness"))


def test_a_waiver_from_the_word_to_the_card(services: Services, world: int) -> None:
    asked = typed(services, "waive", "2026.12 everything until 2026-11-24 one ticket is of paper")
    assert "A waiver of Everything is done is asked for" in words(asked)
    drawn = DRAWERS["waiver.card"](services, message("waiver.card", waiver_id=1))
    assert isinstance(drawn, Drawn)
    assert set(buttons(drawn.message)) == {"waiver.grant", "waiver.refuse", "waiver.withdraw"}
    assert "you asked for it" in words(pressed(services, "waiver.grant", "waiver:1"))
    assert "is granted" in words(pressed(services, "waiver.grant", "waiver:1", "MARIA"))
    decided = DRAWERS["waiver.card"](services, message("waiver.card", waiver_id=1))
    assert isinstance(decided, Drawn)
    assert "granted by Maria Voss" in words(decided.message)
    assert buttons(decided.message) == {}
    told = words(typed(services, "readiness"))
    assert "*Waived, else pending* Everything is done: waived until Tue 24 Nov by Maria Voss" in told
    assert "0 of 2 gates passed, 1 waived" in told


def test_what_people_wrote_is_inert(services: Services, world: int) -> None:
    typed(services, "hold", "2026.12 <!channel> *bold* <https://x|y>")
    typed(services, "waive", "2026.12 everything until 2026-11-24 <!here> & <@U1>")
    card = DRAWERS["waiver.card"](services, message("waiver.card", waiver_id=1))
    assert isinstance(card, Drawn)
    for said in (typed(services, "advance"), card.message):
        assert "<!" not in json.dumps(said.blocks)
        assert "<@U1>" not in json.dumps(said.blocks)
