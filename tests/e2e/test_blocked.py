"""What is in the way: who has it in hand, and that its end is noticed."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import PLATFORM, Running, until

pytestmark = pytest.mark.browser


def test_a_blocker_is_taken_shared_and_gone_once_the_tracker_says_so(bank: Running, act: Act) -> None:
    name = bank.releases.platform.name
    ravi, ana = act("U0RAVI", PLATFORM), act("U0ANA", PLATFORM)
    say(ravi, f"/blockers {name}")
    listed = answer(ravi, "can't move")
    expect(listed).to_contain_text("DATA-214 Schema registry upgrade")
    expect(listed).to_contain_text("Data Engineering, Ravi Menon-Hale")
    listed.get_by_role("button", name="On it…").first.click()
    modal = form(ravi, "On it: DATA-214")
    modal.get_by_label("Out of the way by").fill("2020-01-01")
    press(modal, "On it")
    expect(modal.get_by_text("Give a date from today on")).to_be_visible()
    modal.get_by_label("Out of the way by").fill(bank.releases.platform.target.isoformat())
    press(modal, "On it")
    expect(form(ravi, "On it")).to_contain_text("You have DATA-214 in hand until")
    shut(form(ravi, "On it"), "Close")
    say(ravi, f"/blockers {name}")
    press(answer(ravi, "Ravi Menon-Hale is on it until"), "Share in channel")
    shared = message(ana, "shared by Ravi Menon-Hale")
    expect(shared).to_contain_text("Ravi Menon-Hale is on it until")
    expect(shared.get_by_role("button", name="On it…")).to_have_count(0)

    bank.server.tickets.unflag("DATA-214", by="ravi")
    bank.server.tickets.transition("DATA-214", "Done", by="ravi")
    done = "SELECT 1 FROM ticket WHERE key = 'DATA-214' AND category = 'done'"
    until("the tracker's news", lambda: bank.ask(done))
    say(ana, f"/blockers {name}")
    left = answer(ana, "can't move")
    expect(left).to_contain_text("INFRA-64")
    expect(left).not_to_contain_text("DATA-214")


def test_a_team_is_meant_by_the_beginning_of_its_name(act: Act) -> None:
    yuki = act("U0YUKI", PLATFORM)
    say(yuki, "/blockers infra")
    expect(answer(yuki, "Infrastructure ·")).to_contain_text("INFRA-64 Disaster recovery rehearsal for the lakehouse")
