"""What goes out: a message to come, a message being sent, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from interlock.domain.errors import InterlockError

LATE: Final = "Not sent in time."
"""The reason that is recorded of what was dropped when its time was over."""


class Urgency(IntEnum):
    """What goes first. The smaller overtakes."""

    URGENT = 0
    """A person waits for it: the card they clicked."""
    PROMPT = 1
    """A person must act on it."""
    ROUTINE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to come: what to draw (`kind`, `ids`), not its text, which is made from the state when it is sent.

    `key` makes a post one post: a second one with the same key adds nothing, ever (slot, channel and subject, say).
    `channel` is a channel's id, or "@U123" for a direct message to that person. It is not sent before `not_before`
    (default: at once) and is dropped, with the reason recorded, after `not_after`.
    `coalesce` makes it a refresh: an idempotent update of a message that exists, of which one at most waits, named by
    this (the card's id, say). Its `key` is then a mere label, and sending it twice does no harm.
    """

    key: str
    kind: str
    ids: Mapping[str, Any]
    channel: str
    thread_ts: str | None = None
    urgency: Urgency = Urgency.ROUTINE
    not_before: datetime | None = None
    not_after: datetime
    coalesce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in the outbox. `token` goes into the message's metadata, so that it can be found there again.

    `attempts` counts the sends so far, with the one under way; `created_at` is no later than the first of them.
    `not_before` is what it was put off to last. `traceparent` names the trace that asked for it.
    """

    id: int
    key: str
    kind: str
    ids: Mapping[str, Any]
    channel: str
    thread_ts: str | None
    urgency: Urgency
    token: str
    coalesce: str | None
    created_at: datetime
    not_after: datetime
    attempts: int
    attempted_at: datetime | None
    not_before: datetime | None = None
    traceparent: str | None = None

    @property
    def is_refresh(self) -> bool:
        return self.coalesce is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where it stands now. `channel` is the real conversation's id, for a direct message too."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """It was not sent, rightly: `reason` says why ("cleared": the state no longer warrants it)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """It is not to be sent yet: at night, say. It is drawn again at `until`, or earlier, to see."""

    until: datetime
    reason: str


class DeliveryError(InterlockError):
    """An attempt that failed. Its text is a sentence, with the mend where there is one: people read it.

    `permanent`: trying again cannot help. `retry_after`: the vendor limits the rate, nothing was sent, try again then.
    `unknown_outcome`: it may have taken effect (a time-out, a dropped connection).
    `answered`: whether Slack gave an answer to it; False where none came, or one that tells of a failure of Slack's
    own; None where Slack was not asked.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        unknown_outcome: bool = False,
        answered: bool | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.answered = answered
        self.permanent = permanent
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits at one urgency in one channel: how many, and since when the oldest has been due. `channel` is "" for
    all direct messages together.
    """

    urgency: Urgency
    channel: str
    depth: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A message that a person must see to; `reason` is a sentence that says how."""

    message: Message
    reason: str
