"""How a call is taken: tokens, encodings, scopes, rate limits, and the log."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import Running

Refusal = Callable[..., dict[str, Any]]
Serve = Callable[..., Running]
Connect = Callable[..., WebClient]
BEARER = {"Authorization": "Bearer xoxb-practice-bot"}
GENERAL = "C0GENERAL"


def test_who_am_i(client: WebClient) -> None:
    me = client.auth_test()
    assert (me["team_id"], me["user_id"], me["bot_id"]) == ("T0PRACTICE", "U0INTERLOCK", "B0INTERLOCK")
    assert "chat:write" in me.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        ("xapp-practice-app", "chat.postMessage", "not_allowed_token_type"),
        ("xoxb-practice-bot", "apps.connections.open", "not_allowed_token_type"),
        ("xoxb-practice-bot", "chat.sing", "unknown_method"),
        ("xoxb-practice-bot", "chat.scheduleMessage", "unknown_method"),
    ],
)
def test_tokens_and_methods(
    slack: Running, connect: Connect, refusal: Refusal, token: str, method: str, error: str
) -> None:
    assert refusal(connect(slack, token=token).api_call, method)["error"] == error


def test_without_a_token(slack: Running) -> None:
    answer = requests.post(f"{slack.url}/api/auth.test", timeout=5)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": "not_authed"})


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"'])
def test_json_that_is_none(slack: Running, body: bytes) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    answer = requests.post(f"{slack.url}/api/chat.postMessage", data=body, headers=headers, timeout=5).json()
    assert answer["error"] in {"invalid_json", "json_not_object"}


def test_a_form_and_a_query_carry_blocks_as_text(slack: Running) -> None:
    blocks = json.dumps([{"type": "divider"}])
    args = {"token": "xoxb-practice-bot", "channel": GENERAL, "text": "x", "blocks": blocks}
    url = f"{slack.url}/api/chat.postMessage"
    for answer in (requests.post(url, data=args, timeout=5), requests.get(url, params=args, timeout=5)):
        assert answer.json()["message"]["blocks"][0]["type"] == "divider"


def test_a_missing_argument_is_named(client: WebClient, refusal: Refusal) -> None:
    body = refusal(client.api_call, "chat.postMessage", json={"text": "x"})
    assert body["error"] == "invalid_arguments"
    assert body["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


def test_a_scope_that_was_not_granted(serve: Serve, connect: Connect, refusal: Refusal) -> None:
    client = connect(serve(scopes=frozenset({"chat:write", "channels:read"})))
    client.chat_postMessage(channel=GENERAL, text="x")
    body = refusal(client.conversations_history, channel=GENERAL)
    assert (body["error"], body["needed"]) == ("missing_scope", "channels:history")
    assert body["provided"] == "channels:read,chat:write"


def test_one_post_a_second_in_each_channel_after_a_short_burst(serve: Serve, connect: Connect, clock: Any) -> None:
    client = connect(serve(rate_scale=1, post_burst=3))
    for _ in range(3):
        client.chat_postMessage(channel=GENERAL, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=GENERAL, text="one too many")
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "1")
    client.chat_postMessage(channel="C0ENVIRONMENTS", text="another channel has its own second")
    clock.now += 1
    client.chat_postMessage(channel=GENERAL, text="x")
    history = client.conversations_history(channel=GENERAL)["messages"]
    assert "one too many" not in {message["text"] for message in history}


@pytest.mark.parametrize(("method", "a_minute"), [("users_list", 20), ("usergroups_list", 20), ("bots_info", 50)])
def test_tiers(serve: Serve, connect: Connect, clock: Any, method: str, a_minute: int) -> None:
    call = getattr(connect(serve(rate_scale=1)), method)
    for _ in range(a_minute):
        call()
    with pytest.raises(SlackApiError) as caught:
        call()
    seconds = int(caught.value.response.headers["Retry-After"])
    clock.now += seconds
    call()


def test_the_log_holds_every_call_and_no_token(slack: Running, client: WebClient, refusal: Refusal) -> None:
    client.chat_postMessage(channel=GENERAL, text="x")
    refusal(client.chat_postMessage, channel="C0NOWHERE", text="x")
    url = f"{slack.url}/control/requests"
    listed = requests.get(url, params={"method": "chat.postMessage"}, timeout=5).json()["requests"]
    assert [(one["args"]["channel"], one["outcome"]) for one in listed] == [
        (GENERAL, "ok"),
        ("C0NOWHERE", "channel_not_found"),
    ]
    assert "xoxb" not in json.dumps(listed)
