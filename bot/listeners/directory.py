"""What Slack tells of people, groups and channels as it happens, so that the mirror need not wait for its next reading.

Slack promises no order, and a reading that began before an event may end after it: whatever decides who may decide is
read again as well.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.directory import Home, person
from bot.requests import Event
from bot.services import Services
from bot.slack import MEND
from interlock.domain.vendor import Vendor
from interlock.usecases import directory, leaver, vendor

log = structlog.get_logger(__name__)


def person_changed(event: Event, services: Services) -> None:
    user = event.body.get("user")
    if not isinstance(user, Mapping) or not user.get("id"):
        return
    home = Home(team_id=event.team_id, enterprise_id=event.enterprise_id)
    directory.keep_people(services.store, [person(user, home)], event.now)
    if leaver.settle(services.store, services.policy, event.now):
        services.wake()


def group_members_changed(event: Event, services: Services) -> None:
    group_id = str(event.body.get("subteam_id", ""))
    directory.change_members(services.store, group_id, _ids(event, "added_users"), _ids(event, "removed_users"))
    services.reread()


def changed(_event: Event, services: Services) -> None:
    services.reread()


def channel_renamed(event: Event, services: Services) -> None:
    channel = event.body.get("channel")
    if isinstance(channel, Mapping) and isinstance(channel.get("name"), str):
        _change(services, str(channel.get("id", "")), {"name": channel["name"]})


def channel_archived(event: Event, services: Services) -> None:
    _change(services, event.channel_id, {"archived": True})


def channel_unarchived(event: Event, services: Services) -> None:
    _change(services, event.channel_id, {"archived": False})


def channel_shared(event: Event, services: Services) -> None:
    """With another company: from now on less may be shown there, whatever else is still to be read of it."""
    _change(services, event.channel_id, {"shared": True})
    services.reread()


def channel_unshared(event: Event, services: Services) -> None:
    _change(services, event.channel_id, {"shared": event.body.get("is_ext_shared") is not False})


def app_removed(event: Event, services: Services) -> None:
    """The app was uninstalled, or its tokens were revoked: nothing goes out until it is installed anew. People's own
    tokens, which Interlock has none of, are told of in the same way.
    Shapes: https://docs.slack.dev/reference/events/tokens_revoked
    """
    tokens = event.body.get("tokens")
    if event.type == "tokens_revoked" and not (isinstance(tokens, Mapping) and tokens.get("bot")):
        return
    log.error("slack.app_removed", event_type=event.type)
    what = "uninstalled" if event.type == "app_uninstalled" else "robbed of its bot token"
    vendor.refuse(services.store, services.policy, Vendor.SLACK, f"The Slack app was {what}.{MEND}", event.now)


def joined_channel(event: Event, services: Services) -> None:
    """Somebody did; what matters is when it was the bot."""
    if event.actor.slack_id == event.bot_user_id:
        _change(services, event.channel_id, {"member": True})


def left_channel(event: Event, services: Services) -> None:
    """The bot was removed from a channel; of others' leaving nothing hangs. Slack tells the one that left by
    `channel_left`, those who stay by `member_left_channel`, and promises neither."""
    if event.type != "member_left_channel" or event.body.get("user") == event.bot_user_id:
        _change(services, event.channel_id or str(event.body.get("channel") or ""), {"member": False})


def _change(services: Services, channel_id: str | None, values: Mapping[str, Any]) -> None:
    if not channel_id or not directory.change_channel(services.store, channel_id, values):
        services.reread()


def _ids(event: Event, name: str) -> list[str]:
    """Slack has sent these as lists, and as strings with commas."""
    told = event.body.get(name) or []
    ids = told.split(",") if isinstance(told, str) else told
    return [str(one) for one in ids if one]
