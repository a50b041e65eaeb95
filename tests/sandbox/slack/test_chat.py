"""chat.*, driven with the vendor's client."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient

from sandbox.slack.workspace import Workspace

Refusal = Callable[..., dict[str, Any]]
GENERAL = "C0GENERAL"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def test_a_post_is_read_back_with_its_metadata(client: WebClient) -> None:
    metadata = {"event_type": "interlock", "event_payload": {"key": "digest:1"}}
    posted = client.chat_postMessage(channel=GENERAL, text="hello", blocks=[SECTION], metadata=metadata)
    (message,) = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert message["ts"] == posted["ts"]
    assert message["metadata"] == metadata
    assert message["blocks"][0]["text"] == SECTION["text"]
    assert message["blocks"][0]["block_id"]
    assert message["bot_id"] == "B0INTERLOCK"
    assert message["user"] == "U0INTERLOCK"


def test_metadata_is_not_there_unless_asked_for(client: WebClient) -> None:
    client.chat_postMessage(channel=GENERAL, text="hello", metadata={"event_type": "a", "event_payload": {"k": 1}})
    (message,) = client.conversations_history(channel=GENERAL)["messages"]
    assert "metadata" not in message


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "", "event_payload": {}},
        {"event_type": "a"},
        {"event_type": "a", "event_payload": {"nested": {"k": 1}}},
        {"event_type": "a", "event_payload": {"list": [1]}},
        {"event_payload": {"k": 1}},
    ],
)
def test_metadata_that_is_not_flat_is_dropped_with_a_warning(client: WebClient, metadata: dict[str, Any]) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="hello", metadata=metadata)
    assert posted["warning"] == "invalid_metadata_format"
    (message,) = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert "metadata" not in message


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": GENERAL, "text": ""}, "no_text"),
        ({"channel": GENERAL, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": GENERAL, "text": "x", "thread_ts": "1.000000"}, "cannot_reply_to_message"),
        ({"channel": "U0LEFT", "text": "x"}, "channel_not_found"),
        ({"channel": GENERAL, "text": "x", "blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"channel": GENERAL, "text": "x", "blocks": "no JSON"}, "invalid_blocks_format"),
    ],
)
def test_posts_that_slack_refuses(client: WebClient, args: dict[str, Any], error: str, refusal: Refusal) -> None:
    assert refusal(client.api_call, "chat.postMessage", json=args)["error"] == error


def test_a_refused_block_is_pointed_at(client: WebClient, refusal: Refusal) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    body = refusal(client.chat_postMessage, channel=GENERAL, text="x", blocks=[block])
    assert body["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    assert body["response_metadata"]["messages"] == [f"[ERROR] {body['errors'][0]}"]


def test_where_the_bot_is_not(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    workspace.change_channel(GENERAL, members=frozenset({"U0ANA"}))
    assert refusal(client.chat_postMessage, channel=GENERAL, text="x")["error"] == "not_in_channel"
    workspace.change_channel(GENERAL, kind="private")
    assert refusal(client.chat_postMessage, channel=GENERAL, text="x")["error"] == "channel_not_found"
    workspace.change_channel(GENERAL, kind="channel", members=frozenset({"U0INTERLOCK"}), archived=True)
    assert refusal(client.chat_postMessage, channel=GENERAL, text="x")["error"] == "is_archived"


def test_names_and_people_are_addresses_too(client: WebClient) -> None:
    assert client.chat_postMessage(channel="#general", text="x")["channel"] == GENERAL
    assert client.chat_postMessage(channel="U0ANA", text="x")["channel"] == "D0ANA"


def test_a_reply_to_a_reply_lands_in_the_thread_and_not_in_the_channel(client: WebClient) -> None:
    root = client.chat_postMessage(channel=GENERAL, text="root")["ts"]
    first = client.chat_postMessage(channel=GENERAL, text="first", thread_ts=root)["ts"]
    client.chat_postMessage(channel=GENERAL, text="second", thread_ts=first)
    replies = client.conversations_replies(channel=GENERAL, ts=root)["messages"]
    assert [reply["text"] for reply in replies] == ["root", "first", "second"]
    assert {reply.get("parent_user_id") for reply in replies[1:]} == {"U0INTERLOCK"}
    (alone,) = client.conversations_history(channel=GENERAL)["messages"]
    assert (alone["reply_count"], alone["latest_reply"]) == (2, replies[2]["ts"])


def test_an_update_keeps_what_it_does_not_name(client: WebClient) -> None:
    metadata = {"event_type": "a", "event_payload": {"k": 1}}
    posted = client.chat_postMessage(channel=GENERAL, text="old", blocks=[SECTION], metadata=metadata)
    client.chat_update(channel=GENERAL, ts=posted["ts"], text="new")
    (message,) = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert (message["text"], message["metadata"], len(message["blocks"])) == ("new", metadata, 1)
    assert message["edited"]["user"] == "U0INTERLOCK"
    client.chat_update(channel=GENERAL, ts=posted["ts"], text="bare", blocks=[], metadata={})
    (message,) = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert "blocks" not in message
    assert "metadata" not in message


def test_updates_that_slack_refuses(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="old")["ts"]
    somebody = workspace.post(GENERAL, "U0ANA", "mine").ts
    for_ana = client.chat_postEphemeral(channel=GENERAL, user="U0ANA", text="psst")["message_ts"]
    update = client.chat_update
    assert refusal(update, channel=GENERAL, ts="1.000000", text="x")["error"] == "message_not_found"
    assert refusal(update, channel=GENERAL, ts=for_ana, text="x")["error"] == "message_not_found"
    assert refusal(update, channel=GENERAL, ts=somebody, text="x")["error"] == "cant_update_message"
    assert refusal(update, channel=GENERAL, ts=posted, text="x" * 4001)["error"] == "msg_too_long"
    assert refusal(client.chat_delete, channel=GENERAL, ts=somebody)["error"] == "cant_delete_message"


def test_an_ephemeral_message_is_there_for_its_reader_alone(
    client: WebClient, workspace: Workspace, refusal: Refusal
) -> None:
    client.chat_postEphemeral(channel=GENERAL, user="U0ANA", text="psst")
    assert [m.text for m in workspace.messages(GENERAL, viewer="U0ANA")] == ["psst"]
    assert workspace.messages(GENERAL, viewer="U0RAVI") == []
    assert client.conversations_history(channel=GENERAL)["messages"] == []
    outsider = refusal(client.chat_postEphemeral, channel=GENERAL, user="U0VENDOR", text="psst")
    assert outsider["error"] == "user_not_in_channel"


def test_a_deleted_message_is_gone(client: WebClient) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="x")["ts"]
    client.chat_delete(channel=GENERAL, ts=posted)
    assert client.conversations_history(channel=GENERAL)["messages"] == []


def test_a_permalink_leads_to_the_message(client: WebClient) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="x")["ts"]
    link = client.chat_getPermalink(channel=GENERAL, message_ts=posted)["permalink"]
    assert link.endswith(f"/archives/{GENERAL}/p{posted.replace('.', '')}")


def test_blocks_alone_are_a_message(client: WebClient) -> None:
    message = client.api_call("chat.postMessage", json={"channel": GENERAL, "blocks": [SECTION]})["message"]
    assert message["text"] == "This content can't be displayed."


def test_plain_text_comes_back_escaped(client: WebClient) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "R&D <3"}}
    message = client.chat_postMessage(channel=GENERAL, text="x", blocks=[header])["message"]
    assert message["blocks"][0]["text"]["text"] == "R&amp;D &lt;3"
