"""Block Kit's interactive elements as values that a template can draw without knowing Slack's many shapes.

https://docs.slack.dev/reference/block-kit/block-elements
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.page.reader import Reader
from sandbox.page.text import plain

Json = Mapping[str, Any]

# The element's type to the way it is drawn. `file_input` and the workflow button are not: the page says so.
WIDGETS: Final = {
    "button": "button",
    "overflow": "overflow",
    "static_select": "select",
    "users_select": "select",
    "conversations_select": "select",
    "channels_select": "select",
    "external_select": "lookup",
    "multi_static_select": "multi",
    "multi_users_select": "multi",
    "multi_conversations_select": "multi",
    "multi_channels_select": "multi",
    "multi_external_select": "lookup",
    "radio_buttons": "radio",
    "checkboxes": "checks",
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
    "plain_text_input": "text",
    "number_input": "number",
    "email_text_input": "email",
    "url_text_input": "url",
    "rich_text_input": "text",
}
# What Slack writes into an element that brings no placeholder of its own.
PLACEHOLDERS: Final = {
    "datepicker": "Select a date",
    "timepicker": "Select a time",
    "datetimepicker": "Select a date and time",
    "users_select": "Select a person",
    "multi_users_select": "Select people",
    "channels_select": "Select a channel",
    "multi_channels_select": "Select channels",
    "conversations_select": "Select a conversation",
    "multi_conversations_select": "Select conversations",
    "external_select": "Search",
    "multi_external_select": "Search",
    "multi_static_select": "Select options",
    "overflow": "More actions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One option; `text` and `description` are text objects, or an empty string."""

    value: str
    text: Any
    description: Any = ""
    chosen: bool = False
    url: str = ""

    @property
    def label(self) -> str:
        return plain(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """An element ready to draw. `uid` is unique in the page and the same on every drawing of the same element."""

    uid: str
    widget: str
    element: Json
    block_id: str
    label: str
    placeholder: str
    value: str = ""
    groups: tuple[tuple[str, tuple[Choice, ...]], ...] = ()
    dispatches: bool = True
    required: bool = False
    confirm: Json | None = None

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(choice for _, choices in self.groups for choice in choices)

    @property
    def chosen(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.choices if choice.chosen)

    @property
    def each_character(self) -> bool:
        """Whether the app wants to hear of every keystroke instead of Enter alone."""
        config = self.element.get("dispatch_action_config") or {}
        return self.dispatches and "on_character_entered" in (config.get("trigger_actions_on") or ())

    @property
    def style(self) -> str:
        style = self.element.get("style")
        return style if style in {"primary", "danger"} else "default"


def uid(*parts: str) -> str:
    """An HTML id for any parts: ids may not hold spaces, action ids may hold anything."""
    return "u" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def control(
    element: Json, block: Json, surface: str, reader: Reader, state: Json | None = None, *, label: str = ""
) -> Control | None:
    """The element of `block` on `surface` as this reader sees it, or None for a type that the page cannot draw.

    `state` is what was entered so far, in Slack's `state.values` shape; it stands above the element's initial value.
    """
    kind = str(element.get("type"))
    widget = WIDGETS.get(kind)
    if widget is None:
        return None
    block_id, action_id = str(block.get("block_id", "")), str(element.get("action_id", ""))
    in_input = block.get("type") == "input"
    placeholder = plain(element.get("placeholder")) or PLACEHOLDERS.get(kind, "")
    entered = ((state or {}).get(block_id) or {}).get(action_id)
    current = entered if isinstance(entered, Mapping) and entered.get("type") == kind else initial(element)
    return Control(
        uid=uid(surface, block_id, action_id),
        widget=widget,
        element=element,
        block_id=block_id,
        label=label or plain(element.get("text")) or placeholder or "Select an option",
        placeholder=placeholder if widget not in {"select", "multi"} else placeholder or "Select an option",
        value=value(current, reader),
        groups=groups(element, selected(current), reader),
        dispatches=not in_input or bool(block.get("dispatch_action")),
        required=in_input and not block.get("optional"),
        confirm=element.get("confirm"),
    )


def initial(element: Json) -> Json:
    """The element's initial value in the shape in which Slack reports a value."""
    shape: dict[str, Any] = {"type": element.get("type")}
    for theirs, ours in (
        ("initial_value", "value"),
        ("initial_date", "selected_date"),
        ("initial_time", "selected_time"),
        ("initial_date_time", "selected_date_time"),
        ("initial_option", "selected_option"),
        ("initial_options", "selected_options"),
        ("initial_user", "selected_user"),
        ("initial_users", "selected_users"),
        ("initial_channel", "selected_channel"),
        ("initial_channels", "selected_channels"),
        ("initial_conversation", "selected_conversation"),
        ("initial_conversations", "selected_conversations"),
    ):
        if theirs in element:
            shape[ours] = element[theirs]
    return shape


def value(current: Json, reader: Reader) -> str:
    """The text of a single-valued field: a moment is written in the reader's zone, as `datetime-local` wants it."""
    moment = current.get("selected_date_time")
    if moment is not None:
        return f"{reader.local(float(moment)):%Y-%m-%dT%H:%M}"
    for key in ("value", "selected_date", "selected_time"):
        if current.get(key) is not None:
            return str(current[key])
    return ""


def selected(current: Json) -> dict[str, Json | None]:
    """The chosen values; an option's own object where Slack reports one (a lookup's options are known only so)."""
    found: dict[str, Json | None] = {}
    for option in (current.get("selected_option"), *(current.get("selected_options") or ())):
        if isinstance(option, Mapping):
            found[str(option.get("value"))] = option
    for key in ("selected_user", "selected_channel", "selected_conversation"):
        if current.get(key):
            found[str(current[key])] = None
        found |= {str(each): None for each in current.get(f"{key}s") or ()}
    return found


def groups(
    element: Json, chosen: Mapping[str, Json | None], reader: Reader
) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """The options by group; those without a group come under an empty name."""
    kind = str(element.get("type"))
    if "external" in kind:
        return (("", tuple(_choice(option, chosen) for option in chosen.values() if option is not None)),)
    if "users" in kind:
        offered = {each: name for each, name in reader.users.items() if each not in reader.gone or each in chosen}
        return (("", _named(offered, "@", chosen)),)
    if "channels" in kind or "conversations" in kind:
        return (("", _named(reader.channels, "#", chosen)),)
    if "option_groups" in element:
        return tuple(
            (plain(group.get("label")), _choices(group.get("options", ()), chosen))
            for group in element["option_groups"]
        )
    return (("", _choices(element.get("options", ()), chosen)),)


def _choices(options: Sequence[Json], chosen: Mapping[str, Json | None]) -> tuple[Choice, ...]:
    return tuple(_choice(option, chosen) for option in options)


def _choice(option: Json, chosen: Mapping[str, Json | None]) -> Choice:
    own = str(option.get("value", ""))
    return Choice(
        value=own,
        text=option.get("text", ""),
        description=option.get("description", ""),
        chosen=own in chosen,
        url=str(option.get("url", "")),
    )


def _named(names: Mapping[str, str], sigil: str, chosen: Mapping[str, Json | None]) -> tuple[Choice, ...]:
    known = sorted(names.items(), key=lambda pair: pair[1].casefold())
    return tuple(
        Choice(value=each, text=name if sigil == "@" else f"{sigil}{name}", chosen=each in chosen)
        for each, name in known
    )
