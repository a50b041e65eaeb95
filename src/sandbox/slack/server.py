"""The practice Slack as an ASGI application, and as a server in a thread."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Self

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from sandbox.control import Control
from sandbox.faults import Faults
from sandbox.requestlog import RequestLog
from sandbox.serving import Server, bind
from sandbox.slack.acts import Acts
from sandbox.slack.admin import Admin
from sandbox.slack.api import WebApi
from sandbox.slack.context import assemble
from sandbox.slack.doors import Avatars, Files, ResponseUrls
from sandbox.slack.settings import Settings
from sandbox.slack.socketmode import SocketMode
from sandbox.slack.workspace import Workspace


class Slack:
    """Everything of the practice Slack but the port it is served on.

    `faults` and `log` may be shared with the practice Jira, so that one /control speaks for both.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        settings: Settings,
        faults: Faults | None = None,
        log: RequestLog | None = None,
    ) -> None:
        self.workspace = workspace
        self.settings = settings
        self.faults = faults or Faults()
        self.log = log or RequestLog()
        self.context = assemble(workspace, settings)
        self._sockets = SocketMode(workspace, self.context.delivery)

    @property
    def acts(self) -> Acts:
        return self.context.acts

    @property
    def admin(self) -> Admin:
        return self.context.admin

    def routes(self) -> list[BaseRoute]:
        files = Files(self.context)
        api = WebApi(self.context, self.faults, self.log)
        responses = ResponseUrls(self.context, self.faults, self.log)
        return [
            Route("/api/{method}", api.__call__, methods=["GET", "POST"]),
            Route("/response/{reply_id}", responses.__call__, methods=["POST"]),
            Route("/files/upload/{file_id}", files.upload, methods=["POST"]),
            Route("/files/{file_id}/{name}", files.download),
            Route("/avatar/{person_id}", Avatars(self.context).__call__),
            WebSocketRoute("/link/", self._sockets.__call__),
            *Control(self.context, self.faults, self.log, self._sockets).routes(),
        ]

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.context.delivery.start(asyncio.get_running_loop())
        yield
        self.context.delivery.stop()

    def before_stop(self) -> None:
        """Lets go whoever would keep the server from stopping: hanging calls and waiting pages."""
        self.faults.release()
        self.workspace.feed.close()


def build(workspace: Workspace, *, settings: Settings) -> ASGIApp:
    """The practice Slack alone. `settings.base_url` must be where it will be served."""
    slack = Slack(workspace, settings=settings)
    return Starlette(routes=slack.routes(), lifespan=slack.lifespan)


class Running:
    """The practice Slack alone, served on 127.0.0.1; port 0 takes a free one. `with Running(workspace) as slack:`"""

    def __init__(self, workspace: Workspace, *, settings: Settings | None = None, port: int = 0) -> None:
        bound = bind(port)
        base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.slack = Slack(workspace, settings=replace(settings or Settings(), base_url=base_url))
        app = Starlette(routes=self.slack.routes(), lifespan=self.slack.lifespan)
        self._server = Server(app, bound, self.slack.before_stop)
        self._server.start()

    @property
    def url(self) -> str:
        return self.slack.settings.base_url

    @property
    def acts(self) -> Acts:
        return self.slack.acts

    @property
    def admin(self) -> Admin:
        return self.slack.admin

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
