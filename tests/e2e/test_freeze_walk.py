"""A release is planned into a freeze, an exception is asked for, and somebody else approves it."""

from datetime import date

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, form, message, press, say, shut
from tests.e2e.running import GOVERNANCE, Running

pytestmark = pytest.mark.browser

SATURDAY = 5


def frozen_day(today: date) -> date:
    """A working day in the bank's next year-end freeze."""
    days = (date(year, 12, number) for year in (today.year, today.year + 1) for number in (29, 30, 31))
    return next(day for day in days if day > today and day.weekday() < SATURDAY)


def test_a_frozen_release_goes_on_with_two_peoples_word(bank: Running, act: Act) -> None:
    bank.label("walk-freeze", "DATA-245")
    rita, omar = act("U0RITA", GOVERNANCE), act("U0OMAR", GOVERNANCE)
    say(rita, f"/release new weekly-service walk-freeze {frozen_day(bank.today)} label:walk-freeze")
    answer(rita, "The target falls into Year-end change freeze")
    say(rita, "/release exception walk-freeze")
    asking = form(rita, "Freeze exception")
    expect(asking).to_contain_text("walk-freeze meets Year-end change freeze")
    asking.get_by_label("Why it cannot wait").fill("The regulator's date is 1 January")
    asking.get_by_label("The risk if it goes out in the freeze").fill("Few people are in <!channel>")
    asking.get_by_label("The risk if it waits").fill("A fine")
    press(asking, "Ask")
    expect(asking).to_contain_text("Somebody else decides")
    shut(asking, "Close")
    card = message(omar, "Risk if it goes")
    expect(card).to_contain_text("waits for a decision")
    press(message(rita, "Risk if it goes"), "Approve exception")
    press(form(rita, "Approve the exception?"), "Approve")
    answer(rita, "You can't decide on freeze exceptions")
    press(card, "Approve exception")
    press(form(omar, "Approve the exception?"), "Approve")
    answer(omar, "Recorded: you approved exception")
    for page in (rita, omar):
        expect(message(page, "Risk if it goes")).to_contain_text("Approved by Omar Fenn")
    say(rita, "/release calendar")
    told = answer(rita, "The next 8 weeks")
    expect(told).to_contain_text("Year-end change freeze")
