"""What stands between a release and go beside its gates: readiness says no less than a move would."""

from dataclasses import replace
from typing import Any

import pytest

from bot.views import readiness as view
from interlock.domain.policy import CriterionRule, GonogoRule
from interlock.domain.readiness import Readiness
from interlock.domain.release import Stage
from interlock.domain.stage import Ahead
from interlock.store.engine import Store
from interlock.usecases import readiness, stage, stage_stop
from tests.builders import CHANNEL, NOW, QA, TEMPLATE, actor, people, release, ticket
from tests.calendars import POLICY

ANA, RITA = actor("ANA"), actor("RITA")
BARE = replace(TEMPLATE, requirements=(), criteria=())
ROLL_CALL = GonogoRule(roles=("qa",))
SIGNED = CriterionRule(kind="signoffs_given", name="All signed")


def begun(store: Store, template: Any, *, held: bool = False, **more: Any) -> int:
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", category="done")
        values: dict[str, Any] = {"stage": Stage.READY.value, "target": NOW.date()}
        number = release(session, template=template, **(values | more))
    if held:
        stage_stop.hold(store, POLICY, RITA, "2026.12 the bank is closed", CHANNEL, NOW, on=True)
    return number


def asked(store: Store) -> Readiness:
    found = readiness.ask(store, POLICY, ANA, "2026.12", CHANNEL, NOW)
    assert isinstance(found, Readiness)
    return found


@pytest.mark.parametrize(
    ("template", "more", "others"),
    [
        (BARE, {}, []),
        (replace(BARE, gonogo=ROLL_CALL), {}, ["Go/no-go"]),
        (replace(BARE, gonogo=ROLL_CALL), {"stage": Stage.GO.value}, []),
        (replace(BARE, requirements=(QA,)), {}, ["QA"]),
        (replace(BARE, requirements=(QA,), criteria=(SIGNED,)), {}, []),
        (BARE, {"held": True}, ["On hold"]),
        (BARE, {"target": NOW.date().replace(month=12, day=17)}, ["Calendar"]),
    ],
    ids=["nothing", "a roll-call", "which said go", "a sign-off", "a gate that tells of it", "a hold", "a freeze"],
)
def test_what_go_asks_beside_the_gates_stands_in_readiness(
    store: Store, template: Any, more: dict[str, Any], others: list[str]
) -> None:
    number = begun(store, template, **more)
    found = asked(store)
    assert [each.name for each in found.others] == others
    assert [each.name for each in readiness.drawn(store, POLICY, number, NOW).others] == others
    said = str(view.readiness(found, NOW))
    assert ("Nothing stands between us and go" in said) is (not others and not found.standing)
    assert all(f"*Missing* {each}: " in said for each in others)


def test_readiness_names_no_less_than_the_move_would(store: Store) -> None:
    template = replace(TEMPLATE, requirements=(QA,), gonogo=ROLL_CALL, criteria=())
    number = begun(store, template, target=NOW.date().replace(month=12, day=17))
    ahead = stage.ahead_of(store, POLICY, ANA, number, NOW)
    assert isinstance(ahead, Ahead)
    assert ahead.after is Stage.GO
    assert [each.name for each in ahead.missing] == [each.name for each in asked(store).others]
