"""conversations.*, driven with the vendor's client."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient

from sandbox.slack.workspace import Workspace

Refusal = Callable[..., dict[str, Any]]
GENERAL = "C0GENERAL"


def texts(response: Any) -> list[str]:
    return [message["text"] for message in response["messages"]]


@pytest.fixture
def story(workspace: Workspace) -> list[str]:
    """Seven messages, "0" to "6"; their timestamps."""
    return [workspace.post(GENERAL, "U0ANA", str(number)).ts for number in range(7)]


def test_history_pages_from_the_newest_to_the_oldest(client: WebClient, story: list[str]) -> None:
    pages = client.conversations_history(channel=GENERAL, limit=3)
    read = [(texts(page), page["has_more"]) for page in pages]
    assert read == [(["6", "5", "4"], True), (["3", "2", "1"], True), (["0"], False)]


def test_history_between_two_moments(client: WebClient, story: list[str]) -> None:
    def between(*, inclusive: bool) -> list[str]:
        history = client.conversations_history
        return texts(history(channel=GENERAL, oldest=story[2], latest=story[4], inclusive=inclusive))

    assert between(inclusive=False) == ["3"]
    assert between(inclusive=True) == ["4", "3", "2"]


def test_a_moment_is_no_floating_point_number(client: WebClient, workspace: Workspace) -> None:
    workspace.post(GENERAL, "U0ANA", "a", ts="1764000000.000001")
    workspace.post(GENERAL, "U0ANA", "b", ts="1764000000.000002")
    assert texts(client.conversations_history(channel=GENERAL, oldest="1764000000.000001")) == ["b"]


def test_history_is_for_members(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    workspace.change_channel(GENERAL, members=frozenset())
    assert refusal(client.conversations_history, channel=GENERAL)["error"] == "not_in_channel"
    workspace.change_channel(GENERAL, kind="private")
    assert refusal(client.conversations_history, channel=GENERAL)["error"] == "channel_not_found"


def test_a_cursor_of_something_else_is_refused(client: WebClient, refusal: Refusal) -> None:
    for cursor in ("!", "b2Zmc2V0OjI="):
        body = refusal(client.conversations_history, channel=GENERAL, cursor=cursor)
        assert body["error"] == "invalid_cursor"


def test_replies_page_on_from_the_root(client: WebClient, workspace: Workspace) -> None:
    root = workspace.post(GENERAL, "U0ANA", "root")
    for number in range(4):
        workspace.post(GENERAL, "U0RAVI", str(number), thread_ts=root.ts)
    pages = client.conversations_replies(channel=GENERAL, ts=root.ts, limit=3)
    assert [texts(page) for page in pages] == [["root", "0", "1"], ["2", "3"]]


def test_no_such_thread(client: WebClient, refusal: Refusal) -> None:
    assert refusal(client.conversations_replies, channel=GENERAL, ts="1.000000")["error"] == "thread_not_found"


def test_the_list_shows_public_channels_and_private_ones_with_the_bot(client: WebClient, workspace: Workspace) -> None:
    workspace.change_channel("C0GOVERNANCE", kind="private")
    workspace.change_channel("C0TEAMML", kind="private", members=frozenset({"U0NOOR"}))
    workspace.change_channel("C0TEAMDATA", archived=True)
    types = "public_channel,private_channel"
    listed = client.conversations_list(types=types, exclude_archived=True, limit=1000)["channels"]
    names = {channel["name"] for channel in listed}
    assert {"general", "governance", "meridian-shared"} <= names
    assert not names & {"team-ml", "team-data"}


def test_the_list_pages(client: WebClient, workspace: Workspace) -> None:
    pages = client.conversations_list(limit=4)
    names = [channel["name"] for page in pages for channel in page["channels"]]
    assert names == [channel.name for channel in workspace.channels()]


def test_a_shared_channel_says_so(client: WebClient) -> None:
    channel = client.conversations_info(channel="C0MERIDIANSHARED", include_num_members=True)["channel"]
    assert channel["is_ext_shared"] is True
    assert set(channel["shared_team_ids"]) == {"T0PRACTICE", "T0MERIDIAN"}
    assert channel["num_members"] == 5


def test_members_page(client: WebClient, workspace: Workspace) -> None:
    pages = client.conversations_members(channel=GENERAL, limit=5)
    members = [member for page in pages for member in page["members"]]
    assert members == sorted(workspace.channel(GENERAL).members)


def test_opening_a_conversation_twice_gives_the_same_one(client: WebClient) -> None:
    first = client.conversations_open(users="U0ANA", return_im=True)["channel"]
    again = client.conversations_open(users="U0ANA")
    assert (first["id"], first["is_im"], first["user"]) == ("D0ANA", True, "U0ANA")
    assert again["channel"] == {"id": "D0ANA"}
    assert again["already_open"] is True


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("", "users_list_not_supplied"),
        ("U0NOBODY", "user_not_found"),
        ("U0LEFT", "user_disabled"),
        ("U0INTERLOCK", "cannot_dm_bot"),
        ("U0ANA,U0RAVI", "missing_scope"),
    ],
)
def test_conversations_that_cannot_be_opened(client: WebClient, refusal: Refusal, users: str, error: str) -> None:
    assert refusal(client.conversations_open, users=users)["error"] == error


def test_joining(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    workspace.change_channel(GENERAL, members=frozenset({"U0ANA"}))
    assert client.conversations_join(channel=GENERAL)["channel"]["is_member"] is True
    assert client.conversations_join(channel=GENERAL)["warning"] == "already_in_channel"
    workspace.change_channel("C0TEAMML", archived=True)
    assert refusal(client.conversations_join, channel="C0TEAMML")["error"] == "is_archived"
