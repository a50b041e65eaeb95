"""The page's addresses: drawings, and the feed that keeps open pages live. Acts are in deeds."""

import json
from http import HTTPStatus
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.page.deeds import Deeds
from sandbox.page.frame import Frames, Page
from sandbox.page.replies import HEADERS, absent, failed, html
from sandbox.page.sidebar import HOME
from sandbox.slack.acts import Acts
from sandbox.slack.values import Change
from sandbox.slack.workspace import Workspace

POLL_SECONDS = 20.0
STATIC = Path(__file__).parent / "static"
NOBODY = "Nobody called {} works here."


class Site:
    """The page of `workspace`; `start` is the person and channel that `/` leads to."""

    def __init__(self, workspace: Workspace, frames: Frames, start: tuple[str, str] | None) -> None:
        self._workspace = workspace
        self._frames = frames
        self._start = start
        # Pages that wait for news must not use up the threads in which the rest of the server works.
        self._waiting_room = CapacityLimiter(200)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.root),
            Route("/client/{person}", self.person),
            Route("/client/{person}/changes", self.changes),
            Route("/client/{person}/app", self.app),
            Route(f"/client/{{person}}/{HOME}", self.home),
            Route("/client/{person}/{channel}", self.channel),
            Route("/client/{person}/{channel}/{thread}", self.channel),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    # --- drawings ----------------------------------------------------------------------------------------------

    async def root(self, _: Request) -> Response:
        if self._start is not None:
            return RedirectResponse("/client/{}/{}".format(*self._start))
        actors = self._frames.actors()
        return self._to_first(actors[0].id) if actors else absent("Nobody works here yet.")

    async def person(self, request: Request) -> Response:
        return self._to_first(request.path_params["person"])

    async def app(self, request: Request) -> Response:
        """The Messages tab: the person's own conversation with the app."""
        person = request.path_params["person"]
        try:
            self._frames.actor(person)
        except KeyError:
            return absent(NOBODY.format(person))
        return RedirectResponse(f"/client/{person}/{self._workspace.dm(person, self._workspace.app_user).id}")

    async def home(self, request: Request) -> Response:
        person = request.path_params["person"]
        try:
            return _drawn(await anyio.to_thread.run_sync(self._frames.home, person))
        except KeyError:
            return absent(NOBODY.format(person))

    async def channel(self, request: Request) -> Response:
        person, channel = request.path_params["person"], request.path_params["channel"]
        thread = request.path_params.get("thread", "")

        def frame() -> Page:
            return self._frames.conversation(
                person,
                channel,
                thread=thread,
                before=request.query_params.get("before", ""),
                mark=request.headers.get("x-mark"),
            )

        try:
            return _drawn(await anyio.to_thread.run_sync(frame))
        except KeyError:
            return self._elsewhere(person, channel, thread)

    def _elsewhere(self, person: str, channel: str, thread: str) -> Response:
        """What somebody may not see: their own conversation with the app for another's, else where they start."""
        try:
            if thread:
                self._frames.channel(person, channel)
                return RedirectResponse(f"/client/{person}/{channel}")
            where = self._workspace.channel(channel)
            if where.kind == "im" and self._workspace.app_user in where.members:
                return RedirectResponse(f"/client/{person}/app")
        except KeyError:
            pass
        return self._to_first(person)

    def _to_first(self, person: str) -> Response:
        try:
            self._frames.actor(person)
        except KeyError:
            return absent(NOBODY.format(person))
        return RedirectResponse(f"/client/{person}/{self._frames.first_channel(person)}")

    # --- live --------------------------------------------------------------------------------------------------

    async def changes(self, request: Request) -> Response:
        """Waits until something happens, for POLL_SECONDS at most: up to which number, and whether it shows here."""
        person = request.path_params["person"]
        try:
            after = int(request.query_params.get("after", "0"))
            self._frames.actor(person)
        except (KeyError, ValueError):
            return failed("There is nothing to follow here.", HTTPStatus.NOT_FOUND)
        found = await anyio.to_thread.run_sync(
            self._workspace.changes, after, POLL_SECONDS, limiter=self._waiting_room, abandon_on_cancel=True
        )
        news = any(self._visible(change, person) for change in found)
        # A number from before a restart is ahead of this feed: the page notices, and starts over.
        number = found[-1].number if found else min(after, self._workspace.feed.last)
        return JSONResponse({"number": number, "news": news}, headers=HEADERS)

    def _visible(self, change: Change, person: str) -> bool:
        if change.kind in {"reset", "person", "group"}:
            return True
        if change.user not in {None, person}:
            return False
        seen = {each.id for each in self._workspace.channels(seen_by=person)}
        return change.channel is None or change.channel in seen


def _drawn(page: Page) -> Response:
    return html("page.html.j2", page=page, as_json=json.dumps)


def build(workspace: Workspace, acts: Acts, *, start: tuple[str, str] | None = None) -> Starlette:
    """The page of a practice workspace, to be mounted at `/` behind the practice Slack's own routes.

    `start` is the person and the channel that `/` leads to; without it, the first person and channel.
    """
    frames = Frames(workspace)
    site = Site(workspace, frames, start)
    return Starlette(routes=[*Deeds(workspace, acts, frames).routes(), *site.routes()])
