"""What Slack's composer makes of what a person types: mentions resolved, control characters escaped."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.slack.workspace import Workspace

_NAME = re.compile(r"(?<![\w<|])([@#])([a-z0-9][\w.-]*)", re.IGNORECASE)
_BROADCASTS = {"here", "channel", "everyone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """`text` in mrkdwn as the message carries it, and the rich_text block that real clients send with it."""

    text: str
    block: dict[str, Any]


def message(workspace: Workspace, raw: str) -> Typed:
    """A message: "@ravi" becomes "<@U0RAVI>", "#general" "<#C0GENERAL|>", without its name as Slack does."""
    text, elements, end = "", [], 0
    for match in _NAME.finditer(raw):
        found = _resolve(workspace, match[1], match[2])
        if found is None:
            continue
        name, element, _ = found
        before = raw[end : match.start()]
        text += _escape(before) + _mention(element, labelled=False)
        elements += ([{"type": "text", "text": before}] if before else []) + [element]
        end = match.start() + 1 + len(name)
    text += _escape(raw[end:])
    elements += [{"type": "text", "text": raw[end:]}] if raw[end:] else []
    section = {"type": "rich_text_section", "elements": elements}
    return Typed(text=text, block={"type": "rich_text", "block_id": workspace.new_id("b"), "elements": [section]})


def command_text(workspace: Workspace, raw: str, *, should_escape: bool) -> str:
    """A command's text: with `should_escape`, "@ravi" becomes "<@U0RAVI|ravi>"; `& < >` are escaped either way."""
    if not should_escape:
        return _escape(raw)
    text, end = "", 0
    for match in _NAME.finditer(raw):
        found = _resolve(workspace, match[1], match[2])
        if found is not None and found[1]["type"] != "broadcast":
            name, element, label = found
            text += _escape(raw[end : match.start()]) + _mention(element, labelled=True, label=label)
            end = match.start() + 1 + len(name)
    return text + _escape(raw[end:])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _resolve(workspace: Workspace, sign: str, name: str) -> tuple[str, dict[str, Any], str] | None:
    """The part of `name` that names somebody or something, its rich_text element and its label."""
    for tried in (name, name.rstrip(".-_")):
        if sign == "#":
            channel = workspace.channel_named(tried.lower())
            if channel is not None:
                return tried, {"type": "channel", "channel_id": channel.id}, channel.name
            continue
        if tried.lower() in _BROADCASTS:
            return tried, {"type": "broadcast", "range": tried.lower()}, tried
        person = next((p for p in workspace.people() if p.name == tried.lower()), None)
        if person is not None:
            return tried, {"type": "user", "user_id": person.id}, person.name
        group = next((g for g in workspace.groups() if g.handle == tried.lower()), None)
        if group is not None:
            return tried, {"type": "usergroup", "usergroup_id": group.id}, f"@{group.handle}"
    return None


def _mention(element: dict[str, Any], *, labelled: bool, label: str = "") -> str:
    tail = f"|{label}" if labelled else ""
    match element["type"]:
        case "channel":
            return f"<#{element['channel_id']}|{label}>"
        case "usergroup":
            return f"<!subteam^{element['usergroup_id']}{tail}>"
        case "broadcast":
            return f"<!{element['range']}>"
        case _:
            return f"<@{element['user_id']}{tail}>"
