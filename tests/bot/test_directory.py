"""Slack's people, groups and channels: who counts as what, and what an event changes at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.directory import Home, SlackDirectory, person
from bot.listeners import directory as listener
from bot.requests import Event
from bot.services import Services
from bot.slack import Slack, SlackError
from interlock.domain.actor import Actor, Authentication
from interlock.jobs import groups as job
from interlock.store import mirror
from interlock.store import person as people
from interlock.store.mirror import MirrorRow
from interlock.store.person import ChannelRow, GroupMemberRow
from interlock.usecases import directory

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOME = Home(team_id="T0PRACTICE")


def user(slack_id: str, **more: Any) -> dict[str, Any]:
    name = slack_id.removeprefix("U0").lower()
    profile = {"real_name": name.title(), "email": f"{name.title()}@practice.example"} | more.pop("profile", {})
    return {
        "id": slack_id,
        "team_id": "T0PRACTICE",
        "name": name,
        "deleted": False,
        "tz": "Europe/London",
        "profile": profile,
    } | more


@pytest.mark.parametrize(
    ("more", "kind", "active"),
    [
        ({}, "member", True),
        ({"is_restricted": True}, "guest", True),
        ({"is_restricted": True, "is_ultra_restricted": True}, "guest", True),
        ({"team_id": "T0MERIDIAN"}, "external", True),
        ({"team_id": None}, "external", True),
        ({"is_stranger": True}, "external", True),
        ({"team_id": "T0MERIDIAN", "is_restricted": True}, "external", True),
        ({"is_bot": True}, "bot", True),
        ({"id": "USLACKBOT"}, "bot", True),
        ({"is_app_user": True}, "member", True),
        ({"deleted": True}, "member", False),
    ],
    ids=str,
)
def test_who_counts_as_what(more: dict[str, Any], kind: str, active: bool) -> None:  # noqa: FBT001 a column
    found = person(user("U0ANA", **more), HOME)
    assert (found.kind, found.active) == (kind, active)


def test_another_workspace_of_the_same_organisation_is_home() -> None:
    told = user("U0ANA", team_id="T0OTHER", enterprise_user={"enterprise_id": "E0PRACTICE"})
    assert person(told, replace(HOME, enterprise_id="E0PRACTICE")).kind == "member"
    assert person(told, replace(HOME, enterprise_id="E0ELSE")).kind == "external"
    assert person(told, HOME).kind == "external"


@pytest.mark.parametrize(
    ("more", "email"),
    [
        ({}, "ana@practice.example"),
        ({"is_email_confirmed": True}, "ana@practice.example"),
        ({"is_email_confirmed": False}, None),
        ({"profile": {"email": None}}, None),
        ({"profile": {"email": " "}}, None),
    ],
    ids=str,
)
def test_an_address_counts_when_it_is_confirmed(more: dict[str, Any], email: str | None) -> None:
    assert person(user("U0ANA", **more), HOME).email == email


def answer_all(slack: Any) -> None:
    slack.answer("auth.test", {"ok": True, "team_id": "T0PRACTICE", "user_id": "U0INTERLOCK"})
    slack.answer(
        "usergroups.list",
        {
            "ok": True,
            "usergroups": [
                {"id": "S0QA", "handle": "qa-approvers", "name": "QA", "users": ["U0TOM", "U0INES"], "date_delete": 0},
                {"id": "S0OLD", "handle": "old", "name": "Old", "users": ["U0ANA"], "date_delete": 1790000000},
                {"id": "S0MER", "handle": "auditors", "name": "X", "users": ["U0VENDOR"], "is_external": True},
            ],
        },
    )
    slack.answer(
        "users.list",
        {"ok": True, "members": [user("U0ANA"), user("U0TOM")], "response_metadata": {"next_cursor": "c"}},
        {"ok": True, "members": [user("U0INES")], "response_metadata": {"next_cursor": ""}},
    )
    slack.answer(
        "conversations.list",
        {
            "ok": True,
            "channels": [
                {"id": "C0GENERAL", "name": "general", "is_member": True},
                {"id": "C0MER", "name": "meridian-shared", "is_ext_shared": True, "is_private": True},
            ],
        },
    )


class Reading:
    """Reads a Slack into the store; `waited` are the pauses that it was asked for."""

    def __init__(self, services: Services, slack: Any) -> None:
        self.services = services
        self.waited: list[timedelta] = []
        self.now = NOW
        self.directory = SlackDirectory(Slack("xoxb-practice-bot", slack.url), self.waited.append)

    def run(self) -> str:
        store, policy = self.services.store, self.services.policy
        return job.run(store, policy, self.directory, lambda: self.now, lambda _text: None)


@pytest.fixture
def reading(services: Services, slack: Any) -> Reading:
    answer_all(slack)
    return Reading(services, slack)


def test_a_reading_fills_the_mirror_and_dates_it(reading: Reading, services: Services) -> None:
    assert reading.run() == "1 group, 3 people, 2 channels."
    with services.store.read() as session:
        standing = people.standing(session, "U0TOM")
        channels = {row.name: (row.member, row.shared, row.private) for row in session.exec(select(ChannelRow))}
        ages = {row.name: row.as_of for row in session.exec(select(MirrorRow))}
    assert standing is not None
    assert standing.groups == frozenset({"qa-approvers"})
    assert (standing.groups_as_of, standing.person.name) == (NOW, "Tom")
    assert channels == {"general": (True, False, False), "meridian-shared": (False, True, True)}
    assert ages == {"groups": NOW, "people": NOW, "channels": NOW}


def test_whoever_and_whatever_is_gone_loses_its_rights(reading: Reading, services: Services, slack: Any) -> None:
    reading.run()
    reading.now = NOW + timedelta(minutes=5)
    slack.answer("usergroups.list", {"ok": True, "usergroups": []})
    slack.answer("users.list", {"ok": True, "members": [user("U0ANA", deleted=True), user("U0TOM")]})
    slack.answer("conversations.list", {"ok": True, "channels": []})
    reading.run()
    with services.store.read() as session:
        standings = {name: people.standing(session, name) for name in ("U0ANA", "U0TOM", "U0INES")}
        member = session.get_one(ChannelRow, "C0GENERAL").member
    active = {name: standing.person.active for name, standing in standings.items() if standing}
    assert active == {"U0ANA": False, "U0TOM": True, "U0INES": False}
    assert standings["U0TOM"] is not None
    assert standings["U0TOM"].groups == frozenset()
    assert not member


def test_a_reading_that_breaks_off_keeps_what_it_read_and_notes_the_problem(
    services: Services, slack: Any, reading: Reading
) -> None:
    slack.script["users.list"] = [{"ok": False, "error": "missing_scope", "needed": "users:read"}]
    with pytest.raises(SlackError):
        reading.run()
    with services.store.read() as session:
        assert mirror.as_of(session, "groups") == NOW
        assert mirror.as_of(session, "people") is None
        assert "missing_scope" in (session.get_one(MirrorRow, "people").problem or "")


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": True, "members": None, "usergroups": {}, "channels": "none"}])
@pytest.mark.parametrize("method", ["usergroups.list", "users.list", "conversations.list"])
def test_an_answer_without_its_list_does_not_stand_for_an_empty_one(
    reading: Reading, services: Services, slack: Any, method: str, answer: dict[str, Any]
) -> None:
    """It would take everybody's roles away, and call the mirror fresh."""
    reading.run()
    with services.store.read() as session:
        before = session.exec(select(GroupMemberRow.slack_id)).all()
        standing = people.standing(session, "U0TOM")
        assert before
    slack.script.clear()
    answer_all(slack)
    slack.script[method] = [answer]
    reading.now += timedelta(minutes=5)
    with pytest.raises(SlackError, match=method):
        reading.run()
    with services.store.read() as session:
        assert session.exec(select(GroupMemberRow.slack_id)).all() == before
        now = people.standing(session, "U0TOM")
        assert now is not None
        assert standing is not None
        assert now.person.active == standing.person.active


def test_it_slows_down_when_slack_asks_for_it(reading: Reading, slack: Any) -> None:
    slow = {"_status": 429, "_headers": {"Retry-After": "3"}, "ok": False, "error": "ratelimited"}
    slack.script["users.list"].insert(1, slow)
    assert reading.run() == "1 group, 3 people, 2 channels."
    assert reading.waited == [timedelta(seconds=3)]
    assert [call.get("cursor") for call in slack.called("users.list")] == [None, "c", "c"]


def test_a_reading_that_began_earlier_and_ends_later_changes_nothing(reading: Reading, services: Services) -> None:
    reading.run()
    directory.keep_groups(services.store, [], NOW - timedelta(seconds=1))
    directory.keep_channels(services.store, [], NOW - timedelta(seconds=1))
    with services.store.read() as session:
        assert set(session.exec(select(GroupMemberRow.slack_id))) == {"U0TOM", "U0INES"}
        assert session.get_one(ChannelRow, "C0GENERAL").member
        assert mirror.as_of(session, "groups") == NOW


def event(kind: str, **body: Any) -> Event:
    who = body.get("user")
    return Event(
        actor=Actor(slack_id=who if isinstance(who, str) else "", authentication=Authentication.SLACK),
        type=kind,
        event_id="Ev1",
        body=body,
        now=NOW,
        channel_id=body.get("channel") if isinstance(body.get("channel"), str) else None,
        team_id="T0PRACTICE",
        bot_user_id="U0INTERLOCK",
    )


@pytest.fixture
def rereads() -> list[None]:
    return []


@pytest.fixture
def told(reading: Reading, services: Services, rereads: list[None]) -> Services:
    reading.run()
    return replace(services, reread=lambda: rereads.append(None))


@pytest.mark.parametrize("removed", [["U0TOM"], "U0TOM"])
def test_who_leaves_a_group_loses_its_rights_at_once(told: Services, rereads: list[None], removed: Any) -> None:
    listener.group_members_changed(
        event("subteam_members_changed", subteam_id="S0QA", added_users=["U0ANA"], removed_users=removed), told
    )
    with told.store.read() as session:
        members = set(session.exec(select(GroupMemberRow.slack_id)))
    assert members == {"U0ANA", "U0INES"}
    assert len(rereads) == 1


def test_who_is_deactivated_is_so_at_once(told: Services) -> None:
    listener.person_changed(event("user_change", user=user("U0TOM", deleted=True)), told)
    with told.store.read() as session:
        standing = people.standing(session, "U0TOM")
    assert standing is not None
    assert not standing.person.active


@pytest.mark.parametrize(
    ("handler", "body", "column", "value"),
    [
        (listener.channel_renamed, {"channel": {"id": "C0MER", "name": "vendor"}}, "name", "vendor"),
        (listener.channel_archived, {"channel": "C0MER"}, "archived", True),
        (listener.channel_unarchived, {"channel": "C0MER"}, "archived", False),
        (listener.channel_shared, {"channel": "C0GENERAL"}, "shared", True),
        (listener.channel_unshared, {"channel": "C0MER", "is_ext_shared": False}, "shared", False),
        (listener.channel_unshared, {"channel": "C0MER", "is_ext_shared": True}, "shared", True),
        (listener.channel_unshared, {"channel": "C0MER"}, "shared", True),
        (listener.joined_channel, {"channel": "C0MER", "user": "U0INTERLOCK"}, "member", True),
        (listener.joined_channel, {"channel": "C0MER", "user": "U0ANA"}, "member", False),
        (listener.left_channel, {"channel": "C0GENERAL"}, "member", False),
    ],
)
def test_a_channel_changes_at_once(
    told: Services, handler: Callable[[Event, Services], None], body: dict[str, Any], column: str, value: object
) -> None:
    handler(event("any", **body), told)
    with told.store.read() as session:
        changed = session.get_one(ChannelRow, "C0GENERAL" if body["channel"] == "C0GENERAL" else "C0MER")
    assert getattr(changed, column) == value


@pytest.mark.parametrize(("who", "still_in"), [("U0ANA", True), ("U0INTERLOCK", False)])
def test_who_left_a_channel_matters_where_it_is_the_bot(told: Services, who: str, still_in: bool) -> None:  # noqa: FBT001 a column
    listener.left_channel(event("member_left_channel", channel="C0GENERAL", user=who), told)
    with told.store.read() as session:
        assert session.get_one(ChannelRow, "C0GENERAL").member is still_in


def test_what_the_mirror_does_not_have_yet_is_read(told: Services, rereads: list[None]) -> None:
    listener.joined_channel(event("member_joined_channel", channel="C0NEW", user="U0INTERLOCK"), told)
    listener.changed(event("subteam_created"), told)
    listener.person_changed(event("user_change", user=None), told)
    assert len(rereads) == 2
