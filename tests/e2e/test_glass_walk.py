"""Breaking glass: one asks, another confirms, the release goes without sign-offs, and every report says so."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import GOVERNANCE, Rules, Running

pytestmark = pytest.mark.browser

NAME = "walk-glass"
BY = "for QA and Infrastructure by Rita Sandoval-Kerr and Omar Fenn: payments <!channel> fail since 02:10"


def nobody_lacks_a_role(policy: dict[str, Any]) -> None:
    """Those who ask may confirm, and those who confirm may review: whoever is refused is so for who they are."""
    may = policy["permissions"]
    may["break_glass.confirm"] += may["break_glass.ask"]
    may["break_glass.review"] += may["break_glass.confirm"]
    policy["freezes"] = []  # it goes today, whichever day that is


def card(page: Page) -> Locator:
    """The request's card: the announcement names the same break glass, and comes before or after its new drawing."""
    return message(page, f"Break glass 1 for {NAME} ·")


def break_it(rita: Page, omar: Page) -> None:
    """She asks, and he confirms."""
    say(rita, f"/release breakglass {NAME} because payments <!channel> fail since 02:10")
    answer(rita, "3 people may confirm it, by direct message or in #governance; you hear of it.")
    for page in (rita, omar):
        expect(card(page)).to_contain_text("waits to be confirmed until")
        expect(card(page)).to_contain_text("QA 0 of 1 signed · not signed by Ines Calder or Tom Arkwright")
        expect(card(page)).to_contain_text("Why payments <!channel> fail since 02:10")
    expect(card(omar)).to_contain_text("You get this because you may confirm it.")
    press(card(rita), "Confirm: break glass")
    press(form(rita, "Break glass?"), "Break glass")
    answer(rita, "You asked to break this glass, so you can't confirm it. Somebody else who may confirm it can.")
    expect(card(omar)).to_contain_text("waits to be confirmed until")

    press(card(omar), "Confirm: break glass")
    sure = form(omar, "Break glass?")
    expect(sure).to_contain_text(
        f"{NAME} passes without QA and Infrastructure for 24 hours, on your word and Rita Sandoval-Kerr's."
    )
    press(sure, "Break glass")
    answer(omar, f"Recorded: you confirmed break glass 1. {NAME} passes without QA and Infrastructure until")
    for page in (rita, omar):
        expect(card(page)).to_contain_text("confirmed by Omar Fenn, holds until")
        expect(card(page).get_by_role("button", name="Confirm: break glass")).to_have_count(0)


def test_two_break_glass_and_a_third_looks_into_it(bank: Running, rules: Rules, act: Act) -> None:
    rules.edit("interlock.yaml", nobody_lacks_a_role)
    rules.count()
    bank.server.tickets.transition("DATA-243", "Done", by="ravi")
    bank.plan(NAME, "DATA-243", template="Hotfix")
    rita, omar = act("U0RITA", GOVERNANCE), act("U0OMAR", "D0OMAR")
    say(rita, f"/release tick {NAME} the incident https://wiki.example/incident/7")
    answer(rita, f"is ticked for {NAME}")
    say(rita, f"/release advance {NAME} to go")
    missing = answer(rita, f"{NAME} Hotfix is in progress · next: go")
    expect(missing).to_contain_text("Missing QA: 0 of 1 signed")

    break_it(rita, omar)
    told = message(act("U0RITA", "D0RITA"), f"{NAME} · glass is broken")
    expect(told).to_contain_text("You get this because you are one of the two who answer for break glass 1.")

    say(rita, f"/release advance {NAME} to go")
    answer(rita, f"{NAME} is now go.")
    news = message(rita, f"{NAME} Hotfix is go · was in progress")
    expect(news).to_contain_text(BY)
    expect(news).to_contain_text("not reviewed (number 1)")
    _keep(rita, "go")

    audrey = act("U0AUDIT", GOVERNANCE)
    for what, says in (("status", "Scope 1 of 1 done"), ("readiness", "Nothing stands between us and go")):
        say(audrey, f"/release {what} {NAME}")
        told = answer(audrey, says)
        expect(told).to_contain_text("Why QA and Infrastructure passed by break glass alone")
        expect(told).to_contain_text(BY)
        expect(told).to_contain_text("not reviewed (number 1)")
    _keep(audrey, "reports")
    omar = act("U0OMAR", GOVERNANCE)
    press(message(omar, f"{NAME} · glass is broken"), "Review…")
    answer(omar, "You are one of the two who broke this glass: somebody else reviews it.")
    press(message(audrey, f"{NAME} · glass is broken"), "Review…")
    modal = form(audrey, "Review broken glass")
    expect(modal).to_contain_text("went without QA and Infrastructure")
    modal.get_by_label("What you looked at, and what came of it").fill("The fix & its <!here> rollback were tried")
    press(modal, "Record the review")
    expect(modal).to_contain_text(f"Recorded: you reviewed break glass 1 for {NAME}.")
    shut(modal, "Close")
    found = message(rita, "break glass 1 is reviewed")
    expect(found).to_contain_text("Audrey Finch: The fix & its <!here> rollback were tried")
    say(audrey, f"/release status {NAME}")
    expect(answer(audrey, f"{NAME} Hotfix")).to_contain_text("reviewed by Audrey Finch")
    expect(message(rita, f"Sign-offs for {NAME}")).to_contain_text("reviewed by Audrey Finch")


def _keep(page: Page, name: str) -> None:
    """For whoever wants to look: a folder named by SCREENSHOTS."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"glass-{name}.png"))
