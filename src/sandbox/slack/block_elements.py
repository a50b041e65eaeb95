"""Slack's rules for interactive elements and images."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.slack.block_rules import Problem, many, required, size, text, text_size
from sandbox.slack.values import Json

_SELECTS = {"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
_MULTI = {f"multi_{kind}" for kind in _SELECTS}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
_TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}
ACCESSORIES = frozenset({"button", "overflow", "image", "workflow_button", *_SELECTS, *_MULTI, *_PICKERS})
ACTIONS = frozenset({"button", "overflow", "workflow_button", "rich_text_input", *_SELECTS, *_MULTI, *_PICKERS})
INPUTS = frozenset({"file_input", *_TYPED, *_SELECTS, *_MULTI, *_PICKERS})
_OPTIONS = {  # how many options an element takes
    "static_select": 100,
    "multi_static_select": 100,
    "overflow": 5,
    "checkboxes": 10,
    "radio_buttons": 10,
}
_FORMATS: Mapping[str, re.Pattern[str]] = {
    "initial_date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "initial_time": re.compile(r"([01]\d|2[0-3]):[0-5]\d"),
}


def check(element: Any, path: str, allowed: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(element, dict) or element.get("type") not in allowed:
        kind = element.get("type") if isinstance(element, dict) else element
        yield f"unsupported type: {kind} [json-pointer:{path}/type]"
        return
    if element["type"] == "image":
        yield from image(element, path)
        return
    yield from size(element, "action_id", path, 255)
    yield from text(element, "placeholder", path, most=150, kinds=("plain_text",))
    yield from _confirm(element, path)
    if element["type"] in {"button", "workflow_button"}:
        yield from _button(element, path)
    if element["type"] in _OPTIONS:
        yield from _choices(element, path, _OPTIONS[element["type"]])
    if element["type"] in _TYPED:
        yield from _typed(element, path)
    for key, pattern in _FORMATS.items():
        if key in element and not pattern.fullmatch(str(element[key])):
            yield f"invalid format [json-pointer:{path}/{key}]"


def image(node: Json, path: str) -> Iterator[Problem]:
    if not node.get("image_url") and not node.get("slack_file"):
        yield f"must define either `image_url` or `slack_file` [json-pointer:{path}]"
    yield from size(node, "image_url", path, 3000)
    yield from required(node, path, "alt_text")
    yield from size(node, "alt_text", path, 2000)


def _button(element: Json, path: str) -> Iterator[Problem]:
    yield from required(element, path, "text")
    yield from text(element, "text", path, most=75, kinds=("plain_text",))
    yield from size(element, "value", path, 2000)
    yield from size(element, "url", path, 3000)
    yield from size(element, "accessibility_label", path, 75)
    if element.get("style") not in {None, "primary", "danger"}:
        yield f"must be one of: primary, danger [json-pointer:{path}/style]"


def _confirm(element: Json, path: str) -> Iterator[Problem]:
    confirm = element.get("confirm")
    if confirm is None:
        return
    here = f"{path}/confirm"
    if not isinstance(confirm, dict):
        yield f"must provide an object [json-pointer:{here}]"
        return
    yield from required(confirm, here, "title", "text", "confirm", "deny")
    yield from text(confirm, "title", here, most=100, kinds=("plain_text",))
    yield from text(confirm, "text", here, most=300)
    yield from text(confirm, "confirm", here, most=30, kinds=("plain_text",))
    yield from text(confirm, "deny", here, most=30, kinds=("plain_text",))


def _choices(element: Json, path: str, most: int) -> Iterator[Problem]:
    groups = element.get("option_groups")
    if (element.get("options") is None) == (groups is None):
        yield f"must define either `options` or `option_groups` [json-pointer:{path}]"
        return
    yield from many(element, "option_groups", path, least=1, most=100)
    places = [(path, element)] if groups is None else [(f"{path}/option_groups/{i}", g) for i, g in enumerate(groups)]
    options: list[Json] = []
    for here, place in places:
        if groups is not None:
            yield from text(place, "label", here, most=75, kinds=("plain_text",))
        yield from many(place, "options", here, least=1, most=most)
        for index, option in enumerate(place.get("options") or ()):
            yield from _option(option, f"{here}/options/{index}", element)
            options.append(option)
    initial = element.get("initial_options", [element["initial_option"]] if element.get("initial_option") else [])
    known = [(o.get("value"), o.get("text")) for o in options if isinstance(o, dict)]
    if any((one.get("value"), one.get("text")) not in known for one in initial):
        yield f"initial_option must be one of the options [json-pointer:{path}]"


def _option(option: Any, path: str, element: Json) -> Iterator[Problem]:
    if not isinstance(option, dict):
        yield f"must provide an object [json-pointer:{path}]"
        return
    kinds = ("plain_text", "mrkdwn") if element["type"] in {"checkboxes", "radio_buttons"} else ("plain_text",)
    yield from required(option, path, "text", "value")
    yield from text(option, "text", path, most=75, kinds=kinds)
    yield from text(option, "description", path, most=75, kinds=kinds)
    if "value" in option:
        yield from text_size(option["value"], f"{path}/value", 150)


def _typed(element: Json, path: str) -> Iterator[Problem]:
    if element["type"] != "rich_text_input":
        yield from size(element, "initial_value", path, 3000)
    if not 1 <= element.get("max_length", 3000) <= 3000:
        yield f"must be between 1 and 3000 [json-pointer:{path}/max_length]"
    if not 0 <= element.get("min_length", 0) <= 3000:
        yield f"must be between 0 and 3000 [json-pointer:{path}/min_length]"
    if element["type"] == "number_input":
        yield from required(element, path, "is_decimal_allowed")
