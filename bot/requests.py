"""What Slack asks of the bot, as frozen values: a payload is parsed once, here, and never seen again.

A listener takes one of these and `Services`, and returns what is answered:
`Command` → Message; `Click` → Message, Replacement or None; `Submission` → Errors, Shown, Closed or Cleared;
`Suggestion` → options; `Event` → nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.payload import Payload
from bot.views.blocks import Message
from interlock.domain.actor import Actor
from interlock.domain.errors import InterlockError
from interlock.domain.names import says_something

Value = str | tuple[str, ...] | None
"""What somebody entered: text, an option's value, a date as 2026-12-17, a time as 13:00, a moment as epoch seconds, an
id of Slack's; a tuple where several may be chosen; None where nothing is."""

Values = Mapping[str, Value]
"""Keyed by block id; in a block with several elements by action id instead."""


class UnreadableButtonError(InterlockError):
    """A button's value is of an older version, of another kind, or was tampered with. Nothing was decided."""

    def __init__(self) -> None:
        super().__init__(
            "That button can't be read: it is from an older version of Interlock, or was changed on its way. "
            "Ask for the message again and use the new one."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/release status 2026.12`: `name` is "/release", `verb` "status" in full however it was typed, `args` the text
    after it with its blanks collapsed at the ends only."""

    actor: Actor
    name: str
    verb: str
    args: str
    channel_id: str
    channel_name: str
    trigger_id: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button, or a choice in a select, date picker, overflow or checkbox. `selected` is the choice (the first of
    several); `values` what the message's or view's other elements hold; `private` a view's private metadata."""

    actor: Actor
    action_id: str
    now: datetime
    trigger_id: str
    payload: Payload | None = None
    selected: str | None = None
    values: Values = field(default_factory=dict)
    block_id: str = ""
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    ephemeral: bool = False
    view_id: str | None = None
    view_hash: str | None = None
    view_callback_id: str | None = None
    private: Mapping[str, Any] = field(default_factory=dict)

    def id(self, kind: str) -> str:
        """The id that the button carries, as text. Raises UnreadableButtonError unless it is of this kind."""
        if self.payload is None or self.payload.kind != kind:
            raise UnreadableButtonError
        return self.payload.id

    def number(self, kind: str) -> int:
        """As `id`, for ids that are numbers."""
        text = self.id(kind)
        if not (text.isascii() and text.isdigit()) or len(text) > 18:  # noqa: PLR2004 what a bigint holds
            raise UnreadableButtonError
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A modal's submission. `request_id` names it: a repeat of the same submission carries the same one."""

    actor: Actor
    callback_id: str
    values: Values
    private: Mapping[str, Any]
    view_id: str
    request_id: str
    now: datetime

    def text(self, block_id: str) -> str:
        """What stands in the block, trimmed; "" where nothing does, or nothing that can be seen."""
        value = self.values.get(block_id)
        return value.strip() if isinstance(value, str) and says_something(value) else ""

    def many(self, block_id: str) -> tuple[str, ...]:
        """What is chosen in a block that takes several."""
        value = self.values.get(block_id)
        if value is None:
            return ()
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Somebody types in an external select: which options fit `typed`?"""

    actor: Actor
    action_id: str
    typed: str
    now: datetime
    block_id: str = ""
    private: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the Events API; `body` is its inner `event` object. `team_id` and `enterprise_id` are those of our
    own installation, `bot_user_id` ourselves."""

    actor: Actor
    type: str
    event_id: str
    body: Mapping[str, Any]
    now: datetime
    channel_id: str | None = None
    team_id: str = ""
    enterprise_id: str | None = None
    bot_user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The answer to a click that takes the place of the message that was clicked."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The modal stays open, each sentence under its input: block id → sentence."""

    by_block: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The modal turns into this view: a last "Done", or the next step."""

    view: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """This view closes; one under it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """All of the modal's views close."""


Answer = Errors | Shown | Closed | Cleared
