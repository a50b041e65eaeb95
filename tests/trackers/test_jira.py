"""The client against recorded bodies, strictly matched."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from responses import matchers

from interlock.domain.policy import Tickets
from interlock.domain.ticket import Field
from interlock.trackers.errors import TrackerError, UnreadableTicketError
from interlock.trackers.jira import JiraTracker

URL = "https://jira.practice.example"
API = f"{URL}/rest/api/2"
FIELDS = [{"id": "customfield_10021", "name": "Flagged"}, {"id": "customfield_10050", "name": "Team"}]
WANTED = [
    "summary", "status", "issuetype", "project", "priority", "assignee", "reporter", "created", "updated", "duedate",
    "resolutiondate", "security", "labels", "components", "fixVersions", "issuelinks", "parent",
    "customfield_10021", "customfield_10050",
]  # fmt: skip

Recorded = Callable[[str], Any]


@pytest.fixture
def body(recorded: Path) -> Recorded:
    return lambda name: json.loads((recorded / "rest_exact" / name).read_text(encoding="utf-8"))


def the_tracker(email: str | None, settings: Tickets) -> JiraTracker:
    return JiraTracker(URL, email, "practice-jira-token", settings, sleep=lambda _: None)


@pytest.fixture
def cloud(settings: Tickets) -> Iterator[JiraTracker]:
    tracker = the_tracker("interlock@practice.example", settings)
    yield tracker
    tracker.close()


@pytest.fixture
def data_center(settings: Tickets) -> Iterator[JiraTracker]:
    tracker = the_tracker(None, settings)
    yield tracker
    tracker.close()


@pytest.fixture
def jira() -> Iterator[responses.RequestsMock]:
    """A server whose every answer must be asked for, and which tells its fields."""
    with responses.RequestsMock() as mocked:
        mocked.get(f"{API}/field", json=FIELDS)
        yield mocked


class TestGreeting:
    @responses.activate
    def test_recorded_cloud(self, settings: Tickets, body: Recorded) -> None:
        tracker = the_tracker("interlock@practice.example", settings)
        responses.get(f"{API}/serverInfo", json=body("jira-cli/serverinfo.json"))
        responses.get(f"{API}/myself", json=body("go-atlassian/jira__v3__get-myselft.json"))
        responses.get(f"{API}/field", json=body("go-atlassian/jira__v3__get-fields.json"))
        greeting = tracker.greet()
        assert greeting.cloud
        assert greeting.account.id == "0c929ad88a944a8859270a57"
        assert greeting.time_zone == "America/Guatemala"
        assert greeting.server_time == datetime(2022, 8, 15, 19, 8, 52, 725_000, tzinfo=UTC)
        assert greeting.missing == ()

    @pytest.mark.parametrize(
        ("email", "deployment", "says"),
        [(None, "Cloud", "Set JIRA_EMAIL"), ("a@b.example", "Server", "Unset JIRA_EMAIL")],
    )
    @responses.activate
    def test_a_flavour_that_is_not_the_configured_one(
        self, settings: Tickets, email: str | None, deployment: str, says: str
    ) -> None:
        responses.get(f"{API}/serverInfo", json={"deploymentType": deployment})
        with pytest.raises(TrackerError, match=says):
            the_tracker(email, settings).greet()

    @responses.activate
    def test_nobody_in_particular(self, settings: Tickets) -> None:
        responses.get(f"{API}/serverInfo", json={"deploymentType": "Server"})
        responses.get(f"{API}/myself", json={"displayName": "Person"})
        with pytest.raises(TrackerError, match="which account the bot is"):
            the_tracker(None, settings).greet()


def issue(number: int, *, second: int = 0, **more: Any) -> dict[str, Any]:
    fields = {"updated": f"2026-11-20T10:00:{second:02}.000+0000", "project": {"id": "10", "key": "DATA", "name": "D"}}
    return {"id": str(number), "key": f"DATA-{number}", "fields": fields, **more}


WHOLE = {"histories": [], "total": 0}


class TestPages:
    def test_cloud_asks_for_just_what_is_needed(self, cloud: JiraTracker, jira: responses.RequestsMock) -> None:
        query = {
            "jql": 'project in ("DATA", "ML") AND updated >= 1795168800000 ORDER BY updated ASC, key ASC',
            "fields": WANTED,
            "maxResults": 2,
            "expand": "changelog",
        }
        first = [issue(1, changelog=WHOLE), issue(2, second=1, changelog=WHOLE)]
        jira.post(
            f"{API}/search/jql",
            json={"issues": first, "nextPageToken": "t"},
            match=[matchers.json_params_matcher(query)],
        )
        jira.post(
            f"{API}/search/jql",
            json={"issues": [issue(3, second=2, changelog=WHOLE)], "isLast": True},
            match=[matchers.json_params_matcher(query | {"nextPageToken": "t"})],
        )
        since = datetime(2026, 11, 20, 10, tzinfo=UTC)
        pages = list(cloud.pages(["DATA", "ML"], since=since, page_size=2))
        assert [[ticket.key for ticket in page.tickets] for page in pages] == [["DATA-1", "DATA-2"], ["DATA-3"]]
        assert [page.reached for page in pages] == [since.replace(second=1), since.replace(second=2)]
        assert [(page.read, page.total) for page in pages] == [(2, None), (3, 3)]
        assert [project.key for project in pages[0].projects] == ["DATA"]

    def test_data_center_too(self, data_center: JiraTracker, jira: responses.RequestsMock) -> None:
        query = {
            "jql": 'project in ("DATA") ORDER BY updated ASC, key ASC',
            "fields": WANTED,
            "maxResults": 50,
            "startAt": 0,
            "expand": ["changelog"],
        }
        jira.post(
            f"{API}/search",
            json={"issues": [issue(1, changelog=WHOLE)], "total": 1, "startAt": 0, "maxResults": 50},
            match=[matchers.json_params_matcher(query)],
        )
        (page,) = data_center.pages(["DATA"], page_size=50)
        assert (page.read, page.total) == (1, 1)
        assert page.tickets[0].changes_complete

    def test_a_history_that_cloud_cut_is_read_whole(self, cloud: JiraTracker, jira: responses.RequestsMock) -> None:
        def entries(first: int, count: int) -> list[dict[str, Any]]:
            item = {"field": "status", "from": "1", "to": "3"}
            created = "2026-11-19T10:00:00.000+0000"
            return [{"id": str(number), "created": created, "items": [item]} for number in range(first, first + count)]

        cut = issue(1, changelog={"histories": entries(100, 40), "total": 40})
        jira.post(f"{API}/search/jql", json={"issues": [cut], "isLast": True})
        for start, count in ((0, 100), (100, 40)):
            jira.get(
                f"{API}/issue/1/changelog",
                json={"values": entries(start, count), "startAt": start, "total": 140, "isLast": start > 0},
                match=[matchers.query_param_matcher({"startAt": start, "maxResults": 100})],
            )
        (page,) = cloud.pages(["DATA"])
        assert len(page.tickets[0].changes) == 140
        assert page.tickets[0].changes_complete

    def test_no_page_is_given_that_holds_an_unreadable_ticket(
        self, cloud: JiraTracker, jira: responses.RequestsMock
    ) -> None:
        good = issue(1, changelog=WHOLE)
        jira.post(f"{API}/search/jql", json={"issues": [good], "nextPageToken": "t"})
        jira.post(f"{API}/search/jql", json={"issues": [good, {"id": "2", "key": "DATA-2"}], "isLast": True})
        pages = cloud.pages(["DATA"])
        assert next(pages).reached is not None
        with pytest.raises(UnreadableTicketError, match="DATA-2"):
            next(pages)

    def test_recorded_search_of_a_data_center(
        self, data_center: JiraTracker, jira: responses.RequestsMock, body: Recorded
    ) -> None:
        told = body("go-atlassian/jira__issue-search-v2.json")
        jira.post(f"{API}/search", json=told | {"total": len(told["issues"])})
        (page,) = data_center.pages(["KP"])
        assert [ticket.key for ticket in page.tickets] == [each["key"] for each in told["issues"]]
        assert not page.tickets[0].changes_complete


class TestAllIds:
    def test_data_center_runs_along_the_time_of_creation(self, data_center: JiraTracker) -> None:
        query = {
            "jql": 'project in ("DATA") ORDER BY created ASC, key ASC',
            "fields": ["created"],
            "maxResults": 1000,
            "startAt": 0,
        }
        with responses.RequestsMock() as mocked:
            mocked.post(
                f"{API}/search",
                json={"issues": [issue(1), issue(2)], "total": 2},
                match=[matchers.json_params_matcher(query)],
            )
            assert list(data_center.all_ids(["DATA"])) == [[("1", "DATA-1"), ("2", "DATA-2")]]

    def test_cloud_asks_for_no_field(self, cloud: JiraTracker) -> None:
        query = {
            "jql": 'project in ("DATA") ORDER BY created ASC, key ASC',
            "fields": ["id", "key"],
            "maxResults": 1000,
        }
        with responses.RequestsMock() as mocked:
            mocked.post(
                f"{API}/search/jql",
                json={"issues": [{"id": "1", "key": "DATA-1"}], "isLast": True},
                match=[matchers.json_params_matcher(query)],
            )
            assert list(cloud.all_ids(["DATA"])) == [[("1", "DATA-1")]]


class TestOneTicket:
    def test_with_its_history(self, data_center: JiraTracker, jira: responses.RequestsMock, body: Recorded) -> None:
        wanted = {"fields": ",".join(WANTED), "expand": "changelog"}
        jira.get(
            f"{API}/issue/SP-1",
            json=body("jirametrics/testdata__SP-1.json"),
            match=[matchers.query_param_matcher(wanted)],
        )
        page = data_center.issue("SP-1")
        assert page is not None
        assert [change.field for change in page.tickets[0].changes] == [Field.STATUS, Field.STATUS, Field.FLAGGED]
        assert page.tickets[0].flagged

    def test_that_is_not_shown(self, data_center: JiraTracker, jira: responses.RequestsMock) -> None:
        jira.get(f"{API}/issue/10", status=404, json={"errorMessages": ["Issue does not exist"]})
        assert data_center.issue("10") is None

    @pytest.mark.parametrize(
        "name", ["", "../myself", "DATA-1/comment", "DATA", "DATA-1?expand=x", "DATA-1\n", "Д-1", "-1"]
    )
    def test_no_other_path_is_reached_through_a_key(self, cloud: JiraTracker, name: str) -> None:
        with pytest.raises(TrackerError, match="no ticket's key"):
            cloud.comment(name, "x")

    def test_a_comment_is_sent_as_text(self, cloud: JiraTracker) -> None:
        with responses.RequestsMock() as mocked:
            mocked.post(
                f"{API}/issue/DATA-214/comment",
                status=201,
                json={"id": "1"},
                match=[matchers.json_params_matcher({"body": "Verified."})],
            )
            cloud.comment("DATA-214", "Verified.")


class TestProjects:
    @responses.activate
    def test_recorded_project_and_versions(self, data_center: JiraTracker, body: Recorded) -> None:
        responses.get(f"{API}/project/SLING", json={"id": "12310710", "key": "SLING", "name": "Sling"})
        responses.get(f"{API}/project/SLING/versions", json=body("apache-sling/versions.json"))
        (project,) = data_center.projects(["SLING"])
        versions = data_center.versions("SLING")
        assert project.name == "Sling"
        assert len(versions) == len(body("apache-sling/versions.json"))
        assert versions[0].name == "XSS Protection API 1.0.0"
        assert versions[0].released
        assert {version.project_id for version in versions} == {"12310710"}

    @responses.activate
    def test_one_that_jira_does_not_show_is_named(self, data_center: JiraTracker) -> None:
        responses.get(f"{API}/project/NOPE", status=404, json={"errorMessages": ["No project could be found"]})
        with pytest.raises(TrackerError, match="no project NOPE"):
            data_center.projects(["NOPE"])

    @pytest.mark.parametrize("key", ["", "../x", 'A" OR project = "B', "A B", "A-1"])
    def test_no_query_is_reached_through_a_key(self, data_center: JiraTracker, key: str) -> None:
        with pytest.raises(TrackerError, match="no project's key"):
            list(data_center.all_ids([key]))
