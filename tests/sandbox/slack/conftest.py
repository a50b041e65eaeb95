"""A practice Slack that is being served, and the vendor's own clients to drive it with."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import Running
from sandbox.slack.settings import Settings
from sandbox.slack.values import Command
from sandbox.slack.workspace import Workspace
from sandbox.world.people import CHANNELS, GROUPS, PEOPLE

BOT_TOKEN = "xoxb-practice-bot"
Until = Callable[[Callable[[], Any]], Any]
Serve = Callable[..., Running]
Connect = Callable[..., WebClient]
Refusal = Callable[..., dict[str, Any]]


class Clock:
    """Seconds since the epoch that stand still until a test moves them."""

    def __init__(self) -> None:
        self.now = 1_764_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    commands = [Command(command="/release", should_escape=True), Command(command="/env")]
    return Workspace(people=PEOPLE, channels=CHANNELS, groups=GROUPS, commands=commands, clock=clock)


@pytest.fixture
def serve(workspace: Workspace) -> Iterator[Serve]:
    """Starts a practice Slack over `workspace` with these settings; without any, there are no rate limits."""
    running: list[Running] = []

    def start(**settings: Any) -> Running:
        slack = Running(workspace, settings=Settings(**{"rate_scale": 0, **settings}))
        running.append(slack)
        return slack

    yield start
    for slack in running:
        slack.stop()


@pytest.fixture
def slack(serve: Serve) -> Running:
    return serve()


@pytest.fixture
def connect() -> Connect:
    """The vendor's client, without its retries: a test counts every call."""

    def client(slack: Running, *, token: str = BOT_TOKEN, timeout: int = 5) -> WebClient:
        return WebClient(token=token, base_url=f"{slack.url}/api/", retry_handlers=[], timeout=timeout)

    return client


@pytest.fixture
def client(slack: Running, connect: Connect) -> WebClient:
    return connect(slack)


@pytest.fixture
def refusal() -> Refusal:
    """The body with which Slack refuses a call: `refusal(client.chat_update, channel=…)`."""

    def body(call: Callable[..., Any], *args: Any, **named: Any) -> dict[str, Any]:
        with pytest.raises(SlackApiError) as caught:
            call(*args, **named)
        data = caught.value.response.data
        assert isinstance(data, dict)
        return data

    return body


@pytest.fixture
def until() -> Until:
    """Polls until a condition is truthy and returns its value; fails after 10 s."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 10
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail("the condition did not become true within 10 s")
            time.sleep(0.005)
        return value

    return wait
