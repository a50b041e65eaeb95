"""What is entered into elements, as Slack sends it."""

from typing import Any

import pytest

from sandbox.slack.elements import NoSuchOptionError, entered, initial, is_empty, state_of

OPTIONS = [{"text": {"type": "plain_text", "text": name}, "value": name.lower()} for name in ("Red", "Blue")]


def element(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "action_id": "a", **more}


@pytest.mark.parametrize(
    ("given", "raw", "typed"),
    [
        (element("plain_text_input"), "hello", {"value": "hello"}),
        (element("plain_text_input"), "", {"value": None}),
        (element("number_input"), "7", {"value": "7"}),
        (element("static_select", options=OPTIONS), "blue", {"selected_option": OPTIONS[1]}),
        (element("static_select", option_groups=[{"options": OPTIONS}]), "red", {"selected_option": OPTIONS[0]}),
        (element("external_select"), OPTIONS[0], {"selected_option": OPTIONS[0]}),
        (element("radio_buttons", options=OPTIONS), None, {"selected_option": None}),
        (element("overflow", options=OPTIONS), "red", {"selected_option": OPTIONS[0]}),
        (element("multi_static_select", options=OPTIONS), ["red"], {"selected_options": [OPTIONS[0]]}),
        (element("checkboxes", options=OPTIONS), None, {"selected_options": []}),
        (element("users_select"), "U0ANA", {"selected_user": "U0ANA"}),
        (element("multi_users_select"), ["U0ANA"], {"selected_users": ["U0ANA"]}),
        (element("conversations_select"), "C0GENERAL", {"selected_conversation": "C0GENERAL"}),
        (element("datepicker"), "2026-12-17", {"selected_date": "2026-12-17"}),
        (element("timepicker"), "09:30", {"selected_time": "09:30"}),
        (
            element("timepicker", timezone="Asia/Tokyo"),
            "09:30",
            {"selected_time": "09:30", "timezone": "Asia/Tokyo"},
        ),
        (element("datetimepicker"), "1764000000", {"selected_date_time": 1764000000}),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "action_id" in value else "",
)
def test_typed_values(given: dict[str, Any], raw: Any, typed: dict[str, Any]) -> None:
    assert entered(given, raw) == {"type": given["type"], **typed}


def test_an_option_that_is_not_there() -> None:
    with pytest.raises(NoSuchOptionError):
        entered(element("static_select", options=OPTIONS), "green")


def test_what_nobody_has_touched() -> None:
    chosen = element("static_select", options=OPTIONS, initial_option=OPTIONS[0])
    assert initial(chosen) == {"type": "static_select", "selected_option": OPTIONS[0]}
    assert is_empty(element("checkboxes"), initial(element("checkboxes")))
    assert not is_empty(chosen, initial(chosen))


def test_state_holds_every_input_wherever_it_stands() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "input", "block_id": "i", "element": element("plain_text_input", initial_value="old")},
        {"type": "section", "block_id": "s", "accessory": element("users_select")},
        {
            "type": "actions",
            "block_id": "b",
            "elements": [element("button"), {**element("datepicker"), "action_id": "d"}],
        },
    ]
    kept = {"s": {"a": {"type": "users_select", "selected_user": "U0ANA"}}}
    assert state_of(blocks, kept, {("b", "d"): "2026-12-17"}) == {
        "i": {"a": {"type": "plain_text_input", "value": "old"}},
        "s": {"a": {"type": "users_select", "selected_user": "U0ANA"}},
        "b": {"d": {"type": "datepicker", "selected_date": "2026-12-17"}},
    }


def test_an_entry_is_forgotten_when_its_element_becomes_another() -> None:
    blocks = [{"type": "input", "block_id": "i", "element": element("users_select")}]
    kept = {"i": {"a": {"type": "plain_text_input", "value": "old"}}}
    assert state_of(blocks, kept, {})["i"]["a"] == {"type": "users_select", "selected_user": None}
