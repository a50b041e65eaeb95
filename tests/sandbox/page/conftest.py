"""A small practice workspace with a small app of its own, served on loopback."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import page
from sandbox.serving import Server, bind
from sandbox.slack.server import Slack
from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel, Command, Group, Person
from sandbox.slack.workspace import Workspace

Json = dict[str, Any]

ANA = Person(id="U0ANA", name="ana", real_name="Ana Whitlock", title="Data lead")
TOM = Person(id="U0TOM", name="tom", real_name="Tom Arkwright", title="QA")
YUKI = Person(id="U0YUKI", name="yuki", real_name="Yuki Tanabe-Ross", title="Infrastructure lead", tz="Asia/Tokyo")
GIL = Person(id="U0GUEST", name="gil", real_name="Gil Tarrant", is_restricted=True)
LARS = Person(id="U0LEFT", name="lars", real_name="Lars Eklund-Moor", deleted=True)
APP = Person(id="U0INTERLOCK", name="interlock", real_name="Interlock", is_bot=True)
EVERYBODY = frozenset({"U0ANA", "U0TOM", "U0YUKI", "U0INTERLOCK"})


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(text: str, action: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action, **more}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower().replace(" ", "-")}


def make_workspace() -> Workspace:
    return Workspace(
        people=(ANA, TOM, YUKI, GIL, LARS, APP),
        channels=(
            Channel(id="C0RELEASE", name="rel-data-platform", members=EVERYBODY, topic="Releases of the data platform"),
            Channel(id="C0GENERAL", name="general", members=EVERYBODY | {"U0GUEST"}),
            Channel(id="C0SECRET", name="leads-only", kind="private", members=frozenset({"U0ANA", "U0INTERLOCK"})),
            Channel(id="C0QA", name="qa-corner", members=frozenset({"U0TOM"})),
        ),
        groups=(Group(id="S0QA", handle="qa-approvers", name="QA approvers", users=("U0TOM",)),),
        commands=(
            Command(command="/release", description="Releases", usage_hint="list | new | status [release]"),
            Command(command="/env", description="Environments", usage_hint="list | book | return"),
        ),
    )


NEW_RELEASE: Json = {
    "type": "modal",
    "callback_id": "new_release",
    "title": plain("Plan a release"),
    "submit": plain("Plan it"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Name"),
            "hint": plain("Such as 2026.12"),
            "element": {"type": "plain_text_input", "action_id": "name", "placeholder": plain("2026.12")},
        },
        {
            "type": "input",
            "block_id": "target",
            "label": plain("Target date"),
            "element": {"type": "datepicker", "action_id": "target"},
        },
        {
            "type": "input",
            "block_id": "template",
            "label": plain("Template"),
            "element": {
                "type": "static_select",
                "action_id": "template",
                "options": [option("Quarterly"), option("Weekly")],
            },
        },
        {
            "type": "input",
            "block_id": "teams",
            "optional": True,
            "label": plain("Teams"),
            "element": {
                "type": "multi_static_select",
                "action_id": "teams",
                "options": [option("Payments"), option("Data"), option("ML")],
            },
        },
        {
            "type": "input",
            "block_id": "scope",
            "optional": True,
            "label": plain("Fix version"),
            "element": {"type": "external_select", "action_id": "scope", "min_query_length": 1},
        },
        {"type": "actions", "block_id": "more", "elements": [button("Preview", "preview")]},
    ],
}


def card(votes: list[str]) -> list[Json]:
    return [
        {"type": "header", "block_id": "h", "text": plain("Sign-off for 2026.12")},
        {
            "type": "section",
            "block_id": "what",
            "text": mrkdwn("🟡 *Amber* · QA approves 41 tickets &amp; 2 waivers"),
        },
        {
            "type": "actions",
            "block_id": "decide",
            "elements": [
                button(
                    "Approve 41 tickets",
                    "approve",
                    style="primary",
                    value="r1",
                    confirm={
                        "title": plain("Approve 2026.12?"),
                        "text": mrkdwn("You approve *41 tickets*."),
                        "confirm": plain("Approve"),
                        "deny": plain("Not yet"),
                    },
                ),
                button("Reject", "reject", style="danger"),
                {"type": "overflow", "action_id": "more", "options": [option("Show scope"), option("Show history")]},
            ],
        },
        {"type": "context", "block_id": "who", "elements": [mrkdwn(f"Approved by: {', '.join(votes) or 'nobody'}")]},
    ]


@dataclass(slots=True)
class PracticeApp:
    """A Bolt app that does a bit of everything; `heard` keeps the payloads that reached it."""

    app: App
    heard: list[Json] = field(default_factory=list)
    votes: list[str] = field(default_factory=list)

    def last(self, kind: str) -> Json:
        return next(each for each in reversed(self.heard) if each.get("type") == kind)

    def register(self) -> None:
        """One small listener for each thing that the page can do."""

        @self.app.middleware
        def keep(body: Json, next: Callable[[], None]) -> None:  # noqa: A002 - Bolt injects arguments by name
            self.heard.append(body)
            next()

        self._commands(self.app)
        self._clicks(self.app)
        self._modals(self.app)
        self._events(self.app)

    def _commands(self, app: App) -> None:
        @app.command("/release")
        def release(ack: Ack, command: Json, client: WebClient) -> None:
            if command["text"] == "new":
                ack()
                client.views_open(trigger_id=command["trigger_id"], view=NEW_RELEASE)
            elif command["text"] == "card":
                ack()
                client.chat_postMessage(channel=command["channel_id"], text="Sign-off", blocks=card(self.votes))
            else:
                blocks: list[Json] = [
                    {"type": "section", "text": mrkdwn("*2026.12 Data Platform* · 🟢 Green")},
                    {"type": "actions", "elements": [button("Share in channel", "share")]},
                ]
                ack(text="2026.12 is green", blocks=blocks)

    def _clicks(self, app: App) -> None:
        @app.action("share")
        def share(ack: Ack, respond: Respond) -> None:
            ack()
            respond(text="*2026.12* is green", response_type="in_channel", replace_original=False)

        @app.action("approve")
        def approve(ack: Ack, body: Json, client: WebClient) -> None:
            ack()
            self.votes.append(body["user"]["username"])
            channel, ts = body["channel"]["id"], body["message"]["ts"]
            client.chat_update(channel=channel, ts=ts, text="Sign-off", blocks=card(self.votes))
            client.chat_postMessage(channel=channel, thread_ts=ts, text=f"<@{body['user']['id']}> approved.")

        @app.action("more")
        def more(ack: Ack, respond: Respond, body: Json) -> None:
            ack()
            respond(text=f"You chose {body['actions'][0]['selected_option']['value']}", replace_original=False)

    def _modals(self, app: App) -> None:
        @app.action("reject")
        def reject(ack: Ack, body: Json, client: WebClient) -> None:
            ack()
            reason = {
                "type": "input",
                "block_id": "reason",
                "label": plain("Reason"),
                "element": {"type": "plain_text_input", "action_id": "reason", "multiline": True},
            }
            view = {
                "type": "modal",
                "callback_id": "rejected",
                "title": plain("Reject 2026.12"),
                "submit": plain("Reject"),
                "blocks": [reason],
            }
            client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.action("preview")
        def preview(ack: Ack, body: Json, client: WebClient) -> None:
            ack()
            view = {
                "type": "modal",
                "title": plain("Preview"),
                "blocks": [{"type": "section", "text": mrkdwn("41 tickets found")}],
            }
            client.views_push(trigger_id=body["trigger_id"], view=view)

        @app.options("scope")
        def scope(ack: Ack, payload: Json) -> None:
            ack(options=[option(f"{payload['value']}.{month}") for month in ("11", "12")])

        @app.view("new_release")
        def planned(ack: Ack, view: Json) -> None:
            if view["state"]["values"]["name"]["name"]["value"] == "taken":
                ack(response_action="errors", errors={"name": "A release of that name exists."})
            else:
                ack()

        @app.view("rejected")
        def rejected(ack: Ack) -> None:
            ack()

    def _events(self, app: App) -> None:
        @app.event("app_home_opened")
        def home(event: Json, client: WebClient) -> None:
            if event["tab"] != "home":
                return
            blocks = [
                {"type": "header", "text": plain("What waits for you")},
                {
                    "type": "section",
                    "text": mrkdwn("*2026.12* wants your sign-off"),
                    "accessory": button("Open", "open_card"),
                },
            ]
            client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

        @app.action("open_card")
        def opened(ack: Ack) -> None:
            ack()

        @app.event("message")
        def said() -> None:
            pass

        @app.event("app_mention")
        def mentioned(event: Json, client: WebClient) -> None:
            client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Try `/release status`.")


@dataclass(frozen=True, slots=True)
class Site:
    """A workspace and the address at which its page stands."""

    workspace: Workspace
    slack: Slack
    url: str
    server: Server

    def address(self, person: str, channel: str, thread: str = "") -> str:
        return "/".join(filter(None, (self.url, "client", person, channel, thread)))


@dataclass(frozen=True, slots=True)
class Practice(Site):
    """A site whose app is connected."""

    bot: PracticeApp


@contextlib.contextmanager
def served(workspace: Workspace, port: int = 0) -> Iterator[Site]:
    bound = bind(port)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    slack = Slack(workspace, settings=Settings(base_url=url, rate_scale=0))
    routes = [*slack.routes(), Mount("/", page.build(workspace, slack.acts))]
    server = Server(Starlette(routes=routes, lifespan=slack.lifespan), bound, slack.before_stop).start()
    try:
        yield Site(workspace, slack, url, server)
    finally:
        server.stop()


@contextlib.contextmanager
def connected(site: Site) -> Iterator[Practice]:
    """The app, over Socket Mode."""
    client = WebClient(token="xoxb-practice-bot", base_url=f"{site.url}/api/")
    bot = PracticeApp(App(client=client, process_before_response=True))
    bot.register()
    handler = SocketModeHandler(bot.app, "xapp-practice-app", web_client=client)
    handler.connect()  # type: ignore[no-untyped-call] # slack_bolt leaves it without types
    try:
        yield Practice(site.workspace, site.slack, site.url, site.server, bot)
    finally:
        # A client that closes waits until something comes, for 3 s; one that was hung up on does not.
        handler.client.auto_reconnect_enabled = False
        site.server.stop()
        handler.close()  # type: ignore[no-untyped-call] # as above


@pytest.fixture
def site() -> Iterator[Site]:
    """The page without an app."""
    with served(make_workspace()) as running:
        yield running


@pytest.fixture
def practice(site: Site) -> Iterator[Practice]:
    with connected(site) as running:
        yield running
