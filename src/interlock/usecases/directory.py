"""Keeping the mirror of Slack's people, user groups and channels. No actor decides here: Slack tells."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from interlock.domain.actor import Person
from interlock.domain.channel import Channel
from interlock.domain.directory import Group, account_links
from interlock.domain.policy import Policy
from interlock.store import directory
from interlock.store.engine import Store

GROUPS, PEOPLE, CHANNELS = "groups", "people", "channels"
"""The mirrors' names."""


def keep_groups(store: Store, groups: Sequence[Group], as_of: datetime) -> None:
    """All of the workspace's groups, read since `as_of`. Two readings may overlap, and the older one end last: it is
    let go, or somebody who left a group would be back in it."""
    with store.write() as session:
        directory.one_at_a_time(session)
        if directory.is_outdated(session, GROUPS, as_of):
            return
        directory.save_groups(session, groups)
        directory.fresh(session, GROUPS, as_of)


def keep_people(store: Store, page: Sequence[Person], now: datetime) -> None:
    """Some of the workspace's people."""
    with store.write() as session:
        directory.one_at_a_time(session)
        directory.save_people(session, page, now)


def finish_people(store: Store, as_of: datetime) -> None:
    """All were kept that Slack knew as of then."""
    with store.write() as session:
        directory.one_at_a_time(session)
        if directory.is_outdated(session, PEOPLE, as_of):
            return
        directory.retire_unseen(session, as_of)
        directory.fresh(session, PEOPLE, as_of)


def link_accounts(store: Store, policy: Policy, now: datetime) -> int:
    """Say anew whose tracker account is whose, after people or accounts were read. Returns how many links changed."""
    with store.write() as session:
        directory.one_at_a_time(session)
        people, accounts = directory.everybody(session), directory.accounts_with_email(session)
        return directory.save_links(session, account_links(people, accounts, policy.people), now)


def keep_channels(store: Store, channels: Sequence[Channel], as_of: datetime) -> None:
    """All channels that the bot can see, read since `as_of`."""
    with store.write() as session:
        directory.one_at_a_time(session)
        if directory.is_outdated(session, CHANNELS, as_of):
            return
        directory.save_channels(session, channels, whole=True)
        directory.fresh(session, CHANNELS, as_of)


def fail(store: Store, name: str, now: datetime, problem: str) -> None:
    """The mirror of this name could not be read."""
    with store.write() as session:
        directory.stale(session, name, now, problem)


def change_members(store: Store, group_id: str, added: Iterable[str], removed: Iterable[str]) -> bool:
    """Slack told that people joined or left a group; False where the group has to be read first."""
    with store.write() as session:
        directory.one_at_a_time(session)
        return directory.change_members(session, group_id, added, removed)


def change_channel(store: Store, channel_id: str, values: Mapping[str, str | bool]) -> bool:
    """Slack told of a channel: its `name`, `archived` or `member`; False where the channel has to be read first."""
    with store.write() as session:
        directory.one_at_a_time(session)
        return directory.change_channel(session, channel_id, values)


def names(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """What the people and channels of these ids are called: whoever was sent an id by us may know its name."""
    with store.read() as session:
        return directory.names(session, ids)
