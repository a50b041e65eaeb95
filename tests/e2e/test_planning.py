"""A release manager plans a release in the form."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import GOVERNANCE, PLATFORM, QUARTERLY, Running

pytestmark = pytest.mark.browser


def test_the_form_is_corrected_previewed_submitted_and_announced(bank: Running, act: Act) -> None:
    platform = bank.releases.platform
    maria, rita = act("U0MARIA", GOVERNANCE), act("U0RITA", GOVERNANCE)
    say(rita, "/release new")
    modal = form(rita, "New release")
    modal.get_by_label("Template").select_option(QUARTERLY)
    modal.get_by_label("Name").fill(platform.name)
    modal.get_by_label("Target date").fill(platform.target.isoformat())
    versions = modal.get_by_label("Fix versions")
    versions.fill(platform.name)
    modal.get_by_role("option", name=re.compile(rf"^{re.escape(platform.name)} · .* \(58\)$")).click()
    press(modal, "Preview")
    expect(modal).to_contain_text("58 tickets in scope")
    expect(modal).to_contain_text("Milestones Scope freeze")
    expect(modal).to_contain_text(f"Not yet There is a release {platform.name} already.")
    press(modal, "Plan release")
    expect(modal.get_by_text(f"There is a release {platform.name} already. Choose another name.").last).to_be_visible()
    expect(modal.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    modal.get_by_label("Name").fill("walk-planned")
    press(modal, "Plan release")
    expect(modal).to_contain_text("is planned. It is announced in #governance.")
    shut(modal, "Done")
    told = message(maria, "walk-planned")
    expect(told).to_contain_text("by Rita Sandoval-Kerr")
    expect(told).to_contain_text("Scope 58 tickets")
    press(told, "Status")
    answer(maria, "walk-planned Quarterly platform release · ")


def test_who_may_not_plan_is_told_who_may(act: Act) -> None:
    ravi = act("U0RAVI", PLATFORM)
    say(ravi, "/release new")
    answer(ravi, "You can't")
    expect(form(ravi, "New release")).to_have_count(0)
