"""What is posted to a response_url."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

GENERAL = "C0GENERAL"
ANA = "U0ANA"


@pytest.fixture
def reply(slack: Running) -> Callable[..., WebhookClient]:
    """A response_url as the vendor's client takes it, for a command or for a click on the message `ts`."""

    def open_(ts: str | None = None) -> WebhookClient:
        return WebhookClient(slack.slack.context.passes.response_url(ANA, GENERAL, ts), retry_handlers=[])

    return open_


def test_the_answer_to_a_command_is_for_its_asker(reply: Callable[..., WebhookClient], workspace: Workspace) -> None:
    answer = reply().send(text="later")
    assert (answer.status_code, answer.body) == (200, "ok")
    (message,) = workspace.messages(GENERAL, viewer=ANA)
    assert (message.text, message.ephemeral_to) == ("later", ANA)


def test_or_for_everybody(reply: Callable[..., WebhookClient], workspace: Workspace) -> None:
    reply().send(text="for all", response_type="in_channel")
    assert [message.text for message in workspace.messages(GENERAL)] == ["for all"]


def test_a_card_is_replaced_and_deleted(
    reply: Callable[..., WebhookClient], workspace: Workspace, client: WebClient
) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="card")["ts"]
    reply(ts).send(text="approved", replace_original=True)
    (message,) = workspace.messages(GENERAL)
    assert (message.ts, message.text) == (ts, "approved")
    reply(ts).send_dict({"delete_original": True})
    assert workspace.messages(GENERAL) == []


def test_an_ephemeral_message_too(reply: Callable[..., WebhookClient], workspace: Workspace, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel=GENERAL, user=ANA, text="card")["message_ts"]
    reply(ts).send(text="approved", replace_original=True)
    (message,) = workspace.messages(GENERAL, viewer=ANA)
    assert (message.ts, message.text, message.ephemeral_to) == (ts, "approved", ANA)


def test_an_answer_may_stand_in_a_thread(
    reply: Callable[..., WebhookClient], workspace: Workspace, client: WebClient
) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="card")["ts"]
    reply(ts).send_dict({"text": "noted", "thread_ts": ts})
    assert [message.text for message in workspace.replies(GENERAL, ts, viewer=ANA)] == ["noted"]


def test_five_answers_and_no_more(reply: Callable[..., WebhookClient]) -> None:
    url = reply()
    assert {url.send(text="x").status_code for _ in range(5)} == {200}
    sixth = url.send(text="x")
    assert (sixth.status_code, "used_url" in sixth.body) == (404, True)


def test_thirty_minutes_and_no_longer(reply: Callable[..., WebhookClient], clock: Any) -> None:
    url = reply()
    clock.now += 30 * 60
    assert url.send(text="x").status_code == 200
    clock.now += 1
    late = url.send(text="x")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


@pytest.mark.parametrize(
    ("body", "error"),
    [({"blocks": []}, "no_text"), ({"text": "x", "blocks": [{"type": "fireworks"}]}, "invalid_blocks")],
)
def test_what_is_refused_uses_nothing_up(
    reply: Callable[..., WebhookClient], workspace: Workspace, body: dict[str, Any], error: str
) -> None:
    url = reply()
    for _ in range(6):
        refused = url.send_dict(body)
        assert (refused.status_code, error in refused.body) == (400, True)
    assert url.send(text="x").status_code == 200
    assert len(workspace.messages(GENERAL, viewer=ANA)) == 1
