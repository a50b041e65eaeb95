"""Faults on order, as the vendor's client meets them."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Connect = Callable[..., WebClient]
GENERAL = "C0GENERAL"


@pytest.fixture
def order(slack: Running) -> Callable[..., Any]:
    def plan(fault: str, method: str = "chat.postMessage", **more: Any) -> Any:
        wanted = {"service": "slack", "method": method, "fault": fault, **more}
        return requests.post(f"{slack.url}/control/faults", json=wanted, timeout=5)

    return plan


def said(workspace: Workspace) -> list[str]:
    return [message.text for message in workspace.messages(GENERAL)]


def test_429_with_retry_after(client: WebClient, order: Callable[..., Any], workspace: Workspace) -> None:
    order("429", count=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=GENERAL, text="x")
        response = caught.value.response
        assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "7")
    client.chat_postMessage(channel=GENERAL, text="third")
    assert said(workspace) == ["third"]


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        ("500", []),
        ("malformed", ["first"]),
        ("drop_before", []),
        ("drop_after", ["first"]),
        ("timeout", []),
        ("timeout_after", ["first"]),
    ],
)
def test_whether_it_happened(
    slack: Running,
    connect: Connect,
    order: Callable[..., Any],
    workspace: Workspace,
    until: Callable[..., Any],
    fault: str,
    first: list[str],
) -> None:
    client = connect(slack, timeout=1)
    order(fault)
    errors = (SlackApiError, TimeoutError, http.client.HTTPException, ConnectionError, OSError)
    with pytest.raises(errors):
        client.chat_postMessage(channel=GENERAL, text="first")
    until(lambda: slack.slack.log.listed(method="chat.postMessage"))
    assert said(workspace) == first
    client.chat_postMessage(channel=GENERAL, text="second")
    assert said(workspace)[-1] == "second"
    assert [one["outcome"] for one in slack.slack.log.listed(method="chat.postMessage")] == [fault, "ok"]


def test_a_dropped_connection_has_no_answer_at_all(slack: Running, order: Callable[..., Any]) -> None:
    order("drop_before", "auth.test")
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{slack.url}/api/auth.test", timeout=5)


def test_a_fault_for_every_method_and_one_for_a_response_url(
    slack: Running, client: WebClient, order: Callable[..., Any]
) -> None:
    order("500", "*", count=2)
    for call in (client.auth_test, client.users_list):
        with pytest.raises(SlackApiError):
            call()
    client.auth_test()
    order("429", "response_url")
    url = slack.slack.context.passes.response_url("U0ANA", GENERAL)
    assert [WebhookClient(url, retry_handlers=[]).send(text="x").status_code for _ in range(2)] == [429, 200]


def test_faults_are_listed_and_forgotten(slack: Running, client: WebClient, order: Callable[..., Any]) -> None:
    order("500", "auth.test", count=3)
    with pytest.raises(SlackApiError):
        client.auth_test()
    (listed,) = requests.get(f"{slack.url}/control/faults", timeout=5).json()["faults"]
    assert (listed["fault"], listed["count"], listed["used"]) == ("500", 3, 1)
    assert requests.delete(f"{slack.url}/control/faults", timeout=5).json() == {"faults": []}
    client.auth_test()


@pytest.mark.parametrize(
    "more", [{"service": "mail"}, {"fault": "earthquake"}, {"method": None}, {"speed": 1}], ids=lambda m: next(iter(m))
)
def test_an_order_that_makes_no_sense(slack: Running, more: dict[str, Any]) -> None:
    wanted = {"service": "slack", "method": "*", "fault": "500", **more}
    answer = requests.post(f"{slack.url}/control/faults", json=wanted, timeout=5)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_a_hanging_call_does_not_keep_the_server_from_stopping(
    slack: Running, connect: Connect, order: Callable[..., Any]
) -> None:
    order("timeout", "auth.test")
    client = connect(slack, timeout=60)
    failures: list[Exception] = []

    def hang() -> None:
        try:
            client.auth_test()
        except Exception as error:  # noqa: BLE001 - however the client words it, it must come back
            failures.append(error)

    caller = threading.Thread(target=hang)
    caller.start()
    deadline = time.monotonic() + 10
    while not slack.slack.faults.listed()[0]["used"] and time.monotonic() < deadline:
        time.sleep(0.005)
    slack.stop()
    caller.join(10)
    assert not caller.is_alive()


def test_everything_in_a_channel_is_told_to_tests(slack: Running, client: WebClient) -> None:
    client.chat_postMessage(channel=GENERAL, text="for all")
    client.chat_postEphemeral(channel=GENERAL, user="U0ANA", text="for Ana")
    url = f"{slack.url}/control/messages"
    messages = requests.get(url, params={"channel": GENERAL}, timeout=5).json()["messages"]
    assert [(one["text"], one["ephemeral_to"]) for one in messages] == [("for all", None), ("for Ana", "U0ANA")]
    assert requests.get(url, params={"channel": "C0NOWHERE"}, timeout=5).status_code == 404
