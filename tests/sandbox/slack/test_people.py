"""users.*, usergroups.*, team and bot, driven with the vendor's client."""

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Refusal = Callable[..., dict[str, Any]]


def test_everybody_is_listed_with_what_sets_them_apart(client: WebClient) -> None:
    members = {member["id"]: member for member in client.users_list()["members"]}
    assert members["U0ANA"]["profile"]["email"] == "ana@practice.example"
    assert "email" not in members["U0NOMAIL"]["profile"]
    assert members["U0GUEST"]["is_restricted"] is True
    assert members["U0LEFT"]["deleted"] is True
    assert "tz" not in members["U0LEFT"]
    assert members["U0VENDOR"]["team_id"] == "T0MERIDIAN"
    assert members["U0INTERLOCK"]["is_bot"] is True


def test_who_is_a_stranger(client: WebClient, workspace: Workspace) -> None:
    assert client.users_info(user="U0VENDOR")["user"]["is_stranger"] is False  # a shared channel makes her visible
    workspace.change_channel("C0MERIDIANSHARED", members=frozenset({"U0VENDOR"}))
    assert client.users_info(user="U0VENDOR")["user"]["is_stranger"] is True
    assert client.users_info(user="U0ANA")["user"]["is_stranger"] is False


def test_a_time_zone_is_told_in_three_ways(client: WebClient) -> None:
    yuki = client.users_info(user="U0YUKI")["user"]
    assert (yuki["tz"], yuki["tz_label"], yuki["tz_offset"]) == ("Asia/Tokyo", "JST", 32400)


def test_the_list_pages(client: WebClient) -> None:
    pages = client.users_list(limit=6)
    ids = [member["id"] for page in pages for member in page["members"]]
    assert len(ids) == len(set(ids)) == len(client.users_list()["members"])


def test_who_has_an_address(client: WebClient, refusal: Refusal) -> None:
    assert client.users_lookupByEmail(email="Ana@Practice.example")["user"]["id"] == "U0ANA"
    for email in ("nobody@practice.example", "lars@practice.example", "vera@meridian.example"):
        assert refusal(client.users_lookupByEmail, email=email)["error"] == "users_not_found"


def test_somebody_unknown(client: WebClient, refusal: Refusal) -> None:
    assert refusal(client.users_info, user="U0NOBODY")["error"] == "user_not_found"


def test_addresses_need_their_own_scope(serve: Callable[..., Running], connect: Any, refusal: Refusal) -> None:
    client = connect(serve(scopes=frozenset({"users:read"})))
    assert "email" not in client.users_info(user="U0ANA")["user"]["profile"]
    body = refusal(client.users_lookupByEmail, email="ana@practice.example")
    assert (body["error"], body["needed"], body["provided"]) == ("missing_scope", "users:read.email", "users:read")


def test_groups_come_with_their_members_when_asked(client: WebClient) -> None:
    with_users = {g["handle"]: g for g in client.usergroups_list(include_users=True, include_count=True)["usergroups"]}
    assert with_users["qa-approvers"]["users"] == ["U0TOM", "U0INES"]
    assert with_users["qa-approvers"]["user_count"] == 2
    assert "users" not in client.usergroups_list()["usergroups"][0]


def test_the_members_of_one_group(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    group = workspace.groups()[0]
    assert client.usergroups_users_list(usergroup=group.id)["users"] == list(group.users)
    assert refusal(client.usergroups_users_list, usergroup="S0NONE")["error"] == "no_such_subteam"


def test_team_and_bot(client: WebClient) -> None:
    assert client.team_info()["team"]["name"] == "Practice Bank"
    assert client.bots_info(bot="B0INTERLOCK")["bot"]["user_id"] == "U0INTERLOCK"
    assert client.users_profile_get(user="U0ANA")["profile"]["real_name"] == "Ana Whitlock"
