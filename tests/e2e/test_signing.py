"""The sign-off card: who may, who may not, and what a click on an old card says."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.faults import Fault
from tests.e2e.browsing import Act, answer, form, message, press, shut
from tests.e2e.running import GOVERNANCE, PAYMENTS, WEEKLY, Running, until

pytestmark = pytest.mark.browser


def card(page: Page, name: str) -> Locator:
    return message(page, f"Sign-offs for {name}")


def test_one_who_may_approves_and_everybody_sees_it(bank: Running, act: Act) -> None:
    bank.plan("walk-approve", "DATA-240", "INFRA-58")
    maria, leo = act("U0MARIA", GOVERNANCE), act("U0LEO", GOVERNANCE)
    expect(card(leo, "walk-approve")).to_contain_text("0 of 5 given")
    leos_own = leo.get_by_text("Only visible to you").count()  # what other walks left him
    press(card(maria, "walk-approve"), "Approve 2 tickets")
    answer(maria, "Recorded: you approved walk-approve for Data Governance.")
    for page in (maria, leo):
        expect(card(page, "walk-approve")).to_contain_text("1 of 5 given")
        expect(card(page, "walk-approve")).to_contain_text("Data Governance · Given (1 of 1): Maria Voss")
    press(card(maria, "walk-approve"), "Approve 2 tickets")
    answer(maria, "You approved walk-approve for Data Governance")
    expect(leo.get_by_text("Only visible to you")).to_have_count(leos_own)


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("U0RAVI", "You can't"),
        ("U0SAM", "you asked for"),
        ("U0INES", "you are or were assigned to DATA-231, which is in scope."),
    ],
    ids=["not named", "the requester", "assigned"],
)
def test_one_who_may_not_is_told_why(bank: Running, act: Act, person: str, why: str) -> None:
    name = f"walk-{person.removeprefix('U0').lower()}"
    bank.plan(name, "DATA-231", by="U0SAM")
    somebody = act(person, GOVERNANCE)
    press(card(somebody, name), "Approve 1 ticket")
    answer(somebody, why)
    expect(card(somebody, name)).to_contain_text("0 of 5 given")


def test_a_guest_is_refused(bank: Running, act: Act) -> None:
    gil = act("U0GUEST", PAYMENTS)
    press(card(gil, bank.releases.payments.name), "Approve 14 tickets")
    answer(gil, "Interlock answers full members of this workspace only, not guests.")


def test_a_rejection_needs_a_reason_is_told_and_can_be_taken_back(bank: Running, act: Act) -> None:
    bank.plan("walk-reject", "DATA-245", template=WEEKLY)
    tom, rita = act("U0TOM", GOVERNANCE), act("U0RITA", GOVERNANCE)
    press(card(tom, "walk-reject"), "Reject…")
    modal = form(tom, "Reject the release")
    press(modal, "Reject")
    expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
    modal.get_by_label("Why not?").fill("The rollback <!channel> was never rehearsed & nobody knows why")
    press(modal, "Reject")
    expect(form(tom, "Sign-off")).to_contain_text("Recorded: you rejected walk-reject for QA.")
    shut(form(tom, "Sign-off"), "Close")
    told = message(rita, "walk-reject was rejected by Tom Arkwright for QA")
    expect(told).to_contain_text("The rollback <!channel> was never rehearsed & nobody knows why")
    expect(card(rita, "walk-reject")).to_contain_text("QA · Rejected")
    press(card(tom, "walk-reject"), "Revoke mine")
    question = form(tom, "Revoke your sign-off?")
    expect(question).to_contain_text("walk-reject")
    press(question, "Revoke")
    answer(tom, "Revoked: your word on walk-reject for QA no longer counts.")
    expect(card(rita, "walk-reject")).to_contain_text("QA · Open (0 of 1)")


def test_a_click_on_an_old_card_says_what_changed_and_draws_it_anew(bank: Running, act: Act) -> None:
    bank.plan("walk-stale", "ML-58", template=WEEKLY)
    tom = act("U0TOM", GOVERNANCE)
    expect(card(tom, "walk-stale")).to_contain_text("0 of 1 ticket done")
    refused = Fault(service="slack", method="chat.update", fault="500", count=4)
    bank.server.faults.plan(refused)  # so that the old card stands a while
    try:
        bank.label("walk-stale", "INFRA-33")
        until("the card to be overdue", lambda: any(each["used"] for each in bank.server.faults.listed()))
        press(card(tom, "walk-stale"), "Approve 1 ticket")
        told = answer(tom, "Not recorded: the scope of walk-stale changed since this card was drawn.")
        expect(told).to_contain_text("1 added (INFRA-33).")
    finally:
        bank.server.faults.clear()
    press(card(tom, "walk-stale"), "Approve 2 tickets")
    answer(tom, "Recorded: you approved walk-stale for QA.")
    expect(card(tom, "walk-stale")).to_contain_text(re.compile("QA · Given .*Tom Arkwright"))


def test_an_approval_hangs_on_a_condition_until_somebody_ticks_it_off(bank: Running, act: Act) -> None:
    bank.plan("walk-condition", "DATA-245", template=WEEKLY)
    tom, rita = act("U0TOM", GOVERNANCE), act("U0RITA", GOVERNANCE)
    press(card(tom, "walk-condition"), "Approve with conditions…")
    modal = form(tom, "Approve the release")
    modal.get_by_label("On what does your approval hang?").fill("NONE-1")
    press(modal, "Approve")
    expect(modal.get_by_text("Interlock mirrors no ticket NONE-1")).to_be_visible()
    modal.get_by_label("On what does your approval hang?").fill("The rollback is rehearsed")
    press(modal, "Approve")
    expect(form(tom, "Sign-off")).to_contain_text("It hangs on 1 condition: until they are met, nothing goes.")
    shut(form(tom, "Sign-off"), "Close")
    expect(card(rita, "walk-condition")).to_contain_text("QA · Given, 1 condition open (1 of 1): Tom Arkwright")
    expect(card(rita, "walk-condition")).to_contain_text("The rollback is rehearsed")
    press(card(tom, "walk-condition"), "Conditions")
    press(answer(tom, "walk-condition · 1 condition open of 1"), "Done")
    answer(tom, "Recorded: The rollback is rehearsed is done, and no condition of walk-condition is open.")
    expect(card(rita, "walk-condition")).to_contain_text(re.compile("QA · Given \\(1 of 1\\): Tom Arkwright"))
