"""What the practice Slack holds, as frozen values: a change is a new value, so a reader never sees half of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
ChannelKind = Literal["channel", "private", "im"]
ChangeKind = Literal[
    "message",  # posted: `channel`, `ts`; `user` is set when only that person sees it
    "message_changed",
    "message_deleted",
    "modal",  # the stack of `user`'s modals, or what the top one shows, changed
    "home",  # `user`'s Home tab was drawn anew
    "read",  # `user` read `channel` up to `ts`
    "channel",  # created, renamed, archived, joined or left: `channel`
    "person",  # `user` joined, left or was edited
    "group",  # a user group's members changed
    "reset",  # more has happened than the feed remembers: draw everything anew
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody (or some bot) with a Slack id. `name` is the handle, without the @."""

    id: str
    name: str
    real_name: str
    email: str | None = None
    tz: str = "Europe/London"
    team_id: str = "T0PRACTICE"
    title: str = ""
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False  # of another company's workspace, met in a shared channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group. `users` are Slack ids."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    description: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation: `im` holds two people (one of whom may be the app's bot)."""

    id: str
    name: str
    kind: ChannelKind = "channel"
    members: frozenset[str] = frozenset()
    is_ext_shared: bool = False
    archived: bool = False
    topic: str = ""
    created: int = 1700000000
    previous_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command of the app, as its manifest declares it. `command` has the leading slash."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An uploaded file. `content` is empty until the upload is complete."""

    id: str
    name: str
    title: str
    mimetype: str
    user: str
    created: int
    content: bytes = b""
    alt_text: str = ""
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in `channel`. `ts` names it there; `ephemeral_to` is the only person who sees it, where set."""

    channel: str
    ts: str
    user: str
    text: str = ""
    bot_id: str | None = None
    blocks: tuple[Json, ...] = ()
    metadata: Json | None = None
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited: str | None = None  # the ts of the last edit
    files: tuple[str, ...] = ()  # file ids
    pinned: bool = False
    broadcast: bool = False  # a reply that its thread's channel shows too
    client_msg_id: str | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal or a Home tab as it stands in front of `user`.

    `body` is what the app sent, with the ids that Slack adds to blocks and elements without one.
    `state` is what the person has entered so far: {block_id: {action_id: {"type": …, …}}}, as Slack sends it.
    `errors` maps a block_id to the sentence below that field; `trouble` is a sentence for the whole modal.
    """

    id: str
    user: str
    body: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    state: Json = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None
    busy: bool = False  # submitted, and the app has not answered yet

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def blocks(self) -> tuple[Json, ...]:
        return tuple(self.body.get("blocks", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the feed that live pages follow. `number` grows by one; `user` None means everybody sees it."""

    number: int
    kind: ChangeKind
    channel: str | None = None
    ts: str | None = None
    user: str | None = None
