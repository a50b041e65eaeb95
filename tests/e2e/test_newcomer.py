"""Somebody who never saw Interlock types what comes to mind."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, message, press, say
from tests.e2e.running import MODELS, PLATFORM, Running

pytestmark = pytest.mark.browser


def test_a_release_status_is_completed_answered_to_one_and_shared_with_all(bank: Running, act: Act) -> None:
    noor, pete = act("U0NOOR", MODELS), act("U0PETE", MODELS)
    composer = noor.get_by_label("Message #rel-models")
    composer.press_sequentially("/rel")
    expect(noor.locator("#completions").get_by_role("option")).to_have_text([re.compile("^/release")])
    composer.press("Tab")
    expect(composer).to_have_value("/release ")
    composer.press_sequentially("status")
    composer.press("Enter")
    said = answer(noor, f"{bank.releases.models.name} Model promotion")
    expect(said).to_contain_text(re.compile(r"(Green|Amber|Red|Unknown) · \d+ business days to go"))
    expect(said).to_contain_text(re.compile(r"Scope \d+ of \d+ done"))
    expect(said).to_contain_text("Jira as of")
    expect(pete.get_by_text("Only visible to you")).to_have_count(0)
    press(said, "Share in channel")
    shared = message(pete, "shared by Noor Salter")
    expect(shared).to_contain_text(f"{bank.releases.models.name} Model promotion")
    expect(shared.get_by_role("button", name="Share in channel")).to_have_count(0)


def test_the_releases_under_way_are_listed_each_with_its_status(bank: Running, act: Act) -> None:
    leo = act("U0LEO", "C0GENERAL")
    say(leo, "/release list")
    listed = answer(leo, "releases under way")
    for plan in (bank.releases.platform, bank.releases.payments, bank.releases.models):
        expect(listed).to_contain_text(plan.name)
    listed.get_by_role("button", name="Status").first.click()
    answer(leo, "Share in channel")


def test_a_slip_gets_the_nearest_word_and_help_every_word(act: Act) -> None:
    ravi = act("U0RAVI", PLATFORM)
    say(ravi, "/release statsu")
    answer(ravi, "Did you mean /release status?")
    say(ravi, "/release HELP")
    helped = answer(ravi, "The beginning of a word is enough")
    for verb in ("status", "list", "new", "signoffs", "digest now"):
        expect(helped).to_contain_text(f"/release {verb}")
    say(ravi, "/release sta 1999.01")
    answer(ravi, "There is no release 1999.01.")


@pytest.mark.parametrize(
    "name",
    [
        "<!channel>",
        "'; DROP TABLE release;--",
        '100 % "done"',
        "x" * 3000,
        "إصدار ديسمبر",
        "🚂 payload",
        "a\u202eb\x07c",
    ],
)
def test_no_name_is_too_strange_for_a_sentence(act: Act, name: str) -> None:
    ravi = act("U0RAVI", PLATFORM)
    say(ravi, f"/release status {name}")
    answer(ravi, "There is no release")
