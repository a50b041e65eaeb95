"""What a person enters into Block Kit elements: the typed values that Slack sends in `actions` and `state.values`.

Shapes: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and view_submission.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.slack.values import Json

# Which key of the typed value holds what was chosen, and which key of the element holds what it starts with.
_KEYS: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "overflow": ("selected_option", ""),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
STATEFUL = frozenset(_KEYS) - {"overflow"}


class NoSuchOptionError(LookupError):
    """The value is not among the element's options: a page that was out of date, or a typing error in a test."""


def interactive(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that somebody can use, with the block it stands in."""
    for block in blocks:
        kind = block.get("type")
        found = (
            block.get("elements", ())
            if kind in {"actions", "context_actions"}
            else (block.get("element"),)
            if kind == "input"
            else (block.get("accessory"),)
            if kind == "section"
            else ()
        )
        yield from ((block, element) for element in found if element and "action_id" in element)


def find(blocks: Sequence[Json], block_id: str, action_id: str) -> Json | None:
    return next((e for b, e in interactive(blocks) if b["block_id"] == block_id and e["action_id"] == action_id), None)


def value_key(element: Json) -> str | None:
    """The key under which the typed value of this kind of element stands, None for a plain button."""
    return _KEYS[element["type"]][0] if element["type"] in _KEYS else None


def initial(element: Json) -> dict[str, Any]:
    """The typed value of an element that nobody has touched."""
    key, start = _KEYS[element["type"]]
    return {"type": element["type"], key: element.get(start, [] if _is_many(key) else None)}


def entered(element: Json, raw: Any) -> dict[str, Any]:
    """The typed value for `raw`, which is what a form holds.

    A text, a date (YYYY-MM-DD), a time (HH:MM) or an id is a str; an option is its `value` (or the option itself, from
    an external select); several are a list; a moment is an int or its digits. None and "" empty the element.
    """
    key, _ = _KEYS[element["type"]]
    if _is_many(key):
        chosen: Any = [_option(element, one) if key == "selected_options" else one for one in raw or ()]
    elif raw is None or raw == "":
        chosen = None
    elif key == "selected_option":
        chosen = _option(element, raw)
    elif key == "selected_date_time":
        chosen = int(raw)
    else:
        chosen = raw
    typed = {"type": element["type"], key: chosen}
    if element["type"] == "timepicker" and "timezone" in element:
        typed["timezone"] = element["timezone"]
    return typed


def is_empty(element: Json, typed: Json) -> bool:
    return not typed.get(_KEYS[element["type"]][0])


def state_of(blocks: Sequence[Json], kept: Json, given: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """`state.values` for these blocks: what is `given` by (block_id, action_id), else what was `kept`, else initial.

    Slack keeps an entry over a views.update only where block, action and kind of element are still the same.
    """
    values: dict[str, dict[str, Any]] = {}
    for block, element in interactive(blocks):
        if element["type"] not in STATEFUL:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        before = kept.get(block_id, {}).get(action_id)
        if (block_id, action_id) in given:
            typed = entered(element, given[block_id, action_id])
        elif before is not None and before["type"] == element["type"]:
            typed = before
        else:
            typed = initial(element)
        values.setdefault(block_id, {})[action_id] = typed
    return values


def _is_many(key: str) -> bool:
    return key.endswith("s")


def _option(element: Json, wanted: Any) -> Json:
    if isinstance(wanted, Mapping):
        return wanted
    groups = element.get("option_groups", ())
    options = [*element.get("options", ()), *(o for group in groups for o in group["options"])]
    found = next((o for o in options if o.get("value") == wanted), None)
    if found is None:
        raise NoSuchOptionError(f"{element['action_id']} has no option {wanted!r}")
    return dict(found)
