"""What an administrator of the workspace does; the app hears of each by an event, where it subscribed to it."""

from dataclasses import replace
from typing import Any

from sandbox.slack.envelope import Pending
from sandbox.slack.events import Events
from sandbox.slack.values import Person
from sandbox.slack.workspace import Workspace


class Admin:
    """Unknown ids raise KeyError."""

    def __init__(self, workspace: Workspace, events: Events) -> None:
        self._workspace = workspace
        self._events = events
        self.refused: str | None = None
        """What the bot token is refused with, for good; None while the app is installed."""

    def uninstall(self) -> Pending:
        """The app hears of it, and from then on its token is worth nothing."""
        self.refused = "account_inactive"
        return self._events.app_uninstalled()

    def revoke_token(self) -> Pending:
        self.refused = "token_revoked"
        return self._events.token_revoked()

    def install(self) -> None:
        """Anew, under the same token."""
        self.refused = None

    def set_group(self, group_id: str, users: tuple[str, ...]) -> Pending:
        """Makes `users` the members of a user group."""
        before = self._workspace.group(group_id)
        group = replace(before, users=users)
        self._workspace.put_group(group)
        return self._events.group_members_changed(group, before)

    def change_person(self, person_id: str, **changes: Any) -> Pending:
        """Sets fields of a person: `deleted=True`, `email=None`, `tz="Asia/Tokyo"`."""
        person = replace(self._workspace.person(person_id), **changes)
        self._workspace.put_person(person)
        return self._events.person_changed(person)

    def hire(self, person: Person) -> Pending:
        self._workspace.put_person(person)
        return self._events.person_joined(person)

    def rename_channel(self, channel_id: str, name: str) -> Pending:
        before = self._workspace.channel(channel_id)
        names = (*before.previous_names, before.name)
        return self._events.channel_renamed(self._workspace.change_channel(channel_id, name=name, previous_names=names))

    def archive_channel(self, channel_id: str, by: str) -> Pending:
        return self._events.channel_archived(self._workspace.change_channel(channel_id, archived=True), by)

    def add_to_channel(self, channel_id: str, person: str) -> Pending:
        """Adds a person, or the app itself, to a channel."""
        members = self._workspace.channel(channel_id).members | {person}
        return self._events.member_joined(self._workspace.change_channel(channel_id, members=members), person)

    def remove_from_channel(self, channel_id: str, person: str) -> Pending:
        members = self._workspace.channel(channel_id).members - {person}
        return self._events.left(self._workspace.change_channel(channel_id, members=members), person)
