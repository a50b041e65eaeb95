"""Our answers and payloads beside recorded ones: the same keys hold the same kinds of value.

The recordings unite what Slack ever sent, so each of our keys must be among theirs, but not each of theirs among ours.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from slack_sdk import WebClient

from sandbox.slack import shapes
from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

RECORDED = Path(__file__).parents[3] / "../shared/data/slack/java-sdk-samples"
pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded Slack bodies are not on this machine")
GENERAL = "C0GENERAL"
ANA = "U0ANA"
CARD: list[dict[str, Any]] = [
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]
MODAL: dict[str, Any] = {"type": "modal", "title": {"type": "plain_text", "text": "New"}, "blocks": []}
# Always null where Slack documents them, and left out of the recordings for that.
DOCUMENTED = {
    "$.channel.parent_conversation",
    "$.channels[].parent_conversation",
    "$.usergroups[].auto_type",
}


def recorded(name: str) -> dict[str, Any]:
    with gzip.open(RECORDED / f"{name}.json.gz", "rt") as file:
        body = json.load(file)
    assert isinstance(body, dict)
    return body


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth value"
    return {int: "number", float: "number", str: "text", list: "list", dict: "object"}.get(type(value), "nothing")


def differences(ours: Any, theirs: Any, path: str = "$") -> Iterator[str]:
    if path in DOCUMENTED or ours is None or theirs is None:
        return
    if kind(ours) != kind(theirs):
        yield f"{path} is a {kind(ours)}, recorded as a {kind(theirs)}"
    elif isinstance(ours, dict) and theirs:
        for key, value in ours.items():
            if f"{path}.{key}" in DOCUMENTED:
                continue
            if key not in theirs:
                yield f"{path}.{key} was never recorded"
            else:
                yield from differences(value, theirs[key], f"{path}.{key}")
    elif isinstance(ours, list) and theirs:
        for value in ours:
            yield from differences(value, theirs[0], f"{path}[]")


@pytest.fixture
def posted(client: WebClient) -> str:
    root = client.chat_postMessage(channel=GENERAL, text="card", blocks=CARD)["ts"]
    metadata = {"event_type": "a", "event_payload": {}}
    client.chat_postMessage(channel=GENERAL, text="reply", thread_ts=root, metadata=metadata)
    client.chat_update(channel=GENERAL, ts=root, text="card")
    return str(root)


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("auth.test", {}),
        ("bots.info", {"bot": "B0INTERLOCK"}),
        ("team.info", {}),
        ("chat.postMessage", {"channel": GENERAL, "text": "x"}),
        ("chat.postEphemeral", {"channel": GENERAL, "text": "x", "user": ANA}),
        ("chat.update", {"channel": GENERAL, "text": "x", "ts": "{ts}"}),
        ("chat.delete", {"channel": GENERAL, "ts": "{ts}"}),
        ("chat.getPermalink", {"channel": GENERAL, "message_ts": "{ts}"}),
        ("conversations.list", {"types": "public_channel,im"}),
        ("conversations.info", {"channel": GENERAL}),
        ("conversations.members", {"channel": GENERAL}),
        ("conversations.history", {"channel": GENERAL, "include_all_metadata": True}),
        ("conversations.replies", {"channel": GENERAL, "ts": "{ts}", "include_all_metadata": True}),
        ("conversations.join", {"channel": GENERAL}),
        ("users.list", {}),
        ("users.info", {"user": ANA}),
        ("users.info", {"user": "U0INTERLOCK"}),
        ("users.lookupByEmail", {"email": "ana@practice.example"}),
        ("usergroups.list", {"include_users": True, "include_count": True}),
        ("usergroups.users.list", {"usergroup": "S001"}),
        ("files.getUploadURLExternal", {"filename": "a.png", "length": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_answers(client: WebClient, posted: str, method: str, args: dict[str, Any]) -> None:
    filled = {key: value.replace("{ts}", posted) if isinstance(value, str) else value for key, value in args.items()}
    ours = client.api_call(method, params=filled).data
    assert list(differences(ours, recorded(f"api/{method}"))) == []


@pytest.mark.parametrize("method", ["views.open", "views.push", "views.update", "views.publish"])
def test_views(slack: Running, client: WebClient, method: str) -> None:
    trigger = slack.slack.context.passes.trigger
    opened = client.views_open(trigger_id=trigger(ANA), view=MODAL)
    calls: dict[str, Callable[[], Any]] = {
        "views.open": lambda: opened,
        "views.push": lambda: client.views_push(trigger_id=trigger(ANA, view_id=opened["view"]["id"]), view=MODAL),
        "views.update": lambda: client.views_update(view_id=opened["view"]["id"], view=MODAL),
        "views.publish": lambda: client.views_publish(user_id=ANA, view={"type": "home", "blocks": []}),
    }
    assert list(differences(calls[method]().data, recorded(f"api/{method}"))) == []


@pytest.fixture
def sent(slack: Running, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would go to the app: nothing is connected, so nothing is lost by looking instead of sending."""
    payloads: list[dict[str, Any]] = []
    send = slack.slack.context.delivery.send

    def look(envelope: Any) -> Any:
        payloads.append(envelope.payload)
        return send(envelope)

    monkeypatch.setattr(slack.slack.context.delivery, "send", look)
    return payloads


def test_a_command(slack: Running, sent: list[dict[str, Any]]) -> None:
    slack.acts.command(ANA, GENERAL, "/release status")
    theirs = recorded("app-backend/slash-commands/SlashCommandPayload") | {"is_enterprise_install": "false"}
    assert list(differences(sent[-1], theirs)) == []  # a form knows only text


def test_a_click(slack: Running, sent: list[dict[str, Any]], posted: str) -> None:
    slack.acts.click(ANA, GENERAL, posted, block_id="decide", action_id="go")
    theirs = recorded("app-backend/interactive-components/BlockActionPayload")
    assert list(differences(sent[-1], theirs)) == []


def test_a_submission_and_a_closing(slack: Running, sent: list[dict[str, Any]], client: WebClient) -> None:
    trigger = slack.slack.context.passes.trigger(ANA)
    view = client.views_open(trigger_id=trigger, view=MODAL | {"notify_on_close": True})["view"]["id"]
    slack.acts.submit_view(ANA, view)
    submission = recorded("app-backend/views/ViewSubmissionPayload") | {"response_urls": []}
    submission["view"] |= {"blocks": []}
    assert list(differences(sent[-1], submission)) == []
    slack.acts.close_view(ANA, view)
    closing = recorded("app-backend/views/ViewClosedPayload")
    closing["view"] |= {"blocks": []}
    assert list(differences(sent[-1], closing)) == []


def test_events_come_in_the_documented_wrapper(slack: Running, sent: list[dict[str, Any]], client: WebClient) -> None:
    schema = json.loads((RECORDED.parents[1] / "specs/slack/slack_common_event_wrapper_schema.json").read_text())
    schema["required"].remove("authed_users")  # since replaced by `authorizations`
    dm = slack.acts.open_dm(ANA, "U0INTERLOCK")
    slack.acts.say(ANA, dm.id, "help")
    slack.acts.say(ANA, GENERAL, "@interlock status")
    slack.acts.open_home(ANA)
    slack.admin.set_group("S001", (ANA,))
    slack.admin.change_person(ANA, tz="Asia/Tokyo")
    slack.admin.rename_channel(GENERAL, "everybody")
    slack.admin.add_to_channel("C0TEAMML", ANA)
    slack.admin.archive_channel(GENERAL, ANA)
    assert {payload["event"]["type"] for payload in sent} == {
        "app_home_opened",
        "app_mention",
        "channel_archive",
        "channel_rename",
        "member_joined_channel",
        "message",
        "subteam_members_changed",
        "subteam_updated",
        "user_change",
    }
    for payload in sent:
        jsonschema.validate(payload, schema)
        assert {"team_id": "T0PRACTICE", "user_id": "U0INTERLOCK"}.items() <= payload["authorizations"][0].items()


def test_a_difference_would_be_seen() -> None:
    theirs = {"ok": True, "users": [{"id": "U1", "tz_offset": 0}]}
    ours = {"ok": True, "users": [{"id": "U1", "tz_offset": "0", "shoe_size": 42}]}
    assert list(differences(ours, theirs)) == [
        "$.users[].tz_offset is a text, recorded as a number",
        "$.users[].shoe_size was never recorded",
    ]


def test_a_message_has_what_every_recorded_message_of_a_bot_has(workspace: Workspace, slack: Running) -> None:
    message = workspace.post(GENERAL, "U0INTERLOCK", "x", bot_id="B0INTERLOCK")
    shown = shapes.message(workspace, message, slack.slack.settings)
    assert {"type", "ts", "text", "user", "team", "bot_id", "app_id", "bot_profile"} <= set(shown)
