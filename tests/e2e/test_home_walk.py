"""The Home tab: what waits for one person, each with its button."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, form, local_minute, press, say, shut
from tests.e2e.running import ENVIRONMENTS, Running, until

pytestmark = pytest.mark.browser


def test_home_shows_what_waits_and_goes_on_without_what_was_done(bank: Running, act: Act) -> None:
    bank.plan("walk-home", "ML-84", "ML-97", "ML-100")
    bank.server.tickets.flag("ML-84", by="noor")
    until("the tracker's news", lambda: bank.ask("SELECT 1 FROM ticket WHERE key = 'ML-84' AND flagged"))
    noor = act("U0NOOR", ENVIRONMENTS)
    say(noor, "/env book ml-train")
    modal = form(noor, "Book an environment")
    modal.get_by_label("From").fill(local_minute())
    modal.get_by_label("What for").fill("Drift report")
    press(modal, "Book")
    expect(modal).to_contain_text("ml-train is yours")

    home = act("U0NOOR", "home")
    signoff = home.get_by_text("walk-home · ML Platform")
    expect(signoff).to_be_visible()
    expect(home.get_by_text("ML-84 Drift report for the fraud model")).to_be_visible()
    expect(home.get_by_text("Your bookings")).to_be_visible()

    press(home, "Approve 3 tickets")
    said = home.get_by_role("dialog")
    expect(said).to_contain_text("Recorded: you approved walk-home for ML Platform.")
    shut(said, "Close")
    expect(signoff).to_have_count(0)

    home.get_by_role("button", name="On it…").first.click()
    modal = form(home, "On it")
    press(modal, "On it")
    expect(modal).to_contain_text("in hand until")
    shut(modal, "Close")
    expect(home.get_by_text("Noor Salter is on it until").first).to_be_visible()

    press(home, "Give back ml-train")
    expect(said).to_contain_text("ml-train is given back.")
    shut(said, "Close")
    expect(home.get_by_role("button", name="Give back ml-train")).to_have_count(0)
