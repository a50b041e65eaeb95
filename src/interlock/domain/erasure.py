"""Erasing a person: what is known of them before, and what stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NAME: Final = "an erased person"
"""What stands where their name stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What erasing somebody would do. `records`: how many entries of the record have their data; `accounts`: theirs in
    the tracker; `stays`: where their bare Slack id remains, how many by what. `loses`: sign-offs of releases under way
    that their approval counts for until then, as "2026.12 (qa)". `namesakes`: accounts in the tracker that bear the
    same name and are not known to be theirs, and in how many changes of tickets each stands. `refused`: those named as
    theirs that cannot be.
    """

    slack_id: str
    name: str
    email: str | None
    active: bool
    accounts: tuple[str, ...]
    records: int
    stays: Mapping[str, int]
    loses: tuple[str, ...]
    namesakes: Mapping[str, int]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`records` entries of the record lost their data, and so many messages the person's traces."""

    event: int
    records: int
    messages: int
