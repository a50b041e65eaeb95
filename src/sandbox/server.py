"""The whole practice workspace behind one loopback port: Slack, its page, and Jira in both flavours.

| path | what |
| --- | --- |
| /api/<method>, /link/, /response/<id>, /files/… | Slack, for the bot: `SLACK_API_URL` is `<url>/api/` |
| /jira, /jira-dc | Jira Cloud and Jira Data Center over the same tickets: `JIRA_URL` is one of them |
| /control/… | faults, the request log: see sandbox.control |
| everything else | the page, for people |
"""

from dataclasses import replace
from typing import Self

from starlette.applications import Starlette
from starlette.routing import Mount

import sandbox.jira.app
import sandbox.page
from sandbox.faults import Faults
from sandbox.gate import Gate
from sandbox.jira.store import Store
from sandbox.requestlog import RequestLog
from sandbox.serving import Server, bind
from sandbox.slack.acts import Acts
from sandbox.slack.admin import Admin
from sandbox.slack.server import Slack
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace


class SandboxServer:
    """A practice workspace that is being served. Port 0 takes a free one; a port in use raises OSError.

    `start` is the person and the channel that the page opens with. Use it as a context manager, or call `stop`.
    """

    def __init__(
        self,
        workspace: Workspace,
        tickets: Store,
        *,
        port: int = 0,
        settings: Settings | None = None,
        start: tuple[str, str] | None = None,
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
        self._server = Server(app, bound, self.slack.before_stop)
        self._server.start()

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
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
