"""The Events API: what the app is told when something happens, if it subscribed to it.

Shapes: https://docs.slack.dev/reference/events.
"""

from typing import Any

from sandbox.slack import shapes
from sandbox.slack.delivery import Delivery
from sandbox.slack.envelope import Envelope, Outcome, Pending
from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel, Group, Message, Person
from sandbox.slack.workspace import Workspace

_KINDS = {
    "channel": ("message.channels", "channel"),
    "private": ("message.groups", "group"),
    "im": ("message.im", "im"),
}


class Events:
    def __init__(self, workspace: Workspace, delivery: Delivery, settings: Settings) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._settings = settings

    # --- messages ----------------------------------------------------------------------------------------------

    def said(self, message: Message) -> Pending:
        """A new message. Returns what became of the app_mention, where there is one, else of the message event."""
        channel = self._workspace.channel(message.channel)
        if message.ephemeral_to or self._workspace.app_user not in channel.members:
            return _nothing()
        event = shapes.message(self._workspace, message, self._settings) | {
            "channel": channel.id,
            "event_ts": message.ts,
        }
        sent = self._message(channel, event)
        mentioned = f"<@{self._workspace.app_user}>" in message.text
        if mentioned and channel.kind != "im" and message.user != self._workspace.app_user:
            return self._send("app_mention", event | {"type": "app_mention"})
        return sent

    def changed(self, message: Message, before: Message) -> Pending:
        """An edited message: note that the event has no `user` of its own."""
        channel = self._workspace.channel(message.channel)
        return self._message(
            channel,
            {
                "type": "message",
                "subtype": "message_changed",
                "message": shapes.message(self._workspace, message, self._settings),
                "previous_message": shapes.message(self._workspace, before, self._settings),
                "channel": channel.id,
                "hidden": True,
            },
        )

    def deleted(self, message: Message) -> Pending:
        channel = self._workspace.channel(message.channel)
        return self._message(
            channel,
            {
                "type": "message",
                "subtype": "message_deleted",
                "previous_message": shapes.message(self._workspace, message, self._settings),
                "deleted_ts": message.ts,
                "channel": channel.id,
                "hidden": True,
            },
        )

    def _message(self, channel: Channel, event: dict[str, Any]) -> Pending:
        if self._workspace.app_user not in channel.members:
            return _nothing()
        subscription, channel_type = _KINDS[channel.kind]
        return self._send(subscription, event | {"channel_type": channel_type})

    # --- the app itself ---------------------------------------------------------------------------------------

    def app_uninstalled(self) -> Pending:
        return self._send("app_uninstalled", {"type": "app_uninstalled"})

    def token_revoked(self) -> Pending:
        bot = [self._workspace.app_user]
        return self._send("tokens_revoked", {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": bot}})

    # --- the rest ----------------------------------------------------------------------------------------------

    def app_home_opened(self, person: str, channel: str, tab: str) -> Pending:
        home = self._workspace.screens.home(person)
        event: dict[str, Any] = {"type": "app_home_opened", "user": person, "channel": channel, "tab": tab}
        if tab == "home" and home is not None:
            event["view"] = shapes.view(self._workspace, home)
        return self._send("app_home_opened", event)

    def group_members_changed(self, group: Group, before: Group) -> Pending:
        """The counts are texts, as in Slack's own example."""
        added = [user for user in group.users if user not in before.users]
        removed = [user for user in before.users if user not in group.users]
        now = int(self._workspace.clock())
        self._send(
            "subteam_updated",
            {"type": "subteam_updated", "subteam": shapes.group(self._workspace, group, users=True)},
        )
        return self._send(
            "subteam_members_changed",
            {
                "type": "subteam_members_changed",
                "subteam_id": group.id,
                "team_id": self._workspace.team_id,
                "date_previous_update": shapes.FOUNDED,
                "date_update": now,
                "added_users": added,
                "added_users_count": str(len(added)),
                "removed_users": removed,
                "removed_users_count": str(len(removed)),
            },
        )

    def person_changed(self, person: Person) -> Pending:
        return self._person("user_change", person)

    def person_joined(self, person: Person) -> Pending:
        return self._person("team_join", person)

    def _person(self, kind: str, person: Person) -> Pending:
        user = shapes.person(self._workspace, person, self._settings)
        return self._send(kind, {"type": kind, "user": user, "cache_ts": int(self._workspace.clock())})

    def channel_renamed(self, channel: Channel) -> Pending:
        named = {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": channel.created,
            "is_channel": True,
            "is_mpim": False,
        }
        return self._send("channel_rename", {"type": "channel_rename", "channel": named})

    def channel_archived(self, channel: Channel, person: str) -> Pending:
        event = {"type": "channel_archive", "channel": channel.id, "user": person, "is_moved": 0}
        return self._send("channel_archive", event)

    def member_joined(self, channel: Channel, person: str) -> Pending:
        return self._send(
            "member_joined_channel",
            {
                "type": "member_joined_channel",
                "user": person,
                "channel": channel.id,
                "channel_type": "G" if channel.kind == "private" else "C",
                "team": self._workspace.team_id,
            },
        )

    def left(self, channel: Channel, person: str) -> Pending:
        """The app hears of its own leaving otherwise than of others'."""
        private = channel.kind == "private"
        if person == self._workspace.app_user:
            kind = "group_left" if private else "channel_left"
            return self._send(kind, {"type": kind, "channel": channel.id})
        told = {"user": person, "channel": channel.id, "channel_type": "G" if private else "C"}
        kind = "member_left_channel"
        return self._send(kind, {"type": kind, "team": self._workspace.team_id} | told)

    def _send(self, subscription: str, event: dict[str, Any]) -> Pending:
        if subscription not in self._settings.events:
            return _nothing()
        workspace = self._workspace
        channel = event.get("channel")
        shared = isinstance(channel, str) and workspace.channel(channel).is_ext_shared
        payload = {
            "token": self._settings.verification_token,
            "team_id": workspace.team_id,
            "context_team_id": workspace.team_id,
            "context_enterprise_id": None,
            "api_app_id": workspace.app_id,
            "event": {"event_ts": workspace.new_ts()} | event,
            "type": "event_callback",
            "event_id": workspace.new_id("Ev"),
            "event_time": int(workspace.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": workspace.team_id,
                    "user_id": workspace.app_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": shared,
            "event_context": workspace.new_id("4-"),
        }
        return self._delivery.send(Envelope(id=workspace.new_id("E"), kind="events_api", payload=payload))


def _nothing() -> Pending:
    pending = Pending()
    pending.set_result(Outcome(acked=False, error="not_subscribed"))
    return pending
