"""The page in a real browser, with a real Bolt app behind it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROOM = "C0RELEASE"
Tab = Callable[[str], Page]


def say(page: Page, text: str, label: str = "Message #rel-data-platform") -> None:
    composer = page.get_by_label(label)
    composer.fill(text)
    composer.press("Enter")


def test_a_command_is_answered_to_its_author_alone_and_shared_on_request(practice: Any, tab: Tab) -> None:
    ana, tom = tab(practice.address("U0ANA", ROOM)), tab(practice.address("U0TOM", ROOM))
    say(ana, "/release status")
    answer = ana.get_by_role("article").filter(has_text="Only visible to you")
    expect(answer).to_contain_text("2026.12 Data Platform · 🟢 Green")
    expect(ana.get_by_label("Message #rel-data-platform")).to_have_value("")
    answer.get_by_role("button", name="Share in channel").click()
    expect(tom.get_by_text("2026.12 is green")).to_be_visible()
    expect(tom.get_by_text("Only visible to you")).to_have_count(0)
    answer.hover()
    answer.get_by_role("button", name="Dismiss message").click()
    expect(ana.get_by_text("Only visible to you")).to_have_count(0)


def test_an_unknown_command_is_explained(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/relaese status")
    expect(ana.get_by_text("/relaese is not a valid command.")).to_be_visible()


def test_the_composer_completes_commands_and_names(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    composer = ana.get_by_label("Message #rel-data-platform")
    commands = ana.locator("#completions").get_by_role("option")
    composer.press_sequentially("/")
    expect(commands).to_have_text([re.compile("/env"), re.compile(r"/release\s*list \| new")])
    composer.press("ArrowDown")
    composer.press("Enter")
    expect(composer).to_have_value("/release ")
    expect(commands).to_have_count(1)  # the usage stays in sight while its words are typed
    composer.press_sequentially("status")
    composer.press("Enter")
    expect(ana.get_by_text("Only visible to you")).to_be_visible()
    composer.press_sequentially("ask @yu")
    composer.press("Tab")
    composer.press("Enter")
    expect(ana.get_by_role("article").last).to_contain_text("ask @Yuki Tanabe-Ross")


def test_a_click_asks_first_and_redraws_the_card_for_everybody(practice: Any, tab: Tab) -> None:
    ana, tom = tab(practice.address("U0ANA", ROOM)), tab(practice.address("U0TOM", ROOM))
    say(ana, "/release card")
    approve = tom.get_by_role("button", name="Approve 41 tickets")
    approve.click()
    question = tom.get_by_role("dialog", name="Approve 2026.12?")
    expect(question).to_contain_text("You approve 41 tickets.")
    question.get_by_role("button", name="Not yet").click()
    expect(question).to_be_hidden()
    assert practice.bot.votes == []
    approve.click()
    question.get_by_role("button", name="Approve").click()
    for page in (ana, tom):
        expect(page.get_by_text("Approved by: tom")).to_be_visible()
        expect(page.get_by_role("link", name="1 reply")).to_be_visible()
    action = practice.bot.last("block_actions")["actions"][0]
    assert (action["action_id"], action["value"]) == ("approve", "r1")


def test_escape_is_a_no(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release card")
    ana.get_by_role("button", name="Approve 41 tickets").click()
    expect(ana.get_by_role("dialog")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.get_by_role("dialog")).to_have_count(0)
    assert practice.bot.votes == []


def test_an_overflow_menu_sends_its_choice(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release card")
    ana.get_by_role("button", name="More actions").click()
    ana.get_by_role("menuitem", name="Show history").click()
    expect(ana.get_by_text("You chose show-history")).to_be_visible()


def test_a_card_works_in_its_thread_as_in_its_channel(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release card")
    card = ana.get_by_role("article").filter(has_text="Sign-off for 2026.12")
    ana.goto(practice.address("U0ANA", ROOM, str(card.get_attribute("data-ts"))))
    ids = ana.locator("[id]").evaluate_all("all => all.map((each) => each.id)")
    assert sorted(ids) == sorted(set(ids))
    thread = ana.get_by_role("complementary", name="Thread")
    thread.get_by_role("button", name="More actions").click()
    thread.get_by_role("menuitem", name="Show scope").click()
    expect(ana.get_by_text("You chose show-scope")).to_be_visible()


def test_a_modal_is_filled_in_corrected_and_submitted(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release new")
    modal = ana.get_by_role("dialog", name="Plan a release")
    modal.get_by_role("button", name="Plan it").click()
    expect(modal.get_by_text("Please complete this required field.")).to_have_count(3)
    name = modal.get_by_label("Name")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("taken")
    modal.get_by_label("Target date").fill("2026-12-17")
    modal.get_by_label("Template").select_option("Quarterly")
    modal.get_by_label("Teams").click()
    modal.get_by_role("checkbox", name="Payments").check()
    modal.get_by_role("checkbox", name="ML").check()
    ana.keyboard.press("Escape")  # closes the list, not the modal
    expect(modal.get_by_role("checkbox", name="ML")).to_be_hidden()
    modal.get_by_label("Fix version").fill("2026")
    expect(modal.get_by_role("option", name="2026.12")).to_be_visible()
    ana.keyboard.press("ArrowDown")
    ana.keyboard.press("ArrowDown")
    ana.keyboard.press("Enter")  # picks the second, and does not submit
    modal.get_by_role("button", name="Plan it").click()
    expect(modal.get_by_text("A release of that name exists.")).to_be_visible()
    expect(name).to_have_value("taken")  # what was entered survives the error
    name.fill("2026.12")
    modal.get_by_role("button", name="Plan it").click()
    expect(modal).to_have_count(0)
    values = practice.bot.last("view_submission")["view"]["state"]["values"]
    assert values["name"]["name"]["value"] == "2026.12"
    assert values["target"]["target"]["selected_date"] == "2026-12-17"
    assert values["template"]["template"]["selected_option"]["value"] == "quarterly"
    assert [each["value"] for each in values["teams"]["teams"]["selected_options"]] == ["payments", "ml"]
    assert values["scope"]["scope"]["selected_option"]["value"] == "2026.12"


def test_a_pushed_modal_lies_upon_the_first_which_keeps_its_text(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release new")
    first = ana.get_by_role("dialog", name="Plan a release")
    first.get_by_label("Name").fill("half typed")
    first.get_by_role("button", name="Preview").click()
    second = ana.get_by_role("dialog", name="Preview")
    expect(second).to_contain_text("41 tickets found")
    expect(first).to_be_hidden()
    second.get_by_role("button", name="Back").click()
    expect(first).to_be_visible()
    expect(first.get_by_label("Name")).to_have_value("half typed")
    ana.keyboard.press("Escape")
    expect(first).to_have_count(0)


def test_a_rejection_takes_a_reason_of_several_lines(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "/release card")
    ana.get_by_role("button", name="Reject").click()
    modal = ana.get_by_role("dialog", name="Reject 2026.12")
    modal.get_by_label("Reason").fill("one\n\n<two> & *three*")
    modal.get_by_role("button", name="Reject").click()
    expect(modal).to_have_count(0)
    values = practice.bot.last("view_submission")["view"]["state"]["values"]
    assert values["reason"]["reason"]["value"] == "one\n\n<two> & *three*"


def test_a_thread_opens_beside_its_channel_and_takes_replies(practice: Any, tab: Tab) -> None:
    root = practice.workspace.post(ROOM, "U0TOM", "Is uat-2 free?")
    ana, tom = tab(practice.address("U0ANA", ROOM)), tab(practice.address("U0TOM", ROOM, root.ts))
    ana.get_by_role("article").filter(has_text="Is uat-2 free?").hover()
    ana.get_by_role("link", name="Reply in thread").click()
    thread = ana.get_by_role("complementary", name="Thread")
    say(ana, "It is", "Reply to thread")
    expect(thread).to_contain_text("1 reply")
    expect(tom.get_by_role("complementary", name="Thread")).to_contain_text("It is")
    expect(tom.get_by_role("link", name="1 reply")).to_be_visible()
    thread.get_by_role("link", name="Close thread").click()
    expect(thread).to_have_count(0)


def test_a_mention_reaches_the_app(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    say(ana, "@interlock what now?")
    ana.get_by_role("link", name="1 reply").click()
    expect(ana.get_by_role("complementary", name="Thread")).to_contain_text("Try /release status.")


def test_the_home_tab_is_drawn_when_it_is_opened(practice: Any, tab: Tab) -> None:
    ana = tab(practice.address("U0ANA", ROOM))
    ana.get_by_role("navigation", name="Conversations").get_by_role("link", name="Interlock").click()
    expect(ana.get_by_role("heading", name="What waits for you")).to_be_visible()
    ana.get_by_role("button", name="Open").click()
    expect(ana.get_by_role("button", name="Open")).not_to_have_attribute("aria-busy", "true")
    assert practice.bot.last("block_actions")["view"]["type"] == "home"
    ana.get_by_role("link", name="Messages").click()
    expect(ana.get_by_label("Message Interlock")).to_be_visible()


def test_what_is_being_typed_survives_news(site: Any, tab: Tab) -> None:
    ana = tab(site.address("U0ANA", ROOM))
    composer = ana.get_by_label("Message #rel-data-platform")
    composer.press_sequentially("half a thou")
    site.workspace.post(ROOM, "U0TOM", "meanwhile")
    expect(ana.get_by_text("meanwhile")).to_be_visible()
    expect(composer).to_be_focused()
    composer.press_sequentially("ght")
    expect(composer).to_have_value("half a thought")
    composer.fill("/rel")
    site.workspace.post(ROOM, "U0TOM", "and again")
    expect(ana.get_by_text("and again")).to_be_visible()
    composer.press("Tab")  # the list of commands is still open, and still knows what it completes
    expect(composer).to_have_value("/release ")


def test_messages_change_and_go_while_one_looks(site: Any, tab: Tab) -> None:
    workspace = site.workspace
    message = workspace.post(ROOM, "U0TOM", "first wording")
    ana = tab(site.address("U0ANA", ROOM))
    element = ana.locator(f'[data-ts="{message.ts}"]').element_handle()
    workspace.change_message(ROOM, message.ts, text="second wording", edited=workspace.new_ts())
    expect(ana.get_by_text("second wording")).to_be_visible()
    expect(ana.get_by_text("(edited)")).to_be_visible()
    assert element is not None
    assert element.evaluate("each => each.isConnected")  # morphed in place, not replaced
    workspace.delete_message(ROOM, message.ts)
    expect(ana.get_by_text("second wording")).to_have_count(0)


def test_unread_marks_come_and_go(site: Any, tab: Tab) -> None:
    ana = tab(site.address("U0ANA", ROOM))
    general = ana.get_by_role("navigation", name="Conversations").get_by_role("link", name="general")
    site.workspace.post("C0GENERAL", "U0TOM", "one")
    site.workspace.post("C0GENERAL", "U0TOM", "two")
    expect(general).to_contain_text("unread: 2")
    general.click()
    expect(ana.get_by_text("two", exact=True)).to_be_visible()
    expect(general).not_to_contain_text("unread")
    site.workspace.post("C0GENERAL", "U0TOM", "three")
    expect(ana.get_by_text("three", exact=True)).to_be_visible()
    expect(general).not_to_contain_text("unread")
    expect(ana.locator("#new-line")).to_have_count(0)  # one who watches has read it


def test_acting_as_somebody_else_stays_in_the_channel(site: Any, tab: Tab) -> None:
    page = tab(site.address("U0ANA", "C0SECRET"))
    page.get_by_label("Act as").select_option("U0YUKI")
    page.wait_for_url("**/client/U0YUKI/C0RELEASE")  # which is not hers to see, so where she starts
    page.get_by_label("Act as").select_option(label="Tom Arkwright – QA")
    page.wait_for_url("**/client/U0TOM/C0RELEASE")
    expect(page.locator("#act-as-card")).to_contain_text("@qa-approvers")


def test_a_conversation_between_two_people(site: Any, tab: Tab) -> None:
    ana = tab(site.address("U0ANA", ROOM))
    ana.get_by_label("Start a conversation").select_option("U0TOM")
    say(ana, "Between us", "Message Tom Arkwright")
    tom = tab(site.address("U0TOM", ROOM))
    tom.get_by_role("link", name="Ana Whitlock").click()
    expect(tom.get_by_role("article")).to_contain_text("Between us")


def test_a_channel_that_one_is_not_in_can_only_be_read(site: Any, tab: Tab) -> None:
    ana = tab(site.address("U0ANA", "C0QA"))
    expect(ana.get_by_text("Ana Whitlock is not in #qa-corner")).to_be_visible()
    expect(ana.get_by_label("Message #qa-corner")).to_have_count(0)


def test_a_click_that_nobody_answers_is_told(site: Any, tab: Tab) -> None:
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
    site.workspace.post(ROOM, "U0INTERLOCK", blocks=({"type": "actions", "block_id": "b", "elements": [button]},))
    ana = tab(site.address("U0ANA", ROOM))
    ana.get_by_role("button", name="Go", exact=True).click()
    expect(ana.get_by_role("status")).to_have_text("Interlock is not connected to this practice workspace.")


HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked=1'>",
    "</textarea></script><svg onload=window.hacked=1>",
    '"><iframe srcdoc="<script>parent.hacked=1</script>">',
    "<javascript:window.hacked=1|click me>",
    "&lt;b&gt;not bold&lt;/b&gt; \u202e backwards",
]


def test_hostile_texts_run_nothing_and_show_as_they_are(site: Any, tab: Tab) -> None:
    for text in HOSTILE:
        site.workspace.post(ROOM, "U0TOM", text)
        plain = {"type": "plain_text", "text": text[:70]}
        blocks = (
            {"type": "header", "block_id": "h", "text": plain},
            {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": text}},
            {"type": "actions", "block_id": "a", "elements": [{"type": "button", "action_id": text, "text": plain}]},
        )
        site.workspace.post(ROOM, "U0INTERLOCK", blocks=blocks)
    ana = tab(site.address("U0ANA", ROOM))
    expect(ana.get_by_text("<script>window.hacked = 1</script>").first).to_be_visible()
    expect(ana.get_by_text("<b>not bold</b>").first).to_be_visible()
    say(ana, HOSTILE[1])
    expect(ana.get_by_role("article").last).to_contain_text("<img src=x onerror='window.hacked=1'>")
    assert ana.evaluate("window.hacked") is None
    assert ana.locator("iframe, script:not([src])").count() == 0


def test_the_sidebar_folds_away_on_a_narrow_screen(site: Any, tab: Tab) -> None:
    site.workspace.post(ROOM, "U0TOM", "A long unbroken word: " + "x" * 400)
    ana = tab(site.address("U0ANA", ROOM))
    ana.set_viewport_size({"width": 420, "height": 800})
    channels = ana.get_by_role("navigation", name="Conversations")
    expect(channels).to_be_hidden()
    assert ana.evaluate("document.documentElement.scrollWidth") == 420
    ana.get_by_role("button", name="Channels").click()
    expect(channels).to_be_visible()
    channels.get_by_role("link", name="general").click()
    expect(ana.get_by_role("heading", name="general")).to_be_visible()


def test_every_control_of_a_modal_can_be_named_and_used(site: Any, tab: Tab) -> None:
    """Each kind of input once, found by its label alone; what the form holds reaches the workspace."""
    plain = {"type": "plain_text", "text": "Plain"}
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("Red", "Blue")]
    elements: dict[str, dict[str, Any]] = {
        "Text": {"type": "plain_text_input"},
        "Number": {"type": "number_input", "is_decimal_allowed": True},
        "Mail": {"type": "email_text_input"},
        "Address": {"type": "url_text_input"},
        "Date": {"type": "datepicker"},
        "Time": {"type": "timepicker"},
        "Moment": {"type": "datetimepicker"},
        "Colour": {"type": "static_select", "options": options},
        "Person": {"type": "users_select"},
        "Shade": {"type": "radio_buttons", "options": options},
        "Tints": {"type": "checkboxes", "options": options},
    }
    blocks = [
        {
            "type": "input",
            "block_id": name,
            "label": {"type": "plain_text", "text": name},
            "element": {**element, "action_id": "a"},
        }
        for name, element in elements.items()
    ]
    body = {"type": "modal", "title": plain, "submit": plain, "blocks": blocks}
    view = site.workspace.screens.open("U0YUKI", body)
    page = tab(site.address("U0YUKI", ROOM))
    modal = page.get_by_role("dialog", name="Plain")
    for name, text in {
        "Text": "x",
        "Number": "1.5",
        "Mail": "not an address",
        "Address": "https://a.example",
        "Date": "2026-12-17",
        "Time": "09:30",
        "Moment": "2026-11-24T15:00",
    }.items():
        modal.get_by_label(name, exact=True).fill(text)
    modal.get_by_label("Colour").select_option("Blue")
    modal.get_by_label("Person").select_option("Ana Whitlock")
    modal.get_by_role("radiogroup", name="Shade").get_by_label("Red").check()
    modal.get_by_role("group", name="Tints").get_by_label("Blue").check()
    modal.get_by_role("button", name="Plain").click()
    expect(modal.locator('[data-error-for="Mail"]')).not_to_be_empty()  # the browser's own words
    modal.get_by_label("Mail", exact=True).fill("a@b.example")
    modal.get_by_role("button", name="Plain").click()
    expect(modal.get_by_role("alert").first).to_have_text("We had some trouble connecting. Try again?")
    state = site.workspace.screens.view(view.id).state
    held = {name: next(value for key, value in state[name]["a"].items() if key != "type") for name in elements}
    assert held["Moment"] == 1795500000  # 15:00 in Tokyo
    assert held["Colour"]["value"] == "Blue"
    assert [each["value"] for each in held["Tints"]] == ["Blue"]
    assert {name: held[name] for name in ("Text", "Number", "Mail", "Address", "Date", "Time", "Person")} == {
        "Text": "x",
        "Number": "1.5",
        "Mail": "a@b.example",
        "Address": "https://a.example",
        "Date": "2026-12-17",
        "Time": "09:30",
        "Person": "U0ANA",
    }
