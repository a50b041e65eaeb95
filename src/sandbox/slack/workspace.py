"""The state of the practice Slack: who is there, what was said and what each person has read.

Every method may be called from any thread. Readers get frozen values or fresh lists; nothing here talks to the app:
`acts` does that, and `api` answers the app.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.slack.feed import Feed
from sandbox.slack.screens import Screens
from sandbox.slack.values import Change, Channel, Command, File, Group, Message, Person, View

__all__ = ["SLACKBOT", "Change", "Channel", "Command", "File", "Group", "Message", "Person", "View", "Workspace"]

SLACKBOT = Person(id="USLACKBOT", name="slackbot", real_name="Slackbot", is_bot=True)


class Workspace:
    """A practice Slack workspace with one app installed.

    `app_user` is the id of the app's bot user, who must be among `people`. `clock` gives seconds since the epoch.
    Unknown ids raise KeyError: turning that into Slack's error codes is the API's business.
    """

    def __init__(
        self,
        *,
        people: Iterable[Person],
        channels: Iterable[Channel] = (),
        groups: Iterable[Group] = (),
        commands: Iterable[Command] = (),
        app_user: str = "U0INTERLOCK",
        app_bot: str = "B0INTERLOCK",
        app_id: str = "A0INTERLOCK",
        team_id: str = "T0PRACTICE",
        team_name: str = "Practice Bank",
        team_domain: str = "practice-bank",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app_user, self.app_bot, self.app_id = app_user, app_bot, app_id
        self.team_id, self.team_name, self.team_domain = team_id, team_name, team_domain
        self.clock = clock
        self.commands = {command.command: command for command in commands}
        self.feed = Feed()
        self._lock = threading.RLock()
        self._people = {person.id: person for person in (SLACKBOT, *people)}
        self._groups = {group.id: group for group in groups}
        self._channels: dict[str, Channel] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._threads: dict[tuple[str, str], list[str]] = {}
        self._read: dict[tuple[str, str], str] = {}
        self._files: dict[str, File] = {}
        self._last_us = 0
        self._serial = 0
        self.screens = Screens(self.feed, self.new_id)
        for channel in channels:
            self._channels[channel.id] = channel
            self._messages[channel.id] = {}

    # --- names -------------------------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """An id that was never given before, such as F0000000C7."""
        with self._lock:
            self._serial += 1
            return f"{prefix}{self._serial:08X}"

    def new_ts(self) -> str:
        """A message timestamp above every other: seconds and microseconds, as Slack writes them."""
        with self._lock:
            self._last_us = max(int(self.clock() * 1_000_000), self._last_us + 1)
            return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    # --- people and groups -------------------------------------------------------------------------------------

    def people(self) -> list[Person]:
        with self._lock:
            return list(self._people.values())

    def person(self, person_id: str) -> Person:
        return self._people[person_id]

    def put_person(self, person: Person) -> None:
        """Adds `person`, or replaces the one with that id."""
        self._people[person.id] = person
        self.feed.add("person", user=person.id)

    def groups(self) -> list[Group]:
        with self._lock:
            return list(self._groups.values())

    def group(self, group_id: str) -> Group:
        return self._groups[group_id]

    def put_group(self, group: Group) -> None:
        self._groups[group.id] = group
        self.feed.add("group")

    # --- channels ----------------------------------------------------------------------------------------------

    def channels(self, *, seen_by: str | None = None) -> list[Channel]:
        """All conversations, or those that `seen_by` finds in the sidebar: public ones, and what they are in."""
        with self._lock:
            found = list(self._channels.values())
        if seen_by is None:
            return found
        guest = self._people[seen_by].is_restricted or self._people[seen_by].is_stranger
        return [c for c in found if seen_by in c.members or (c.kind == "channel" and not guest)]

    def channel(self, channel_id: str) -> Channel:
        return self._channels[channel_id]

    def channel_named(self, name: str) -> Channel | None:
        wanted = name.removeprefix("#")
        return next((c for c in self.channels() if c.kind != "im" and c.name == wanted), None)

    def put_channel(self, channel: Channel) -> None:
        with self._lock:
            self._channels[channel.id] = channel
            self._messages.setdefault(channel.id, {})
        self.feed.add("channel", channel=channel.id)

    def change_channel(self, channel_id: str, **changes: Any) -> Channel:
        """Sets fields of a channel, such as `archived=True`; returns it as it is then."""
        with self._lock:
            channel = replace(self._channels[channel_id], **changes)
            self.put_channel(channel)
            return channel

    def dm(self, one: str, other: str) -> Channel:
        """The direct conversation of two people, opened when it is not yet there."""
        first, second = sorted((one, other))
        with self._lock:
            self.person(first), self.person(second)  # an unknown id is the caller's KeyError
            if self.app_user in {first, second}:
                channel_id = "D0" + (second if first == self.app_user else first).removeprefix("U0")
            else:
                channel_id = f"D0{first.removeprefix('U0')}{second.removeprefix('U0')}"
            if channel_id not in self._channels:
                members = frozenset({first, second})
                self.put_channel(Channel(id=channel_id, name="directmessage", kind="im", members=members))
            return self._channels[channel_id]

    # --- messages ----------------------------------------------------------------------------------------------

    def post(self, channel: str, user: str, text: str = "", *, ts: str | None = None, **more: Any) -> Message:
        """Adds a message; `more` are further fields of Message. A `ts` of the past is for a seeded story."""
        with self._lock:
            message = Message(channel=channel, ts=ts or self.new_ts(), user=user, text=text, **more)
            kept = self._messages[channel]
            out_of_order = bool(kept) and message.ts < next(reversed(kept))
            kept[message.ts] = message
            if out_of_order:
                self._messages[channel] = dict(sorted(kept.items()))
            if message.thread_ts is not None and message.is_reply:
                self._threads.setdefault((channel, message.thread_ts), []).append(message.ts)
            self.feed.add("message", channel=channel, ts=message.ts, user=message.ephemeral_to)
            if message.ephemeral_to is None and not self._people[user].is_bot:
                self._read[user, channel] = message.ts
            return message

    def change_message(self, channel: str, ts: str, **changes: Any) -> Message:
        """Replaces fields of a message; returns it as it is then."""
        with self._lock:
            message = replace(self._messages[channel][ts], **changes)
            self._messages[channel][ts] = message
        self.feed.add("message_changed", channel=channel, ts=ts, user=message.ephemeral_to)
        return message

    def delete_message(self, channel: str, ts: str) -> Message:
        with self._lock:
            message = self._messages[channel].pop(ts)
            if message.thread_ts is not None and message.is_reply:
                self._threads[channel, message.thread_ts].remove(ts)
        self.feed.add("message_deleted", channel=channel, ts=ts, user=message.ephemeral_to)
        return message

    def message(self, channel: str, ts: str) -> Message | None:
        return self._messages[channel].get(ts)

    def messages(self, channel: str, *, viewer: str | None = None, limit: int | None = None) -> list[Message]:
        """What stands in the channel itself, oldest first, the last `limit` of it.

        Replies are left out unless they were also sent to the channel. Ephemeral messages are there for `viewer` alone.
        """
        found: list[Message] = []
        for message in self.newest_first(channel, viewer=viewer):
            if limit is not None and len(found) == limit:
                break
            if not message.is_reply or message.broadcast:
                found.append(message)
        return found[::-1]

    def newest_first(self, channel: str, *, viewer: str | None = None) -> Iterator[Message]:
        """Every message, replies included, that `viewer` sees (None: that everybody sees), newest first."""
        with self._lock:
            kept = list(reversed(self._messages[channel].values()))
        return (m for m in kept if m.ephemeral_to is None or (viewer is not None and m.ephemeral_to == viewer))

    def everything(self, channel: str) -> list[Message]:
        """Every message of everybody, oldest first: what no person and no app can see at once."""
        with self._lock:
            return list(self._messages[channel].values())

    def replies(self, channel: str, thread_ts: str, *, viewer: str | None = None) -> list[Message]:
        """The replies in a thread, oldest first, without the message they answer."""
        with self._lock:
            found = [self._messages[channel][ts] for ts in self._threads.get((channel, thread_ts), ())]
        return [m for m in found if m.ephemeral_to in {None, viewer}]

    # --- what a person has read --------------------------------------------------------------------------------

    def mark_read(self, person: str, channel: str, ts: str) -> None:
        with self._lock:
            if ts <= self._read.get((person, channel), ""):
                return
            self._read[person, channel] = ts
        self.feed.add("read", channel=channel, ts=ts, user=person)

    def read_mark(self, person: str, channel: str) -> str:
        """The ts up to which `person` has read, "0" for nothing."""
        return self._read.get((person, channel), "0")

    def unread(self, person: str, channel: str) -> int:
        """How many messages of the channel itself came after what `person` last read."""
        mark, count = self.read_mark(person, channel), 0
        for message in self.newest_first(channel, viewer=person):
            if message.ts <= mark:
                break
            count += (not message.is_reply or message.broadcast) and message.user != person
        return count

    # --- files and the feed ------------------------------------------------------------------------------------

    def put_file(self, file: File) -> None:
        self._files[file.id] = file

    def file(self, file_id: str) -> File:
        return self._files[file_id]

    def changes(self, after: int, timeout: float = 0) -> list[Change]:
        """See Feed.after: what happened after change number `after`; `feed.last` is the latest number."""
        return self.feed.after(after, timeout)
