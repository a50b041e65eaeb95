"""The whole practice workspace behind one loopback port: Slack, its page, and Jira in both flavours.

| path | what |
| --- | --- |
| /api/<method>, /link/, /response/<id>, /files/… | Slack, for the bot: `SLACK_API_URL` is `<url>/api/` |
| /jira, /jira-dc | Jira Cloud and Jira Data Center over the same tickets: `JIRA_URL` is one of them |
| /control/… | faults, the request log: see sandbox.control |
| everything else | the page, for people |
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.routing import Mount

import sandbox.jira.app
import sandbox.page
from sandbox.faults import Faults
from sandbox.gate import Gate
from sandbox.jira.model import Flavour, Site
from sandbox.jira.store import Store
from sandbox.jira.webhooks import Webhooks
from sandbox.requestlog import RequestLog
from sandbox.serving import Server, bind
from sandbox.slack import manifest as manifests
from sandbox.slack.acts import Acts
from sandbox.slack.admin import Admin
from sandbox.slack.server import Slack
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace
from sandbox.world import people
from sandbox.world.tickets import generate


class SandboxServer:
    """A practice workspace that is being served. Port 0 takes a free one; a port in use raises OSError.

    `start` is the person and the channel that the page opens with; `webhook_urls` hear of every change of a ticket,
    as the Jira of `flavour` tells it. Use it as a context manager, or call `stop`.
    """

    def __init__(
        self,
        workspace: Workspace,
        tickets: Store,
        *,
        port: int = 0,
        settings: Settings | None = None,
        start: tuple[str, str] | None = None,
        webhook_urls: Sequence[str] = (),
        flavour: Flavour = "cloud",
    ) -> None:
        bound = bind(port)
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.workspace = workspace
        self.tickets = tickets
        self.faults = Faults()
        self.log = RequestLog()
        self.slack = Slack(
            workspace,
            settings=replace(settings or Settings(), base_url=self.url),
            faults=self.faults,
            log=self.log,
        )
        cloud = sandbox.jira.app.build(tickets, flavour="cloud", base_url=f"{self.url}/jira")
        data_center = sandbox.jira.app.build(tickets, flavour="datacenter", base_url=f"{self.url}/jira-dc")
        app = Starlette(
            routes=[
                *self.slack.routes(),
                Mount("/jira-dc", Gate(data_center, "jira", self.faults, self.log)),
                Mount("/jira", Gate(cloud, "jira", self.faults, self.log)),
                Mount("/", sandbox.page.build(workspace, self.slack.acts, start=start)),
            ],
            lifespan=self.slack.lifespan,
        )
        jira = f"{self.url}/jira" if flavour == "cloud" else f"{self.url}/jira-dc"
        self.webhooks = Webhooks(tickets, urls=webhook_urls, flavour=flavour, base_url=jira)
        self._server = Server(app, bound, self.slack.before_stop)
        self._server.start()
        self.webhooks.start()

    @property
    def acts(self) -> Acts:
        """What people do in Slack."""
        return self.slack.acts

    @property
    def admin(self) -> Admin:
        """What the workspace's administrator does."""
        return self.slack.admin

    def wait(self) -> None:
        """Blocks until somebody calls `stop`."""
        self._server.wait()

    def stop(self) -> None:
        self.webhooks.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def practice(
    *,
    manifest: Path,
    today: date,
    tickets: Site | None = None,
    port: int = 0,
    settings: Settings | None = None,
    webhook_urls: Sequence[str] = (),
    flavour: Flavour = "cloud",
) -> SandboxServer:
    """Serves the practice bank, with the app installed as its `manifest` says: its commands, scopes and events.

    `tickets` stands in for the seeded ones (see sandbox.world.tickets.generate and sandbox.world.files.load).
    """
    app = manifests.read(manifest)
    workspace = Workspace(people=people.PEOPLE, channels=people.CHANNELS, groups=people.GROUPS, commands=app.commands)
    return SandboxServer(
        workspace,
        Store(tickets or generate(today)),
        port=port,
        settings=replace(settings or Settings(), scopes=app.scopes, events=app.events),
        start=("U0RITA", "C0RELDATAPLATFORM"),
        webhook_urls=webhook_urls,
        flavour=flavour,
    )
