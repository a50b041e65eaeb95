"""Calendar feeds: the link that opens one, and what stands in it. A feed names releases, milestones and freezes, and no
ticket.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

BYTES: Final = 32
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A link's secret in clear, on its way to its owner and nowhere else: no log, no error and no repr shows `text`."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the store has of a person's link. `request` names the asking that may still issue one; `hash` and
    `expires_at` are None until it did.
    """

    slack_id: str
    request: str
    hash: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is not None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event. `first` and `last` are its days where it has no times; `sequence` grows when it changes."""

    uid: str
    summary: str
    description: str = ""
    sequence: int = 0
    first: date | None = None
    last: date | None = None
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Whose it is, by their Slack id, and what stands in it at `now`."""

    slack_id: str
    entries: tuple[Entry, ...]
    now: datetime


def hash_of(text: str) -> str | None:
    """What is stored in place of a link's secret; None for a text that none can be. A plain hash is enough: it has 256
    random bits, so there is nothing to guess."""
    return hashlib.sha256(text.encode()).hexdigest() if _SHAPE.fullmatch(text) else None


def uid(*parts: object) -> str:
    """The same for the same event in each reading of the feed, and for no other's anywhere."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(["interlock", *map(str, parts)])))
