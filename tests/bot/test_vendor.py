"""A token that a vendor refuses: who notices, what is said of it, and where."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from sqlalchemy.exc import OperationalError

from bot.drawers import vendor as drawer
from bot.drawing import Drawn
from bot.http.health import DATABASE, Health
from bot.listeners import directory as listener
from bot.requests import Event
from bot.services import Services
from bot.slack import Slack, SlackError
from interlock.domain.actor import Actor, Authentication
from interlock.domain.outbox import Dropped
from interlock.domain.vendor import Vendor
from interlock.store.engine import StoreError
from interlock.trackers.errors import TrackerError
from interlock.trackers.http import JiraHttp
from interlock.usecases import vendor
from tests.builders import message

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JIRA = "https://jira.practice.example"


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ({"ok": True}, [None]),
        ({"ok": False, "error": "account_inactive"}, ["uninstalled"]),
        ({"ok": False, "error": "token_revoked"}, ["revoked"]),
        ({"ok": False, "error": "invalid_auth"}, ["invalid_auth"]),
        ({"ok": False, "error": "channel_not_found"}, []),
        ({"_status": 500, "ok": False}, []),
    ],
    ids=str,
)
def test_what_slack_makes_of_our_token(slack: Any, answer: dict[str, Any], heard: list[str | None]) -> None:
    told: list[str | None] = []
    slack.answer("auth.test", answer)
    client = Slack("xoxb-practice-bot", slack.url, heed=told.append)
    with contextlib.suppress(SlackError):
        client.read("auth.test")
    assert [each is None if want is None else want in str(each) for each, want in zip(told, heard, strict=True)] == [
        True for _ in heard
    ]
    assert "xoxb-practice-bot" not in str(told)


@pytest.mark.parametrize(
    ("path", "status", "heard"),
    [
        ("/rest/api/2/myself", 200, [True]),
        ("/rest/api/2/myself", 401, [False]),
        ("/rest/api/2/myself", 403, []),
        ("/rest/api/2/serverInfo", 200, []),
    ],
)
def test_what_jira_makes_of_our_token(path: str, status: int, heard: list[bool]) -> None:
    told: list[str | None] = []
    jira = JiraHttp(JIRA, None, "practice-jira-token", sleep=lambda _: None, heed=told.append)
    with responses.RequestsMock() as site:
        site.get(f"{JIRA}{path}", json={}, status=status)
        with contextlib.suppress(TrackerError):
            jira.get(path)
    assert [each is None for each in told] == heard


def event(kind: str, **body: Any) -> Event:
    return Event(
        type=kind,
        actor=Actor(slack_id="", authentication=Authentication.SLACK),
        body={"type": kind} | body,
        event_id="E1",
        team_id="T0PRACTICE",
        now=NOW,
    )


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        (event("app_uninstalled"), True),
        (event("tokens_revoked", tokens={"oauth": [], "bot": ["U0INTERLOCK"]}), True),
        (event("tokens_revoked", tokens={"oauth": ["U0ANA"], "bot": []}), False),
        (event("tokens_revoked", tokens={"oauth": ["U0ANA"]}), False),
        (event("tokens_revoked"), False),
    ],
    ids=["uninstalled", "ours", "a person's", "a person's alone", "nobody's"],
)
def test_what_slack_tells_of_the_app(services: Services, told: Event, refused: bool) -> None:  # noqa: FBT001 a column
    listener.app_removed(told, services)
    assert bool(vendor.refusals(services.store)) is refused


def test_readyz_notes_it_and_stays_ready() -> None:
    """An instance that cannot read Jira still answers: to take it out of service would help nobody."""
    told = [None, "Jira does not know the bot's account."]
    health = Health(notes={"jira token": lambda: told[-1]})
    assert health.readiness() == {"ready": True, "reasons": {}, "notes": {"jira token": told[-1]}}
    told.append(None)
    assert health.readiness() == {"ready": True, "reasons": {}}


def test_a_database_that_does_not_answer_is_one_reason() -> None:
    def broken() -> str | None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def unreachable() -> str | None:
        raise StoreError("The database cannot be reached.")

    health = Health(checks={DATABASE: unreachable, "directory": broken, "clock": broken})
    assert health.reasons() == {"database": "The database cannot be reached."}
    assert Health(checks={"clock": broken}).reasons() == {"clock": "the database did not answer"}


def test_what_release_managers_are_told(services: Services) -> None:
    note = message("vendor.refused", vendor="jira")
    assert isinstance(drawer.refused(services, note), Dropped)
    vendor.refuse(services.store, services.policy, Vendor.JIRA, "JIRA_TOKEN is <old>.", NOW)
    drawn = drawer.refused(services, note)
    assert isinstance(drawn, Drawn)
    assert drawn.message.text.startswith("Jira does not accept Interlock's token")
    assert "JIRA_TOKEN is &lt;old&gt;." in str(drawn.message.blocks)
