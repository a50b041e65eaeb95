"""A renewed secret is used for the next call, and what others sign with is taken old and new for a while."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
from sqlalchemy import text

from bot.accepted import GRACE, Accepted
from bot.app import build_app
from bot.http.slack import SlackDoor
from bot.services import Services
from bot.slack import Slack
from interlock.store.engine import Store, StoreError
from interlock.trackers.http import JiraHttp
from interlock.trackers.webhook import verify

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JIRA = "https://jira.practice.example"


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_old_and_new_count_until_the_grace_is_over(clock: Clock) -> None:
    accepted = Accepted("one", clock)
    assert accepted.secrets() == ("one",)
    accepted.renew("two")
    assert accepted.secrets() == ("two", "one")
    clock.now += GRACE
    assert accepted.secrets() == ("two",)


def test_slack_may_sign_with_either(services: Services, clock: Clock) -> None:
    accepted = Accepted("one", clock)
    door = SlackDoor(build_app(services), accepted)

    def status(secret: str) -> int:
        body, at = b"ssl_check=1", str(int(clock.now.timestamp()))
        made = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={made}"}
        return door.receive(body, headers, clock.now).status

    assert [status("one"), status("two")] == [200, 401]
    accepted.renew("two")
    assert [status("one"), status("two"), status("three")] == [200, 200, 401]
    clock.now += GRACE + timedelta(seconds=1)
    assert [status("one"), status("two")] == [401, 200]


def test_jira_may_sign_with_either() -> None:
    signature = "sha256=" + hmac.new(b"one", b"{}", hashlib.sha256).hexdigest()
    assert verify(b"{}", signature, "two", "one")
    assert not verify(b"{}", signature, "two")
    assert not verify(b"{}", signature)


def test_slack_is_called_with_the_new_token(slack: Any) -> None:
    seen: list[str | None] = []

    def answer(handler: Any) -> None:
        seen.append(handler.headers["Authorization"])
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(b'{"ok": true}')

    slack.answer("auth.test", answer, answer)
    client = Slack("xoxb-1", slack.url)
    client.read("auth.test")
    client.use("xoxb-2")
    client.read("auth.test")
    assert seen == ["Bearer xoxb-1", "Bearer xoxb-2"]


@pytest.mark.parametrize(
    ("email", "headers"),
    [
        (None, ["Bearer one", "Bearer two"]),
        ("a@b.example", ["Basic YUBiLmV4YW1wbGU6b25l", "Basic YUBiLmV4YW1wbGU6dHdv"]),
    ],
)
def test_jira_is_asked_with_the_new_token(email: str | None, headers: list[str]) -> None:
    jira = JiraHttp(JIRA, email, "one")
    with responses.RequestsMock() as site:
        site.get(f"{JIRA}/rest/api/2/myself", json={})
        jira.get("/rest/api/2/myself")
        jira.use("two")
        jira.get("/rest/api/2/myself")
        assert [each.request.headers["Authorization"] for each in site.calls] == headers


@pytest.mark.postgres
def test_new_connections_sign_in_anew_and_those_that_stand_go_on(postgres_url: str) -> None:
    store = Store(postgres_url)
    ask = text("SELECT current_user")
    with store.write() as session:
        before = session.connection().execute(ask).scalar_one()
        if not session.connection().execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'renewed'")).first():
            session.connection().execute(text("CREATE ROLE renewed LOGIN SUPERUSER"))
    address = store.url.set(username="renewed", password="another").render_as_string(hide_password=False)
    store.use(address)
    with store.write() as session:
        assert session.connection().execute(ask).scalar_one() == before
    store.engine.dispose()
    with store.write() as session:
        assert session.connection().execute(ask).scalar_one() == "renewed"
    store.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://app:new@other.example/interlock",
        "postgresql://app:new@db.example/other",
        "postgresql://app:new@db.example:5433/interlock",
        "postgresql://app:new@db.example/interlock?sslmode=require",
        "sqlite:///other.db",
    ],
)
def test_another_database_takes_a_restart_and_its_password_is_for_it_alone(address: str) -> None:
    store = Store("postgresql://app:old@db.example/interlock")
    with pytest.raises(StoreError, match="that takes a restart") as refused:
        store.use(address)
    assert "new" not in str(refused.value)
    assert store._signs_in == {"user": "app", "password": "old"}
    store.use("postgresql+psycopg://app:renewed@db.example/interlock")
    assert store._signs_in == {"user": "app", "password": "renewed"}
    store.close()
