"""A roll-call on go or no-go: one card that five roles answer in their own time, and a record that is pinned."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import ENVIRONMENTS, GOVERNANCE, Running, until

pytestmark = pytest.mark.browser

NAME = "walk-gonogo"


def card(page: Page) -> Locator:
    return message(page, "One vote a role.")


def test_five_roles_vote_and_the_release_goes_back_with_the_reasons(bank: Running, act: Act) -> None:
    bank.plan(NAME, "DATA-240", "INFRA-58")
    rita, tom, maria = act("U0RITA", GOVERNANCE), act("U0TOM", GOVERNANCE), act("U0MARIA", GOVERNANCE)
    say(rita, f"/release gonogo {NAME}")
    answer(rita, "the roll-call comes when it is ready")
    for stage in ("frozen", "ready"):
        say(rita, f"/release advance {NAME} to {stage}")
        answer(rita, f"{NAME} is now {stage}.")
    say(rita, f"/release gonogo {NAME} for 4h")
    expect(card(tom)).to_contain_text("0 of 5 roles voted")
    press(card(tom), "Vote go")
    answer(tom, f"Recorded: go on {NAME} for quality.")
    expect(card(maria)).to_contain_text("1 of 5 roles voted")
    press(card(maria), "Vote no-go…")
    modal = form(maria, "Vote no-go")
    modal.get_by_label("Why not?").fill("The rollback <!channel> was never rehearsed")
    press(modal, "Vote no-go")
    expect(form(maria, "Vote no-go")).to_contain_text(f"Recorded: no-go on {NAME} for data-governance.")
    shut(form(maria, "Vote no-go"), "Close")
    expect(card(tom)).to_contain_text("no-go · Maria Voss: The rollback <!channel> was never rehearsed")
    _keep(rita.screenshot(), "gonogo-card")
    for who, role in (("U0OMAR", "infrastructure"), ("U0NOOR", "ml-platform"), ("U0GRACE", "payments")):
        bank.somebody(who).types(ENVIRONMENTS, f"/release vote {NAME} go")
        _voted(bank, role)
    result = message(rita, "no-go, to be confirmed")
    expect(result).to_contain_text("payments · go · Grace Adeyemi-Lund")
    press(result, "Confirm no-go")
    press(form(rita, "Confirm no-go?"), "Confirm")
    answer(rita, f"No-go is confirmed: {NAME} is frozen.")
    record = message(tom, "Dissent")
    expect(record).to_contain_text("quality, infrastructure, ml-platform and payments")
    expect(record).to_contain_text("by Rita Sandoval-Kerr")
    until("the pin", lambda: any(said.pinned and NAME in said.text for said in bank.posts(GOVERNANCE)))
    _keep(rita.screenshot(), "gonogo-record")


def _voted(bank: Running, role: str) -> None:
    """Waits for it."""
    given = "SELECT 1 FROM gonogo_vote WHERE role = :role"
    until(f"the vote of {role}", lambda: bank.ask(given, role=role))


def _keep(picture: bytes, name: str) -> None:
    """For whoever wants to look: a folder named by SCREENSHOTS."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder, f"{name}.png").write_bytes(picture)
