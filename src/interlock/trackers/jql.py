"""The few queries that Interlock asks, and what may go into them."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from interlock.trackers.errors import TrackerError

Clock = Literal["updated", "created"]
"""The time that a listing runs along."""

_KEY_OR_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}-[0-9]{1,18}|[0-9]{1,18}", re.ASCII)
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,254}", re.ASCII)


def listing(projects: Iterable[str], clock: Clock, floor: int | None) -> str:
    """All tickets of these projects from `floor` on (epoch milliseconds), in the order of `clock`.

    Times are epoch milliseconds without quotes: JQL reads a date between quotes in the asking account's own time zone,
    to the minute.
    """
    names = ", ".join(_quoted(project_key(each)) for each in projects)
    since = f" AND {clock} >= {floor}" if floor is not None else ""
    return f"project in ({names}){since} ORDER BY {clock} ASC, key ASC"


def whole_second(moment: datetime) -> int:
    """Epoch milliseconds at the start of the moment's second: Jira's index holds no finer time."""
    return int(moment.timestamp()) * 1000


def issue_name(key_or_id: str) -> str:
    """The same, if it is an issue's key or id; raises TrackerError else. It goes into a path, where `../` would reach
    other resources."""
    if not _KEY_OR_ID.fullmatch(key_or_id):
        raise TrackerError(f"{key_or_id[:80]!r} is no ticket's key. A key looks like DATA-214.", permanent=True)
    return key_or_id


def project_key(key_or_id: str) -> str:
    if not _PROJECT.fullmatch(key_or_id):
        raise TrackerError(
            f"{key_or_id[:80]!r} is no project's key. Correct it under tickets.projects: a key looks like DATA.",
            permanent=True,
        )
    return key_or_id


def _quoted(value: str) -> str:
    """Quotes keep a project whose key is a word of JQL (OR, IN) from being read as one."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
