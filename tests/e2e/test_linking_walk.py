"""Somebody whom nothing tells apart proves their tracker account by a comment of their own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Act, answer, form, press, say, shut
from tests.e2e.running import Running

pytestmark = pytest.mark.browser

GENERAL = "C0GENERAL"
KEY = "DATA-125"


def comment(page: Page, by: str, text: str) -> None:
    """On the ticket's page in Jira."""
    page.get_by_label("As", exact=True).select_option(label=by)
    page.get_by_label("Comment").fill(text)
    press(page, "Comment")
    expect(page.get_by_text(text).last).to_be_visible()


def test_nia_proves_her_account(bank: Running, act: Act, tab: Callable[[str], Page]) -> None:
    workspace = bank.server.workspace
    alone = workspace.dm("U0NOMAIL", workspace.app_user).id
    nia, told = act("U0NOMAIL", GENERAL), act("U0NOMAIL", alone)
    say(nia, "/link")
    answer(nia, "You are not linked to an account in the tracker.")
    say(nia, "/link nia broke")
    asked = answer(nia, "Which one is yours?")
    asked.get_by_label("Choose your account").select_option(label="Nia Brook (acc-nia)")
    steps = answer(nia, "Prove that you are Nia Brook in the tracker")
    code = steps.locator("pre").inner_text().strip()

    jira = tab(f"{bank.server.url}/jira/browse/{KEY}")
    comment(jira, "Tom Arkwright", code)
    press(steps, "Check…")
    modal = form(nia, "Check my comment")
    modal.get_by_label("On which ticket did you comment?").fill("not a key")
    press(modal, "Check")
    expect(modal.get_by_text("A key looks like DATA-214.")).to_be_visible()
    modal.get_by_label("On which ticket did you comment?").fill(jira.url)
    press(modal, "Check")
    expect(modal).to_contain_text(f"Interlock is looking at {KEY}")
    shut(modal, "Close")
    refused = told.get_by_role("article").filter(has_text="is not Nia Brook's own. Write it as yourself.")
    expect(refused).to_be_visible()

    comment(jira, "Nia Brook", code)
    press(refused, "Check…")
    modal = form(told, "Check my comment")
    modal.get_by_label("On which ticket did you comment?").fill(KEY)
    press(modal, "Check")
    shut(modal, "Close")
    proved = told.get_by_role("article").filter(has_text="You are Nia Brook in the tracker from now on")
    expect(proved).to_contain_text(f"your comment on {KEY} proves it")
    say(nia, "/link")
    answer(nia, "You are Nia Brook in the tracker, linked by your comment.")


def test_nobody_confirms_themselves_or_takes_what_is_anothers(act: Act) -> None:
    rita, pete = act("U0RITA", GENERAL), act("U0PETE", GENERAL)
    say(rita, "/link confirm @rita acc-leo")
    answer(rita, "You can't confirm your own account.")
    say(rita, "/link confirm @pete acc-ana")
    answer(rita, "That account can't be linked: it belongs to Ana Whitlock.")
    say(pete, "/link confirm @jon acc-jon")
    answer(pete, "You can't confirm whose tracker account is whose")
    say(pete, "/link help")
    answer(pete, "/link confirm @person ACCOUNT")
