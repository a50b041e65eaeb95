"""A model's promotion, from its checklist over a waiver to the next stage, as two people see it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, message, press, say
from tests.e2e.running import GOVERNANCE, Running

pytestmark = pytest.mark.browser

MODEL = "model-promotion"
NAME = "walk-model"


def test_a_release_moves_on_when_nothing_stands_in_the_way(bank: Running, act: Act) -> None:
    bank.plan(NAME, "ML-58", template=MODEL)
    rita, maria = act("U0RITA", GOVERNANCE), act("U0MARIA", GOVERNANCE)
    say(rita, f"/release readiness {NAME}")
    told = answer(rita, "Between us and go")
    expect(told).to_contain_text("Model card is written: not ticked yet")
    _keep(rita.screenshot(), "readiness")
    for number, item in enumerate(("model card", "evaluation report", "data contract")):
        say(maria, f"/release tick {NAME} {item} https://wiki.example/{number}")
        answer(maria, f"is ticked for {NAME}")
    say(maria, f"/release tick {NAME} bias")
    answer(maria, "is ticked with a link to what shows that it is done")
    say(rita, f"/release waive {NAME} bias until +3d The reviewer is back on Thursday")
    card = message(maria, f"{NAME} Model promotion · waiver asked for")
    press(message(rita, f"{NAME} Model promotion · waiver asked for"), "Waive it")
    press(rita.get_by_role("dialog"), "Waive it")
    answer(rita, "You can't grant waivers")
    press(card, "Waive it")
    press(maria.get_by_role("dialog"), "Waive it")
    answer(maria, "is granted")
    expect(message(rita, f"{NAME} Model promotion · waiver granted by Maria Voss")).to_be_visible()
    _keep(rita.screenshot(), "waiver")
    say(rita, f"/release advance {NAME} to frozen")
    answer(rita, f"{NAME} is now frozen.")
    say(rita, f"/release advance {NAME}")
    ahead = answer(rita, f"{NAME} Model promotion is frozen · next: ready")
    press(ahead, "Move to ready")
    answer(rita, f"{NAME} is now ready.")
    expect(message(maria, f"{NAME} Model promotion is ready · was frozen")).to_be_visible()
    say(rita, f"/release advance {NAME} to go")
    refused = answer(rita, f"{NAME} Model promotion is ready · next: go")
    expect(refused).to_contain_text("Missing")
    _keep(rita.screenshot(), "advance")


def _keep(picture: bytes, name: str) -> None:
    """For whoever wants to look: a folder named by SCREENSHOTS."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder, f"{name}.png").write_bytes(picture)
