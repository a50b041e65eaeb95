"""What those who may decide read in a message of their own, and can press there."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import col, select

from bot.drawers import decision_reminder as drawer
from bot.drawing import Drawn
from bot.payload import Payload, decode
from bot.services import Services
from bot.views.blocks import Message
from interlock.domain.freeze_exception import Decision as Verdict
from interlock.domain.outbox import Dropped
from interlock.domain.policy import Policy
from interlock.domain.waiver import WaiverState
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.usecases import decision_reminder, freeze_exception, waiver
from tests import calendars
from tests.bot.test_typed_forms import Terminal
from tests.builders import NOW, POLICY, actor
from tests.policy_changes import begun, proposed, say
from tests.usecases import test_freeze_exception as exceptions
from tests.usecases import test_waiver as waivers
from tests.usecases.test_decision_reminder import GRANTERS


def waived(store: Store) -> None:
    waivers.made(store)
    waivers.ask(store)


def excepted(store: Store) -> None:
    calendars.world(store)
    exceptions.asked(store)


def changed(store: Store) -> None:
    begun(store)
    proposed(store)


def grant(store: Store) -> None:
    waiver.decide(store, GRANTERS, actor("TOM"), 1, WaiverState.GRANTED, NOW)


def refuse(store: Store) -> None:
    freeze_exception.decide(store, calendars.POLICY, actor("TOM"), 1, Verdict.REFUSED, "Not in the freeze", NOW)


def approve(store: Store) -> None:
    say(store, "INES")


def told(services: Services, who: str = "INES") -> Message | Dropped:
    """What the message says that waits for them, now."""
    with services.store.read() as session:
        row = session.exec(
            select(OutboxRow).where(col(OutboxRow.kind) == "decision.reminder", OutboxRow.channel == f"@U0{who}")
        ).one()
        message = message_of(row)
    drawn = drawer.post(services, message)
    return drawn.message if isinstance(drawn, Drawn) else drawn


@pytest.mark.parametrize(
    ("made", "policy", "says", "why", "buttons", "decided"),
    [
        (
            waived,
            GRANTERS,
            "Your decision is wanted. 2026.12: waiver of Model card is written asked for.",
            "you may grant waivers",
            ["waiver.grant", "waiver.refuse"],
            grant,
        ),
        (
            excepted,
            calendars.POLICY,
            "Your decision is wanted. Exception from Year-end for 2026.12: waits for a decision.",
            "you may decide on freeze exceptions",
            ["exception.approve", "exception.refuse"],
            refuse,
        ),
        (
            changed,
            POLICY,
            "Your decision is wanted. Change 1 of 2026.12's policy: waits for approval, 1 difference.",
            "the policy that it would change asks for your approval",
            ["policy_change.approve", "policy_change.reject"],
            approve,
        ),
    ],
)
def test_it_is_the_card_with_the_buttons_that_work_and_why(
    services: Services,
    made: Callable[[Store], None],
    policy: Policy,
    says: str,
    why: str,
    buttons: list[str],
    decided: Callable[[Store], None],
) -> None:
    services = replace(services, policy=policy)
    made(services.store)
    decision_reminder.run(services.store, policy, 1, NOW)
    shown = told(services)
    assert isinstance(shown, Message)
    assert shown.text == says
    whole = json.dumps(shown.blocks)
    assert f"You get this because {why}. It stops when it is decided. Next: " in whole
    pressable = [
        each["action_id"] for block in shown.blocks for each in block.get("elements", ()) if "action_id" in each
    ]
    assert pressable == buttons, "none that would refuse them"
    decided(services.store)
    assert isinstance(told(services), Dropped)


def test_the_button_in_the_message_decides(services: Services) -> None:
    services = replace(services, policy=GRANTERS)
    waived(services.store)
    decision_reminder.run(services.store, GRANTERS, 1, NOW)
    shown = told(services)
    assert isinstance(shown, Message)
    grant = next(each for block in shown.blocks for each in block.get("elements", ()) if "action_id" in each)
    meant = decode(grant["value"])
    assert isinstance(meant, Payload)
    terminal = Terminal(services, "INES")
    answer = terminal.door.press(terminal.bearer, grant["action_id"], meant, "1")
    assert answer.text == "The waiver of Model card is written (2026.12) is granted."
