"""People who speak to the bot in words, and who they are in the tracker."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, message, press, say
from tests.e2e.running import PLATFORM, Running

pytestmark = pytest.mark.browser


def test_a_mention_is_answered_in_its_thread(act: Act) -> None:
    tom = act("U0TOM", PLATFORM)
    say(tom, "@interlock what is blocked?")
    message(tom, "what is blocked?").get_by_role("link", name="1 reply").click()
    thread = tom.get_by_role("complementary", name="Thread")
    expect(thread.get_by_text("That sounds like /blockers.")).to_be_visible()
    press(thread, "Show me")
    answer(tom, "can't move")


def test_a_direct_message_is_answered_and_what_decides_is_left_to_the_command(bank: Running, act: Act) -> None:
    grace = act("U0GRACE", "app")
    said = grace.get_by_role("article")
    say(grace, f"how is {bank.releases.payments.name} going?")
    expect(said.filter(has_text=f"{bank.releases.payments.name} Weekly service release")).to_be_visible()
    say(grace, "please book uat-1 for me")
    expect(said.filter(has_text="/env book uat-1")).to_contain_text("Type it to do it.")
    say(grace, "🤷")
    expect(said.filter(has_text="Ask in words, or type a command")).to_be_visible()


def test_link_says_who_one_is_in_the_tracker(act: Act) -> None:
    noor = act("U0NOOR", PLATFORM)
    say(noor, "/link")
    answer(noor, "You are Noor Salter in the tracker, linked by your e-mail address.")
