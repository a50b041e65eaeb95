"""The practice bank's people, groups and channels hang together."""

import pytest

from sandbox.slack.values import Group
from sandbox.world.people import CHANNELS, GROUPS, INTERLOCK, PEOPLE, TEAMS

BY_ID = {person.id: person for person in PEOPLE}


def test_ids_names_and_addresses_are_unique() -> None:
    assert len(BY_ID) == len(PEOPLE) == 21
    assert len({person.name for person in PEOPLE}) == len(PEOPLE)
    addresses = [person.email for person in PEOPLE if person.email]
    assert len(set(addresses)) == len(addresses)


def test_addresses_are_the_first_name_at_the_bank_or_the_vendor() -> None:
    for person in PEOPLE:
        domain = "meridian.example" if person.is_stranger else "practice.example"
        assert person.email in {None, f"{person.name}@{domain}"}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.handle)
def test_groups_name_active_staff(group: Group) -> None:
    assert group.users
    assert not [u for u in group.users if BY_ID[u].deleted or BY_ID[u].is_restricted or BY_ID[u].is_stranger]


def test_every_channel_has_the_bot_and_an_id_from_its_name() -> None:
    for channel in CHANNELS:
        assert INTERLOCK.id in channel.members
        assert channel.members <= BY_ID.keys()
        assert channel.id == "C0" + channel.name.replace("-", "").upper()
    assert {team.channel for team in TEAMS} <= {channel.name for channel in CHANNELS}


def test_strangers_are_in_shared_channels_only() -> None:
    strangers = {person.id for person in PEOPLE if person.is_stranger}
    assert all(channel.is_ext_shared == bool(channel.members & strangers) for channel in CHANNELS)


def test_the_odd_people_are_there() -> None:
    assert [p.name for p in PEOPLE if p.is_restricted] == ["gil"]
    assert [p.name for p in PEOPLE if p.deleted] == ["lars"]
    assert [p.name for p in PEOPLE if p.email is None and not p.is_bot] == ["nia"]
