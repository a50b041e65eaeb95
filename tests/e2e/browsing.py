"""What people do on the page, for the walks."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from bot.wiring import now

LONDON = ZoneInfo("Europe/London")

Act = Callable[[str, str], Page]
"""Opens a channel as somebody: a person's id and a channel's."""


def say(page: Page, text: str) -> None:
    composer = page.get_by_role("main").get_by_label(re.compile("^Message "))
    composer.fill(text)
    composer.press("Enter")


def message(page: Page, text: str) -> Locator:
    """The newest message in the channel that has this text, public or not."""
    return page.get_by_role("main").get_by_role("article").filter(has_text=text).last


def private(page: Page, text: str) -> Locator:
    """The newest one that only its reader sees."""
    return page.get_by_role("article").filter(has_text="Only visible to you").filter(has_text=text).last


def answer(page: Page, text: str) -> Locator:
    found = private(page, text)
    expect(found).to_be_visible()
    return found


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def form(page: Page, title: str) -> Locator:
    return page.get_by_role("dialog", name=title)


def local_minute() -> str:
    """This minute as a Londoner enters it: what is booked from then on runs at once."""
    return f"{now().astimezone(LONDON):%Y-%m-%dT%H:%M}"


def shut(dialog: Locator, name: str) -> None:
    """Presses the button that closes a form, and waits until the page behind it can be used again."""
    press(dialog, name)
    expect(dialog).to_have_count(0)
