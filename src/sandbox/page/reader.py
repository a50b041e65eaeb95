"""Who looks at the page, and what the ids in a text mean to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The acting person: every drawing is made for one, since times, mentions and links differ by reader.

    `now` is aware. `users`, `channels` and `groups` give an id's display name, channel name and group handle.
    """

    person: str
    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    member_of: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()  # people whom no list offers any more

    def local(self, ts: float) -> datetime:
        """A Unix time in this reader's zone."""
        return datetime.fromtimestamp(ts, tz=UTC).astimezone(self.zone)

    @property
    def today(self) -> datetime:
        """Now, in this reader's zone."""
        return self.now.astimezone(self.zone)

    def channel_path(self, channel: str) -> str:
        return f"/client/{self.person}/{channel}"
