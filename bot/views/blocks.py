"""Block Kit as plain dicts, and the one place that enforces Slack's limits. Nothing here raises for long or hostile
text.

A text given to these builders is mrkdwn whose foreign parts went through `escape` or `line`. Limits:
https://docs.slack.dev/reference/block-kit/blocks and PLATFORM.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from bot.payload import encode
from bot.views.text import (
    MARKS,
    Light,
    channel,
    clean,
    clock,
    cut,
    cut_safe,
    day,
    escape,
    line,
    link,
    mark,
    mention,
    moment,
    one_line,
    safe,
    ticket_link,
)

__all__ = [
    "MARKS",
    "Block",
    "Light",
    "Message",
    "actions",
    "button",
    "channel",
    "clean",
    "clock",
    "confirm",
    "context",
    "cut",
    "date_picker",
    "day",
    "divider",
    "escape",
    "external_select",
    "fields",
    "header",
    "image",
    "line",
    "link",
    "mark",
    "mention",
    "message",
    "moment",
    "option",
    "overflow",
    "plain",
    "plain_text",
    "refusal",
    "section",
    "sentence",
    "static_select",
    "ticket_link",
]

Block = dict[str, Any]

MESSAGE_BLOCKS: Final = 50
MESSAGE_LETTERS: Final = 13_000
"""Over all of a message's blocks. Beyond about 13,200 Slack answers msg_too_long."""
TEXT: Final = 3000
FALLBACK: Final = 3900
FIELDS: Final = 10
FIELD: Final = 2000
HEADER: Final = 150
ACTIONS: Final = 25
CONTEXT: Final = 10
BUTTON: Final = 75
OPTION: Final = 75
OPTIONS: Final = 100
OVERFLOW: Final = 5
PLACEHOLDER: Final = 150
CONFIRM_TEXT: Final = 300
CONFIRM_TITLE: Final = 100
CONFIRM_ANSWER: Final = 30
ALT_TEXT: Final = 2000
FILE_ALT_TEXT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`text` stands alone on a lock screen; `blocks` are what is seen in Slack. `refused`: it says why what was asked
    for was not done, which the command line tells by its exit code. `verbatim`: it has no blocks, and its text is a
    file's, which the command line prints as it stands.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    refused: bool = False
    verbatim: bool = False


def message(text: str, *blocks: Block | None) -> Message:
    """A message within Slack's limits; None among the blocks is left out, so that a view can say `x if y else None`."""
    kept: list[Block] = []
    letters = 0
    wanted = apart(blocks)
    for block in wanted:
        letters += _letters(block)
        if (len(kept) == MESSAGE_BLOCKS - 1 and len(wanted) > MESSAGE_BLOCKS) or letters > MESSAGE_LETTERS:
            kept.append(context("There is more than one message can hold."))
            break
        kept.append(block)
    return Message(text=cut_safe(safe(text), FALLBACK), blocks=tuple(kept))


def sentence(text: str) -> Message:
    """A message of one sentence, as refusals are."""
    return message(text, section(text))


def refusal(text: str) -> Message:
    """A sentence that says why something was not done."""
    return replace(sentence(text), refused=True)


def problems(by_field: Mapping[str, str]) -> Message:
    """What a form would say beside its fields, to somebody who typed it in a line."""
    return refusal(" ".join(map(escape, by_field.values())))


def plain(drawn: Message) -> Message:
    """The message without blocks, for a workspace that refuses one of their types: its words, without its buttons."""
    words = [text for block in drawn.blocks for text in _texts(block)]
    return Message(text=cut_safe("\n".join(words) or drawn.text, FALLBACK))


def plain_text(text: str, limit: int) -> Block:
    """Slack's inert kind of text: nothing in it pings or links. Never empty, which Slack refuses."""
    return {"type": "plain_text", "text": cut(one_line(clean(text)), limit) or "-", "emoji": True}


def mrkdwn(text: str, limit: int) -> Block:
    """Verbatim: Slack makes no link of an address, a channel's name or a handle that merely stands in a title.

    Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return {"type": "mrkdwn", "text": cut_safe(safe(text), limit) or "-", "verbatim": True}


def header(text: str) -> Block:
    """Plain text, not mrkdwn: do not escape what goes in."""
    return {"type": "header", "text": plain_text(text, HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text, TEXT)}
    return block | {"accessory": accessory} if accessory else block


def fields(*texts: str) -> Block:
    """Short texts side by side (under each other on a phone)."""
    return {"type": "section", "fields": [mrkdwn(text, FIELD) for text in texts[:FIELDS]]}


def context(*texts: str) -> Block:
    """Small print: freshness, why somebody gets this."""
    return {"type": "context", "elements": [mrkdwn(text, FIELD) for text in texts[:CONTEXT]]}


def divider() -> Block:
    return {"type": "divider"}


def image(url: str, alt_text: str, title: str | None = None) -> Block:
    block: Block = {"type": "image", "image_url": url, "alt_text": cut(clean(alt_text), ALT_TEXT)}
    return block | {"title": plain_text(title, FIELD)} if title else block


def apart(blocks: Iterable[Block | None]) -> list[Block]:
    """Without None, and with every row of buttons in as many rows as it takes that no action stands in one twice:
    Slack refuses the whole message otherwise.

    Source: https://docs.slack.dev/reference/block-kit/blocks/actions-block (`action_id` is unique in its block)
    """
    return [each for block in blocks if block is not None for each in _rows(block)]


def _rows(block: Block) -> list[Block]:
    if block["type"] != "actions":
        return [block]
    rows: list[list[Block]] = []
    for element in block["elements"]:
        free = (row for row in rows if all(each["action_id"] != element["action_id"] for each in row))
        row = next(free, None)
        if row is None:
            rows.append(row := [])
        row.append(element)
    first, *others = rows
    return [block | {"elements": first}, *({"type": "actions", "elements": row} for row in others)]


def actions(*elements: Block | None, block_id: str | None = None) -> Block | None:
    """Buttons and selects in a row; None where there are none, since Slack refuses an empty row."""
    kept = [element for element in elements if element is not None][:ACTIONS]
    if not kept:
        return None
    block: Block = {"type": "actions", "elements": kept}
    return block | {"block_id": block_id} if block_id else block


def button(
    text: str,
    action_id: str,
    payload: tuple[str, int | str] | None = None,
    *,
    style: Literal["primary", "danger"] | None = None,
    confirm: Block | None = None,
    url: str | None = None,
) -> Block:
    """`payload` is a kind and an id, as `bot.payload.encode` takes them."""
    block: Block = {"type": "button", "text": plain_text(text, BUTTON), "action_id": action_id}
    extra = {"value": encode(*payload) if payload else None, "style": style, "confirm": confirm, "url": url}
    return block | {key: value for key, value in extra.items() if value}


def confirm(title: str, text: str, yes: str, no: str = "Cancel") -> Block:
    """The question before what cannot be undone: one sentence that names the thing."""
    return {
        "title": plain_text(title, CONFIRM_TITLE),
        "text": plain_text(text, CONFIRM_TEXT),
        "confirm": plain_text(yes, CONFIRM_ANSWER),
        "deny": plain_text(no, CONFIRM_ANSWER),
    }


def option(label: str, value: str, description: str | None = None) -> Block:
    block: Block = {"text": plain_text(label, OPTION), "value": value}
    return block | {"description": plain_text(description, OPTION)} if description else block


def static_select(
    action_id: str, placeholder: str, options: Iterable[Block], initial: str | None = None
) -> Block | None:
    """None where there is nothing to choose, since Slack refuses an empty select. `initial` is an option's value."""
    kept = list(options)[:OPTIONS]
    if not kept:
        return None
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder, PLACEHOLDER),
        "options": kept,
    }
    chosen = next((entry for entry in kept if entry["value"] == initial), None)
    return block | {"initial_option": chosen} if chosen else block


def external_select(action_id: str, placeholder: str, min_letters: int = 0) -> Block:
    """A select whose options the bot gives while somebody types: a row of SUGGESTIONS answers it."""
    return {
        "type": "external_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder, PLACEHOLDER),
        "min_query_length": min_letters,
    }


def date_picker(action_id: str, initial: str | None = None) -> Block:
    """`initial` as 2026-12-17."""
    block: Block = {"type": "datepicker", "action_id": action_id}
    return block | {"initial_date": initial} if initial else block


def overflow(action_id: str, options: Sequence[Block]) -> Block | None:
    """The three dots, for at most five rarer verbs."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)[:OVERFLOW]} if options else None


def _texts(block: Block) -> Iterable[str]:
    """A block's words as mrkdwn, in their order."""
    match block:
        case {"type": "header", "text": {"text": text}}:
            yield f"*{escape(text)}*"
        case {"type": "section"}:
            yield from (text["text"] for text in [block.get("text"), *block.get("fields", ())] if text)
        case {"type": "context", "elements": elements}:
            yield from (element["text"] for element in elements if "text" in element)
        case {"type": "image", "alt_text": text}:
            yield escape(text)
        case {"type": "table", "rows": rows}:
            yield from (" · ".join(escape(str(cell.get("text", ""))) for cell in row) for row in rows)


def _letters(block: Block) -> int:
    return sum(len(text) for text in _texts(block))
