"""The whole practice workspace behind one port."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.server import SandboxServer, practice
from sandbox.slack import manifest as manifests
from sandbox.slack.settings import Settings

MANIFEST = Path(__file__).parents[2] / "config/slack-manifest.yaml"
TODAY = date(2026, 11, 23)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with practice(manifest=MANIFEST, today=TODAY, settings=Settings(rate_scale=0)) as server:
        yield server


def get(url: str, **more: Any) -> requests.Response:
    return requests.get(url, timeout=10, allow_redirects=False, **more)


CLOUD = ("interlock@practice.example", "practice-jira-token")


def test_slack_jira_and_the_page_share_one_port(server: SandboxServer) -> None:
    assert WebClient(token="xoxb-practice-bot", base_url=f"{server.url}/api/").auth_test()["user"] == "interlock"
    assert get(f"{server.url}/jira/rest/api/2/serverInfo").json()["deploymentType"] == "Cloud"
    assert get(f"{server.url}/jira-dc/rest/api/2/serverInfo").json()["deploymentType"] == "Server"
    assert get(f"{server.url}/").headers["location"] == "/client/U0RITA/C0RELDATAPLATFORM"
    assert "Rita" in get(f"{server.url}/client/U0RITA/C0RELDATAPLATFORM").text


def test_both_flavours_serve_the_same_tickets(server: SandboxServer) -> None:
    key = next(iter(server.tickets.tickets.values())).key
    cloud = get(f"{server.url}/jira/rest/api/2/issue/{key}", auth=CLOUD).json()
    headers = {"Authorization": "Bearer practice-jira-token"}
    data_center = get(f"{server.url}/jira-dc/rest/api/2/issue/{key}", headers=headers).json()
    assert cloud["fields"]["summary"] == data_center["fields"]["summary"]


def test_the_app_has_what_its_manifest_asks_for(server: SandboxServer) -> None:
    asked = manifests.read(MANIFEST)
    assert "/release" in server.workspace.commands
    assert (server.slack.settings.scopes, server.slack.settings.events) == (asked.scopes, asked.events)
    client = WebClient(token="xoxb-practice-bot", base_url=f"{server.url}/api/", retry_handlers=[])
    assert "users.profile:read" not in asked.scopes
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.users_profile_get(user="U0ANA")


@pytest.mark.parametrize(
    ("fault", "status", "outcome"),
    [("429", 429, "429"), ("500", 500, "500"), ("malformed", 200, "malformed")],
)
def test_jira_has_faults_on_order_too(server: SandboxServer, fault: str, status: int, outcome: str) -> None:
    url = f"{server.url}/jira/rest/api/2/myself"
    order = {"service": "jira", "method": "GET /rest/api/*/myself", "fault": fault, "retry_after": 3}
    requests.post(f"{server.url}/control/faults", json=order, timeout=5)
    answer = get(url, auth=CLOUD)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("3" if fault == "429" else None)
    assert get(url, auth=CLOUD).json()["emailAddress"] == "interlock@practice.example"
    listed = get(f"{server.url}/control/requests", params={"service": "jira"}).json()["requests"]
    assert [(one["method"], one["outcome"]) for one in listed] == [
        ("GET /rest/api/2/myself", outcome),
        ("GET /rest/api/2/myself", "ok"),
    ]


def test_a_jira_connection_can_be_cut_after_the_write(server: SandboxServer) -> None:
    key = next(iter(server.tickets.tickets.values())).key
    url = f"{server.url}/jira/rest/api/2/issue/{key}/comment"
    before = get(url, auth=CLOUD).json()["total"]
    order = {"service": "jira", "method": "POST *", "fault": "drop_after"}
    requests.post(f"{server.url}/control/faults", json=order, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json={"body": "Linked."}, auth=CLOUD, timeout=5)
    assert get(url, auth=CLOUD).json()["total"] == before + 1


def test_a_taken_port_is_refused(server: SandboxServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        practice(manifest=MANIFEST, today=TODAY, port=port)
