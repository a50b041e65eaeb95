"""A risk from its form to its outcome, and its picture; a decision from a line to who decides it."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import PLATFORM, Running, until

pytestmark = pytest.mark.browser


def key_in(told: Locator) -> str:
    found = re.search(r"[RAID]-\d+", told.inner_text())
    assert found is not None
    return found[0]


def sent(bank: Running, kind: str) -> None:
    statement = "SELECT 1 FROM outbox WHERE kind = :kind AND state = 'sent'"
    until(f"{kind} to be sent", lambda: bank.ask(statement, kind=kind))


def enter_in_the_form(bank: Running, act: Act) -> str:
    """Rita enters a risk of Ravi's; returns its key."""
    rita = act("U0RITA", PLATFORM)
    say(rita, f"/raid risk {bank.releases.platform.name}")
    modal = form(rita, "Risk")
    modal.get_by_label("What could happen?").fill("Upgrade of <b>registry</b> & <!channel> slips")
    modal.get_by_label("Probability").select_option("4 · likely")
    modal.get_by_label("Impact").select_option("5 · severe")
    modal.get_by_label("Mitigation ticket").fill("DATA-99999")
    press(modal, "Save")
    expect(modal.get_by_text("No ticket DATA-99999 is known here. Check its key.").last).to_be_visible()
    modal.get_by_label("Mitigation ticket").fill("DATA-214")
    modal.get_by_label("Owner").select_option("Ravi Menon-Hale")
    press(modal, "Save")
    done = form(rita, "RAID log")
    expect(done).to_contain_text("owned by Ravi Menon-Hale. Its score is 20. It hangs on DATA-214")
    return key_in(done)


def test_a_risk_is_entered_seen_reviewed_and_closed(bank: Running, act: Act) -> None:
    key = enter_in_the_form(bank, act)
    ravi = act("U0RAVI", PLATFORM)
    say(ravi, "/raid")
    listed = answer(ravi, "RAID log of")
    expect(listed).to_contain_text("🔴 Red · 1 open, 1 high risk")
    expect(listed).to_contain_text("Upgrade of <b>registry</b> & <!channel> slips · score 20 (p4 i5) · Ravi Menon-Hale")
    press(listed, "Heat map")
    answer(ravi, "is on its way to your direct messages. 1 of 1 open risk")
    sent(bank, "raid.map")
    picture = act("U0RAVI", "D0RAVI").get_by_role("img", name=f"is high (12 or more): {key} with 20.")
    expect(picture).to_be_visible()

    press(listed, f"Show {key}")
    one = answer(ravi, "Rita Sandoval-Kerr entered it")
    expect(one).to_contain_text("Mitigation DATA-214")
    press(one, "Reviewed…")
    modal = form(ravi, f"Review {key}")
    modal.get_by_label("Probability").select_option("2 · unlikely")
    modal.get_by_label("Note").fill("The vendor has confirmed")
    press(modal, "Reviewed")
    expect(form(ravi, "RAID log")).to_contain_text(f"{key} is reviewed at a score of 10.")
    shut(form(ravi, "RAID log"), "Done")
    press(one, "Close…")
    modal = form(ravi, f"Close {key}")
    modal.get_by_label("What came of it?").fill("The upgrade shipped on time")
    press(modal, "Close")
    expect(form(ravi, "RAID log")).to_contain_text(f"{key} is closed: The upgrade shipped on time")
    shut(form(ravi, "RAID log"), "Done")

    rita = act("U0RITA", PLATFORM)
    say(rita, f"/raid show {key.lower()}")
    told = answer(rita, "Outcome The upgrade shipped on time")
    expect(told).to_contain_text("Ravi Menon-Hale reviewed it: probability 4 → 2")
    say(rita, f"/raid review {key}")
    answer(rita, f"{key} was closed by Ravi Menon-Hale: The upgrade shipped on time")


def test_a_line_enters_a_decision_which_its_approver_decides(bank: Running, act: Act) -> None:
    name = bank.releases.platform.name
    rita, maria, ravi = act("U0RITA", PLATFORM), act("U0MARIA", PLATFORM), act("U0RAVI", PLATFORM)
    say(rita, f"/raid decision {name} @ana approver @maria informed @leo by +3d: Which registry? | Keep 5.4, or 6")
    entered = answer(rita, "approved by Maria Voss, driven by Ana Whitlock")
    key = key_in(entered)
    press(entered, f"Show {key}")
    press(answer(rita, "Options Keep 5.4, or 6"), "Decide…")
    modal = form(rita, f"Decide {key}")
    modal.get_by_label("What was decided?").fill("Mine")
    press(modal, "Decide")
    expect(form(rita, "RAID log")).to_contain_text(f"You can't close {key}: Maria Voss approves {key}")
    shut(form(rita, "RAID log"), "Close")
    say(maria, f"/raid close {key} Registry 6 after the release")
    answer(maria, f"{key} is decided: Registry 6 after the release")

    say(ravi, "/raid risk p3 i4: x")
    answer(ravi, "You can't enter or change risks")
    say(rita, "/raid risk p9 i4: x")
    answer(rita, "p9 is not on the scale. Such as")
    say(rita, f"/raid export {name}")
    answer(rita, "The RAID log of")
    sent(bank, "raid.export")
    expect(message(act("U0RITA", "D0RITA"), "of the RAID log of")).to_contain_text(".csv")
