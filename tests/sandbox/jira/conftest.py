"""A practice Jira of each flavour over one seeded world, served over real HTTP."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from sandbox.jira.app import build
from sandbox.jira.store import Store
from sandbox.serving import Server, bind
from sandbox.world.tickets import generate

TODAY = date(2026, 11, 23)
EMAIL, TOKEN = "interlock@practice.example", "practice-jira-token"


class Practice:
    """Both flavours over one store, at /jira and /jira-dc. Started once; each test gives it a store of its own."""

    store: Store

    def __init__(self) -> None:
        bound = bind(0)
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.cloud_url, self.dc_url = f"{self.url}/jira", f"{self.url}/jira-dc"
        self._app = Starlette()
        self._server = Server(Starlette(routes=[Mount("/", self._serve)]), bound).start()
        self._session = requests.Session()
        self._session.trust_env = False

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def show(self, store: Store) -> None:
        self.store = store
        routes = [
            Mount("/jira-dc", build(store, flavour="datacenter")),
            Mount("/jira", build(store, flavour="cloud")),
        ]
        self._app = Starlette(routes=routes)

    def cloud(self, method: str, path: str, **more: object) -> requests.Response:
        """A call as the bot; `path` is below /rest/api/."""
        return self._call(method, f"{self.cloud_url}/rest/api/{path}", {"auth": (EMAIL, TOKEN), **more})

    def dc(self, method: str, path: str, **more: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self._call(method, f"{self.dc_url}/rest/api/{path}", {"headers": headers, **more})

    def plain(self, method: str, url: str, **more: object) -> requests.Response:
        return self._call(method, url, more)

    def _call(self, method: str, url: str, more: dict[str, object]) -> requests.Response:
        send: Callable[..., requests.Response] = self._session.request
        return send(method, url, timeout=20, **more)

    def stop(self) -> None:
        self._session.close()
        self._server.stop()


@pytest.fixture
def store() -> Store:
    return Store(generate(TODAY))


@pytest.fixture(scope="session")
def served() -> Iterator[Practice]:
    practice = Practice()
    yield practice
    practice.stop()


@pytest.fixture
def practice(served: Practice, store: Store) -> Practice:
    served.show(store)
    return served
