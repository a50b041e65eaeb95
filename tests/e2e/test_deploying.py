"""A deployment by its runbook: one card that everybody sees move, from the first step to the last."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import ENVIRONMENTS, GOVERNANCE, Running

pytestmark = pytest.mark.browser

HOTFIX = "Hotfix"


def card(page: Page) -> Locator:
    return message(page, "Runbook of walk-deploy")


@pytest.fixture
def as_recorded(bank: Running) -> Iterator[None]:
    """Afterwards the release stands where the record has it, at which other walks look."""
    yield
    bank.ask("UPDATE release SET stage = 'in_progress' WHERE name = 'walk-deploy'")


@pytest.mark.usefixtures("as_recorded")
def test_a_hotfix_is_deployed_step_by_step(bank: Running, act: Act) -> None:
    bank.plan("walk-deploy", "DATA-240", template=HOTFIX)
    rita, omar, tom = act("U0RITA", GOVERNANCE), act("U0OMAR", GOVERNANCE), act("U0TOM", GOVERNANCE)
    elsewhere = act("U0OMAR", ENVIRONMENTS)
    say(rita, "/release runbook start walk-deploy")
    answer(rita, "walk-deploy is in progress, and its runbook starts once it has its go.")
    bank.ask("UPDATE release SET stage = 'deploying' WHERE name = 'walk-deploy'")  # how it gets there is another walk
    say(elsewhere, "/release runbook walk-deploy")
    plan = answer(elsewhere, "Runbook of walk-deploy · ⚪ Not started · 5 steps, about 50 min")
    expect(plan).to_contain_text("3 Verify that the fault is gone · 15 min · qa-approvers · together (after)")
    press(plan, "Start the runbook")
    answer(elsewhere, "You can't run a runbook: policy gives that to release-manager")

    say(rita, "/release runbook start walk-deploy")
    expect(card(omar)).to_contain_text("🟢 Running · step 1 of 5")
    expect(card(omar)).to_contain_text("Then 2 Deploy the fix · 3 Verify that the fault is gone")
    press(card(tom), "Start step 1")
    answer(
        tom, "You can't start step 1 of walk-deploy (Rehearse the way back): it belongs to infrastructure-approvers."
    )
    press(card(omar), "Start step 1")
    expect(card(rita)).to_contain_text("1 Rehearse the way back · 🟢 Running · Omar")
    press(card(omar), "Tick step 1")
    expect(card(rita)).to_contain_text("step 2 of 5")

    press(card(omar), "Start step 2")
    press(card(omar), "It failed…")
    modal = form(omar, "A step failed")
    modal.get_by_label("What went wrong in step 2?").fill("One node <!channel> keeps the old version & won't drain")
    press(modal, "Say it failed")
    expect(form(omar, "A step failed")).to_contain_text("Recorded: step 2 of walk-deploy (Deploy the fix) failed.")
    shut(form(omar, "A step failed"), "Close")
    expect(card(rita)).to_contain_text("🔴 Stopped · step 2 of 5")
    expect(card(rita)).to_contain_text("One node <!channel> keeps the old version & won't drain")
    told = act("U0RITA", "D0RITA").get_by_role("article").filter(has_text="walk-deploy")
    expect(told.last).to_contain_text("You get this because you run this deployment.")
    say(elsewhere, "/release runbook tick walk-deploy 2 drained by hand")
    answer(elsewhere, "Recorded: step 2 of walk-deploy (Deploy the fix) is done after")

    expect(card(rita)).to_contain_text("3 Verify that the fault is gone · ⚪ Ready since")
    expect(card(rita)).to_contain_text("4 Watch error rates and latency · ⚪ Ready since")
    if folder := os.environ.get("INTERLOCK_PICTURES"):
        rita.screenshot(path=f"{folder}/runbook.png")
    press(card(tom), "Start step 3")
    press(card(tom), "Tick step 3")
    answer(tom, "Recorded: step 3 of walk-deploy (Verify that the fault is gone) is done after 0 min.")
    say(rita, "/release runbook skip walk-deploy watch the dashboards are down, Grace watches the log")
    answer(rita, "Recorded: step 4 of walk-deploy (Watch error rates and latency) is skipped.")
    press(card(rita), "Start step 5")
    press(card(rita), "Tick step 5")
    answer(rita, "That was the last one.")
    expect(card(tom)).to_contain_text("🟢 Done · 5 of 5 steps done or skipped")
    expect(card(tom)).to_contain_text("Skipped: 4 (the dashboards are down, Grace watches the log).")
    press(card(tom), "See all 5 steps")
    expect(form(tom, "Runbook")).to_contain_text(re.compile(r"2 Deploy the fix · Done .* · Omar .*: drained by hand"))
    shut(form(tom, "Runbook"), "Close")
