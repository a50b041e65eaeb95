"""The policy of a release under way is changed: its template was edited, and the old policy's signers decide."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import GOVERNANCE, WEEKLY, Rules, Running

pytestmark = pytest.mark.browser

NAME = "walk-policy"
WHY = "The regulator <!channel> asks for it & we agreed"
DIFFERENCE = (
    "“QA” sign-off: days that an approval holds: 5 instead of none",
    "“Nearly everything in scope is done” gate: at least: 100 instead of 90",
)


def stricter(template: dict[str, Any]) -> None:
    template["version"] = "3"
    template["requirements"][0]["valid_days"] = "5"
    template["criteria"][0]["at_least"] = "100"


def signed_by_managers_too(policy: dict[str, Any]) -> None:
    """So that whoever proposes is refused for nothing but that."""
    policy["permissions"]["signoff.decide"].append("release-manager")


def card(page: Page) -> Locator:
    return message(page, "Proposed by Rita Sandoval-Kerr")


def approve(page: Page, place: Locator) -> None:
    press(place, "Approve change")
    sure = form(page, f"Approve the change of {NAME}'s policy?")
    expect(sure).to_contain_text("Once everybody has approved whom the old policy asks, it is carried out at once.")
    press(sure, "Approve the change")


def propose(page: Page) -> None:
    say(page, f"/release policy {NAME}")
    found = answer(page, "As it is configured now, its template differs")
    for each in DIFFERENCE:
        expect(found).to_contain_text(each)
    press(found, "Propose the change…")
    modal = form(page, "Change the policy")
    expect(modal).to_contain_text(DIFFERENCE[0])
    press(modal, "Propose")
    expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
    modal.get_by_label("Why does it have to change?").fill(WHY)
    press(modal, "Propose")
    expect(modal).to_contain_text(f"Proposed: change 1 of {NAME}'s policy is on its way to #governance.")
    shut(modal, "Close")


def test_a_changed_template_binds_a_release_once_the_old_policys_signers_say_so(
    bank: Running, rules: Rules, act: Act
) -> None:
    bank.plan(NAME, "DATA-245", template=WEEKLY)
    rita, tom, grace = act("U0RITA", GOVERNANCE), act("U0TOM", GOVERNANCE), act("U0GRACE", GOVERNANCE)
    signoffs = message(rita, f"Sign-offs for {NAME}")
    press(message(tom, f"Sign-offs for {NAME}"), "Approve 1 ticket")
    answer(tom, f"Recorded: you approved {NAME} for QA.")
    say(rita, f"/release policy {NAME}")
    answer(rita, "as it is configured now. There is nothing to change.")

    rules.edit("interlock.yaml", signed_by_managers_too)
    rules.edit("templates/weekly-service.yaml", stricter)
    rules.count()
    propose(rita)
    expect(card(tom)).to_contain_text(f"Change 1 of {NAME}'s policy · waits for approval")
    for each in DIFFERENCE:
        expect(card(tom)).to_contain_text(each)
    expect(card(tom)).to_contain_text(f"Why {WHY}")
    expect(card(tom)).to_contain_text("QA · 0 of 1 · Ines Calder or Tom Arkwright can")
    _keep(tom, "card")
    approve(rita, card(rita))
    answer(rita, "You proposed this change, so you can't decide on it. Somebody else who may sign can.")
    approve(tom, card(tom))
    answer(tom, f"Recorded: you approved change 1 of {NAME}'s policy for QA.")
    expect(card(rita)).to_contain_text("waits for approval")
    expect(card(rita)).to_contain_text("QA · 1 of 1: Tom Arkwright")
    expect(signoffs).to_contain_text("1 of 2 given")

    approve(grace, card(grace))
    answer(grace, f"It is carried out: {NAME} runs under version")
    for page in (rita, tom):
        expect(card(page)).to_contain_text("Carried out")
        expect(card(page)).to_contain_text("with the last approval, by Grace Adeyemi-Lund.")
        expect(card(page).get_by_role("button")).to_have_count(0)
    expect(signoffs).to_contain_text("0 of 2 given")
    expect(signoffs).to_contain_text("An approval for QA holds 5 days.")
    _keep(rita, "carried-out")
    proposer = message(act("U0RITA", "D0RITA"), f"{NAME} · your change 1 of its policy was carried out")
    expect(proposer).to_contain_text("You get this because you proposed it.")
    direct = act("U0TOM", "D0TOM")
    void = message(direct, f"Your approval of {NAME} for QA no longer counts.")
    expect(void).to_contain_text("policy changed (QA: days that an approval holds: 5 instead of none).")
    _keep(direct, "void")
    press(void, "Approve 1 ticket")
    answer(direct, f"Recorded: you approved {NAME} for QA.")
    expect(signoffs).to_contain_text("1 of 2 given")
    expect(rita.get_by_role("article").filter(has_text="There is nothing to change.")).to_have_count(1)
    say(rita, f"/release policy {NAME}")
    expect(rita.get_by_role("article").filter(has_text="There is nothing to change.")).to_have_count(2)


def _keep(page: Page, name: str) -> None:
    """For whoever wants to look: a folder named by SCREENSHOTS."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"policy-{name}.png"))
