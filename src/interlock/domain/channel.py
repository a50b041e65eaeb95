"""A Slack channel, as mirrored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`shared` means with another company's workspace; `member` whether the bot is in it."""

    id: str
    name: str
    private: bool = False
    shared: bool = False
    archived: bool = False
    member: bool = False
