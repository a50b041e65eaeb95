"""Calendar feeds: what stands in one. A feed names releases, milestones and freezes, and no ticket."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime


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


def uid(*parts: object) -> str:
    """The same for the same event in each reading of the feed, and for no other's anywhere."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(["interlock", *map(str, parts)])))
