"""Who has which environment: booked by one, refused to another, given back."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, form, local_minute, press, say, shut
from tests.e2e.running import ENVIRONMENTS

pytestmark = pytest.mark.browser


def test_one_books_another_is_refused_with_the_way_out_and_it_comes_back(act: Act) -> None:
    jon, pete = act("U0JON", ENVIRONMENTS), act("U0PETE", ENVIRONMENTS)
    say(jon, "/env list")
    expect(answer(jon, "of 8 free")).to_contain_text("dr-1 · in maintenance")
    say(jon, "/env book uat-2")
    modal = form(jon, "Book an environment")
    press(modal, "Book")
    expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
    modal.get_by_label("From").fill(local_minute())
    modal.get_by_label("What for").fill("Acceptance of <b>instant</b> payments & <!channel>")
    press(modal, "Book")
    expect(modal).to_contain_text("uat-2 is yours")
    shut(modal, "Done")

    say(pete, "/env book UAT-2")
    modal = form(pete, "Book an environment")
    modal.get_by_label("What for").fill("Shadow traffic")
    press(modal, "Book")
    expect(modal.get_by_text("uat-2 is taken then: Jon Marsh has it from")).to_be_visible()
    modal.get_by_label("If it is taken, put me in the waitlist").check()
    press(modal, "Book")
    expect(modal).to_contain_text("You are next")
    shut(modal, "Done")
    say(pete, "/env list uat-2")
    held = answer(pete, "uat-2 Acceptance 2")
    expect(held).to_contain_text("Acceptance of <b>instant</b> payments & <!channel>")
    expect(held).to_contain_text("Waiting Pete Hollis")

    say(jon, "/env return uat-2")
    expect(answer(jon, "uat-2 is given back.")).to_contain_text("Pete Hollis waited for it, has it now, and is told.")
    told = act("U0PETE", "D0PETE")
    expect(told.get_by_role("article").filter(has_text="you waited for")).to_contain_text("uat-2 is yours")


def test_what_can_t_be_booked_says_why_and_unknown_names_are_asked_about(act: Act) -> None:
    ana = act("U0ANA", ENVIRONMENTS)
    say(ana, "/env book dr-1")
    expect(answer(ana, "dr-1")).to_contain_text(re.compile("maintenance"))
    say(ana, "/env book ut-2")
    answer(ana, "Did you mean")
    say(ana, "/env retrun")
    answer(ana, "Did you mean /env return?")


def test_retiring_what_somebody_has_asks_and_tells_them(act: Act) -> None:
    grace, omar = act("U0GRACE", ENVIRONMENTS), act("U0OMAR", ENVIRONMENTS)
    say(grace, "/env book perf-1")
    modal = form(grace, "Book an environment")
    modal.get_by_label("What for").fill("Contract tests")
    press(modal, "Book")
    expect(modal).to_contain_text("perf-1 is yours")
    shut(modal, "Done")

    say(omar, "/env set perf-1 retired Moved to the new cluster")
    modal = form(omar, "Retire perf-1")
    expect(modal).to_contain_text("That ends a booking, which can't be undone.")
    expect(modal).to_contain_text("Grace Adeyemi-Lund")
    press(modal, "Retire perf-1")
    expect(modal).to_contain_text("1 booking has ended.")
    shut(modal, "Close")
    told = act("U0GRACE", "D0GRACE").get_by_role("article").filter(has_text="has retired perf-1")
    expect(told).to_contain_text("Omar Fenn has retired perf-1: Moved to the new cluster.")

    say(omar, "/env list")
    press(answer(omar, "of 8 free"), "Show all")
    expect(answer(omar, "of 8 free")).to_contain_text("perf-1 · retired: Moved to the new cluster")
    say(omar, "/env set perf-1 ready")
    answer(omar, "perf-1 is ready now.")
