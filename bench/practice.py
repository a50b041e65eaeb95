"""A practice Slack and Jira in a process of their own, so that their work is not counted as the bot's.

`python -m bench.practice 20000` serves so many tickets, 2,000 of them in the quarterly release, until its input ends.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.wiring import now
from sandbox.jira.app import build
from sandbox.jira.model import Site, Ticket, Version
from sandbox.jira.store import Store
from sandbox.server import practice
from sandbox.serving import Server, bind
from sandbox.world import calendar
from sandbox.world.story import STORY
from sandbox.world.tickets import generate

MANIFEST: Final = Path("config/slack-manifest.yaml")
IN_SCOPE: Final = 2000
MOVED, BLOCKED, FLAGGED = 60, 60, 20
"""What happened in scope today: a large release is never still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """Where both are served. `jira` is Cloud, `data_center` the same tickets; `answers` takes any POST."""

    slack: str
    jira: str
    data_center: str
    answers: str


@contextmanager
def serving(tickets: int) -> Iterator[Practice]:
    """A practice workspace with so many tickets, in a child process."""
    command = [sys.executable, "-m", "bench.practice", str(tickets)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 our own interpreter
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield Practice(**json.loads(child.stdout.readline()))
        finally:
            child.stdin.close()
            child.wait()


class Rendered:
    """Answers a search that was asked before with the same bytes, so that what is measured is their reader."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: dict[bytes, list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/search" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        question = scope["path"].encode()
        more = True
        while more:
            piece = await receive()
            question += piece.get("body", b"")
            more = piece.get("more_body", False)
        if question not in self._answers:
            self._answers[question] = await self._ask(scope, question[len(scope["path"].encode()) :])
        for message in self._answers[question]:
            await send(message)

    async def _ask(self, scope: Scope, body: bytes) -> list[Message]:
        told: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            told.append(message)

        await self._app(scope, receive, keep)
        return told


def site(tickets: int) -> Site:
    """A practice Jira with IN_SCOPE tickets in the quarterly release, whatever else there is."""
    today = now().date()
    made = generate(today, tickets=tickets)
    name = calendar.releases(today).platform.name
    versions = {
        project.key: version for project in made.projects for version in project.versions if version.name == name
    }
    story = {spec.key for spec in STORY}
    released = [
        each for each in made.tickets if each.key not in story and any(not one.released for one in each.fix_versions)
    ]
    told = [each for each in made.tickets if each.key in story and _carries(each, versions)]
    for each in released:
        each.fix_versions = ()
    wanted = IN_SCOPE - len(told)
    for each in released[:: len(released) // wanted][:wanted]:
        each.fix_versions = (versions[each.project.key],)
    return made


def move(store: Store) -> None:
    """Some of what is in scope moves today, as people move it."""
    name = calendar.releases(now().date()).platform.name
    open_ones = [
        each
        for each in store.site.tickets
        if each.status.name == "In Progress" and any(one.name == name for one in each.fix_versions)
    ]
    keys = iter([each.key for each in open_ones])
    for key in islice(keys, MOVED):
        store.transition(key, "Done", "ana")
    for key in islice(keys, FLAGGED):
        store.flag(key, "ana")
    chain = list(islice(keys, BLOCKED))
    # Chains of three: each root frees two.
    for place, (first, second) in enumerate(pairwise(chain)):
        if place % 3 != 2:  # noqa: PLR2004 the last of a chain blocks nothing
            store.link(first, "Blocks", second, "ana")


def _carries(ticket: Ticket, versions: dict[str, Version]) -> bool:
    return versions.get(ticket.project.key) in ticket.fix_versions


def main() -> None:
    store = Store(site(int(sys.argv[1])))
    move(store)
    bound = bind(0)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    app = Starlette(
        routes=[
            Mount("/jira-dc", Rendered(build(store, flavour="datacenter"))),
            Mount("/jira", Rendered(build(store, flavour="cloud"))),
            Route("/answers", lambda _request: PlainTextResponse("ok"), methods=["POST"]),
        ]
    )
    with practice(manifest=MANIFEST, today=now().date()) as slack:
        jira = Server(app, bound).start()
        where = Practice(
            slack=f"{slack.url}/api/",
            jira=f"{address}/jira",
            data_center=f"{address}/jira-dc",
            answers=f"{address}/answers",
        )
        print(json.dumps({name: getattr(where, name) for name in where.__slots__}), flush=True)  # noqa: T201 what the parent reads
        sys.stdin.read()
        jira.stop()


if __name__ == "__main__":
    main()
