"""Messages that could not be delivered, as whoever must see to them is told."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """`channel` is a channel's id, None for a direct message, which was for `person`."""

    kind: str
    since: datetime
    channel: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`reason` is a sentence with its mend; `messages` all that are parked for it; `first` is the number of one.
    `restored`: nothing went wrong with them; they came back with a backup."""

    first: int
    reason: str
    messages: tuple[Stuck, ...]
    restored: bool = False
