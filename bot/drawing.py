"""What a drawer makes of an outbox message: something to post, something to update, or nothing any more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.services import Services
from bot.views.blocks import Message
from interlock.domain import outbox
from interlock.domain.outbox import Deferred, Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """`update_ts` None posts a new message; else the message of that ts is changed, in `channel` where that is given
    and otherwise in the outbox message's own.
    """

    message: Message
    update_ts: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnHome:
    """Somebody's Home tab, to be published as it is now."""

    slack_id: str
    view: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFile:
    """A file that is uploaded into the conversation. `alt_text` says a picture's finding, not the picture; `comment` is
    the message that it comes with, as mrkdwn whose foreign parts are escaped. Best effort: Slack lets no token travel
    with a file, so an upload whose outcome got lost is made again, and may be there twice.
    """

    name: str
    title: str
    content: bytes
    comment: str
    alt_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPin:
    """A message that stands, to be pinned to its channel; best effort, since what matters is that it stands."""

    channel: str
    ts: str


Drawer = Callable[[Services, outbox.Message], Drawn | DrawnHome | DrawnFile | DrawnPin | Dropped | Deferred]
"""Loads the current read model through a use case and renders it with a view. Slack is none of its business."""
