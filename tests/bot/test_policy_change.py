"""`/release policy` from what somebody typed or pressed to what they are shown, in Slack and where no form opens."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.app import TABLES
from bot.drawing import Drawn
from bot.payload import Payload
from bot.requests import Click, Errors, Shown, Submission
from bot.sender import DRAWERS
from bot.services import Services
from bot.views.blocks import Message
from interlock.domain.outbox import DeliveryError
from interlock.domain.policy import Policy, Template
from interlock.usecases import card, signoff
from sandbox.slack.blocks import message_blocks
from tests.bot.conftest import Slack
from tests.bot.test_gonogo import typed
from tests.bot.test_typed_forms import Terminal
from tests.builders import CHANNEL, NOW, POLICY, QA, TEMPLATE, actor, message
from tests.domain.test_policy_change import STEP
from tests.policy_changes import NEW, begun, drawn, standing, under
from tests.signoffs import say as sign


@pytest.fixture
def policy() -> Policy:
    return under(NEW)


@pytest.fixture
def world(services: Services) -> Services:
    begun(services.store)
    return services


def words(said: Any) -> str:
    assert isinstance(said, Message)
    return json.dumps([said.text, *said.blocks], ensure_ascii=False)


def shown(services: Services, number: int = 1, kind: str = "policy_change.card") -> str:
    made = DRAWERS[kind](services, message(kind, change_id=number, card_id=1))
    assert isinstance(made, Drawn)
    message_blocks(list(made.message.blocks), lambda name: name)
    return words(made.message)


def press(services: Services, button: str, kind: str, ident: str, who: str) -> Any:
    payload = Payload(kind=kind, id=ident)
    click = Click(actor=actor(who), action_id=button, now=NOW, trigger_id="t", payload=payload, channel_id=CHANNEL)
    return TABLES.clicks[button](click, services)


def submit(services: Services, form: str, who: str, private: dict[str, Any], **values: str) -> Any:
    sent = Submission(
        actor=actor(who), callback_id=form, now=NOW, values=values, private=private, view_id="V1", request_id="R1"
    )
    return TABLES.submissions[form](sent, services)


def test_it_is_looked_at_proposed_and_carried_out_in_words(world: Services) -> None:
    rita = Terminal(world)
    told = rita.type("release", "policy 2026.12").text
    assert "runs under version v1 of Quarterly platform" in told
    assert "“QA” sign-off: approvals: 1 instead of 2" in told
    assert "Say why" in rita.type("release", "policy 2026.12 change").text
    told = rita.type("release", "policy 2026.12 change because QA has lost two people").text
    assert told.startswith("Proposed: change 1 of 2026.12's policy is on its way")
    assert "QA has lost two people" in rita.type("release", "policy 2026.12").text
    assert "You proposed this change" in rita.type("release", "policy approve 1").text
    for who in ("TOM", "MARIA"):
        assert "you approved change 1" in Terminal(world, who).type("release", "policy approve 1").text
    done = Terminal(world, "INES").type("release", "policy approve 1").text
    assert f"It is carried out: 2026.12 runs under version {standing(world.store).policy_version} now." in done
    assert "There is nothing to change" in rita.type("release", "policy 2026.12").text


def test_it_is_rejected_and_withdrawn_in_words(world: Services) -> None:
    rita, tom = Terminal(world), Terminal(world, "TOM")
    rita.type("release", "policy 2026.12 change so")
    assert "Say why not" in tom.type("release", "policy reject 1").text
    assert "you rejected change 1" in tom.type("release", "policy reject 1 Two pairs of eyes").text
    rita.type("release", "policy 2026.12 change so")
    anybody = replace(world, policy=replace(POLICY, permissions=dict.fromkeys(POLICY.permissions, ("everyone",))))
    others = typed(anybody, "policy withdraw", "2", "TOM", door=True)
    assert "Rita Sandoval-Kerr proposed this change" in others.text
    assert rita.type("release", "policy withdraw 2 No more").text == "Withdrawn: 2026.12 keeps the policy that it has."
    assert tom.type("release", "policy approve 99").refused


def test_the_card_shows_what_differs_and_who_may_say_so(world: Services) -> None:
    typed(world, "policy", "2026.12 change because QA has lost two people")
    text = shown(world)
    for part in ("“QA” sign-off: approvals: 1 instead of 2", "QA has lost two people", "policy_change.approve"):
        assert part in text
    assert "*QA* · 0 of 2 · Ines Calder, Noor Salter or Tom Arkwright can" in text
    assert "who can't decide on it" in text
    with pytest.raises(DeliveryError):
        DRAWERS["policy_change.refresh"](world, message("policy_change.refresh", change_id=1, card_id=1))


def test_whoever_decides_can_read_all_that_differs(world: Services) -> None:
    steps = tuple(replace(STEP, key=f"step{number}", name=f"Step {number}") for number in range(9))
    more = replace(world, policy=under(replace(NEW, runbook=steps)))
    typed(more, "policy", "2026.12 change because")
    assert "“Step 8” step is new" not in shown(more)
    assert "and 3 more: /release policy 2026.12" in shown(more)
    whole = typed(more, "policy", "2026.12", "TOM")
    message_blocks(list(whole.blocks), lambda name: name)
    assert "“Step 8” step is new" in words(whole)
    assert "policy_change.approve" in words(whole)


def test_one_click_each_and_the_last_carries_it_out(world: Services) -> None:
    typed(world, "policy", "2026.12 change because")
    seen = drawn(world.store)
    assert "own" not in words(press(world, "policy_change.approve", "revision", seen, "TOM"))
    press(world, "policy_change.approve", "revision", seen, "MARIA")
    assert "It is carried out" in words(press(world, "policy_change.approve", "revision", seen, "INES"))
    text = shown(world)
    assert "Carried out" in text
    assert "policy_change.approve" not in text
    assert "can't decide on it" not in text
    assert "was carried out" in shown(world, kind="policy_change.told")


def test_the_forms_ask_why(world: Services, slack: Slack) -> None:
    assert press(world, "policy_change.new", "release", "1", "RITA") is None
    assert "can't change releases' policies" in words(press(world, "policy_change.new", "release", "1", "TOM"))
    empty = submit(world, "policy_change.new", "RITA", {"release": 1}, reason=" ")
    assert isinstance(empty, Errors)
    done = submit(world, "policy_change.new", "RITA", {"release": 1}, reason="QA has lost two")
    assert isinstance(done, Shown)
    seen = drawn(world.store)
    assert press(world, "policy_change.reject", "revision", seen, "TOM") is None
    assert "You proposed this" in words(press(world, "policy_change.reject", "revision", seen, "RITA"))
    assert isinstance(submit(world, "policy_change.reject", "TOM", {"revision": seen}, reason=""), Errors)
    assert isinstance(submit(world, "policy_change.reject", "TOM", {"revision": seen}, reason="No"), Shown)
    assert len(slack.called("views.open")) == 2
    text = shown(world)
    assert "Rejected* by Tom Arkwright" in text


def test_the_old_policy_s_signature_is_asked_for_by_a_form(services: Services, slack: Slack) -> None:
    begun(services.store, replace(TEMPLATE, requirements=(replace(QA, quorum=1, step_up=True),)))
    typed(services, "policy", "2026.12 change because")
    seen = drawn(services.store)
    assert press(services, "policy_change.approve", "revision", seen, "TOM") is None
    assert len(slack.called("views.open")) == 1
    wrong = submit(services, "policy_change.approve", "TOM", {"revision": seen}, release="2026.13", meaning="Read")
    assert isinstance(wrong, Errors)
    assert "Type /release policy approve 1" in Terminal(services, "INES").type("release", "policy approve 1").text
    done = submit(services, "policy_change.approve", "TOM", {"revision": seen}, release="2026.12", meaning="Read")
    assert "carried out" in json.dumps(done.view)


def test_what_is_void_by_it_says_so_and_a_card_that_asks_for_nothing_is_drawn(world: Services) -> None:
    free: Template = replace(TEMPLATE, requirements=())
    ready = replace(world, policy=under(free))
    signoff.request(ready.store, POLICY, actor("RITA"), 1, NOW)
    picture = card.draw(ready.store, 1, NOW)
    assert picture is not None
    sign(ready.store, "TOM", str(picture.revision_id))
    typed(world, "policy", "2026.12 change because")
    for who in ("TOM", "MARIA", "INES"):
        Terminal(world, who).type("release", "policy approve 1")
    note = DRAWERS["signoff.void"](world, message("signoff.void", signoff_id=1))
    assert isinstance(note, Drawn)
    assert note.message.text == "Your approval of 2026.12 no longer counts: its policy changed."
    assert "policy changed (QA: approvals: 1 instead of 2)" in words(note.message)
    typed(ready, "policy", "2026.12 change because")
    for who in ("TOM", "MARIA"):
        typed(ready, "policy approve", "2", who, door=True)
    made = DRAWERS["signoff.card"](ready, message("signoff.card", card_id=1))
    assert isinstance(made, Drawn)
    message_blocks(list(made.message.blocks), lambda name: name)
    assert "asks for none any more" in words(made.message)
