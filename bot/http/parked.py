"""Parked messages by what would mend them, for /metrics: the reasons are sentences, of which some name things."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from bot.sender import MENDS, TOKEN
from interlock.domain.backup import RESTORED

CODES: Final[Mapping[str, str]] = {
    "channel_not_found": "channel",
    "is_archived": "channel",
    "not_in_channel": "channel",
    "channel_is_limited_access": "channel",
    "restricted_action": "channel",
    "restricted_action_read_only_channel": "channel",
    "restricted_action_thread_locked": "message",
    "cannot_reply_to_message": "message",
    "message_not_found": "message",
    "cant_update_message": "message",
    "edit_window_closed": "message",
    "user_not_found": "person",
    "user_disabled": "person",
    "cannot_dm_bot": "person",
    "messages_tab_disabled": "app",
    "missing_scope": "app",
    "team_access_not_granted": "app",
    "ekm_access_denied": "app",
    "access_denied": "app",
    "no_text": "fault",
    "metadata_too_large": "fault",
}
"""Of Slack's errors, whose sentences are in `MENDS`."""

BEGINNINGS: Final[tuple[tuple[str, str], ...]] = (
    ("It may have been posted", "unknown_outcome"),
    ("Given up after", "gave_up"),
    (RESTORED, "restored"),
    *((MENDS[code], name) for code, name in CODES.items()),
)


def classify(reason: str) -> str:
    """One of a dozen words."""
    if TOKEN in reason:
        return "token"
    if "is shared with another company" in reason:
        return "shared_channel"
    if "is archived, so nothing" in reason:
        return "channel"
    return next((name for beginning, name in BEGINNINGS if reason.startswith(beginning)), "other")


def by_class(parked: Mapping[str, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for reason, count in parked.items():
        found[classify(reason)] += count
    return dict(found)
