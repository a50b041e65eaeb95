"""What people do on the page, for the walks."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

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
