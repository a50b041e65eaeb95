"""What people do, over a Socket Mode client written in the test: payloads out, answers in."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_websocket

from sandbox.slack.acts import ActError
from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Serve = Callable[..., Running]
GENERAL = "C0GENERAL"
ANA = "U0ANA"
Reply = Callable[[dict[str, Any]], dict[str, Any] | None]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


class App:
    """Acknowledges every envelope with what `reply` makes of its payload."""

    def __init__(self, socket: ClientConnection) -> None:
        self.got: list[dict[str, Any]] = []
        self.reply: Reply = lambda _payload: None
        self._socket = socket
        self.hello = json.loads(socket.recv())

    @property
    def clicks(self) -> list[dict[str, Any]]:
        return [payload for payload in self.got if payload.get("type") == "block_actions"]

    def serve(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                envelope = json.loads(self._socket.recv())
                self.got.append(envelope["payload"])
                answer = {"envelope_id": envelope["envelope_id"]}
                if (body := self.reply(envelope["payload"])) is not None:
                    answer["payload"] = body
                self._socket.send(json.dumps(answer))


@pytest.fixture
def app(slack: Running) -> Iterator[App]:
    headers = {"Authorization": "Bearer xapp-practice-app"}
    url = requests.post(f"{slack.url}/api/apps.connections.open", headers=headers, timeout=5).json()["url"]
    with open_websocket(url) as socket:
        app = App(socket)
        thread = threading.Thread(target=app.serve)
        thread.start()
        yield app
    thread.join()


def test_a_connection_begins_with_a_hello(app: App) -> None:
    assert (app.hello["type"], app.hello["num_connections"]) == ("hello", 1)
    assert app.hello["connection_info"] == {"app_id": "A0INTERLOCK"}


BUTTON = {"type": "button", "action_id": "approve", "value": "v1:7", "text": plain("R&D"), "style": "primary"}
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": plain("Approve 2026.12?")},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            BUTTON,
            {
                "type": "static_select",
                "action_id": "env",
                "options": [{"text": plain("uat-2"), "value": "uat-2"}],
            },
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-12-17"},
        ],
    },
]


def modal(**more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "reject",
        "title": plain("Reject"),
        "submit": plain("Reject"),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": plain("Reason"),
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20, "min_length": 3},
            },
            {
                "type": "input",
                "block_id": "owner",
                "optional": True,
                "label": plain("Owner"),
                "element": {"type": "external_select", "action_id": "who", "min_query_length": 1},
            },
        ],
        **more,
    }


@pytest.fixture
def card(client: WebClient) -> str:
    return str(client.chat_postMessage(channel=GENERAL, text="card", blocks=CARD)["ts"])


@pytest.fixture
def view(slack: Running, client: WebClient) -> str:
    trigger = slack.slack.context.passes.trigger(ANA)
    return str(client.views_open(trigger_id=trigger, view=modal())["view"]["id"])


# --- commands --------------------------------------------------------------------------------------------------


def test_a_command_carries_who_where_and_how_to_answer(slack: Running, app: App) -> None:
    slack.acts.command(ANA, GENERAL, "/release  status  2026.12 ").result(5)
    (payload,) = app.got
    assert payload | {"response_url": "", "trigger_id": ""} == {
        "token": "practice-verification-token",
        "team_id": "T0PRACTICE",
        "team_domain": "practice-bank",
        "channel_id": GENERAL,
        "channel_name": "general",
        "user_id": ANA,
        "user_name": "ana",
        "command": "/release",
        "text": "status  2026.12",
        "api_app_id": "A0INTERLOCK",
        "is_enterprise_install": "false",
        "response_url": "",
        "trigger_id": "",
    }
    assert payload["response_url"].startswith(f"{slack.url}/response/")


def test_a_direct_message_has_no_name(slack: Running, app: App) -> None:
    dm = slack.acts.open_dm(ANA, "U0INTERLOCK")
    slack.acts.command(ANA, dm.id, "/release").result(5)
    assert app.got[-1]["channel_name"] == "directmessage"


def test_a_command_that_the_app_does_not_have(slack: Running, app: App, workspace: Workspace) -> None:
    assert slack.acts.command(ANA, GENERAL, "/deploy now").result(5).error == "not_a_command"
    assert "`/deploy` is not a valid command" in workspace.messages(GENERAL, viewer=ANA)[-1].text
    assert app.got == []


def test_the_vendor_has_no_commands_but_may_click(
    slack: Running, app: App, client: WebClient, workspace: Workspace
) -> None:
    shared, vera = "C0MERIDIANSHARED", "U0VENDOR"
    assert slack.acts.command(vera, shared, "/release").result(5).error == "not_a_command"
    ts = client.chat_postMessage(channel=shared, text="card", blocks=CARD)["ts"]
    slack.acts.click(vera, shared, ts, block_id="decide", action_id="approve").result(5)
    (clicked,) = app.clicks
    assert clicked["user"]["team_id"] == "T0MERIDIAN"
    assert clicked["team"]["id"] == "T0PRACTICE"


@pytest.mark.parametrize(
    ("person", "channel", "sentence"),
    [
        ("U0LEFT", GENERAL, "has left"),
        ("U0VENDOR", GENERAL, "is not in #general"),
        (ANA, "C0TEAMDATA", "is archived"),
    ],
)
def test_who_cannot_write_where(slack: Running, workspace: Workspace, person: str, channel: str, sentence: str) -> None:
    workspace.change_channel("C0TEAMDATA", archived=True)
    with pytest.raises(ActError, match=sentence):
        slack.acts.say(person, channel, "hello")


# --- clicks ----------------------------------------------------------------------------------------------------


def test_a_click_carries_the_message_and_the_state_of_its_inputs(slack: Running, app: App, card: str) -> None:
    values = {("decide", "day"): "2026-12-18"}
    slack.acts.click(ANA, GENERAL, card, block_id="decide", action_id="approve", values=values).result(5)
    (payload,) = app.clicks
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": ANA, "username": "ana", "name": "ana", "team_id": "T0PRACTICE"}
    assert payload["channel"] == {"id": GENERAL, "name": "general"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": card,
        "channel_id": GENERAL,
        "is_ephemeral": False,
    }
    assert payload["message"]["ts"] == card
    (action,) = payload["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "action_id": "approve",
        "block_id": "decide",
        "value": "v1:7",
        "style": "primary",
        "text": {"type": "plain_text", "text": "R&amp;D"},
    }
    assert payload["state"]["values"]["decide"] == {
        "env": {"type": "static_select", "selected_option": None},
        "day": {"type": "datepicker", "selected_date": "2026-12-18"},
    }


def test_choosing_carries_what_was_chosen(slack: Running, app: App, card: str) -> None:
    slack.acts.click(ANA, GENERAL, card, block_id="decide", action_id="env", chosen="uat-2").result(5)
    assert app.clicks[0]["actions"][0]["selected_option"] == {"text": plain("uat-2"), "value": "uat-2"}


def test_a_click_on_an_ephemeral_message_does_not_carry_it(slack: Running, app: App, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel=GENERAL, user=ANA, text="card", blocks=CARD)["message_ts"]
    slack.acts.click(ANA, GENERAL, ts, block_id="decide", action_id="approve").result(5)
    (payload,) = app.clicks
    assert "message" not in payload
    assert payload["container"]["is_ephemeral"] is True
    with pytest.raises(ActError, match="no such message"):
        slack.acts.click("U0TOM", GENERAL, ts, block_id="decide", action_id="approve")


def test_a_click_in_a_thread_names_it(slack: Running, app: App, client: WebClient, card: str) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="x", blocks=CARD, thread_ts=card)["ts"]
    slack.acts.click(ANA, GENERAL, ts, block_id="decide", action_id="approve").result(5)
    assert app.clicks[-1]["container"]["thread_ts"] == card


def test_what_is_not_there_cannot_be_clicked(slack: Running, card: str) -> None:
    with pytest.raises(ActError, match="any more"):
        slack.acts.click(ANA, GENERAL, card, block_id="decide", action_id="reject")


def test_an_answer_to_a_click_shows_nothing(slack: Running, app: App, card: str, workspace: Workspace) -> None:
    app.reply = lambda _payload: {"text": "thanks"}
    slack.acts.click(ANA, GENERAL, card, block_id="decide", action_id="approve").result(5)
    assert [message.text for message in workspace.messages(GENERAL, viewer=ANA)] == ["card"]


def test_a_trigger_of_a_click_opens_a_modal(
    slack: Running, app: App, card: str, client: WebClient, workspace: Workspace
) -> None:
    slack.acts.click(ANA, GENERAL, card, block_id="decide", action_id="approve").result(5)
    client.views_open(trigger_id=app.clicks[0]["trigger_id"], view=modal())
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert shown.body["callback_id"] == "reject"


# --- modals ----------------------------------------------------------------------------------------------------


def test_a_submission_carries_the_state_and_closes_the_modal(
    slack: Running, app: App, view: str, workspace: Workspace
) -> None:
    outcome = slack.acts.submit_view(ANA, view, {("reason", "text"): "too early"}).result(5)
    assert outcome.acked
    (payload,) = app.got
    assert (payload["type"], payload["view"]["callback_id"], payload["response_urls"]) == (
        "view_submission",
        "reject",
        [],
    )
    assert payload["view"]["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": "too early"}},
        "owner": {"who": {"type": "external_select", "selected_option": None}},
    }
    assert workspace.screens.modal(ANA) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Please complete this required field."),
        ("x" * 21, "Please enter no more than 20 characters."),
        ("x", "Please enter at least 3 characters."),
    ],
)
def test_what_slack_itself_refuses_never_reaches_the_app(
    slack: Running, app: App, view: str, workspace: Workspace, text: str, sentence: str
) -> None:
    assert slack.acts.submit_view(ANA, view, {("reason", "text"): text}).result(5).error == "incomplete"
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert (shown.errors, shown.busy, app.got) == ({"reason": sentence}, False, [])


def test_errors_stand_below_their_fields_and_what_was_typed_stays(
    slack: Running, app: App, view: str, workspace: Workspace
) -> None:
    app.reply = lambda _payload: {"response_action": "errors", "errors": {"reason": "Say which ticket."}}
    slack.acts.submit_view(ANA, view, {("reason", "text"): "because"}).result(5)
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert (shown.errors, shown.busy) == ({"reason": "Say which ticket."}, False)
    assert shown.state["reason"]["text"]["value"] == "because"


def test_a_modal_may_be_updated_pushed_on_and_cleared(
    slack: Running, app: App, view: str, workspace: Workspace
) -> None:
    def titles() -> list[str]:
        return [shown.body["title"]["text"] for shown in workspace.screens.stack(ANA)]

    values = {("reason", "text"): "because"}
    app.reply = lambda _payload: {"response_action": "update", "view": modal(title=plain("Again"))}
    slack.acts.submit_view(ANA, view, values).result(5)
    assert titles() == ["Again"]
    app.reply = lambda _payload: {"response_action": "push", "view": modal(title=plain("Sure?"))}
    slack.acts.submit_view(ANA, view, values).result(5)
    assert titles() == ["Again", "Sure?"]
    app.reply = lambda _payload: {"response_action": "clear"}
    slack.acts.submit_view(ANA, workspace.screens.stack(ANA)[1].id, values).result(5)
    assert titles() == []


@pytest.mark.parametrize(
    "body",
    [
        {"response_action": "errors", "errors": {"nowhere": "?"}},
        {"response_action": "errors"},
        {"response_action": "update", "view": {"type": "home", "blocks": []}},
        {"response_action": "dance"},
    ],
)
def test_an_ack_that_cannot_be_used_leaves_the_modal_with_a_sentence(
    slack: Running, app: App, view: str, workspace: Workspace, body: dict[str, Any]
) -> None:
    app.reply = lambda _payload: body
    assert slack.acts.submit_view(ANA, view, {("reason", "text"): "because"}).result(5).error
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert (shown.trouble, shown.busy) == ("We had some trouble connecting. Try again?", False)


def test_nobody_there_leaves_the_modal_with_a_sentence(slack: Running, view: str, workspace: Workspace) -> None:
    slack.acts.submit_view(ANA, view, {("reason", "text"): "because"}).result(5)
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert shown.trouble == "We had some trouble connecting. Try again?"


def test_closing_is_told_where_the_app_asked(slack: Running, app: App, client: WebClient, workspace: Workspace) -> None:
    trigger = slack.slack.context.passes.trigger
    quiet = client.views_open(trigger_id=trigger(ANA), view=modal())["view"]["id"]
    assert slack.acts.close_view(ANA, quiet).result(5).error == "not_subscribed"
    told = client.views_open(trigger_id=trigger(ANA), view=modal(notify_on_close=True))["view"]["id"]
    slack.acts.close_view(ANA, told).result(5)
    (payload,) = app.got
    assert (payload["type"], payload["is_cleared"], payload["view"]["id"]) == ("view_closed", False, told)
    assert workspace.screens.modal(ANA) is None
    with pytest.raises(ActError, match="closed"):
        slack.acts.close_view(ANA, told)


def test_somebody_elses_modal(slack: Running, view: str) -> None:
    with pytest.raises(ActError, match="somebody else"):
        slack.acts.submit_view("U0TOM", view)


def test_suggestions_come_from_the_ack(slack: Running, app: App, view: str) -> None:
    options = [{"text": plain("Ravi"), "value": "U0RAVI"}]
    app.reply = lambda _payload: {"options": options}
    outcome = slack.acts.suggest(ANA, view, block_id="owner", action_id="who", text="ra").result(5)
    assert outcome.body == {"options": options}
    assert (app.got[0]["type"], app.got[0]["value"]) == ("block_suggestion", "ra")
    values = {("reason", "text"): "because", ("owner", "who"): options[0]}
    slack.acts.submit_view(ANA, view, values).result(5)
    assert app.got[-1]["view"]["state"]["values"]["owner"]["who"]["selected_option"] == options[0]


# --- Home, direct messages and events --------------------------------------------------------------------------


def test_opening_home_tells_what_is_published(slack: Running, app: App, client: WebClient) -> None:
    slack.acts.open_home(ANA).result(5)
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]}
    view = client.views_publish(user_id=ANA, view=home)["view"]
    slack.acts.open_home(ANA).result(5)
    first, second = (payload["event"] for payload in app.got)
    assert (first["type"], first["tab"], first["channel"], "view" in first) == (
        "app_home_opened",
        "home",
        "D0ANA",
        False,
    )
    assert second["view"]["hash"] == view["hash"]
    slack.acts.click_view(ANA, view["id"], block_id="b", action_id="approve").result(5)
    assert app.got[-1]["container"] == {"type": "view", "view_id": view["id"]}
    assert app.got[-1]["view"]["type"] == "home"


def test_what_is_said_to_the_app_alone(slack: Running, app: App, until: Callable[..., Any]) -> None:
    dm = slack.acts.open_dm(ANA, "U0INTERLOCK")
    said = slack.acts.say(ANA, dm.id, "help")
    until(lambda: len(app.got) == 2)
    event = next(payload["event"] for payload in app.got if payload["event"]["type"] == "message")
    assert (event["channel_type"], event["channel"], event["text"], event["ts"]) == ("im", dm.id, "help", said.ts)
    assert event["client_msg_id"]


def test_a_mention_comes_as_a_message_and_as_a_mention(slack: Running, app: App, until: Callable[..., Any]) -> None:
    slack.acts.say(ANA, GENERAL, "@interlock status")
    until(lambda: len(app.got) == 2)
    assert {payload["event"]["type"] for payload in app.got} == {"message", "app_mention"}
    assert len({payload["event_id"] for payload in app.got}) == 2
    assert {payload["type"] for payload in app.got} == {"event_callback"}


def test_an_edit_of_the_apps_own_is_an_event_without_a_user(
    slack: Running, app: App, client: WebClient, card: str, until: Callable[..., Any]
) -> None:
    client.chat_update(channel=GENERAL, ts=card, text="newer")
    until(lambda: len(app.got) == 2)
    event = app.got[1]["event"]
    assert (event["subtype"], event["message"]["text"], event["previous_message"]["text"]) == (
        "message_changed",
        "newer",
        "card",
    )
    assert "user" not in event


def test_only_what_was_subscribed_to_is_told(serve: Serve) -> None:
    slack = serve(events=frozenset({"app_mention"}))
    assert slack.admin.change_person(ANA, tz="Asia/Tokyo").result(5).error == "not_subscribed"


def test_what_the_administrator_does(slack: Running, app: App, workspace: Workspace) -> None:
    group = next(group for group in workspace.groups() if group.handle == "qa-approvers")
    slack.admin.set_group(group.id, ("U0TOM", ANA)).result(5)
    slack.admin.rename_channel("C0RELMODELS", "rel-ml").result(5)
    slack.admin.archive_channel("C0RELMODELS", "U0RITA").result(5)
    slack.admin.add_to_channel("C0TEAMML", ANA).result(5)
    events = {payload["event"]["type"]: payload["event"] for payload in app.got}
    changed = events["subteam_members_changed"]
    assert (changed["added_users"], changed["removed_users"], changed["added_users_count"]) == ([ANA], ["U0INES"], "1")
    assert events["channel_rename"]["channel"]["name"] == "rel-ml"
    assert events["channel_archive"]["channel"] == "C0RELMODELS"
    assert events["member_joined_channel"]["user"] == ANA
    assert workspace.channel("C0RELMODELS").previous_names == ("rel-models",)


def test_reading_a_channel(slack: Running, client: WebClient, card: str, workspace: Workspace) -> None:
    assert workspace.unread(ANA, GENERAL) == 1
    slack.acts.mark_read(ANA, GENERAL)
    assert workspace.unread(ANA, GENERAL) == 0
